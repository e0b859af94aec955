"""Errors of SQLite say what to do about the disk."""

import sqlite3

import pytest

from mailbot.store.database import first_line


def test_what_to_do_follows_the_message(subtests: pytest.Subtests) -> None:
    for code, said in [
        (sqlite3.SQLITE_FULL, "disk I/O error; free space on its disk"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "its disk is full or damaged"),
        (sqlite3.SQLITE_CANTOPEN, "mounted read-only"),
        (sqlite3.SQLITE_READONLY, "owner of state_dir"),
        (sqlite3.SQLITE_BUSY, "disk I/O error"),
    ]:
        with subtests.test(code=code):
            error = sqlite3.OperationalError("disk I/O\nerror")
            error.sqlite_errorcode = code
            assert said in first_line(error)
