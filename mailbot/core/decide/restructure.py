"""What was matched, addressed or sent wrongly is put right: merge, split, move, spam; and who hears of it."""

from collections.abc import Iterable
from dataclasses import replace

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.resolve import REPAIRS, ResolvedCommand
from mailbot.core.decide.replies import reply
from mailbot.core.model.effects import Effect, RevertChange, SetBlocked
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Message, Role, Status, Ticket
from mailbot.core.recipients.content import notification_for
from mailbot.core.recipients.recipients import assignees, present_members, to_team_of_new
from mailbot.core.recipients.ticket_change import TicketChange


def find(orders: Iterable[ResolvedCommand]) -> ResolvedCommand | None:
    """Return the order that is a repair; there is one at most."""
    return next((order for order in orders if order.command.name in REPAIRS), None)


def notifications(
    case: MailContext, change: TicketChange, order: ResolvedCommand, into: Ticket | None
) -> Iterable[Notification]:
    """Tell who has to know of a repair; of spam nobody hears. `into` is the surviving ticket of a merge."""
    if order.command.name == "merge" and into is not None:
        yield from _merged(change, into)
    elif order.command.name == "move" and change.after.school != change.before.school:
        yield from _moved(change)
    elif order.command.name == "split" and order.parted is not None:
        yield from _parted(case, change, order.parted[1], dict(order.numbers)[change.before.key])


def _merged(change: TicketChange, into: Ticket) -> Iterable[Notification]:
    """The requester hears of it only if the surviving ticket is somebody else's."""
    after = replace(change, after=into)
    was = change.before.key
    requester = change.before.requester
    if requester.email != into.requester.email:
        yield replace(notification_for(after, NotificationKind.MERGED, requester, Role.CC), was=was)
    for to, role in assignees(change, change.before):
        yield replace(notification_for(after, NotificationKind.MERGED, to, role), was=was)


def _moved(change: TicketChange) -> Iterable[Notification]:
    was = change.before.key
    here, there = change.school_of(change.before), change.school_of(change.after)
    yield replace(
        notification_for(change, NotificationKind.MOVED, change.after.requester, Role.REQUESTER), was=was
    )
    for person in change.after.cc:
        yield replace(notification_for(change, NotificationKind.MOVED, person, Role.CC), was=was)
    for person in present_members(change, there.team):
        yield replace(notification_for(change, NotificationKind.MOVED_TEAM, person, Role.SUPPORTER), was=was)
    for person in present_members(change, here.team):
        letter = notification_for(change, NotificationKind.MOVED_AWAY, person, Role.SUPPORTER)
        yield replace(letter, ticket=change.before, was=change.after.key)


def _parted(case: MailContext, change: TicketChange, message: Message, number: int) -> Iterable[Notification]:
    """Tell of the ticket that a message became as of any new one."""
    before = change.before
    opened = Ticket(before.school, number, before.subject, message.author, message.at, message.at, messages=1)
    receipt = reply(case, NotificationKind.RECEIPT, opened)
    to = opened.requester
    yield replace(receipt, to=to, ticket=opened, role=Role.REQUESTER, in_reply_to="", was=before.key)
    about = replace(change, before=opened, after=opened, message=message)
    for letter in to_team_of_new(about):
        yield replace(letter, author=to, related=before, related_reason="split")


def unblock_effects(
    before: Ticket, after: Ticket, effects: Iterable[Effect], blocked: frozenset[tuple[str, str]]
) -> list[Effect]:
    """Return the effects that unblock a requester: the ticket was closed as spam, and this is undone."""
    reopened = before.status is Status.CLOSED and after.status is not Status.CLOSED
    opens = reopened or any(isinstance(effect, RevertChange) for effect in effects)
    who = (after.school, after.requester.email)
    return [SetBlocked(*who, blocked=False, ticket=before.key)] if opens and who in blocked else []
