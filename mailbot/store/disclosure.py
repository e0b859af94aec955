"""Gather what is stored on a person, to be given out (GDPR, Art. 15)."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from mailbot.core.model.ticket_fields import columns_of
from mailbot.store import tickets
from mailbot.store.rows import identity, ticket_of
from mailbot.store.tables import (
    BlockedRow,
    EventRow,
    HeldRow,
    LedgerRow,
    MessageRow,
    OutboxRow,
    PersonRow,
    TicketCcRow,
    TicketRow,
)
from mailbot.store.writing import octets_of

Document = dict[str, Any]

_OF_LEDGER = ("school", "at", "received", "sender", "subject", "message_id", "outcome", "because")
_OF_LETTERS = (
    "school",
    "kind",
    "recipient",
    "recipient_name",
    "sender_name",
    "subject",
    "text",
    "created",
    "sent",
    "state",
)


def dossier(session: Session, address: str) -> Document:
    """Return what is stored on whoever has that address, as JSON can hold it."""
    person = session.get(PersonRow, address)
    own = select(LedgerRow).where(LedgerRow.sender == address).order_by(col(LedgerRow.id))
    letters = select(OutboxRow).where(OutboxRow.recipient == address).order_by(col(OutboxRow.id))
    deeds = select(EventRow).where(EventRow.actor == address).order_by(col(EventRow.id))
    held = select(HeldRow).where(HeldRow.address == address)
    blocked = select(BlockedRow).where(BlockedRow.address == address)
    return {
        "person": person.model_dump(mode="json") if person else None,
        "tickets": [_ticket(session, row) for row in _tickets(session, address)],
        "mails": [_part(row, _OF_LEDGER) for row in session.exec(own)],
        "letters": [_part(row, _OF_LETTERS) for row in session.exec(letters)],
        "audit_trail": [
            _part(row, ("at", "action", "detail", "because", "trusted")) for row in session.exec(deeds)
        ],
        "held_mails": [_part(row, ("school", "until", "state")) for row in session.exec(held)],
        "blocked": [_part(row, ("school", "since", "by")) for row in session.exec(blocked)],
    }


def _tickets(session: Session, address: str) -> Iterator[TicketRow]:
    """Return the tickets that somebody has part in: as requester, in copy, as assignee, or by a message."""
    wrote = select(MessageRow.ticket_id).where(MessageRow.author == address)
    in_copy = select(TicketCcRow.ticket_id).where(TicketCcRow.address == address)
    has_part = or_(
        col(TicketRow.requester) == address,
        col(TicketRow.assignee) == address,
        col(TicketRow.id).in_(in_copy),
        col(TicketRow.id).in_(wrote),
    )
    return iter(session.exec(select(TicketRow).where(has_part).order_by(col(TicketRow.id))))


def _ticket(session: Session, row: TicketRow) -> Document:
    """Return a ticket with its messages; internal ones apart: others may have rights in them (Art. 15, 4)."""
    messages = [asdict(message) for message in tickets.history(session, identity(row.id))]
    public = [m for m in messages if m["visibility"] == "public"]
    internal = [m for m in messages if m["visibility"] != "public"]
    return {**columns_of(ticket_of(session, row)), "messages": public, "internal": internal}


def _part(row: Any, names: tuple[str, ...]) -> Document:
    return {name: getattr(row, name) for name in names}


def mails_of(session: Session, address: str) -> Iterator[tuple[int, bytes]]:
    """Yield the mails that somebody wrote, with their numbers, as they came."""
    query = select(LedgerRow.raw_id).where(LedgerRow.sender == address)
    query = query.order_by(col(LedgerRow.id))
    for raw in session.exec(query).all():
        if raw is not None:
            yield raw, octets_of(session, raw)
