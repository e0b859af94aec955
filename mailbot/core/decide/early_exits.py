"""Early exits of a human mail: it is unreadable, a mere thank-you, or a colleague already answered."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.status import HELPED
from mailbot.core.model.effects import AddMessage, Decision, Effect, HoldMail, Notify, RecordHelped
from mailbot.core.model.facts import SentMail
from mailbot.core.model.mail import Encryption, Mail
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.notification_kind import History, NotificationKind, ReplyRoute
from mailbot.core.model.policy import Limits
from mailbot.core.model.ticket import Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.text.thanks import is_thanks

TOO_LARGE = "too-large"
ENCRYPTED = "encrypted"

_PGP = "-----BEGIN PGP MESSAGE-----"


def reject_unreadable(context: MailContext) -> Decision | None:
    """Reject a mail that cannot be read, and notify its sender what to do instead."""
    reason = unreadable_reason(context.mail, context.policy.limits)
    if not reason:
        return None
    details = (("subject", context.mail.subject), ("size", str(context.mail.size)))
    notify = Notify(
        reply(
            context,
            NotificationKind.UNREADABLE,
            context.ticket,
            reason=reason,
            details=details,
            internal=context.is_internal,
        )
    )
    if context.ticket is None:
        return Decision(reason, ("the mail cannot be read",), (notify,))
    record = context.message(context.sender, "", Visibility.SYSTEM)
    return Decision(reason, ("the mail cannot be read",), (AddMessage(context.ticket.key, record), notify))


def file_thank_you(context: MailContext) -> Decision | None:
    """File a mere thank-you for a closed ticket: the ticket stays closed, and no notification is sent.

    A thank-you by a member of the staff is filed if it replies to a notification that only commands answer.
    """
    if _is_unaddressed(context) and _is_thanks(context, context.ticket):
        return _file_unaddressed(context)
    # A ticket that was closed long ago is no match for other mails, but thanks open no new one.
    ticket = context.ticket or context.match.closed_long_ago
    if context.role.staff or ticket is None or ticket.status is not Status.CLOSED:
        return None
    if not _is_thanks(context, ticket):
        return None
    effect = AddMessage(ticket.key, context.message(context.sender, context.reading.text, Visibility.PUBLIC))
    return Decision("filed", (f"mere thank-you, {ticket.key} stays closed",), (effect,), ticket.key)


def file_helped(context: MailContext) -> Decision | None:
    """Record that the solution of a closed ticket helped, with at most thanks beside it; notify no one."""
    lines = context.reading.lines
    ticket = context.ticket or context.match.closed_long_ago
    if not lines or any(line.command != HELPED or line.args for line in lines):
        return None
    if ticket is None or ticket.status is not Status.CLOSED or Role.REQUESTER not in context.roles(ticket):
        return None
    effects: tuple[Effect, ...] = (RecordHelped(ticket.key),)
    if not context.has_no_content:
        if not _is_thanks(context, ticket):
            return None
        thanks = context.message(context.sender, context.reading.text, Visibility.PUBLIC)
        effects = (AddMessage(ticket.key, thanks), *effects)
    return Decision("filed", (f"the solution of {ticket.key} helped",), effects, ticket.key)


def _is_thanks(context: MailContext, ticket: Ticket | None) -> bool:
    has_files = any(not part.inline for part in context.files)
    return not has_files and is_thanks(context.reading.text, context.sender, _names(context, ticket))


def _names(context: MailContext, ticket: Ticket | None) -> Iterator[str]:
    """Yield the names of the staff, with the local parts of their addresses, and of all who take part."""
    school = context.school_of(ticket) if ticket else context.facts.school
    yield from (school.name, school.team.name, context.policy.second_level.name)
    for member in context.policy.staff(school):
        yield from (member.name, context.name_of(member), *(a.partition("@")[0] for a in member.addresses))
    if ticket is not None:
        authors = (message.author for message in context.facts.histories.get(ticket.key, ()))
        people = (ticket.requester, *ticket.cc, *((ticket.assignee,) if ticket.assignee else ()), *authors)
        yield from (person.name for person in people)


def _is_unaddressed(context: MailContext) -> bool:
    """Return whether a staff mail has text without a recipient, and its author has not chosen to send it."""
    answered = context.answered_mail
    if not context.role.staff or answered is None or context.facts.released is NotificationKind.REFUSAL:
        return False
    has_text = not context.has_no_content and not context.reading.lines
    return has_text and answered.reply_route is ReplyRoute.NOBODY


def _file_unaddressed(context: MailContext) -> Decision:
    because = ("mere thank-you for a notification that only commands answer",)
    if context.ticket is None:
        return Decision("filed", because)
    record = context.message(context.sender, context.reading.text, Visibility.SYSTEM)
    return Decision("filed", because, (AddMessage(context.ticket.key, record),), context.ticket.key)


def return_unaddressed(context: MailContext) -> Decision | None:
    """Return a text by staff that replies to a notification that only commands answer.

    If it belongs to a ticket, it is held, so that its author can send it to the requester.
    """
    if not _is_unaddressed(context):
        return None
    problem = RefusedLine("", Reason.NO_RECIPIENT)
    text, because = context.reading.text, ("the text has no recipient",)
    refusal = reply(context, NotificationKind.REFUSAL, context.ticket, text=text, problems=(problem,))
    if refusal.ticket is None:
        return Decision("refused", because, (Notify(refusal),))
    held = HoldMail(context.person.email, context.confirm_until, refusal)
    return Decision("refused", because, (held,))


def hold_colliding_answer(context: MailContext, targets: tuple[Ticket, ...]) -> Decision | None:
    """Hold an answer if a colleague answered minutes earlier; the author may still send it."""
    found = None if context.has_no_answer or context.is_internal else earlier_answer(context, targets)
    if found is None:
        return None
    ticket, first = found
    own, answered = context.ticket, None
    if own is not None and own.leads and own in targets:  # the answer goes to all of its bundle
        answered, ticket = ticket, own
    notification = reply(
        context,
        NotificationKind.HELD_ANSWER,
        ticket,
        author=first.author,
        text=context.mail.text,
        history=(first,),
        related=answered,
        bundle=tuple(target for target in targets if answered is not None and target != own),
    )
    because = f"{first.author.email} answered {ticket.key} minutes ago"
    held = HoldMail(context.person.email, context.confirm_until, notification)
    return Decision("held", (because,), (held,), ticket.key)


def unreadable_reason(mail: Mail, limits: Limits) -> str:
    """Return why a mail cannot be read, TOO_LARGE or ENCRYPTED, or "" if it can.

    For a mail that is too large, only the header was fetched, and `Mail.size` is the size that the server
    reported.
    """
    if mail.size > limits.mail:
        return TOO_LARGE
    # With text above the encrypted block, that text is processed.
    encrypted = mail.encryption is not Encryption.NONE and not mail.text.partition(_PGP)[0].strip()
    return ENCRYPTED if encrypted else ""


def earlier_answer(context: MailContext, tickets: Iterable[Ticket]) -> tuple[Ticket, Message] | None:
    """Return a colleague's answer of the last minutes to one of these tickets, unless the sender knows it.

    `tickets` are those whose requesters would get the text of this mail.
    """
    send_anyway = context.facts.confirmed and context.facts.released is not NotificationKind.REFUSAL
    if send_anyway:
        return None
    known: set[str] = set()
    for ticket in tickets:
        last = _last_public(context, ticket)
        if last is None or not context.role_on(ticket).staff or last.message_id in known:
            continue
        if _knows_answer(context, ticket) or _is_in_history(last, context.answered_mail, ticket):
            known.update({last.message_id} - {""})  # the same answer to the others of a bundle is known, too
        elif _collides(context, ticket, last):
            return ticket, last
    return None


def _knows_answer(context: MailContext, ticket: Ticket) -> bool:
    """Return whether the mail replies to one that shows a colleague's answer to this ticket."""
    answered = context.answered_mail
    if answered is None or not answered.kind.definition.shows_answer:
        return False
    about = context.facts.ticket(answered.ticket)
    if answered.kind is NotificationKind.HELD_ANSWER and ticket.key in dict(answered.shows):
        return True
    return about is None or about.key == ticket.key


def _is_in_history(message: Message, answered: SentMail | None, ticket: Ticket) -> bool:
    """Return whether the notification that the mail replies to shows a message in its history."""
    if (
        answered is None
        or ticket.key != answered.ticket
        or answered.created is None
        or answered.kind.definition.history is not History.ALL
    ):
        return False
    return answered.created >= message.at


def _last_public(context: MailContext, ticket: Ticket) -> Message | None:
    history = context.facts.histories.get(ticket.key, ())
    return next((m for m in reversed(history) if m.visibility is Visibility.PUBLIC), None)


def _collides(context: MailContext, ticket: Ticket, last: Message) -> bool:
    """Return whether the last message is a recent answer by a colleague of the ticket's present level.

    An answer by the other level does not count: it came with the handover of the ticket.
    """
    team = context.policy.team_at(ticket.level, context.school_of(ticket))
    if team.member(last.author.email) is None:
        return False
    within = timedelta(minutes=context.policy.limits.answer_collision_minutes)
    by_colleague = last.author.email not in context.sender_addresses
    return last.direction is Direction.OUT and by_colleague and context.now - last.at < within
