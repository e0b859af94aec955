"""Commands that correct the assignment of mails to tickets and schools: merge, split, move, spam."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from mailbot.core.commands.command import STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    Receipt,
    Request,
    Resolved,
    Restructuring,
    TicketCommand,
    TypedArgument,
)
from mailbot.core.commands.status import close
from mailbot.core.commands.syntax import phrase, ticket_names
from mailbot.core.model.effects import (
    AddCc,
    Effect,
    Merge,
    Move,
    OpenTicket,
    SetBlocked,
    SetBundle,
    SetStatus,
    Split,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import School
from mailbot.core.model.ticket import Message, Role, Status, Ticket, separable
from mailbot.core.model.transition import apply
from mailbot.core.recipients.recipients import assignees, notification_for, present_members, to_team_of_new
from mailbot.core.recipients.ticket_change import TicketChange
from mailbot.core.text.places import find_places


def _resolve_target(request: Request) -> Resolved[Ticket]:
    """Return the mail's ticket and the merge target, which is another ticket of the same school."""
    if len(request.line.args) != 1:
        raise request.wrong(" ".join(request.line.args[1:]))
    (into,) = request.tickets(request.line.args)
    ticket = request.own_ticket()
    if into.key == ticket.key or into.school != ticket.school:
        raise request.refusal(Reason.NOT_HERE, into.key)
    _refuse_bundled(request, (ticket,))
    return (ticket,), into


def _refuse_bundled(request: Request, tickets: Iterable[Ticket]) -> None:
    """Refuse tickets of a bundle: their numbers connect them with the others."""
    bundled = next((ticket for ticket in tickets if ticket.bundle is not None), None)
    if bundled is not None:
        raise request.refusal(Reason.BUNDLED, bundled.key)


@dataclass(frozen=True, slots=True)
class SplitPoint:
    """The message that becomes a new ticket, its position in the history, and the new ticket."""

    position: int
    message: Message
    opened: Ticket


def _look_up_number(_: tuple[str, ...], __: Viewer) -> LineLookups:
    return LineLookups(numbers=True)


def _resolve_split(request: Request) -> Resolved[SplitPoint]:
    """Return the mail's ticket and the requester's last message; refuse a ticket with only one."""
    if request.line.args:
        raise request.wrong(request.line.args[0])
    ticket = request.own_ticket()
    history = request.context.facts.histories.get(ticket.key, ())
    position = separable(history)
    if position is None:
        raise request.refusal(Reason.NOT_HERE, ticket.key)
    message, number = history[position], request.number(ticket, ticket.school)
    opened = Ticket(ticket.school, number, ticket.subject, message.author, message.at, message.at, messages=1)
    return (ticket,), SplitPoint(position, message, opened)


@dataclass(frozen=True, slots=True)
class MoveTarget:
    """A school, and the number that each ticket gets there."""

    school: School
    numbers: Mapping[str, int] = field(compare=False)


