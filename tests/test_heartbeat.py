"""Monitoring beside a daemon sees that it stopped, hangs or crashes again and again."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from mailbot.config import load
from mailbot.runtime.application import Application
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import HeartbeatRow, MailboxRow
from tests.daemon import Daemon
from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

LONG = timedelta(minutes=20)


@pytest.fixture(params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> House:
    """A school on each of the databases."""
    database = "sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return House(tmp_path, dovecot, smtp_server, user, database=database)


def work(house: House, end: Callable[[Daemon], object]) -> None:
    """Let a daemon read the mailbox, and end it."""
    with house.open() as (desk, _), Daemon(house) as daemon:

        def read() -> bool:
            with read_only(desk.engine) as session:
                row = session.get(MailboxRow, "GYM")
                return row is not None and row.last_success is not None

        daemon.wait(read, "the mailbox is read")
        end(daemon)


def let_time_pass(house: House) -> None:
    """Let what was noted be older."""
    with house.open() as (desk, _), transaction(desk.engine) as session:
        for beat in session.exec(select(HeartbeatRow)):
            beat.at, beat.started = beat.at - LONG, beat.started - LONG
        for mailbox in session.exec(select(MailboxRow)):
            assert mailbox.last_success is not None
            mailbox.last_success -= LONG


def test_a_daemon_that_was_stopped_is_noticed(house: House) -> None:
    work(house, Daemon.stop)
    assert house.call("status", "--probe").startswith("MAILBOT OK - ")
    let_time_pass(house)
    said = house.call("status", "--probe", status=2)
    assert "no heartbeat of the daemon for 20 minutes" in said
    assert "mailbox GYM not read for 20 minutes" in said
    found = house.json("status", status=1)
    assert found["daemon"]["stale"]
    assert [mailbox["stale"] for mailbox in found["mailboxes"]] == [True]
    assert "last heartbeat 20 min ago" in house.call("status", status=1)


def test_a_daemon_that_reads_its_mailboxes_and_then_crashes_is_noticed(house: House) -> None:
    work(house, Daemon.kill)
    let_time_pass(house)
    with house.open() as (desk, _), transaction(desk.engine) as session:
        session.get_one(MailboxRow, "GYM").last_success = None
    work(house, Daemon.kill)
    assert "no heartbeat of the daemon for 20 minutes" in house.call("status", "--probe", status=2)


def test_a_daemon_that_works_is_alive_again(house: House) -> None:
    work(house, Daemon.kill)
    let_time_pass(house)
    application = Application(load(house.config, {}))
    application.start()
    try:
        assert house.json("status", status=1)["daemon"]["stale"]
        application.check_health()
    finally:
        application.stop()
    assert not house.json("status")["daemon"]["stale"]


def test_only_the_last_success_counts_where_mails_are_handled_by_a_timer(house: House) -> None:
    work(house, Daemon.kill)
    let_time_pass(house)
    house.call("once")
    assert house.call("status", "--probe").startswith("MAILBOT OK - ")
    let_time_pass(house)
    said = house.call("status", "--probe", status=2)
    assert said.startswith("MAILBOT CRITICAL - mailbox GYM not read for 20 minutes")


def test_a_threshold_of_0_turns_it_off(house: House) -> None:
    work(house, Daemon.kill)
    let_time_pass(house)
    house.times = 'digest = ""\n[guard]\nmailbox_minutes = 0'
    house.write_config()
    assert house.call("status", "--probe").startswith("MAILBOT OK - ")
