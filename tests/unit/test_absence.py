"""Absences: their end, deputies and the people who get the mails meanwhile."""

from datetime import date

import pytest

from mailbot.core.commands.members import away_until, date_phrases
from mailbot.core.model.policy import Absence, Member, effective_member, present
from mailbot.dates import parse_date

pytestmark = pytest.mark.xdist_group("dates")  # one process loads the words of the languages

TODAY = date(2026, 11, 23)
UNTIL = date(2026, 12, 1)

DATES = (
    ("2026-12-01", UNTIL, ""),
    ("1.12", UNTIL, ""),
    ("1.12.2026", UNTIL, ""),
    ("bis 1.12.", UNTIL, ""),
    ("bis zum 1.12. Vertretung: Erika Beispiel", UNTIL, "Erika Beispiel"),
    ("until 2026-12-01 erika@support.example", UNTIL, "erika@support.example"),
    ("6.1. erika", date(2027, 1, 6), "erika"),
    ("morgen Erika", date(2026, 11, 24), "Erika"),
    ("Freitag", date(2026, 11, 27), ""),
    ("bis nächsten Freitag erika", date(2026, 11, 27), "erika"),
    ("in 3 Tagen", date(2026, 11, 26), ""),
    ("next friday deputy erika", date(2026, 11, 27), "erika"),
    ("heute", TODAY, ""),
)


def dates(words: str) -> dict[str, date]:
    """Look the phrases up as the desk does."""
    found = ((phrase, parse_date(phrase, TODAY)) for phrase in date_phrases(words.split()))
    return {phrase: day for phrase, day in found if day is not None}


def test_day_and_optional_deputy_are_read(subtests: pytest.Subtests) -> None:
    for words, until, deputy in DATES:
        with subtests.test(words=words):
            assert away_until(words.split(), dates(words), TODAY) == (until, deputy)


def test_day_that_is_not_in_the_future_is_refused(subtests: pytest.Subtests) -> None:
    for words in ["", "Erika", "2026-11-22", "22.11.2026", "31.2.", "1.13.", "23.11."]:
        with subtests.test(words=words):
            assert away_until(words.split(), dates(words), TODAY) == (None, "")


MAX = Member("max@x.example")
ERIKA = Member("erika@x.example", aliases=("e@y.example",))
TONI = Member("toni@x.example")
TEAM = (MAX, ERIKA)
STAFF = (MAX, ERIKA, TONI)


def test_present_members_get_their_own_mails() -> None:
    assert present(TEAM, {}, STAFF) == TEAM


def test_team_gets_the_mails_of_an_absent_member() -> None:
    assert present(TEAM, {MAX.address: Absence(UNTIL)}, STAFF) == (ERIKA,)


def test_deputy_gets_a_mail_once() -> None:
    assert present(TEAM, {MAX.address: Absence(UNTIL, ERIKA.address)}, STAFF) == (ERIKA,)
    assert present(TEAM, {MAX.address: Absence(UNTIL, TONI.address)}, STAFF) == (TONI, ERIKA)


def test_all_members_get_the_mails_when_all_are_absent() -> None:
    away = {MAX.address: Absence(UNTIL, ERIKA.address), ERIKA.address: Absence(UNTIL, MAX.address)}
    assert present(TEAM, away, STAFF) == TEAM


def test_absent_or_foreign_deputy_does_not_stand_in() -> None:
    away = {MAX.address: Absence(UNTIL, TONI.address)}
    assert effective_member(MAX, away | {TONI.address: Absence(UNTIL)}, STAFF) is None
    assert effective_member(MAX, away, TEAM) is None
    assert effective_member(MAX, away, STAFF) == TONI
