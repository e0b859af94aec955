"""Erase what is stored of people: whole tickets, single mails, and traces in what others wrote.

What stays of a ticket are figures: school, number, status, level, priority, times, and how many messages; of
a mail in the ledger where it lay and what became of it, so that it is not handled twice.
"""

import email
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from typing import Any, Protocol

from sqlalchemy import BindParameter, Engine, Row, Table, bindparam, delete, func, or_, select, text, update
from sqlalchemy.sql import Update
from sqlmodel import Session

from mailbot.core.model.ticket_fields import PERSONAL_COLUMNS, without_personal_data
from mailbot.store import audit_hash, search
from mailbot.store.mapping import to_ticket, update_row
from mailbot.store.tables import DUE_CONDITION, metadata

BATCH_SIZE = 200

_TICKET, _TICKET_CC, _MESSAGE, _FILE, _EVENT, _RAW_MAIL = (
    metadata.tables[name] for name in ("ticket", "ticket_cc", "message", "attachment", "event", "raw_mail")
)
_LEDGER, _HELD, _OUTBOX = (metadata.tables[name] for name in ("ledger", "held", "outbox"))
_PERSON, _BLOCKED, _MAILBOX, _ALERT = (
    metadata.tables[name] for name in ("person", "blocked", "mailbox", "alert")
)

# Columns with texts and addresses, of the tables that have a number for a key.
_PERSONAL: dict[Table, tuple[str, ...]] = {
    _TICKET: PERSONAL_COLUMNS,
    _MESSAGE: ("author", "author_name", "text", "quoted", "message_id"),
    _FILE: ("filename",),
    _LEDGER: ("message_id", "sender", "subject", "because", "traceback"),
    _HELD: ("address",),
    _OUTBOX: ("recipient", "recipient_name", "sender_name", "author", "subject", "text", "html",
              "in_reply_to", "last_error", "reference_ids", "attachments"),
}  # fmt: skip
REDACTED_TABLES: tuple[Table, ...] = (*_PERSONAL, _EVENT, _RAW_MAIL)
_SMALL = (
    (_PERSON, "deputy"),
    (_PERSON, "undeliverable"),
    (_BLOCKED, "by"),
    (_MAILBOX, "last_error"),
    (_ALERT, "text"),
)
_COMPACT_SQLITE = (
    "INSERT INTO search(search) VALUES('optimize')",  # removes deleted words from the index
    "VACUUM",
    "PRAGMA wal_checkpoint(TRUNCATE)",
)
# The values that erasure leaves in a message, in an entry of the ledger and in an entry of the audit trail.
_NO_MESSAGE = {"author": "", "author_name": "", "text": "", "quoted": "", "message_id": ""}
_NO_MAIL = {"message_id": "", "sender": "", "subject": "", "because": "", "traceback": "", "raw_id": None}
_NO_ENTRY = dict.fromkeys((*audit_hash.PERSONAL, "salt"), "") | {"before": None}

_OF_TICKET: BindParameter[Any] = bindparam("of_ticket")
_SOME: BindParameter[Any] = bindparam("some", expanding=True)
_ADDRESS: BindParameter[Any] = bindparam("of_address")

