"""Backup and restore of the whole state in one file, on both databases."""

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
from mailbot.store.database import open_database
from mailbot.store.schema import upgrade
from tests.support.fixtures import require
from tests.support.forked import ForkedProcess
from tests.support.school import ERIKA, LENA, MAX, ROOT, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import find_program
from tests.support.servers.smtp import RecordingSmtpServer


def test_mails_after_a_backup_are_processed_again_and_known_ones_are_not_repeated(env: SchoolEnv) -> None:
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    file = env.directory / "backup"
    env.call("backup", str(file))
    env.deliver(problem("Drucker").text("leer"))
    env.run_once()
    env.call("restore", str(file))
    assert [t["subject"] for t in env.json("tickets")] == ["Beamer"]
    env.deliver(env.mails_to(LENA)[0].answer(LENA, "Es eilt."))
    env.run_once()
    assert [m["text"] for m in env.ticket()["messages"]] == ["dunkel", "Es eilt."]


def test_a_backup_is_consistent_while_mails_are_processed(env: SchoolEnv) -> None:
    env.deliver(*(problem(f"Problem {n}", f"lena{n}@schule.example").text("kaputt") for n in range(30)))
    worker = threading.Thread(target=env.run_once)
    worker.start()
    file = env.directory / "backup"
    env.call("backup", str(file))
    worker.join()
    env.call("restore", str(file))
    tickets = env.json("tickets")
    shown = [env.ticket(ticket["ticket"]) for ticket in tickets]
    assert all([m["text"] for m in ticket["messages"]] == ["kaputt"] for ticket in shown)
    assert sorted(int(t["ticket"].removeprefix("GYM-")) for t in tickets) == list(range(1, len(tickets) + 1))


