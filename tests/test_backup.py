"""The whole state goes into one file and comes back from it, on both databases."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mailbot.config import load
from mailbot.service.bootstrap import exclusive_lock
from mailbot.store.backup import backup
from mailbot.store.database import migrations, open_database, upgrade
from tests.conftest import require
from tests.house import ERIKA, LENA, MAX, ROOT, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.process import find_program
from tests.servers.smtp import SmtpServer


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> House:
    """A school whose desk keeps its state in each of the databases."""
    database = "sqlite"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres_url")
    return House(tmp_path, dovecot, smtp_server, user, database=database)


def test_what_happened_after_a_backup_is_handled_again_without_doubling_what_is_known(house: House) -> None:
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    file = house.directory / "backup"
    house.call("backup", str(file))
    house.deliver(problem("Drucker").text("leer"))
    house.once()
    house.call("restore", str(file))
    assert [t["subject"] for t in house.json("tickets")] == ["Beamer"]
    house.deliver(house.letters(LENA)[0].answer(LENA, "Es eilt."))
    house.once()
    assert [m["text"] for m in house.ticket()["messages"]] == ["dunkel", "Es eilt."]


def test_a_backup_is_consistent_while_mails_are_handled(house: House) -> None:
    house.deliver(*(problem(f"Problem {n}", f"lena{n}@schule.example").text("kaputt") for n in range(30)))
    worker = threading.Thread(target=house.once)
    worker.start()
    file = house.directory / "backup"
    house.call("backup", str(file))
    worker.join()
    house.call("restore", str(file))
    tickets = house.json("tickets")
    shown = [house.ticket(ticket["ticket"]) for ticket in tickets]
    assert all([m["text"] for m in ticket["messages"]] == ["kaputt"] for ticket in shown)
    assert sorted(int(t["ticket"].removeprefix("GYM-")) for t in tickets) == list(range(1, len(tickets) + 1))


def test_a_backup_is_readable_by_its_owner_only_and_never_overwrites(house: House) -> None:
    file = house.directory / "backup"
    house.call("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    house.call("backup", str(file), status=1)


def test_a_file_that_is_no_backup_is_refused_and_the_state_stays(house: House) -> None:
    house.deliver(problem().text("dunkel"))
    house.once()
    file = house.directory / "no-backup"
    file.write_text("nothing")
    house.call("restore", str(file), status=1)
    assert len(house.json("tickets")) == 1
    assert {r.recipients[0] for r in house.smtp.received} == {LENA, MAX, ERIKA}


def test_a_folder_that_cannot_be_locked_is_told_without_a_traceback(house: House) -> None:
    house.json("tickets")
    (house.directory / "state" / "lock").mkdir()
    with pytest.raises(AssertionError, match="lock: Is a directory; use the user to whom") as failed:
        house.call("once")
    assert "Traceback" not in str(failed.value)


# -- what must not become of the state


@pytest.fixture
def small(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on SQLite with one ticket."""
    house = House(tmp_path, dovecot, smtp_server, user)
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    return house


def restored(house: House, file: Path, *within: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `mailbot restore`, by another command if one is named."""
    return subprocess.run(
        [*within, *house.command("restore", str(file))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def subjects(house: House) -> list[str]:
    """Return the subjects of the open tickets."""
    return [ticket["subject"] for ticket in house.json("tickets")]


def names(house: House) -> set[str]:
    """Return what is in the state directory, without what each call may leave there."""
    passing = ("-wal", "-shm")
    return {path.name for path in (house.directory / "state").iterdir() if not path.name.endswith(passing)}


def backup_of(house: House) -> Path:
    """Return a new backup."""
    file = house.directory / "backup"
    house.call("backup", str(file))
    return file


def changed(file: Path, *statements: str) -> None:
    """Execute statements in a SQLite file."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def of_a_newer_version(house: House) -> Path:
    file = backup_of(house)
    changed(file, "UPDATE alembic_version SET version_num = '9999'")
    return file


def of_another_program(house: House) -> Path:
    file = house.directory / "other"
    changed(file, "CREATE TABLE moz_places (id INTEGER)", "INSERT INTO moz_places VALUES (1)")
    return file


def of_another_program_with_migrations(house: House) -> Path:
    file = of_another_program(house)
    changed(file, "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')")
    return file


def without_a_table(house: House) -> Path:
    file = backup_of(house)
    changed(file, "DROP TABLE slot")
    return file


def with_damaged_pages(house: House) -> Path:
    file = backup_of(house)
    octets = bytearray(file.read_bytes())
    octets[8192:-8192] = bytes(len(octets) - 16384)
    file.write_bytes(octets)
    return file


def cut_off(house: House) -> Path:
    file = backup_of(house)
    os.truncate(file, file.stat().st_size // 2)
    return file


def a_directory(house: House) -> Path:
    return house.directory


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (of_a_newer_version, "its schema 9999 is that of a newer mailbot: install that"),
        (of_another_program, "is no backup of mailbot"),
        (of_another_program_with_migrations, "cannot be brought to the newest schema: ticket"),
        (without_a_table, "is no backup of mailbot, it has no table slot"),
        (with_damaged_pages, "malformed|is damaged|not a database"),
        (cut_off, "malformed|is damaged"),
        (a_directory, "Is a directory"),
    ],
)
def test_a_file_that_cannot_become_the_state_is_refused_and_the_state_stays(
    small: House, make: Callable[[House], Path], said: str
) -> None:
    file, before = make(small), names(small)
    done = restored(small, file)
    assert done.returncode == 1
    assert re.fullmatch(rf".*({said}).*; nothing was restored, the state is as it was\n", done.stderr)
    assert subjects(small) == ["Beamer"]
    assert names(small) == before


