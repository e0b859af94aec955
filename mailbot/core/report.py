"""The monthly report: what a month brought each school, and how long it took; no names of people."""

import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.everyday import EVERYDAY
from mailbot.core.policy import Policy, School
from mailbot.core.search import words
from mailbot.core.ticket import Status

WORDS_MOST = 12
SCHOOLS_MOST = 60  # of a letter: Gmail cuts off what is longer than 102 kB
_TELLERS = 3  # a word of fewer people could tell who they are
_SHORTEST = 3
_SECOND_LEVEL = "2"
_TOKEN = re.compile(r"[^\W\d_]+")

_UNDOABLE = frozenset({"status", "level", "priority", "assignee", "due", "copy", "requester", "blocked"})
CHANGES = _UNDOABLE | {"undone"}
"""What the audit trail calls the changes from which a ticket's course is read."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month as the house lives it: its moments are from `start` on and before `end`."""

    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """Return it as in "2026-10"."""
        return f"{self.first:%Y-%m}"

    @property
    def start(self) -> datetime:
        """Return its first moment."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=self.zone)

    @property
    def end(self) -> datetime:
        """Return the first moment of the next month."""
        later = self.first.replace(day=1) + timedelta(days=31)
        return datetime(later.year, later.month, 1, tzinfo=self.zone)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


def month_before(now: datetime, zone: ZoneInfo) -> Month:
    """Return the last month that is over."""
    this = now.astimezone(zone).date().replace(day=1)
    return Month((this - timedelta(days=1)).replace(day=1), zone)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the audit trail tells of a ticket that matters here: when, what happened, to where."""

    at: datetime
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class Course:
    """How a ticket went: `answered` is when the staff first wrote to its requester.

    `merged`: it went on in another ticket and was not solved by itself.
    """

    school: str
    subject: str
    requester: str
    opened: datetime
    entries: tuple[Entry, ...] = ()
    answered: datetime | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Lengths of working time in hours: the median, and what nine of ten stay below; `of` so many tickets."""

    median: float
    ninetieth: float
    of: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened to the tickets of a school, or of all; the key of all is empty."""

    school: str
    name: str
    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    answer: Span | None = None
    solution: Span | None = None

    @property
    def quiet(self) -> bool:
        """Tell whether nothing happened."""
        return not (self.opened or self.closed or self.escalated or self.reopened or self.answer)


@dataclass(frozen=True, slots=True)
class Report:
    """A month's figures: per school and overall, when tickets were opened, and words of their subjects."""

    month: date
    schools: tuple[Figures, ...]
    total: Figures
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    words: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """Return the month as in "2026-10"."""
        return f"{self.month:%Y-%m}"

    @property
    def busiest(self) -> tuple[Figures, ...]:
        """Return the schools to be shown in a letter, those first that opened most."""
        return tuple(self._busy[:SCHOOLS_MOST])

    @property
    def left_out(self) -> int:
        """Return how many schools had tickets and find no room in a letter."""
        return len(self._busy[SCHOOLS_MOST:])

    @property
    def quiet(self) -> tuple[str, ...]:
        """Return the names of the schools in which nothing happened."""
        return tuple(figures.name for figures in self.schools if figures.quiet)

    @property
    def week(self) -> tuple[tuple[int, int], ...]:
        """Return each day of the week and how many tickets it brought; a weekend without any is left out."""
        days = tuple(enumerate(self.weekdays))
        return days if any(self.weekdays[5:]) else days[:5]

    @property
    def day(self) -> tuple[tuple[int, int], ...]:
        """Return the hours from the first to the last that brought tickets, and how many."""
        busy = [hour for hour, count in enumerate(self.hours) if count]
        return tuple(enumerate(self.hours))[busy[0] : busy[-1] + 1] if busy else ()

    @property
    def _busy(self) -> list[Figures]:
        found = (figures for figures in self.schools if not figures.quiet)
        return sorted(found, key=lambda figures: (-figures.opened, figures.school))


