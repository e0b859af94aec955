"""Human mails that are not carried out: unreadable ones, mere thanks, an answer that a colleague gave."""

from collections.abc import Iterable
from datetime import timedelta

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.model.effects import AddMessage, Decision, HoldMail, Notify
from mailbot.core.model.mail import Encryption, Mail
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.policy import Limits
from mailbot.core.model.ticket import Direction, Message, Status, Ticket, Visibility
from mailbot.core.text.thanks import is_thanks


def reject_unreadable(context: MailContext) -> Decision | None:
    """Keep a mail that nobody here can read, and tell its sender what to do instead."""
    why = unreadable_reason(context.mail, context.policy.limits)
    if not why:
        return None
    details = (("subject", context.mail.subject), ("size", str(context.mail.size)))
    letter = Notify(reply(context, NotificationKind.UNREADABLE, context.ticket, reason=why, details=details))
    if context.ticket is None:
        return Decision(why, ("the mail cannot be read",), (letter,))
    trace = _message(context, "", Visibility.SYSTEM)
    return Decision(why, ("the mail cannot be read",), (AddMessage(context.ticket.key, trace), letter))


def file_thank_you(context: MailContext) -> Decision | None:
    """File a mere thank-you for a closed ticket: it stays closed, and nobody is told."""
    long_closed = context.match.related if context.match.related_reason == "closed-long-ago" else None
    ticket = context.ticket or long_closed
    if context.role.staff or ticket is None or ticket.status is not Status.CLOSED:
        return None
    files = any(not part.inline for part in context.mail.parts)
    if files or not is_thanks(context.reading.text, context.sender):
        return None
    filed = AddMessage(ticket.key, _message(context, context.reading.text, Visibility.PUBLIC))
    return Decision("filed", (f"a mere thank-you leaves {ticket.key} closed",), (filed,), ticket.key)


def hold_colliding_answer(context: MailContext, targets: tuple[Ticket, ...]) -> Decision | None:
    """Hold an answer if a colleague answered minutes earlier; the author may still send it."""
    found = None if context.has_no_content or context.is_internal else earlier_answer(context, targets)
    if found is None:
        return None
    ticket, first = found
    letter = reply(
        context,
        NotificationKind.HELD_ANSWER,
        ticket,
        author=first.author,
        text=context.mail.text,
        history=(first,),
    )
    until = context.now + timedelta(days=context.policy.limits.confirm_days)
    because = f"{first.author.email} answered {ticket.key} minutes ago"
    return Decision("held", (because,), (HoldMail(context.person.email, until, letter),), ticket.key)


def _message(context: MailContext, text: str, visibility: Visibility) -> Message:
    mail = context.mail
    return Message(
        Direction.IN,
        visibility,
        context.sender,
        text,
        context.now,
        mail.message_id,
        mail.quoted,
        context.attachments,
    )


TOO_LARGE = "too-large"
ENCRYPTED = "encrypted"

_PGP = "-----BEGIN PGP MESSAGE-----"


def unreadable_reason(mail: Mail, limits: Limits) -> str:
    """Return why a mail cannot be read, TOO_LARGE or ENCRYPTED, or "" if it can.

    Of a mail that is too large only the header was fetched; `Mail.size` is what the mailbox says.
    """
    if mail.size > limits.mail:
        return TOO_LARGE
    hidden = mail.encryption is not Encryption.NONE and not mail.text.partition(_PGP)[0].strip()
    return ENCRYPTED if hidden else ""


KNOWS_ANSWER = frozenset(
    {
        NotificationKind.ANSWER_COPY,
        NotificationKind.CLOSED_TEAM,
        NotificationKind.HELD_ANSWER,
        NotificationKind.TICKET_DETAILS,
    }
)
"""Notifications with a colleague's text: the author of a reply to one has read it."""


def earlier_answer(context: MailContext, tickets: Iterable[Ticket]) -> tuple[Ticket, Message] | None:
    """Return the answer that a colleague gave one of these tickets minutes ago, if the writer does not know.

    `tickets` are those whose requesters would get the words of this mail.
    """
    informed = context.letter is not None and context.letter.kind in KNOWS_ANSWER
    sent_all_the_same = context.facts.confirmed and context.facts.released is not NotificationKind.REFUSAL
    if sent_all_the_same or informed:
        return None
    for ticket in tickets:
        last = _last_public(context, ticket)
        if last is not None and context.role_on(ticket).staff and _collides(context, ticket, last):
            return ticket, last
    return None


def _last_public(context: MailContext, ticket: Ticket) -> Message | None:
    history = context.facts.histories.get(ticket.key, ())
    return next((m for m in reversed(history) if m.visibility is Visibility.PUBLIC), None)


def _collides(context: MailContext, ticket: Ticket, last: Message) -> bool:
    """An answer from the other level came together with the ticket, which was handed over with it."""
    here = context.policy.second_level if ticket.level == 2 else context.school_of(ticket).team
    if here.member(last.author.email) is None:
        return False
    within = timedelta(minutes=context.policy.limits.answer_collision_minutes)
    by_colleague = last.author.email not in context.support_addresses
    return last.direction is Direction.OUT and by_colleague and context.now - last.at < within
