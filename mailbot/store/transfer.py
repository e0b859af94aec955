"""Every row of a SQLite desk into an empty PostgreSQL, and the comparison of what both hold then.

Rows are read and written through the same tables on both sides, so a moment stays the moment and JSON the
document that it was, however either database writes them down.
"""

import heapq
from collections.abc import Iterator
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
from mailbot.store.audit_verify import Verdict, verify
from mailbot.store.tables import metadata

ROWS, MAILS = 500, 10  # so many are in memory at once; a single mail may be large
NAMED_MOST = 20  # differences that are told one by one

_TABLES = metadata.sorted_tables
_SEARCH = "search"

Keyed = tuple[tuple[Any, ...], str, tuple[Any, ...]]
"""A row after its key and the side that it is of."""


@dataclass(slots=True)
class Tally:
    """How many rows of a table each side holds, and how many keys have not the same row on both."""

    old: int = 0
    new: int = 0
    different: int = 0


def occupied(new: Session) -> list[str]:
    """Keep all others from writing until the transaction ends; return the tables that hold something."""
    names = ", ".join(f'"{table.name}"' for table in _TABLES)
    connection = new.connection()
    connection.exec_driver_sql(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
    return [t.name for t in _TABLES if connection.execute(select(literal(1)).select_from(t).limit(1)).first()]


class Transfer:
    """Copies all that one transaction reads into another one, and then compares the two."""

    def __init__(self, old: Session, new: Session) -> None:
        self._sessions = (old, new)
        self._old, self._new = old.connection(), new.connection()
        self.tallies = {name: Tally() for name in (*(table.name for table in _TABLES), _SEARCH)}
        self.differences: list[str] = []
        self.trail = Verdict()
        self.at = ""

    def total(self) -> int:
        """Return how many steps there are."""
        rows = sum(self._old.scalar(select(func.count()).select_from(table)) or 0 for table in _TABLES)
        return 2 * (rows + search.size(self._sessions[0]))

    def steps(self) -> Iterator[None]:
        """Copy and compare row by row; yield after each. `at` says which table is in hand."""
        for table in _TABLES:
            self.at = table.name
            yield from self._copy(table)
        self.at = _SEARCH
        yield from self._copy_search()
        self._settle()
        for table in _TABLES:
            self.at = table.name
            yield from self._compare(table)
        self.at = _SEARCH
        yield from self._compare_search()
        self.at = "event"
        self._compare_trails()

    def _copy(self, table: Table) -> Iterator[None]:
        own = [c for c in table.columns if any(key.column.table is table for key in c.foreign_keys)]
        unset = dict.fromkeys(column.key for column in own)
        for batch in _read(self._old, table).mappings().partitions():
            self._new.execute(table.insert(), [{**row, **unset} for row in batch])
            yield from (None for _ in batch)
        for column in own:  # set last: the row that is referred to may come after the one that refers
            (key,) = table.primary_key
            refers = select(key.label("row_key"), column.label("referred")).where(column.is_not(None))
            rows = [dict(row) for row in self._old.execute(refers).mappings()]
            if rows:
                tie = update(table).where(key == bindparam("row_key"))
                self._new.execute(tie.values({column: bindparam("referred")}), rows)

    def _copy_search(self) -> Iterator[None]:
        for vectors in search.vectors(self._sessions[0]):
            search.put(self._sessions[1], vectors)
            yield from (None for _ in vectors)

    def _settle(self) -> None:
        """Let the next rows get the next numbers, and PostgreSQL know how large its tables are."""
        for table in _TABLES:
            key = table.autoincrement_column
            if key is not None and (last := self._new.scalar(select(func.max(key)))) is not None:
                self._new.execute(
                    select(func.setval(func.pg_get_serial_sequence(table.name, key.name), last))
                )
        for name in self.tallies:
            self._new.execute(text(f'ANALYZE "{name}"'))

    def _compare(self, table: Table) -> Iterator[None]:
        """Follow both sides in the order of the keys, so that a row that one lacks is told as such."""
        tally, key = self.tallies[table.name], itemgetter(0)
        sides = heapq.merge(_keyed(self._old, table), _keyed(self._new, table), key=key)
        for row_key, group in groupby(sides, key):
            found = {side: row for _, side, row in group}
            tally.old += "sqlite" in found
            tally.new += "postgresql" in found
            if len(found) < 2 or found["sqlite"] != found["postgresql"]:
                tally.different += 1
                self._tell(f"{table.name} {'/'.join(map(str, row_key))}: {_difference(table, found)}")
            yield

    def _compare_search(self) -> Iterator[None]:
        tally = self.tallies[_SEARCH]
        tally.new = search.size(self._sessions[1])
        for vectors in search.vectors(self._sessions[0]):
            for ticket_id, vector in vectors:
                tally.old += 1
                if not search.holds(self._sessions[1], ticket_id, vector):
                    tally.different += 1
                    self._tell(f"{_SEARCH} {ticket_id}: other words are found")
                yield
        if tally.old != tally.new:
            self._tell(f"{_SEARCH}: {tally.new} tickets instead of {tally.old}")

    def _compare_trails(self) -> None:
        before, self.trail = (verify(session) for session in self._sessions)
        if self.trail != before:
            self._tell("the audit trail is not the one that it was: " + "; ".join(self.trail.wrong[:3]))

    def _tell(self, difference: str) -> None:
        if len(self.differences) < NAMED_MOST:
            self.differences.append(difference)


def _read(connection: Connection, table: Table) -> Result[Any]:
    """Read a table in the order of its keys, a few rows at a time.

    SQLite orders texts by their octets; PostgreSQL does so by the collation "C" only.
    """
    octets = "C" if connection.dialect.name == "postgresql" else "BINARY"
    order = [collate(c, octets) if isinstance(c.type, String) else c for c in table.primary_key]
    large = any(isinstance(column.type, LargeBinary) for column in table.columns)
    query = select(table).order_by(*order).execution_options(yield_per=MAILS if large else ROWS)
    return connection.execute(query)


def _keyed(connection: Connection, table: Table) -> Iterator[Keyed]:
    places = [list(table.columns).index(column) for column in table.primary_key]
    for row in _read(connection, table):
        yield tuple(row[place] for place in places), connection.dialect.name, tuple(row)


def _difference(table: Table, found: dict[str, tuple[Any, ...]]) -> str:
    """Return in words how a row differs: which columns, and not what they hold."""
    if "postgresql" not in found:
        return "is missing in PostgreSQL"
    if "sqlite" not in found:
        return "is in PostgreSQL alone"
    pairs = zip(table.columns, found["sqlite"], found["postgresql"], strict=True)
    return "differs in " + ", ".join(column.name for column, old, new in pairs if old != new)
