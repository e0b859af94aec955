"""Copy every row of a SQLite database into an empty PostgreSQL database, and compare the two.

Both sides use the same table definitions, so times and JSON documents keep their values although the two
databases store them differently.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    LargeBinary,
    Result,
    String,
    Table,
    bindparam,
    collate,
    func,
    literal,
    select,
    text,
    update,
)
from sqlmodel import Session

from mailbot.store import search
from mailbot.store.audit_verify import VerifyResult, verify
from mailbot.store.tables import metadata

ROWS, MAILS = 500, 10  # rows in memory at once; raw mails may be large
MAX_DIFFERENCES = 20  # that are reported one by one

_TABLES = metadata.sorted_tables
_SEARCH = "search"

Keyed = tuple[tuple[Any, ...], str, tuple[Any, ...]]
"""The key of a row, the database that it is from, and its values."""


@dataclass(slots=True)
class RowCounts:
    """The number of rows of a table in each database, and of keys whose rows differ."""

    old: int = 0
    new: int = 0
    different: int = 0


def occupied(new: Session, tables: Sequence[Table] = _TABLES) -> list[str]:
    """Lock all tables until the transaction ends; return the names of those that are not empty.

    A transaction of SQLite has locked the whole database.
    """
    connection = new.connection()
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in _TABLES)
        connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    return [t.name for t in tables if connection.execute(select(literal(1)).select_from(t).limit(1)).first()]


def finish_tables(new: Session) -> None:
    """Set PostgreSQL's sequences to the last keys, and update the planner's statistics."""
    connection = new.connection()
    if connection.dialect.name != "postgresql":
        return
    for table in _TABLES:
        key = table.autoincrement_column
        if key is not None and (last := connection.scalar(select(func.max(key)))) is not None:
            connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, key.name), last)))
    for name in (*(table.name for table in _TABLES), _SEARCH):
        connection.execute(text(f'ANALYZE "{name}"'))


class Transfer:
    """Copies all rows from one transaction to another, and then compares the two."""

    def __init__(self, old: Session, new: Session) -> None:
        self._sessions = (old, new)
        self._old, self._new = old.connection(), new.connection()
        self.counts = {name: RowCounts() for name in (*(table.name for table in _TABLES), _SEARCH)}
        self.differences: list[str] = []
        self.verification = VerifyResult()
        self.table = ""

    def total(self) -> int:
        """Return the number of steps."""
        rows = sum(self._old.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES)
        return 2 * (rows + search.count(self._sessions[0]))

    def steps(self) -> Iterator[None]:
        """Copy and compare all rows; yield after each. `table` is the name of the current table."""
        for table in _TABLES:
            self.table = table.name
            yield from self._copy(table)
        self.table = _SEARCH
        yield from self._copy_search()
        finish_tables(self._sessions[1])
        for table in _TABLES:
            self.table = table.name
            yield from self._compare(table)
        self.table = _SEARCH
        yield from self._compare_search()
        self.table = "event"
        self._compare_audit_trails()

    def _copy(self, table: Table) -> Iterator[None]:
        self_references = [
            c for c in table.columns if any(key.column.table is table for key in c.foreign_keys)
        ]
        unset = dict.fromkeys(column.key for column in self_references)
        for batch in ordered_rows(self._old, table).mappings().partitions():
            self._new.execute(table.insert(), [{**row, **unset} for row in batch])
            yield from (None for _ in batch)
        for column in self_references:  # set last, because the row referred to may come later
            (key,) = table.primary_key
            refers = select(key.label("row_key"), column.label("referred")).where(column.is_not(None))
            rows = [dict(row) for row in self._old.execute(refers).mappings()]
            if rows:
                statement = update(table).where(key == bindparam("row_key"))
                self._new.execute(statement.values({column: bindparam("referred")}), rows)

    def _copy_search(self) -> Iterator[None]:
        for vectors in search.vectors(self._sessions[0]):
            search.insert_vectors(self._sessions[1], vectors)
            yield from (None for _ in vectors)

    def _compare(self, table: Table) -> Iterator[None]:
        """Merge the rows of both databases by key, so that a missing row is reported as missing."""
        count, key = self.counts[table.name], itemgetter(0)
        sides = heapq.merge(_keyed(self._old, table), _keyed(self._new, table), key=key)
        for row_key, group in groupby(sides, key):
            found = {side: row for _, side, row in group}
            count.old += "sqlite" in found
            count.new += "postgresql" in found
            if len(found) < 2 or found["sqlite"] != found["postgresql"]:
                count.different += 1
                self._report(f"{table.name} {'/'.join(map(str, row_key))}: {_difference(table, found)}")
            yield

    def _compare_search(self) -> Iterator[None]:
        count = self.counts[_SEARCH]
        count.new = search.count(self._sessions[1])
        for vectors in search.vectors(self._sessions[0]):
            for ticket_id, vector in vectors:
                count.old += 1
                if not search.has_vector(self._sessions[1], ticket_id, vector):
                    count.different += 1
                    self._report(f"{_SEARCH} {ticket_id}: the indexed words differ")
                yield
        if count.old != count.new:
            self._report(f"{_SEARCH}: {count.new} tickets instead of {count.old}")

    def _compare_audit_trails(self) -> None:
        before, self.verification = (verify(session) for session in self._sessions)
        if self.verification != before:
            self._report(
                "the audit trail differs from the original: " + "; ".join(self.verification.problems[:3])
            )

    def _report(self, difference: str) -> None:
        if len(self.differences) < MAX_DIFFERENCES:
            self.differences.append(difference)


def ordered_rows(connection: Connection, table: Table) -> Result[Any]:
    """Read a table in the order of its keys, in batches.

    SQLite orders texts by their bytes; PostgreSQL does so only with the collation "C".
    """
    by_bytes = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [collate(c, by_bytes) if isinstance(c.type, String) else c for c in table.primary_key]
    large = any(isinstance(column.type, LargeBinary) for column in table.columns)
    query = select(table).order_by(*order).execution_options(yield_per=MAILS if large else ROWS)
    return connection.execute(query)


def _keyed(connection: Connection, table: Table) -> Iterator[Keyed]:
    positions = [list(table.columns).index(column) for column in table.primary_key]
    for row in ordered_rows(connection, table):
        yield tuple(row[position] for position in positions), connection.dialect.name, tuple(row)


def _difference(table: Table, found: dict[str, tuple[Any, ...]]) -> str:
    """Return how a row differs: the names of the columns, without their values."""
    if "postgresql" not in found:
        return "is missing in PostgreSQL"
    if "sqlite" not in found:
        return "is only in PostgreSQL"
    pairs = zip(table.columns, found["sqlite"], found["postgresql"], strict=True)
    return "differs in " + ", ".join(column.name for column, old, new in pairs if old != new)
