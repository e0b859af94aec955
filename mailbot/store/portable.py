"""Read the rows of the exported tables as JSON values, and insert rows that were checked.

A field of the export is a column of the table; the tables and columns that are not exported are listed here.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Table, bindparam, func, literal, select, union_all, update
from sqlmodel import Session

from mailbot.core.model.mail import Danger
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Attachment, Direction, Priority, ReminderStage, Role, Status, Visibility
from mailbot.core.model.ticket_fields import FIELDS
from mailbot.core.text.places import LABELS
from mailbot.store import search
from mailbot.store.database import SQLAlchemyError, first_line
from mailbot.store.enqueue import hash_action_key
from mailbot.store.tables import metadata
from mailbot.store.transfer import finish_tables, occupied, ordered_rows

EXCLUDED_TABLES = {
    "alert": "a problem of the old installation; the new one finds its own",
    "attempt": "mails in progress",
    "heartbeat": "a process",
    "lease": "a process",
    "worker": "a process",
}
EXCLUDED_COLUMNS: dict[str, dict[str, Any]] = {
    "mailbox": {"last_success": None, "last_error": "", "failing_since": None, "recover_since": None},
    "outbox": {"key_hash": "", "holder": ""},
    "raw_mail": {"content": b""},
}
"""The columns that are not exported, with the values that they get before the import sets others."""

TABLES = tuple(table for table in metadata.sorted_tables if table.name not in EXCLUDED_TABLES)
FIELDS_OF = {
    table.name: tuple(c.name for c in table.columns if c.name not in EXCLUDED_COLUMNS.get(table.name, ()))
    for table in TABLES
}
"""The exported columns of each table."""

ACTION_KEY = re.compile(r"(?<=%5Bmailbot%3A)[a-z2-7]{26}(?=%5D)")
NO_KEY = "-" * 26
"""The text in place of an action key in a link."""
_PARTS = ("text", "html")
"""The columns of outgoing mails with links."""

_CHOICES: dict[tuple[str, str], Collection[Any]] = {
    ("ticket", "status"): set(Status),
    ("ticket", "priority"): set(Priority),
    ("ticket", "level"): {1, 2},
    ("place", "kind"): LABELS.keys(),
    ("ticket", "step"): set(ReminderStage),
    ("message", "direction"): set(Direction),
    ("message", "visibility"): set(Visibility),
    ("attachment", "danger"): set(Danger),
    ("outbox", "kind"): set(NotificationKind),
    ("outbox", "role"): set(Role),
    ("outbox", "state"): {"queued", "sending", "uncertain", "sent", "failed", "bounced", "dropped"},
}
_BATCH_SIZE = 500

_RAW_MAIL, _LEDGER, _MESSAGE, _TICKET, _FILE = (
    metadata.tables[name] for name in ("raw_mail", "ledger", "message", "ticket", "attachment")
)
# Find the school and the time of each raw mail: those of its ledger entry, or else of its message.
_PLACES = union_all(
    select(_LEDGER.c.raw_id, literal(0).label("rank"), _LEDGER.c.id, _LEDGER.c.school, _LEDGER.c.at).where(
        _LEDGER.c.raw_id.is_not(None)
    ),
    select(_MESSAGE.c.raw_id, literal(1), _MESSAGE.c.id, _TICKET.c.school, _MESSAGE.c.at)
    .join(_TICKET, _TICKET.c.id == _MESSAGE.c.ticket_id)
    .where(_MESSAGE.c.raw_id.is_not(None)),
).order_by("raw_id", "rank", "id")
# Read the files with the tickets that they belong to.
_FILES = (
    select(
        _FILE.c.id,
        _FILE.c.raw_id,
        _FILE.c.path,
        _FILE.c.filename,
        _FILE.c.danger,
        _TICKET.c.school,
        _TICKET.c.number,
    )
    .join(_MESSAGE, _MESSAGE.c.id == _FILE.c.message_row)
    .join(_TICKET, _TICKET.c.id == _MESSAGE.c.ticket_id)
    .order_by(_FILE.c.id)
)
# Find the next tickets to index.
_NEXT_TICKETS = (
    select(_TICKET.c.id).where(_TICKET.c.id > bindparam("last")).order_by(_TICKET.c.id).limit(_BATCH_SIZE)
)


class FieldError(ValueError):
    """A value cannot be imported; `field` is its name, "" if the whole row is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


