"""Days as people write them in three languages, in words and figures; today is Wednesday, 25.11.2026."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.dates import parse_date
from tests.support.any_text import any_text

pytestmark = pytest.mark.xdist_group("dates")  # one process loads the words of the languages

TODAY = date(2026, 11, 25)
SAID = """
morgen: 2026-11-26            | Morgen früh: 2026-11-26      | MORGEN: 2026-11-26
übermorgen: 2026-11-27        | in 3 Tagen: 2026-11-28       | in drei Tagen: 2026-11-28
10 Tage: 2026-12-05           | in 1 Woche: 2026-12-02       | in einer Woche: 2026-12-02
in 2 Wochen: 2026-12-09       | in zwei Wochen: 2026-12-09   | übernächste Woche: 2026-12-07
nächste Woche: 2026-11-30     | nächsten Monat: 2026-12-25   | in einem Monat: 2026-12-25
nächsten Montag: 2026-11-30   | naechsten Montag: 2026-11-30 | am Montag: 2026-11-30
kommenden Freitag: 2026-11-27 | Freitag: 2026-11-27          | Fr: 2026-11-27
fr.: 2026-11-27               | bis Donnerstag: 2026-11-26   | Mittwoch: 2026-12-02
1.12.: 2026-12-01             | 1.12: 2026-12-01             | am 1.12.: 2026-12-01
bis zum 3.12.: 2026-12-03     | 3.1.: 2027-01-03             | 25.11.: 2027-11-25
01.12.2026: 2026-12-01        | 1.12.26: 2026-12-01          | 1. Dezember: 2026-12-01
24. Dez 2026: 2026-12-24      | 7. März: 2027-03-07          | ab 1. Januar: 2027-01-01
Mo: 2026-11-30                | Di: 2026-12-01               | nächsten Di: 2026-12-01
Mi: 2026-12-02                | Do: 2026-11-26               | Sa: 2026-11-28 | So.: 2026-11-29
2026-12-01: 2026-12-01        | 1/12/2026: 2026-12-01        | gestern: 2026-11-24
tomorrow: 2026-11-26          | in 3 days: 2026-11-28        | the day after tomorrow: 2026-11-27
in a week: 2026-12-02         | in 2 weeks: 2026-12-09       | next week: 2026-11-30
next monday: 2026-11-30       | monday: 2026-11-30           | on Friday: 2026-11-27
fri: 2026-11-27               | tuesday morning: 2026-12-01  | next month: 2026-12-25
demain: 2026-11-26            | Demain matin: 2026-11-26     | après-demain: 2026-11-27
dans 3 jours: 2026-11-28      | dans trois jours: 2026-11-28 | dans quinze jours: 2026-12-10
dans une semaine: 2026-12-02  | la semaine prochaine: 2026-11-30 | semaine prochaine: 2026-11-30
le mois prochain: 2026-12-25  | lundi prochain: 2026-11-30   | vendredi: 2026-11-27
ven.: 2026-11-27              | jusqu’à vendredi: 2026-11-27 | mercredi: 2026-12-02
1er décembre: 2026-12-01      | jusqu'au 1er décembre 2026: 2026-12-01 | le 1/12: 2026-12-01
7 mars: 2027-03-07            | à partir du 1er janvier: 2027-01-01 | mardi après-midi: 2026-12-01
Dec 1: 2026-12-01             | December 1st: 2026-12-01     | 1 Dec 2026: 2026-12-01
"""
PHRASES = [entry.strip().rsplit(": ", 1) for entry in SAID.replace("\n", "|").split("|") if entry.strip()]


def test_next_week_begins_on_monday_on_any_day() -> None:
    for day in range(23, 30):
        assert parse_date("nächste Woche", date(2026, 11, day)) == date(2026, 11, 30), day
    assert parse_date("bis kommende Woche", date(2026, 11, 30)) == date(2026, 12, 7)


def test_every_phrase_names_its_day() -> None:
    found = {phrase: str(parse_date(phrase, TODAY)) for phrase, _ in PHRASES}
    assert found == dict(PHRASES)


def test_phrase_without_a_day_is_not_guessed() -> None:
    phrases = (
        "",
        "bald",
        "soon",
        "bientôt",
        "après les vacances",
        "nach den Ferien",
        "12",
        "104",
        "GYM-104",
        "31.11.",
        "29.2.",
        "99.99.",
        "mustermann",
    )
    assert {phrase: day for phrase in phrases if (day := parse_date(phrase, TODAY))} == {}


@given(any_text(max_size=60) | st.text("0123456789./- inTagedysMo", max_size=40))
def test_any_text_gives_a_day_or_none(phrase: str) -> None:
    found = parse_date(phrase, TODAY)
    assert found is None or found.year > 0
