"""What each command does to a ticket: a table of rows, each giving the effects that are still missing."""

from collections.abc import Callable

from mailbot.core.commands.resolve import ResolvedCommand
from mailbot.core.model.effects import (
    AddCc,
    Assign,
    Effect,
    Merge,
    Move,
    OpenTicket,
    RevertChange,
    SetBlocked,
    SetDue,
    SetLevel,
    SetPriority,
    SetRequester,
    SetStatus,
    Split,
    TicketEffect,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Status, Ticket

Work = Callable[[Ticket, ResolvedCommand, Address], tuple[Effect, ...]]


def _close(ticket: Ticket, _: ResolvedCommand, __: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.CLOSED else (SetStatus(ticket.key, Status.CLOSED),)


def _open_again(ticket: Ticket) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.OPEN else (SetStatus(ticket.key, Status.OPEN),)


def _reopen(ticket: Ticket, _: ResolvedCommand, __: Address) -> tuple[TicketEffect, ...]:
    return _open_again(ticket)


def _escalate(ticket: Ticket, _: ResolvedCommand, __: Address) -> tuple[TicketEffect, ...]:
    return escalate(ticket)


def escalate(ticket: Ticket) -> tuple[TicketEffect, ...]:
    """Hand a ticket over to second level; timers and `#escalate` do the same."""
    if ticket.level == 2:
        return ()
    return (*_open_again(ticket), SetLevel(ticket.key, 2), Assign(ticket.key, None))


def _return(ticket: Ticket, _: ResolvedCommand, __: Address) -> tuple[TicketEffect, ...]:
    if ticket.level == 1:
        return ()
    return (*_open_again(ticket), SetLevel(ticket.key, 1), Assign(ticket.key, None))


def _wait(ticket: Ticket, _: ResolvedCommand, __: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.WAITING else (SetStatus(ticket.key, Status.WAITING),)


def _remind(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[TicketEffect, ...]:
    if order.until is None or ticket.due == order.until:
        return ()
    opens = _open_again(ticket) if ticket.status is Status.CLOSED else ()
    return (*opens, SetDue(ticket.key, order.until))


def _take(ticket: Ticket, _: ResolvedCommand, actor: Address) -> tuple[TicketEffect, ...]:
    return _assign_to(ticket, actor)


def _assign(ticket: Ticket, order: ResolvedCommand, actor: Address) -> tuple[TicketEffect, ...]:
    return _assign_to(ticket, order.member or actor)


def _assign_to(ticket: Ticket, person: Address) -> tuple[TicketEffect, ...]:
    if ticket.assignee is not None and ticket.assignee.email == person.email:
        return ()
    return (Assign(ticket.key, person),)


def _priority(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[TicketEffect, ...]:
    if order.priority is None or ticket.priority is order.priority:
        return ()
    return (SetPriority(ticket.key, order.priority),)


def _cc(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[TicketEffect, ...]:
    there = {ticket.requester.email, *(person.email for person in ticket.cc)}
    return tuple(AddCc(ticket.key, person) for person in order.people if person.email not in there)


def _for(ticket: Ticket, order: ResolvedCommand, actor: Address) -> tuple[TicketEffect, ...]:
    """Whoever had it goes on in copy, unless it was the colleague who only passed it on."""
    (requester,) = order.people
    before = ticket.requester
    if requester.email == before.email:
        return ()
    copy = () if before.email == actor.email else (AddCc(ticket.key, before),)
    return (SetRequester(ticket.key, requester), *copy)


def _merge(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[Effect, ...]:
    """The surviving ticket is open if one of the two was; the other's people get its mails in copy."""
    into = order.into
    if into is None:
        return ()
    known = {into.requester.email, *(person.email for person in into.cc)}
    people = (p for p in (ticket.requester, *ticket.cc) if p.email not in known)
    opens = into.status is Status.CLOSED and ticket.status is not Status.CLOSED
    return (
        *(AddCc(into.key, person) for person in people),
        *((SetStatus(into.key, Status.OPEN),) if opens else ()),
        Merge(ticket.key, into.key, ticket.messages),
    )


def _move(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[Effect, ...]:
    if order.school is None or order.school.key == ticket.school:
        return ()
    return (Move(ticket.key, order.school.key, dict(order.numbers)[ticket.key]),)


def _split(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[Effect, ...]:
    if order.parted is None:
        return ()
    position, message = order.parted
    number = dict(order.numbers)[ticket.key]
    opened = Ticket(ticket.school, number, ticket.subject, message.author, message.at, message.at, messages=1)
    return OpenTicket(opened), Split(ticket.key, position, opened.key)


def _spam(ticket: Ticket, order: ResolvedCommand, actor: Address) -> tuple[Effect, ...]:
    blocks = SetBlocked(ticket.school, ticket.requester.email, blocked=True, ticket=ticket.key)
    return (*_close(ticket, order, actor), blocks)


def _undo(ticket: Ticket, order: ResolvedCommand, _: Address) -> tuple[TicketEffect, ...]:
    return tuple(RevertChange(ticket.key, c.before) for c in order.changes if c.before.key == ticket.key)


WORK: dict[str, Work] = {
    "close": _close,
    "escalate": _escalate,
    "return": _return,
    "reopen": _reopen,
    "wait": _wait,
    "remind": _remind,
    "take": _take,
    "assign": _assign,
    "priority": _priority,
    "cc": _cc,
    "for": _for,
    "undo": _undo,
    "merge": _merge,
    "split": _split,
    "move": _move,
    "spam": _spam,
}
