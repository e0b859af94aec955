"""`mailbot migrate-database` moves every row from SQLite to PostgreSQL, or none."""

from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlmodel import col

from mailbot.config import load
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service.bootstrap import exclusive_lock
from mailbot.store.audit_verify import seal, verify
from mailbot.store.database import open_database, read_only, transaction
from mailbot.store.tables import (
    AlertRow,
    AliasRow,
    AttemptRow,
    EventRow,
    HeartbeatRow,
    LeaseRow,
    LedgerRow,
    MailboxRow,
    OutboxRow,
    PersonRow,
    SlotRow,
    TicketRow,
    WorkerRow,
    metadata,
)
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.forked import ForkedProcess, run_forked
from tests.support.new_database import new_postgresql
from tests.support.scenario import NOW
from tests.support.school import ERIKA, LENA, MAX, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer

SELLER = "gewinn@anderswo.example"
MOMENT = NOW.replace(microsecond=123_456)


@pytest.fixture
def env(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str, postgres_url: str
) -> SchoolEnv:
    """A school that worked with SQLite, and whose configuration now names a PostgreSQL."""
    school = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    with school.open() as (desk, _):
        live(DeskHarness(desk))
    school.database = postgres_url
    school.write_config()
    return school


def live(harness: DeskHarness) -> None:
    """Let happen what fills every table."""
    harness.receive(
        problem("Beamer dunkel").text("Es summt: „hä?“ 🎥").attach("bild.png", b"\x89PNG\0", "image/png")
    )
    harness.receive(problem("Beamer flackert").text("Er flackert in Raum 204."))
    harness.receive(problem("Gewinnspiel", SELLER).text("Sie haben gewonnen."))
    first, second, third = [mail for mail in harness.outbox_of(MAX) if mail.kind == "new_ticket"]
    # It refers to a row that comes later; the mail about the first ticket does not show the second.
    assert harness.outcome(reply_to(first, MAX, "#merge GYM-2")) == "held"
    assert harness.reply(MAX, "#confirm") == "command"
    assert harness.outcome(reply_to(third, MAX, "#spam")) == "command"
    assert harness.outcome(reply_to(second, MAX, "Ist das Kabel eingesteckt?\n#merken Kabel")) == "command"
    assert harness.outcome(reply_to(second, MAX, "#baustein Kabel")) == "command"
    forged = reply_to(harness.outbox_of(ERIKA)[0], MAX, "#close")
    assert harness.outcome(forged) == "held"
    quarantined = LedgerRow(
        school="GYM", uid_validity=2**32 - 1, uid=2**32 - 1, content_id="c", at=MOMENT, outcome="quarantined"
    )
    with transaction(harness.engine) as session:
        seal(session, "mailbot", MOMENT)
        session.add_all(
            (
                quarantined,
                AliasRow(name="123456", ticket_id=2),
                AlertRow(topic="disk", since=MOMENT, text="voll"),
                AttemptRow(school="GYM", uid_validity=1, uid=99, tries=1),
                HeartbeatRow(worker="w", started=MOMENT, at=MOMENT),
                LeaseRow(school="GYM", worker="w", token=2**40),
                MailboxRow(school="GYM", last_success=MOMENT, recover_since=MOMENT - timedelta(days=1)),
                PersonRow(address=MAX, name="Max", registered=MOMENT, away_until=date(2026, 2, 28)),
                SlotRow(job="digest ä", slot="2026-11-23"),
                SlotRow(job="Digest", slot="2026-11-23"),
                WorkerRow(name="w", until=MOMENT),
            )
        )


def number_of_rows(url: str) -> int:
    """Return how many rows all tables hold together."""
    engine = open_database(url)
    with read_only(engine) as session:
        number = sum(session.scalar(select(func.count()).select_from(t)) or 0 for t in metadata.sorted_tables)
    engine.dispose()
    return number


def make_schema(env: SchoolEnv, postgres: Postgres, *statements: str) -> None:
    """Give the school a PostgreSQL that has the newest schema, and execute statements there."""
    env.database = new_postgresql(postgres)
    env.write_config()
    with psycopg.connect(env.database) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def trigger(table: str, what: str) -> tuple[str, str]:
    """Return the statements that let PostgreSQL do something before each new row of a table."""
    body = f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {what}; RETURN NEW; END'"
    return body, f"CREATE TRIGGER meddle BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION meddle()"


def refused(env: SchoolEnv, *args: str) -> str:
    """Let the move fail; return what it says."""
    done = run_forked(*env.arguments("migrate-database", *args))
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "nothing was moved" in done.stderr
    return done.stdout + done.stderr


def test_every_row_of_every_table_is_moved(env: SchoolEnv) -> None:
    document = env.json("migrate-database")
    tables = document["tables"]
    assert set(tables) == {*metadata.tables, "search"}
    assert {name: t for name, t in tables.items() if not t["old"] == t["new"] > t["different"] == 0} == {}
    assert (document["differences"], document["trail"]) == ([], [])
    with env.open() as (desk, _), read_only(desk.engine) as session:
        assert verify(session).problems == []
        moved = session.get_one(MailboxRow, "GYM")
        assert moved.last_success == MOMENT
        assert session.scalar(select(func.count()).select_from(EventRow)) == document["entries"] + 1


