"""Tickets that time has to do with: which are to be looked at, and what was done for a slot of time."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from mailbot.core.model.ticket import Status, Ticket
from mailbot.store.rows import tickets_of
from mailbot.store.tables import SlotRow, TicketRow

AT_ONCE = 1_000


def due(session: Session, now: datetime) -> list[int]:
    """Return the keys of the tickets to be looked at, those first that wait longest."""
    query = select(TicketRow.id).where(col(TicketRow.look_at) <= now).order_by(col(TicketRow.look_at))
    return [key for key in session.exec(query.limit(AT_ONCE)) if key is not None]


def claim(session: Session, ticket_id: int, now: datetime) -> TicketRow | None:
    """Lock a ticket to look at it; None if another worker does so or has just done so."""
    query = select(TicketRow).where(TicketRow.id == ticket_id, col(TicketRow.look_at) <= now)
    return session.exec(query.with_for_update(skip_locked=True)).first()


def slot_done(session: Session, job: str, slot: str) -> bool:
    """Tell whether a job is done for a slot of time."""
    return session.get(SlotRow, (job, slot)) is not None


def claim_slot(session: Session, job: str, slot: str) -> bool:
    """Note that a job is done for a slot of time; False if it was done. Slots in the order of their names."""
    if slot_done(session, job, slot):
        return False
    session.execute(delete(SlotRow).where(col(SlotRow.job) == job, col(SlotRow.slot) < slot))
    session.add(SlotRow(job=job, slot=slot))
    session.flush()
    return True


def open_tickets(session: Session, level: int, school: str | None = None) -> tuple[Ticket, ...]:
    """Return the open tickets of a level, of one school or of all."""
    query = select(TicketRow).where(TicketRow.status == Status.OPEN.value, TicketRow.level == level)
    if school is not None:
        query = query.where(TicketRow.school == school)
    return tuple(tickets_of(session, session.exec(query.order_by(col(TicketRow.id))).all()))
