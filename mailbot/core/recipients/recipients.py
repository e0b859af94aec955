"""Notify people of a change of a ticket by a mail or a timer.

The notifications follow from the ticket before and after the change and from the new text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from mailbot.core.model.facts import Change
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import History, NotificationKind, ReplyRoute
from mailbot.core.model.policy import Absence, Member, Team, effective_member, present
from mailbot.core.model.ticket import Attachment, Direction, Message, Role, Ticket, Visibility
from mailbot.core.recipients.ticket_change import TicketChange


def to_requester_side(change: TicketChange) -> Iterable[Notification]:
    """Notify the requester and the people in cc of what the staff or a timer did."""
    kind = _kind_for_requester(change)
    if kind is None:
        return
    if change.is_public or not change.unread:
        yield notification_for(change, kind, change.after.requester, Role.REQUESTER)
    for person in change.after.cc:
        if person.email not in change.cc_added:
            yield notification_for(change, kind, person, Role.CC)


def _kind_for_requester(change: TicketChange) -> NotificationKind | None:
    if change.closes:
        return NotificationKind.CLOSED if change.actor else NotificationKind.CLOSED_WAITING
    if change.escalates:
        return NotificationKind.ESCALATED_REQUESTER
    if change.starts_waiting:
        return NotificationKind.WAITING
    if change.reopens:
        return NotificationKind.REOPENED
    return NotificationKind.ANSWER if change.is_public else None


def to_colleagues(change: TicketChange) -> Iterable[Notification]:
    """Notify the staff of what a colleague or a timer did; the first matching condition decides the kind."""
    before, after = change.before, change.after
    team = tuple(present_members(change, change.school_of(after).team))
    if change.escalates:
        second_level = present_members(change, change.policy.second_level)
        yield from _to_each(change, NotificationKind.ESCALATED_SECOND_LEVEL, second_level, Role.SECOND_LEVEL)
        yield from _to_each(change, NotificationKind.ESCALATED_TEAM, team, Role.SUPPORTER)
    elif after.level < before.level:
        yield from _to_each(change, NotificationKind.RETURNED, team, Role.SUPPORTER)
    elif change.closes:
        yield from to_assignees(change, NotificationKind.CLOSED_TEAM, before)
        if before.level == 2:
            yield from _to_each(change, NotificationKind.CLOSED_TEAM, team, Role.SUPPORTER)
    elif change.reopens:
        yield from to_assignees(change, NotificationKind.REOPENED, after)
    else:
        yield from _of_assignment(change)
        yield from _of_text(change)


def _of_assignment(change: TicketChange) -> Iterable[Notification]:
    new, old = change.after.assignee, change.before.assignee
    if new is None or (old is not None and new.email == old.email):
        return
    if new.email not in change.actor_addresses:
        for to, role in with_deputy(change, change.after, new):
            yield notification_for(change, NotificationKind.ASSIGNED, to, role)
    yield from to_assignees(
        change, NotificationKind.ASSIGNED_INFO, replace(change.before, level=change.after.level)
    )


def _of_text(change: TicketChange) -> Iterable[Notification]:
    if change.message is None:
        return
    kind = NotificationKind.ANSWER_COPY if change.is_public else NotificationKind.NOTE
    if change.is_public and change.after.assignee is not None and change.before.assignee is None:
        return  # the notifications about the assignment suffice
    ticket = change.after
    if (
        not change.is_public
        and ticket.assignee is not None
        and ticket.assignee.email in change.actor_addresses
    ):
        ticket = replace(ticket, assignee=None)  # the assignee's own note is for the team
    yield from to_assignees(change, kind, ticket)


def to_staff_from_requester(change: TicketChange, *, by_tip: bool) -> Iterable[Notification]:
    """Notify the assignees of what the requester's side wrote or did; `by_tip`: a tip solved the problem."""
    kind = NotificationKind.REQUESTER_REPLY
    if change.closes:
        kind = NotificationKind.CLOSED_TEAM
    elif change.reopens:
        kind = NotificationKind.REOPENED
    elif change.message is None:
        return
    for notification in to_assignees(change, kind, change.after):
        yield replace(notification, reason="tip") if by_tip and change.closes else notification