class RowError(FieldError):
    """A row cannot be inserted; `position` is its position in the batch."""

    def __init__(self, position: int, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.position = position


@dataclass(frozen=True, slots=True)
class File:
    """An attachment with the MIME part and the raw mail that it is in, and the key of its ticket."""

    id: int
    raw_id: int
    path: str
    filename: str
    dangerous: bool
    ticket: str


def count(session: Session) -> int:
    """Return the number of exported rows."""
    sizes = (session.scalar(select(func.count()).select_from(table)) for table in TABLES)
    return sum(size or 0 for size in sizes)


def records(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    """Yield the exported fields of each row as JSON values, in the order of the keys."""
    names = FIELDS_OF[table.name]
    for row in ordered_rows(session.connection(), table).mappings():
        record = {name: _to_json(row[name]) for name in names}
        if table.name == "outbox":
            record |= {part: ACTION_KEY.sub(NO_KEY, record[part]) for part in _PARTS}
        yield record


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def mails(session: Session) -> Iterator[tuple[dict[str, Any], bytes, str, datetime | None]]:
    """Yield each raw mail: its fields, its compressed content, its school ("" if unknown) and its time."""
    query = _PLACES.execution_options(yield_per=_BATCH_SIZE)
    with session.connection().execute(query) as streamed:
        # Both queries are in the order of the keys, so they are merged without keeping either in memory.
        places = ((key, next(rows)) for key, rows in groupby(streamed, attrgetter("raw_id")))
        key, place = next(places, _NO_PLACE)
        for row in ordered_rows(session.connection(), _RAW_MAIL):
            while key is not None and key < row.id:
                key, place = next(places, _NO_PLACE)
            found = place if key == row.id else None
            fields = {"id": row.id, "size": row.size}
            yield fields, row.content, found.school if found else "", found.at if found else None


_NO_PLACE = (None, None)


def files(session: Session) -> Iterator[File]:
    """Yield the attachments of all messages."""
    for row in session.connection().execute(_FILES.execution_options(yield_per=_BATCH_SIZE)):
        ticket = f"{row.school}-{row.number}"
        yield File(row.id, row.raw_id, row.path, row.filename, bool(row.danger), ticket)


def check(table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a record from an export, which is untrusted; raise FieldError."""
    names = FIELDS_OF[table.name]
    if unknown := record.keys() - set(names):
        raise FieldError(min(unknown)[:40], "is not a field of this file")
    values = {}
    for name in names:
        if name not in record:
            raise FieldError(name, "is missing")
        column = table.columns[name]
        values[name] = _checked(column, record[name])
        if values[name] not in _CHOICES.get((table.name, name), (values[name],)):
            raise FieldError(name, "has a value that mailbot does not know")
        if (check_json := _JSON.get((table.name, name))) and not check_json(values[name]):
            raise FieldError(name, "has another structure")
    return EXCLUDED_COLUMNS.get(table.name, {}) | values


def _checked(column: Column[Any], value: Any) -> Any:
    kind = getattr(column.type, "impl_instance", column.type).python_type
    if isinstance(column.type, JSON):
        if not _is_unicode(json.dumps(value, ensure_ascii=False)):
            raise FieldError(column.name, _NOT_UNICODE)
        return value
    if value is None and column.nullable:
        return value
    if kind in (datetime, date):
        return _checked_time(column.name, kind, value)
    if type(value) is not kind:
        raise FieldError(column.name, f"must be {_TYPE_NAMES[kind]}")
    if kind is int and abs(value) >= 2 ** (63 if isinstance(column.type, BigInteger) else 31):
        raise FieldError(column.name, "is too large")
    if kind is str and not _is_unicode(value):
        raise FieldError(column.name, _NOT_UNICODE)
    return value


_NOT_UNICODE = "has characters that are not Unicode"
_TYPE_NAMES = {int: "an integer", str: "a string", bool: "true or false"}


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked_time(name: str, kind: type[date], value: Any) -> date:
    try:
        found = kind.fromisoformat(value)
        return found.astimezone(UTC) if isinstance(found, datetime) and found.tzinfo else _day(found)
    except (TypeError, ValueError, OverflowError):
        example = "2026-11-23T10:00:00+00:00" if kind is datetime else "2026-11-23"
        raise FieldError(name, f"must be a time such as {example}") from None


def _day(found: date) -> date:
    if isinstance(found, datetime):
        raise ValueError("a time without its zone")  # noqa: TRY004
    return found


def _is_state(value: Any) -> bool:
    """Return whether a value is a state that `#undo` can restore."""
    if value is None:
        return True
    try:
        for field in FIELDS:
            if field.name in value:
                field.from_json(value[field.name])
    except (TypeError, ValueError, AttributeError):
        return False
    return isinstance(value, dict)


def _is_files(value: Any) -> bool:
    try:
        found = [Attachment(**file) for file in value]
        return all(_is_file(file) for file in found) and {f.danger for f in found} <= set(Danger)
    except TypeError:
        return False


def _is_file(file: Attachment) -> bool:
    texts = (file.path, file.filename, file.content_type, file.danger)
    numbers = (file.size, file.raw or 0)
    is_valid = all(type(t) is str for t in texts) and all(type(n) is int for n in numbers)
    return is_valid and type(file.inline) is bool


def _is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and all(type(one) is kind for one in value)


_JSON: dict[tuple[str, str], Callable[[Any], bool]] = {
    ("event", "before"): _is_state,
    ("outbox", "reference_ids"): _is_list_of(str),
    ("outbox", "shows"): _is_list_of(int),
    ("outbox", "attachments"): _is_files,
}


def with_action_key(row: dict[str, Any], action_key: str) -> dict[str, Any]:
    """Return an outgoing mail with a new action key in its links."""
    parts = {part: row[part].replace(NO_KEY, action_key) for part in _PARTS}
    return row | parts | {"key_hash": hash_action_key(action_key)}


def occupied_tables(session: Session) -> list[str]:
    """Lock the database; return the names of the exported tables that are not empty."""
    return occupied(session, TABLES)


def self_references(table: Table) -> list[str]:
    """Return the columns that refer to other rows of the same table."""
    return [c.name for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]


def insert(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows without references to other rows of the table; raise RowError for the first wrong one."""
    unset = dict.fromkeys(self_references(table))
    values = [row | unset for row in rows]
    try:
        with session.begin_nested():
            session.connection().execute(table.insert(), values)
    except (SQLAlchemyError, OverflowError, ValueError):
        for position, row in enumerate(values):
            _insert_one(session, table, row, position)


def _insert_one(session: Session, table: Table, row: dict[str, Any], position: int) -> None:
    try:
        with session.begin_nested():
            session.connection().execute(table.insert(), [row])
    except (SQLAlchemyError, OverflowError, ValueError) as error:
        raise RowError(position, *_explain(session, table, row, error)) from error


def _explain(session: Session, table: Table, row: dict[str, Any], error: Exception) -> tuple[str, str]:
    """Return the field and the reason why the database refused a row."""
    for column in table.columns:
        for key in column.foreign_keys:
            target, value = key.column, row[column.name]
            if value is not None and not session.scalar(select(literal(1)).where(target == value)):
                return column.name, f"refers to a missing row of {target.table.name}"
    unique = [c for c in table.constraints if hasattr(c, "columns") and not hasattr(c, "elements")]
    for constraint in sorted(unique, key=lambda c: str(c.name)):
        columns = list(constraint.columns)
        same = [column == row[column.name] for column in columns]
        if columns and session.scalar(select(literal(1)).select_from(table).where(*same).limit(1)):
            return "/".join(column.name for column in columns), "occurs in an earlier line"
    return "", first_line(error)


def set_references(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Set the references to rows of the same table; raise RowError for the first wrong one."""
    (key,) = table.primary_key
    for name in self_references(table):
        statement = update(table).where(key == bindparam("row_key")).values({name: bindparam("referred")})
        for position, row in enumerate(rows):
            if row[name] is None:
                continue
            if not session.scalar(select(literal(1)).where(key == row[name])):
                raise RowError(position, name, f"refers to a missing row of {table.name}")
            session.connection().execute(statement, {"row_key": row[key.name], "referred": row[name]})
            if _is_cycle(session, table, key, table.columns[name], row[key.name]):
                raise RowError(position, name, f"leads back to this {table.name}")


def _is_cycle(session: Session, table: Table, key: Column[Any], reference: Column[Any], start: int) -> bool:
    """Return whether the references that begin at a row lead to a row twice."""
    found: int | None = start
    visited = set[int]()
    while found is not None and found not in visited:
        visited.add(found)
        found = session.scalar(select(reference).select_from(table).where(key == found))
    return found is not None


def finish(session: Session) -> Iterator[int]:
    """Index all tickets for the search, and set the sequences; yield the number of tickets of each batch."""
    last = 0
    while found := session.execute(_NEXT_TICKETS, {"last": last}).scalars().all():
        search.index(session, found)
        last = found[-1]
        yield len(found)
    finish_tables(session)
