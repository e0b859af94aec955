"""The daemon as a process, with real servers that stop and start."""

import json
import re
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
from tests.support.daemon import Daemon
from tests.support.fixtures import require
from tests.support.school import EDV, LENA, MAX, ROOT, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.workload import audit, deliver, make_workload

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
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on a mailbox of its own that is not polled, so that only IDLE brings mail."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user, imap=WITHOUT_POLL)


@pytest.fixture
def two_schools(
    tmp_path: Path,
    start_dovecot: Callable[..., Dovecot],
    dovecot: Dovecot,
    smtp_server: RecordingSmtpServer,
    user: str,
) -> SchoolEnv:
    """A school whose IMAP server may be stopped, and a second one on another server."""
    more = SECOND_SCHOOL.format(address=f"ost-{user}", port=dovecot.tls_port)
    dovecot.deliver(f"ost-{user}")
    return SchoolEnv(tmp_path, start_dovecot(), smtp_server, user, imap=WITHOUT_POLL, more=more)


@pytest.fixture
def daemon(env: SchoolEnv) -> Iterator[Daemon]:
    """The running daemon of that school."""
    with Daemon(env, forked=True) as running:
        yield running


def ost(user: str) -> bytes:
    """Return a mail to the second school."""
    sender = "Olaf <olaf@realschule.example>"
    return problem("Drucker im Sekretariat streikt", sender).to(f"ost-{user}").text("Papierstau.\n").build()


def test_systemd_is_notified_of_start_watchdog_and_stop(env: SchoolEnv) -> None:
    with Daemon(env, watchdog_seconds=1) as daemon:
        daemon.wait(lambda: "WATCHDOG=1" in daemon.notifications(), "the watchdog is fed")
        assert daemon.stop() == 0
        assert daemon.notifications().index("READY=1") < daemon.notifications().index("STOPPING=1")
        assert "STATUS=watching 1 mailbox" in daemon.notifications()


def test_a_mail_that_arrives_under_idle_is_processed_without_waiting_for_a_poll(
    env: SchoolEnv, daemon: Daemon
) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the first mail", seconds=30)
    env.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 2, "the second mail", seconds=30)
    assert env.mails_to(MAX)[1].subject == "[#GYM-2] Maus fehlt"


def test_sigterm_within_a_batch_ends_in_order_and_the_next_start_continues(env: SchoolEnv) -> None:
    workload = make_workload(60)
    deliver(env, workload.mails)
    with Daemon(env, forked=True) as daemon:
        daemon.wait_logged("outcome=", times=10)
        assert daemon.stop() == 0
        handled = daemon.logged("outcome=")
        assert 10 <= handled < 60
        assert len(env.dovecot.mails(env.address, "Mailbot/Done")) == handled
        daemon.start()
        daemon.wait_logged("outcome=", times=60)
        expected = workload.expected_mails()
        daemon.wait(lambda: len(env.smtp.received) >= expected, "all mails")
        assert daemon.stop() == 0
    found = audit(env, workload)
    assert found.broken == ()
    assert found.sent_twice == 0


def test_a_signal_to_the_daemon_is_kept_until_it_waits_for_signals(daemon: Daemon) -> None:
    # A handler runs between two instructions of Python, so it may run after the wait has begun.
    daemon.wait_logged("daemon started")
    tasks = {task.name: task for task in Path(f"/proc/{daemon.pid}/task").iterdir()}
    del tasks[str(daemon.pid)]  # the main thread accepts them while it waits
    assert tasks
    for task in tasks.values():
        assert {signal.SIGTERM, signal.SIGINT, signal.SIGHUP} <= blocked_signals(task)


def blocked_signals(task: Path) -> set[int]:
    """Return the signals that a thread blocks, as proc(5) shows them."""
    found = re.search(r"^SigBlk:\s+([0-9a-f]+)$", (task / "status").read_text("ascii"), re.MULTILINE)
    assert found is not None
    return {number for number in range(1, 64) if int(found[1], 16) >> (number - 1) & 1}


def test_sighup_with_a_new_school_serves_it(env: SchoolEnv, daemon: Daemon, dovecot: Dovecot) -> None:
    env.more = SECOND_SCHOOL.format(address=f"ost-{env.address}", port=dovecot.tls_port)
    env.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait(lambda: "STATUS=watching 2 mailboxes" in daemon.notifications(), "both schools are watched")
    dovecot.deliver(f"ost-{env.address}", ost(env.address))
    daemon.wait(lambda: len(env.mails_to(RITA)) == 1, "the new school's mail")


