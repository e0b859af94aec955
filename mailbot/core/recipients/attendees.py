"""Who gets a mail with a calendar part about an appointment: its invitation, new time or cancellation.

Calendar programs may delete such a mail when its recipient answers it. So everything else about a change is
in mails of its own, except the text that accompanies the invitation.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.recipients.recipients import notification_for
from mailbot.core.recipients.ticket_change import TicketChange

MOVED = "moved"
"""The reason of an invitation to the new time of an appointment."""
NOT_INVITED = "not-invited"
"""The reason of a cancellation of an appointment that takes place with other people."""
_TEXTS = (NotificationKind.ANSWER, NotificationKind.ANSWER_COPY, NotificationKind.NOTE)


def to_attendees(change: TicketChange, blocked: Collection[str] = ()) -> tuple[Notification, ...]:
    """Notify the attendees of a new or moved appointment, and those for whom it does not take place.

    The attendees are the requester and the assignee, even if they made the change. `blocked` people get
    nothing.
    """
    before, after = change.before, change.after
    invited = dict(_attendees(change, after)) if _is_ahead(after.appointment, change) else {}
    known = dict(_attendees(change, before)) if _is_ahead(before.appointment, change) else {}
    moved = after.appointment != before.appointment
    found = [
        _invitation(change, *person, known=key in known)
        for key, person in invited.items()
        if moved or key not in known
    ]
    found += [_cancellation(change, *person) for key, person in known.items() if key not in invited]
    return tuple(one for one in found if one.to.email not in {*blocked, *change.policy.support_addresses})


def without_repetition(
    notifications: Iterable[Notification], calendar_mails: Iterable[Notification], change: TicketChange
) -> Iterator[Notification]:
    """Yield the notifications that say more than the calendar mail to the same person."""
    mails = tuple(calendar_mails)
    informed = {change.policy.registered(mail.to.email) for mail in mails}
    invited = {
        change.policy.registered(mail.to.email) for mail in mails if mail.kind is NotificationKind.APPOINTMENT
    }
    same_status = (change.before.status, change.before.level) == (change.after.status, change.after.level)
    for notification in notifications:
        to = change.policy.registered(notification.to.email)
        repeats = to in invited and notification.kind in _TEXTS
        repeats |= to in informed and notification.kind is NotificationKind.UNDONE and same_status
        if not repeats:
            yield notification


def _is_ahead(appointment: Appointment | None, change: TicketChange) -> bool:
    return appointment is not None and appointment.begin > change.now


def _attendees(change: TicketChange, ticket: Ticket) -> Iterator[tuple[str, tuple[Address, Role]]]:
    """Yield the registered address, the address and the role of each attendee."""
    registered = change.policy.registered
    if not change.unread:
        yield registered(ticket.requester.email), (ticket.requester, Role.REQUESTER)
    assignee = ticket.assignee
    staff = {address for member in change.staff_of(ticket) for address in member.addresses}
    if assignee is None or assignee.email not in staff:
        return
    if change.unread or registered(assignee.email) != registered(ticket.requester.email):
        in_team = change.school_of(ticket).team.member(assignee.email) is not None
        yield registered(assignee.email), (assignee, Role.SUPPORTER if in_team else Role.SECOND_LEVEL)


def _invitation(change: TicketChange, to: Address, role: Role, *, known: bool) -> Notification:
    invitation = notification_for(change, NotificationKind.APPOINTMENT, to, role)
    return replace(invitation, appointment=change.after.appointment, reason=MOVED if known else "")


def _cancellation(change: TicketChange, to: Address, role: Role) -> Notification:
    """Return the cancellation; it comes from the school that invited, even if the ticket was moved."""
    before = change.before
    ticket = replace(change.after, school=before.school, number=before.number)
    plain = notification_for(change, NotificationKind.APPOINTMENT_CANCELLED, to, role)
    reason = NOT_INVITED if _is_ahead(change.after.appointment, change) else ""
    about = replace(plain, ticket=ticket, appointment=before.appointment, reason=reason)
    return replace(about, text="", cut="", attachments=(), listed=())
