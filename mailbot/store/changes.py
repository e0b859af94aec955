"""The state of tickets as the audit trail keeps it, so that a change can be taken back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from mailbot.core.model.facts import Change, SentNotice
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Priority, ReminderStage, Role, Status, Ticket, WaitState
from mailbot.store.rows import identity, ticket_of
from mailbot.store.tables import EventRow, OutboxRow, TicketRow

State = dict[str, Any]

FINAL = frozenset({"merged", "split", "moved"})
"""Actions in the audit trail that touched more than one ticket."""


def state_of(ticket: Ticket) -> State:
    """Return what commands change of a ticket, as the audit trail keeps it."""
    wait = ticket.waits
    return {
        "status": ticket.status.value,
        "level": ticket.level,
        "priority": ticket.priority.value,
        "assignee": _pair(ticket.assignee) if ticket.assignee else None,
        "requester": _pair(ticket.requester),
        "cc": [_pair(person) for person in ticket.cc],
        "closed": _written(ticket.closed),
        "due": _written(ticket.due),
        "wait": [wait.since.isoformat(), wait.asked, wait.step.value, _written(wait.told)],
    }


def with_state(ticket: Ticket, state: State) -> Ticket:
    """Return the ticket with a state that was kept."""
    since, asked, step, told = state["wait"]
    return replace(
        ticket,
        status=Status(state["status"]),
        level=state["level"],
        priority=Priority(state["priority"]),
        assignee=Address(*state["assignee"]) if state["assignee"] else None,
        requester=Address(*state["requester"]),
        cc=tuple(Address(*pair) for pair in state["cc"]),
        closed=_read(state["closed"]),
        due=_read(state["due"]),
        wait=WaitState(datetime.fromisoformat(since), asked, ReminderStage(step), _read(told)),
    )


def last_changes(session: Session, rows: Mapping[str, TicketRow]) -> dict[str, Change]:
    """Return the last change of each ticket that was changed since it was opened."""
    found = ((name, _last_change(session, row)) for name, row in rows.items())
    return {name: change for name, change in found if change is not None}


def _last_change(session: Session, row: TicketRow) -> Change | None:
    counts = or_(col(EventRow.before).is_not(None), col(EventRow.action).in_(FINAL))
    query = select(EventRow).where(EventRow.ticket_id == row.id, counts)
    event = session.exec(query.order_by(col(EventRow.id).desc()).limit(1)).first()
    if event is None:
        return None
    if event.before is None:
        return Change(event.actor, event.at, ticket_of(row), final=True)
    letters = select(OutboxRow).where(OutboxRow.ticket_id == identity(row.id), OutboxRow.created == event.at)
    told = tuple(
        SentNotice(
            Address(letter.recipient, letter.recipient_name), Role(letter.role), NotificationKind(letter.kind)
        )
        for letter in session.exec(letters.order_by(col(OutboxRow.id)))
        if letter.recipient != event.actor
    )
    return Change(event.actor, event.at, with_state(ticket_of(row), event.before), told)


def _pair(person: Address) -> list[str]:
    return [person.email, person.name]


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
