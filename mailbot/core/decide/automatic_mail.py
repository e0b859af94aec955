"""Decide about automatic mail: add it to its ticket without notification, or ignore it."""

from collections.abc import Iterable
from datetime import datetime

from mailbot.core.classify.classify import NO_FROM
from mailbot.core.commands.match import roles
from mailbot.core.decide.calendar_answer import decide_calendar_answer
from mailbot.core.model.effects import AddMessage, Decision, Effect, MarkUndeliverable, Notify
from mailbot.core.model.facts import Facts, SentMail
from mailbot.core.model.mail import Action, Address, Classification, Mail, MailKind
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import IfUndelivered, NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction, Message, Role, Ticket, Visibility

_BELOW_OWN_TEXT = "\n--------\n"  # in the text of an answer, between the author's words and the footer


def needs_attention(kind: NotificationKind, author: str, recipient: str, policy: Policy) -> bool:
    """Return whether a mail that failed for good needs an operator.

    A receipt does not, and neither does a mail whose author on the staff was notified.
    """
    author_notified = author != recipient and policy.find_member(author) is not None
    return kind.definition.if_undelivered is not IfUndelivered.IGNORE and not author_notified


class UnusableFromError(ValueError):
    """A mail with a text cannot be answered: it must not be ignored, and belongs into the quarantine."""


def decide_automatic(
    mail: Mail, classification: Classification, facts: Facts, policy: Policy, now: datetime
) -> Decision:
    """Decide what to do about an automatic mail, which is never answered; raise UnusableFromError."""
    reason = classification.reason
    if classification.kind is MailKind.BOUNCE:
        return _decide_bounce(mail, reason, facts, policy, now)
    if mail.sender is None and classification.reason == NO_FROM and mail.header("from") and mail.text:
        raise UnusableFromError(
            f"From is no address that a mail can be sent to: {mail.header('from')[:200]!r}"
        )
    if mail.sender is None:
        return Decision("ignored", (reason, NO_FROM))
    if (answered := decide_calendar_answer(mail, reason, facts, policy, now)) is not None:
        return answered
    ticket = facts.ticket(facts.by_reply) or _tagged(mail.sender.email, facts, policy)
    if classification.kind is not MailKind.AUTO_REPLY or ticket is None:
        return Decision("ignored", (reason,))
    return Decision("filed", (reason,), (_file(ticket.key, mail, now),), ticket.key, "reply")


def _tagged(sender: str, facts: Facts, policy: Policy) -> Ticket | None:
    """Return the ticket that the subject names if the sender takes part in it."""
    ticket = facts.ticket(facts.by_subject_tag)
    school = policy.school(ticket.school) if ticket else None
    if ticket is None or school is None or Role.STRANGER in roles(sender, ticket, school, policy):
        return None
    return ticket


def _file(ticket: str, mail: Mail, now: datetime) -> AddMessage:
    author = mail.sender or Address("")
    message = Message(Direction.IN, Visibility.SYSTEM, author, mail.text, now, mail.message_id)
    return AddMessage(ticket, message)


def _decide_bounce(mail: Mail, reason: str, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Add a bounce to its ticket; on the first failure, mark the address and notify the author."""
    sent = facts.answered
    ticket = facts.ticket(facts.by_reply) or facts.ticket(facts.by_subject_tag)
    if sent is None and ticket is None:
        return Decision("ignored", (reason, "not about a mail from mailbot"))
    effects: list[Effect] = [_file(ticket.key, mail, now)] if ticket else []
    failed = next((status for status in mail.delivery if status.action is Action.FAILED), None)
    if sent is None:
        key = ticket.key if ticket else None
        return Decision("filed", (reason, "names no recipient of a mail"), tuple(effects), key, "subject-tag")
    because = [reason, f"about a mail to {sent.recipient}"]
    if failed is not None and not sent.bounced:
        coded = not failed.status or failed.status in failed.diagnostic
        diagnostic = failed.diagnostic if coded else f"{failed.status} {failed.diagnostic}".strip()
        effects.append(MarkUndeliverable(sent.recipient, diagnostic, sent.message_id))
        effects += map(Notify, failure_notifications(sent, diagnostic, facts.ticket(sent.ticket), policy))
    else:
        because.append("not a final failure" if failed is None else "its author was already notified")
    return Decision("filed", tuple(because), tuple(effects), ticket.key if ticket else None, "reply")


def failure_notifications(
    sent: SentMail, diagnostic: str, ticket: Ticket | None, policy: Policy
) -> Iterable[Notification]:
    """Yield the notifications about a mail that was not delivered.

    An author on the staff is notified. If there is none and the recipient is a member, the operators are,
    once for each address. Others are not: their From may be forged, and addresses of the staff stay private.
    """
    if sent.kind.definition.if_undelivered is not IfUndelivered.NOTIFY:
        return
    details = (("recipient", sent.recipient), ("reason", diagnostic), ("subject", sent.subject))
    to_member = policy.find_member(sent.recipient) is not None
    if policy.find_member(sent.author) is not None and sent.author != sent.recipient:
        author = _named(sent.author, ticket, policy)
        kind, role = NotificationKind.BOUNCE, Role.SUPPORTER
        text = sent.text.rpartition(_BELOW_OWN_TEXT)[0] or sent.text
        yield Notification(
            kind, author, role, ticket=ticket, text=text, details=details, internal=sent.internal
        )
    elif to_member and not sent.undeliverable:
        for operator in policy.operators:
            yield Notification(NotificationKind.BOUNCE, operator, Role.STRANGER, details=details)


def _named(email: str, ticket: Ticket | None, policy: Policy) -> Address:
    """Return a member's registered address, with the name that the ticket or the configuration has."""
    assignee = ticket.assignee if ticket is not None else None
    if assignee is not None and assignee.email in policy.addresses(email) and assignee.name:
        return Address(policy.registered(email), assignee.name)
    member = policy.find_member(email)
    return Address(policy.registered(email), member.name if member is not None else "")
