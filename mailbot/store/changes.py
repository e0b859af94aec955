"""The state of tickets as the audit trail keeps it, so that a change can be taken back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from mailbot.core.model.change import Change, SentNotice
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Role, Ticket, Trait
from mailbot.core.model.ticket_fields import with_trait
from mailbot.store.rows import identity, ticket_of
from mailbot.store.tables import EventRow, OutboxRow, TicketRow

State = dict[str, Any]

FINAL = frozenset({"merged", "split", "moved"})
"""Actions in the audit trail that touched more than one ticket."""


def state_of(ticket: Ticket) -> State:
    """Return the fields that `#undo` restores, as the audit trail keeps them."""
    return {field.name: field.codec.dump(field.of(ticket)) for field in with_trait(Trait.UNDO)}


def with_state(ticket: Ticket, state: State) -> Ticket:
    """Return the ticket with a state that was kept; a state of an older version has fewer fields."""
    fields = (field for field in with_trait(Trait.UNDO) if field.name in state)
    return replace(ticket, **{field.name: field.codec.load(state[field.name]) for field in fields})


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