def to_staff_of_question(change: TicketChange) -> Iterable[Notification]:
    """Remind the assignees of a ticket whose requester's side asked for its status again."""
    for reminder in to_assignees(change, NotificationKind.REMINDER, change.after):
        yield replace(reminder, reason="asked")


def to_new_participants(change: TicketChange) -> Iterable[Notification]:
    """Notify a new requester, and people whom a command added to cc, of the ticket so far."""
    before = {change.before.requester.email, *(person.email for person in change.before.cc)}
    if change.after.requester.email not in before:
        yield notification_for(change, NotificationKind.ADDED_TO_CC, change.after.requester, Role.REQUESTER)
    for person in change.after.cc:
        if person.email not in before | change.cc_added:
            yield notification_for(change, NotificationKind.ADDED_TO_CC, person, Role.CC)


def to_team_of_new(change: TicketChange) -> Iterable[Notification]:
    """Notify the school's team of a new ticket; in short if it resembles those of a bundle."""
    team = present_members(change, change.school_of(change.after).team)
    kind, is_short = NotificationKind.NEW_TICKET, any(report.leads for report in change.resembling)
    if is_short and not change.forged:
        kind = NotificationKind.ALSO_REPORTED
    for notification in _to_each(change, kind, team, Role.SUPPORTER):
        yield replace(notification, resembling=change.resembling)


def to_assignees(change: TicketChange, kind: NotificationKind, ticket: Ticket) -> Iterable[Notification]:
    """Notify the assignee of a ticket, or the deputy, or the whole team."""
    return (notification_for(change, kind, to, role) for to, role in assignees(change, ticket))


def undo_notifications(change: TicketChange, undone: Change) -> Iterable[Notification]:
    """Notify everyone who was notified of a change that it was undone; of the staff those who are present."""
    for sent in undone.notified:
        if sent.role.staff:
            for to, role in with_deputy(change, change.after, sent.to):
                yield notification_for(change, NotificationKind.UNDONE, to, role)
        elif sent.kind.definition.shows_status:
            yield notification_for(change, NotificationKind.UNDONE, sent.to, sent.role)


def deduplicate(notifications: Iterable[Notification], change: TicketChange) -> tuple[Notification, ...]:
    """Keep the first notification to each person, and none to the actor or to a support address."""
    first: dict[str, Notification] = {}
    for notification in notifications:
        if notification.to.email not in change.actor_addresses | change.policy.support_addresses:
            # By registered address: a member with two addresses is one person.
            first.setdefault(change.policy.registered(notification.to.email), notification)
    return tuple(first.values())


def assignees(change: TicketChange, ticket: Ticket) -> tuple[tuple[Address, Role], ...]:
    """Return the assignee or the deputy, or the whole team of the ticket's level if neither is present."""
    if ticket.assignee is not None and (found := with_deputy(change, ticket, ticket.assignee)):
        return found
    team, role = change.school_of(ticket).team, Role.SUPPORTER
    if ticket.level == 2:
        team, role = change.policy.second_level, Role.SECOND_LEVEL
    return tuple((person, role) for person in present_members(change, team))


def with_deputy(change: TicketChange, ticket: Ticket, colleague: Address) -> tuple[tuple[Address, Role], ...]:
    """Return a colleague, or the deputy while they are away; nothing if neither works on the ticket."""
    member = effective_assignee(colleague, change.staff_of(ticket), change.absences)
    if member is None:
        return ()
    to = colleague if colleague.email in member.addresses else address_of(member, change.names)
    in_team = change.school_of(ticket).team.member(to.email) is not None
    return ((to, Role.SUPPORTER if in_team else Role.SECOND_LEVEL),)


def effective_assignee(
    assignee: Address | None, staff: Iterable[Member], absences: Mapping[str, Absence]
) -> Member | None:
    """Return the assignee, or the deputy while they are away; None if neither is present in this staff."""
    members = tuple(staff)
    member = next((m for m in members if assignee and assignee.email in m.addresses), None)
    return effective_member(member, absences, members) if member else None