def test_a_backup_is_readable_by_its_owner_only_and_never_overwrites(env: SchoolEnv) -> None:
    file = env.directory / "backup"
    env.call("backup", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    env.call("backup", str(file), status=1)


def test_a_file_that_is_no_backup_is_refused_and_the_state_stays(env: SchoolEnv) -> None:
    env.deliver(problem().text("dunkel"))
    env.run_once()
    file = env.directory / "no-backup"
    file.write_text("nothing")
    env.call("restore", str(file), status=1)
    assert len(env.json("tickets")) == 1
    assert {r.recipients[0] for r in env.smtp.received} == {LENA, MAX, ERIKA}


def test_a_call_that_cannot_write_its_file_reports_it_in_one_line(
    subtests: pytest.Subtests, env: SchoolEnv
) -> None:
    env.json("tickets")
    occupied = env.directory / "occupied"
    occupied.write_text("")
    for name in ("backup", "export", "preview", "handouts"):
        with subtests.test(call=name):
            result = env.run(name, str(occupied / "new"))
            assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
            assert str(occupied) in result.stderr
            assert "Not a directory" in result.stderr


def test_a_fifo_is_not_restored(env: SchoolEnv) -> None:
    os.mkfifo(env.directory / "fifo")
    with pytest.raises(AssertionError, match="is not a file; nothing was restored"):
        env.call("restore", str(env.directory / "fifo"))


def test_a_directory_that_cannot_be_locked_is_reported_without_a_traceback(env: SchoolEnv) -> None:
    env.json("tickets")
    lock = env.directory / "state" / "lock"
    lock.mkdir()
    with pytest.raises(AssertionError, match="lock: Is a directory") as failed:
        env.call("once")
    lock.rmdir()
    os.mkfifo(lock)
    with pytest.raises(AssertionError, match="lock: File or stream is not seekable") as no_file:
        env.call("once")
    assert "Traceback" not in f"{failed.value}{no_file.value}"


# -- what must not become of the state


@pytest.fixture
def small(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on SQLite with one ticket."""
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    return env


def subjects(env: SchoolEnv) -> list[str]:
    """Return the subjects of the open tickets."""
    return [ticket["subject"] for ticket in env.json("tickets")]


def names(env: SchoolEnv) -> set[str]:
    """Return what is in the state directory, without what each call may leave there."""
    passing = ("-wal", "-shm")
    return {path.name for path in (env.directory / "state").iterdir() if not path.name.endswith(passing)}


def backup_of(env: SchoolEnv) -> Path:
    """Return a new backup."""
    file = env.directory / "backup"
    env.call("backup", str(file))
    return file


def changed(file: Path, *statements: str) -> None:
    """Execute statements in a SQLite file."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def of_a_newer_version(env: SchoolEnv) -> Path:
    file = backup_of(env)
    changed(file, "UPDATE alembic_version SET version_num = '9999'")
    return file


def of_another_program(env: SchoolEnv) -> Path:
    file = env.directory / "other"
    changed(file, "CREATE TABLE moz_places (id INTEGER)", "INSERT INTO moz_places VALUES (1)")
    return file


def of_another_program_with_migrations(env: SchoolEnv) -> Path:
    file = of_another_program(env)
    changed(file, "CREATE TABLE alembic_version (version_num)", "INSERT INTO alembic_version VALUES ('0001')")
    return file


def without_a_table(env: SchoolEnv) -> Path:
    file = backup_of(env)
    changed(file, "DROP TABLE slot")
    return file


def with_damaged_pages(env: SchoolEnv) -> Path:
    file = backup_of(env)
    raw = bytearray(file.read_bytes())
    raw[8192:-8192] = bytes(len(raw) - 16384)
    file.write_bytes(raw)
    return file


def cut_off(env: SchoolEnv) -> Path:
    file = backup_of(env)
    os.truncate(file, file.stat().st_size // 2)
    return file


def a_directory(env: SchoolEnv) -> Path:
    return env.directory


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (of_a_newer_version, "its schema 9999 is that of a newer mailbot; install that version"),
        (of_another_program, "is not a backup of mailbot"),
        (of_another_program_with_migrations, "cannot be migrated to the newest schema: ticket"),
        (without_a_table, "is not a backup of mailbot, it has no table slot"),
        (with_damaged_pages, "malformed|is damaged|not a database"),
        (cut_off, "malformed|is damaged"),
        (a_directory, "Is a directory"),
    ],
)
def test_a_file_that_cannot_become_the_state_is_refused_and_the_state_stays(
    small: SchoolEnv, make: Callable[[SchoolEnv], Path], said: str
) -> None:
    file, before = make(small), names(small)
    done = small.run("restore", str(file))
    assert done.exit_code == 1
    assert re.fullmatch(rf".*({said}).*; nothing was restored, the state is as it was\n", done.stderr)
    assert subjects(small) == ["Beamer"]
    assert names(small) == before


def test_a_full_disk_leaves_the_state_in_place(small: SchoolEnv) -> None:
    file, before = backup_of(small), names(small)
    command = ["sh", "-c", 'ulimit -f 100; exec "$@"', "sh", *small.command("restore", str(file))]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # not to leave half a file of it
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, timeout=300, check=False, env=environment
    )
    assert done.returncode == 1
    assert "File too large; nothing was restored" in done.stderr
    assert subjects(small) == ["Beamer"]
    assert names(small) == before


def test_a_database_that_another_call_uses_is_not_replaced(small: SchoolEnv) -> None:
    file = backup_of(small)
    with closing(sqlite3.connect(small.directory / "state" / "mailbot.db")) as other:
        other.execute("SELECT * FROM ticket").fetchall()
        done = small.run("restore", str(file))
    assert done.exit_code == 1
    assert "database is locked; stop the other processes that use it, and try again" in done.stderr
    assert subjects(small) == ["Beamer"]


