"""Fixtures with a server or a database; each server starts when the first test needs it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from mailbot.service.desk import Desk
from mailbot.store.database import Engine, open_database
from tests.support import compiled_statements  # noqa: F401 - all databases of the tests share them
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.new_database import new_postgresql, new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.school import SchoolEnv
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.mariadb import MariaDb
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import MissingError
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority

T = TypeVar("T")
_numbers = count(1)


def require(make: Callable[[], T]) -> T:
    """Make a server; skip the test where it is not installed, or fail where nothing may be skipped."""
    try:
        return make()
    except MissingError as missing:
        if os.environ.get("MAILBOT_TEST_REQUIRE_ALL") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def authority() -> Iterator[CertificateAuthority]:
    """The certificate authority of all test servers."""
    with CertificateAuthority() as made:
        yield made


@pytest.fixture(scope="session")
def dovecot(authority: CertificateAuthority) -> Iterator[Dovecot]:
    """A Dovecot shared by all tests; each test uses its own user and leaves the server running."""
    with require(lambda: Dovecot(authority)) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    """A MariaDB shared by all tests; each test uses its own database."""
    with require(MariaDb) as server:
        yield server


@pytest.fixture
def start_dovecot(authority: CertificateAuthority) -> Iterator[Callable[..., Dovecot]]:
    """Start a Dovecot for this test alone, which may be stopped, killed or made faulty."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(require(lambda: Dovecot(authority, **options)))


@pytest.fixture
def user() -> str:
    """A mail user that no other test uses."""
    return f"support-{next(_numbers)}@schule.example"


@pytest.fixture
def smtp_server(authority: CertificateAuthority) -> Iterator[RecordingSmtpServer]:
    """An SMTP server for this test alone, which requires TLS or STARTTLS and a login."""
    with RecordingSmtpServer(authority) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Postgres]:
    """A PostgreSQL cluster shared by all tests."""
    with require(Postgres) as server:
        yield server


@pytest.fixture
def postgres(postgres_cluster: Postgres) -> Iterator[Postgres]:
    """The shared PostgreSQL cluster; the databases of this test are dropped after it."""
    yield postgres_cluster
    postgres_cluster.drop_databases()


@pytest.fixture
def postgres_url(postgres: Postgres) -> str:
    """The URL of a PostgreSQL database for this test alone."""
    return postgres.new_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def env(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    dovecot: Dovecot,
    smtp_server: RecordingSmtpServer,
    user: str,
) -> SchoolEnv:
    """A school on each of the databases; modules with other needs override it."""
    database = "sqlite"
    if request.param == "postgresql":
        database = new_postgresql(request.getfixturevalue("postgres"))
    return SchoolEnv(tmp_path, dovecot, smtp_server, user, database=database)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database with the schema, once with SQLite and once with PostgreSQL."""
    if request.param == "sqlite":
        opened = open_database(new_sqlite(tmp_path / "mailbot.db"))
    else:
        opened = open_database(new_postgresql(request.getfixturevalue("postgres")))
    yield opened
    opened.dispose()


@pytest.fixture
def desk(engine: Engine) -> DeskHarness:
    """A help desk with that database."""
    return DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES))
