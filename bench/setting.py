"""A house on servers of its own for a measurement."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.smtp import SmtpServer
from tests.servers.tls import Authority


@contextmanager
def fresh_house(imap: str = "") -> Iterator[House]:
    """Give a school with its mailbox; `imap` has further lines for the table of that name.

    Its state is in SQLite, or with DATABASE=postgresql in a server of its own.
    """
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself with every login
    with (
        tempfile.TemporaryDirectory() as directory,
        Authority() as authority,
        Dovecot(authority) as dovecot,
        SmtpServer(authority) as smtp,
        _database() as database,
    ):
        yield House(
            Path(directory), dovecot, smtp, "support-gym@schule.example", imap=imap, database=database
        )


@contextmanager
def _database() -> Iterator[str]:
    if os.environ.get("DATABASE", "sqlite") == "sqlite":
        yield "sqlite"
        return
    with Postgres() as server:
        yield server.new_database()


def number(name: str, default: int) -> int:
    """Return a number from the environment."""
    return int(os.environ.get(name, default))
