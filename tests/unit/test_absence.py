"""Who is away, until when, and who gets the letters meanwhile."""

from datetime import date

import pytest

from mailbot.core.commands.members import away_until, date_phrases
from mailbot.core.model.policy import Absence, Member, effective_member, present
from mailbot.dates import parse_date

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


@pytest.mark.parametrize(("words", "until", "deputy"), DATES)
def test_a_day_and_perhaps_a_deputy_are_read(words: str, until: date, deputy: str) -> None:
    assert away_until(words.split(), dates(words), TODAY) == (until, deputy)


@pytest.mark.parametrize("words", ["", "Erika", "2026-11-22", "22.11.2026", "31.2.", "1.13.", "23.11."])
def test_what_is_no_day_to_come_is_refused(words: str) -> None:
    assert away_until(words.split(), dates(words), TODAY) == (None, "")


MAX = Member("max@x.example")
ERIKA = Member("erika@x.example", aliases=("e@y.example",))
TONI = Member("toni@x.example")
TEAM = (MAX, ERIKA)
STAFF = (MAX, ERIKA, TONI)


def test_who_is_there_gets_the_own_letters() -> None:
    assert present(TEAM, {}, STAFF) == TEAM


def test_the_rest_of_the_team_gets_what_somebody_away_would_get() -> None:
    assert present(TEAM, {MAX.address: Absence(UNTIL)}, STAFF) == (ERIKA,)


def test_a_deputy_gets_a_letter_once() -> None:
    assert present(TEAM, {MAX.address: Absence(UNTIL, ERIKA.address)}, STAFF) == (ERIKA,)
    assert present(TEAM, {MAX.address: Absence(UNTIL, TONI.address)}, STAFF) == (TONI, ERIKA)


def test_everybody_gets_the_letters_when_nobody_is_there() -> None:
    away = {MAX.address: Absence(UNTIL, ERIKA.address), ERIKA.address: Absence(UNTIL, MAX.address)}
    assert present(TEAM, away, STAFF) == TEAM


def test_a_deputy_who_is_away_or_may_not_work_on_the_ticket_stands_in_for_nobody() -> None:
    away = {MAX.address: Absence(UNTIL, TONI.address)}
    assert effective_member(MAX, away | {TONI.address: Absence(UNTIL)}, STAFF) is None
    assert effective_member(MAX, away, TEAM) is None
    assert effective_member(MAX, away, STAFF) == TONI
