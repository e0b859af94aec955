"""#merge, #split, #move, #spam, #cc and #for with a database."""

from typing import Any

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service import operations
from mailbot.store.tables import LedgerRow, OutboxRow, TicketRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.scenario import ERIKA, HANNA, KARL, LENA, MAX, TONI
from tests.support.school import problem

OLGA = "olga@schule.example"


def texts(ticket: Any) -> list[str]:
    """Return what was written in a ticket."""
    return [message["text"] for message in ticket["messages"]]


@pytest.fixture
def two(desk: DeskHarness) -> DeskHarness:
    """A desk with two tickets, of Lena and of Olga."""
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    desk.receive(problem("Bild fehlt", sender=f"Olga <{OLGA}>").text("Kein Bild in 204."))
    return desk


def test_merged_ticket_continues_in_the_other_with_all_its_messages(two: DeskHarness) -> None:
    assert two.reply(MAX, "Dasselbe Kabel.\n#merge 1", proven=True) == "command"
    survivor = two.ticket("GYM-1")
    assert texts(survivor) == ["Der Beamer ist dunkel.", "Kein Bild in 204.", "Dasselbe Kabel."]
    assert two.ticket("GYM-2") == survivor
    assert [(row.number, row.status, row.messages) for row in two.rows(TicketRow)] == [
        (1, "open", 3),
        (2, "closed", 0),
    ]
    assert ("merged", "GYM-2") in [(e["action"], e["detail"]) for e in survivor["events"]]


def test_merge_of_two_tickets_of_one_requester_notifies_no_one_else(desk: DeskHarness) -> None:
    for text in ("Der Beamer ist dunkel.", "Noch immer dunkel."):
        desk.receive(problem("Beamer").text(text))
    before = len(desk.outbox_of(LENA))
    assert desk.reply(MAX, "#merge 1", proven=True) == "command"
    assert texts(desk.ticket("GYM-2")) == ["Der Beamer ist dunkel.", "Noch immer dunkel."]
    assert len(desk.outbox_of(LENA)) == before


def test_a_reply_in_the_old_thread_is_added_to_the_target(two: DeskHarness) -> None:
    receipt = two.outbox_of(OLGA)[-1]
    two.reply(MAX, "#merge 1", proven=True)
    assert two.outcome(reply_to(receipt, OLGA, "Jetzt ist auch der Ton weg.")) == "reply"
    assert texts(two.ticket("GYM-1"))[-1] == "Jetzt ist auch der Ton weg."
    two.reply(MAX, "Ich komme vorbei.")
    assert [two.outbox_of(to)[-1].kind for to in (OLGA, LENA)] == ["answer", "answer"]


def test_a_tag_of_the_merged_ticket_names_its_target(two: DeskHarness) -> None:
    two.reply(MAX, "#merge 1", proven=True)
    two.receive(problem("[#GYM-2] Bild fehlt", sender=OLGA).text("Gibt es etwas Neues?"))
    assert texts(two.ticket("GYM-1"))[-1] == "Gibt es etwas Neues?"


def test_the_other_requester_is_notified_of_a_merge_and_gets_the_answer_in_copy(two: DeskHarness) -> None:
    two.reply(MAX, "#zusammenführen 1", proven=True)
    (notice,) = two.outbox_of(OLGA, NotificationKind.MERGED)
    assert "GYM-1" in notice.text
    assert "GYM-2" in notice.text
    two.reply(MAX, "Das Kabel steckt wieder.\n#close", NotificationKind.COMMAND_RECEIPT)
    assert two.outbox_of(OLGA, NotificationKind.CLOSED)
    assert two.outbox_of(LENA, NotificationKind.CLOSED)


def test_a_merged_ticket_is_in_no_overview(two: DeskHarness) -> None:
    two.reply(MAX, "#merge 1", proven=True)
    two.reply(MAX, "#list all", NotificationKind.COMMAND_RECEIPT)
    overview = two.outbox_of(MAX, NotificationKind.OVERVIEW)[-1].text
    assert "GYM-1" in overview
    assert "GYM-2" not in overview


def test_merge_cannot_be_undone_and_the_refusal_gives_the_reason(two: DeskHarness) -> None:
    two.reply(MAX, "#merge 1", proven=True)
    assert two.reply(MAX, "#undo", NotificationKind.COMMAND_RECEIPT) == "refused"
    assert "#trennen" in two.outbox_of(MAX, NotificationKind.REFUSAL)[-1].text


