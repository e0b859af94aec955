"""Only the daemon, `once` and an explicit call change the schema of a database."""

from pathlib import Path
from types import MappingProxyType

import psycopg
import pytest
import structlog
from typer.testing import CliRunner

from mailbot.cli import app
from mailbot.config import load
from mailbot.service.bootstrap import DeskError, exclusive_lock, open_desk
from mailbot.store.database import open_database
from mailbot.store.schema import require_utf8, revisions, schemas, upgrade
from mailbot.store.tables import metadata
from tests.support.servers.postgres import Postgres

CONFIGURATION = """
bot = { name = "Schulhilfe", state_dir = "state" }
smtp = { host = "127.0.0.1", username = "" }
imap = { host = "127.0.0.1", password_env = "PASSWORD" }
[[school]]
key = "GYM"
name = "Gymnasium"
address = "hilfe@schule.example"
imap = { username = "hilfe@schule.example" }
team = { name = "Team", members = ["a@stadt.example"] }
[second_level]
name = "Technik"
members = ["t@stadt.example"]
"""
ENVIRON = MappingProxyType({"PASSWORD": "geheim"})


NEVER_DELETED = {"ledger.id", "ticket.id"}


def test_the_erasure_finds_what_refers_to_a_row_by_an_index() -> None:
    """A database searches references to each deleted row: without an index it reads the whole table."""
    without = []
    for table in metadata.tables.values():
        first = {next(iter(index.columns)).name for index in table.indexes}
        first.add(next(iter(table.primary_key)).name)
        without += [
            f"{table.name}.{key.parent.name}"
            for key in table.foreign_keys
            if key.target_fullname not in NEVER_DELETED and key.parent.name not in first
        ]
    assert without == []


def call(config: Path, *args: str) -> tuple[int, str]:
    result = CliRunner(env=dict(ENVIRON)).invoke(app, ["--config", str(config), *args])
    structlog.reset_defaults()
    return result.exit_code, result.output


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Return the configuration of a desk whose database has an older schema."""
    config = tmp_path / "mailbot.toml"
    config.write_text(CONFIGURATION, "utf-8")
    (tmp_path / "state").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'state' / 'mailbot.db'}")
    upgrade(engine, revisions()[-2])
    engine.dispose()
    return config


def schema(config: Path) -> str | None:
    engine = open_database(f"sqlite:///{config.parent / 'state' / 'mailbot.db'}")
    try:
        return schemas(engine)[0]
    finally:
        engine.dispose()


def test_calls_that_read_refuse_an_older_schema_and_one_call_migrates_it(older: Path) -> None:
    status, said = call(older, "status", "--probe")
    assert (status, "MAILBOT UNKNOWN" in said) == (3, True)
    for name in ("status", "tickets", "invite"):
        status, said = call(older, name)
        assert status == 1, name
        assert "mailbot upgrade-database" in said
    assert call(older, "backup", str(older.parent / "before.db"))[0] == 0, "of the old state"
    assert schema(older) == revisions()[-2]
    assert call(older, "upgrade-database")[0] == 0
    assert schema(older) == revisions()[-1]
    assert call(older, "tickets")[0] == 0


def test_nothing_migrates_a_database_while_a_daemon_has_the_lock(older: Path) -> None:
    with exclusive_lock(load(older, ENVIRON)):
        for name in ("upgrade-database", "once"):
            status, said = call(older, name)
            assert status == 1, name
            assert "another mailbot uses" in said
    assert schema(older) == revisions()[-2]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_postgresql_that_cannot_store_every_character_is_refused(
    tmp_path: Path, postgres: Postgres, encoding: str
) -> None:
    url = postgres.new_database()
    engine = open_database(url)
    require_utf8(engine)
    engine.dispose()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE d_{encoding} TEMPLATE template0 ENCODING '{encoding}'".encode())
    config = tmp_path / "mailbot.toml"
    other = f"{url.rpartition('/')[0]}/d_{encoding.lower()}"
    config.write_text(
        CONFIGURATION.replace('state_dir = "state"', f'state_dir = "state", database = "{other}"')
    )
    with pytest.raises(DeskError, match=f"its encoding is {encoding}.*--encoding=UTF8"):
        open_desk(load(config, ENVIRON))
