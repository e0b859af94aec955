"""Working time: when a team works, and how much working time is between two moments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count

Span = tuple[time, time]
"""Start and end of working time within one day."""

END_OF_DAY = time.max
"""The end of a span that lasts until midnight, since `time` has no 24:00."""

OFFICE_HOURS: tuple[tuple[Span, ...], ...] = (*(((time(7, 30), time(16)),) for _ in range(5)), (), ())
"""Monday to Friday, 7:30 to 16:00."""


@dataclass(frozen=True, slots=True)
class SchoolHolidays:
    """School holidays: their name, such as "autumn", and their last day."""

    name: str
    last_day: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working hours of a team on each weekday, Monday first, its days off, and its time zone.

    `school_holidays` are those whose names are known, in their order. The hours are local time. Durations are
    elapsed time, so a change to or from daylight saving time does not alter them. All datetimes are aware.
    Raises ValueError unless there are seven weekdays, and hours on at least one of them.
    """

    hours: tuple[tuple[Span, ...], ...] = OFFICE_HOURS
    closed: frozenset[date] = field(default=frozenset(), repr=False)
    timezone: tzinfo = UTC
    school_holidays: tuple[SchoolHolidays, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if len(self.hours) != 7 or not any(self.hours):
            raise ValueError("a calendar needs hours on at least one of seven weekdays")

    def day(self, at: datetime) -> date:
        """Return the local date at that moment."""
        return at.astimezone(self.timezone).date()

    def clock(self, at: datetime) -> time:
        """Return the local time at that moment."""
        return at.astimezone(self.timezone).time()

    def last_holidays(self, at: datetime) -> SchoolHolidays | None:
        """Return the school holidays that ended last before the day of `at`; None if none are known."""
        day = self.day(at)
        return next((h for h in reversed(self.school_holidays) if h.last_day < day), None)

    def is_workday(self, day: date) -> bool:
        """Return whether the team works on that day."""
        return any(True for _ in self._spans(day))

    def is_open(self, at: datetime) -> bool:
        """Return whether the team works at that moment; the closing time itself is excluded."""
        return any(start <= at < end for start, end in self._spans(self.day(at)))

    def next_opening(self, at: datetime) -> datetime:
        """Return that moment if the team works then, else the start of the next working time, in UTC."""
        return max(at.astimezone(UTC), next(self._spans_from(at))[0])

    def add(self, at: datetime, working: timedelta) -> datetime:
        """Return the moment at which `working` has passed as working time since `at`, in UTC.

        A duration that ends at closing time ends at the next opening instead: nothing is due outside working
        hours. Raises OverflowError if there is no such moment.
        """
        for start, end in self._spans_from(at):
            begin = max(start, at)
            if working < end - begin:
                return begin + working
            working -= end - begin
        raise OverflowError("no working time is left before the end of all days")

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two moments; zero if `end` is not after `start`."""
        passed = timedelta()
        for opening, closing in self._spans_from(start):
            begin = max(opening, start)
            if begin >= end:
                break
            passed += min(closing, end) - begin
        return passed

    def add_days(self, at: datetime, days: int) -> datetime:
        """Return the opening on the working day that is `days` working days after the day of `at`, in UTC."""
        day = self.day(at)
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_workday(day)
        return self.opening_on(day)

    def opening_on(self, day: date) -> datetime:
        """Return the first opening on that day or after it, in UTC."""
        return self.next_opening(datetime.combine(day, time(), self.timezone))

    def _spans_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield all working time that ends after a moment, in chronological order."""
        first = self.day(at)
        for number in count():
            for start, end in self._spans(first + timedelta(days=number)):
                if end > at:
                    yield start, end

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the working time of a day in UTC; hours that a clock change skips or repeats count once."""
        if day in self.closed:
            return
        latest = datetime.combine(day, time(), self.timezone).astimezone(UTC)
        for start, end in self.hours[day.weekday()]:
            opening = max(datetime.combine(day, start, self.timezone).astimezone(UTC), latest)
            last = (day + timedelta(days=1), time()) if end == END_OF_DAY else (day, end)
            closing = datetime.combine(*last, self.timezone).astimezone(UTC)
            if opening < closing:
                yield opening, closing
                latest = closing
