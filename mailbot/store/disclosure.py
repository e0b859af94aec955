"""Collect the personal data of a person for disclosure (GDPR, Art. 15)."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import BindParameter, Result, bindparam, or_, select
from sqlmodel import Session

from mailbot.core.model.ticket import Message, Ticket
from mailbot.core.model.ticket_fields import columns_of
from mailbot.store import raw_mail
from mailbot.store.mapping import to_tickets
from mailbot.store.tables import PersonRow, metadata
from mailbot.store.tickets import histories

Document = dict[str, Any]

_TICKET, _TICKET_CC, _MESSAGE, _EVENT, _LEDGER, _OUTBOX, _HELD, _PERSON, _BLOCKED = (
    metadata.tables[name]
    for name in ("ticket", "ticket_cc", "message", "event", "ledger", "outbox", "held", "person", "blocked")
)
_SAVED_ANSWER = metadata.tables["saved_answer"]
_ADDRESS: BindParameter[str] = bindparam("address")

# Read the row of a person.
_PERSON_BY_ADDRESS = select(_PERSON).where(_PERSON.c.address == _ADDRESS)
# Find the tickets of a person as requester, assignee, in cc or as the author of a message.
_TICKETS = (
    select(_TICKET)
    .where(
        or_(
            _TICKET.c.requester == _ADDRESS,
            _TICKET.c.assignee == _ADDRESS,
            _TICKET.c.id.in_(select(_TICKET_CC.c.ticket_id).where(_TICKET_CC.c.address == _ADDRESS)),
            _TICKET.c.id.in_(select(_MESSAGE.c.ticket_id).where(_MESSAGE.c.author == _ADDRESS)),
        )
    )
    .order_by(_TICKET.c.id)
)
# Read the ledger entries of the mails that a person wrote.
_MAILS = (
    select(
        *(_LEDGER.c[name] for name in ("school", "at", "received", "sender", "subject", "message_id")),
        *(_LEDGER.c[name] for name in ("outcome", "because")),
    )
    .where(_LEDGER.c.sender == _ADDRESS)
    .order_by(_LEDGER.c.id)
)
# Find the raw mails that a person wrote.
_RAW_MAILS = (
    select(_LEDGER.c.raw_id)
    .where(_LEDGER.c.sender == _ADDRESS, _LEDGER.c.raw_id.is_not(None))
    .order_by(_LEDGER.c.id)
)
_SENT_MAILS = (
    select(
        _OUTBOX.c.school,
        _OUTBOX.c.kind,
        _OUTBOX.c.recipient,
        _OUTBOX.c.recipient_name,
        _OUTBOX.c.sender_name,
        _OUTBOX.c.subject,
        _OUTBOX.c.text,
        _OUTBOX.c.calendar,
        _OUTBOX.c.created,
        _OUTBOX.c.sent,
        _OUTBOX.c.state,
    )
    .where(_OUTBOX.c.recipient == _ADDRESS)
    .order_by(_OUTBOX.c.id)
)
# Read the audit entries of a person's actions.
_ACTIONS = (
    select(_EVENT.c.at, _EVENT.c.action, _EVENT.c.detail, _EVENT.c.because, _EVENT.c.trusted)
    .where(_EVENT.c.actor == _ADDRESS)
    .order_by(_EVENT.c.id)
)
_HELD_MAILS = select(_HELD.c.school, _HELD.c.until, _HELD.c.state).where(_HELD.c.address == _ADDRESS)
# Read the saved answers that a person wrote.
_SAVED_ANSWERS = (
    select(
        _SAVED_ANSWER.c.school,
        _SAVED_ANSWER.c.name,
        _SAVED_ANSWER.c.text,
        _SAVED_ANSWER.c.tip,
        _SAVED_ANSWER.c.author_name,
        _SAVED_ANSWER.c.at,
    )
    .where(_SAVED_ANSWER.c.author == _ADDRESS)
    .order_by(_SAVED_ANSWER.c.id)
)
# Read the schools in which a person is blocked.
_BLOCKED_IN = select(_BLOCKED.c.school, _BLOCKED.c.since, _BLOCKED.c.by).where(_BLOCKED.c.address == _ADDRESS)


def collect(session: Session, address: str) -> Document:
    """Return the personal data of the person with that address, for JSON."""
    values = {"address": address}
    person = session.execute(_PERSON_BY_ADDRESS, values).mappings().first()
    rows = session.execute(_TICKETS, values).all()
    messages = histories(session, [row.id for row in rows])
    return {
        "person": PersonRow.model_validate(dict(person)).model_dump(mode="json") if person else None,
        "tickets": [
            _ticket(ticket, messages[row.id], address)
            for row, ticket in zip(rows, to_tickets(session, rows), strict=True)
        ],
        "mails": _documents(session.execute(_MAILS, values)),
        "letters": _documents(session.execute(_SENT_MAILS, values)),
        "audit_trail": _documents(session.execute(_ACTIONS, values)),
        "held_mails": _documents(session.execute(_HELD_MAILS, values)),
        "saved_answers": _documents(session.execute(_SAVED_ANSWERS, values)),
        "blocked": _documents(session.execute(_BLOCKED_IN, values)),
    }


def _ticket(ticket: Ticket, history: tuple[Message, ...], address: str) -> Document:
    """Return a ticket with its messages. Internal ones are separate, since others may have rights in them.

    Which other members muted it, and which other tickets report the same problem, is left out.
    """
    muted = tuple(other for other in ticket.muted if other == address)
    ticket = replace(ticket, muted=muted, bundle=None)
    messages = [asdict(message) for message in history]
    public = [m for m in messages if m["visibility"] == "public"]
    internal = [m for m in messages if m["visibility"] != "public"]
    return {**columns_of(ticket), "messages": public, "internal": internal}


def _documents(found: Result[*tuple[Any, ...]]) -> list[Document]:
    return [dict(row) for row in found.mappings()]


def raw_mails(session: Session, address: str) -> Iterator[tuple[int, bytes]]:
    """Yield the mails that a person wrote, as they arrived, with their keys."""
    for raw_id in session.execute(_RAW_MAILS, {"address": address}).scalars().all():
        yield raw_id, raw_mail.load(session, raw_id)
