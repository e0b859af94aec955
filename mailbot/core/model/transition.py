"""The one transition of a ticket: what it is after the effects of one change.

Decisions, timers, letters and the store use it, so that a letter shows the ticket that is stored.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailbot.core.model.effects import (
    AddCc,
    AddMessage,
    Assign,
    Effect,
    Merge,
    Move,
    MultiTicketEffect,
    RecordReminder,
    RevertChange,
    SetDue,
    SetLevel,
    SetPriority,
    SetRequester,
    SetStatus,
    Split,
)
from mailbot.core.model.ticket import Direction, Status, Ticket, Visibility, WaitState
from mailbot.core.model.ticket_fields import restored


def apply(ticket: Ticket, effects: Iterable[Effect], now: datetime) -> Ticket:
    """Return the ticket after the effects of one change, with the wait and the due date that follow."""
    change = tuple(effects)
    after = ticket
    for effect in change:
        after = _changed(after, effect, now)
    return _with_wait(ticket, after, change, now)


def _changed(ticket: Ticket, effect: Effect, now: datetime) -> Ticket:
    match effect:
        case AddMessage(key) if key == ticket.key:
            return replace(ticket, messages=ticket.messages + 1, updated=now)
        case SetStatus(key, status) if key == ticket.key:
            closed = now if status is Status.CLOSED else None
            return replace(ticket, status=status, closed=closed, updated=now)
        case SetLevel(key, level) if key == ticket.key:
            return replace(ticket, level=level, updated=now)
        case SetPriority(key, value) if key == ticket.key:
            return replace(ticket, priority=value, updated=now)
        case Assign(key, assignee) if key == ticket.key:
            return replace(ticket, assignee=assignee, updated=now)
        case SetDue(key, due) if key == ticket.key:
            return replace(ticket, due=due, updated=now)
        case AddCc(key, person) if key == ticket.key:
            return replace(ticket, cc=(*ticket.cc, person), updated=now)
        case SetRequester(key, requester) if key == ticket.key:
            return replace(ticket, requester=requester, updated=now)
        case RevertChange(key, before) if key == ticket.key:
            return replace(restored(ticket, before), updated=now)
        case Merge() | Split() | Move():
            return _repaired(ticket, effect, now)
        case _:
            return ticket


def _repaired(ticket: Ticket, effect: MultiTicketEffect, now: datetime) -> Ticket:
    match effect:
        case Merge(key) if key == ticket.key:
            return replace(ticket, status=Status.CLOSED, closed=now, messages=0, updated=now)
        case Merge(_, into, messages) if into == ticket.key:
            return replace(ticket, messages=ticket.messages + messages, updated=now)
        case Split(key) if key == ticket.key:
            return replace(ticket, messages=ticket.messages - 1, updated=now)
        case Split(opened=key) if key == ticket.key:
            return replace(ticket, messages=ticket.messages + 1)
        case Move(key, school, number) if key == ticket.key:
            moved = replace(ticket, school=school, number=number, updated=now)
            return replace(moved, level=1, assignee=None, due=None)
        case _:
            return ticket


def _with_wait(before: Ticket, after: Ticket, effects: tuple[Effect, ...], now: datetime) -> Ticket:
    """End the wait and the due date of a ticket, and begin the next wait: the first row that fits.

    A requester who writes again does not restart the clock, or impatience would delay the answer.
    """
    own = [effect for effect in effects if getattr(effect, "ticket", None) == after.key]
    if any(isinstance(effect, RevertChange) for effect in own):
        return after
    wait = before.waits
    said = next((e for e in own if isinstance(e, RecordReminder)), None)
    if said is not None:
        asked = wait.asked or said.since > wait.since
        return replace(after, wait=WaitState(said.since, asked, said.step, told=now))
    if after.status is Status.CLOSED or after.level != before.level or after.school != before.school:
        asked_for = after.due if any(isinstance(effect, SetDue) for effect in own) else None
        return replace(after, due=asked_for, wait=WaitState(now))
    due = after.due if after.due is not None and after.due > now else None
    if after.status is not before.status:
        return replace(after, due=due, wait=WaitState(now, asked=after.status is Status.OPEN))
    if any(map(_by_staff, own)):
        return replace(after, due=due, wait=WaitState(now, asked=False))
    if not wait.asked and after.status is Status.OPEN and any(map(_by_requester, own)):
        return replace(after, due=due, wait=WaitState(now))
    return replace(after, wait=wait)


def _by_staff(effect: Effect) -> bool:
    match effect:
        case AddMessage(_, message):
            return message.direction is Direction.OUT and message.visibility is not Visibility.SYSTEM
        case Assign(_, assignee):
            return assignee is not None
        case SetPriority() | SetDue():
            return True
        case _:
            return False


def _by_requester(effect: Effect) -> bool:
    match effect:
        case AddMessage(_, message):
            return message.direction is Direction.IN and message.visibility is Visibility.PUBLIC
        case _:
            return False
