"""Human mails that are put aside instead of carried out: unreadable, mere thanks, a forestalled answer."""

from datetime import timedelta

from mailbot.core.classify import unreadable
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.replies import reply
from mailbot.core.decide.collision import earlier_answer
from mailbot.core.model.effects import AddMessage, Decision, HoldMail, Notify
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Status, Ticket, Visibility
from mailbot.core.text.thanks import is_thanks


def reject_unreadable(context: MailContext) -> Decision | None:
    """Keep a mail that nobody here can read, and tell its sender what to do instead."""
    why = unreadable.why(context.mail, context.policy.limits)
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
    """Hold an answer that a colleague forestalled by minutes, until its writer sends it all the same."""
    found = None if context.empty or context.internal else earlier_answer(context, targets)
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
