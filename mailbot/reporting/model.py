"""Define the values of the monthly report."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mailbot.core.model.place import Place

MAX_SCHOOLS = 60  # in a mail: Gmail cuts off mails that are longer than 102 kB
REVERSIBLE = frozenset(
    {
        *("status", "level", "priority", "assignee", "due", "appointment", "copy", "requester", "blocked"),
        *("bundled", "unbundled"),
    }
)
HELPED = "helped"
"""The audit action of a requester who says that the solution helped."""
SOLVED_BY_TIP = "solved by tip"
"""The audit action of a requester who closes a ticket since the tip in its receipt helped."""
CHANGES = REVERSIBLE | {"undone", HELPED, SOLVED_BY_TIP}
"""The audit actions from which a ticket's timeline is calculated."""


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in a time zone: from `start`, inclusive, to `end`, exclusive."""

    first: date
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """Return the month as in "2026-10"."""
        return f"{self.first:%Y-%m}"

    @property
    def start(self) -> datetime:
        """Return the first moment of the month."""
        return datetime(self.first.year, self.first.month, 1, tzinfo=self.zone)

    @property
    def end(self) -> datetime:
        """Return the first moment of the next month."""
        in_next_month = self.first.replace(day=1) + timedelta(days=31)
        return datetime(in_next_month.year, in_next_month.month, 1, tzinfo=self.zone)

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change of a ticket in the audit trail: its time, the action and the new value."""

    at: datetime
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class TicketTimeline:
    """The changes of a ticket over time.

    `answered` is the time at which the staff first wrote to the requester. `merged` means that the ticket
    continued in another ticket and was not solved itself. `places` are the rooms and devices that it names.
    """

    school: str
    subject: str
    requester: str
    opened: datetime
    entries: tuple[TimelineEntry, ...] = ()
    answered: datetime | None = None
    merged: bool = False
    places: tuple[Place, ...] = ()


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
    """Counts and durations of the tickets of a school, or of all schools; then `school` is ""."""

    school: str
    name: str
    opened: int = 0
    closed: int = 0
    escalated: int = 0
    reopened: int = 0
    answer: Percentiles | None = None
    solution: Percentiles | None = None
    helped: int = 0
    solved_by_tips: int = 0

    @property
    def helped_percent(self) -> int:
        """Return how many of those who said something about a solution said that it helped.

        A person who reopens a ticket says that it did not.
        """
        said = self.helped + self.reopened
        return round(100 * self.helped / said) if said else 0

    @property
    def is_empty(self) -> bool:
        """Return whether nothing happened in the school."""
        counted = self.opened or self.closed or self.escalated or self.reopened or self.helped
        return not (counted or self.answer)


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """The number of tickets of a school that were opened about a room or a device."""

    school: str
    place: Place
    opened: int


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a month.

    It has figures for each school and for all, and the number of tickets opened in each hour and on each
    weekday. It also has the most frequent words of their subjects, and the places with the most tickets.
    Templates use its attributes.
    """

    month: date
    schools: tuple[SchoolFigures, ...]
    total: SchoolFigures
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    words: tuple[tuple[str, int], ...] = ()
    places: tuple[PlaceFigures, ...] = ()

    @property
    def name(self) -> str:
        """Return the month as in "2026-10"."""
        return f"{self.month:%Y-%m}"

    @property
    def busiest(self) -> tuple[SchoolFigures, ...]:
        """Return the schools that the mail shows, those with the most opened tickets first."""
        return tuple(self._with_tickets[:MAX_SCHOOLS])

    @property
    def left_out(self) -> int:
        """Return the number of schools with tickets that the mail does not show."""
        return len(self._with_tickets[MAX_SCHOOLS:])

    @property
    def quiet(self) -> tuple[str, ...]:
        """Return the names of the schools without tickets."""
        return tuple(figures.name for figures in self.schools if figures.is_empty)

    @property
    def week(self) -> tuple[tuple[int, int], ...]:
        """Return each weekday and its number of opened tickets; a weekend without tickets is left out."""
        days = tuple(enumerate(self.weekdays))
        return days if any(self.weekdays[5:]) else days[:5]

    @property
    def day(self) -> tuple[tuple[int, int], ...]:
        """Return each hour and its number of opened tickets, from the first busy hour to the last."""
        busy = [hour for hour, count in enumerate(self.hours) if count]
        return tuple(enumerate(self.hours))[busy[0] : busy[-1] + 1] if busy else ()

    @property
    def _with_tickets(self) -> list[SchoolFigures]:
        schools = (figures for figures in self.schools if not figures.is_empty)
        return sorted(schools, key=lambda figures: (-figures.opened, figures.school))
