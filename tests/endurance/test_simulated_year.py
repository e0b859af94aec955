"""A simulated school year at a desk with a real database: every promise holds after it.

`make simulate-year` lives a longer one: `MAILBOT_YEAR_TICKETS` of seven mails or more each.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, func, select

from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.model.effects import AddMessage, Notify, OpenTicket
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import Audience, NotificationKind
from mailbot.core.model.place import Place
from mailbot.core.model.ticket import Direction, Role, Visibility
from mailbot.store.database import open_database, read_only
from mailbot.store.tables import EventRow, LedgerRow, MessageRow, OutboxRow, TicketRow
from tests.support.new_database import new_sqlite
from tests.support.simulated_year import (
    AT_SCHOOL,
    AT_THE_OFFICE,
    COLLEAGUES,
    GYM,
    HBG,
    POLICY,
    SELLERS,
    PlannedAction,
    SimulatedYear,
)

TICKETS = int(os.environ.get("MAILBOT_YEAR_TICKETS", "40"))
TEAMS = (GYM.team, HBG.team, POLICY.second_level)
pytestmark = pytest.mark.xdist_group("simulated year")  # one process lives it for all tests
REPLIES = {
    "command_receipt",
    "refusal",
    "confirm",
    "held_answer",
    "overview",
    "ticket_details",
    "saved_answers",
    "ticket_status",
    "help",
    "welcome",
}


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedYear]:
    """The year, lived once."""
    engine = open_database(new_sqlite(tmp_path_factory.mktemp("year") / "mailbot.db"))
    simulated = SimulatedYear(engine, random.Random(2), TICKETS)
    simulated.run()
    yield simulated
    engine.dispose()


def notices(step: PlannedAction) -> Iterable[Notification]:
    """Return the notifications of a decision."""
    effects = step.decision.effects if step.decision is not None else ()
    return (effect.notification for effect in effects if isinstance(effect, Notify))


def test_much_happens_in_a_year(year: SimulatedYear) -> None:
    outcomes = Counter(step.decision.outcome for step in year.steps if step.decision)
    kinds = Counter(mail.kind for step in year.steps for mail in step.mails)
    assert sum(outcomes.values()) > 5 * TICKETS
    assert {"command", "reply", "refused", "opened", "answered", "ignored"} <= set(outcomes)
    assert {"reminder", "overdue", "digest", "merged", "moved_team", "undone", "escalated_team"} <= set(kinds)
    assert {"appointment", "appointment_cancelled", "appointment_answer"} <= set(kinds)
    assert any(step.away for step in year.steps)
    actions = {event.action for event in year.harness.rows(EventRow)}
    assert {"muted", "status asked", "helped", "bundled", "unbundled"} <= actions
    assert {"ticket_status", "also_reported"} <= set(kinds)


def test_member_who_muted_a_ticket_gets_its_mail_only_if_no_colleague_knows_of_it(
    year: SimulatedYear,
) -> None:
    for step in year.steps:
        for notice in notices(step):
            ticket = notice.ticket
            for_team = notice.kind.definition.audience is Audience.STAFF and notice.role.staff
            if ticket is None or not for_team or notice.to.email not in ticket.muted or ticket.assignee:
                continue
            second = notice.role is Role.SECOND_LEVEL
            team = POLICY.second_level if second else GYM.team if ticket.school == "GYM" else HBG.team
            present = {member.address for member in team.members} - step.away
            assert present - set(ticket.muted) == set(), step
            assert step.writer not in present, step


def test_every_mail_was_processed_and_none_is_in_the_quarantine(year: SimulatedYear) -> None:
    assert [row.traceback for row in year.harness.rows(LedgerRow) if row.outcome == "quarantined"] == []


def test_every_ticket_has_its_history(year: SimulatedYear) -> None:
    with read_only(year.engine) as session:
        events = session.exec(select(col(EventRow.ticket_id)).distinct()).all()
        messages = dict(
            session.exec(select(MessageRow.ticket_id, func.count()).group_by(col(MessageRow.ticket_id))).all()
        )
    for row in year.harness.rows(TicketRow):
        assert row.id is not None
        assert row.messages == messages.get(row.id, 0), (row.school, row.number)
        assert row.id in events
        assert row.messages or (row.merged_into is not None and row.status == "closed")


def test_every_change_says_who_made_it_and_why(year: SimulatedYear) -> None:
    for event in year.harness.rows(EventRow):
        assert event.actor
        assert event.because
        assert event.message_id or event.actor == "mailbot"


def test_every_new_ticket_has_its_receipt_and_reaches_its_team(year: SimulatedYear) -> None:
    for step in year.steps:
        for opened in (
            e.ticket for e in (step.decision.effects if step.decision else ()) if isinstance(e, OpenTicket)
        ):
            notices_sent = [
                (n.to.email, n.kind) for n in notices(step) if n.ticket and n.ticket.key == opened.key
            ]
            assert (opened.requester.email, NotificationKind.RECEIPT) in notices_sent, step
            to_team = {NotificationKind.NEW_TICKET, NotificationKind.ALSO_REPORTED}
            assert to_team & {kind for _, kind in notices_sent} or step.writer in COLLEAGUES, step


def test_reports_about_a_place_are_counted_and_only_its_team_reads_them(year: SimulatedYear) -> None:
    opened: Counter[Place] = Counter()
    shown = set()
    for step in year.steps:
        for effect in step.decision.effects if step.decision else ():
            if isinstance(effect, OpenTicket):
                opened.update(effect.places)
        for notice in notices(step):
            if notice.reports is not None:
                assert notice.kind is NotificationKind.NEW_TICKET
                assert 2 <= notice.reports.number <= opened[notice.reports.place], step
                shown.add(notice.reports.since)
    assert len(shown) > 1, "since several holidays"


def test_every_answer_reaches_its_requester(year: SimulatedYear) -> None:
    for step in year.steps:
        for added in (
            e for e in (step.decision.effects if step.decision else ()) if isinstance(e, AddMessage)
        ):
            public = (
                added.message.visibility is Visibility.PUBLIC and added.message.direction is Direction.OUT
            )
            notices_sent = [
                n for n in notices(step) if n.ticket and n.ticket.key == added.ticket and not n.role.staff
            ]
            assert not public or added.message.text in [n.text for n in notices_sent], step


def test_every_reply_of_a_requester_reaches_a_member_of_the_staff(year: SimulatedYear) -> None:
    for step in year.steps:
        if step.decision is None or step.decision.outcome != "reply" or step.writer in COLLEAGUES:
            continue
        assert any(n.role.staff for n in notices(step)), step


def test_every_mail_with_a_command_is_answered(year: SimulatedYear) -> None:
    """Outside the teams a refusal comes once a day for each reason; a blocked sender gets nothing.

    Neither does a requester who says that the solution helped.
    """
    refused: dict[str, list[datetime]] = {}
    for step in year.steps:
        if not step.writer or step.decision is None or not find_commands(step.text).lines:
            continue
        answered = {row.kind for row in step.mails if row.recipient == step.writer}
        again = any(step.at - at < timedelta(days=1) for at in refused.get(step.writer, []))
        silent = step.decision.outcome in ("ignored", "filed") or (
            step.decision.outcome == "refused" and again and step.writer not in COLLEAGUES
        )
        assert silent or REPLIES & answered, step
        if "refusal" in answered:
            refused.setdefault(step.writer, []).append(step.at)


def test_absent_members_get_mail_only_if_all_are_absent(year: SimulatedYear) -> None:
    for step in year.steps:
        for row in step.mails:
            at_work = row.role in (
                "supporter",
                "second-level",
            )  # staff with a problem of their own are notified of it
            if row.recipient not in step.away or row.recipient == step.writer or not at_work:
                continue
            if row.calendar:  # their calendar stays right while they are away
                continue
            teams = [team for team in TEAMS if team.member(row.recipient)]
            assert any({m.address for m in team.members} <= step.away for team in teams), (step, row.kind)


def test_time_sends_nothing_at_night_on_weekends_or_in_holidays(year: SimulatedYear) -> None:
    for step in year.steps:
        if not step.writer:
            for row in step.mails:
                calendar = AT_THE_OFFICE if row.role == "second-level" else AT_SCHOOL
                assert calendar.is_open(step.at), (step.at, row.kind)


def test_people_with_a_ticket_in_a_bundle_read_of_no_other_ticket(year: SimulatedYear) -> None:
    together = 0
    for step in year.steps:
        tickets = {n.ticket.key: n.ticket for n in notices(step) if n.ticket and n.ticket.bundle is not None}
        bundles = Counter(ticket.leading_key for ticket in tickets.values())
        together += max(bundles.values(), default=0) > 1
        for row in step.mails:
            if row.role in ("requester", "cc") and row.kind not in REPLIES | {"receipt", "merged", "moved"}:
                named = set(re.findall(r"\b(?:GYM|HBG)-\d+", f"{row.subject}\n{row.text}"))
                assert len(named) <= 1, (step, row.kind, named)
    assert together, "one mail about several tickets of a bundle"


def test_undo_restores_the_very_state(year: SimulatedYear) -> None:
    assert year.undone
    for text, before, changed, after in year.undone:
        assert after == before, text
        assert changed != before, text


def test_saved_answers_are_saved_used_and_sent_without_placeholders(year: SimulatedYear) -> None:
    done = {event.action for event in year.harness.rows(EventRow)}
    assert {"answer saved", "answer used", "answer deleted"} <= done
    steps = [step for step in year.steps if step.decision and "#use" in "; ".join(step.decision.because)]
    sent = [n.text for step in steps for n in notices(step) if n.kind is not NotificationKind.COMMAND_RECEIPT]
    assert any(text for text in sent)
    assert all("{" not in text for text in sent), sent


def test_tips_are_sent_as_they_were_approved_and_solve_only_tickets_that_had_one(year: SimulatedYear) -> None:
    rows = year.harness.rows(EventRow)
    assert {"tip enabled", "tip disabled", "tip sent", "solved by tip"} <= {row.action for row in rows}
    approved = {
        result.text
        for step in year.steps
        for notice in notices(step)
        for result in notice.done
        if result.command == "tip"
    }
    with_tip = [n for step in year.steps for n in notices(step) if n.tip is not None and n.ticket is not None]
    about = {NotificationKind.NEW_TICKET, NotificationKind.ALSO_REPORTED}
    assert {notice.kind for notice in with_tip} - about == {NotificationKind.RECEIPT}
    sent = [notice for notice in with_tip if notice.kind is NotificationKind.RECEIPT]
    for notice in sent:
        key = notice.ticket.key if notice.ticket else ""
        team = GYM.team.name if key.startswith("GYM") else HBG.team.name
        filled = {text.replace("{ticket}", key).replace("{team}", team) for text in approved}
        assert notice.tip is not None
        assert notice.tip.tip in filled
    had = {(row.ticket_id, row.detail) for row in rows if row.action == "tip sent"}
    assert {(row.ticket_id, row.detail) for row in rows if row.action == "solved by tip"} <= had


def test_no_notification_is_sent_twice(year: SimulatedYear) -> None:
    for step in year.steps:
        notices_sent = Counter((row.recipient, row.ticket_id, row.kind) for row in step.mails)
        assert max(notices_sent.values(), default=1) == 1, (step, notices_sent)


def test_each_calendar_gets_later_revisions_only(year: SimulatedYear) -> None:
    shown: dict[tuple[str, str], tuple[int, str]] = {}
    for row in (row for step in year.steps for row in step.mails if row.calendar):
        values = dict(line.partition(":")[::2] for line in row.calendar.split("\n"))
        sequence, method = int(values["SEQUENCE"]), values["METHOD"]
        before = shown.get((row.recipient, values["UID"]), (-1, ""))
        assert sequence > before[0], (row.recipient, row.subject)
        assert (before[1] == "REQUEST") >= (method == "CANCEL"), (row.recipient, row.subject)
        shown[row.recipient, values["UID"]] = (sequence, method)
    assert "CANCEL" in {method for _, method in shown.values()}


def test_blocked_senders_open_nothing_and_get_no_mail(year: SimulatedYear) -> None:
    ignored = [step for step in year.steps if step.decision and step.decision.outcome == "ignored"]
    assert ignored
    assert all(step.mails == () for step in ignored)
    assert {step.writer for step in ignored} <= set(SELLERS) | {
        teacher for step in year.steps for teacher in [step.writer] if teacher not in COLLEAGUES
    }


def test_no_mail_belongs_to_a_merged_ticket(year: SimulatedYear) -> None:
    merged = {row.id for row in year.harness.rows(TicketRow) if row.merged_into is not None}
    assert merged
    assert merged.isdisjoint(row.ticket_id for row in year.harness.rows(OutboxRow))


def test_one_mail_causes_few_notifications(year: SimulatedYear) -> None:
    mails = [row for step in year.steps if step.writer for row in step.mails]
    assert len(mails) / sum(bool(step.writer) for step in year.steps) < 4
