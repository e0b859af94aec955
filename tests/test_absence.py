"""Who is away, until when, and who gets the letters meanwhile."""

from datetime import date

import pytest

from mailbot.core.absence import Absence, present, read, stand_in
from mailbot.core.policy import Member

TODAY = date(2026, 11, 23)

DATES = (
    ("2026-12-01", date(2026, 12, 1), ""),
    ("1.12", date(2026, 12, 1), ""),
    ("1.12.", date(2026, 12, 1), ""),
    ("01.12.2026", date(2026, 12, 1), ""),
    ("1.12.26", date(2026, 12, 1), ""),
    ("bis 1.12.", date(2026, 12, 1), ""),
    ("bis zum 1.12. Vertretung: Erika Beispiel", date(2026, 12, 1), "Erika Beispiel"),
    ("until 2026-12-01 erika@support.example", date(2026, 12, 1), "erika@support.example"),
    ("6.1. erika", date(2027, 1, 6), "erika"),
    ("23.11.", TODAY, ""),
)


@pytest.mark.parametrize(("words", "until", "deputy"), DATES)
def test_a_day_and_perhaps_a_deputy_are_read(words: str, until: date, deputy: str) -> None:
    assert read(words.split(), TODAY) == (until, deputy)


@pytest.mark.parametrize(
    "words", ["", "Erika", "2026-11-22", "22.11.2026", "31.2.", "22.11.", "1.13.", "2026-13-01", "99.99.9999"]
)
def test_what_is_no_day_to_come_is_refused(words: str) -> None:
    assert read(words.split(), TODAY)[0] is None


MAX = Member("max@x.example")
ERIKA = Member("erika@x.example", also=("e@y.example",))
TONI = Member("toni@x.example")
TEAM = (MAX, ERIKA)
STAFF = (MAX, ERIKA, TONI)
UNTIL = date(2026, 12, 1)


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
    assert stand_in(MAX, away | {TONI.address: Absence(UNTIL)}, STAFF) is None
    assert stand_in(MAX, away, TEAM) is None
    assert stand_in(MAX, away, STAFF) == TONI
