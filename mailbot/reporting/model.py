"""The values of the monthly report."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

MAX_SCHOOLS = 60  # of a letter: Gmail cuts off what is longer than 102 kB
REVERSIBLE = frozenset({"status", "level", "priority", "assignee", "due", "copy", "requester", "blocked"})
CHANGES = REVERSIBLE | {"undone"}
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


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What the audit trail tells of a ticket that matters here: when, what happened, to where."""

    at: datetime
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class TicketTimeline:
    """How a ticket went: `answered` is when the staff first wrote to its requester.

    `merged`: it went on in another ticket and was not solved by itself.
    """

    school: str
    subject: str
    requester: str
    opened: datetime
    entries: tuple[TimelineEntry, ...] = ()
    answered: datetime | None = None
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Median and 90th percentile of working time in hours; `of` is the number of tickets."""

    median: float
    p90: float
    of: int

    @property
    def ninetieth(self) -> float:
        """Return `p90` under the name that templates of version 0.1 use."""
        return self.p90


@dataclass(frozen=True, slots=True)
class SchoolFigures:
    """What happened to the tickets of a school, or of all; the key of all is empty."""

    school: str
    name: str
    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    answer: Percentiles | None = None
    solution: Percentiles | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing happened."""
        return not (self.opened or self.closed or self.escalated or self.reopened or self.answer)


@dataclass(frozen=True, slots=True)
class Report:
    """A month's figures: per school and overall, when tickets were opened, and words of their subjects."""

    month: date
    schools: tuple[SchoolFigures, ...]
    total: SchoolFigures
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    words: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """Return the month as in "2026-10"."""
        return f"{self.month:%Y-%m}"

    @property
    def busiest(self) -> tuple[SchoolFigures, ...]:
        """Return the schools to be shown in a letter, those first that opened most."""
        return tuple(self._busy[:MAX_SCHOOLS])

    @property
    def left_out(self) -> int:
        """Return how many schools had tickets and find no room in a letter."""
        return len(self._busy[MAX_SCHOOLS:])

    @property
    def quiet(self) -> tuple[str, ...]:
        """Return the names of the schools in which nothing happened."""
        return tuple(figures.name for figures in self.schools if figures.is_empty)

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
    def _busy(self) -> list[SchoolFigures]:
        found = (figures for figures in self.schools if not figures.is_empty)
        return sorted(found, key=lambda figures: (-figures.opened, figures.school))
