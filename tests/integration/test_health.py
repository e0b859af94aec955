"""The health monitor reports silent failures, and prevents damage by a full disk or a wrong clock."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mailbot.clock import utc_now
from mailbot.config import load
from mailbot.core.model.policy import Thresholds
from mailbot.monitoring.health import Snapshot, evaluate, has_disk_space, is_stale
from mailbot.monitoring.monitor import HealthMonitor
from mailbot.monitoring.nagios import Level, check_plugin
from mailbot.runtime import application
from mailbot.runtime.application import Application
from mailbot.store import mailboxes
from mailbot.store.database import transaction
from mailbot.store.tables import AlertRow, OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import EDV, NOW
from tests.support.school import SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

LONG_AGO = NOW - timedelta(hours=3)
QUIET = Snapshot(NOW, LONG_AGO, {"GYM": NOW}, disk_free=10**12)
USUAL = Thresholds()


def topics(sight: Snapshot, thresholds: Thresholds = USUAL) -> list[str]:
    return [concern.topic for concern in evaluate(sight, thresholds)]


FAILURES: list[tuple[dict[str, Any], str]] = [
    ({"last_read": {"GYM": NOW - timedelta(minutes=16)}}, "mailbox GYM unread"),
    ({"last_read": {"GYM": None}}, "mailbox GYM unread"),
    ({"oldest_due": NOW - timedelta(minutes=61), "due_mails": 4}, "outbox"),
    ({"disk_free": 199_000_000}, "disk"),
    ({"jump": timedelta(hours=1)}, "clock"),
    ({"jump": -timedelta(hours=1)}, "clock"),
    ({"stalled": ("outbox",)}, "thread outbox"),
]


def test_silent_failures_are_reported(subtests: pytest.Subtests) -> None:
    for changes, topic in FAILURES:
        with subtests.test(changes=changes):
            assert topics(QUIET) == []
            assert topics(replace(QUIET, **changes)) == [topic]


NORMAL: list[dict[str, Any]] = [
    {"last_read": {"GYM": NOW - timedelta(minutes=14)}},
    {"last_read": {"GYM": None}, "since": NOW - timedelta(minutes=5)},  # just started
    {"oldest_due": NOW - timedelta(minutes=59)},
    {"disk_free": None},  # the database is elsewhere
    {"jump": timedelta(seconds=30)},
]


def test_normal_states_are_not_reported(subtests: pytest.Subtests) -> None:
    for changes in NORMAL:
        with subtests.test(changes=changes):
            assert topics(replace(QUIET, **changes)) == []


def test_health_rule_with_the_value_0_is_off() -> None:
    silent = replace(QUIET, last_read={"GYM": None}, oldest_due=LONG_AGO, disk_free=1)
    assert topics(silent, Thresholds(0, 0, 0)) == []
    assert not is_stale(None, NOW, Thresholds(0, 0, 0))


class ManualClocks:
    """Clocks that are set by hand."""

    def __init__(self) -> None:
        self.now, self.ticks = NOW, 0.0

    def advance(self, length: timedelta, *, wall: timedelta | None = None) -> None:
        """Advance both clocks; the wall clock may be set to another time."""
        self.ticks += length.total_seconds()
        self.now += length if wall is None else wall


@pytest.fixture
def clocks() -> ManualClocks:
    """The clocks of the monitor."""
    return ManualClocks()


@pytest.fixture
def monitor(desk: DeskHarness, tmp_path: Path, clocks: ManualClocks) -> HealthMonitor:
    """The health monitor of a desk."""

    def wall() -> datetime:
        return clocks.now

    return HealthMonitor(
        desk.desk, tmp_path, USUAL, ("GYM",), ("outbox",), lambda: (), wall, lambda: clocks.ticks
    )


def alerts(desk: DeskHarness) -> list[str]:
    return [row.text for row in desk.rows(OutboxRow) if row.recipient == EDV and row.kind == "alert"]


def test_operators_are_notified_when_an_issue_begins_and_when_it_ends(
    desk: DeskHarness, monitor: HealthMonitor, clocks: ManualClocks
) -> None:
    for _ in range(5):
        clocks.advance(timedelta(minutes=10))
        monitor.check()
    assert [row.topic for row in desk.rows(AlertRow)] == ["mailbox GYM unread"]
    assert len(alerts(desk)) == 1
    with transaction(desk.engine) as session:
        mailboxes.record_success(session, "GYM", clocks.now)
    monitor.check()
    assert desk.rows(AlertRow) == []
    assert len(alerts(desk)) == 2


def test_clock_jump_suspends_the_timers(monitor: HealthMonitor, clocks: ManualClocks) -> None:
    assert not monitor.clock_jumped()
    clocks.advance(timedelta(minutes=1), wall=timedelta(days=30))
    assert monitor.clock_jumped()
    clocks.advance(timedelta(minutes=5))
    assert monitor.clock_jumped()
    clocks.advance(timedelta(minutes=6))
    assert not monitor.clock_jumped()


def test_clock_jump_that_the_timers_detect_first_is_reported(
    desk: DeskHarness, monitor: HealthMonitor, clocks: ManualClocks
) -> None:
    clocks.advance(timedelta(minutes=1), wall=timedelta(days=30))
    assert monitor.clock_jumped()
    assert "clock" in {issue.topic for issue in monitor.check()}
    assert "clock" not in {issue.topic for issue in monitor.check()}


def test_clock_that_jumps_back_is_detected(monitor: HealthMonitor, clocks: ManualClocks) -> None:
    clocks.advance(timedelta(minutes=1), wall=-timedelta(days=1))
    assert monitor.clock_jumped()


def test_no_timer_runs_while_the_clock_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    dovecot: Dovecot,
    smtp_server: RecordingSmtpServer,
    user: str,
) -> None:
    looks: list[datetime] = []
    monkeypatch.setattr(application, "run_timers", lambda _, now: looks.append(now))
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    env.run_once()
    daemon = Application(load(env.config, {}))
    daemon.start()
    try:
        daemon.run_timers()
        assert len(looks) == 1
        daemon.health.clock = lambda: utc_now() + timedelta(days=30)
        daemon.run_timers()
        assert len(looks) == 1
    finally:
        daemon.stop()


def test_mail_stays_in_the_mailbox_while_the_disk_is_nearly_full(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(
        tmp_path, dovecot, smtp_server, user, times='digest = ""\n[health]\ndisk_free = "900000 GB"'
    )
    env.deliver(problem().text("dunkel"))
    assert env.run_once()["fetched"] == 0
    assert len(dovecot.mails(user)) == 1
    env.times = 'digest = ""'
    env.write_config()
    assert env.run_once()["opened"] == 1


def test_disk_space_is_sufficient_without_a_limit() -> None:
    assert has_disk_space(None, USUAL)
    assert not has_disk_space(0, USUAL)


LATE = (NOW - timedelta(minutes=20)).isoformat()


def box(school: str = "GYM", **changes: Any) -> dict[str, Any]:
    """Return how a mailbox is doing; without changes it was read just now."""
    usual = {"failing_since": None, "last_success": NOW.isoformat(), "stale": False}
    return {"school": school} | usual | changes


def working(**changes: Any) -> dict[str, Any]:
    """Return how the daemon is doing; without changes it has worked for long, and works."""
    return {"heartbeat": NOW.isoformat(), "stale": False, "starting": False} | changes


UNREAD, NEVER = box(last_success=LATE, stale=True), box(last_success=None, stale=True)
NO_DAEMON = working(heartbeat=None)
FINE: dict[str, Any] = {
    "at": NOW.isoformat(),
    "mailboxes": [box()],
    "daemon": working(),
    "outbox": {"sent": 9},
    "quarantine": 0,
    "open_tickets": {"GYM": 3},
    "alerts": [],
}
BAD_ALERT = {"topic": "disk", "since": "2026-11-23", "text": "only 3 MB | are free"}


LINES: list[tuple[dict[str, Any], Level, str]] = [
    ({}, Level.OK, "1 mailbox is read"),
    ({"quarantine": 2}, Level.WARNING, "2 mails in quarantine"),
    ({"outbox": {"failed": 1}}, Level.WARNING, "1 outgoing mail failed"),
    (
        {"outbox": {"failed": 1}, "alerts": [{"topic": "failed mails", "text": "x"}]},
        Level.WARNING,
        "1 outgoing mail failed",
    ),
    (
        {"mailboxes": [box(failing_since="x")]},
        Level.CRITICAL,
        "mailbox GYM cannot be read",
    ),
    ({"mailboxes": [UNREAD]}, Level.CRITICAL, "mailbox GYM not read for 20 minutes"),
    (
        {
            "mailboxes": [UNREAD, UNREAD | box("HBG", last_success=NOW.isoformat(), stale=True)],
            "alerts": [{"topic": "mailbox GYM unread", "since": "x", "text": "not read for 16 minutes"}],
        },
        Level.CRITICAL,
        "mailbox GYM, HBG not read for 20 minutes: systemctl status mailbot |",
    ),
    ({"mailboxes": [UNREAD], "daemon": NO_DAEMON}, Level.CRITICAL, "mailbox GYM not read for 20 minutes"),
    (
        {"daemon": working(heartbeat=LATE, stale=True)},
        Level.CRITICAL,
        "no heartbeat of the daemon for 20 minutes",
    ),
    (
        {"daemon": working(heartbeat=LATE, stale=True, starting=True)},
        Level.CRITICAL,
        "no heartbeat of the daemon for 20 minutes",
    ),
    ({"daemon": NO_DAEMON}, Level.OK, "1 mailbox is read"),  # `mailbot once`, by a timer
    ({"mailboxes": [NEVER], "daemon": NO_DAEMON}, Level.CRITICAL, "mailbox GYM never read"),
    ({"mailboxes": [NEVER], "daemon": working(starting=True)}, Level.WARNING, "mailbox GYM not read yet"),
    ({"mailboxes": [NEVER, box("HBG")], "daemon": working()}, Level.CRITICAL, "mailbox GYM never read"),
    ({"mailboxes": [NEVER, box("HBG")], "daemon": NO_DAEMON}, Level.WARNING, "mailbox GYM not read yet"),
    ({"mailboxes": [box(last_success=None)], "daemon": NO_DAEMON}, Level.OK, "1 mailbox is read"),
    ({"alerts": [BAD_ALERT]}, Level.CRITICAL, "disk: only 3 MB / are free"),
]


def test_nagios_output_is_one_line_with_an_exit_code(subtests: pytest.Subtests) -> None:
    for changes, level, said in LINES:
        with subtests.test(changes=changes):
            found, line = check_plugin(FINE | changes)
            assert (found, line.count("|")) == (level, 1)
            assert line.startswith(f"MAILBOT {level.name} - {said}")
            assert "open_tickets=3" in line


def test_command_prints_the_line_for_nagios(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    assert env.call("status", "--probe", status=2).startswith("MAILBOT CRITICAL - mailbox GYM never read")
    env.call("status", status=1)
    env.run_once()
    assert env.call("status", "--probe").startswith("MAILBOT OK - ")
    env.call("status")
    env.config.write_text("[bot", "utf-8")
    assert env.call("status", "--probe", status=3).startswith("MAILBOT UNKNOWN - ")
