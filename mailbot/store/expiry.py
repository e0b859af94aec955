"""Erase data that is older than the retention periods, a batch of rows at a time."""

from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, or_, select, update
from sqlmodel import Session

from mailbot.core.model.ticket import Status
from mailbot.store.erasure import BATCH_SIZE, Erased, delete_raw_mails, erase_ledger_entries, erase_ticket
from mailbot.store.tables import DUE_STATES, metadata

MAX_EXPIRED = 50

_TICKET, _MESSAGE, _LEDGER, _OUTBOX = (
    metadata.tables[name] for name in ("ticket", "message", "ledger", "outbox")
)
_BEFORE = bindparam("before", type_=_TICKET.c.closed.type)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

# Find tickets that were closed before a time: those that hold personal data, and their mails.
_IS_OLD = (_TICKET.c.status == Status.CLOSED.value) & (_TICKET.c.closed < _BEFORE)
_OLD_TICKETS = (
    select(_TICKET.c.id, _TICKET.c.closed).where(_IS_OLD, _TICKET.c.requester != "").limit(MAX_EXPIRED)
)
_OLD_IDS = select(_TICKET.c.id).where(_IS_OLD)
_OLD_RAW_MAILS = (
    select(_MESSAGE.c.raw_id)
    .where(_MESSAGE.c.raw_id.is_not(None), _MESSAGE.c.ticket_id.in_(_OLD_IDS))
    .limit(BATCH_SIZE)
)
_IS_NOT_DUE = _OUTBOX.c.state.not_in(DUE_STATES)
_OLD_MAILS = (
    select(_OUTBOX.c.id)
    .where(_OUTBOX.c.ticket_id.in_(_OLD_IDS), _IS_NOT_DUE, _OUTBOX.c.text != "")
    .limit(BATCH_SIZE)
)
# Erase the content of sent mails.
_EMPTY_MAILS = update(_OUTBOX).where(_OUTBOX.c.id.in_(_IDS)).values(text="", html="", attachments=[])
# Find ledger entries and sent mails that belong to no ticket, and delete these mails.
_OLD_ENTRIES = (
    select(_LEDGER.c.id, _LEDGER.c.raw_id)
    .where(
        _LEDGER.c.ticket_id.is_(None),
        _LEDGER.c.at < _BEFORE,
        _LEDGER.c.outcome != "quarantined",
        or_(_LEDGER.c.sender != "", _LEDGER.c.raw_id.is_not(None)),
    )
    .limit(BATCH_SIZE)
)
_OLD_OTHER_MAILS = (
    select(_OUTBOX.c.id)
    .where(_OUTBOX.c.ticket_id.is_(None), _IS_NOT_DUE, _OUTBOX.c.created < _BEFORE)
    .limit(BATCH_SIZE)
)
_DELETE_MAILS = delete(_OUTBOX).where(_OUTBOX.c.id.in_(_IDS))


def expire_tickets(session: Session, before: datetime) -> Erased:
    """Erase a batch of tickets that were closed before that time; an empty result means that none is left."""
    erased = Erased()
    for row in session.execute(_OLD_TICKETS, {"before": before}).all():
        erased.add(erase_ticket(session, row.id, row.closed or before))
    return erased


def expire_mails(session: Session, before: datetime) -> Erased:
    """Erase a batch of raw mails, files and sent mails of tickets that were closed before that time."""
    values = {"before": before}
    raw_mails = set(session.execute(_OLD_RAW_MAILS, values).scalars())
    sent = session.execute(_OLD_MAILS, values).scalars().all()
    session.execute(_EMPTY_MAILS, {"ids": sent})
    return Erased(mails=delete_raw_mails(session, raw_mails), places=len(sent))


def expire_others(session: Session, before: datetime) -> Erased:
    """Erase a batch of mails that belong to no ticket and were received or created before that time."""
    values = {"before": before}
    entries = session.execute(_OLD_ENTRIES, values).all()
    erase_ledger_entries(session, [row.id for row in entries])
    mails = delete_raw_mails(session, {row.raw_id for row in entries if row.raw_id is not None})
    sent = session.execute(_OLD_OTHER_MAILS, values).scalars().all()
    session.execute(_DELETE_MAILS, {"ids": sent})
    return Erased(mails=max(mails, len(entries)), places=len(sent))
