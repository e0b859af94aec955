"""Holidays of the German Länder, and the years for which they are unknown."""

from datetime import date
from pathlib import Path

from mailbot import check, holidays
from mailbot.config import Settings
from mailbot.core.model.calendar import Calendar, SchoolHolidays
from mailbot.core.model.policy import Policy, School, Team


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


def settings(land: str, *closed: date) -> Settings:
    calendar = Calendar(closed=frozenset({*closed, *(holidays.school(land) if land else ())}))
    team = Team("Team", (), calendar)
    policy = Policy("Support", (School("GYM", "Gymnasium", "support@schule.example", team),), team)
    return Settings(Path("mailbot.toml"), policy, Path("state"), "sqlite://", {}, {}, land=land)


def test_check_reports_that_no_land_is_set() -> None:
    found = check.school_holidays(settings(""), 2026)
    assert found.ok
    assert "bot.land is not set" in found.text


def test_check_reports_missing_years_until_days_off_are_configured() -> None:
    assert check.school_holidays(settings("NW"), 2027).ok
    missing = check.school_holidays(settings("NW"), 2029)
    assert not missing.ok
    assert "of NW in 2029 and 2030 are not all known" in missing.text
    given = settings("NW", date(2029, 12, 21), date(2030, 12, 23))
    assert check.school_holidays(given, 2029).ok


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