# Lock a ticket.
_LOCK_TICKET = select(_TICKET).where(_TICKET.c.id == _OF_TICKET).with_for_update()
# Find the tickets of a requester.
_TICKETS_OF = select(_TICKET.c.id).where(_TICKET.c.requester == _ADDRESS).order_by(_TICKET.c.id)
# Count the mails that are to be sent to a person or about their tickets.
_MAILS_DUE = select(func.count()).where(
    text(DUE_CONDITION),
    or_(_OUTBOX.c.recipient == _ADDRESS, _OUTBOX.c.ticket_id.in_(_TICKETS_OF.order_by(None))),
)
# Find the raw mails of a ticket, and of a person.
_RAW_OF_TICKET = tuple(
    select(table.c.raw_id).where(table.c.ticket_id == _OF_TICKET, table.c.raw_id.is_not(None))
    for table in (_MESSAGE, _LEDGER)
)
_RAW_OF_PERSON = tuple(
    select(table.c.raw_id).where(author == _ADDRESS, table.c.raw_id.is_not(None))
    for table, author in ((_MESSAGE, _MESSAGE.c.author), (_LEDGER, _LEDGER.c.sender))
)
# Erase a ticket: its mails, files, messages and entries of the audit trail.
_DELETE_MAILS_OF_TICKET = delete(_OUTBOX).where(_OUTBOX.c.ticket_id == _OF_TICKET)
_DELETE_FILES_OF_TICKET = delete(_FILE).where(
    _FILE.c.message_row.in_(select(_MESSAGE.c.id).where(_MESSAGE.c.ticket_id == _OF_TICKET))
)
_EMPTY_MESSAGES_OF_TICKET = (
    update(_MESSAGE).where(_MESSAGE.c.ticket_id == _OF_TICKET).values(**_NO_MESSAGE, raw_id=None)
)
_EMPTY_ENTRIES_OF_TICKET = (
    update(_EVENT).where(_EVENT.c.ticket_id == _OF_TICKET, _EVENT.c.salt != "").values(**_NO_ENTRY)
)
# Erase entries of the audit trail.
_EMPTY_ENTRIES = update(_EVENT).where(_EVENT.c.id.in_(_SOME), _EVENT.c.salt != "").values(**_NO_ENTRY)
# Find the tickets with messages of a person, and erase these messages.
_TICKETS_WITH = select(_MESSAGE.c.ticket_id).where(_MESSAGE.c.author == _ADDRESS).distinct()
_EMPTY_MESSAGES_OF_PERSON = (
    update(_MESSAGE)
    .where(_MESSAGE.c.author == _ADDRESS)
    .values(_NO_MESSAGE | {"author_name": bindparam("mark")})
)
# Erase the mails to a person and what is known of their address.
_DELETE_OF_PERSON = (
    delete(_OUTBOX).where(_OUTBOX.c.recipient == _ADDRESS),
    delete(_PERSON).where(_PERSON.c.address == _ADDRESS),
    delete(_BLOCKED).where(_BLOCKED.c.address == _ADDRESS),
)
# Find entries of the ledger: those of a ticket and of a sender.
_ENTRIES_OF_TICKET = select(_LEDGER.c.id).where(_LEDGER.c.ticket_id == _OF_TICKET)
_ENTRIES_OF_PERSON = select(_LEDGER.c.id).where(_LEDGER.c.sender == _ADDRESS)
# Erase entries of the ledger, their held mails and the mails about these.
_EMPTY_LEDGER = (
    delete(_OUTBOX).where(_OUTBOX.c.held_id.in_(select(_HELD.c.id).where(_HELD.c.ledger_id.in_(_SOME)))),
    delete(_HELD).where(_HELD.c.ledger_id.in_(_SOME)),
    update(_LEDGER).where(_LEDGER.c.id.in_(_SOME)).values(**_NO_MAIL),
)
# Delete raw mails, and what refers to them.
_DELETE_RAW_MAILS = (
    delete(_FILE).where(_FILE.c.raw_id.in_(_SOME)),
    update(_MESSAGE).where(_MESSAGE.c.raw_id.in_(_SOME)).values(raw_id=None),
    update(_LEDGER).where(_LEDGER.c.raw_id.in_(_SOME)).values(raw_id=None),
    delete(_RAW_MAIL).where(_RAW_MAIL.c.id.in_(_SOME)),
)
# Read the people in copy of some tickets, and remove one of them.
_CC_OF_TICKETS = select(_TICKET_CC).where(_TICKET_CC.c.ticket_id.in_(_SOME))
_DELETE_CC = delete(_TICKET_CC).where(_TICKET_CC.c.ticket_id == _OF_TICKET, _TICKET_CC.c.address == _ADDRESS)
# Read the next rows of a table.
_NEXT_ROWS = {
    table: select(table).where(table.c.id > bindparam("last")).order_by(table.c.id).limit(BATCH_SIZE)
    for table in REDACTED_TABLES
}
# Read the names and the texts of a person.
_NAMES = (
    select(_PERSON.c.name).where(_PERSON.c.address == _ADDRESS),
    select(_TICKET.c.requester_name).where(_TICKET.c.requester == _ADDRESS),
    select(_MESSAGE.c.author_name).where(_MESSAGE.c.author == _ADDRESS),
)
_TEXTS = (
    select(_MESSAGE.c.text).where(_MESSAGE.c.author == _ADDRESS),
    select(_TICKET.c.subject).where(_TICKET.c.requester == _ADDRESS),
)


