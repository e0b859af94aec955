"""A private PostgreSQL cluster with a new database for each test."""

import signal
from itertools import count
from pathlib import Path
from typing import Self

import psycopg

from tests.support.memory import in_memory
from tests.support.servers.process import Child, find_program, free_port, wait_until

PACKAGE = "postgresql"
NEEDED = 2**30  # bytes


def _folders() -> list[Path]:
    """Return where Debian keeps the programs, newest version first; they are not in PATH."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda folder: float(folder.parent.name), reverse=True)


class Postgres:
    """A PostgreSQL server on a free port of 127.0.0.1, without passwords and without fsync."""

    def __init__(self) -> None:
        folders = _folders()
        initdb = find_program("initdb", PACKAGE, *folders)
        self._program = find_program("postgres", PACKAGE, *folders)
        # A database is 300 files, which take longer on a disk than most tests.
        self._child = Child(in_memory(NEEDED) or Path("/tmp"))
        self._numbers = count(1)
        self._connection: psycopg.Connection | None = None
        self.port = free_port()
        self._data = self._child.directory / "data"
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._child.run([initdb, "-D", self._data, *options])

    def start(self) -> None:
        """Start the server and wait until it answers a query."""
        options = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._child.directory,
            "fsync": "off",
            "autovacuum": "off",  # its transactions keep rows that a test erases
            "dynamic_shared_memory_type": "mmap",  # in the directory: a kill leaves nothing
            "wal_writer_delay": "10s",  # only commits that have to be durable are
            "max_connections": 200,
        }
        switches = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._child.spawn([self._program, "-D", self._data, *switches], (self.port,))
        wait_until(self._answers, seconds=30)

    def stop(self) -> None:
        """Stop the server; its databases stay."""
        self._disconnect()
        self._child.stop(signal.SIGINT)

    def kill(self) -> None:
        """Kill the server by SIGKILL, as a power failure would."""
        self._disconnect()
        self._child.signal(signal.SIGKILL)
        self._child.stop(signal.SIGKILL)

    def close(self) -> None:
        """Stop the server and remove its files."""
        self._disconnect()
        self._child.remove()

    def new_database(self, template: str = "template1") -> str:
        """Return the URL of a new database: an empty one, or a copy of the one with that name."""
        name = f"mailbot_{next(self._numbers)}"
        connection = self._connected()
        # Faster than the default since version 15, which writes each page to the log.
        strategy = " STRATEGY file_copy" if connection.info.server_version >= 150_000 else ""
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}{strategy}".encode())
        return self._url(name)

    def keep(self, url: str) -> str:
        """Make this database a template, which `drop_databases` keeps, and return its name."""
        name = url.rpartition("/")[2]
        self._connected().execute(f"ALTER DATABASE {name} IS_TEMPLATE true".encode())
        return name

    def drop_databases(self) -> None:
        """Remove the databases that `new_database` made."""
        connection = self._connected()
        query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname LIKE 'mailbot%'"
        for (name,) in connection.execute(query).fetchall():
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def files(self, folder: str) -> list[Path]:
        """Return the files in one of its folders, such as a database's."""
        return [path for path in (self._data / folder).iterdir() if path.is_file()]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> psycopg.Connection:
        """Return the connection that makes and drops databases."""
        if self._connection is None:
            self._connection = psycopg.connect(self._url("postgres"), autocommit=True)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True
