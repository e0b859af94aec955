"""`mailbot status` and lists: right numbers, a table that fits, and output for programs."""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen
from sqlmodel import select

from mailbot.cli.status import print_status, span
from mailbot.monitoring.status import status
from mailbot.store import outbox
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import LedgerRow, OutboxRow, TicketRow
from tests.support.desk_harness import DeskHarness, open_harness
from tests.support.mail_builder import mail

DOCUMENT = {
    "at": "2026-11-27T08:00:00+00:00",
    "mailboxes": [
        {
            "school": key,
            "address": f"support-{key.lower()}@gymnasium-marienschule.example",
            "last_success": "2026-11-27T07:59:48+00:00" if well else "2026-11-27T05:59:00+00:00",
            "stale": not well,
            "last_error": "" if well else "the server refuses the login: [AUTHENTICATIONFAILED]",
            "failing_since": None if well else "2026-11-27T06:00:00+00:00",
            "left_alone": 0 if well else 1200,
            "latency": {"mails": 12, "median": 1.2, "maximum": 7.0} if well else None,
        }
        for key, well in (("GYM", True), ("RSW", False))
    ],
    "daemon": {"heartbeat": "2026-11-27T07:59:30+00:00", "stale": False, "starting": False},
    "outbox": {"sent": 90, "queued": 3, "failed": 1},
    "letters": {"due": 2, "waiting": 1, "doubtful": 0, "failed": 1, "oldest": "2026-11-27T07:30:00+00:00"},
    "quarantine": 2,
    "open_tickets": {"GYM": 14},
    "tickets_by_age": {
        "GYM": {"day": 3, "week": 9, "older": 2},
        "RSW": {"day": 0, "week": 0, "older": 0},
    },
    "not_registered": ["max@support.example"],
    "workers": {"pc1:/var/lib/mailbot:0a1b": ["GYM"], "pc2:/var/lib/mailbot:2c3d": []},
    "alerts": [
        {"topic": "mailbox RSW", "since": "2026-11-27T06:00:00+00:00", "text": "refused"},
        {"topic": "disk", "since": "2026-11-27T07:00:00+00:00", "text": "180 MB are free"},
    ],
}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[DeskHarness]:
    with open_harness(tmp_path) as found:
        yield found


def report(harness: DeskHarness, what: str) -> None:
    """Let a teacher of that problem's own write about it."""
    built = mail().sender(f"{what.lower()}@schule.example").to("support-gym@schule.example")
    harness.outcome(built.subject(what).message_id(f"<{what}@schule.example>").text(f"{what} defekt"))


def test_latency_is_the_time_from_the_arrival_of_a_mail_until_it_is_processed(harness: DeskHarness) -> None:
    for text in ("Beamer", "Drucker", "Tafel"):
        report(harness, text)
    now = datetime.now(UTC)
    with transaction(harness.desk.engine) as session:
        for seconds, row in zip((1, 3, 9), session.exec(select(LedgerRow)), strict=True):
            row.received, row.at = now - timedelta(minutes=5), now - timedelta(minutes=5, seconds=-seconds)
    [gym] = [box for box in status(harness.desk)["mailboxes"] if box["school"] == "GYM"]
    assert gym["latency"] == {"mails": 3, "median": 3.0, "maximum": 9.0}


def test_mails_of_the_day_before_yesterday_do_not_count_for_the_latency(harness: DeskHarness) -> None:
    report(harness, "Beamer")
    with transaction(harness.desk.engine) as session:
        session.exec(select(LedgerRow)).one().received = datetime.now(UTC) - timedelta(days=2)
    assert {box["latency"] for box in status(harness.desk)["mailboxes"]} == {None}


