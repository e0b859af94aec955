"""What was matched, addressed or sent wrongly is put right: merge, split, move, spam; and who hears of it."""

from collections.abc import Iterable
from dataclasses import replace

from mailbot.core.commands.resolve import REPAIRS, ResolvedCommand
from mailbot.core.decide.replies import reply
from mailbot.core.model.effects import Effect, RevertChange, SetBlocked
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Message, Role, Status, Ticket
from mailbot.core.recipients.recipients import (
    TicketChange,
    assignees,
    notice,
    present_members,
    to_team_of_new,
)


def find(orders: Iterable[ResolvedCommand]) -> ResolvedCommand | None:
    """Return the order that is a repair; there is one at most."""
    return next((order for order in orders if order.command.name in REPAIRS), None)


def notifications(turn: TicketChange, order: ResolvedCommand, into: Ticket | None) -> Iterable[Notification]:
    """Tell who has to know of a repair; of spam nobody hears. `into` is the surviving ticket of a merge."""
    if order.command.name == "merge" and into is not None:
        yield from _merged(turn, into)
    elif order.command.name == "move" and turn.after.school != turn.before.school:
        yield from _moved(turn)
    elif order.command.name == "split" and order.parted is not None:
        yield from _parted(turn, order.parted[1], dict(order.numbers)[turn.before.key])


def _merged(turn: TicketChange, into: Ticket) -> Iterable[Notification]:
    """The requester hears of it only if the surviving ticket is somebody else's."""
    after = replace(turn, after=into)
    was = turn.before.key
    requester = turn.before.requester
    if requester.email != into.requester.email:
        yield replace(notice(after, NotificationKind.MERGED, requester, Role.CC), was=was)
    for to, role in assignees(turn, turn.before):
        yield replace(notice(after, NotificationKind.MERGED, to, role), was=was)


def _moved(turn: TicketChange) -> Iterable[Notification]:
    was = turn.before.key
    here, there = turn.case.school_of(turn.before), turn.case.school_of(turn.after)
    yield replace(notice(turn, NotificationKind.MOVED, turn.after.requester, Role.REQUESTER), was=was)
    for person in turn.after.cc:
        yield replace(notice(turn, NotificationKind.MOVED, person, Role.CC), was=was)
    for person in present_members(turn, there.team):
        yield replace(notice(turn, NotificationKind.MOVED_TEAM, person, Role.SUPPORTER), was=was)
    for person in present_members(turn, here.team):
        letter = notice(turn, NotificationKind.MOVED_AWAY, person, Role.SUPPORTER)
        yield replace(letter, ticket=turn.before, was=turn.after.key)


def _parted(turn: TicketChange, message: Message, number: int) -> Iterable[Notification]:
    """Tell of the ticket that a message became as of any new one."""
    before = turn.before
    opened = Ticket(before.school, number, before.subject, message.author, message.at, message.at, messages=1)
    receipt = reply(turn.case, NotificationKind.RECEIPT, opened)
    to = opened.requester
    yield replace(receipt, to=to, ticket=opened, role=Role.REQUESTER, in_reply_to="", was=before.key)
    about = replace(turn, before=opened, after=opened, message=message)
    for letter in to_team_of_new(about):
        yield replace(letter, author=to, related=before, related_reason="split")


def unblock_effects(
    before: Ticket, after: Ticket, effects: Iterable[Effect], blocked: frozenset[tuple[str, str]]
) -> list[Effect]:
    """Return what lets a requester write again: his ticket was closed as spam, and this is taken back."""
    reopened = before.status is Status.CLOSED and after.status is not Status.CLOSED
    opens = reopened or any(isinstance(effect, RevertChange) for effect in effects)
    who = (after.school, after.requester.email)
    return [SetBlocked(*who, blocked=False, ticket=before.key)] if opens and who in blocked else []
