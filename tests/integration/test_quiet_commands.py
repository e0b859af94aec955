"""#status, #helped and #mute on a real database: what is stored, audited, undone, disclosed and erased."""

from datetime import timedelta

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.privacy.personal_data import build_matcher
from mailbot.reporting.model import Month
from mailbot.service.report import report_of
from mailbot.store.database import read_only, transaction
from mailbot.store.disclosure import collect
from mailbot.store.erasure import redact_batch
from mailbot.store.tables import LedgerRow, TicketRow, metadata
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import ERIKA, LENA, MAX, NOW
from tests.support.school import problem


def opened(desk: DeskHarness) -> None:
    """Let Lena report a problem."""
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))


def actions(desk: DeskHarness) -> list[tuple[str, str, str]]:
    """Return actor, action and detail of the ticket's audit entries, without those of its opening."""
    return [(e["actor"], e["action"], e["detail"]) for e in desk.ticket("GYM-1")["events"][2:]]


def muted(desk: DeskHarness) -> str:
    (row,) = desk.rows(TicketRow)
    return row.muted


def test_status_contains_since_when_its_assignee_has_a_ticket_and_is_audited(desk: DeskHarness) -> None:
    opened(desk)
    take = reply_to(desk.outbox_of(MAX)[-1], MAX, "#take")
    desk.receive(take, at=NOW + timedelta(hours=3))
    desk.receive(reply_to(desk.outbox_of(LENA)[-1], LENA, "#stand"), at=NOW + timedelta(days=1))
    text = desk.outbox_of(LENA, NotificationKind.TICKET_STATUS)[-1].text
    assert "Max Mustermann ist zuständig, seit Montag, 23. November 2026, 14:00 Uhr." in text
    assert "Jemand ist da: Mo–Fr 7:30–16 Uhr." in text
    assert actions(desk)[1:] == [(LENA, "status asked", "")]
    assert [row.kind for row in desk.outbox_of(ERIKA)] == ["new_ticket", "assigned_info"]


def test_status_counts_from_an_undo_that_changed_the_assignee_and_from_no_other(desk: DeskHarness) -> None:
    opened(desk)
    notice = desk.outbox_of(MAX)[-1]
    for hours, line in ((1, "#take"), (2, "#undo"), (3, "#priorität hoch"), (4, "#undo")):
        desk.receive(reply_to(notice, MAX, line), at=NOW + timedelta(hours=hours))
    assert [action for _, action, _ in actions(desk)] == ["assignee", "undone", "priority", "undone"]
    desk.receive(reply_to(desk.outbox_of(LENA)[-1], LENA, "#stand"), at=NOW + timedelta(days=1))
    text = desk.outbox_of(LENA, NotificationKind.TICKET_STATUS)[-1].text
    assert "seit Montag, 23. November 2026, 13:00 Uhr" in text


