"""A reply from an unknown address to a mail that was sent to a member of the staff.

It is often the member, at home. Nothing proves it, so the mail changes nothing, and both sides are notified.
"""

from dataclasses import replace

from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.parse import parse
from mailbot.core.model.effects import AddMessage, Decision, Effect, Notify
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Role, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.recipients import recipients


def file_reply_from_unknown_address(context: MailContext) -> Decision | None:
    """File the reply as an internal message, notify the staff, and the address without any content."""
    ticket, answered = context.ticket, context.facts.answered
    if ticket is None or answered is None or context.role is not Role.STRANGER or context.mail.forwarded:
        return None
    if context.member is not None:  # of another school
        return None
    if context.policy.find_member(answered.recipient) is None or answered.held is not None:
        return None
    text = context.mail.text or context.mail.quoted
    message = Message(
        Direction.IN,
        Visibility.INTERNAL,
        context.sender,
        text,
        context.now,
        context.mail.message_id,
        context.mail.quoted,
        context.attachments,
        signature=context.signature,
    )
    added = AddMessage(ticket.key, message)
    change = context.change(ticket, apply(ticket, (added,), context.now), message)
    lines = parse(context.mail.text, lenient=True).lines
    ignored = tuple(RefusedLine(line.raw, Reason.UNKNOWN_ADDRESS) for line in lines if line.command)
    found = recipients.to_assignees(change, NotificationKind.REQUESTER_REPLY, ticket)
    notifications = recipients.deduplicate((replace(n, problems=ignored) for n in found), change)
    nothing_done = RefusedLine("", Reason.UNKNOWN_ADDRESS)
    refusal = reply(context, NotificationKind.REFUSAL, problems=(nothing_done,))
    effects: tuple[Effect, ...] = (added, *map(Notify, (*notifications, refusal)))
    because = f"{context.sender.email} replies to a mail to {answered.recipient}"
    return Decision("filed", (because,), effects, ticket.key)
