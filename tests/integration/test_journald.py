"""Logging to the systemd journal: a datagram with fields for each event, or lines with priorities."""

import io
import logging
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from mailbot.journald import Journal, is_journal_stream, to_entry

Fields = dict[str, str]


def fields(raw: bytes) -> Fields:
    """Read a datagram as systemd-journald does."""
    found: Fields = {}
    while raw:
        line, _, rest = raw.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[name.decode()], raw = value.decode(), rest
    return found


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where journald would."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(10)
        listener.bind(str(tmp_path / "socket"))
        yield listener


def logger(path: Path, stream: io.StringIO) -> Any:
    """Return a logger as the command line sets it up where stderr is the journal."""
    return structlog.wrap_logger(
        Journal(stream, str(path)),
        processors=[structlog.processors.add_log_level, to_entry],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def test_a_mail_is_one_entry_with_its_reason_and_fields(journald: socket.socket, tmp_path: Path) -> None:
    log = logger(tmp_path / "socket", io.StringIO())
    log.info(
        "mail processed", school="GYM", uid=7, outcome="opened", ticket="GYM-104", because="a new problem"
    )
    found = fields(journald.recv(65536))
    assert found["MAILBOT_EVENT"] == "mail processed"
    assert (found["MAILBOT_SCHOOL"], found["MAILBOT_UID"]) == ("GYM", "7")
    assert (found["MAILBOT_OUTCOME"], found["MAILBOT_TICKET"]) == ("opened", "GYM-104")
    assert found["SYSLOG_IDENTIFIER"] == "mailbot"
    assert "because=a new problem" in found["MESSAGE"].replace("'", "")
    assert "\x1b" not in found["MESSAGE"]


@pytest.mark.parametrize(("level", "priority"), [("info", "6"), ("warning", "4"), ("error", "3")])
def test_the_level_of_an_event_becomes_the_priority(
    journald: socket.socket, tmp_path: Path, level: str, priority: str
) -> None:
    getattr(logger(tmp_path / "socket", io.StringIO()), level)("mailbox failed", school="GYM")
    assert fields(journald.recv(65536))["PRIORITY"] == priority


def test_a_line_break_in_a_value_begins_no_field(journald: socket.socket, tmp_path: Path) -> None:
    log = logger(tmp_path / "socket", io.StringIO())
    log.info("mail", because="odd\nPRIORITY=0\nMESSAGE=forged", school="GYM")
    found = fields(journald.recv(65536))
    assert found["MAILBOT_BECAUSE"] == "odd\nPRIORITY=0\nMESSAGE=forged"
    assert found["PRIORITY"] == "6"
    assert found["MAILBOT_SCHOOL"] == "GYM"


def test_without_the_journal_socket_events_become_lines_with_priority(tmp_path: Path) -> None:
    stream = io.StringIO()
    logger(tmp_path / "nobody", stream).error("odd", exception="Traceback\n  of two lines")
    written = stream.getvalue().splitlines()
    assert len(written) >= 3
    assert all(line.startswith("<3>") for line in written)


def test_an_entry_that_is_too_long_for_a_datagram_is_not_lost(
    journald: socket.socket, tmp_path: Path
) -> None:
    stream = io.StringIO()
    logger(tmp_path / "socket", stream).error("long", reason="x" * 5_000_000)
    assert stream.getvalue().startswith("<3>")


def test_only_the_stream_that_systemd_names_is_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "stderr").open("w") as stream, (tmp_path / "other").open("w") as other:
        found = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")
        assert is_journal_stream(stream)
        assert not is_journal_stream(other)
        monkeypatch.delenv("JOURNAL_STREAM")
        assert not is_journal_stream(stream)


def test_the_command_line_logs_to_the_journal_where_its_stderr_is_one(
    journald: socket.socket, tmp_path: Path
) -> None:
    code = (
        "import sys, structlog; from mailbot import journald; from mailbot.cli.log import log_to_stderr;"
        "journald.Journal.__init__.__defaults__ = (sys.argv[1],);"
        "log_to_stderr(); structlog.get_logger().warning('no room', school='GYM')"
    )
    with (tmp_path / "stderr").open("w+") as stderr:
        found = os.fstat(stderr.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        command = [sys.executable, "-c", code, str(tmp_path / "socket")]
        subprocess.run(command, stderr=stderr, env=environment, check=True)
        assert (tmp_path / "stderr").read_text() == ""
    entry = fields(journald.recv(65536))
    assert (entry["MAILBOT_EVENT"], entry["MAILBOT_SCHOOL"], entry["PRIORITY"]) == ("no room", "GYM", "4")
