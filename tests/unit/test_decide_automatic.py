"""Automatic mail is not answered and opens no ticket; the author is notified once of a bounce."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import product

import pytest

from mailbot.core.classify.classify import classify
from mailbot.core.decide.automatic_mail import UnusableFromError
from mailbot.core.model.effects import AddMessage, MarkUndeliverable
from mailbot.core.model.facts import Copies
from mailbot.core.model.mail import Action, MailKind
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role, Visibility
from tests.support.scenario import (
    EDV,
    ERIKA,
    EVE,
    LENA,
    MAX,
    MAX_AT_HOME,
    TONI,
    MailScenario,
    assigned,
    closed,
    failed,
    ticket,
    writes,
)

MACHINES = [kind for kind in MailKind if kind is not MailKind.HUMAN]
DAEMON = "mailer-daemon@mx.schule.example"


def test_automatic_mail_opens_no_ticket_and_is_not_answered(subtests: pytest.Subtests) -> None:
    for kind in MACHINES:
        with subtests.test(kind=kind):
            filed = kind in (MailKind.AUTO_REPLY, MailKind.BOUNCE)
            for text, sender in product(("Ich bin im Urlaub.", "#close", "#help", ""), (LENA, MAX)):
                done = writes(sender, text).tagged(ticket()).proven().of_kind(kind).decide()
                expected = "filed" if filed else "ignored"
                assert (done.outcome, done.notified) == (expected, set()), (text, sender)
                assert done.ticket().status is ticket().status
                assert [m.visibility for m in done.messages] == [Visibility.SYSTEM] * filed


def test_person_of_the_school_may_write_in_the_words_of_a_bounce() -> None:
    words = {"subject": "Mail delivery failed", "text": "Elternpost: 550 5.1.1 user unknown."}
    for sender, outcome in ((LENA, "opened"), (EVE, "ignored")):
        case = writes(sender).with_mail(**words)
        done = replace(case, verdict=classify(case.mail, frozenset())).decide()
        assert done.outcome == outcome, sender


@pytest.mark.parametrize("sender", [LENA, MAX])
def test_automatic_reply_is_added_to_its_ticket_without_notification(sender: str) -> None:
    case = writes(sender, "Ich bin im Urlaub.\n#close").answering(closed()).of_kind(MailKind.AUTO_REPLY)
    done = case.decide()
    assert (done.outcome, done.notified, done.ticket().status) == ("filed", set(), closed().status)
    assert done.message.visibility is Visibility.SYSTEM


@pytest.mark.parametrize("kind", [MailKind.BULK, MailKind.LOOP])
def test_bulk_mail_and_own_mail_are_not_added_to_a_ticket(kind: MailKind) -> None:
    assert writes(LENA, "Hallo").answering(ticket()).of_kind(kind).decide().effects == ()


def test_mail_without_from_is_ignored(subtests: pytest.Subtests) -> None:
    for kind in MailKind:
        with subtests.test(kind=kind):
            done = writes(LENA, "Hallo").with_mail(senders=()).of_kind(kind).decide()
            assert (done.outcome, done.effects) == ("ignored", ())


def test_text_with_an_unusable_from_is_not_ignored() -> None:
    for text, raised in (("Hallo", True), ("", False)):
        case = writes(LENA, text).with_mail(senders=(), headers=(("from", "Lena <lena>"),))
        case = replace(case, verdict=classify(case.mail, frozenset()))
        with pytest.raises(UnusableFromError) if raised else nullcontext():
            assert case.decide().outcome == "ignored"


def test_decision_about_a_mail_without_from_names_the_reason() -> None:
    done = writes(LENA, "Hallo").with_mail(senders=()).decide()
    assert "no From address" in done.decision.because[-1]


def bounce(
    to: str, kind: NotificationKind, author: str, action: Action = Action.FAILED, **mail: object
) -> MailScenario:
    """Return a bounce of a mail about GYM-1."""
    sent: dict[str, object] = {
        "message_id": "<sent@schule.example>", "author": author, "kind": kind, "subject": "[#GYM-1] Beamer",
        "text": "Die Lampe ist getauscht.", **mail,
    }  # fmt: skip
    case = writes(DAEMON, "550 user unknown").answering(ticket(), to=to, **sent)
    return case.with_mail(delivery=(failed(to, action),)).of_kind(MailKind.BOUNCE)


def test_author_is_notified_of_a_bounced_text(subtests: pytest.Subtests) -> None:
    for kind in [
        NotificationKind.ANSWER,
        NotificationKind.CLOSED,
        NotificationKind.ESCALATED_REQUESTER,
        NotificationKind.REOPENED,
    ]:
        with subtests.test(kind=kind):
            done = bounce(LENA, kind, MAX).decide()
            assert done.notified == {(MAX, "bounce")}
            mail = done.notification(MAX)
            assert mail.text == "Die Lampe ist getauscht."
            assert ("recipient", LENA) in mail.details
            assert ("reason", "5.1.1 550 user unknown") in mail.details
            assert mail.ticket is not None


def test_bounce_is_added_to_its_ticket_and_marks_the_address() -> None:
    done = bounce(LENA, NotificationKind.ANSWER, MAX).decide()
    mark = MarkUndeliverable(LENA, "5.1.1 550 user unknown", "<sent@schule.example>")
    assert [type(e) for e in done.changes] == [AddMessage, MarkUndeliverable]
    assert mark in done.changes
    assert done.message.visibility is Visibility.SYSTEM


def test_author_is_notified_at_the_registered_address() -> None:
    assert bounce(LENA, NotificationKind.ANSWER, MAX_AT_HOME).decide().notified == {(MAX, "bounce")}


def test_author_is_notified_once_of_a_bounced_mail() -> None:
    done = bounce(LENA, NotificationKind.ANSWER, MAX, bounced=True).decide()
    assert (done.notified, [type(e) for e in done.changes]) == (set(), [AddMessage])


def test_delay_or_delivery_is_not_a_failure(subtests: pytest.Subtests) -> None:
    for action in [a for a in Action if a is not Action.FAILED]:
        with subtests.test(action=action):
            done = bounce(LENA, NotificationKind.ANSWER, MAX, action).decide()
            assert (done.notified, [type(e) for e in done.changes]) == (set(), [AddMessage])


def test_bounce_of_a_mail_without_a_text_by_a_person_notifies_no_one(subtests: pytest.Subtests) -> None:
    for kind in [
        NotificationKind.RECEIPT,
        NotificationKind.ASSIGNED_INFO,
        NotificationKind.OVERVIEW,
        NotificationKind.TICKET_DETAILS,
        NotificationKind.COMMAND_RECEIPT,
        NotificationKind.REFUSAL,
        NotificationKind.CONFIRM,
        NotificationKind.HELP,
        NotificationKind.ALERT,
        NotificationKind.BOUNCE,
    ]:
        with subtests.test(kind=kind):
            assert bounce(LENA, kind, MAX).decide().notified == set()


@pytest.mark.parametrize("to", [ERIKA, TONI])
def test_operators_are_notified_of_an_undeliverable_address_of_staff(to: str) -> None:
    done = bounce(to, NotificationKind.NEW_TICKET, LENA).decide()
    assert done.notified == {(EDV, "bounce")}
    assert done.notification(EDV).role is Role.STRANGER


def test_operators_are_notified_once_of_an_undeliverable_address() -> None:
    assert bounce(ERIKA, NotificationKind.NEW_TICKET, LENA, undeliverable=True).decide().notified == set()


def test_bounce_of_a_foreign_mail_is_ignored() -> None:
    case = writes(DAEMON, "550").with_mail(delivery=(failed(LENA),)).of_kind(MailKind.BOUNCE)
    assert (case.decide().outcome, case.decide().effects) == ("ignored", ())


def test_bounce_changes_neither_status_nor_assignee() -> None:
    before = assigned(MAX)
    after = bounce(LENA, NotificationKind.ANSWER, MAX).with_facts(before).decide().ticket()
    assert (after.status, after.assignee) == (before.status, before.assignee)


def test_a_mail_that_was_processed_before_changes_nothing() -> None:
    done = writes(LENA, "Hallo").with_facts(copies=Copies("GYM 1/7")).decide()
    assert (done.outcome, done.effects, done.decision.because) == ("duplicate", (), ("GYM 1/7",))