def test_a_reply_to_an_old_mail_is_processed_and_ticket_numbers_continue(env: SchoolEnv) -> None:
    with read_only(engine := open_database(f"sqlite:///{env.directory / 'state' / 'mailbot.db'}")) as session:
        mail = session.scalars(select(OutboxRow).where(col(OutboxRow.recipient) == LENA)).all()[-1]
    engine.dispose()
    assert "All rows are in PostgreSQL" in env.call("migrate-database")
    env.deliver(reply_to(mail, LENA, "Ja, es steckt."), problem("Drucker").text("leer"))
    assert env.run_once()["failed"] == 0
    assert env.ticket("GYM-2")["messages"][-1]["text"] == "Ja, es steckt."
    assert env.ticket("GYM-4")["subject"] == "Drucker"
    with env.open() as (desk, _):
        harness = DeskHarness(desk, first_uid=1_000)
        assert harness.reply(MAX, "#suche flackert", NotificationKind.NEW_TICKET) == "answered"
        assert "GYM-2" in harness.outbox_of(MAX)[-1].text
        assert harness.rows(TicketRow)[0].merged_into == 2
    assert env.call("audit").count("moved to PostgreSQL") == 1


def test_a_row_that_is_not_the_same_afterwards_is_named_and_nothing_is_moved(
    env: SchoolEnv, postgres: Postgres
) -> None:
    make_schema(
        env, postgres, *trigger("message", "IF NEW.id = 2 THEN NEW.text := NEW.text || chr(33); END IF")
    )
    said = refused(env)
    assert "message 2: differs in text" in said
    assert "flackert" not in said
    assert number_of_rows(env.database) == 0


def test_a_row_that_does_not_arrive_is_named_and_nothing_is_moved(env: SchoolEnv, postgres: Postgres) -> None:
    make_schema(env, postgres, *trigger("slot", "IF NEW.job = ''Digest'' THEN RETURN NULL; END IF"))
    assert "slot Digest/2026-11-23: is missing in PostgreSQL" in refused(env)
    assert number_of_rows(env.database) == 0


def test_a_changed_audit_entry_is_reported(env: SchoolEnv, postgres: Postgres) -> None:
    make_schema(env, postgres, *trigger("event", "NEW.actor := ''nobody''"))
    assert "the audit trail differs from the original" in refused(env)


def test_a_difference_of_the_search_index_is_reported(env: SchoolEnv, postgres: Postgres) -> None:
    make_schema(env, postgres, *trigger("search", "NEW.words := ''''''beamer'''':1A''::tsvector"))
    assert "search 2: the indexed words differ" in refused(env)


def test_a_database_that_holds_something_is_refused(env: SchoolEnv, postgres: Postgres) -> None:
    make_schema(env, postgres, "INSERT INTO school (key, last_number) VALUES ('HBG', 7)")
    assert "has rows in school" in refused(env)
    assert number_of_rows(env.database) == 1


def test_a_move_that_is_killed_leaves_nothing_and_can_be_done_again(
    env: SchoolEnv, postgres: Postgres
) -> None:
    make_schema(env, postgres, *trigger("outbox", "PERFORM pg_sleep(60)"))
    with psycopg.connect(env.database, autocommit=True) as observer:
        asleep = (
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        process = ForkedProcess(env.arguments("migrate-database"), env.directory / "output")
        wait_until(lambda: observer.execute(asleep).fetchone() is not None, seconds=30)
        process.kill()
        process.wait()
        observer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        assert number_of_rows(env.database) == 0
        observer.execute("DROP TRIGGER meddle ON outbox")
    assert "All rows are in PostgreSQL" in env.call("migrate-database")


def test_nothing_is_moved_while_a_mailbot_works(env: SchoolEnv) -> None:
    with exclusive_lock(load(env.config, {})):
        done = run_forked(*env.arguments("migrate-database"))
    assert done.returncode == 1
    assert "another mailbot uses" in done.stderr
    assert number_of_rows_or_none(env.database) is None


def number_of_rows_or_none(url: str) -> int | None:
    """Return how many rows a database holds; None if it has not even tables."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = connection.execute(text("SELECT to_regclass('ticket')")).scalar()
    engine.dispose()
    return None if found is None else number_of_rows(url)


def test_an_older_schema_is_refused_with_what_to_do(env: SchoolEnv) -> None:
    old = open_database(f"sqlite:///{env.directory / 'state' / 'mailbot.db'}")
    with old.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    old.dispose()
    said = refused(env)
    assert "has schema 0001" in said
    assert "run mailbot upgrade-database" in said


def test_a_row_that_postgresql_refuses_is_reported_with_its_table(env: SchoolEnv) -> None:
    old = open_database(f"sqlite:///{env.directory / 'state' / 'mailbot.db'}")
    with old.begin() as connection:
        connection.execute(text("UPDATE alert SET text = 'a' || char(0) || 'b'"))
    old.dispose()
    assert "bot.database: table alert: " in refused(env)
    assert number_of_rows(env.database) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"no database, only words" * 50, "not a database"),
        (b"", "not a database of mailbot"),
    ],
)
def test_a_file_that_is_no_desk_is_refused(env: SchoolEnv, content: bytes | None, reason: str) -> None:
    file = env.directory / "old.db"
    if content is not None:
        file.write_bytes(content)
    assert reason in refused(env, str(file))


def test_a_configuration_that_still_names_sqlite_is_refused(env: SchoolEnv) -> None:
    env.database = "sqlite"
    env.write_config()
    assert "bot.database: set the new database" in refused(env)