class Matcher(Protocol):
    """Find a person's data in texts; `mark` replaces it."""

    @property
    def replacement(self) -> str: ...

    def matches(self, text: str) -> bool:
        """Tell whether a text has data of the person."""

    def redact(self, text: str) -> str:
        """Return a text with the mark in place of the data."""


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


def tickets_of(session: Session, address: str) -> Sequence[int]:
    """Return the tickets of a requester."""
    return session.execute(_TICKETS_OF, {"of_address": address}).scalars().all()


def count_due_mails(session: Session, address: str) -> int:
    """Count the mails that are to be sent to a person or about their tickets."""
    return int(session.execute(_MAILS_DUE, {"of_address": address}).scalar_one())


def erase_ticket(session: Session, ticket_id: int, now: datetime) -> Erased:
    """Erase a ticket's personal data and close it."""
    values = {"of_ticket": ticket_id}
    row = session.execute(_LOCK_TICKET, values).one()
    mails = {raw for query in _RAW_OF_TICKET for raw in session.execute(query, values).scalars()}
    session.execute(_DELETE_MAILS_OF_TICKET, values)
    erase_ledger_entries(session, session.execute(_ENTRIES_OF_TICKET, values).scalars().all())
    session.execute(_DELETE_FILES_OF_TICKET, values)
    session.execute(_EMPTY_MESSAGES_OF_TICKET, values)
    entries = _changed(session, _EMPTY_ENTRIES_OF_TICKET, values)
    ticket = to_ticket(session, row)
    update_row(session, row, ticket, without_personal_data(ticket, now))
    search.remove(session, ticket_id)
    return Erased(tickets=1, mails=delete_raw_mails(session, mails), entries=entries)


def erase_audit_entries(session: Session, entries: Sequence[int]) -> int:
    """Erase the personal fields of entries of the audit trail; return how many entries had any."""
    return _changed(session, _EMPTY_ENTRIES, {"some": entries}) if entries else 0


def _changed(session: Session, statement: Update, values: dict[str, Any]) -> int:
    """Execute an update and return the number of its rows."""
    result = session.connection().execute(statement, values)
    return int(result.rowcount)


def erase_ledger_entries(session: Session, entries: Sequence[int]) -> None:
    """Erase entries of the ledger, so that only where each mail was and its outcome are left."""
    for at in range(0, len(entries), BATCH_SIZE):
        for statement in _EMPTY_LEDGER:
            session.execute(statement, {"some": entries[at : at + BATCH_SIZE]})


def erase_own_texts(session: Session, address: str, mark: str) -> Erased:
    """Erase what a person wrote in tickets of others or outside of tickets, and the mails to them.

    `mark` replaces their name.
    """
    values = {"of_address": address}
    mails = {raw for query in _RAW_OF_PERSON for raw in session.execute(query, values).scalars()}
    changed = set(session.execute(_TICKETS_WITH, values).scalars())
    erase_ledger_entries(session, session.execute(_ENTRIES_OF_PERSON, values).scalars().all())
    session.execute(_EMPTY_MESSAGES_OF_PERSON, {**values, "mark": mark})
    for statement in _DELETE_OF_PERSON:
        session.execute(statement, values)
    return Erased(mails=delete_raw_mails(session, mails), changed=changed)


