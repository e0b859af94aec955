"""The daemon as a process, on real servers that come and go."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from mailbot.config import load
from mailbot.inbox import Mailbox
from mailbot.runtime.application import Application
from mailbot.runtime.ingest import MailboxIngest
from tests.conftest import require
from tests.daemon import Daemon
from tests.flood import audit, flood, pour
from tests.house import EDV, LENA, MAX, ROOT, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.smtp import SmtpServer

RITA = "rita@support.example"
WITHOUT_POLL = "poll_seconds = 300"
SECOND_SCHOOL = """
[[school]]
key = "RSO"
name = "Realschule Ost"
address = "{address}"
domains = ["realschule.example"]
imap = {{ username = "{address}", port = {port} }}
team = {{ name = "Team Ost", members = ["rita@support.example"] }}
"""


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on a mailbox of its own that is not polled, so that only IDLE brings mail."""
    return House(tmp_path, dovecot, smtp_server, user, imap=WITHOUT_POLL)


@pytest.fixture
def two_schools(
    tmp_path: Path,
    start_dovecot: Callable[..., Dovecot],
    dovecot: Dovecot,
    smtp_server: SmtpServer,
    user: str,
) -> House:
    """A school whose IMAP server may be stopped, and a second one on another server."""
    more = SECOND_SCHOOL.format(address=f"ost-{user}", port=dovecot.tls_port)
    dovecot.deliver(f"ost-{user}")
    return House(tmp_path, start_dovecot(), smtp_server, user, imap=WITHOUT_POLL, more=more)


@pytest.fixture
def daemon(house: House) -> Iterator[Daemon]:
    """The running daemon of that school."""
    with Daemon(house) as running:
        yield running


def ost(user: str) -> bytes:
    """Return a mail to the second school."""
    sender = "Olaf <olaf@realschule.example>"
    return problem("Drucker im Sekretariat streikt", sender).to(f"ost-{user}").text("Papierstau.\n").build()


def test_systemd_is_told_of_the_start_the_life_and_the_end(house: House) -> None:
    with Daemon(house, watchdog_seconds=1) as daemon:
        daemon.wait(lambda: "WATCHDOG=1" in daemon.told(), "the watchdog is fed")
        assert daemon.stop() == 0
        assert daemon.told().index("READY=1") < daemon.told().index("STOPPING=1")
        assert "STATUS=watching 1 mailboxes" in daemon.told()


def test_a_mail_that_arrives_under_idle_becomes_letters_without_waiting_for_a_poll(
    house: House, daemon: Daemon
) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 1, "the first letter", seconds=30)
    house.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 2, "the second letter", seconds=30)
    assert house.letters(MAX)[1].subject == "[#GYM-2] Maus fehlt"


def test_sigterm_within_a_batch_ends_in_order_and_the_next_start_goes_on(house: House) -> None:
    wave = flood(60)
    pour(house, wave.mails)
    with Daemon(house) as daemon:
        daemon.wait_said("outcome=", times=10)
        assert daemon.stop() == 0
        handled = daemon.said("outcome=")
        assert 10 <= handled < 60
        assert len(house.dovecot.mails(house.address, "Mailbot/Done")) == handled
        daemon.start()
        daemon.wait_said("outcome=", times=60)
        expected = wave.expected_letters()
        daemon.wait(lambda: len(house.smtp.received) >= expected, "all letters")
        assert daemon.stop() == 0
    found = audit(house, wave)
    assert found.broken == ()
    assert found.sent_twice == 0


def test_sighup_with_a_new_school_serves_it(house: House, daemon: Daemon, dovecot: Dovecot) -> None:
    house.more = SECOND_SCHOOL.format(address=f"ost-{house.address}", port=dovecot.tls_port)
    house.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait(lambda: "STATUS=watching 2 mailboxes" in daemon.told(), "both schools are watched")
    dovecot.deliver(f"ost-{house.address}", ost(house.address))
    daemon.wait(lambda: len(house.letters(RITA)) == 1, "the new school's letter")


