"""Holidays of the German Länder, and the years for which they are unknown."""

from datetime import date

from mailbot import holidays
from mailbot.core.model.calendar import SchoolHolidays


def test_every_land_has_public_and_school_holidays() -> None:
    for land in holidays.LAENDER:
        assert date(2026, 10, 3) in holidays.public(land), land
        assert date(2026, 12, 28) in holidays.school(land), land
        assert date(2026, 11, 25) not in holidays.public(land) | holidays.school(land), land


def test_next_years_are_known_and_later_years_are_reported_as_unknown() -> None:
    for land in holidays.LAENDER:
        assert holidays.unknown(land, range(2026, 2029)) == (), land
        assert 2040 in holidays.unknown(land, range(2026, 2041)), land


def test_year_known_only_until_summer_is_unknown() -> None:
    assert date(2029, 7, 20) in holidays.school("NW")
    assert holidays.unknown("NW", [2028, 2029]) == (2029,)


def test_holidays_differ_between_the_laender() -> None:
    corpus_christi = date(2026, 6, 4)
    assert corpus_christi in holidays.public("NW")
    assert corpus_christi not in holidays.public("BE")


def test_last_day_of_named_school_holidays_is_known_in_every_land() -> None:
    for land in holidays.LAENDER:
        named = holidays.named(land)
        assert [h.last_day for h in named] == sorted(h.last_day for h in named), land
        assert {"autumn", "christmas", "easter", "summer"} <= {h.name for h in named}, land
    assert SchoolHolidays("autumn", date(2026, 10, 31)) in holidays.named("NW")
    assert SchoolHolidays("spring", date(2026, 2, 20)) in holidays.named("BY")


def test_single_days_off_are_no_named_holidays() -> None:
    assert date(2026, 5, 15) in holidays.school("SH")
    assert date(2026, 5, 15) not in {h.last_day for h in holidays.named("SH")}
