"""A private MariaDB server with a new database for each test."""

from itertools import count
from pathlib import Path
from typing import Any, Self

import pymysql

from tests.support.servers.process import Child, find_program, free_port

PACKAGE = "mariadb-server"
USER, PASSWORD = "reader", "Geheim & sicher"


class MariaDb:
    """A MariaDB server on a free port of 127.0.0.1; USER may read everything."""

    def __init__(self) -> None:
        program = find_program("mariadbd", PACKAGE, Path("/usr/sbin"))
        install = find_program("mariadb-install-db", PACKAGE)
        self._child = Child()
        self._numbers = count(1)
        self.port = free_port()
        self._socket = self._child.directory / "socket"
        data = self._child.directory / "data"
        # Without --tmpdir all servers share /tmp, and one that starts removes the temporary tables of others.
        common: list[str | Path] = ["--no-defaults", f"--datadir={data}", f"--tmpdir={self._child.directory}"]
        options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        self._child.run([install, *common, *options])
        switches: list[str | Path] = [
            f"--port={self.port}",
            f"--socket={self._socket}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        self._command = [program, *common, *switches]

    def start(self) -> None:
        """Start the server and create the read-only user."""
        self._child.spawn(self._command, (self.port,))
        with self.connect() as connection:
            connection.cursor().execute(f"CREATE USER {USER}@127.0.0.1 IDENTIFIED BY '{PASSWORD}'")
            connection.cursor().execute(f"GRANT SELECT ON *.* TO {USER}@127.0.0.1")

    def connect(self, database: str | None = None) -> Any:
        """Return a connection as root, which commits each statement."""
        return pymysql.connect(
            unix_socket=str(self._socket), user="root", database=database, charset="utf8mb4", autocommit=True
        )

    def new_database(self) -> str:
        """Return the name of a new and empty database."""
        name = f"osticket_{next(self._numbers)}"
        with self.connect() as connection:
            connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def url(self, database: str) -> str:
        """Return the URL of a database for the read-only user."""
        return f"mysql://{USER}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._child.remove()