def test_sighup_with_a_wrong_configuration_says_every_problem_and_keeps_the_old_one(
    env: SchoolEnv, daemon: Daemon
) -> None:
    right = env.config.read_text()
    env.config.write_text(right.replace("poll_seconds = 300", 'poll_seconds = "often"\nfoldr = "INBOX"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_logged("configuration rejected.*poll_seconds")
    daemon.wait_logged("configuration rejected.*foldr")
    rejected = "STATUS=the new configuration is rejected: "
    daemon.wait(
        lambda: any(line.startswith(rejected) for line in daemon.notifications()), "systemd has the reason"
    )
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the mail")
    daemon.wait(lambda: len(env.mails_to(EDV)) == 1, "the operators are notified")
    assert "foldr" in env.mails_to(EDV)[0].text
    env.call("status", "--probe", status=3)
    env.config.write_text(right)
    assert "configuration: " in env.call("status", "--probe", status=2)
    daemon.signal(signal.SIGHUP)
    daemon.wait(lambda: len(env.mails_to(EDV)) == 2, "the operators hear that it is over")
    assert "STATUS=watching 1 mailbox" in daemon.notifications()


def test_an_unexpected_error_in_a_reload_keeps_the_configuration_and_in_a_start_ends_the_daemon(
    env: SchoolEnv, daemon: Daemon
) -> None:
    """A library of another version raises whatever it likes."""
    worker = env.directory / "state" / "worker"
    mark = worker.read_bytes()
    worker.write_bytes(b"\xff")
    daemon.signal(signal.SIGHUP)
    daemon.wait_logged("configuration rejected.*UnicodeDecodeError")
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the mail")
    assert daemon.stop() == 0
    daemon.launch()
    assert daemon.ended() == 1
    assert daemon.logged("daemon failed.*UnicodeDecodeError") == 1
    worker.write_bytes(mark)


def test_sighup_with_another_state_directory_is_refused(env: SchoolEnv, daemon: Daemon) -> None:
    """The lock and the tickets lie in the old one."""
    right = env.config.read_text()
    env.config.write_text(right.replace('state_dir = "state"', 'state_dir = "elsewhere"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_logged("configuration rejected.*state_dir")
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the mail")


def test_sighup_with_a_database_that_cannot_be_opened_is_refused(env: SchoolEnv, daemon: Daemon) -> None:
    right = env.config.read_text()
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    env.config.write_text(right.replace('database = "sqlite"', f'database = "{nowhere}"'))
    daemon.signal(signal.SIGHUP)
    daemon.wait_logged("configuration rejected")
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the mail")


def test_an_imap_server_that_is_down_at_the_start_is_reported_once_and_stops_no_other_mailbox(
    two_schools: SchoolEnv, dovecot: Dovecot
) -> None:
    env = two_schools
    env.dovecot.stop()
    with Daemon(env, forked=True) as daemon:
        daemon.wait(lambda: len(env.mails_to(EDV)) == 1, "the alert")
        dovecot.deliver(f"ost-{env.address}", ost(env.address))
        daemon.wait(lambda: len(env.mails_to(RITA)) == 1, "the other school's mail")
        env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        env.dovecot.start()
        daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the mail after the recovery")
        daemon.wait(lambda: len(env.mails_to(EDV)) == 2, "the end of the alert")
        assert daemon.logged("mailbox failed") == 1
        assert daemon.logged("mailbox recovered") == 1


def test_an_imap_server_that_goes_down_is_reported_once_and_reconnected(
    two_schools: SchoolEnv,
) -> None:
    env = two_schools
    with Daemon(env, forked=True) as daemon:
        env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the first mail")
        env.dovecot.kill()
        daemon.wait(lambda: len(env.mails_to(EDV)) == 1, "the alert")
        env.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
        env.dovecot.start()
        daemon.wait(lambda: len(env.mails_to(MAX)) == 2, "the mail after the recovery")
        daemon.wait(lambda: len(env.mails_to(EDV)) == 2, "the end of the alert")
        assert daemon.logged("mailbox failed") == 1
        assert json.loads(env.call("status", "--json"))["alerts"] == []


def test_mails_wait_for_an_smtp_server_that_is_down(env: SchoolEnv, daemon: Daemon) -> None:
    env.smtp.stop()
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait_logged("smtp server unavailable")
    env.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
    daemon.wait_logged("outcome=opened", times=2)
    env.smtp.start()
    daemon.wait(lambda: len(env.mails_to(MAX)) == 2 and len(env.mails_to(LENA)) == 2, "all mails")
    daemon.wait(lambda: len(env.mails_to(EDV)) == 2, "the alert and its end")
    assert daemon.logged("smtp server unavailable") == 1
    assert daemon.logged("smtp server available") == 1


def test_sending_resumes_when_the_rate_limit_of_the_account_ends(env: SchoolEnv, daemon: Daemon) -> None:
    env.smtp.refuses_data = "550 5.4.5 Daily user sending limit exceeded"
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait_logged("smtp server unavailable")
    env.smtp.refuses_data = ""
    daemon.wait(lambda: len(env.mails_to(MAX)) == len(env.mails_to(LENA)) == 1, "all mails")
    daemon.wait(lambda: len(env.mails_to(EDV)) == 2, "the alert and its end")


def test_sigterm_does_not_wait_for_a_long_outbox(env: SchoolEnv) -> None:
    workload = make_workload(30)
    deliver(env, workload.mails)
    env.smtp.stop()
    with Daemon(env, forked=True) as daemon:
        daemon.wait_logged("outcome=", times=30)
        env.smtp.start()
        daemon.wait_logged("state=sent", times=5)
        assert daemon.stop() == 0
        assert len(env.smtp.received) < workload.expected_mails()
        daemon.start()
        daemon.wait(lambda: len(env.mails_to(MAX)) >= 30, "every mail to Max")
        assert daemon.stop() == 0
    ids = [mail.message_id for mail in env.mails_to(MAX)]
    assert len(ids) == len(set(ids)) == 30


def test_a_second_daemon_on_the_same_state_directory_is_refused(env: SchoolEnv, daemon: Daemon) -> None:
    second = subprocess.run(
        env.command("run"), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "another mailbot uses" in second.stderr
    assert "Traceback" not in second.stderr
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the first one's mail")


def test_a_database_that_is_down_at_the_start_is_reported_in_one_line(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, database="postgresql://x:geheim@127.0.0.1:1/none")
    done = subprocess.run(
        env.command("run"), capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_a_mailbox_thread_that_crashes_stops_no_other_and_comes_back(
    two_schools: SchoolEnv, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = two_schools
    process_new = MailboxIngest.process_new

    def crash(ingest: MailboxIngest, box: Mailbox, since: int = 1) -> None:
        if ingest.mailbox.key == "GYM":
            raise RuntimeError("nobody foresaw this")
        process_new(ingest, box, since)

    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    application = Application(load(env.config, {}))
    with monkeypatch.context() as patch:
        patch.setattr(MailboxIngest, "process_new", crash)
        application.start()
        dovecot.deliver(f"ost-{env.address}", ost(env.address))
        wait_until(lambda: len(env.mails_to(RITA)) == 1 and len(env.mails_to(EDV)) == 1, 30)
    try:
        wait_until(lambda: len(env.mails_to(MAX)) == 1, 30)
    finally:
        application.stop()
    assert "nobody foresaw this" in env.mails_to(EDV)[0].text


def test_an_imap_server_that_hangs_is_noticed_and_its_connection_replaced(
    two_schools: SchoolEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = two_schools
    env.imap = "poll_seconds = 1"
    env.write_config()
    monkeypatch.setattr(Mailbox, "open", partial(Mailbox.open, timeout=2))
    application = Application(load(env.config, {}))
    application.start()
    try:
        env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        wait_until(lambda: len(env.mails_to(MAX)) == 1, 30)
        env.dovecot.freeze()
        wait_until(lambda: len(env.mails_to(EDV)) == 1, 30)
        env.dovecot.thaw()
        env.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
        wait_until(lambda: len(env.mails_to(MAX)) == 2 and len(env.mails_to(EDV)) == 2, 60)
    finally:
        env.dovecot.thaw()
        application.stop()


def test_a_database_that_goes_down_loses_no_mail_in_either_direction(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    with require(Postgres) as postgres:
        env = SchoolEnv(tmp_path, dovecot, smtp_server, user, database=postgres.new_database())
        with Daemon(env, forked=True) as daemon:
            env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
            daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the first mail")
            postgres.stop()
            env.deliver(problem("Maus fehlt").text("Die Maus ist weg.\n"))
            daemon.wait_logged("mailbox failed.*database")
            postgres.start()
            daemon.wait(lambda: len(env.mails_to(MAX)) == 2, "the mail after the recovery")
            assert daemon.stop() == 0
            assert daemon.logged("outbox database unavailable") <= 1
        assert env.json("quarantine") == []
        ids = [mail.message_id for mail in env.mails_to(MAX)]
        assert len(ids) == len(set(ids)) == 2
