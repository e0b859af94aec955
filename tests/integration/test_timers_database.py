"""Timers on a real database fire once, also with several workers and after failures."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs

from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import AddMessage, Assign, Decision, OpenTicket, SetLevel, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Member, Policy, School, Team, Times
from mailbot.core.model.ticket import Direction, Message, Status, Ticket, Visibility
from mailbot.render import Templates
from mailbot.service.desk import Desk
from mailbot.service.timers import run_timers
from mailbot.store import tickets
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin
from mailbot.store.database import Engine, open_database, read_only, transaction
from mailbot.store.tables import OutboxRow, SchoolRow, SlotRow, TicketRow
from tests.support.forked import start_forked
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.servers.process import wait_until

BERLIN = ZoneInfo("Europe/Berlin")
LENA, MAX, ERIKA = "lena@schule.example", "max@support.example", "erika@support.example"
TONI, EDV = "toni@stadt.example", "edv@stadt.example"
HOURS = Calendar(timezone=BERLIN)
SCHOOL = School(
    "GYM", "Gymnasium", "support@schule.example", Team("Team", (Member(MAX), Member(ERIKA)), HOURS)
)
POLICY = Policy(
    "Support",
    (SCHOOL,),
    Team("Technik", (Member(TONI),), HOURS),
    operators=(Address(EDV),),
    times=Times(escalate_hours=40, digest=None),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


MONDAY, TUESDAY = at("2026-11-23 09:00"), at("2026-11-24 08:30")


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A desk on an empty database, and no mailbox."""
    with transaction(engine) as session:
        session.add(SchoolRow(key="GYM"))
    return Desk(engine, POLICY, TEMPLATES)


def do(desk: Desk, when: datetime, *effects: object) -> None:
    """Write effects as a mail would."""
    decision = Decision("test", ("a test",), effects)  # type: ignore[arg-type]  # any effects
    with transaction(desk.engine) as session:
        apply_decision(session, Origin(LENA, when), "GYM", decision, ())


def open_ticket(desk: Desk, number: int = 1, when: datetime = MONDAY) -> str:
    ticket = Ticket("GYM", number, "Beamer", Address(LENA, "Lena"), when, when, messages=1)
    message = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Dunkel.", when)
    do(desk, when, OpenTicket(ticket), AddMessage(ticket.key, message))
    return ticket.key


def sent(desk: Desk) -> list[tuple[str, str]]:
    """Return kind and recipient of all mails in the outbox."""
    with read_only(desk.engine) as session:
        rows = session.exec(select(OutboxRow).order_by(col(OutboxRow.id))).all()
    return [(row.kind, row.recipient) for row in rows]


def look_at(desk: Desk, number: int = 1) -> datetime | None:
    with read_only(desk.engine) as session:
        return session.exec(select(TicketRow.look_at).where(TicketRow.number == number)).one()


def test_a_new_ticket_is_checked_once_and_then_when_a_timer_is_due(desk: Desk) -> None:
    open_ticket(desk)
    assert look_at(desk) == MONDAY
    assert run_timers(desk, MONDAY) == 0
    assert look_at(desk) == TUESDAY


def test_a_reminder_is_sent_once_and_has_an_audit_entry(desk: Desk) -> None:
    open_ticket(desk)
    assert [
        run_timers(desk, TUESDAY),
        run_timers(desk, TUESDAY),
        run_timers(desk, TUESDAY + timedelta(hours=1)),
    ] == [1, 0, 0]
    assert sent(desk) == [("reminder", MAX), ("reminder", ERIKA)]
    with read_only(desk.engine) as session:
        events = tickets.events(session, 1)
    assert (events[-1].actor, events[-1].action, events[-1].detail) == ("mailbot", "reminded", "reminded")
    assert "no staff activity for 8 working hours" in events[-1].because


def test_a_reminder_is_in_the_thread_of_the_ticket(desk: Desk) -> None:
    open_ticket(desk)
    run_timers(desk, TUESDAY)
    run_timers(desk, at("2026-11-26 07:30"))
    with read_only(desk.engine) as session:
        reminder, overdue = session.exec(
            select(OutboxRow).where(OutboxRow.recipient == MAX).order_by(col(OutboxRow.id))
        ).all()
    assert overdue.in_reply_to == reminder.message_id
    assert reminder.automatic
    assert reminder.subject == "[#GYM-1] Erinnerung: Beamer"


def test_an_action_ends_the_wait(desk: Desk) -> None:
    key = open_ticket(desk)
    run_timers(desk, MONDAY)
    do(desk, MONDAY + timedelta(hours=1), Assign(key, Address(MAX)))
    assert run_timers(desk, TUESDAY) == 0
    assert sent(desk) == []


def test_ticket_is_escalated_by_time(desk: Desk) -> None:
    open_ticket(desk)
    assert run_timers(desk, at("2026-11-27 15:00")) == 1
    assert sent(desk) == [
        ("escalated_requester", LENA),
        ("escalated_second_level", TONI),
        ("escalated_team", MAX),
        ("escalated_team", ERIKA),
    ]
    with read_only(desk.engine) as session:
        row = tickets.find(session, "GYM-1")
        assert row is not None
        assert (row.level, row.status, row.assignee) == (2, "open", None)


