"""The connection limit: all mailboxes are read in turn, and none waits for a flood."""

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailbot.config import ImapAccount, Secret
from mailbot.inbox import InboxError, Mailbox
from mailbot.runtime.connection_limit import ConnectionLimiter, limiters_by_school
from mailbot.runtime.ingest import BATCH_SIZE
from tests.support.daemon import Daemon
from tests.support.school import MAX, SchoolEnv, ingest_of, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority

ALLOWED = 3
SCHOOLS = 8


def no_heartbeat() -> None:
    """Do nothing in place of a heartbeat."""


def request_slots(limiter: ConnectionLimiter, served: list[int]) -> list[threading.Thread]:
    """Let threads request a slot, one after the other, while all slots are taken."""

    def request(name: int) -> None:
        with limiter.slot(threading.Event(), no_heartbeat):
            served.append(name)

    threads = [threading.Thread(target=request, args=(name,)) for name in range(SCHOOLS)]
    for asked, thread in enumerate(threads, 1):
        thread.start()
        wait_until(lambda: len(limiter._queue) == asked, 60)  # noqa: B023
    return threads


def test_no_slot_is_granted_while_all_connections_are_in_use() -> None:
    limiter, served = ConnectionLimiter(ALLOWED), list[int]()
    with ExitStack() as taken:
        for _ in range(ALLOWED):
            taken.enter_context(limiter.slot(threading.Event(), no_heartbeat))
        threads = request_slots(limiter, served)
        assert served == []
    for thread in threads:
        thread.join()
    assert sorted(served) == list(range(SCHOOLS))
    assert (limiter.has_waiters(), limiter._free) == (False, ALLOWED)


def test_slots_are_granted_first_come_first_served() -> None:
    limiter, served = ConnectionLimiter(1), list[int]()
    with limiter.slot(threading.Event(), no_heartbeat):
        threads = request_slots(limiter, served)
    for thread in threads:
        thread.join()
    assert served == list(range(SCHOOLS))


def test_a_worker_stopped_while_waiting_takes_no_slot() -> None:
    limiter, called = ConnectionLimiter(1), threading.Event()
    with limiter.slot(threading.Event(), no_heartbeat):
        called.set()
        with limiter.slot(called, no_heartbeat):
            pass
        assert not limiter.has_waiters()
    with limiter.slot(threading.Event(), no_heartbeat):
        assert not limiter.has_waiters()
    assert limiter._free == 1


def accounts(*hosts: str) -> dict[str, ImapAccount]:
    """Return a mailbox on each host."""
    return {f"S{n}": ImapAccount(host, 993, "tls", f"u{n}", Secret("x")) for n, host in enumerate(hosts)}


def test_connections_are_limited_only_where_mailboxes_outnumber_them(subtests: pytest.Subtests) -> None:
    for connections, waits in [
        (None, set[str]()),
        (1, {"S0", "S1", "S2"}),
        (2, {"S0", "S1", "S2"}),
        (3, set[str]()),
    ]:
        with subtests.test(connections=connections):
            assert limiters_by_school(accounts("a", "a", "a", "b"), connections).keys() == waits


# -- on a Dovecot that allows few connections to each user


@pytest.fixture
def narrow(authority: CertificateAuthority) -> Iterator[Dovecot]:
    """A Dovecot that allows three connections."""
    with Dovecot(authority, connections=ALLOWED) as server:
        yield server


def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, connections: int) -> SchoolEnv:
    """Schools whose mailboxes are folders of one account, as with some providers."""
    account = "support-gym@schule.example"
    schools = [
        f'[[school]]\nkey = "S{n}"\nname = "Schule {n}"\naddress = "support-s{n}@schule.example"\n'
        f'imap = {{ folder = "S{n}", username = "{account}" }}\n'
        f'team = {{ name = "Team", members = ["{MAX}"] }}\n'
        for n in range(SCHOOLS)
    ]
    with dovecot.login(account) as client:
        for n in range(SCHOOLS):
            client.create(f"S{n}")
    imap = f"poll_seconds = 1\nconnections = {connections}"
    return SchoolEnv(tmp_path, dovecot, smtp_server, account, imap=imap, more="\n".join(schools))


def processed_schools(daemon: Daemon) -> list[str]:
    """Return the schools of the processed mails, in their order."""
    return re.findall(r"\] mail +.*school=(\w+)", daemon.log)


def test_all_mailboxes_are_served_by_few_connections(
    tmp_path: Path, narrow: Dovecot, smtp_server: RecordingSmtpServer
) -> None:
    at = env(tmp_path, narrow, smtp_server, ALLOWED - 1)
    with Daemon(at, forked=True) as daemon:
        for _ in range(2):
            before = len(processed_schools(daemon))
            for n in range(SCHOOLS):
                with narrow.login(at.address) as client:
                    client.append(f"S{n}", "", "", problem(f"Beamer {n}").text("dunkel").build())
            daemon.wait(lambda: len(processed_schools(daemon)) == before + SCHOOLS, "all are processed")  # noqa: B023
        assert daemon.stop() == 0
    assert "mailbox failed" not in daemon.log
    assert "Maximum number of connections" not in narrow.log()


def test_a_slot_is_released_early_only_if_mails_were_processed_and_others_are_left(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    at = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    at.deliver(*(problem(f"Beamer {n}").text("dunkel") for n in range(BATCH_SIZE + 1)))
    with at.open() as (desk, settings), Mailbox.open(settings.imap["GYM"]) as box:
        outcomes: list[str] = []
        ingest = ingest_of(desk, settings, processed=outcomes.append, should_yield=lambda: True)
        finished = [ingest.process_new(box), ingest.process_new(box)]
    assert finished == [False, True]
    assert len(outcomes) == BATCH_SIZE + 1


def test_a_login_refused_for_too_many_connections_names_the_setting(narrow: Dovecot) -> None:
    account = narrow.account("support-gym@schule.example")
    with ExitStack() as stack:
        for _ in range(ALLOWED):
            stack.enter_context(narrow.login(account.username))
        with pytest.raises(InboxError, match=r"set imap\.connections.*Maximum number") as refused:
            Mailbox.open(account)
    assert not refused.value.permanent


def test_a_flood_in_one_mailbox_does_not_block_the_others(
    tmp_path: Path, narrow: Dovecot, smtp_server: RecordingSmtpServer
) -> None:
    at = env(tmp_path, narrow, smtp_server, 1)
    at.deliver(*(problem(f"Beamer {n}").text("dunkel") for n in range(3 * BATCH_SIZE)))
    with ExitStack() as stack:
        client = stack.enter_context(narrow.login(at.address))
        client.append("S7", "", "", problem("Drucker").text("leer").build())
        daemon = stack.enter_context(Daemon(at, forked=True))
        daemon.wait(lambda: len(processed_schools(daemon)) == 3 * BATCH_SIZE + 1, "all are processed")
        assert processed_schools(daemon).index("S7") <= 2 * BATCH_SIZE
        assert daemon.stop() == 0
