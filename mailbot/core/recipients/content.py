"""The content of a notification: which text, history and files of a change it has."""

from collections.abc import Iterable

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Attachment, Message, Role, Visibility
from mailbot.core.recipients.ticket_change import TicketChange

WITH_HISTORY = frozenset(
    {
        NotificationKind.ESCALATED_SECOND_LEVEL,
        NotificationKind.ASSIGNED,
        NotificationKind.RETURNED,
        NotificationKind.MOVED_TEAM,
        NotificationKind.COPIED,
    }
)
WITH_LAST_MESSAGE = frozenset({NotificationKind.REMINDER, NotificationKind.OVERDUE})


def notification_for(change: TicketChange, kind: NotificationKind, to: Address, role: Role) -> Notification:
    """Return a notification of the change, with its text if that role may read it."""
    message = change.message if role.staff or change.is_public else None
    files = message.attachments if message is not None else ()
    history = _history(change, kind, role)
    if kind in WITH_HISTORY:
        files = (*(file for old in history for file in old.attachments), *files)
    attachments, listed = split_attachments(files, change.policy.limits.attachments)
    return Notification(
        kind=kind,
        to=to,
        role=role,
        ticket=change.after,
        author=change.actor,
        text=message.text if message is not None else "",
        attachments=attachments,
        listed=listed,
        history=history,
        related=change.related if role.staff else None,
        related_reason=change.related_reason if role.staff else "",
        similar=change.similar if kind is NotificationKind.NEW_TICKET else (),
        internal=kind is NotificationKind.NOTE,
    )


def _history(change: TicketChange, kind: NotificationKind, role: Role) -> tuple[Message, ...]:
    """Return the earlier messages that a notification repeats for a role."""
    if kind in WITH_LAST_MESSAGE:
        return tuple(m for m in change.history if m.visibility is not Visibility.SYSTEM)[-1:]
    if kind not in WITH_HISTORY:
        return ()
    return tuple(m for m in change.history if role.staff or m.visibility is Visibility.PUBLIC)


def split_attachments(
    files: Iterable[Attachment], limit: int
) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """Split files into those to attach, up to `limit` bytes in all, and those only listed by name.

    A dangerous file is never attached.
    """
    attached: list[Attachment] = []
    listed: list[Attachment] = []
    room = limit
    for file in files:
        fits = file.size <= room and not file.danger
        (attached if fits else listed).append(file)
        room -= file.size if fits else 0
    return tuple(attached), tuple(listed)
