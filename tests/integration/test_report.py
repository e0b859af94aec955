"""The monthly report: its numbers, its anonymity, and its delivery once to the operators."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import (
    AddCc,
    Assign,
    RecordHelped,
    RevertChange,
    SetAppointment,
    SetBlocked,
    SetBundle,
    SetDue,
    SetLevel,
    SetPriority,
    SetRequester,
    SetStatus,
    SolveByTip,
    TicketEffect,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Priority, Status
from mailbot.render import Templates
from mailbot.reporting.model import CHANGES, Month, Percentiles, Report, TicketTimeline, TimelineEntry
from mailbot.reporting.monthly import create_report, month_before
from mailbot.service.desk import Desk
from mailbot.service.report import HOUR, document, month_of, report_of, send_due
from mailbot.store import timers
from mailbot.store.audit import ENTRIES
from mailbot.store.database import Engine, read_only
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import EDV, ERIKA, GYM, LENA, MAX, NOW, POLICY, ticket
from tests.support.school import SchoolEnv
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

BERLIN = ZoneInfo("Europe/Berlin")
OCTOBER = Month(date(2026, 10, 1), BERLIN)
MONDAY = datetime(2026, 10, 5, 8, 0, tzinfo=BERLIN)
TUESDAY = MONDAY + timedelta(days=1)
NOVEMBER = datetime(2026, 11, 1, HOUR, 5, tzinfo=BERLIN)
HOURS = Calendar(timezone=BERLIN)
CITY = replace(
    POLICY, schools=tuple(replace(s, team=replace(s.team, calendar=HOURS)) for s in POLICY.schools)
)


@pytest.fixture
def harness(engine: Engine) -> DeskHarness:
    return DeskHarness(Desk(engine, CITY, TEMPLATES))


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def timeline(*entries: tuple[datetime, str, str], **what: object) -> TicketTimeline:
    plain = TicketTimeline("GYM", "Beamer", LENA, MONDAY, tuple(TimelineEntry(*entry) for entry in entries))
    return replace(plain, **what)  # type: ignore[arg-type]


def summary(*timelines: TicketTimeline, names: tuple[str, ...] = ()) -> Report:
    return create_report(timelines, CITY, OCTOBER, names)


def counts(*timelines: TicketTimeline) -> tuple[int, int, int, int]:
    total = summary(*timelines).total
    return total.opened, total.closed, total.escalated, total.reopened


def closed(at: datetime) -> tuple[datetime, str, str]:
    return at, "status", "closed"


def opened(at: datetime) -> tuple[datetime, str, str]:
    return at, "status", "open"


def test_month_begins_and_ends_at_local_midnight() -> None:
    assert datetime(2026, 9, 30, 22, 0, tzinfo=UTC) in OCTOBER
    assert datetime(2026, 9, 30, 21, 59, tzinfo=UTC) not in OCTOBER
    assert datetime(2026, 10, 31, 22, 59, tzinfo=UTC) in OCTOBER
    assert datetime(2026, 10, 31, 23, 0, tzinfo=UTC) not in OCTOBER


def test_month_before_january_is_december() -> None:
    assert month_before(datetime(2027, 1, 1, tzinfo=BERLIN), BERLIN) == Month(date(2026, 12, 1), BERLIN)


def test_each_event_counts_once_in_its_month() -> None:
    twice = timeline(closed(TUESDAY), opened(TUESDAY), closed(TUESDAY), opened(TUESDAY), closed(TUESDAY))
    assert counts(twice) == (1, 1, 0, 1)
    assert counts(timeline((TUESDAY, "level", "2"), (TUESDAY, "level", "1"))) == (1, 0, 1, 0)
    assert counts(timeline(closed(TUESDAY), opened=OCTOBER.start - timedelta(days=3))) == (0, 1, 0, 0)
    assert counts(timeline(closed(OCTOBER.end), opened(OCTOBER.end))) == (1, 0, 0, 0)


def test_undone_change_does_not_count() -> None:
    assert counts(timeline(closed(TUESDAY), (TUESDAY, "undone", "open"))) == (1, 0, 0, 0)
    both = (
        (MONDAY, "level", "2"),
        closed(TUESDAY),
        (TUESDAY, "priority", "high"),
        (TUESDAY, "undone", "open"),
    )
    assert counts(timeline(*both)) == (1, 0, 1, 0)
    bundled = (closed(MONDAY), (TUESDAY, "bundled", "2"), (TUESDAY, "undone", "closed"))
    assert counts(timeline(*bundled)) == (1, 1, 0, 0)


def helped(at: datetime) -> tuple[datetime, str, str]:
    return at, "helped", ""


def test_report_counts_solutions_that_helped_among_those_about_which_the_requester_said_something() -> None:
    twice = timeline(closed(MONDAY), helped(TUESDAY), helped(TUESDAY))
    again = timeline(closed(MONDAY), helped(MONDAY), opened(TUESDAY))
    silent = timeline(closed(MONDAY))
    total = summary(twice, timeline(closed(MONDAY), helped(TUESDAY)), again, silent).total
    assert (total.closed, total.helped, total.reopened, total.helped_percent) == (4, 2, 1, 67)
    assert summary(silent).total.helped_percent == 0


def test_solution_helped_counts_in_the_month_in_which_the_requester_said_so() -> None:
    old = timeline(
        closed(OCTOBER.start - timedelta(days=1)), helped(MONDAY), opened=OCTOBER.start - timedelta(3)
    )
    assert (summary(old).total.helped, summary(old).total.is_empty) == (1, False)
    assert summary(timeline(closed(MONDAY), helped(OCTOBER.end))).total.helped == 0


def test_undoing_a_closing_leaves_no_solution_that_helped() -> None:
    undone = timeline(closed(MONDAY), helped(TUESDAY), (TUESDAY, "undone", "open"))
    assert (summary(undone).total.closed, summary(undone).total.helped) == (0, 0)


def by_tip(at: datetime) -> tuple[datetime, str, str]:
    return at, "solved by tip", "toner"


def test_report_counts_tickets_whose_last_closing_was_by_a_tip() -> None:
    solved = timeline(closed(MONDAY), by_tip(MONDAY))
    undone = timeline(closed(MONDAY), by_tip(MONDAY), (MONDAY, "undone", "open"), closed(TUESDAY))
    again = timeline(closed(MONDAY), by_tip(MONDAY), opened(TUESDAY), closed(TUESDAY + timedelta(hours=1)))
    assert summary(solved, undone, again).total.solved_by_tips == 1
    assert summary(timeline(closed(OCTOBER.end), by_tip(OCTOBER.end))).total.solved_by_tips == 0


def test_merged_ticket_does_not_count_as_solved() -> None:
    found = summary(timeline(closed(TUESDAY), merged=True)).total
    assert (found.opened, found.closed, found.solution) == (1, 0, None)


def test_durations_are_working_hours_and_count_in_the_month_of_their_end() -> None:
    friday = datetime(2026, 10, 2, 15, 0, tzinfo=BERLIN)
    over_the_weekend = timeline(closed(MONDAY), opened=friday, answered=friday + timedelta(minutes=30))
    found = summary(over_the_weekend).total
    assert found.answer == Percentiles(0.5, 0.5, 1)
    assert found.solution == Percentiles(1.5, 1.5, 1)  # until 16:00, and from 7:30
    later = summary(timeline(closed(OCTOBER.end), answered=OCTOBER.end)).total
    assert (later.answer, later.solution) == (None, None)


def test_reopened_ticket_is_not_solved_until_it_is_closed_again() -> None:
    assert summary(timeline(closed(TUESDAY), opened(TUESDAY))).total.solution is None
    again = summary(timeline(closed(MONDAY), opened(MONDAY), closed(MONDAY + timedelta(hours=2)))).total
    assert again.solution == Percentiles(2.0, 2.0, 1)


def test_nine_of_ten_values_are_below_the_90th_percentile() -> None:
    hours = [timeline(answered=MONDAY + timedelta(minutes=30 * n)) for n in range(1, 11)]
    assert summary(*hours).total.answer == Percentiles(2.75, 4.5, 10)


def test_report_has_figures_of_each_school_and_their_sum() -> None:
    found = summary(timeline(closed(TUESDAY)), timeline(school="HBG"), timeline(school="CLOSED-DOWN"))
    assert [(f.school, f.opened, f.closed) for f in found.schools] == [("GYM", 1, 1), ("HBG", 1, 0)]
    assert (found.total.opened, found.total.closed) == (2, 1)


def test_hours_and_weekdays_are_in_local_time() -> None:
    found = summary(timeline(), timeline(opened=TUESDAY.astimezone(UTC)))
    assert found.hours[8] == 2
    assert found.weekdays[:2] == (1, 1)


def test_report_has_only_words_that_three_people_used_and_no_names() -> None:
    people = ("a@schule.example", "b@schule.example", "c@schule.example")
    common = [timeline(subject="Beamer von Frau Müller", requester=person) for person in people]
    alone = [timeline(subject="Alarmanlage", requester=LENA) for _ in range(5)]
    assert summary(*common, *alone, names=("Karla Müller",)).words == (("Beamer", 3),)


def test_month_is_selected_by_a_day_in_it_and_defaults_to_the_last_one(harness: DeskHarness) -> None:
    assert month_of(harness.desk, date(2026, 2, 28), NOVEMBER).name == "2026-02"
    assert month_of(harness.desk, None, NOVEMBER).name == "2026-10"


def lived(harness: DeskHarness) -> None:
    """Let October bring a ticket that is answered and closed, opened again and escalated."""
    harness.receive(
        mail().sender(f"Lena Lehrerin <{LENA}>").subject("Beamer defekt").text("Kein Bild."), at=MONDAY
    )
    team = harness.outbox_of(MAX, NotificationKind.NEW_TICKET)[-1]
    harness.receive(reply_to(team, MAX, "Kabel ist fest.\n\n#close"), at=MONDAY + timedelta(hours=1))
    solved = harness.outbox_of(LENA, NotificationKind.CLOSED)[-1]
    harness.receive(reply_to(solved, LENA, "Geht immer noch nicht, bitte noch einmal ansehen."), at=TUESDAY)
    again = harness.outbox_of(MAX, NotificationKind.REOPENED)[-1]
    harness.receive(reply_to(again, MAX, "#escalate"), at=TUESDAY + timedelta(hours=1))


def test_figures_come_from_the_audit_trail_and_the_messages(harness: DeskHarness) -> None:
    lived(harness)
    found = report_of(harness.desk, OCTOBER)
    gym = found.schools[0]
    assert (gym.opened, gym.closed, gym.escalated, gym.reopened) == (1, 1, 1, 1)
    assert gym.answer == Percentiles(1.0, 1.0, 1)
    assert gym.solution is None
    assert report_of(harness.desk, Month(date(2026, 9, 1), BERLIN)).total.is_empty


def test_report_contains_no_name_and_no_address(harness: DeskHarness) -> None:
    for person in ("Lena Müller <a@x.example>", "Otto Müller <b@x.example>", "Udo Müller <c@x.example>"):
        written = mail().sender(person).message_id(f"<{person[0]}@x.example>")
        harness.receive(written.subject("Müller: Beamer streikt").text("Kein Bild."), at=MONDAY)
    found = document(report_of(harness.desk, OCTOBER))
    assert found["words"] == {"Beamer": 3, "streikt": 3}
    assert "@" not in str(found)


def test_operators_get_the_report_once_after_the_end_of_the_month(harness: DeskHarness) -> None:
    lived(harness)
    named = replace(harness.desk.policy, operators=(Address(EDV, "Edda Verwalter"),))
    desk = replace(harness.desk, policy=named)
    assert not send_due(desk, NOVEMBER - timedelta(hours=1))
    assert send_due(desk, NOVEMBER)
    assert not send_due(desk, NOVEMBER + timedelta(days=3))
    (sent,) = harness.outbox_of(EDV, NotificationKind.REPORT)
    assert sent.recipient_name == "Edda Verwalter"
    assert "Oktober 2026: 1 gemeldet, 1 geschlossen" in sent.subject
    assert ERIKA not in sent.text + sent.html


def test_no_report_is_sent_for_a_month_without_events(harness: DeskHarness) -> None:
    assert not send_due(harness.desk, NOVEMBER)
    with read_only(harness.engine) as session:
        assert timers.has_run(session, "report", "2026-10")
    assert harness.outbox_of(EDV) == []


def test_failed_report_causes_one_alert_and_is_sent_after_the_repair(
    harness: DeskHarness, tmp_path: Path
) -> None:
    lived(harness)
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "report.txt.j2").write_text("{{ nothing.such }}")
    with templates(harness, Templates(tmp_path)):
        assert not send_due(harness.desk, NOVEMBER)
        assert not send_due(harness.desk, NOVEMBER + timedelta(minutes=1))
    assert len(harness.outbox_of(EDV, NotificationKind.ALERT)) == 1
    assert send_due(harness.desk, NOVEMBER + timedelta(minutes=2))
    assert len(harness.outbox_of(EDV, NotificationKind.ALERT)) == 2  # it is right again
    assert len(harness.outbox_of(EDV, NotificationKind.REPORT)) == 1


@contextmanager
def templates(harness: DeskHarness, broken: Templates) -> Iterator[None]:
    whole = harness.desk
    harness.desk = replace(whole, templates=broken)
    yield
    harness.desk = whole


def test_report_is_printed_as_table_json_csv_and_html(env: SchoolEnv) -> None:
    env.call("once")
    month = ("report", "--month", "2026-10")
    assert "GYM" in env.call(*month)
    assert env.json(*month)["total"]["opened"] == 0
    rows = list(csv.DictReader(io.StringIO(env.call(*month, "--csv"))))
    assert [(row["month"], row["school"], row["opened"]) for row in rows] == [
        ("2026-10", "GYM", "0"),
        ("2026-10", "", "0"),
    ]
    assert env.call(*month, "--html").startswith("<!DOCTYPE html>")
    env.call("report", "--month", "gestern", status=2)


def test_report_names_every_school() -> None:
    assert summary().schools[0].name == GYM.name


def test_report_includes_every_change_that_undo_reverts() -> None:
    person = Address("lena@schule.example")
    effects = (
        SetStatus("GYM-1", Status.CLOSED),
        SetLevel("GYM-1", 2),
        SetPriority("GYM-1", Priority.HIGH),
        Assign("GYM-1", person),
        SetDue("GYM-1", NOW),
        SetAppointment("GYM-1", Appointment("uid", NOW, 30)),
        SetBundle("GYM-1", 2),
        AddCc("GYM-1", person),
        SetRequester("GYM-1", person),
        SetBlocked("GYM", person.email, blocked=True, ticket="GYM-1"),
        RevertChange("GYM-1", ticket(), NOW),
    )
    assert {type(effect) for effect in effects} == set(get_args(TicketEffect))
    read = (*effects, SetBundle("GYM-1", None), RecordHelped("GYM-1"), SolveByTip("GYM-1", "toner"))
    assert {ENTRIES[type(effect)](effect)[1] for effect in read} == CHANGES
