"""Erase what is stored of people: whole tickets, single mails, and traces in what others wrote.

What stays of a ticket are figures: school, number, status, level, priority, times, and how many messages; of
a mail in the ledger where it lay and what became of it, so that it is not handled twice.
"""

import email
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from typing import Any, Protocol

from sqlalchemy import Engine, bindparam, delete, text, update
from sqlmodel import Session, col, func, or_, select

from mailbot.core.model.ticket import Status
from mailbot.core.model.ticket_fields import PERSONAL_COLUMNS, without_personal_data
from mailbot.store import audit_hash, search
from mailbot.store.rows import identity, put_ticket, ticket_of
from mailbot.store.tables import (
    DUE_CONDITION,
    AlertRow,
    AttachmentRow,
    BlockedRow,
    EventRow,
    HeldRow,
    LedgerRow,
    MailboxRow,
    MessageRow,
    OutboxRow,
    PersonRow,
    RawRow,
    Row,
    TicketRow,
    metadata,
)

AT_ONCE = 200
EXPIRED_AT_ONCE = 50

# Columns with texts and addresses, of the tables that have a number for a key.
_PERSONAL: dict[type[Row], tuple[str, ...]] = {
    TicketRow: PERSONAL_COLUMNS,
    MessageRow: ("author", "author_name", "text", "quoted", "message_id"),
    AttachmentRow: ("filename",),
    LedgerRow: ("message_id", "sender", "subject", "because", "traceback"),
    HeldRow: ("address",),
    OutboxRow: ("recipient", "recipient_name", "sender_name", "author", "subject", "text", "html",
                "in_reply_to", "last_error", "references", "attachments"),
}  # fmt: skip

_TICKET_CC = metadata.tables["ticket_cc"]

# Read the people in copy of some tickets.
_CC_OF_TICKETS = select(_TICKET_CC.c.ticket_id, _TICKET_CC.c.address, _TICKET_CC.c.name).where(
    _TICKET_CC.c.ticket_id.in_(bindparam("tickets", expanding=True))
)
# Remove one person in copy of one ticket.
_DELETE_CC = delete(_TICKET_CC).where(
    _TICKET_CC.c.ticket_id == bindparam("ticket"), _TICKET_CC.c.address == bindparam("person")
)

_COMPACT_SQLITE = (
    "INSERT INTO search(search) VALUES('optimize')",  # deleted words lie in it until then
    "VACUUM",
    "PRAGMA wal_checkpoint(TRUNCATE)",
)
SWEPT: tuple[type[Row], ...] = (*_PERSONAL, EventRow, RawRow)


class Matcher(Protocol):
    """Find what a person left in texts; `mark` stands in its place."""

    @property
    def mark(self) -> str: ...

    def found(self, text: str) -> bool:
        """Tell whether the person left something in a text."""

    def redacted(self, text: str) -> str:
        """Return a text with the mark in place of it."""


@dataclass(slots=True)
class Erased:
    """What was erased: tickets, mails, places in texts, entries of the audit trail; which tickets changed."""

    tickets: int = 0
    mails: int = 0
    places: int = 0
    entries: int = 0
    changed: set[int] = field(default_factory=set)

    def add(self, other: "Erased") -> None:
        """Add up."""
        self.tickets += other.tickets
        self.mails += other.mails
        self.places += other.places
        self.entries += other.entries
        self.changed |= other.changed


def tickets_of(session: Session, address: str) -> list[int]:
    """Return the tickets of a requester."""
    query = select(TicketRow.id).where(TicketRow.requester == address).order_by(col(TicketRow.id))
    return [key for key in session.exec(query) if key is not None]


def letters_due(session: Session, address: str) -> int:
    """Count the letters that wait to be sent to somebody, or about the tickets of that requester."""
    own = select(TicketRow.id).where(TicketRow.requester == address)
    concerned = or_(OutboxRow.recipient == address, col(OutboxRow.ticket_id).in_(own))
    return int(
        session.exec(select(func.count()).select_from(OutboxRow).where(text(DUE_CONDITION), concerned)).one()
    )


