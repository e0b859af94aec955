"""A second way to count working days, which tests compare with the calendar."""

from datetime import datetime, timedelta

from mailbot.core.model.calendar import Calendar


def days_between(calendar: Calendar, start: datetime, end: datetime) -> int:
    """Count the working days after the day of `start`, up to and with the day of `end`."""
    first, last = calendar.day(start), calendar.day(end)
    return sum(calendar.is_workday(first + timedelta(days=n + 1)) for n in range((last - first).days))
