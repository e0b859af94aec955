"""The write-ahead log: SQLite's is emptied in time, and PostgreSQL's is on disk before a mail is sent."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.service.desk import Desk
from mailbot.service.maintenance import maintain
from mailbot.store import ledger, outbox
from mailbot.store.compaction import NotCompactError, compact
from mailbot.store.database import Engine, open_database, transaction, truncate_wal
from mailbot.store.schema import migrate
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.mail_builder import mail
from tests.support.new_database import new_postgresql
from tests.support.packaged_templates import TEMPLATES
from tests.support.servers.postgres import Postgres

NIGHT = datetime(2026, 11, 30, 3, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A new database."""
    made = open_database(f"sqlite:///{tmp_path / 'mailbot.db'}")
    migrate(made)
    yield made
    made.dispose()


def wal(engine: Engine) -> int:
    """Return the size of the write-ahead log."""
    return Path(f"{engine.url.database}-wal").stat().st_size


def test_the_log_is_emptied_after_a_migration_and_each_night(engine: Engine) -> None:
    assert wal(engine) == 0
    desk = Desk(engine, GERMAN_POLICY, TEMPLATES)
    DeskHarness(desk).outcome(mail().text("Der Beamer bleibt dunkel."))
    assert wal(engine) > 0
    assert maintain(desk, NIGHT)
    assert wal(engine) == 0


def test_erasure_reports_a_reader_that_keeps_the_log(engine: Engine) -> None:
    with closing(sqlite3.connect(str(engine.url.database))) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM ticket").fetchall()
        DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES)).outcome(mail().text("Dunkel."))
        with pytest.raises(NotCompactError, match="another process reads"):
            list(compact(engine, patience=0.1))
    assert list(compact(engine, patience=0.1))
    assert truncate_wal(engine)


def test_erasure_reports_a_transaction_that_may_still_read_erased_rows(postgres: Postgres) -> None:
    engine = open_database(new_postgresql(postgres))
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM ticket")
        with pytest.raises(NotCompactError, match="pg_terminate_backend"):
            list(compact(engine, patience=0.1))
    assert list(compact(engine, patience=5))
    engine.dispose()


def test_the_claim_and_the_end_of_a_batch_write_received_mails_to_the_disk(postgres: Postgres) -> None:
    engine = open_database(new_postgresql(postgres))
    desk, location = DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES)), ledger.MailLocation("GYM", 1, 1)
    for last in ("claim", "end"):
        with transaction(engine, durable=False) as session:
            ledger.start_attempts(session, [location])
        desk.outcome(mail().text("Der Beamer bleibt dunkel."))
        written = lsn(engine, "insert")
        with transaction(engine) as session:
            if last == "claim":
                assert outbox.claim(session, ["GYM"], NIGHT) is not None
            else:
                ledger.clear_attempts(session, [location])
        assert lsn(engine, "flush") > written
        with transaction(engine) as session:
            ledger.clear_attempts(session, [location])
    engine.dispose()


def lsn(engine: Engine, end: str) -> int:
    """Return how far PostgreSQL's log was written: to memory (insert) or to the disk (flush)."""
    with engine.connect() as connection:
        value = connection.exec_driver_sql(f"SELECT pg_current_wal_{end}_lsn() - '0/0'::pg_lsn").scalar_one()
    return int(value)
