"""Erase personal data: whole tickets, single mails, and a person's data in the texts of others.

The figures of a ticket stay: school, number, status, level, priority, times and the number of messages. The
location and the outcome of a mail stay in the ledger, so that it is not processed twice.
"""

import email
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from typing import Any, Protocol

from sqlalchemy import BindParameter, Row, Table, bindparam, delete, func, or_, select, text, update
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
_LEDGER, _HELD, _OUTBOX, _PLACE = (metadata.tables[name] for name in ("ledger", "held", "outbox", "place"))
_PERSON, _BLOCKED, _MAILBOX, _ALERT = (
    metadata.tables[name] for name in ("person", "blocked", "mailbox", "alert")
)

# The columns with texts and addresses, of tables with an integer key.
_PERSONAL: dict[Table, tuple[str, ...]] = {
    _TICKET: PERSONAL_COLUMNS,
    _MESSAGE: ("author", "author_name", "text", "quoted", "message_id", "signature"),
    _FILE: ("filename",),
    _LEDGER: ("message_id", "sender", "subject", "because", "traceback"),
    _HELD: ("address",),
    _OUTBOX: ("recipient", "recipient_name", "sender_name", "author", "subject", "text", "html", "calendar",
              "in_reply_to", "last_error", "reference_ids", "attachments"),
}  # fmt: skip
REDACTED_TABLES: tuple[Table, ...] = (*_PERSONAL, _EVENT, _RAW_MAIL)
_OTHER_COLUMNS = (
    (_PERSON, "deputy"),
    (_PERSON, "undeliverable"),
    (_BLOCKED, "by"),
    (_MAILBOX, "last_error"),
    (_ALERT, "text"),
)
# The columns of an erased message, ledger entry and audit entry.
_ERASED_MESSAGE = dict.fromkeys(_PERSONAL[_MESSAGE], "")
_ERASED_LEDGER_ENTRY = {
    "message_id": "",
    "sender": "",
    "subject": "",
    "because": "",
    "traceback": "",
    "raw_id": None,
}
_ERASED_AUDIT_ENTRY = dict.fromkeys((*audit_hash.PERSONAL, "salt"), "") | {"before": None}

_OF_TICKET: BindParameter[Any] = bindparam("ticket")
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_ADDRESS: BindParameter[Any] = bindparam("address")

_LOCK_TICKET = select(_TICKET).where(_TICKET.c.id == _OF_TICKET).with_for_update()
_TICKETS_OF = select(_TICKET.c.id).where(_TICKET.c.requester == _ADDRESS).order_by(_TICKET.c.id)
# Count the due mails to a person or about their tickets.
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
# Erase the mails, files, messages, places and audit entries of a ticket.
_DELETE_MAILS_OF_TICKET = delete(_OUTBOX).where(_OUTBOX.c.ticket_id == _OF_TICKET)
_DELETE_FILES_OF_TICKET = delete(_FILE).where(
    _FILE.c.message_row.in_(select(_MESSAGE.c.id).where(_MESSAGE.c.ticket_id == _OF_TICKET))
)
_ERASE_MESSAGES_OF_TICKET = (
    update(_MESSAGE).where(_MESSAGE.c.ticket_id == _OF_TICKET).values(**_ERASED_MESSAGE, raw_id=None)
)
_DELETE_PLACES_OF_TICKET = delete(_PLACE).where(_PLACE.c.ticket_id == _OF_TICKET)
_ERASE_AUDIT_ENTRIES_OF_TICKET = (
    update(_EVENT).where(_EVENT.c.ticket_id == _OF_TICKET, _EVENT.c.salt != "").values(**_ERASED_AUDIT_ENTRY)
)
# Erase audit entries.
_ERASE_AUDIT_ENTRIES = (
    update(_EVENT).where(_EVENT.c.id.in_(_IDS), _EVENT.c.salt != "").values(**_ERASED_AUDIT_ENTRY)
)
# Find the tickets with messages of a person, and erase these messages.
_TICKETS_WITH = select(_MESSAGE.c.ticket_id).where(_MESSAGE.c.author == _ADDRESS).distinct()
_ERASE_MESSAGES_OF_PERSON = (
    update(_MESSAGE)
    .where(_MESSAGE.c.author == _ADDRESS)
    .values(_ERASED_MESSAGE | {"author_name": bindparam("replacement")})
)
# Delete the mails to a person and the rows of their address.
_DELETE_OF_PERSON = (
    delete(_OUTBOX).where(_OUTBOX.c.recipient == _ADDRESS),
    delete(_PERSON).where(_PERSON.c.address == _ADDRESS),
    delete(_BLOCKED).where(_BLOCKED.c.address == _ADDRESS),
)
# Find the ledger entries of a ticket and of a sender.
_LEDGER_IDS_OF_TICKET = select(_LEDGER.c.id).where(_LEDGER.c.ticket_id == _OF_TICKET)
_LEDGER_IDS_OF_PERSON = select(_LEDGER.c.id).where(_LEDGER.c.sender == _ADDRESS)
# Erase ledger entries; delete their held mails and the mails about these.
_ERASE_LEDGER_ENTRIES = (
    delete(_OUTBOX).where(_OUTBOX.c.held_id.in_(select(_HELD.c.id).where(_HELD.c.ledger_id.in_(_IDS)))),
    delete(_HELD).where(_HELD.c.ledger_id.in_(_IDS)),
    update(_LEDGER).where(_LEDGER.c.id.in_(_IDS)).values(**_ERASED_LEDGER_ENTRY),
)
# Delete raw mails with their files, and remove the references to them.
_DELETE_RAW_MAILS = (
    delete(_FILE).where(_FILE.c.raw_id.in_(_IDS)),
    update(_MESSAGE).where(_MESSAGE.c.raw_id.in_(_IDS)).values(raw_id=None),
    update(_LEDGER).where(_LEDGER.c.raw_id.in_(_IDS)).values(raw_id=None),
    delete(_RAW_MAIL).where(_RAW_MAIL.c.id.in_(_IDS)),
)
# Read the people in cc of some tickets, and remove one of them.
_CC_OF_TICKETS = select(_TICKET_CC).where(_TICKET_CC.c.ticket_id.in_(_IDS))
_DELETE_CC = delete(_TICKET_CC).where(_TICKET_CC.c.ticket_id == _OF_TICKET, _TICKET_CC.c.address == _ADDRESS)
# Read the next rows of a table.
_NEXT_ROWS = {
    table: select(table).where(table.c.id > bindparam("last")).order_by(table.c.id).limit(BATCH_SIZE)
    for table in REDACTED_TABLES
}
# Read the names of a person, and their texts.
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
    """Finds a person's data in texts; `replacement` is the text that replaces it."""

    @property
    def replacement(self) -> str: ...

    def matches(self, text: str) -> bool:
        """Return whether a text has data of the person."""

    def redact(self, text: str) -> str:
        """Return a text with the replacement in place of the data."""

    def redact_identifiers(self, text: str) -> str:
        """Return a text with the replacement in place of addresses and names."""

    def has_surname(self, text: str) -> bool:
        """Return whether a text has a surname of the person as a word."""