def empty_ticket(session: Session, ticket_id: int, now: datetime) -> Erased:
    """Erase a ticket's personal data and close it."""
    row = session.get_one(TicketRow, ticket_id, with_for_update=True)
    mails = _mails(session, [ticket_id])
    session.execute(delete(OutboxRow).where(col(OutboxRow.ticket_id) == ticket_id))
    _empty_ledger(session, col(LedgerRow.ticket_id) == ticket_id)
    files = select(MessageRow.id).where(MessageRow.ticket_id == ticket_id)
    session.execute(delete(AttachmentRow).where(col(AttachmentRow.message_row).in_(files)))
    nothing = {"author": "", "author_name": "", "text": "", "quoted": "", "message_id": "", "raw_id": None}
    session.execute(update(MessageRow).where(col(MessageRow.ticket_id) == ticket_id).values(**nothing))
    events = session.exec(select(EventRow).where(EventRow.ticket_id == ticket_id))
    entries = sum(audit_hash.erase(event) for event in events)
    ticket = ticket_of(session, row)
    put_ticket(session, row, ticket, without_personal_data(ticket, now))
    search.remove(session, ticket_id)
    session.flush()
    return Erased(tickets=1, mails=drop_mails(session, mails), entries=entries)


def _mails(session: Session, tickets: Iterable[int]) -> set[int]:
    wanted = list(tickets)
    found: set[int] = set()
    for table in (MessageRow, LedgerRow):
        query = select(table.raw_id).where(col(table.ticket_id).in_(wanted))
        found.update(raw for raw in session.exec(query) if raw is not None)
    return found


def _empty_ledger(session: Session, which: Any) -> None:
    entries = select(LedgerRow.id).where(which)
    held = select(HeldRow.id).where(col(HeldRow.ledger_id).in_(entries))
    session.execute(delete(OutboxRow).where(col(OutboxRow.held_id).in_(held)))
    session.execute(delete(HeldRow).where(col(HeldRow.ledger_id).in_(entries)))
    nothing = {"message_id": "", "sender": "", "subject": "", "because": "", "traceback": "", "raw_id": None}
    session.execute(update(LedgerRow).where(which).values(**nothing))


def empty_own_mails(session: Session, address: str, mark: str) -> Erased:
    """Erase what somebody wrote in tickets of others or what became no ticket, and the letters to them.

    `mark` stands in place of their name.
    """
    raws = {
        raw
        for query in (
            select(MessageRow.raw_id).where(MessageRow.author == address),
            select(LedgerRow.raw_id).where(LedgerRow.sender == address),
        )
        for raw in session.exec(query)
        if raw is not None
    }
    tickets = select(MessageRow.ticket_id).where(MessageRow.author == address)
    changed = set(session.exec(tickets.distinct()))
    _empty_ledger(session, col(LedgerRow.sender) == address)
    session.execute(delete(OutboxRow).where(col(OutboxRow.recipient) == address))
    nothing = {"author": "", "author_name": mark, "text": "", "quoted": "", "message_id": ""}
    session.execute(update(MessageRow).where(col(MessageRow.author) == address).values(**nothing))
    for table in (PersonRow, BlockedRow):
        session.execute(delete(table).where(col(table.address) == address))
    return Erased(mails=drop_mails(session, raws), changed=changed)


def drop_mails(session: Session, raw_ids: Iterable[int]) -> int:
    """Delete raw mails with their files, whoever refers to them; count them."""
    wanted = sorted(raw_ids)
    for at in range(0, len(wanted), AT_ONCE):
        some = wanted[at : at + AT_ONCE]
        session.execute(delete(AttachmentRow).where(col(AttachmentRow.raw_id).in_(some)))
        for table in (MessageRow, LedgerRow):
            session.execute(update(table).where(col(table.raw_id).in_(some)).values(raw_id=None))
        session.execute(delete(RawRow).where(col(RawRow.id).in_(some)))
    return len(wanted)


