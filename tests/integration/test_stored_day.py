"""Mails of a day as the database has them: threads, held mails, limits, bounces."""

from datetime import timedelta

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Status
from mailbot.store import tickets
from mailbot.store.database import read_only
from mailbot.store.tables import (
    EventRow,
    OutboxRow,
    PersonRow,
    TicketRow,
)
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.scenario import ERIKA, LENA, MAX, NOW, TONI
from tests.support.school import problem


def test_a_whole_day_is_written_down(desk: DeskHarness) -> None:
    assert desk.outcome(problem().text("Der Beamer bleibt dunkel.")) == "opened"
    (to_max,) = desk.outbox_of(MAX)
    assert desk.outcome(reply_to(to_max, MAX, "Ist der Stecker drin?", "<a1@x.example>")) == "reply"
    (to_lena,) = desk.outbox_of(LENA, NotificationKind.ANSWER)
    assert desk.outcome(reply_to(to_lena, LENA, "Ja.", "<a2@x.example>")) == "reply"
    (reply,) = desk.outbox_of(MAX, NotificationKind.REQUESTER_REPLY)
    assert (
        desk.outcome(reply_to(reply, MAX, "Dann der Techniker.\n#eskalieren", "<a3@x.example>")) == "command"
    )
    (to_toni,) = desk.outbox_of(TONI)
    assert desk.outcome(reply_to(to_toni, TONI, "Neue Lampe.\n#close", "<a4@x.example>")) == "command"
    with read_only(desk.engine) as session:
        row = tickets.find(session, "GYM-1")
        assert row is not None
        assert (row.status, row.level, row.assignee, row.messages) == ("closed", 2, TONI, 5)
        assert row.id is not None
        history = tickets.history(session, row.id)
        trail = [(e.actor, e.action, e.detail) for e in tickets.events(session, row.id)]
    assert [m.text for m in history] == [
        "Der Beamer bleibt dunkel.", "Ist der Stecker drin?", "Ja.", "Dann der Techniker.", "Neue Lampe.",
    ]  # fmt: skip
    assert trail == [
        (LENA, "opened", "Beamer in Raum 204 defekt"),
        (LENA, "message", "public"),
        (MAX, "message", "public"),
        (MAX, "assignee", MAX),
        (LENA, "message", "public"),
        (MAX, "message", "public"),
        (MAX, "level", "2"),
        (MAX, "assignee", ""),
        (TONI, "message", "public"),
        (TONI, "status", "closed"),
        (TONI, "assignee", TONI),
    ]
    assert all(row.because and row.message_id for row in desk.rows(EventRow))


def test_each_person_has_a_thread_of_their_own_mails_only(desk: DeskHarness) -> None:
    desk.receive(problem().message_id("<problem@schule.example>").text("Dunkel."))
    (to_max,) = desk.outbox_of(MAX)
    desk.receive(reply_to(to_max, MAX, "Kabel?", "<a1@x.example>"))
    lena, erika = desk.outbox_of(LENA), desk.outbox_of(ERIKA)
    assert lena[0].in_reply_to == "<problem@schule.example>"
    assert lena[-1].references == ["<problem@schule.example>"]
    assert erika[-1].references == [erika[0].message_id]
    assert erika[-1].in_reply_to == erika[0].message_id
    ids = [row.message_id for row in desk.rows(OutboxRow)]
    assert len(ids) == len(set(ids))


def test_a_held_mail_is_executed_once_when_it_is_confirmed(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    forged = reply_to(desk.outbox_of(LENA)[0], MAX, "Erledigt.\n#close", "<forged@x.example>")
    assert desk.outcome(forged) == "held"
    (question,) = desk.outbox_of(MAX, NotificationKind.CONFIRM)
    assert desk.outcome(reply_to(question, MAX, "#bestätigen", "<yes@x.example>")) == "command"
    assert [row.status for row in desk.rows(TicketRow)] == [Status.CLOSED]
    assert desk.outcome(reply_to(question, MAX, "#bestätigen", "<yes2@x.example>")) == "refused"
    assert len(desk.rows(TicketRow)) == 1


def test_a_held_mail_expires(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    desk.receive(reply_to(desk.outbox_of(LENA)[0], MAX, "#close", "<forged@x.example>"))
    (question,) = desk.outbox_of(MAX, NotificationKind.CONFIRM)
    late = desk.receive(reply_to(question, MAX, "#bestätigen", "<yes@x.example>"), at=NOW + timedelta(days=4))
    assert late is not None
    assert late.outcome == "refused"
    assert [row.status for row in desk.rows(TicketRow)] == [Status.OPEN]


def test_a_busy_supporter_is_still_asked_for_confirmation(desk: DeskHarness) -> None:
    for n in range(8):
        desk.receive(problem(f"Problem {n}").text("x"))
    desk.receive(reply_to(desk.outbox_of(LENA)[0], MAX, "#close", "<forged@x.example>"))
    assert len(desk.outbox_of(MAX, NotificationKind.CONFIRM)) == 1


def test_a_teacher_gets_five_automatic_mails_an_hour_and_the_team_every_problem(desk: DeskHarness) -> None:
    for n in range(7):
        desk.receive(problem(f"Problem {n}").text("abcdefg"[n]))
    assert (len(desk.outbox_of(LENA)), len(desk.outbox_of(MAX))) == (5, 7)


DSN = """From: Mail Delivery System <mailer-daemon@mx.example>\r
To: support-gym@schule.example\r
Subject: Undelivered Mail Returned to Sender\r
Message-ID: <{n}@mx.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
The mail could not be delivered.\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; lena@schule.example\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 user unknown\r
\r
--b\r
Content-Type: message/rfc822\r
\r
From: support-gym@schule.example\r
To: lena@schule.example\r
Message-ID: {message_id}\r
Subject: x\r
\r
x\r
--b--\r
"""


def test_bounce_marks_the_address_and_notifies_the_author_once(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    desk.receive(reply_to(desk.outbox_of(MAX)[0], MAX, "Kabel?", "<a1@x.example>"))
    (sent,) = desk.outbox_of(LENA, NotificationKind.ANSWER)
    for n in range(2):
        assert desk.outcome(DSN.format(n=n, message_id=sent.message_id).encode()) == "filed"
    (notice,) = desk.outbox_of(MAX, NotificationKind.BOUNCE)
    assert "Kabel?" in notice.text
    assert LENA in notice.text
    (person,) = [row for row in desk.rows(PersonRow) if row.address == LENA]
    assert "user unknown" in person.undeliverable
    assert [row.state for row in desk.outbox_of(LENA, NotificationKind.ANSWER)] == ["bounced"]
