"""Working time with time zones, daylight saving, weekends and holidays."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.model.calendar import END_OF_DAY, Calendar, Span
from tests.support.working_days import days_between

BERLIN = ZoneInfo("Europe/Berlin")
SCHOOL = Calendar(closed=frozenset({date(2026, 12, 24), date(2026, 12, 25)}), timezone=BERLIN)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_a_team_may_work_round_the_clock() -> None:
    always = Calendar(hours=((((time(), END_OF_DAY),),) * 7), timezone=BERLIN)
    start = at("2026-10-24 12:00")
    assert always.open_between(start, at("2026-10-27 12:00")) == 73 * HOUR  # the clock is set back
    assert always.is_open(at("2026-10-26 00:00") - timedelta(microseconds=1))


def spans(minutes: set[int]) -> tuple[Span, ...]:
    clocks = [time(minute // 60, minute % 60) for minute in sorted(minutes)]
    return tuple(zip(clocks[::2], clocks[1::2], strict=False))


def calendar_of(
    kinds: tuple[tuple[Span, ...], tuple[Span, ...]], week: int, closed: frozenset[date], zone: str
) -> Calendar:
    # Three kinds of days are enough, and one number says which kind each day has: a week of seven draws takes
    # several times as long.
    hours = [((), *kinds)[week // 3**day % 3] for day in range(7)]
    return Calendar(tuple(hours), closed, ZoneInfo(zone))


SPANS = st.sets(st.integers(0, 24 * 60 - 1), min_size=2, max_size=4).map(spans)
DAYS = st.integers(0, 274).map(lambda day: date(2026, 3, 1) + timedelta(day))
ZONES = st.sampled_from(["Europe/Berlin", "UTC", "America/New_York", "Australia/Lord_Howe"])
CALENDARS = st.builds(
    calendar_of,
    st.tuples(SPANS, SPANS),
    st.integers(1, 3**7 - 1),
    st.frozensets(DAYS, max_size=8),
    ZONES,
)
MOMENTS = st.timedeltas(timedelta(), timedelta(days=275)).map(lambda d: datetime(2026, 3, 1, tzinfo=UTC) + d)
LENGTHS = st.timedeltas(timedelta(), timedelta(days=3))


@given(CALENDARS, MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up(calendar: Calendar, a: datetime, b: datetime, c: datetime) -> None:
    a, b, c = sorted((a, b, c))
    parts = calendar.open_between(a, b) + calendar.open_between(b, c)
    assert calendar.open_between(a, c) == parts


@given(CALENDARS, MOMENTS, MOMENTS)
def test_working_time_is_never_negative_and_never_more_than_the_time(
    calendar: Calendar, a: datetime, b: datetime
) -> None:
    assert timedelta() <= calendar.open_between(a, b) <= max(b - a, timedelta())


@given(CALENDARS, MOMENTS, LENGTHS)
def test_added_working_time_is_open_time_and_ends_in_working_hours(
    calendar: Calendar, start: datetime, length: timedelta
) -> None:
    end = calendar.add(start, length)
    assert calendar.open_between(start, end) == length
    assert calendar.is_open(end)


@given(CALENDARS, MOMENTS, MOMENTS, LENGTHS, LENGTHS)
def test_later_start_or_longer_work_does_not_end_earlier(
    calendar: Calendar, a: datetime, b: datetime, short: timedelta, long: timedelta
) -> None:
    a, b = sorted((a, b))
    short, long = sorted((short, long))
    assert calendar.add(a, short) <= calendar.add(b, long)


@given(CALENDARS, MOMENTS)
def test_next_opening_is_the_first_open_moment(calendar: Calendar, moment: datetime) -> None:
    opening = calendar.next_opening(moment)
    assert opening >= moment
    assert calendar.is_open(opening)
    assert calendar.open_between(moment, opening) == timedelta()
    assert (opening == moment) == calendar.is_open(moment)


@given(CALENDARS, MOMENTS)
def test_closed_day_has_no_working_time(calendar: Calendar, moment: datetime) -> None:
    day = calendar.day(moment)
    start = datetime.combine(day, time(), calendar.timezone)
    end = datetime.combine(day + timedelta(days=1), time(), calendar.timezone)
    if not calendar.is_workday(day):
        assert calendar.open_between(start, end) == timedelta()
        assert not calendar.is_open(moment)


@given(CALENDARS, MOMENTS, st.integers(1, 30))
def test_added_days_are_the_working_days_between(calendar: Calendar, start: datetime, days: int) -> None:
    end = calendar.add_days(start, days)
    assert calendar.is_open(end)
    assert days_between(calendar, start, end) == days


ENDS = [
    ("day", "2026-11-23 09:00", 2, "2026-11-23 11:00"),
    ("evening", "2026-11-23 20:00", 1, "2026-11-24 08:30"),
    ("over-the-weekend", "2026-11-27 15:00", 2, "2026-11-30 08:30"),
    ("on-the-weekend", "2026-11-28 12:00", 0, "2026-11-30 07:30"),
    ("to-closing-time", "2026-11-23 07:30", 8.5, "2026-11-24 07:30"),
    ("over-holidays", "2026-12-23 15:00", 2, "2026-12-28 08:30"),
]


def test_length_of_work_ends_in_working_hours(subtests: pytest.Subtests) -> None:
    for name, start, hours, end in ENDS:
        with subtests.test(name):
            assert SCHOOL.add(at(start), hours * HOUR) == at(end)


@pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"], ids=["spring", "autumn"])
def test_daylight_saving_change_at_night_changes_no_working_day(sunday: str) -> None:
    friday = at(f"{sunday} 15:00") - timedelta(days=2)
    monday = at(f"{sunday} 08:30") + timedelta(days=1)
    assert SCHOOL.add(friday, 2 * HOUR) == monday


def test_working_time_across_a_daylight_saving_change_is_the_elapsed_time(subtests: pytest.Subtests) -> None:
    for sunday, hours in [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-01", 24)]:
        with subtests.test(sunday=sunday):
            always = Calendar(tuple(((time(), time(23, 59)),) for _ in range(7)), timezone=BERLIN)
            day = at(f"{sunday} 00:00")
            assert always.open_between(day, day + timedelta(days=1)) == hours * HOUR - timedelta(minutes=1)


def test_calendar_without_working_hours_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Calendar(((),) * 7)
    with pytest.raises(ValueError, match="seven"):
        Calendar(Calendar().hours[:5])
