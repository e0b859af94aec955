"""Calculate the monthly report: counts and durations of each school, without names of people."""

import re
import statistics
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Status
from mailbot.core.text.words import STOPWORDS, words
from mailbot.reporting.model import (
    HELPED,
    REVERSIBLE,
    SOLVED_BY_TIP,
    Month,
    Percentiles,
    PlaceFigures,
    Report,
    SchoolFigures,
    TicketTimeline,
    TimelineEntry,
)

MAX_WORDS = 12
MIN_REQUESTERS = 3  # a word that fewer people use could identify them
MIN_WORD_LENGTH = 3
MAX_PLACES = 3
MIN_TICKETS = 3  # of a place
_SECOND_LEVEL = "2"
_TOKEN = re.compile(r"[^\W\d_]+")


def month_before(now: datetime, zone: ZoneInfo) -> Month:
    """Return the month before the current one."""
    first = now.astimezone(zone).date().replace(day=1)
    return Month((first - timedelta(days=1)).replace(day=1), zone)


@dataclass(slots=True)
class _Counts:
    """Running totals of a school; durations are in hours of working time."""

    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    helped: int = 0
    solved_by_tips: int = 0
    answers: list[float] = field(default_factory=list)
    solutions: list[float] = field(default_factory=list)

    def figures(self, key: str, name: str) -> SchoolFigures:
        """Return the totals as the figures of the school with this key and name."""
        percentiles = (_percentiles(self.answers), _percentiles(self.solutions))
        counts = (self.opened, self.closed, self.escalated, self.reopened)
        return SchoolFigures(key, name, *counts, *percentiles, self.helped, self.solved_by_tips)


def create_report(
    timelines: Iterable[TicketTimeline], policy: Policy, month: Month, names: Collection[str]
) -> Report:
    """Return the report of a month; its words have no word of `names`, which are names of people.

    Durations are working time of the school's team. They begin with the opening of a ticket, and end with its
    first answer or with its last closing within the month.
    """
    counts: defaultdict[str, _Counts] = defaultdict(_Counts)
    new: list[TicketTimeline] = []
    for timeline in timelines:
        school = policy.school(timeline.school)
        if school is None:
            continue
        _count(counts[school.key], timeline, school, month)
        if timeline.opened in month:
            new.append(timeline)
    opened = [timeline.opened.astimezone(month.zone) for timeline in new]
    hours, weekdays = Counter(at.hour for at in opened), Counter(at.weekday() for at in opened)
    return Report(
        month.first,
        tuple(counts[school.key].figures(school.key, school.name) for school in policy.schools),
        _sum(counts.values()).figures("", ""),
        tuple(hours[hour] for hour in range(24)),
        tuple(weekdays[day] for day in range(7)),
        _top_words(new, frozenset(word for name in names for word in words(name))),
        _top_places(new),
    )


def _count(total: _Counts, timeline: TicketTimeline, school: School, month: Month) -> None:
    """Add a ticket's changes within the month to the totals; a merged ticket does not count as solved."""
    status, solved_at = Status.OPEN.value, None
    closed = reopened = escalated = False
    for entry in effective_changes(timeline.entries):
        if entry.action == "level":
            escalated |= entry.at in month and entry.detail == _SECOND_LEVEL
            continue
        if entry.detail == Status.CLOSED.value:
            solved_at = entry.at
            closed |= entry.at in month and not timeline.merged
        elif status == Status.CLOSED.value:
            solved_at = None
            reopened |= entry.at in month
        status = entry.detail
    total.opened += timeline.opened in month
    total.closed += closed
    total.reopened += reopened
    total.escalated += escalated
    # A ticket that was opened again is not solved, whatever its requester wrote before.
    total.helped += status == Status.CLOSED.value and _helped(timeline, month)
    if timeline.answered is not None and timeline.answered in month:
        total.answers.append(_working_hours(school, timeline.opened, timeline.answered))
    if solved_at is not None and solved_at in month and not timeline.merged:
        total.solved_by_tips += any(
            entry.action == SOLVED_BY_TIP and entry.at == solved_at for entry in timeline.entries
        )
        total.solutions.append(_working_hours(school, timeline.opened, solved_at))


def _helped(timeline: TicketTimeline, month: Month) -> bool:
    return any(entry.action == HELPED and entry.at in month for entry in timeline.entries)


def _sum(counts: Collection[_Counts]) -> _Counts:
    return _Counts(
        sum(total.opened for total in counts),
        sum(total.closed for total in counts),
        sum(total.escalated for total in counts),
        sum(total.reopened for total in counts),
        sum(total.helped for total in counts),
        sum(total.solved_by_tips for total in counts),
        [hours for total in counts for hours in total.answers],
        [hours for total in counts for hours in total.solutions],
    )


def effective_changes(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """Return the changes of status and level that were not undone, the oldest first."""
    changes: list[TimelineEntry] = []
    for entry in entries:
        if entry.action == "undone":
            last = changes[-1].at if changes else None
            while changes and changes[-1].at == last:
                changes.pop()
        elif entry.action in REVERSIBLE:
            changes.append(entry)
    return [entry for entry in changes if entry.action in ("status", "level")]


def _working_hours(school: School, start: datetime, end: datetime) -> float:
    return school.team.calendar.open_between(start, end) / timedelta(hours=1)


def _percentiles(hours: Sequence[float]) -> Percentiles | None:
    if not hours:
        return None
    ordered = sorted(hours)
    p90 = ordered[-(-9 * len(ordered) // 10) - 1]
    return Percentiles(round(statistics.median(ordered), 2), round(p90, 2), len(ordered))


def _top_places(timelines: Iterable[TicketTimeline]) -> tuple[PlaceFigures, ...]:
    """Return the places that most tickets name, at least `MIN_TICKETS`; merged tickets do not count."""
    counts = Counter(
        (timeline.school, place) for timeline in timelines if not timeline.merged for place in timeline.places
    )
    found = [PlaceFigures(*where, count) for where, count in counts.items() if count >= MIN_TICKETS]
    return tuple(sorted(found, key=_by_trouble)[:MAX_PLACES])


def _by_trouble(figures: PlaceFigures) -> tuple[int, str, str, str]:
    return (-figures.opened, figures.school, figures.place.kind, figures.place.name)


def _top_words(timelines: Iterable[TicketTimeline], names: Collection[str]) -> tuple[tuple[str, int], ...]:
    """Return the most frequent words of subjects that at least `MIN_REQUESTERS` people use."""
    requesters: defaultdict[str, set[str]] = defaultdict(set)
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for timeline in timelines:
        for token in set(_TOKEN.findall(unicodedata.normalize("NFC", timeline.subject))):
            word = next(iter(words(token)), "")
            if len(word) >= MIN_WORD_LENGTH and word not in STOPWORDS and word not in names:
                requesters[word].add(timeline.requester)
                spellings[word][token] += 1
    found = [
        (spellings[word].most_common(1)[0][0], spellings[word].total())
        for word, people in requesters.items()
        if len(people) >= MIN_REQUESTERS
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MAX_WORDS])
