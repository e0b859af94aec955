"""Human mails that are put aside instead of carried out: unreadable, mere thanks, a forestalled answer."""

from datetime import timedelta

from mailbot.core import thanks, unreadable
from mailbot.core.case import Case
from mailbot.core.collision import earlier_answer
from mailbot.core.effects import Append, Decision, Hold, Tell
from mailbot.core.notice import NoticeKind
from mailbot.core.orders import Order
from mailbot.core.replies import answer, has_words, internal, message
from mailbot.core.ticket import Direction, Role, Status, Ticket, Visibility


def unread(case: Case) -> Decision | None:
    """Keep a mail that nobody here can read, and tell its sender what to do instead."""
    why = unreadable.why(case.mail, case.policy.limits)
    if not why:
        return None
    ticket = None if case.role is Role.STRANGER else case.ticket
    details = (("subject", case.mail.subject), ("size", str(case.mail.size)))
    letter = Tell(answer(case, NoticeKind.UNREADABLE, ticket=ticket, reason=why, details=details))
    if ticket is None:
        return Decision(why, ("the mail cannot be read",), (letter,))
    trace = message(case, "", Direction.IN, Visibility.SYSTEM)
    return Decision(why, ("the mail cannot be read",), (Append(ticket.key, trace), letter), ticket.key)


def thanked(case: Case, orders: tuple[Order, ...]) -> Decision | None:
    """File a mere thank-you for a closed ticket: it stays closed, and nobody is told."""
    long_closed = case.match.related if case.match.related_reason == "closed-long-ago" else None
    ticket = case.ticket or long_closed
    if orders or case.role.staff or ticket is None or ticket.status is not Status.CLOSED:
        return None
    files = any(not part.inline for part in case.mail.parts)
    if files or not thanks.only_thanks(case.reading.text, case.sender.name):
        return None
    filed = Append(ticket.key, message(case, case.reading.text, Direction.IN, Visibility.PUBLIC))
    return Decision("filed", (f"a mere thank-you leaves {ticket.key} closed",), (filed,), ticket.key)


def forestalled(case: Case, orders: tuple[Order, ...], targets: tuple[Ticket, ...]) -> Decision | None:
    """Hold an answer that a colleague forestalled by minutes, until its writer sends it all the same."""
    if not has_words(case) or internal(case, orders):
        return None
    found = earlier_answer(case, targets)
    if found is None:
        return None
    ticket, first = found
    what = {"ticket": ticket, "author": first.author, "text": case.mail.text, "history": (first,)}
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    hold = Hold(case.sender.email, until, answer(case, NoticeKind.HELD_ANSWER, **what))
    return Decision("held", (f"{first.author.email} answered {ticket.key} minutes ago",), (hold,), ticket.key)
