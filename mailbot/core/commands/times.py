"""Times of day and durations as people write them in three languages, and the words around them."""

import re
from dataclasses import dataclass
from datetime import time

MAX_READ = 300
"""Characters of a line in which day, time and duration are searched."""
MAX_DAY = 60
DEFAULT_MINUTES = 30
_MIN, _MAX = 5, 12 * 60

_BEFORE = r"(?:(?:um|gegen|ab|at|from|à|a|vers|dès)\s)?"
# The first one that fits decides. The day ends where the time begins.
_TIMES = tuple(
    re.compile(rf"(?<![\w.:/–-]){pattern}(?![\w:/])", re.I)
    for pattern in (
        rf"{_BEFORE}(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})\s?(?P<half>[ap])\.?m\b\.?",
        rf"{_BEFORE}(?P<hour>\d{{1,2}})\s?(?P<half>[ap])\.?m\b\.?",
        rf"{_BEFORE}(?P<hour>\d{{1,2}})(?:[:.]|\s?h\s?)(?P<minute>\d{{2}})(?!\.\d|\.?\s?min|\s?')(?:\s(?:uhr|heures|h)\b)?",
        rf"{_BEFORE}(?P<hour>\d{{1,2}})\s?uhr\s(?P<minute>\d{{2}})(?!\s?min|\s?')",
        rf"{_BEFORE}(?P<hour>\d{{1,2}})\s?(?:uhr|heures|h)\b",
        rf"{_BEFORE}(?P<hour>\d{{1,2}})(?=\s?(?:[-–]|bis|to|until|à)\s?\d{{1,2}}(?:[:.]\d{{2}})?\s?(?:uhr|heures|h)\b)",
        r"(?:um|gegen|at|à)\s(?P<hour>\d{1,2})(?!\.\d|\.?\s?(?:min|std|stunde|hour|heure))",
    )
)
_DURATIONS = tuple(
    re.compile(rf"[\s,]{{0,3}}(?:für|for|pendant)?\s{{0,3}}{pattern}(?!\w)\.?", re.I)
    for pattern in (
        r"(?P<hours>\d{1,2})\s?h\s?(?P<minutes>\d{2})(?:\s?min(?:uten|utes)?)?",
        r"(?P<minutes>\d{1,3})\s?(?:min(?:uten?|utes?)?|')",
        r"(?P<hours>\d{1,2}(?:[.,]\d)?)\s?(?:h|std|stunden?|hours?|heures?)",
    )
)
_DATE = re.compile(r"[0-3]?\d\.(?:0?[1-9]|1[0-2])")
_CLEAR = re.compile(r"\d[:.]\d|uhr", re.I)
_UNTIL = re.compile(
    r"\s?(?:[-–]|bis|to|until|jusqu['’]à|à)\s?(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?:\s?(?:uhr|heures|h)\b)?(?!\w)",
    re.I,
)
_TICKET = re.compile(
    r"[\s,;]{0,3}(?P<name>#\d{1,9}|(?P<sign>#?)(?P<school>[A-Za-z][A-Za-z0-9]{1,11})-\d{1,9})(?![\w-])"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """The parts of a line: the day as written, the time, the duration, the tickets and the text behind them.

    `clock` is None if there is no time, `minutes` if the duration is too short or too long.
    """

    day: str
    clock: time | None
    minutes: int | None = DEFAULT_MINUTES
    tickets: tuple[str, ...] = ()
    text: str = ""

    @property
    def written(self) -> str:
        """Return day and time in short, as a reason shows them."""
        return f"{self.day} {self.clock:%H:%M}" if self.clock else self.day


def split_moment(line: str, schools: frozenset[str]) -> Moment:
    """Split "Do 10:00 30 min #104 Raum 204" into its parts.

    Without "#", a ticket begins with one of the keys in `schools`: "PC-12" and "Raum-204" are text.
    """
    head = line[:MAX_READ]
    found = _time(head)
    if found is None:
        return Moment(_day(head), None)
    clock = _clock(found)
    if clock is None:
        return Moment(_day(head), None)
    minutes, at = _duration(head, found.end(), clock)
    names: list[str] = []
    while (ticket := _TICKET.match(head, at)) and _is_ticket(ticket, schools):
        names.append(ticket["name"])
        at = ticket.end()
    return Moment(_day(head[: found.start()]), clock, minutes, tuple(names), line[at:].strip(" \t,;:–-"))


def _is_ticket(found: re.Match[str], schools: frozenset[str]) -> bool:
    return found["school"] is None or bool(found["sign"]) or found["school"].upper() in schools


def _day(text: str) -> str:
    return " ".join(text.replace(",", " ").replace(";", " ").split())[:MAX_DAY]


def _time(head: str) -> re.Match[str] | None:
    """Return the first time after the first word; in "Do 3.12 10.30" the first pair of numbers is a date."""
    hits = [found for pattern in _TIMES for found in pattern.finditer(head) if _follows_day(head, found)]
    if not hits:
        return None
    first = min(hits, key=lambda found: (found.start(), -found.end()))
    if _DATE.fullmatch(first[0]):
        first = next((f for f in hits if f.start() > first.end() and _is_clear(head, f)), first)
    return first


def _is_clear(head: str, found: re.Match[str]) -> bool:
    return bool(_CLEAR.search(found[0]) or _UNTIL.match(head, found.end()))


def _follows_day(head: str, found: re.Match[str]) -> bool:
    before = head[: found.start()].strip()
    return bool(before) and before[-1] not in "-–"


def _clock(found: re.Match[str]) -> time | None:
    parts = found.groupdict()
    hour, minute, half = int(parts["hour"]), int(parts.get("minute") or 0), parts.get("half")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half in "pP" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _duration(head: str, at: int, begin: time) -> tuple[int | None, int]:
    """Return the minutes of the duration at a position, None if it is out of bounds, and its end."""
    if found := _UNTIL.match(head, at):
        end = _clock(found)
        minutes = (end.hour - begin.hour) * 60 + end.minute - begin.minute if end else 0
        return (minutes if _MIN <= minutes <= _MAX else None), found.end()
    for pattern in _DURATIONS:
        if found := pattern.match(head, at):
            parts = found.groupdict()
            hours = float((parts.get("hours") or "0").replace(",", "."))
            minutes = round(hours * 60) + int(parts.get("minutes") or 0)
            return (minutes if _MIN <= minutes <= _MAX else None), found.end()
    return DEFAULT_MINUTES, at