def test_a_ticket_without_an_answer_is_closed_and_never_checked_again(desk: Desk) -> None:
    key = open_ticket(desk)
    do(desk, MONDAY, SetStatus(key, Status.WAITING))
    for days in range(30):
        run_timers(desk, MONDAY + timedelta(days=days))
    assert sent(desk) == [("wait_reminder", LENA), ("closed_waiting", LENA)]
    assert look_at(desk) is None


def test_several_workers_send_no_notification_twice(desk: Desk) -> None:
    for number in range(1, 21):
        open_ticket(desk, number)
    digesting = replace(desk, policy=replace(POLICY, times=Times()))
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: run_timers(digesting, TUESDAY), range(8)))
    assert sum(counts) == 21
    kinds = [kind for kind, _ in sent(desk)]
    assert (kinds.count("reminder"), kinds.count("digest")) == (40, 2)


def has_sent(desk: Desk, number: int) -> bool:
    return len(sent(desk)) >= number


def look_on(url: str) -> None:
    """Let time pass on a database, as a process of its own."""
    desk = Desk(open_database(url), POLICY, TEMPLATES)
    run_timers(desk, TUESDAY)


def test_a_process_that_is_killed_during_a_check_leaves_no_partial_change(tmp_path: Path) -> None:
    url = new_sqlite(tmp_path / "mailbot.db")
    engine = open_database(url)
    with transaction(engine) as session:
        session.add(SchoolRow(key="GYM"))
    desk = Desk(engine, POLICY, TEMPLATES)
    for number in range(1, 61):
        open_ticket(desk, number)
    for goal in (20, 60, 100):
        process = start_forked(look_on, url)
        try:
            wait_until(partial(has_sent, desk, goal), 60)
        finally:
            process.kill()
            process.join()
    run_timers(desk, TUESDAY)
    assert sorted(Counter(sent(desk)).values()) == [60, 60]
    with read_only(engine) as session:
        assert {row.step for row in session.exec(select(TicketRow))} == {"reminded"}
    engine.dispose()


def test_a_digest_is_sent_once_a_morning_if_tickets_need_attention(desk: Desk) -> None:
    desk = replace(desk, policy=replace(POLICY, times=Times(reminder_hours=0, overdue_hours=0)))
    assert run_timers(desk, MONDAY) == 0
    up = open_ticket(desk)
    open_ticket(desk, 2)
    do(desk, MONDAY, SetLevel(up, 2))
    assert run_timers(desk, MONDAY + timedelta(hours=1)) == 0
    assert [run_timers(desk, TUESDAY), run_timers(desk, TUESDAY)] == [2, 0]
    assert sent(desk) == [("digest", MAX), ("digest", ERIKA), ("digest", TONI)]
    with read_only(desk.engine) as session:
        assert sorted((row.job, row.slot) for row in session.exec(select(SlotRow))) == [
            ("digest GYM", "2026-11-24"),
            ("digest second-level", "2026-11-24"),
        ]


def test_a_broken_template_stops_no_other_ticket_and_is_reported_once(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "reminder.txt.j2").write_text("{{ no.such.thing }}")
    broken = replace(desk, templates=Templates(tmp_path))
    open_ticket(desk)
    key = open_ticket(desk, 2, MONDAY - timedelta(days=21))
    do(desk, MONDAY - timedelta(days=21), SetStatus(key, Status.WAITING))
    with capture_logs() as logs:
        assert run_timers(broken, TUESDAY) == 1
        assert sent(desk) == [("wait_reminder", LENA), ("alert", EDV)]
        assert look_at(desk) == TUESDAY + timedelta(hours=1)
        assert run_timers(broken, TUESDAY + timedelta(hours=1)) == 0
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["ticket check failed"] * 2
    assert len(sent(desk)) == 2
    assert run_timers(desk, TUESDAY + timedelta(hours=2)) == 1
    assert sent(desk)[2:] == [("alert", EDV), ("reminder", MAX), ("reminder", ERIKA)]


def test_a_broken_digest_is_reported_and_not_repeated_that_day(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "digest.html.j2").write_text("{{ no.such.thing }}")
    broken = replace(desk, templates=Templates(tmp_path), policy=replace(POLICY, times=Times(0, 0)))
    open_ticket(desk)
    with capture_logs():
        assert [run_timers(broken, TUESDAY), run_timers(broken, TUESDAY)] == [0, 0]
    assert sent(desk) == [("alert", EDV)]


def test_tickets_of_a_school_outside_the_configuration_have_no_timers(desk: Desk) -> None:
    open_ticket(desk)
    other = replace(POLICY, schools=(replace(SCHOOL, key="RS2"),))
    assert run_timers(replace(desk, policy=other), TUESDAY) == 0
    assert look_at(desk) == TUESDAY + timedelta(days=1)


def test_due_tickets_are_found_by_an_index(desk: Desk) -> None:
    if desk.engine.dialect.name == "postgresql":
        return  # with one row its planner reads the table
    with read_only(desk.engine) as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM ticket WHERE look_at <= 'x' ORDER BY look_at LIMIT 9"
        )
        assert "ix_ticket_look_at" in str(plan.all())


def test_a_wait_comes_back_from_the_database_as_it_went(desk: Desk) -> None:
    open_ticket(desk)
    run_timers(desk, TUESDAY)
    with read_only(desk.engine) as session:
        wait = tickets.current(session, 1).waits
    assert (wait.since, wait.awaiting_staff, wait.stage.value, wait.reminded_at) == (
        MONDAY,
        True,
        "reminded",
        TUESDAY,
    )