def test_undo_takes_back_an_unmute_beside_an_answer(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(ERIKA, "#stumm")
    desk.reply(ERIKA, "Ist das Kabel eingesteckt?\n#laut", NotificationKind.NEW_TICKET)
    assert muted(desk) == ""
    assert desk.reply(ERIKA, "#undo", NotificationKind.COMMAND_RECEIPT) == "command"
    assert (muted(desk), desk.ticket("GYM-1")["assignee"]) == (ERIKA, None)


def test_second_question_reminds_the_team_once_in_two_working_days(desk: DeskHarness) -> None:
    opened(desk)
    receipt = desk.outbox_of(LENA)[-1]
    for days in (0, 1, 2, 3, 4):
        desk.receive(reply_to(receipt, LENA, "#stand"), at=NOW + timedelta(days=days, hours=1))
    kinds = [row.kind for row in desk.outbox_of(MAX)]
    assert kinds == ["new_ticket", "reminder", "reminder"]
    reminder = desk.outbox_of(MAX)[-1].text
    assert "lena@schule.example hat noch einmal nach dem Stand gefragt." in reminder
    assert len(desk.outbox_of(LENA, NotificationKind.TICKET_STATUS)) == 5


def test_status_names_the_next_opening_while_the_team_is_away(desk: DeskHarness) -> None:
    opened(desk)
    saturday = NOW + timedelta(days=5)
    desk.receive(reply_to(desk.outbox_of(LENA)[-1], LENA, "#stand"), at=saturday)
    text = desk.outbox_of(LENA, NotificationKind.TICKET_STATUS)[-1].text
    assert "Wieder jemand da: Montag, 30. November 2026" in text


def test_helped_is_in_the_audit_trail_and_in_the_report_and_in_no_mail(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(MAX, "Geht wieder.\n#close")
    before = len(desk.outbox_of(LENA)), len(desk.outbox_of(MAX))
    assert desk.reply(LENA, "#geholfen", NotificationKind.CLOSED) == "filed"
    assert (len(desk.outbox_of(LENA)), len(desk.outbox_of(MAX))) == before
    assert actions(desk)[-1] == (LENA, "helped", "")
    assert [row.outcome for row in desk.rows(LedgerRow)][-1] == "filed"
    month = Month(NOW.date().replace(day=1), NOW.tzinfo)  # type: ignore[arg-type]  # UTC
    total = report_of(desk.desk, month).total
    assert (total.closed, total.helped, total.helped_percent) == (1, 1, 100)


def test_mute_is_audited_and_ends_by_unmute_undo_or_an_assignment(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(ERIKA, "#stumm")
    assert (muted(desk), actions(desk)[-1]) == (ERIKA, (ERIKA, "muted", ERIKA))
    desk.reply(LENA, "Noch immer dunkel.")
    assert "requester_reply" not in [row.kind for row in desk.outbox_of(ERIKA)]
    assert "requester_reply" in [row.kind for row in desk.outbox_of(MAX)]
    desk.reply(ERIKA, "#laut", NotificationKind.NEW_TICKET)
    assert (muted(desk), actions(desk)[-1]) == ("", (ERIKA, "unmuted", ERIKA))
    desk.reply(ERIKA, "#undo", NotificationKind.NEW_TICKET)
    assert muted(desk) == ERIKA
    desk.reply(ERIKA, "#undo", NotificationKind.NEW_TICKET)
    assert muted(desk) == ""
    desk.reply(ERIKA, "#stumm", NotificationKind.NEW_TICKET)
    desk.reply(MAX, "#zuweisen Erika", NotificationKind.NEW_TICKET)
    assert muted(desk) == ""


def test_mute_of_one_member_does_not_prevent_the_undo_of_another(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(MAX, "#close")
    desk.reply(ERIKA, "#stumm", NotificationKind.NEW_TICKET)
    assert desk.reply(MAX, "#undo", NotificationKind.NEW_TICKET) == "command"
    (row,) = desk.rows(TicketRow)
    assert (row.status, row.muted) == ("open", ERIKA)


def test_mute_does_not_hide_a_later_change_of_a_colleague_from_its_member(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(ERIKA, "#stumm")
    desk.reply(MAX, "#priorität hoch")
    assert desk.reply(ERIKA, "#undo", NotificationKind.NEW_TICKET) == "refused"


def test_mutes_are_disclosed_to_their_member_and_erased_with_them(desk: DeskHarness) -> None:
    opened(desk)
    desk.reply(ERIKA, "#stumm")
    desk.reply(MAX, "#stumm")
    desk.reply(ERIKA, "Notiz.\n#notiz", NotificationKind.NEW_TICKET)
    with read_only(desk.engine) as session:
        found = {who: collect(session, who)["tickets"][0]["muted"] for who in (LENA, ERIKA)}
        trail = [entry["action"] for entry in collect(session, MAX)["audit_trail"]]
    assert found == {LENA: "", ERIKA: ERIKA}
    assert "muted" in trail
    with transaction(desk.engine) as session:
        redact_batch(session, metadata.tables["ticket"], 0, build_matcher([ERIKA], (), ()))
    assert ERIKA not in muted(desk)
    assert MAX in muted(desk)
    desk.receive(mail().sender(LENA).subject("Re: [#GYM-1] Beamer").text("Und nun?").proven())
    assert "requester_reply" in [row.kind for row in desk.outbox_of(MAX) + desk.outbox_of(ERIKA)]
