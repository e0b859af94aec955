"""Notifications that answer the mail itself: receipts, overviews, ticket details, help."""

from dataclasses import replace

from mailbot.core.commands.context import MailContext
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Role, Ticket


def reply(
    context: MailContext, kind: NotificationKind, ticket: Ticket | None = None, **what: object
) -> Notification:
    """Return a notification that answers the mail; it names no ticket in which the writer takes no part.

    A member who asks in this capacity is answered at their registered address.
    """
    shown = ticket if ticket is not None and context.takes_part(ticket) else None
    role = context.role
    if kind is NotificationKind.RECEIPT or (shown is None and role is Role.STRANGER):
        role = Role.REQUESTER
    to = context.person if role.staff else context.sender
    plain = Notification(kind, to, role, shown, author=context.sender, in_reply_to=context.mail.message_id)
    return replace(plain, **what)  # type: ignore[arg-type]  # the fields of Notification by name