def test_a_split_message_becomes_a_ticket_with_receipt_and_notification(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    desk.outcome(
        reply_to(desk.outbox_of(LENA)[-1], LENA, "Und der Drucker ist leer.", "<zweite@schule.example>")
    )
    assert desk.reply(MAX, "#split") == "command"
    assert texts(desk.ticket("GYM-1")) == ["Der Beamer ist dunkel."]
    assert texts(desk.ticket("GYM-2")) == ["Und der Drucker ist leer."]
    receipt = desk.outbox_of(LENA, NotificationKind.RECEIPT)[-1]
    assert receipt.subject.startswith("[#GYM-2]")
    news = desk.outbox_of(ERIKA, NotificationKind.NEW_TICKET)[-1]
    assert "Und der Drucker ist leer." in news.text
    assert desk.outcome(reply_to(receipt, LENA, "Farbe Schwarz.")) == "reply"
    assert texts(desk.ticket("GYM-2"))[-1] == "Farbe Schwarz."


def test_a_split_undoes_a_merge_of_its_last_message(two: DeskHarness) -> None:
    two.reply(MAX, "#merge 1", proven=True)
    assert two.reply(MAX, "#trennen", NotificationKind.COMMAND_RECEIPT) == "command"
    assert texts(two.ticket("GYM-3")) == ["Kein Bild in 204."]
    assert two.ticket("GYM-3")["requester"] == OLGA


def test_a_moved_ticket_gets_a_number_of_its_new_school_and_is_found_by_the_old_one(
    desk: DeskHarness,
) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    receipt = desk.outbox_of(LENA)[-1]
    desk.reply(MAX, "#weiterleiten")
    assert desk.reply(TONI, "#verschieben HBG") == "command"
    moved = desk.ticket("HBG-1")
    assert (moved["school"], moved["level"], moved["assignee"]) == ("HBG", 1, None)
    assert desk.ticket("GYM-1") == moved
    assert "Der Beamer ist dunkel." in desk.outbox_of(HANNA, NotificationKind.MOVED_TEAM)[-1].text
    assert "HBG-1" in desk.outbox_of(LENA, NotificationKind.MOVED)[-1].text
    assert desk.outbox_of(ERIKA, NotificationKind.MOVED_AWAY)
    assert desk.outcome(reply_to(receipt, LENA, "Noch immer dunkel.")) == "reply"
    assert desk.outbox_of(HANNA, NotificationKind.REQUESTER_REPLY)
    desk.receive(problem("Maus", sender="karla@heisenberg.example").text("klemmt"), school="HBG")
    assert desk.ticket("HBG-2")["subject"] == "Maus"


def test_several_tickets_moved_at_once_get_numbers_one_after_the_other(two: DeskHarness) -> None:
    for sent in two.outbox_of(MAX):
        two.outcome(reply_to(sent, MAX, "#escalate"))
    assert two.outcome(reply_to(two.outbox_of(TONI)[-1], TONI, "#move HBG #1 #2").proven()) == "command"
    assert [two.ticket(f"HBG-{n}")["subject"] for n in (1, 2)] == ["Beamer", "Bild fehlt"]


def test_spam_is_closed_without_a_mail_and_its_sender_opens_no_more_tickets(desk: DeskHarness) -> None:
    desk.receive(problem("Gewinn!", sender="eve@anderswo.example").text("Sie haben gewonnen."))
    desk.reply(MAX, "#spam")
    assert desk.ticket("GYM-1")["status"] == "closed"
    before = len(desk.rows(OutboxRow))
    assert desk.outcome(problem("Gewinn!!", sender="eve@anderswo.example").text("Klicken Sie!")) == "ignored"
    assert len(desk.rows(OutboxRow)) == before
    assert "blocked" in desk.rows(LedgerRow)[-1].because
    assert len(desk.outbox_of("eve@anderswo.example")) == 1  # the receipt of before


def test_a_forged_address_is_not_blocked_and_the_receipt_says_why(desk: DeskHarness) -> None:
    forged = problem("Gewinn!").text("Sie haben gewonnen.")
    desk.receive(forged.header("Authentication-Results", "mx.schule.example; dmarc=fail"))
    desk.reply(MAX, "#spam")
    receipt = desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)[-1]
    assert "als Spam geschlossen; die Adresse ist nicht gesperrt, denn laut Mailserver" in receipt.text
    assert operations.blocked_senders(desk.desk) == []
    desk.reply(MAX, "#spam")
    receipt = desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)[-1]
    assert "war schon geschlossen; die Adresse ist nicht gesperrt" in receipt.text