@dataclass(slots=True)
class Erased:
    """The numbers of erased tickets, mails, fields (`places`) and audit entries, and the changed tickets."""

    tickets: int = 0
    mails: int = 0
    places: int = 0
    entries: int = 0
    changed: set[int] = field(default_factory=set)

    def add(self, other: "Erased") -> None:
        """Add the numbers and the changed tickets of another result."""
        self.tickets += other.tickets
        self.mails += other.mails
        self.places += other.places
        self.entries += other.entries
        self.changed |= other.changed


def tickets_of(session: Session, address: str) -> Sequence[int]:
    """Return the keys of a requester's tickets."""
    return session.execute(_TICKETS_OF, {"address": address}).scalars().all()


def count_due_mails(session: Session, address: str) -> int:
    """Count the due mails to a person or about their tickets."""
    return int(session.execute(_MAILS_DUE, {"address": address}).scalar_one())


def erase_ticket(session: Session, ticket_id: int, now: datetime) -> Erased:
    """Erase a ticket's personal data and close it."""
    values = {"ticket": ticket_id}
    row = session.execute(_LOCK_TICKET, values).one()
    # First, as the next statements remove the references to them.
    mails = {raw for query in _RAW_OF_TICKET for raw in session.execute(query, values).scalars()}
    session.execute(_DELETE_MAILS_OF_TICKET, values)
    erase_ledger_entries(session, session.execute(_LEDGER_IDS_OF_TICKET, values).scalars().all())
    session.execute(_DELETE_FILES_OF_TICKET, values)
    session.execute(_ERASE_MESSAGES_OF_TICKET, values)
    session.execute(_DELETE_PLACES_OF_TICKET, values)
    entries = _rowcount(session, _ERASE_AUDIT_ENTRIES_OF_TICKET, values)
    ticket = to_ticket(session, row)
    update_row(session, row, ticket, without_personal_data(ticket, now))
    search.remove(session, ticket_id)
    return Erased(tickets=1, mails=delete_raw_mails(session, mails), entries=entries)


def erase_audit_entries(session: Session, entries: Sequence[int]) -> int:
    """Erase the personal fields of audit entries; return the number of entries that were not erased yet."""
    return _rowcount(session, _ERASE_AUDIT_ENTRIES, {"ids": entries}) if entries else 0


def _rowcount(session: Session, statement: Update, values: dict[str, Any]) -> int:
    """Execute an update and return the number of changed rows."""
    result = session.connection().execute(statement, values)
    return int(result.rowcount)


def erase_ledger_entries(session: Session, entries: Sequence[int]) -> None:
    """Erase ledger entries, so that only the location and the outcome of each mail stay."""
    for at in range(0, len(entries), BATCH_SIZE):
        for statement in _ERASE_LEDGER_ENTRIES:
            session.execute(statement, {"ids": entries[at : at + BATCH_SIZE]})


