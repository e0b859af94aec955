"""Monitoring detects a daemon that stopped, hangs or crashes repeatedly."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import select

from mailbot.config import load
from mailbot.runtime.application import Application
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import HeartbeatRow, MailboxRow
from tests.support.daemon import Daemon
from tests.support.school import SchoolEnv

LONG = timedelta(minutes=20)


def work(env: SchoolEnv, end: Callable[[Daemon], object]) -> None:
    """Let a daemon read the mailbox, and end it."""
    with env.open() as (desk, _), Daemon(env, forked=True) as daemon:

        def read() -> bool:
            with read_only(desk.engine) as session:
                row = session.get(MailboxRow, "GYM")
                return row is not None and row.last_success is not None

        daemon.wait(read, "the mailbox is read")
        end(daemon)


def age_records(env: SchoolEnv) -> None:
    """Make the recorded times older."""
    with env.open() as (desk, _), transaction(desk.engine) as session:
        for heartbeat in session.exec(select(HeartbeatRow)):
            heartbeat.at, heartbeat.started = heartbeat.at - LONG, heartbeat.started - LONG
        for mailbox in session.exec(select(MailboxRow)):
            assert mailbox.last_success is not None
            mailbox.last_success -= LONG


def test_a_stopped_daemon_is_detected(env: SchoolEnv) -> None:
    work(env, Daemon.stop)
    assert env.call("status", "--probe").startswith("MAILBOT OK - ")
    age_records(env)
    said = env.call("status", "--probe", status=2)
    assert "no heartbeat of the daemon for 20 minutes" in said
    assert "mailbox GYM not read for 20 minutes" in said
    found = env.json("status", status=1)
    assert found["daemon"]["stale"]
    assert [mailbox["stale"] for mailbox in found["mailboxes"]] == [True]
    assert "last heartbeat 20 min ago" in env.call("status", status=1)


def test_a_daemon_that_crashes_again_and_again_is_detected(env: SchoolEnv) -> None:
    work(env, Daemon.kill)
    age_records(env)
    with env.open() as (desk, _), transaction(desk.engine) as session:
        session.get_one(MailboxRow, "GYM").last_success = None
    work(env, Daemon.kill)
    assert "no heartbeat of the daemon for 20 minutes" in env.call("status", "--probe", status=2)


def test_a_working_daemon_is_reported_alive(env: SchoolEnv) -> None:
    work(env, Daemon.kill)
    age_records(env)
    application = Application(load(env.config, {}))
    application.start()
    try:
        assert env.status()["daemon"]["stale"]  # the application logs to the stdout that a call would take
        application.check_health()
    finally:
        application.stop()
    assert not env.json("status")["daemon"]["stale"]


def test_with_a_systemd_timer_only_the_last_success_counts(env: SchoolEnv) -> None:
    work(env, Daemon.kill)
    age_records(env)
    env.call("once")
    assert env.call("status", "--probe").startswith("MAILBOT OK - ")
    age_records(env)
    said = env.call("status", "--probe", status=2)
    assert said.startswith("MAILBOT CRITICAL - mailbox GYM not read for 20 minutes")


def test_a_threshold_of_0_turns_it_off(env: SchoolEnv) -> None:
    work(env, Daemon.kill)
    age_records(env)
    env.times = 'digest = ""\n[health]\nmailbox_minutes = 0'
    env.write_config()
    assert env.call("status", "--probe").startswith("MAILBOT OK - ")
