"""Merge [hours] with a team's own hours into the calendar of the team."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from mailbot import holidays
from mailbot.config.model import Document, Team, WorkingHours
from mailbot.core.model.calendar import Calendar, Span

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def week(document: Document, team: Team) -> tuple[tuple[Span, ...], ...]:
    """Return the hours of a team on each weekday, Monday first."""
    return tuple(
        getattr(team.hours if day in team.hours.model_fields_set else document.hours, day) for day in WEEKDAYS
    )


def school_calendar(document: Document, team: Team) -> Calendar:
    """Return the calendar of a school's team: off on public and in school holidays of the Land."""
    land = document.bot.land
    off = holidays.public(land) | holidays.school(land) if land else frozenset()
    return replace(_calendar(document, team, off), school_holidays=holidays.named(land) if land else ())


def office_calendar(document: Document, team: Team) -> Calendar:
    """Return the calendar of second level: off on public holidays; it uses school holidays for repairs."""
    land = document.bot.land
    return _calendar(document, team, holidays.public(land) if land else frozenset())


def _calendar(document: Document, team: Team, off: frozenset[date]) -> Calendar:
    closed = off.union(_days(document.hours), _days(team.hours))
    return Calendar(week(document, team), closed, ZoneInfo(document.bot.timezone))


def _days(hours: WorkingHours) -> Iterable[date]:
    return (day for days in hours.closed for day in days)