def size_of(session: Session, table: type[Row]) -> int:
    """Count the rows of a table."""
    return int(session.exec(select(func.count()).select_from(table)).one())


def sweep(session: Session, table: Any, after: int, matcher: Matcher) -> tuple[int, int, Erased]:
    """Take traces out of the next rows of a table; return the last key, their number, and what was erased."""
    query = select(table).where(table.id > after).order_by(table.id).limit(AT_ONCE)
    rows = session.exec(query).all()
    erased = Erased()
    for row in rows:
        if isinstance(row, EventRow):
            if any(matcher.found(str(part)) for part in audit_hash.personal_fields(row)):
                erased.entries += audit_hash.erase(row)
        elif isinstance(row, RawRow):
            if matcher.found(readable(zlib.decompress(row.octets))):
                erased.mails += drop_mails(session, [identity(row.id)])
        elif _redact(row, matcher):
            erased.places += 1
            if isinstance(row, TicketRow | MessageRow):
                erased.changed.add(identity(row.id if isinstance(row, TicketRow) else row.ticket_id))
    if table is TicketRow:
        in_copy = _redact_cc(session, [row.id for row in rows], matcher)
        erased.places += len(in_copy - erased.changed)
        erased.changed |= in_copy
    return (identity(rows[-1].id) if rows else after), len(rows), erased


def _redact_cc(session: Session, ticket_ids: list[int], matcher: Matcher) -> set[int]:
    """Remove a person from the people in copy of these tickets; return the tickets that had them."""
    people = session.execute(_CC_OF_TICKETS, {"tickets": ticket_ids})
    found = [
        {"ticket": ticket_id, "person": address}
        for ticket_id, address, name in people
        if matcher.found(f"{name} {address}")
    ]
    if found:
        session.connection().execute(_DELETE_CC, found)
    return {one["ticket"] for one in found}


def _redact(row: Row, matcher: Matcher) -> bool:
    """Remove a person's data from one row; tell whether it had any."""
    changed = False
    for name in _PERSONAL[type(row)]:
        value = getattr(row, name)
        if isinstance(value, list):
            redacted: Any = [item for item in value if not matcher.found(str(item))]
        else:
            redacted = matcher.redacted(value) if value else value
        if redacted != value:
            setattr(row, name, "" if redacted == matcher.mark else redacted)
            changed = True
    return changed


def sweep_people(session: Session, matcher: Matcher) -> int:
    """Take traces out of the small tables: deputies, who blocked whom, troubles; count the places."""
    columns: tuple[tuple[type[Row], str], ...] = (
        (PersonRow, "deputy"),
        (PersonRow, "undeliverable"),
        (BlockedRow, "by"),
        (MailboxRow, "last_error"),
        (AlertRow, "text"),
    )
    places = 0
    for table, name in columns:
        for row in session.exec(select(table)):
            value = getattr(row, name)
            if matcher.found(value):
                setattr(row, name, matcher.redacted(value).removesuffix(matcher.mark))
                places += 1
    return places


def readable(octets: bytes) -> str:
    """Return all that can be read in a mail: header fields and parts, decoded, and the octets as they are."""
    found = [octets.decode("utf-8", "replace")]
    for part in email.message_from_bytes(octets).walk():
        found += map(_decoded, map(str, part.values()))
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            found += [payload.decode("utf-8", "replace"), payload.decode("latin-1")]
    return "\n".join(found)


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):  # as strange as it is, it is among the octets
        return value


