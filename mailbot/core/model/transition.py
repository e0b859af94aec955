"""The state transition of a ticket: apply the effects of one change.

Decisions, timers, notifications and the store all use it, so a notification shows the ticket as stored.
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
    RecordHelped,
    RecordReminder,
    RecordStatusQuestion,
    RevertChange,
    SetAppointment,
    SetBundle,
    SetDue,
    SetLevel,
    SetMuted,
    SetPriority,
    SetRequester,
    SetStatus,
    Split,
)
from mailbot.core.model.ticket import Direction, Status, Ticket, Visibility, WaitState
from mailbot.core.model.ticket_fields import restored


def apply(ticket: Ticket, effects: Iterable[Effect], now: datetime) -> Ticket:
    """Return the ticket after the effects of one change, with its wait state, due date and appointment."""
    change = tuple(effects)
    after = ticket
    for effect in change:
        after = _apply_one(after, effect, now)
    return _with_appointment(ticket, _with_wait(ticket, after, change, now), change)


def _apply_one(ticket: Ticket, effect: Effect, now: datetime) -> Ticket:
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
            muted = _without(ticket.muted, assignee.email if assignee else "")
            return replace(ticket, assignee=assignee, muted=muted, updated=now)
        case SetDue(key, due) if key == ticket.key:
            return replace(ticket, due=due, updated=now)
        case SetAppointment(key, appointment) if key == ticket.key:
            return replace(ticket, appointment=appointment, updated=now)
        case AddCc(key, person) if key == ticket.key:
            return replace(ticket, cc=(*ticket.cc, person), updated=now)
        case SetRequester(key, requester) if key == ticket.key:
            return replace(ticket, requester=requester, updated=now)
        case RevertChange(key, before, _) if key == ticket.key:
            return replace(restored(ticket, before), updated=now)
        case Merge() | Split() | Move() | SetBundle():
            return _restructured(ticket, effect, now)
        case _:
            return _recorded(ticket, effect, now)


def _recorded(ticket: Ticket, effect: Effect, now: datetime) -> Ticket:
    """Apply an effect that people do not see as a change of the ticket."""
    match effect:
        case SetMuted(key, address, muted) if key == ticket.key:
            others = _without(ticket.muted, address)
            return replace(ticket, muted=(*others, address) if muted else others)
        case RecordStatusQuestion(key) if key == ticket.key:
            return replace(ticket, status_asked=now)
        case RecordHelped(key) if key == ticket.key:
            return replace(ticket, updated=now)  # the monthly report reads tickets by `updated`
        case _:
            return ticket


def _without(addresses: tuple[str, ...], address: str) -> tuple[str, ...]:
    return tuple(other for other in addresses if other != address)


def _restructured(ticket: Ticket, effect: MultiTicketEffect | SetBundle, now: datetime) -> Ticket:
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
        case SetBundle(key, bundle) if key == ticket.key:
            return replace(ticket, bundle=bundle, updated=now)
        case _:
            return ticket


def _with_wait(before: Ticket, after: Ticket, effects: tuple[Effect, ...], now: datetime) -> Ticket:
    """Return the ticket with its new wait state and due date: the first rule that matches.

    A further mail of the requester does not restart the wait: it would delay the reminders.
    """
    own = [effect for effect in effects if getattr(effect, "ticket", None) == after.key]
    if any(isinstance(effect, RevertChange) for effect in own):
        return after
    wait = before.waits
    reminder = next((e for e in own if isinstance(e, RecordReminder)), None)
    if reminder is not None:
        awaiting_staff = wait.awaiting_staff or reminder.since > wait.since
        new_wait = WaitState(reminder.since, awaiting_staff, reminder.stage, reminded_at=now)
        return replace(after, wait=new_wait)
    if after.status is Status.CLOSED or after.level != before.level or after.school != before.school:
        new_due = after.due if any(isinstance(effect, SetDue) for effect in own) else None
        return replace(after, due=new_due, wait=WaitState(now))
    due = after.due if after.due is not None and after.due > now else None
    if after.status is not before.status:
        return replace(after, due=due, wait=WaitState(now, awaiting_staff=after.status is Status.OPEN))
    if any(map(_by_staff, own)):
        return replace(after, due=due, wait=WaitState(now, awaiting_staff=False))
    if not wait.awaiting_staff and after.status is Status.OPEN and any(map(_by_requester, own)):
        return replace(after, due=due, wait=WaitState(now))
    return replace(after, wait=wait)


def _with_appointment(before: Ticket, after: Ticket, effects: tuple[Effect, ...]) -> Ticket:
    """Return the ticket without its appointment if it was closed or handed over, and with its revision.

    The revision only grows, even when the change is undone: calendars ignore an older one (RFC 5546, 2.1.5).
    """
    kept = any(isinstance(effect, SetAppointment | RevertChange) for effect in effects)
    handed_over = after.level != before.level or after.school != before.school
    if not kept and (after.status is Status.CLOSED or handed_over):
        after = replace(after, appointment=None)
    if before.appointment is None and after.appointment is None:
        return after
    if after.appointment != before.appointment or attendees(after) != attendees(before):
        return replace(after, appointment_revision=before.appointment_revision + 1)
    return after


def attendees(ticket: Ticket) -> tuple[str, ...]:
    """Return the addresses of the people who are invited to the appointment of a ticket."""
    people = (ticket.requester, *((ticket.assignee,) if ticket.assignee else ()))
    return tuple(person.email for person in people) if ticket.appointment else ()


def _by_staff(effect: Effect) -> bool:
    match effect:
        case AddMessage(_, message):
            return message.direction is Direction.OUT and message.visibility is not Visibility.SYSTEM
        case Assign(_, assignee):
            return assignee is not None
        case SetPriority() | SetDue() | SetAppointment():
            return True
        case _:
            return False


def _by_requester(effect: Effect) -> bool:
    match effect:
        case AddMessage(_, message, by_stranger=False):
            return message.direction is Direction.IN and message.visibility is Visibility.PUBLIC
        case _:
            return False
