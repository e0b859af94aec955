"""Real servers for one measurement, and schools that use them."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.support.school import ERIKA, MAX, SchoolEnv
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority

UNLIMITED = "[limits]\nhourly_overall = 1000000"
"""Switch rate limits off: a measurement sends more mail than they allow."""


@dataclass(frozen=True, slots=True)
class Site:
    """Run a Dovecot and an SMTP server that records what it receives, for one school after the other."""

    directory: Path
    authority: CertificateAuthority
    dovecot: Dovecot
    smtp: RecordingSmtpServer
    postgres: Postgres | None
    _numbers: Iterator[int] = field(default_factory=count)

    def env(self, *, imap: str = "", team: tuple[str, ...] = (MAX, ERIKA), more: str = "") -> SchoolEnv:
        """Return a new school with an empty mailbox and its state in SQLite, or in PostgreSQL if that runs.

        `imap` has further lines for the table of that name, `more` further tables.
        """
        number = next(self._numbers)
        database = self.postgres.new_database() if self.postgres else "sqlite"
        address = f"support-gym{number or ''}@schule.example"
        members = ", ".join(f'"{member}"' for member in team)
        return SchoolEnv(
            self.directory / str(number),
            self.dovecot,
            self.smtp,
            address,
            imap=imap,
            more=f"{UNLIMITED}\n{more}",
            members=members,
            database=database,
        )


@contextmanager
def site(*, login: bool = True, lmtp: bool = False, looks: int = 1) -> Iterator[Site]:
    """Start the servers; with DATABASE=postgresql one of these too. `login`: for handing in mail.

    `looks` is the interval in seconds at which Dovecot checks a folder under IDLE by itself.
    """
    with (
        tempfile.TemporaryDirectory() as directory,
        CertificateAuthority() as authority,
        Dovecot(authority, lmtp=lmtp, looks=looks) as dovecot,
        RecordingSmtpServer(authority, login=login) as smtp,
        _postgres() as postgres,
    ):
        yield Site(Path(directory), authority, dovecot, smtp, postgres)


@contextmanager
def fresh_school(imap: str = "") -> Iterator[SchoolEnv]:
    """Yield a school on new servers; `imap` adds lines to the configuration table of that name."""
    with site() as servers:
        yield servers.env(imap=imap)


def further_schools(number: int, accounts: Sequence[str] = ()) -> str:
    """Return the tables of `number` more schools; `accounts` has the differences of their SMTP accounts."""
    return "\n".join(
        f'[[school]]\nkey = "S{i}"\nname = "Schule {i}"\naddress = "support-s{i}@schule.example"\n'
        f'imap = {{ username = "support-s{i}@schule.example" }}\n'
        f"smtp = {{ {accounts[i] if accounts else ''} }}\n"
        f'team = {{ name = "Team {i}", members = ["{MAX}"] }}\n'
        for i in range(number)
    )


@contextmanager
def _postgres() -> Iterator[Postgres | None]:
    if os.environ.get("DATABASE", "sqlite") == "sqlite":
        yield None
        return
    with Postgres() as server:
        yield server


def number(name: str, default: int) -> int:
    """Return a number from the environment."""
    return int(os.environ.get(name, default))
