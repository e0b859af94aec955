"""Holidays of the Länder are known, and where they are not it is said."""

from datetime import date
from pathlib import Path

import pytest

from mailbot import check, holidays
from mailbot.config import Settings
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.policy import Policy, School, Team


@pytest.mark.parametrize("land", holidays.LAENDER)
def test_every_land_has_public_and_school_holidays(land: str) -> None:
    assert date(2026, 10, 3) in holidays.public(land)
    assert date(2026, 12, 28) in holidays.school(land)
    assert date(2026, 11, 25) not in holidays.public(land) | holidays.school(land)


@pytest.mark.parametrize("land", holidays.LAENDER)
def test_the_years_to_come_are_known_and_those_later_said_to_be_unknown(land: str) -> None:
    assert holidays.unknown(land, range(2026, 2029)) == ()
    assert 2040 in holidays.unknown(land, range(2026, 2041))


def test_a_year_that_is_known_only_to_its_summer_is_unknown() -> None:
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


def test_check_says_that_no_holidays_are_kept_without_a_land() -> None:
    found = check.school_holidays(settings(""), 2026)
    assert found.ok
    assert "bot.land is not set" in found.text


def test_check_says_which_years_are_missing_until_days_off_are_given() -> None:
    assert check.school_holidays(settings("NW"), 2027).ok
    missing = check.school_holidays(settings("NW"), 2029)
    assert not missing.ok
    assert "of NW in 2029 and 2030 are not all known" in missing.text
    given = settings("NW", date(2029, 12, 21), date(2030, 12, 23))
    assert check.school_holidays(given, 2029).ok