def test_wherever_a_restore_is_killed_the_state_is_the_old_one_or_the_new_one(small: SchoolEnv) -> None:
    strace = require(lambda: find_program("strace", "strace"))
    file, state, saved = backup_of(small), small.directory / "state", small.directory / "saved"
    small.deliver(problem("Drucker").text("leer"))
    small.run_once()
    shutil.copytree(state, saved)
    at = "link,linkat,rename,renameat,renameat2,unlink,unlinkat"  # a kill loses no bytes that were written
    found = []
    for number in range(1, 200):
        kill = ["-e", f"trace={at}", "-e", f"inject={at}:signal=KILL:when={number}"]
        restore = ForkedProcess(
            small.arguments("restore", str(file)), small.directory / "output", os.environ, traced=True
        )
        subprocess.run(
            [strace, "-f", "-qq", "-o", os.devnull, *kill, "-p", str(restore.pid)], timeout=300, check=False
        )
        status = restore.wait(60)
        with closing(sqlite3.connect(state / "mailbot.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found.append(
                [subject for (subject,) in database.execute("SELECT subject FROM ticket ORDER BY id")]
            )
        if status == 0:
            break
        assert status == -signal.SIGKILL
        shutil.rmtree(state)
        shutil.copytree(saved, state)
    assert found[0] == ["Beamer", "Drucker"]
    assert found[-1] == ["Beamer"]
    assert all(tickets in (found[0], found[-1]) for tickets in found)


def test_each_replaced_state_is_kept_under_a_name_of_its_own(env: SchoolEnv) -> None:
    file, state = backup_of(env), env.directory / "state"
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    kept = [env.run("restore", str(file)).stdout.rpartition("kept as ")[2].strip() for _ in range(2)]
    assert len(set(kept)) == 2
    assert {str(path) for path in state.glob("*.before-restore-*")} == set(kept)
    env.call("restore", kept[0])
    assert subjects(env) == ["Beamer"]


def test_a_damaged_state_is_kept_and_replaced(small: SchoolEnv) -> None:
    file, database = backup_of(small), small.directory / "state" / "mailbot.db"
    database.write_bytes(b"x" * 8192)
    small.call("restore", str(file))
    assert subjects(small) == ["Beamer"]
    [kept] = database.parent.glob("*.before-restore-*")
    assert kept.read_bytes() == b"x" * 8192


def test_an_archive_of_an_older_release_replaces_a_postgresql_database(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str, postgres: Postgres
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    older = open_database(postgres.new_database())
    upgrade(older, "0001")  # without tables that refer to tickets today
    backup(older, tmp_path / "older")
    older.dispose()
    env.call("restore", str(tmp_path / "older"))
    assert subjects(env) == []
    env.call("restore", str(next(tmp_path.rglob("*before-restore*"))))
    assert subjects(env) == ["Beamer"]


def test_an_archive_of_postgresql_that_cannot_become_the_state_is_refused_and_the_state_stays(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str, postgres: Postgres
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    statements = {
        "of a newer version": "UPDATE alembic_version SET version_num = '9999'",
        "of another program": "DROP TABLE alembic_version",
        "that cannot be migrated": "CREATE INDEX ix_outbox_unsent ON outbox (id)",  # as 0010 does
    }
    said = {}
    for name, statement in statements.items():
        other = open_database(postgres.new_database())
        upgrade(other, "0009")
        with other.begin() as connection:
            connection.exec_driver_sql(statement)
        backup(other, tmp_path / name)
        other.dispose()
        done = env.run("restore", str(tmp_path / name))
        assert done.exit_code == 1
        assert "Traceback" not in done.stderr
        said[name] = done.stderr
        assert subjects(env) == ["Beamer"]
    assert "its schema 9999 is that of a newer mailbot" in said["of a newer version"]
    assert "is not a backup of mailbot" in said["of another program"]
    assert (
        'relation "ix_outbox_unsent" already exists; nothing was restored' in said["that cannot be migrated"]
    )


def test_nothing_is_restored_while_a_daemon_works(small: SchoolEnv) -> None:
    file = backup_of(small)
    with exclusive_lock(load(small.config, {})):
        done = small.run("restore", str(file))
    assert done.exit_code == 1
    assert "another mailbot uses" in done.stderr