@dataclass(slots=True)
class _Tally:
    """What is counted of a school while the courses go by; lengths in hours."""

    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    answers: list[float] = field(default_factory=list)
    solutions: list[float] = field(default_factory=list)

    def figures(self, key: str, name: str) -> Figures:
        """Return what was counted."""
        lengths = (_span(self.answers), _span(self.solutions))
        return Figures(key, name, self.opened, self.closed, self.escalated, self.reopened, *lengths)


def report(courses: Iterable[Course], policy: Policy, month: Month, names: Collection[str]) -> Report:
    """Return the figures of a month; no word of `names`, those of people, is among its words.

    Lengths are working time of the school's team, from the opening of a ticket to its first answer or its
    last closing within the month.
    """
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    new: list[Course] = []
    for course in courses:
        school = policy.school(course.school)
        if school is None:
            continue
        _count(tallies[school.key], course, school, month)
        if course.opened in month:
            new.append(course)
    opened = [course.opened.astimezone(month.zone) for course in new]
    hours, weekdays = Counter(at.hour for at in opened), Counter(at.weekday() for at in opened)
    return Report(
        month.first,
        tuple(tallies[school.key].figures(school.key, school.name) for school in policy.schools),
        _together(tallies.values()).figures("", ""),
        tuple(hours[hour] for hour in range(24)),
        tuple(weekdays[day] for day in range(7)),
        _telling(new, frozenset(word for name in names for word in words(name))),
    )


def _count(tally: _Tally, course: Course, school: School, month: Month) -> None:
    """Count what the month brought a ticket; one that went on in another was not solved by itself."""
    status, solved = Status.OPEN.value, None
    closed = reopened = escalated = False
    for entry in standing(course.entries):
        if entry.action == "level":
            escalated |= entry.at in month and entry.detail == _SECOND_LEVEL
            continue
        if entry.detail == Status.CLOSED.value:
            solved = entry.at
            closed |= entry.at in month and not course.merged
        elif status == Status.CLOSED.value:
            solved = None
            reopened |= entry.at in month
        status = entry.detail
    tally.opened += course.opened in month
    tally.closed += closed
    tally.reopened += reopened
    tally.escalated += escalated
    if course.answered is not None and course.answered in month:
        tally.answers.append(_worked(school, course.opened, course.answered))
    if solved is not None and solved in month and not course.merged:
        tally.solutions.append(_worked(school, course.opened, solved))


def _together(tallies: Collection[_Tally]) -> _Tally:
    return _Tally(
        sum(tally.opened for tally in tallies),
        sum(tally.closed for tally in tallies),
        sum(tally.escalated for tally in tallies),
        sum(tally.reopened for tally in tallies),
        [length for tally in tallies for length in tally.answers],
        [length for tally in tallies for length in tally.solutions],
    )


def standing(entries: Iterable[Entry]) -> list[Entry]:
    """Return the changes of status and level that were not taken back, the oldest first."""
    found: list[Entry] = []
    for entry in entries:
        if entry.action == "undone":
            last = found[-1].at if found else None
            while found and found[-1].at == last:
                found.pop()
        elif entry.action in _UNDOABLE:
            found.append(entry)
    return [entry for entry in found if entry.action in ("status", "level")]


def _worked(school: School, start: datetime, end: datetime) -> float:
    return school.team.calendar.open_between(start, end) / timedelta(hours=1)


def _span(lengths: Sequence[float]) -> Span | None:
    if not lengths:
        return None
    ordered = sorted(lengths)
    ninetieth = ordered[-(-9 * len(ordered) // 10) - 1]
    return Span(round(statistics.median(ordered), 2), round(ninetieth, 2), len(ordered))


def _telling(courses: Iterable[Course], names: Collection[str]) -> tuple[tuple[str, int], ...]:
    """Return the words that several people use for their problems, the most used first."""
    tellers: defaultdict[str, set[str]] = defaultdict(set)
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for course in courses:
        for token in set(_TOKEN.findall(unicodedata.normalize("NFC", course.subject))):
            word = next(iter(words(token)), "")
            if len(word) >= _SHORTEST and word not in EVERYDAY and word not in names:
                tellers[word].add(course.requester)
                written[word][token] += 1
    found = [
        (written[word].most_common(1)[0][0], written[word].total())
        for word, people in tellers.items()
        if len(people) >= _TELLERS
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:WORDS_MOST])
