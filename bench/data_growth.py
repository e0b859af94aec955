"""Measure intake, `#list` and the start of the daemon with a growing number of tickets.

The bot itself makes the first tickets of mails. Copies of their rows are the others: closed, some hours older
each time. Texts of their sent mails are shortened and their raw mails shared, to save disk space.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Column
from sqlmodel.sql.sqltypes import UTCDateTime

from bench.environment import site
from bench.intake import daemon_seconds
from bench.mails import mix
from bench.results import Figure
from mailbot.service.receive import receive
from mailbot.store.ledger import MailLocation
from mailbot.store.tables import metadata
from tests.support.daemon import Daemon
from tests.support.school import MAX, SchoolEnv

COPIED = ("ticket", "message", "attachment", "event", "ledger", "outbox")
HOURS_A_COPY = 4  # so that a thousand copies are younger than what retention erases
LATELY_HOURS = 48  # copies are older: what came lately counts for the limits
ROOM = 10  # times the ids of the first tickets are between copies, for what comes meanwhile
ONE_OF_A_KIND = ("message_id", "key_hash", "content_id")
CLOSED = {"status": "'closed'", "closed": "updated", "look_at": "NULL"}
LISTS = 9


def figures(first: int, sizes: Sequence[int], mails: int) -> Iterator[Figure]:
    """Measure with `first` tickets that the bot opened, then with copies up to each of `sizes`."""
    with site(login=False) as servers:
        env = servers.env(team=(MAX,))
        start: tuple[float, ...] = ()
        for seed, size in enumerate(grown(env, (first, *sizes)), 2):
            measured = (ready_seconds(env), mails / intake_seconds(env, mails, seed), list_seconds(env))
            start = start or measured
            ready, speed, listing = measured
            yield Figure(f"tickets {size:,}: intake", f"{speed:.0f} mails/s", speed / start[1])
            yield Figure(f"tickets {size:,}: `#list`", f"{listing * 1000:.0f} ms", listing / start[2])
            yield Figure(f"tickets {size:,}: restart until ready", f"{ready:.2f} s", ready / start[0])


def grown(env: SchoolEnv, sizes: Sequence[int]) -> Iterator[int]:
    """Yield each of the sizes as soon as the database has that many tickets."""
    first = sizes[0]
    daemon_seconds(env, mix(round(first / 0.7), seed=1))
    file, had = env.directory / "state" / "mailbot.db", 1
    base = last_ids(file)
    for size in sizes:
        if size // first > had:
            copy(file, base, range(had, size // first))
            had = size // first
        yield size


def intake_seconds(env: SchoolEnv, mails: int, seed: int) -> float:
    """Return the seconds in which the daemon processes `mails` mails."""
    return daemon_seconds(env, mix(mails, seed))


def ready_seconds(env: SchoolEnv) -> float:
    """Return the seconds from the start of the process until it reports that it is ready."""
    begin = time.monotonic()
    with Daemon(env) as daemon:
        taken = time.monotonic() - begin
        daemon.stop()
    return taken


def list_seconds(env: SchoolEnv) -> float:
    """Return the seconds for a member's `#list`, from the raw mail to the reply in the outbox."""
    mail, taken = env.mails_to(MAX)[0], []
    with env.open() as (desk, _):
        for _ in range(LISTS):
            answer = mail.answer(MAX, "#list\n").build()
            begin = time.monotonic()
            decision = receive(
                desk, MailLocation("GYM", 1, time.time_ns() % 2**32), answer, None, datetime.now(UTC)
            )
            taken.append(time.monotonic() - begin)
            if decision is None or decision.outcome != "answered":
                raise RuntimeError(f"no list: {decision and decision.because}")
    env.json("once")
    return median(taken)


def last_ids(file: Path) -> dict[str, int]:
    """Return the last id in each table that is copied."""
    with closing(sqlite3.connect(file)) as database:
        return {name: database.execute(f"SELECT max(id) FROM {name}").fetchone()[0] for name in COPIED}


def copy(file: Path, base: dict[str, int], numbers: range) -> None:
    """Insert one copy of the base rows for each number."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-1000000")
        database.execute("BEGIN")
        for table in COPIED:
            columns = {c.name: _copied(c, base) for c in metadata.tables[table].columns}
            if table == "ticket":
                columns |= CLOSED
            _insert(database, table, columns, f"id <= {base[table]}", numbers)
        words = {name: name for name in ("subject", "public", "internal", "problem")}
        moved = {"rowid": f"rowid + n * {ROOM * base['ticket']}", **words}
        _insert(database, "search", moved, f"rowid <= {base['ticket']}", numbers)
        database.execute("UPDATE school SET last_number = (SELECT max(number) FROM ticket)")
        database.execute("COMMIT")


def _insert(
    database: sqlite3.Connection, table: str, columns: dict[str, str], which: str, numbers: range
) -> None:
    names, values = ", ".join(f'"{name}"' for name in columns), ", ".join(columns.values())
    count = f"SELECT {numbers.start} AS n UNION ALL SELECT n + 1 FROM k WHERE n + 1 < {numbers.stop}"
    database.execute(
        f"INSERT INTO {table} ({names}) WITH RECURSIVE k(n) AS ({count})"
        f" SELECT {values} FROM k CROSS JOIN {table} WHERE {which}"
    )


def _copied(column: "Column[object]", base: dict[str, int]) -> str:
    """Return the SQL expression of a column in copy number n."""
    name, table = column.name, column.table.name
    target = next((key.column.table.name for key in column.foreign_keys), table if name == "id" else "")
    if name == "number":
        target = "ticket"
    if target in COPIED:
        return f"{table}.{name} + n * {ROOM * base[target]}"
    if isinstance(column.type, UTCDateTime):
        shift = f"'-' || ({LATELY_HOURS} + {HOURS_A_COPY} * n) || ' hours'"
        return f"strftime('%Y-%m-%d %H:%M:%S.000000', {table}.{name}, {shift})"
    if name in ONE_OF_A_KIND:
        return f"{table}.{name} || n"
    if name == "uid_validity":
        return "n"
    if table == "outbox" and name in ("html", "text"):
        return f"substr({table}.{name}, 1, 200)"
    return f'{table}."{name}"'
