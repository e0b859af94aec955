"""Waiting for new mail: IDLE, its rounds, wake-up, a server that dies."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailbot.inbox import InboxError, Mailbox
from mailbot.inbox import mailbox as module
from tests.support.inbox_mails import mail, play
from tests.support.servers.dovecot import Dovecot


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe as the daemon uses it to wake up the thread that waits."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def in_thread(wait: Callable[[], bool]) -> Callable[[], bool | BaseException]:
    """Run `wait` in a thread; what is returned gives its result or its error."""
    results: list[bool | BaseException] = []

    def run() -> None:
        try:
            results.append(wait())
        except InboxError as error:
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def result() -> bool | BaseException:
        thread.join(20)
        return results[0]

    return result


@pytest.fixture
def idling(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Be set when a mailbox has begun to wait for its server."""
    begun = threading.Event()
    watch = Mailbox._wait_readable

    def watched(self: Mailbox, seconds: float, wake: int) -> tuple[bool, bool]:
        begun.set()
        return watch(self, seconds, wake)

    monkeypatch.setattr(Mailbox, "_wait_readable", watched)
    return begun


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_new_mail_ends_the_wait(
    dovecot: Dovecot, user: str, pipe: tuple[int, int], idling: threading.Event, security: Any
) -> None:
    with Mailbox.open(dovecot.account(user, security)) as mailbox:
        result = in_thread(lambda: mailbox.wait(60, pipe[0]))
        assert idling.wait(10)
        dovecot.deliver(user, mail(1))
        assert result() is True
        assert mailbox.uids() == [1]


def test_wake_descriptor_ends_the_wait_and_the_connection_stays_usable(
    dovecot: Dovecot, user: str, pipe: tuple[int, int], idling: threading.Event
) -> None:
    with Mailbox.open(dovecot.account(user)) as mailbox:
        result = in_thread(lambda: mailbox.wait(60, pipe[0]))
        assert idling.wait(10)
        os.write(pipe[1], b"x")
        assert result() is False
        assert mailbox.uids() == []


def test_wait_ends_after_its_time(dovecot: Dovecot, user: str, pipe: tuple[int, int]) -> None:
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert mailbox.wait(0.05, pipe[0]) is False


def test_wait_detects_a_mail_in_a_later_round_of_idle(
    dovecot: Dovecot, user: str, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_ROUND_SECONDS", 0.05)
    with Mailbox.open(dovecot.account(user)) as mailbox:
        result = in_thread(lambda: mailbox.wait(60, pipe[0]))
        dovecot.deliver(user, mail(1))
        assert result() is True


def test_wait_without_idle_ends_after_its_time_and_refresh_finds_the_mail(
    start_dovecot: Callable[..., Dovecot], user: str, pipe: tuple[int, int]
) -> None:
    server = start_dovecot(capability="IMAP4rev1")
    with Mailbox.open(server.account(user)) as mailbox:
        server.deliver(user, mail(1))
        assert mailbox.wait(0.05, pipe[0]) is False
        mailbox.refresh()
        assert mailbox.uids() == [1]


@pytest.mark.parametrize("capability", ["", "IMAP4rev1"])
def test_wait_detects_a_server_that_dies(
    start_dovecot: Callable[..., Dovecot],
    user: str,
    pipe: tuple[int, int],
    idling: threading.Event,
    capability: str,
) -> None:
    server = start_dovecot(capability=capability)
    with Mailbox.open(server.account(user)) as mailbox:
        result = in_thread(lambda: mailbox.wait(60, pipe[0]) and mailbox.uids() == [])
        assert idling.wait(10)
        server.kill()
        error = result()
    assert isinstance(error, InboxError)
    assert not error.permanent


@pytest.mark.parametrize("reply", [b"+ idling\r\n* 7 EXISTS\r\n", b"* 7 EXISTS\r\n+ idling\r\n"])
def test_mail_announced_at_the_start_of_idle_is_detected_immediately(
    pipe: tuple[int, int], reply: bytes
) -> None:
    def use(mailbox: Mailbox) -> None:
        assert mailbox.wait(60, pipe[0]) is True

    play({b"IDLE": reply}, use)


def test_line_in_two_packets_is_read_as_one(pipe: tuple[int, int]) -> None:
    def use(mailbox: Mailbox) -> None:
        assert mailbox.wait(60, pipe[0]) is True
        mailbox.refresh()

    play({b"IDLE": b"+ idling\r\n* 7 EXI", b"DONE": b"STS\r\n%t OK done\r\n"}, use)


def test_mail_announced_in_another_response_ends_the_wait_immediately(pipe: tuple[int, int]) -> None:
    def use(mailbox: Mailbox) -> None:
        mailbox.uids()
        assert mailbox.wait(60, pipe[0]) is True
        mailbox.refresh()
        assert mailbox.wait(0.05, pipe[0]) is False

    play({b"UID": b"* 1 EXISTS\r\n%t OK done\r\n"}, use)


def test_refused_idle_is_an_error(pipe: tuple[int, int]) -> None:
    def use(mailbox: Mailbox) -> None:
        with pytest.raises(InboxError, match="IDLE is refused"):
            mailbox.wait(60, pipe[0])

    play({b"IDLE": b"%t NO not now\r\n"}, use)