def test_a_full_disk_leaves_the_state_in_place(small: House) -> None:
    file, before = backup_of(small), names(small)
    done = restored(small, file, "sh", "-c", 'ulimit -f 100; exec "$@"', "sh")
    assert done.returncode == 1
    assert "File too large; nothing was restored" in done.stderr
    assert subjects(small) == ["Beamer"]
    assert names(small) == before


def test_a_database_that_another_call_uses_is_not_replaced(small: House) -> None:
    file = backup_of(small)
    with closing(sqlite3.connect(small.directory / "state" / "mailbot.db")) as other:
        other.execute("SELECT * FROM ticket").fetchall()
        done = restored(small, file)
    assert done.returncode == 1
    assert "database is locked; end the other calls that use it, and try again" in done.stderr
    assert subjects(small) == ["Beamer"]


def test_wherever_a_restore_is_killed_the_state_is_the_old_one_or_the_new_one(small: House) -> None:
    strace = require(lambda: find_program("strace", "strace"))
    file, state, saved = backup_of(small), small.directory / "state", small.directory / "saved"
    small.deliver(problem("Drucker").text("leer"))
    small.once()
    shutil.copytree(state, saved)
    at = "link,linkat,rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync"
    found = []
    for number in range(1, 200):
        kill = ("-e", f"trace={at}", "-e", f"inject={at}:signal=KILL:when={number}")
        done = restored(small, file, strace, "-f", "-qq", "-o", os.devnull, *kill)
        with closing(sqlite3.connect(state / "mailbot.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found.append(
                [subject for (subject,) in database.execute("SELECT subject FROM ticket ORDER BY id")]
            )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        shutil.rmtree(state)
        shutil.copytree(saved, state)
    assert found[0] == ["Beamer", "Drucker"]
    assert found[-1] == ["Beamer"]
    assert all(tickets in (found[0], found[-1]) for tickets in found)


def test_each_replaced_state_is_kept_under_a_name_of_its_own(house: House) -> None:
    file, state = backup_of(house), house.directory / "state"
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    kept = [restored(house, file).stdout.rpartition("kept as ")[2].strip() for _ in range(2)]
    assert len(set(kept)) == 2
    assert {str(path) for path in state.glob("*.before-restore-*")} == set(kept)
    house.call("restore", kept[0])
    assert subjects(house) == ["Beamer"]


def test_a_damaged_state_is_kept_and_replaced(small: House) -> None:
    file, database = backup_of(small), small.directory / "state" / "mailbot.db"
    database.write_bytes(b"x" * 8192)
    small.call("restore", str(file))
    assert subjects(small) == ["Beamer"]
    [kept] = database.parent.glob("*.before-restore-*")
    assert kept.read_bytes() == b"x" * 8192


def test_an_archive_of_an_older_release_replaces_a_postgresql_database(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str, postgres: Postgres
) -> None:
    house = House(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    older = open_database(postgres.new_database())
    upgrade(older, migrations(), "0001")  # without tables that refer to tickets today
    backup(older, tmp_path / "older")
    older.dispose()
    house.call("restore", str(tmp_path / "older"))
    assert subjects(house) == []
    house.call("restore", str(next(tmp_path.rglob("*before-restore*"))))
    assert subjects(house) == ["Beamer"]


def test_an_archive_of_postgresql_that_cannot_become_the_state_is_refused_and_the_state_stays(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str, postgres: Postgres
) -> None:
    house = House(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
    house.deliver(problem("Beamer").text("dunkel"))
    house.once()
    statements = {
        "of a newer version": "UPDATE alembic_version SET version_num = '9999'",
        "of another program": "DROP TABLE alembic_version",
        "that cannot be migrated": "CREATE INDEX ix_outbox_unsent ON outbox (id)",  # as 0010 does
    }
    said = {}
    for name, statement in statements.items():
        other = open_database(postgres.new_database())
        upgrade(other, migrations(), "0009")
        with other.begin() as connection:
            connection.exec_driver_sql(statement)
        backup(other, tmp_path / name)
        other.dispose()
        done = restored(house, tmp_path / name)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        said[name] = done.stderr
        assert subjects(house) == ["Beamer"]
    assert "its schema 9999 is that of a newer mailbot" in said["of a newer version"]
    assert "is no backup of mailbot" in said["of another program"]
    assert (
        'relation "ix_outbox_unsent" already exists; nothing was restored' in said["that cannot be migrated"]
    )


def test_nothing_is_restored_while_a_daemon_works(small: House) -> None:
    file = backup_of(small)
    with exclusive_lock(load(small.config, {})):
        done = restored(small, file)
    assert done.returncode == 1
    assert "another mailbot works with" in done.stderr
