"""Write times, days, ages, numbers, sizes and working hours in a language, by babel (CLDR)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from mailbot.core.model.calendar import Calendar, Span

_UNITS = {"fr": ("ko", "Mo")}  # of sizes, where a language does not say kB and MB


def format_time(value: datetime, style: str = "long", *, zone: ZoneInfo, language: str, formats: Any) -> str:
    """Return a time in a time zone; `formats` are the patterns of the language by style (CLDR)."""
    local = value.astimezone(zone)
    return _written_time(local, _pattern(local, style, formats), zone, language)


@lru_cache(maxsize=64)  # the text and the page of several mails show the same times
def _written_time(value: datetime, pattern: str, zone: ZoneInfo, language: str) -> str:
    return format_datetime(value, pattern, tzinfo=zone, locale=language)


def format_day(value: date, style: str = "weekday", *, language: str, formats: Any) -> str:
    """Return a day, which has no time zone."""
    return format_date(value, _pattern(value, style, formats), locale=language)


def _pattern(value: date, style: str, formats: Any) -> str:
    """Return a date's pattern (CLDR); in some languages the first of a month is an ordinal number."""
    pattern: str = formats[style]
    ordinal = formats.get("first", "") if value.day == 1 else ""
    return re.sub(r"\bd\b", f"'{ordinal}'", pattern) if ordinal else pattern


def format_number(value: float, *, language: str) -> str:
    """Return a number; one below ten with one decimal place."""
    return format_decimal(value, "0.#" if value < 10 else "0", locale=language)


def age(then: datetime, now: datetime, zone: tzinfo) -> tuple[str, int]:
    """Return the unit and how many of it: "today", "yesterday", or 2 and more days, weeks, months, years."""
    days = (now.astimezone(zone).date() - then.astimezone(zone).date()).days
    if days <= 0:
        return "today", 0
    if days == 1:
        return "yesterday", 1
    table = ((14, "days", 1), (61, "weeks", 7), (730, "months", 30))
    unit, length = next(((unit, length) for below, unit, length in table if days < below), ("years", 365))
    return unit, days // length


def format_age(value: datetime, *, now: datetime, zone: ZoneInfo, phrases: Any) -> str:
    """Return how long ago a time was; `phrases` are those of the language by unit."""
    unit, number = age(value, now, zone)
    phrase = str(phrases[unit])
    return phrase % number if "%d" in phrase else phrase


def format_size(count: int, *, language: str) -> str:
    """Return a number of bytes in kB or MB."""
    small, large = _UNITS.get(language, ("kB", "MB"))
    amount, unit = (count / 1e6, large) if count >= 1e6 else (max(count / 1e3, 1), small)
    return f"{format_number(amount, language=language)} {unit}"


def working_hours(calendar: Calendar, days: Sequence[str]) -> str:
    """Return the hours of a week, such as "Mo–Fr 7:30–16"; neighbours with the same hours are one range."""
    week = zip(days, calendar.hours, strict=True)
    groups = [(hours, [day for day, _ in same]) for hours, same in groupby(week, lambda entry: entry[1])]
    return ", ".join(f"{_range(names)} {_spans(hours)}" for hours, names in groups if hours)


def _range(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"


def _spans(hours: tuple[Span, ...]) -> str:
    return " + ".join(f"{_clock(start)}–{_clock(end)}" for start, end in hours)


def _clock(at: time) -> str:
    return f"{at.hour}:{at.minute:02}" if at.minute else str(at.hour)
