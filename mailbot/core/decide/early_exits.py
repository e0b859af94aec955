"""Human mails that are put aside instead of carried out: unreadable, mere thanks, a forestalled answer."""

from datetime import timedelta

from mailbot.core.classify import unreadable
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.resolve import ResolvedCommand
from mailbot.core.decide.collision import earlier_answer
from mailbot.core.decide.replies import reply
from mailbot.core.model.effects import AddMessage, Decision, HoldMail, Notify
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Status, Ticket, Visibility
from mailbot.core.text.thanks import is_thanks


def reject_unreadable(case: MailContext) -> Decision | None:
    """Keep a mail that nobody here can read, and tell its sender what to do instead."""
    why = unreadable.why(case.mail, case.policy.limits)
    if not why:
        return None
    details = (("subject", case.mail.subject), ("size", str(case.mail.size)))
    letter = Notify(reply(case, NotificationKind.UNREADABLE, case.ticket, reason=why, details=details))
    if case.ticket is None:
        return Decision(why, ("the mail cannot be read",), (letter,))
    trace = _message(case, "", Visibility.SYSTEM)
    return Decision(why, ("the mail cannot be read",), (AddMessage(case.ticket.key, trace), letter))


def file_thank_you(case: MailContext, orders: tuple[ResolvedCommand, ...]) -> Decision | None:
    """File a mere thank-you for a closed ticket: it stays closed, and nobody is told."""
    long_closed = case.match.related if case.match.related_reason == "closed-long-ago" else None
    ticket = case.ticket or long_closed
    if orders or case.role.staff or ticket is None or ticket.status is not Status.CLOSED:
        return None
    files = any(not part.inline for part in case.mail.parts)
    if files or not is_thanks(case.reading.text, case.sender):
        return None
    filed = AddMessage(ticket.key, _message(case, case.reading.text, Visibility.PUBLIC))
    return Decision("filed", (f"a mere thank-you leaves {ticket.key} closed",), (filed,), ticket.key)


def hold_colliding_answer(case: MailContext, targets: tuple[Ticket, ...]) -> Decision | None:
    """Hold an answer that a colleague forestalled by minutes, until its writer sends it all the same."""
    found = None if case.empty or case.internal else earlier_answer(case, targets)
    if found is None:
        return None
    ticket, first = found
    letter = reply(
        case, NotificationKind.HELD_ANSWER, ticket, author=first.author, text=case.text, history=(first,)
    )
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    because = f"{first.author.email} answered {ticket.key} minutes ago"
    return Decision("held", (because,), (HoldMail(case.person.email, until, letter),), ticket.key)


def _message(case: MailContext, text: str, visibility: Visibility) -> Message:
    mail = case.mail
    return Message(
        Direction.IN,
        visibility,
        case.sender,
        text,
        case.now,
        mail.message_id,
        mail.quoted,
        case.attachments,
    )