def test_sighup_with_a_wrong_configuration_says_every_problem_and_keeps_the_old_one(
    house: House, daemon: Daemon
) -> None:
    right = house.config.read_text()
    house.config.write_text(right.replace("poll_seconds = 300", 'poll_seconds = "often"\nfoldr = "INBOX"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_said("configuration refused.*poll_seconds")
    daemon.wait_said("configuration refused.*foldr")
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 1, "the letter")


def test_sighup_with_another_state_directory_is_refused(house: House, daemon: Daemon) -> None:
    """The lock and the tickets lie in the old one."""
    right = house.config.read_text()
    house.config.write_text(right.replace('state_dir = "state"', 'state_dir = "elsewhere"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_said("configuration refused.*state_dir")
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 1, "the letter")


def test_sighup_with_a_database_that_cannot_be_opened_is_refused(house: House, daemon: Daemon) -> None:
    right = house.config.read_text()
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    house.config.write_text(right.replace('database = "sqlite"', f'database = "{nowhere}"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_said("configuration refused")
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 1, "the letter")


def test_an_imap_server_that_is_away_at_the_start_is_told_once_and_stops_nobody_else(
    two_schools: House, dovecot: Dovecot
) -> None:
    house = two_schools
    house.dovecot.stop()
    with Daemon(house) as daemon:
        daemon.wait(lambda: len(house.letters(EDV)) == 1, "the alert")
        dovecot.deliver(f"ost-{house.address}", ost(house.address))
        daemon.wait(lambda: len(house.letters(RITA)) == 1, "the other school's letter")
        house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        house.dovecot.start()
        daemon.wait(lambda: len(house.letters(MAX)) == 1, "the letter after the recovery")
        daemon.wait(lambda: len(house.letters(EDV)) == 2, "the end of the alert")
        assert daemon.said("mailbox failed") == 1
        assert daemon.said("mailbox is back") == 1


def test_an_imap_server_that_goes_away_in_the_middle_is_told_once_and_found_again(
    two_schools: House,
) -> None:
    house = two_schools
    with Daemon(house) as daemon:
        house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        daemon.wait(lambda: len(house.letters(MAX)) == 1, "the first letter")
        house.dovecot.kill()
        daemon.wait(lambda: len(house.letters(EDV)) == 1, "the alert")
        house.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
        house.dovecot.start()
        daemon.wait(lambda: len(house.letters(MAX)) == 2, "the letter after the recovery")
        daemon.wait(lambda: len(house.letters(EDV)) == 2, "the end of the alert")
        assert daemon.said("mailbox failed") == 1
        assert json.loads(house.call("status", "--json"))["alerts"] == []


def test_letters_wait_for_an_smtp_server_that_is_away(house: House, daemon: Daemon) -> None:
    house.smtp.stop()
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait_said("smtp server unavailable")
    house.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
    daemon.wait_said("outcome=opened", times=2)
    house.smtp.start()
    daemon.wait(lambda: len(house.letters(MAX)) == 2 and len(house.letters(LENA)) == 2, "all letters")
    daemon.wait(lambda: len(house.letters(EDV)) == 2, "the alert and its end")
    assert daemon.said("smtp server unavailable") == 1
    assert daemon.said("smtp server available") == 1


def test_letters_go_on_when_the_limit_of_the_mail_account_is_over(house: House, daemon: Daemon) -> None:
    house.smtp.refuses_data = "550 5.4.5 Daily user sending limit exceeded"
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait_said("smtp server unavailable")
    house.smtp.refuses_data = ""
    daemon.wait(lambda: len(house.letters(MAX)) == len(house.letters(LENA)) == 1, "all letters")
    daemon.wait(lambda: len(house.letters(EDV)) == 2, "the alert and its end")


def test_sigterm_does_not_wait_for_a_long_outbox(house: House) -> None:
    wave = flood(30)
    pour(house, wave.mails)
    house.smtp.stop()
    with Daemon(house) as daemon:
        daemon.wait_said("outcome=", times=30)
        house.smtp.start()
        daemon.wait_said("state=sent", times=5)
        assert daemon.stop() == 0
        assert len(house.smtp.received) < wave.expected_letters()
        daemon.start()
        daemon.wait(lambda: len(house.letters(MAX)) >= 30, "every letter to Max")
        assert daemon.stop() == 0
    ids = [letter.message_id for letter in house.letters(MAX)]
    assert len(ids) == len(set(ids)) == 30


def test_a_second_daemon_on_the_same_state_directory_is_refused(house: House, daemon: Daemon) -> None:
    second = subprocess.run(
        house.command("run"), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "another mailbot works with" in second.stderr
    assert "Traceback" not in second.stderr
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.letters(MAX)) == 1, "the first one's letter")


def test_a_database_that_is_away_at_the_start_is_told_in_one_line(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    house = House(tmp_path, dovecot, smtp_server, user, database="postgresql://x:geheim@127.0.0.1:1/none")
    done = subprocess.run(
        house.command("run"), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_a_mailbox_thread_that_crashes_stops_no_other_and_comes_back(
    two_schools: House, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = two_schools
    process_new = MailboxIngest.process_new

    def crash(ingest: MailboxIngest, box: Mailbox, since: int = 1) -> None:
        if ingest.mailbox.key == "GYM":
            raise RuntimeError("nobody foresaw this")
        process_new(ingest, box, since)

    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    application = Application(load(house.config, {}))
    with monkeypatch.context() as patch:
        patch.setattr(MailboxIngest, "process_new", crash)
        application.start()
        dovecot.deliver(f"ost-{house.address}", ost(house.address))
        wait_until(lambda: len(house.letters(RITA)) == 1 and len(house.letters(EDV)) == 1, 30)
    try:
        wait_until(lambda: len(house.letters(MAX)) == 1, 30)
    finally:
        application.stop()
    assert "nobody foresaw this" in house.letters(EDV)[0].text


def test_an_imap_server_that_hangs_is_noticed_and_its_connection_replaced(
    two_schools: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = two_schools
    house.imap = "poll_seconds = 1"
    house.write_config()
    monkeypatch.setattr(Mailbox, "open", partial(Mailbox.open, timeout=2))
    application = Application(load(house.config, {}))
    application.start()
    try:
        house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        wait_until(lambda: len(house.letters(MAX)) == 1, 30)
        house.dovecot.freeze()
        wait_until(lambda: len(house.letters(EDV)) == 1, 30)
        house.dovecot.thaw()
        house.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
        wait_until(lambda: len(house.letters(MAX)) == 2 and len(house.letters(EDV)) == 2, 60)
    finally:
        house.dovecot.thaw()
        application.stop()


def test_a_database_that_goes_away_costs_no_mail_and_no_letter(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    with require(Postgres) as postgres:
        house = House(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
        with Daemon(house) as daemon:
            house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
            daemon.wait(lambda: len(house.letters(MAX)) == 1, "the first letter")
            postgres.stop()
            house.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
            daemon.wait_said("mailbox failed.*database")
            postgres.start()
            daemon.wait(lambda: len(house.letters(MAX)) == 2, "the letter after the recovery")
            assert daemon.stop() == 0
            assert daemon.said("outbox waits for the database") <= 1
        assert house.json("quarantine") == []
        ids = [letter.message_id for letter in house.letters(MAX)]
        assert len(ids) == len(set(ids)) == 2
