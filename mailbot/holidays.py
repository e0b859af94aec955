"""Public and school holidays of the German Länder, by the library `holidays`, which is known here alone."""

from collections.abc import Iterable
from datetime import date
from functools import cache

LAENDER = (
    "BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH",
)  # fmt: skip
"""The Länder by their short names (ISO 3166-2:DE)."""

YEARS = range(2024, 2041)
"""Years whose holidays are asked for; public ones are known by rule, school holidays where they are fixed."""


@cache
def public(land: str) -> frozenset[date]:
    """Return the public holidays of a Land."""
    return _days(land, YEARS, "public")


@cache
def school(land: str) -> frozenset[date]:
    """Return the days of the school holidays of a Land, as far as they are known: see `unknown`."""
    return _days(land, YEARS, "school")


def unknown(land: str, years: Iterable[int]) -> tuple[int, ...]:
    """Return those years whose school holidays are not known to the end: every year ends in holidays."""
    return tuple(year for year in years if date(year, 12, 28) not in _days(land, (year,), "school"))


def _days(land: str, years: Iterable[int], category: str) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - takes 10 MB, and only a configuration with a Land needs it

    found = holidays.country_holidays("DE", subdiv=land, years=years, categories=(category,))
    return frozenset(found)