@pytest.mark.parametrize("line", ["#undo", "#öffnen"])
def test_undo_and_reopen_lift_the_block(desk: DeskHarness, line: str) -> None:
    desk.receive(problem("Gewinn!", sender="eve@anderswo.example").text("Im Ernst, ich bin Eve."))
    desk.reply(MAX, "#spam")
    assert desk.reply(MAX, line, NotificationKind.COMMAND_RECEIPT) == "command"
    assert desk.outcome(problem("Noch etwas", sender="eve@anderswo.example").text("Danke.")) == "opened"


def test_operators_list_and_unblock_senders(desk: DeskHarness) -> None:
    desk.receive(problem("Gewinn!", sender="eve@anderswo.example").text("Sie haben gewonnen."))
    desk.reply(MAX, "#spam")
    (row,) = operations.blocked_senders(desk.desk)
    assert (row["school"], row["address"], row["by"]) == ("GYM", "eve@anderswo.example", MAX)
    assert (
        operations.unblock(desk.desk, "eve@anderswo.example") == "eve@anderswo.example may write again to GYM"
    )
    with pytest.raises(operations.OperationError):
        operations.unblock(desk.desk, "eve@anderswo.example")


def test_a_block_holds_in_its_school_only(desk: DeskHarness) -> None:
    desk.receive(problem("Gewinn!", sender="eve@anderswo.example").text("Sie haben gewonnen."))
    desk.reply(MAX, "#spam")
    mail = problem("Frage", sender="eve@anderswo.example").text("Eine Frage an das HBG.")
    assert desk.outcome(mail, school="HBG") == "opened"


def test_a_forwarded_mail_opens_a_ticket_of_the_person_after_for(desk: DeskHarness) -> None:
    opening = problem("WG: Beamer", sender=MAX).text("#für lena@schule.example\nDer Beamer ist dunkel.")
    desk.outcome(opening)  # held: nothing proves that it is from Max
    assert desk.reply(MAX, "#bestätigen", NotificationKind.CONFIRM) == "opened"
    ticket = desk.ticket("GYM-1")
    assert (ticket["requester"], texts(ticket)) == (LENA, ["Der Beamer ist dunkel."])
    (receipt,) = desk.outbox_of(LENA)
    assert receipt.kind == "receipt"
    assert "an uns weitergegeben" in receipt.text
    assert [sent.kind for sent in desk.outbox_of(ERIKA)] == ["new_ticket"]
    assert desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)
    assert desk.outcome(reply_to(receipt, LENA, "Danke fürs Weiterleiten, Raum 204.")) == "reply"


def test_a_person_added_to_cc_gets_the_ticket_and_later_messages(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    desk.reply(MAX, "#kopie Haus Meister <hausmeister@stadt.example>")
    (copied,) = desk.outbox_of("hausmeister@stadt.example")
    assert "Der Beamer ist dunkel." in copied.text
    desk.reply(MAX, "Der Hausmeister kommt.", NotificationKind.NEW_TICKET)
    assert [row.kind for row in desk.outbox_of("hausmeister@stadt.example")] == ["added_to_cc", "answer"]
    assert "Kopie an Haus Meister" in desk.outbox_of(ERIKA)[-1].text


def test_recipient_of_a_reply_is_added_to_cc_if_from_the_school(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    reply = reply_to(desk.outbox_of(LENA)[-1], LENA, "Karl weiß mehr.").cc(KARL, "fremd@anderswo.example")
    desk.outcome(reply)
    desk.reply(MAX, "Danke!")
    assert [row.kind for row in desk.outbox_of(KARL)] == ["answer"]
    assert desk.outbox_of("fremd@anderswo.example") == []


def test_an_unauthenticated_mail_adds_no_cc(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").cc(KARL).text("Der Beamer ist dunkel."))
    desk.receive(problem("[#GYM-1] Beamer").cc(KARL).text("Ich bin Lena, wirklich."))
    desk.reply(MAX, "Danke!")
    assert desk.outbox_of(KARL) == []


def test_undo_removes_a_person_from_cc(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    desk.reply(MAX, f"#kopie {KARL}")
    desk.reply(MAX, "#rückgängig", NotificationKind.COMMAND_RECEIPT)
    desk.reply(MAX, "Erledigt.", NotificationKind.COMMAND_RECEIPT)
    assert [row.kind for row in desk.outbox_of(KARL)] == ["added_to_cc", "undone"]