def own_words(session: Session, address: str) -> tuple[set[str], set[str]]:
    """Return the names that somebody goes by, and the texts that he wrote or that his tickets are about."""
    names = {row.name for row in [session.get(PersonRow, address)] if row}
    names.update(session.exec(select(TicketRow.requester_name).where(TicketRow.requester == address)))
    names.update(session.exec(select(MessageRow.author_name).where(MessageRow.author == address)))
    texts = set(session.exec(select(MessageRow.text).where(MessageRow.author == address)))
    texts.update(session.exec(select(TicketRow.subject).where(TicketRow.requester == address)))
    return names - {""}, texts


def expire_tickets(session: Session, before: datetime) -> Erased:
    """Empty some tickets that were closed before that time; nothing erased means that none is left."""
    query = select(TicketRow.id, TicketRow.closed).where(_closed(before), TicketRow.requester != "")
    erased = Erased()
    for ticket_id, closed in session.exec(query.limit(EXPIRED_AT_ONCE)).all():
        erased.add(empty_ticket(session, identity(ticket_id), closed or before))
    return erased


def expire_mails(session: Session, before: datetime) -> Erased:
    """Erase some raw mails, files and sent letters of tickets that were closed before that time."""
    old = select(TicketRow.id).where(_closed(before))
    raws = select(MessageRow.raw_id).where(
        col(MessageRow.raw_id).is_not(None), col(MessageRow.ticket_id).in_(old)
    )
    mails = {raw for raw in session.exec(raws.limit(AT_ONCE)) if raw is not None}
    letters = select(OutboxRow.id).where(col(OutboxRow.ticket_id).in_(old), _is_sent(), OutboxRow.text != "")
    keys = list(session.exec(letters.limit(AT_ONCE)))
    emptied = {"text": "", "html": "", "attachments": []}
    session.execute(update(OutboxRow).where(col(OutboxRow.id).in_(keys)).values(**emptied))
    return Erased(mails=drop_mails(session, mails), places=len(keys))


def expire_others(session: Session, before: datetime) -> Erased:
    """Erase some mails and letters that belong to no ticket and came or were written before that time."""
    left = or_(LedgerRow.sender != "", col(LedgerRow.raw_id).is_not(None))
    query = select(LedgerRow.id, LedgerRow.raw_id).where(
        col(LedgerRow.ticket_id).is_(None), LedgerRow.at < before, LedgerRow.outcome != "quarantined", left
    )
    entries = session.exec(query.limit(AT_ONCE)).all()
    _empty_ledger(session, col(LedgerRow.id).in_([key for key, _ in entries]))
    mails = drop_mails(session, {raw for _, raw in entries if raw is not None})
    alone = select(OutboxRow.id).where(
        col(OutboxRow.ticket_id).is_(None), _is_sent(), OutboxRow.created < before
    )
    letters = list(session.exec(alone.limit(AT_ONCE)))
    session.execute(delete(OutboxRow).where(col(OutboxRow.id).in_(letters)))
    return Erased(mails=max(mails, len(entries)), places=len(letters))


def _closed(before: datetime) -> Any:
    return (col(TicketRow.status) == Status.CLOSED.value) & (col(TicketRow.closed) < before)


def _is_sent() -> Any:
    return col(OutboxRow.state).not_in(["queued", "sending", "uncertain"])


def overwrite(session: Session) -> None:
    """Let SQLite write zeros over what this transaction deletes, instead of only letting go of it."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))


def settle_index(session: Session) -> None:
    """Take deleted words out of the full-text index: SQLite's keeps them until it is merged."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text(_COMPACT_SQLITE[0]))


def compact(engine: Engine) -> Iterator[str]:
    """Rewrite the database's files, so that what was erased is in no free page; yield what is done next.

    Others wait meanwhile. What PostgreSQL's write-ahead log holds goes with its own recycling.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.url.get_backend_name() == "sqlite":
            sqlite: Any = connection.connection.driver_connection
            for statement in _COMPACT_SQLITE:
                yield statement
                sqlite.execute(statement).fetchall()
            return
        for name in (*sorted(metadata.tables), "search"):
            yield name
            connection.execute(text(f'VACUUM (FULL, ANALYZE) "{name}"'))