def erase_own_texts(session: Session, address: str, replacement: str) -> Erased:
    """Erase a person's texts in tickets of others and outside of tickets, and the mails to them.

    `replacement` replaces their name.
    """
    values = {"address": address}
    mails = {raw for query in _RAW_OF_PERSON for raw in session.execute(query, values).scalars()}
    changed = set(session.execute(_TICKETS_WITH, values).scalars())
    erase_ledger_entries(session, session.execute(_LEDGER_IDS_OF_PERSON, values).scalars().all())
    session.execute(_ERASE_MESSAGES_OF_PERSON, {**values, "replacement": replacement})
    for statement in _DELETE_OF_PERSON:
        session.execute(statement, values)
    return Erased(mails=delete_raw_mails(session, mails), changed=changed)


def delete_raw_mails(session: Session, raw_ids: Iterable[int]) -> int:
    """Delete raw mails with their files, and remove the references to them; return their number."""
    ids = sorted(raw_ids)
    for at in range(0, len(ids), BATCH_SIZE):
        for statement in _DELETE_RAW_MAILS:
            session.execute(statement, {"ids": ids[at : at + BATCH_SIZE]})
    return len(ids)


def count_rows(session: Session, table: Table) -> int:
    """Count the rows of a table."""
    return int(session.execute(select(func.count()).select_from(table)).scalar_one())


def redact_batch(session: Session, table: Table, after: int, matcher: Matcher) -> tuple[int, int, Erased]:
    """Erase a person's data in the next BATCH_SIZE rows of a table.

    Return the last key, the number of rows, and the numbers of the erased data.
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
        found = [row.id for row in rows if matcher.matches(readable_text(zlib.decompress(row.content)))]
        erased.mails = delete_raw_mails(session, found)
    else:
        for row in rows:
            if _redact(session, table, row, matcher):
                erased.places += 1
                if table in (_TICKET, _MESSAGE):
                    erased.changed.add(row.id if table is _TICKET else row.ticket_id)
    if table is _TICKET:
        with_cc = _redact_cc(session, [row.id for row in rows], matcher)
        erased.places += len(with_cc - erased.changed)
        erased.changed |= with_cc
    return (rows[-1].id if rows else after), len(rows), erased


def _redact_cc(session: Session, ticket_ids: list[int], matcher: Matcher) -> set[int]:
    """Remove a person from the cc of tickets; return the keys of the tickets that had them."""
    found = [
        {"ticket": row.ticket_id, "address": row.address}
        for row in session.execute(_CC_OF_TICKETS, {"ids": ticket_ids})
        if matcher.matches(f"{row.name} {row.address}")
    ]
    if found:
        session.connection().execute(_DELETE_CC, found)
    return {values["ticket"] for values in found}


def _redact(session: Session, table: Table, row: Row[Any], matcher: Matcher) -> bool:
    """Erase a person's data in one row; return whether there was any."""
    changed: dict[str, Any] = {}
    for name in _PERSONAL[table]:
        value = getattr(row, name)
        if isinstance(value, list):
            redacted: Any = [item for item in value if not matcher.matches(str(item))]
        elif isinstance(value, str):
            redacted = matcher.redact(value) if value else value
        else:  # the time of an appointment
            redacted = value
        if redacted != value:
            changed[name] = "" if redacted == matcher.replacement else redacted
    if changed:
        session.execute(update(table).where(table.c.id == row.id).values(changed))
    return bool(changed)


def redact_people(session: Session, matcher: Matcher) -> int:
    """Erase a person's data in deputies, bounces, blocks, errors and alerts; return the number of rows."""
    places = 0
    for table, name in _OTHER_COLUMNS:
        column = table.c[name]
        for value in session.execute(select(column).distinct()).scalars().all():
            if matcher.matches(value):
                redacted = matcher.redact(value).removesuffix(matcher.replacement)
                statement = update(table).where(column == value).values({name: redacted})
                places += _rowcount(session, statement, {})
    return places


def readable_text(raw: bytes) -> str:
    """Return all readable text of a mail: its decoded header fields and parts, and its bytes as UTF-8."""
    found = [raw.decode("utf-8", "replace")]
    for part in email.message_from_bytes(raw).walk():
        found += map(_decoded, map(str, part.values()))
        payload = part.get_payload(decode=True)
        # The charset may be wrong or unknown: the person is found in either reading.
        if isinstance(payload, bytes):
            found += [payload.decode("utf-8", "replace"), payload.decode("latin-1")]
    return "\n".join(found)


def _decoded(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError):  # the undecoded value is part of the bytes
        return value


def names_and_texts(session: Session, address: str) -> tuple[set[str], set[str]]:
    """Return the names of a person, and their texts: messages and subjects."""
    values = {"address": address}
    names = {name for query in _NAMES for name in session.execute(query, values).scalars()}
    return names - {""}, {text for query in _TEXTS for text in session.execute(query, values).scalars()}
