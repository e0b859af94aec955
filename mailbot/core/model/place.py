"""Places: the rooms and the numbered devices of a school."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mailbot.core.model.calendar import Calendar

DAYS = 90
"""The days in which reports are counted if the last school holidays are unknown."""
_MAX_TERM = timedelta(days=200)  # from the end of holidays to the end of the next ones


@dataclass(frozen=True, slots=True)
class Place:
    """A room or a numbered device: its kind ("room", "ipad"), and its name without the kind ("A1.04")."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class PlaceReports:
    """The tickets of a school about a place: a new one is the `number`-th since some school holidays.

    `since` is the name of the holidays, or "" for the last 90 days.
    """

    place: Place
    number: int
    since: str = ""


def counted_since(calendar: Calendar, now: datetime) -> tuple[datetime, str]:
    """Return from when reports are counted: the end of the last school holidays, and their name."""
    last = calendar.last_holidays(now)
    if last is not None:
        end = datetime.combine(last.last_day + timedelta(days=1), time(), calendar.timezone)
        if now - end < _MAX_TERM:
            return end, last.name
    return now - timedelta(days=DAYS), ""


def most_reported(
    places: Iterable[Place], earlier: Mapping[Place, int], calendar: Calendar, now: datetime
) -> PlaceReports | None:
    """Return the place of a new ticket with the most reports; None if no place was reported before."""
    known = [place for place in places if earlier.get(place)]
    if not known:
        return None
    place = max(known, key=earlier.__getitem__)
    return PlaceReports(place, earlier[place] + 1, counted_since(calendar, now)[1])
