"""The monthly report: what a month brought each school, and how long it took; no names of people."""

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
    REVERSIBLE,
    Month,
    Percentiles,
    Report,
    SchoolFigures,
    TicketTimeline,
    TimelineEntry,
)

WORDS_MOST = 12
_TELLERS = 3  # a word of fewer people could tell who they are
_SHORTEST = 3
_SECOND_LEVEL = "2"
_TOKEN = re.compile(r"[^\W\d_]+")


def month_before(now: datetime, zone: ZoneInfo) -> Month:
    """Return the last month that is over."""
    this = now.astimezone(zone).date().replace(day=1)
    return Month((this - timedelta(days=1)).replace(day=1), zone)


@dataclass(slots=True)
class _Tally:
    """What is counted of a school while the courses go by; lengths in hours."""

    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    answers: list[float] = field(default_factory=list)
    solutions: list[float] = field(default_factory=list)

    def figures(self, key: str, name: str) -> SchoolFigures:
        """Return what was counted."""
        lengths = (_span(self.answers), _span(self.solutions))
        return SchoolFigures(key, name, self.opened, self.closed, self.escalated, self.reopened, *lengths)


def report(courses: Iterable[TicketTimeline], policy: Policy, month: Month, names: Collection[str]) -> Report:
    """Return the figures of a month; no word of `names`, those of people, is among its words.

    Lengths are working time of the school's team, from the opening of a ticket to its first answer or its
    last closing within the month.
    """
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    new: list[TicketTimeline] = []
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
        _sum(tallies.values()).figures("", ""),
        tuple(hours[hour] for hour in range(24)),
        tuple(weekdays[day] for day in range(7)),
        _top_words(new, frozenset(word for name in names for word in words(name))),
    )


def _count(tally: _Tally, course: TicketTimeline, school: School, month: Month) -> None:
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


def _sum(tallies: Collection[_Tally]) -> _Tally:
    return _Tally(
        sum(tally.opened for tally in tallies),
        sum(tally.closed for tally in tallies),
        sum(tally.escalated for tally in tallies),
        sum(tally.reopened for tally in tallies),
        [length for tally in tallies for length in tally.answers],
        [length for tally in tallies for length in tally.solutions],
    )


def standing(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """Return the changes of status and level that were not taken back, the oldest first."""
    found: list[TimelineEntry] = []
    for entry in entries:
        if entry.action == "undone":
            last = found[-1].at if found else None
            while found and found[-1].at == last:
                found.pop()
        elif entry.action in REVERSIBLE:
            found.append(entry)
    return [entry for entry in found if entry.action in ("status", "level")]


def _worked(school: School, start: datetime, end: datetime) -> float:
    return school.team.calendar.open_between(start, end) / timedelta(hours=1)


def _span(lengths: Sequence[float]) -> Percentiles | None:
    if not lengths:
        return None
    ordered = sorted(lengths)
    p90 = ordered[-(-9 * len(ordered) // 10) - 1]
    return Percentiles(round(statistics.median(ordered), 2), round(p90, 2), len(ordered))


def _top_words(courses: Iterable[TicketTimeline], names: Collection[str]) -> tuple[tuple[str, int], ...]:
    """Return the words that several people use for their problems, the most used first."""
    tellers: defaultdict[str, set[str]] = defaultdict(set)
    written: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for course in courses:
        for token in set(_TOKEN.findall(unicodedata.normalize("NFC", course.subject))):
            word = next(iter(words(token)), "")
            if len(word) >= _SHORTEST and word not in STOPWORDS and word not in names:
                tellers[word].add(course.requester)
                written[word][token] += 1
    found = [
        (written[word].most_common(1)[0][0], written[word].total())
        for word, people in tellers.items()
        if len(people) >= _TELLERS
    ]
    return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:WORDS_MOST])