def _look_up_school(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    name, named = phrase(words, viewer.school.key)
    school = viewer.policy.find_school(name)
    return LineLookups(ticket_names(named, viewer.school.key), schools=(school.key,) if school else ())


def _resolve_school(request: Request) -> Resolved[MoveTarget]:
    name, named = phrase(request.line.args, request.context.facts.school.key)
    school = request.context.policy.find_school(name)
    if school is None:
        raise request.wrong(name)
    tickets = request.tickets(named)
    _refuse_bundled(request, tickets)
    return tickets, MoveTarget(school, {t.key: request.number(t, school.key) for t in tickets})


@dataclass(frozen=True, slots=True)
class Spam:
    """The keys of the tickets in which the mail server says that a mail of the requester is forged."""

    forged: frozenset[str] = field(compare=False)


def _resolve_outsiders(request: Request) -> Resolved[Spam]:
    """Return the tickets; refuse those of colleagues, who cannot be blocked."""
    tickets, policy = request.tickets(request.line.args), request.context.policy
    colleague = next((t for t in tickets if policy.find_member(t.requester.email)), None)
    if colleague is not None:
        raise request.refusal(Reason.NOT_HERE, colleague.key)
    histories = request.context.facts.histories
    forged = (
        ticket.key
        for ticket in tickets
        for message in histories.get(ticket.key, ())
        if message.forged and message.author.email == ticket.requester.email
    )
    return tickets, Spam(frozenset(forged))


def _merge(ticket: Ticket, into: Ticket, _: Address) -> tuple[Effect, ...]:
    """Merge a ticket into another; reopen the target if the ticket was open, and add its people to cc."""
    known = {into.requester.email, *(person.email for person in into.cc)}
    people = (p for p in (ticket.requester, *ticket.cc) if p.email not in known)
    opens = into.status is Status.CLOSED and ticket.status is not Status.CLOSED
    return (
        *(AddCc(into.key, person) for person in people),
        *((SetStatus(into.key, Status.OPEN),) if opens else ()),
        Merge(ticket.key, into.key, ticket.messages),
    )


def _notify_merge(
    context: MailContext, change: TicketChange, into: Ticket, effects: list[Effect]
) -> Iterator[Notification]:
    """Notify the staff, and the requester if the target has another requester."""
    after = replace(change, after=apply(into, effects, context.now))
    was, requester = change.before.key, change.before.requester
    if requester.email != into.requester.email:
        yield replace(notification_for(after, NotificationKind.MERGED, requester, Role.CC), was=was)
    for to, role in assignees(change, change.before):
        yield replace(notification_for(after, NotificationKind.MERGED, to, role), was=was)


def _split(ticket: Ticket, at: SplitPoint, _: Address) -> tuple[Effect, ...]:
    places = find_places("", at.message.text)  # the subject is about the problem that stays
    return OpenTicket(at.opened, places), Split(ticket.key, at.position, at.opened.key)


def _notify_split(
    context: MailContext, change: TicketChange, at: SplitPoint, _: list[Effect]
) -> Iterator[Notification]:
    """Notify the requester and the team of the new ticket, as of any other new ticket."""
    before, opened = change.before, at.opened
    to = opened.requester
    receipt = reply(context, NotificationKind.RECEIPT, opened)
    yield replace(receipt, to=to, ticket=opened, role=Role.REQUESTER, in_reply_to="", was=before.key)
    about = replace(change, before=opened, after=opened, message=at.message)
    for notification in to_team_of_new(about):
        yield replace(notification, author=to, related=before, related_reason="split")


def _move(ticket: Ticket, to: MoveTarget, _: Address) -> tuple[Effect, ...]:
    if to.school.key == ticket.school:
        return ()
    return (Move(ticket.key, to.school.key, to.numbers[ticket.key]),)


def _notify_move(
    _: MailContext, change: TicketChange, to: MoveTarget, __: list[Effect]
) -> Iterator[Notification]:
    """Notify the requester's side and both teams."""
    if change.after.school == change.before.school:
        return
    was, here = change.before.key, change.school_of(change.before)
    requester = (change.after.requester, Role.REQUESTER)
    for person, role in (requester, *((person, Role.CC) for person in change.after.cc)):
        yield replace(notification_for(change, NotificationKind.MOVED, person, role), was=was)
    for person in present_members(change, to.school.team):
        yield replace(notification_for(change, NotificationKind.MOVED_TEAM, person, Role.SUPPORTER), was=was)
    for person in present_members(change, here.team):
        notification = notification_for(change, NotificationKind.MOVED_AWAY, person, Role.SUPPORTER)
        # The old team no longer works on the ticket, so they see it as it left them.
        yield replace(notification, ticket=change.before, was=change.after.key)


def _spam(ticket: Ticket, spam: Spam, _: Address) -> tuple[Effect, ...]:
    """Close a ticket, take it out of its bundle and block its requester.

    The requester is not blocked if someone else may have written in their name.
    """
    closed = (*close(ticket), *((SetBundle(ticket.key, None),) if ticket.bundle is not None else ()))
    # Otherwise a forger could have the person in From blocked.
    if ticket.key in spam.forged:
        return closed
    block = SetBlocked(ticket.school, ticket.requester.email, blocked=True, ticket=ticket.key)
    return (*closed, block)


MERGE = TicketCommand(
    name="merge",
    words={"de": ("zusammenführen",), "fr": ("fusionner",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_target),
    example="104",
    internal=True,
    handler=_merge,
    receipt=lambda into: Receipt(into.key),
    alone=True,
    undoable=False,
    restructuring=Restructuring(notify=_notify_merge, continues_in=lambda _, into: into),
)
SPLIT = TicketCommand(
    name="split",
    words={"de": ("trennen",), "fr": ("séparer",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_split, lookups=_look_up_number),
    complete_example=True,
    internal=True,
    handler=_split,
    receipt=lambda at: Receipt(at.opened.key),
    alone=True,
    undoable=False,
    restructuring=Restructuring(notify=_notify_split),
)
MOVE = TicketCommand(
    name="move",
    words={"de": ("verschieben",), "fr": ("déplacer",)},
    roles=frozenset({Role.SECOND_LEVEL}),
    argument=TypedArgument(resolve=_resolve_school, lookups=_look_up_school),
    example="GYM",
    internal=True,
    handler=_move,
    receipt=lambda to: Receipt(to.school.name),
    alone=True,
    undoable=False,
    restructuring=Restructuring(notify=_notify_move),
)
SPAM = TicketCommand(
    name="spam",
    words={"fr": ("spam", "indésirable")},
    roles=frozenset({Role.SUPPORTER}),
    argument=TypedArgument(resolve=_resolve_outsiders),
    complete_example=True,
    internal=True,
    handler=_spam,
    receipt=lambda spam: Receipt(forged=spam.forged),
    alone=True,
    restructuring=Restructuring(notify=lambda *_: ()),  # a spam sender is not notified
)
RESTRUCTURE = (MERGE, SPLIT, MOVE, SPAM)