def test_open_tickets_are_counted_by_age_and_closed_ones_are_not(harness: DeskHarness) -> None:
    for text in ("Beamer", "Drucker", "Tafel", "Netz"):
        report(harness, text)
    with transaction(harness.desk.engine) as session:
        rows = session.exec(select(TicketRow)).all()
        for days, row in zip((0, 3, 30, 3), rows, strict=True):
            row.opened = datetime.now(UTC) - timedelta(days=days, minutes=1)
        rows[-1].status = "closed"
    found = status(harness.desk)
    assert found["tickets_by_age"]["GYM"] == {"day": 1, "week": 1, "older": 1}
    assert found["open_tickets"]["GYM"] == 3


def test_a_mail_that_waits_for_a_retry_is_not_due(harness: DeskHarness) -> None:
    report(harness, "Beamer")
    now = datetime.now(UTC)
    with transaction(harness.desk.engine) as session:
        rows = session.exec(select(OutboxRow)).all()
        for row in rows:
            row.next_attempt = now - timedelta(seconds=1)
        rows[0].state, rows[0].next_attempt = "uncertain", now + timedelta(hours=1)
    mails = status(harness.desk)["letters"]
    assert (mails["due"], mails["waiting"], mails["doubtful"]) == (len(rows) - 1, 1, 1)


def test_a_duration_is_shown_in_its_largest_unit(subtests: pytest.Subtests) -> None:
    for seconds, said in [(0.4, "<1 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (172_800, "2 d")]:
        with subtests.test(seconds=seconds):
            assert span(seconds) == said


def test_output_to_a_pipe_has_no_colours_and_no_wrapping(capsys: pytest.CaptureFixture[str]) -> None:
    print_status(DOCUMENT)
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    [failing] = [line for line in printed.splitlines() if line.startswith("mailbox RSW")]
    assert failing.rstrip().endswith("fails for 2 h: the server refuses the login: [AUTHENTICATIONFAILED]")
    assert "alert           disk, for 1 h: 180 MB are free" in printed
    assert "daemon          last heartbeat 30 s ago" in printed
    assert "worker          pc1:/var/lib/mailbot:0a1b reads GYM" in printed
    assert "worker          pc2:/var/lib/mailbot:2c3d reads no mailbox" in printed


def test_each_problem_is_listed_once(capsys: pytest.CaptureFixture[str]) -> None:
    print_status(DOCUMENT)
    assert capsys.readouterr().out.count("mailbox RSW") == 1


def test_on_a_terminal_of_80_columns_nothing_is_wider_and_failures_are_red() -> None:
    ours, theirs = pty.openpty()
    code = "from tests.integration.test_status import DOCUMENT, print_status; print_status(DOCUMENT)"
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen([sys.executable, "-c", code], stdout=theirs, env=environment) as process:
        os.close(theirs)
        printed = b""
        while chunk := _read(ours):
            printed += chunk
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[1;31m" in printed
    plain = _without_colours(printed.decode())
    assert max(map(len, plain.splitlines())) <= 80
    assert "GYM     support-gym@gymn…  12 s ago            1 s    14       3        9      2" in plain


def test_mails_of_every_state_are_counted(tmp_path: Path) -> None:
    with open_harness(tmp_path) as harness:
        assert status(harness.desk)["outbox"] == {}
        harness.receive(mail().text("Der Beamer bleibt dunkel."))
        with transaction(harness.engine) as session:
            for row, state in zip(session.exec(select(OutboxRow)), ("sent", "failed", "sent"), strict=True):
                row.state = state
        assert status(harness.desk)["outbox"] == {"failed": 1, "sent": 2}


def test_unsent_mails_are_found_without_reading_sent_ones(tmp_path: Path) -> None:
    asked: list[str] = []
    with open_harness(tmp_path) as harness, read_only(harness.engine) as session:
        connection = session.connection()
        listen(
            connection, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement)
        )
        outbox.counts(session)
        outbox.unsent(session)
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {s}").all() for s in tuple(asked)]
    assert len(plans) == 3
    assert [plan for plan in map(str, plans) if "INDEX" not in plan] == []


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux raises EIO after the last writer closed
        return b""


def _without_colours(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
