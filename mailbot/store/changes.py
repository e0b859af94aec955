"""Read the last changes of tickets from the audit trail, so that a change can be undone."""

from collections.abc import Mapping

from sqlalchemy import or_
from sqlmodel import Session, col, select

from mailbot.core.model.facts import Change, SentNotice
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.core.model.ticket_fields import with_state
from mailbot.store.rows import identity, ticket_of
from mailbot.store.tables import EventRow, OutboxRow, TicketRow

FINAL = frozenset({"merged", "split", "moved"})
"""Actions in the audit trail that touched more than one ticket."""


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
        return Change(event.actor, event.at, ticket_of(session, row), final=True)
    letters = select(OutboxRow).where(OutboxRow.ticket_id == identity(row.id), OutboxRow.created == event.at)
    told = tuple(
        SentNotice(
            Address(letter.recipient, letter.recipient_name), Role(letter.role), NotificationKind(letter.kind)
        )
        for letter in session.exec(letters.order_by(col(OutboxRow.id)))
        if letter.recipient != event.actor
    )
    return Change(event.actor, event.at, with_state(ticket_of(session, row), event.before), told)
