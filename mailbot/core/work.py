"""What each command does to a ticket: a table of rows, each giving the effects that are still missing."""

from collections.abc import Callable

from mailbot.core.effects import Assign, Restore, SetDue, SetLevel, SetPriority, SetStatus, TicketEffect
from mailbot.core.mail import Address
from mailbot.core.orders import Order
from mailbot.core.ticket import Status, Ticket

Work = Callable[[Ticket, Order, Address], tuple[TicketEffect, ...]]


def _close(ticket: Ticket, _: Order, __: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.CLOSED else (SetStatus(ticket.key, Status.CLOSED),)


def _open_again(ticket: Ticket) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.OPEN else (SetStatus(ticket.key, Status.OPEN),)


def _reopen(ticket: Ticket, _: Order, __: Address) -> tuple[TicketEffect, ...]:
    return _open_again(ticket)


def _escalate(ticket: Ticket, _: Order, __: Address) -> tuple[TicketEffect, ...]:
    if ticket.level == 2:
        return ()
    return (*_open_again(ticket), SetLevel(ticket.key, 2), Assign(ticket.key, None))


def _return(ticket: Ticket, _: Order, __: Address) -> tuple[TicketEffect, ...]:
    if ticket.level == 1:
        return ()
    return (*_open_again(ticket), SetLevel(ticket.key, 1), Assign(ticket.key, None))


def _wait(ticket: Ticket, _: Order, __: Address) -> tuple[TicketEffect, ...]:
    return () if ticket.status is Status.WAITING else (SetStatus(ticket.key, Status.WAITING),)


def _remind(ticket: Ticket, order: Order, _: Address) -> tuple[TicketEffect, ...]:
    if order.until is None or ticket.due == order.until:
        return ()
    opens = _open_again(ticket) if ticket.status is Status.CLOSED else ()
    return (*opens, SetDue(ticket.key, order.until))


def _take(ticket: Ticket, _: Order, actor: Address) -> tuple[TicketEffect, ...]:
    return _assign_to(ticket, actor)


def _assign(ticket: Ticket, order: Order, actor: Address) -> tuple[TicketEffect, ...]:
    return _assign_to(ticket, order.member or actor)


def _assign_to(ticket: Ticket, person: Address) -> tuple[TicketEffect, ...]:
    if ticket.assignee is not None and ticket.assignee.email == person.email:
        return ()
    return (Assign(ticket.key, person),)


def _priority(ticket: Ticket, order: Order, _: Address) -> tuple[TicketEffect, ...]:
    if order.priority is None or ticket.priority is order.priority:
        return ()
    return (SetPriority(ticket.key, order.priority),)


def _undo(ticket: Ticket, order: Order, _: Address) -> tuple[TicketEffect, ...]:
    return tuple(Restore(ticket.key, c.before) for c in order.changes if c.before.key == ticket.key)


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
    "undo": _undo,
}
