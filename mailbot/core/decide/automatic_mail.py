"""What becomes of mail that no human wrote: filed in its ticket in silence, or left alone."""

from collections.abc import Iterable
from datetime import datetime

from mailbot.core.model.effects import AddMessage, Decision, Effect, MarkUndeliverable, Notify
from mailbot.core.model.facts import Facts, SentMail
from mailbot.core.model.mail import Action, Address, Classification, Mail, MailKind
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction, Message, Role, Ticket, Visibility

WITH_WORDS = frozenset(NotificationKind) - {
    NotificationKind.RECEIPT,
    NotificationKind.ASSIGNED_INFO,
    NotificationKind.WAIT_REMINDER,
    NotificationKind.CLOSED_WAITING,
    NotificationKind.REMINDER,
    NotificationKind.OVERDUE,
    NotificationKind.DIGEST,
    NotificationKind.OVERVIEW,
    NotificationKind.TICKET_DETAILS,
    NotificationKind.COMMAND_RECEIPT,
    NotificationKind.REFUSAL,
    NotificationKind.CONFIRM,
    NotificationKind.HELD_ANSWER,
    NotificationKind.UNREADABLE,
    NotificationKind.WELCOME,
    NotificationKind.HELP,
    NotificationKind.REPORT,
    NotificationKind.ALERT,
    NotificationKind.BOUNCE,
}
"""Letters that carry somebody's own words to somebody else; an invitation matters as much."""
MUST_ARRIVE = WITH_WORDS | {NotificationKind.BOUNCE}
"""Letters whose final failure an operator has to know of."""


def decide_automatic(
    mail: Mail, verdict: Classification, facts: Facts, policy: Policy, now: datetime
) -> Decision:
    """Decide on a mail that nobody may be answered to."""
    if verdict.kind is MailKind.BOUNCE:
        return _bounce(mail, verdict, facts, policy, now)
    ticket = facts.ticket(facts.by_reply)
    if mail.sender is None:
        return Decision("ignored", (verdict.reason, "no From address: nobody could be answered"))
    if verdict.kind is not MailKind.AUTO_REPLY or ticket is None:
        return Decision("ignored", (verdict.reason,))
    return Decision("filed", (verdict.reason,), (_file(ticket.key, mail, now),), ticket.key, "reply")


def _file(ticket: str, mail: Mail, now: datetime) -> AddMessage:
    author = mail.sender or Address("")
    message = Message(Direction.IN, Visibility.SYSTEM, author, mail.text, now, mail.message_id)
    return AddMessage(ticket, message)


def _bounce(mail: Mail, verdict: Classification, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """File a bounce of our own letter in its ticket, mark the address and tell the author, once."""
    ticket, letter = facts.ticket(facts.by_reply), facts.answered
    if letter is None:
        return Decision("ignored", (verdict.reason, "not about a letter of ours"))
    effects: list[Effect] = [_file(ticket.key, mail, now)] if ticket else []
    failed = next((status for status in mail.delivery if status.action is Action.FAILED), None)
    because = [verdict.reason, f"about a letter to {letter.recipient}"]
    if failed is not None and not letter.bounced:
        why = failed.diagnostic or failed.status
        effects.append(MarkUndeliverable(letter.recipient, why, letter.message_id))
        effects += map(Notify, failure_notices(letter, why, facts.ticket(letter.ticket), policy))
    else:
        because.append("not (yet) a failure" if failed is None else "its author knows already")
    return Decision("filed", tuple(because), tuple(effects), ticket.key if ticket else None, "reply")


def failure_notices(
    letter: SentMail, why: str, ticket: Ticket | None, policy: Policy
) -> Iterable[Notification]:
    """Tell of a letter that did not arrive: its author on the staff, else operators of a dead colleague.

    The operators hear of an address once. Others hear nothing: From may be forged, and the staff's addresses
    are nobody's business.
    """
    if letter.kind not in WITH_WORDS:
        return
    details = (("recipient", letter.recipient), ("reason", why), ("subject", letter.subject))
    colleague = policy.member(letter.recipient) is not None
    if policy.member(letter.author) is not None and letter.author != letter.recipient:
        author = Address(policy.registered(letter.author))
        kind, role = NotificationKind.BOUNCE, Role.SUPPORTER
        yield Notification(kind, author, role, ticket=ticket, text=letter.text, details=details)
    elif colleague and not letter.marked:
        for operator in policy.operators:
            yield Notification(NotificationKind.BOUNCE, Address(operator), Role.STRANGER, details=details)
