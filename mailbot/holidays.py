"""Public and school holidays of the German Länder, by the library `holidays`, which is known here alone."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

from mailbot.core.model.calendar import SchoolHolidays

LAENDER = (
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH",
)  # fmt: skip
"""The Länder by their short names (ISO 3166-2:DE)."""

YEARS = range(2024, 2041)
"""Years whose holidays are asked for; public ones are known by rule, school holidays where they are fixed."""

_NAMES = {
    "Herbstferien": "autumn",
    "Weihnachtsferien": "christmas",
    "Winterferien": "winter",
    "Oster-/Frühjahrsferien": "easter",
    "Himmelfahrts-/Pfingstferien": "whitsun",
    "Sommerferien": "summer",
}
_MIN_LENGTH = timedelta(days=4)  # from the first day to the last; shorter ones are single days off
_MAX_GAP = timedelta(days=4)  # between days of the same holidays: a weekend with public holidays


@cache
def public(land: str) -> frozenset[date]:
    """Return the public holidays of a Land."""
    return _days(land, YEARS, "public")


@cache
def school(land: str) -> frozenset[date]:
    """Return the days of the school holidays of a Land, as far as they are known: see `unknown`."""
    return _days(land, YEARS, "school")


@cache
def named(land: str) -> tuple[SchoolHolidays, ...]:
    """Return the school holidays of a Land that last several days, in their order."""
    found = sorted(_holidays(land, YEARS, "school").items())
    if not found:
        return ()
    starts = [0, *(n + 1 for n, (old, new) in enumerate(pairwise(found)) if _are_apart(old, new))]
    spans = [found[start:end] for start, end in pairwise((*starts, len(found)))]
    return tuple(
        SchoolHolidays(_name(name, last), last)
        for (first, _), (last, name) in ((span[0], span[-1]) for span in spans)
        if name in _NAMES and last - first >= _MIN_LENGTH
    )


def _name(name: str, last: date) -> str:
    """Return the name; the earliest Easter is on 22 March, and holidays before it are others."""
    return "spring" if _NAMES[name] == "easter" and (last.month, last.day) < (3, 22) else _NAMES[name]


def _are_apart(old: tuple[date, str], new: tuple[date, str]) -> bool:
    return old[1] != new[1] or new[0] - old[0] > _MAX_GAP


def unknown(land: str, years: Iterable[int]) -> tuple[int, ...]:
    """Return those years whose school holidays are not known to the end: every year ends in holidays."""
    return tuple(year for year in years if date(year, 12, 28) not in _days(land, (year,), "school"))


def _days(land: str, years: range | tuple[int, ...], category: str) -> frozenset[date]:
    return frozenset(_holidays(land, years, category))


@cache
def _holidays(land: str, years: range | tuple[int, ...], category: str) -> dict[date, str]:
    import holidays  # noqa: PLC0415 - takes 10 MB, and only a configuration with a Land needs it

    return dict(
        holidays.country_holidays("DE", subdiv=land, years=years, categories=(category,), language="de")
    )
