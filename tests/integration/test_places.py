"""Rooms and devices of tickets in the database: notifications, lists, merged, moved and erased tickets."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Executable
from sqlmodel import Session

from mailbot.core.model.calendar import Calendar, SchoolHolidays
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.place import Place
from mailbot.reporting.model import Month, PlaceFigures
from mailbot.service.desk import Desk
from mailbot.service.report import report_of
from mailbot.store.database import Engine, open_database, transaction
from mailbot.store.erasure import erase_ticket
from mailbot.store.prepared import execute
from mailbot.store.tables import PlaceRow
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import HANNA, LENA, MAX, NOW, TONI
from tests.support.school import problem

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = (SchoolHolidays("autumn", date(2026, 10, 31)),)
OPEN_SINCE = {
    "de": ("2. Meldung zu Raum 204 seit den Herbstferien.", "Alle zeigen: #übersicht Raum 204"),
    "en": ("Report no. 2 about room 204 since the autumn holidays.", "Show all: #list room 204"),
    "fr": (
        "2e signalement (salle 204) depuis les vacances d’automne.",
        "Tout afficher\u00a0: #liste salle 204",
    ),
}


def desk_in(
    engine: Engine, language: str = "de", holidays: tuple[SchoolHolidays, ...] = HOLIDAYS
) -> DeskHarness:
    calendar = Calendar(timezone=BERLIN, school_holidays=holidays)
    schools = tuple(
        replace(s, language=language, team=replace(s.team, calendar=calendar)) for s in GERMAN_POLICY.schools
    )
    return DeskHarness(Desk(engine, replace(GERMAN_POLICY, schools=schools, language=language), TEMPLATES))


@pytest.fixture
def harness(engine: Engine) -> DeskHarness:
    return desk_in(engine)


def report(harness: DeskHarness, text: str, at: datetime = NOW, subject: str = "Defekt") -> str:
    """Receive a problem; return the text of the notification of the team."""
    decision = harness.receive(problem(subject).text(text), at=at)
    assert decision is not None
    assert decision.outcome == "opened", decision
    return harness.outbox_of(MAX, NotificationKind.NEW_TICKET)[-1].text


def places(harness: DeskHarness) -> list[tuple[int, str, str]]:
    return [(row.ticket_id, row.kind, row.name) for row in harness.rows(PlaceRow)]


def listed(harness: DeskHarness, person: str, line: str) -> str:
    harness.reply(person, line, proven=True)
    return harness.outbox_of(person, NotificationKind.OVERVIEW)[-1].text


@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_second_report_of_a_place_is_mentioned_to_the_team(engine: Engine, language: str) -> None:
    harness = desk_in(engine, language)
    first = report(harness, "Raum 204 ist dunkel.")
    second = report(harness, "Kein Ton in R204.")
    for line in OPEN_SINCE[language]:
        assert line not in first.splitlines()
        assert line in second.splitlines()
    assert not any(OPEN_SINCE[language][0] in row.text for row in harness.outbox_of(LENA))


def test_only_reports_of_the_school_since_the_holidays_count(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.", datetime(2026, 10, 31, 20, tzinfo=UTC))
    harness.receive(problem("Dark").text("Room 204 is dark."), "HBG")
    assert "Meldung zu" not in report(harness, "Raum 204 ist laut.")
    assert "2. Meldung zu Raum 204 seit den Herbstferien." in report(harness, "Raum 204 ist kalt.")


def test_reports_of_90_days_count_without_known_holidays(engine: Engine) -> None:
    harness = desk_in(engine, holidays=())
    report(harness, "Raum 204 ist dunkel.", NOW - timedelta(days=91))
    report(harness, "Raum 204 ist laut.", NOW - timedelta(days=89))
    assert "2. Meldung zu Raum 204 in den letzten 90 Tagen." in report(harness, "Raum 204 ist kalt.")


def test_only_a_ticket_with_a_place_costs_a_read_and_a_write(
    harness: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    executed: list[str] = []

    def record(session: Session, statement: Executable, values: Any) -> Any:
        executed.append(str(statement).split()[0])
        return execute(session, statement, values)

    monkeypatch.setattr("mailbot.store.places.execute", record)
    report(harness, "Der Beamer ist dunkel.")
    assert executed == []
    report(harness, "Raum 204 und iPad 17 sind dunkel.")
    harness.reply(LENA, "In Raum 204 ist es noch immer dunkel.")
    assert executed == ["SELECT", "INSERT"]


def test_list_has_the_tickets_about_a_place(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.", subject="Eins")
    report(harness, "Raum 205 ist dunkel.", subject="Zwei")
    report(harness, "iPad 17 ist dunkel.", subject="Drei")
    report(harness, "Kein Ton.", subject="R204")
    harness.reply(MAX, "#close", proven=True)
    found = listed(harness, MAX, "#liste raum 204")
    assert "Alle Tickets: Raum 204 (2)" in found
    assert ("GYM-1  Eins" in found, "GYM-4  R204" in found, "GYM-2" in found) == (True, True, False)
    assert "Offene Tickets: Raum 204 (1)" in listed(harness, MAX, "#liste offen raum 204")
    assert "Alle Tickets: iPad 17 (1)" in listed(harness, MAX, "#list ipad 17")
    assert "Alle Tickets: Raum 9 (0)" in listed(harness, MAX, "#list raum 9")


def test_list_of_a_place_has_pages(harness: DeskHarness) -> None:
    for minute in range(27):
        report(harness, f"Raum 204 ist dunkel, zum {minute}. Mal.", NOW + timedelta(hours=minute))
    first = listed(harness, MAX, "#liste raum 204")
    assert "Weiter: #übersicht alle Raum 204 2" in first
    second = listed(harness, MAX, "#übersicht alle Raum 204 2")
    assert "Seite 2 von 2" in second
    assert "Zurück: #übersicht alle Raum 204 1" in second


def test_second_level_lists_a_place_of_all_schools_and_a_team_its_own(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.")
    harness.receive(problem("Dunkel").text("Raum 204 ist dunkel."), "HBG")
    harness.reply(MAX, "#escalate", proven=True)
    assert "Raum 204 (2)" in listed(harness, TONI, "#liste raum 204")
    assert places(harness) == [(1, "room", "204"), (2, "room", "204")]
    assert "Raum 204 (1)" in listed(harness, MAX, "#liste raum 204")


def test_target_of_a_merge_has_the_places_of_both(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.", subject="Eins")
    report(harness, "Raum 204 und iPad 17 sind dunkel.", subject="Zwei")
    assert harness.reply(MAX, "#merge 1", proven=True) == "command"
    assert places(harness)[:2] == [(1, "ipad", "17"), (1, "room", "204")]
    assert "Raum 204 (1)" in listed(harness, MAX, "#liste raum 204")
    assert "2. Meldung zu Raum 204" in report(harness, "Raum 204 ist kalt.")


def test_moved_ticket_counts_in_its_new_school(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.")
    harness.reply(MAX, "#escalate", proven=True)
    assert harness.reply(TONI, "#move HBG", proven=True) == "command"
    assert "Meldung zu" not in report(harness, "Raum 204 ist laut.")
    harness.receive(problem("Dunkel").text("Raum 204 ist dunkel."), "HBG")
    assert "2. Meldung zu Raum 204" in harness.outbox_of(HANNA, NotificationKind.NEW_TICKET)[-1].text


def test_erased_ticket_has_no_place(harness: DeskHarness) -> None:
    report(harness, "Raum 204 ist dunkel.")
    report(harness, "Raum 205 ist dunkel.")
    with transaction(harness.engine) as session:
        erase_ticket(session, 1, NOW)
    assert places(harness) == [(2, "room", "205")]


def test_report_of_a_month_names_the_places_with_three_tickets_or_more(harness: DeskHarness) -> None:
    for place, number in (("Raum 204", 4), ("iPad 17", 3), ("Raum 205", 2)):
        for n in range(number):
            report(harness, f"{place} ist dunkel, zum {n}. Mal.")
    report(harness, "Raum 205 ist dunkel.", datetime(2026, 12, 1, 12, tzinfo=UTC))
    found = report_of(harness.desk, Month(date(2026, 11, 1), BERLIN)).places
    assert found == (
        PlaceFigures("GYM", Place("room", "204"), 4),
        PlaceFigures("GYM", Place("ipad", "17"), 3),
    )


def test_reports_about_a_place_are_counted_without_reading_other_tickets(tmp_path: Path) -> None:
    desk = desk_in(open_database(new_sqlite(tmp_path / "mailbot.db")))
    asked: list[str] = []
    with closing(desk.engine.raw_connection()) as connection:
        assert connection.driver_connection is not None
        connection.driver_connection.set_trace_callback(asked.append)
    desk.receive(problem("Beamer in Raum 204 dunkel"))
    (count,) = (statement for statement in asked if "count(*) AS tickets" in statement)
    with desk.engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {count}"))
    assert "SEARCH ticket USING INTEGER PRIMARY KEY" in plan
