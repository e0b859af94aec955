"""What becomes of mail that no human wrote: filed in its ticket in silence, or left alone."""

from collections.abc import Iterable
from datetime import datetime

from mailbot.core.effects import Append, Decision, Effect, MarkUndeliverable, Tell
from mailbot.core.facts import Facts
from mailbot.core.mail import Action, Address, Kind, Mail, Verdict
from mailbot.core.notice import Notice, NoticeKind
from mailbot.core.policy import Policy
from mailbot.core.ticket import Direction, Message, Role, Ticket, Visibility
from mailbot.core.trust import Letter

WITH_WORDS = frozenset(NoticeKind) - {
    NoticeKind.RECEIPT,
    NoticeKind.TAKEN,
    NoticeKind.WAIT_REMINDER,
    NoticeKind.CLOSED_WAITING,
    NoticeKind.REMINDER,
    NoticeKind.OVERDUE,
    NoticeKind.DIGEST,
    NoticeKind.OVERVIEW,
    NoticeKind.SHEET,
    NoticeKind.DONE,
    NoticeKind.REFUSAL,
    NoticeKind.CONFIRM,
    NoticeKind.HELD_ANSWER,
    NoticeKind.UNREADABLE,
    NoticeKind.WELCOME,
    NoticeKind.HELP,
    NoticeKind.REPORT,
    NoticeKind.ALERT,
    NoticeKind.BOUNCE,
}
"""Letters that carry somebody's own words to somebody else; an invitation matters as much."""
MUST_ARRIVE = WITH_WORDS | {NoticeKind.BOUNCE}
"""Letters whose final failure an operator has to know of."""


def machine(mail: Mail, verdict: Verdict, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide on a mail that nobody may be answered to."""
    if verdict.kind is Kind.BOUNCE:
        return _bounce(mail, verdict, facts, policy, now)
    ticket = facts.ticket(facts.by_reply)
    if mail.sender is None:
        return Decision("ignored", (verdict.reason, "no From address: nobody could be answered"))
    if verdict.kind is not Kind.AUTO_REPLY or ticket is None:
        return Decision("ignored", (verdict.reason,))
    return Decision("filed", (verdict.reason,), (_filed(ticket.key, mail, now),), ticket.key, "reply")


def _filed(ticket: str, mail: Mail, now: datetime) -> Append:
    author = mail.sender or Address("")
    message = Message(Direction.IN, Visibility.SYSTEM, author, mail.text, now, mail.message_id)
    return Append(ticket, message)


def _bounce(mail: Mail, verdict: Verdict, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """File a bounce of our own letter in its ticket, mark the address and tell the author, once."""
    ticket, letter = facts.ticket(facts.by_reply), facts.answered
    if letter is None:
        return Decision("ignored", (verdict.reason, "not about a letter of ours"))
    effects: list[Effect] = [_filed(ticket.key, mail, now)] if ticket else []
    failed = next((status for status in mail.delivery if status.action is Action.FAILED), None)
    because = [verdict.reason, f"about a letter to {letter.recipient}"]
    if failed is not None and not letter.bounced:
        why = failed.diagnostic or failed.status
        effects.append(MarkUndeliverable(letter.recipient, why, letter.message_id))
        effects += map(Tell, bad_news(letter, why, facts.ticket(letter.ticket), policy))
    else:
        because.append("not (yet) a failure" if failed is None else "its author knows already")
    return Decision("filed", tuple(because), tuple(effects), ticket.key if ticket else None, "reply")


def bad_news(letter: Letter, why: str, ticket: Ticket | None, policy: Policy) -> Iterable[Notice]:
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
        kind, role = NoticeKind.BOUNCE, Role.SUPPORTER
        yield Notice(kind, author, role, ticket=ticket, text=letter.text, details=details)
    elif colleague and not letter.marked:
        for operator in policy.operators:
            yield Notice(NoticeKind.BOUNCE, Address(operator), Role.STRANGER, details=details)