def delete_raw_mails(session: Session, raw_ids: Iterable[int]) -> int:
    """Delete raw mails with their files, and every reference to them; return their number."""
    wanted = sorted(raw_ids)
    for at in range(0, len(wanted), BATCH_SIZE):
        for statement in _DELETE_RAW_MAILS:
            session.execute(statement, {"some": wanted[at : at + BATCH_SIZE]})
    return len(wanted)


def count_rows(session: Session, table: Table) -> int:
    """Count the rows of a table."""
    return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def redact_batch(session: Session, table: Table, after: int, matcher: Matcher) -> tuple[int, int, Erased]:
    """Erase a person's data in the next rows of a table.

    Returns the last key, the number of rows, and what was erased.
    """
    rows = session.execute(_NEXT_ROWS[table], {"last": after}).all()
    erased = Erased()
    if table is _EVENT:
        found = [
            row.id
            for row in rows
            if any(matcher.matches(str(part)) for part in audit_hash.personal_fields(row))
        ]
        erased.entries = erase_audit_entries(session, found)
    elif table is _RAW_MAIL:
        found = [row.id for row in rows if matcher.matches(readable(zlib.decompress(row.octets)))]
        erased.mails = delete_raw_mails(session, found)
    else:
        for row in rows:
            if _redact(session, table, row, matcher):
                erased.places += 1
                if table in (_TICKET, _MESSAGE):
                    erased.changed.add(row.id if table is _TICKET else row.ticket_id)
    if table is _TICKET:
        in_copy = _redact_cc(session, [row.id for row in rows], matcher)
        erased.places += len(in_copy - erased.changed)
        erased.changed |= in_copy
    return (rows[-1].id if rows else after), len(rows), erased


def _redact_cc(session: Session, ticket_ids: list[int], matcher: Matcher) -> set[int]:
    """Remove a person from the people in copy of these tickets; return the tickets that had them."""
    found = [
        {"of_ticket": row.ticket_id, "of_address": row.address}
        for row in session.execute(_CC_OF_TICKETS, {"some": ticket_ids})
        if matcher.matches(f"{row.name} {row.address}")
    ]
    if found:
        session.connection().execute(_DELETE_CC, found)
    return {one["of_ticket"] for one in found}


def _redact(session: Session, table: Table, row: Row[Any], matcher: Matcher) -> bool:
    """Remove a person's data from one row; tell whether it had any."""
    changed: dict[str, Any] = {}
    for name in _PERSONAL[table]:
        value = getattr(row, name)
        if isinstance(value, list):
            redacted: Any = [item for item in value if not matcher.matches(str(item))]
        else:
            redacted = matcher.redact(value) if value else value
        if redacted != value:
            changed[name] = "" if redacted == matcher.replacement else redacted
    if changed:
        session.execute(update(table).where(table.c.id == row.id).values(changed))
    return bool(changed)


def redact_people(session: Session, matcher: Matcher) -> int:
    """Erase a person's data in the small tables: deputies, blocks and errors; return the number of places."""
    places = 0
    for table, name in _SMALL:
        column = table.c[name]
        for value in session.execute(select(column).distinct()).scalars().all():
            if matcher.matches(value):
                redacted = matcher.redact(value).removesuffix(matcher.replacement)
                statement = update(table).where(column == value).values({name: redacted})
                places += _changed(session, statement, {})
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


def names_and_texts(session: Session, address: str) -> tuple[set[str], set[str]]:
    """Return the names of a person, and the texts that they wrote or that their tickets are about."""
    values = {"of_address": address}
    names = {name for query in _NAMES for name in session.execute(query, values).scalars()}
    return names - {""}, {text for query in _TEXTS for text in session.execute(query, values).scalars()}


def enable_secure_delete(session: Session) -> None:
    """Let SQLite write zeros over what this transaction deletes, instead of only letting go of it."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))


def optimize_index(session: Session) -> None:
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