def present_members(change: TicketChange, team: Team) -> Iterable[Address]:
    """Yield the registered addresses of the members of a team who are present, without the actor.

    Members who muted the ticket are left out, unless no one else of the team would know of the change. A
    member who has the problem, or is in cc, does not count: they wait for the team, too.
    """
    after = change.after
    everyone = present(team.members, change.absences, change.staff_of(after))
    readers = tuple(m for m in everyone if m.address not in after.muted or _acts(change, m))
    waiting = {after.requester.email, *(person.email for person in after.cc)}
    informed = any(waiting.isdisjoint(member.addresses) for member in readers)
    for member in readers if informed else everyone:
        if not _acts(change, member):
            yield address_of(member, change.names)


def _acts(change: TicketChange, member: Member) -> bool:
    return change.actor is not None and change.actor.email in member.addresses


def address_of(member: Member, names: Mapping[str, str]) -> Address:
    """Return the registered address with the name that a member uses, else the configured one."""
    return Address(member.address, names.get(member.address) or member.name)


def _to_each(
    change: TicketChange, kind: NotificationKind, people: Iterable[Address], role: Role
) -> Iterable[Notification]:
    return (notification_for(change, kind, person, role) for person in people)


def notification_for(change: TicketChange, kind: NotificationKind, to: Address, role: Role) -> Notification:
    """Return a notification of the change, with its text if that role may read it."""
    message = change.message if role.staff or change.is_public else None
    files = message.attachments if message is not None else ()
    history = _history(change, kind, role)
    if kind.definition.history is History.ALL:
        files = (*(file for old in history for file in old.attachments), *files)
    attachments, listed = split_attachments(files, change.policy.limits.attachments)
    return Notification(
        kind=kind,
        to=to,
        role=role,
        ticket=change.after,
        author=change.actor,
        text=message.text if message is not None else "",
        cut=change.cut if role.staff and message and message.direction is Direction.IN else "",
        attachments=attachments,
        listed=listed,
        history=history,
        left_out=_left_out(change, kind, role),
        related=change.related if role.staff else None,
        related_reason=change.related_reason if role.staff else "",
        similar=change.similar if kind.definition.shows_similar else (),
        reports=change.reports if kind.definition.shows_similar else None,
        fitting=change.fitting if kind.definition.shows_similar else (),
        bundle=change.bundle if role.staff else (),
        internal=kind.definition.reply is ReplyRoute.STAFF,
        forged=change.forged and role.staff,
        not_in_cc=change.not_in_cc if role.staff else (),
        unread=change.unread and role.staff,
        forwarded_from=change.forwarded_from if role.staff else None,
    )


def _history(change: TicketChange, kind: NotificationKind, role: Role) -> tuple[Message, ...]:
    """Return the earlier messages that a notification shows to a role."""
    public = tuple(m for m in change.history if m.visibility is Visibility.PUBLIC)
    by_people = tuple(m for m in change.history if m.visibility is not Visibility.SYSTEM)
    first = tuple(m for m in public if m.direction is Direction.IN)[:1]
    match kind.definition.history:
        case History.ALL:
            return change.history if role.staff else public
        case History.FIRST:
            return first
        case History.LAST_TWO:
            return by_people[-2:]
        case History.FIRST_AND_LAST_TWO:
            return (*by_people[:1], *by_people[1:][-2:]) if role.staff else first
        case History.LAST:
            return by_people[-1:]
        case History.NONE:
            return ()


def _left_out(change: TicketChange, kind: NotificationKind, role: Role) -> int:
    """Return how many messages by people a notification omits between the first and the last two."""
    if kind.definition.history is not History.FIRST_AND_LAST_TWO or not role.staff:
        return 0
    return max(0, sum(m.visibility is not Visibility.SYSTEM for m in change.history) - 3)


def split_attachments(
    files: Iterable[Attachment], limit: int
) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """Split files into those to attach, up to `limit` bytes in all, and those only listed by name.

    A dangerous file is never attached.
    """
    attached: list[Attachment] = []
    listed: list[Attachment] = []
    remaining = limit
    for file in files:
        fits = file.size <= remaining and not file.danger
        (attached if fits else listed).append(file)
        remaining -= file.size if fits else 0
    return tuple(attached), tuple(listed)
