"""Replies that quote a sent mail in unknown ways, with the database that holds its text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.text.references import linked_action_keys
from mailbot.store.database import transaction
from mailbot.store.tables import OutboxRow
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import LENA, MAX
from tests.support.school import problem

UNKNOWN = "Hau idatzi du:\n\n"
"""An introduction in a language that no rule knows."""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskHarness]:
    """A desk with one ticket."""
    with open_harness(tmp_path) as harness:
        harness.receive(problem("Beamer", sender=LENA).text("Der Beamer ist kaputt.\nIn Raum 204."))
        yield harness


def quoting(row: OutboxRow, answer: str) -> str:
    """Return an answer above a quotation without marks."""
    return f"{answer}\n\n{UNKNOWN}{row.text}"


def last_text(desk: DeskHarness) -> str:
    """Return the text of the last message of the ticket."""
    return str(desk.ticket("GYM-1")["messages"][-1]["text"])


def test_reply_is_the_answer_alone_with_any_introduction(desk: DeskHarness) -> None:
    sent = desk.outbox_of(MAX)[0]
    assert desk.outcome(reply_to(sent, MAX, f"{sent.text}\n\nKabel getauscht.")) == "reply"
    assert last_text(desk) == "Kabel getauscht."
    without_thread = mail().sender(MAX).subject(f"AW: {sent.subject}").text(f"{sent.text}\n\nLampe auch.")
    desk.outcome(without_thread.header("Authentication-Results", "mx.schule.example; dmarc=pass"))
    assert "Lampe auch." in last_text(desk)


def test_no_command_of_a_quoted_mail_is_executed(desk: DeskHarness) -> None:
    assert desk.reply(MAX, "#hilfe") == "answered"
    assert desk.reply(MAX, "Läuft.\n#schliesen") == "refused"
    for kind in (NotificationKind.HELP, NotificationKind.REFUSAL):
        sent = desk.outbox_of(MAX, kind)[-1]
        for answer in ("Danke, so ist das.", "Das lese ich später."):
            desk.outcome(reply_to(sent, MAX, f"{sent.text}\n{answer}"))
            desk.outcome(reply_to(sent, MAX, quoting(sent, answer)))
    assert desk.ticket("GYM-1")["status"] == "open"
    assert desk.ticket("GYM-1")["assignee"] is None
    assert desk.outbox_of(LENA, NotificationKind.ANSWER) == []


def test_mail_from_a_link_keeps_the_text_of_the_refused_mail(desk: DeskHarness) -> None:
    written = "Hallo Lena,\n\ndas Kabel war locker.\nBitte ausprobieren."
    assert desk.reply(MAX, f"#schliesen\n{written}") == "refused"
    sent = desk.outbox_of(MAX, NotificationKind.REFUSAL)[-1]
    key = linked_action_keys(sent.html)[0]
    body = f"#schließen\n{written}\n\n\n[mailbot:{key}]"
    assert desk.outcome(mail().sender(MAX).subject(sent.subject).text(body)) == "command"
    assert written in desk.outbox_of(LENA, NotificationKind.CLOSED)[-1].text


def test_without_the_text_of_an_erased_mail_the_generic_rules_apply(desk: DeskHarness) -> None:
    sent = desk.outbox_of(MAX)[0]
    with transaction(desk.engine) as session:
        session.connection().execute(text("UPDATE outbox SET text = '', html = ''"))
    attribution = "Am 23.11.2026 um 14:02 schrieb Schul-Support:\n"
    quoted = sent.text.replace("\n", "\n> ")
    desk.outcome(reply_to(sent, MAX, f"Kabel getauscht.\n\n{attribution}> {quoted}"))
    assert last_text(desk) == "Kabel getauscht."
