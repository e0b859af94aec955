"""Write the working hours of a team in one line, such as "Mo–Fr 7:30–16"."""

from collections.abc import Sequence
from datetime import time
from itertools import groupby

from mailbot.core.model.calendar import Calendar, Span


def working_hours(calendar: Calendar, days: Sequence[str]) -> str:
    """Return the hours of each weekday; neighbours with the same hours are one range."""
    week = zip(days, calendar.hours, strict=True)
    groups = [(hours, [day for day, _ in same]) for hours, same in groupby(week, lambda entry: entry[1])]
    return ", ".join(f"{_range(names)} {_spans(hours)}" for hours, names in groups if hours)


def _range(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"


def _spans(hours: tuple[Span, ...]) -> str:
    return " + ".join(f"{_clock(start)}–{_clock(end)}" for start, end in hours)


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02}" if at.minute else str(at.hour)
