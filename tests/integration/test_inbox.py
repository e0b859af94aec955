"""Reading and filing mail in a real Dovecot, and with servers that misbehave."""

import base64
import dataclasses
import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from mailbot.config import ImapAccount, Secret
from mailbot.inbox import FetchedMail, InboxError, Mailbox, MailInfo, bounded, fetched
from mailbot.inbox import mailbox as module
from tests.support.servers.dovecot import ODD_USER, PASSWORD, Dovecot
from tests.support.servers.process import free_port
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.tls import CertificateAuthority


def mail(number: int, size: int = 0) -> bytes:
    head = f"From: lehrerin@schule.example\r\nSubject: Problem {number}\r\n\r\n".encode()
    return head + b"Gr\xfc\xdfe \xff\r\n" + b"x" * size + b"\r\n"


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe as the daemon uses it to wake up the thread that waits."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def fetch_all(mailbox: Mailbox) -> list[FetchedMail]:
    """Fetch all mails of the folder."""
    return list(mailbox.fetch(mailbox.describe(mailbox.uids())))


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mails_are_fetched_unchanged_with_each_kind_of_connection_security(
    dovecot: Dovecot, user: str, security: Any
) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    with Mailbox.open(dovecot.account(user, security)) as mailbox:
        assert mailbox.uids() == [1, 2]
        assert [fetched.raw for fetched in mailbox.fetch(mailbox.describe([1, 2]))] == [mail(1), mail(2)]


def test_password_with_umlauts_and_quotes_logs_in(dovecot: Dovecot) -> None:
    with Mailbox.open(dovecot.account(ODD_USER)) as mailbox:
        assert mailbox.uid_validity > 0


def test_read_mails_are_fetched_too_and_flags_stay_unchanged(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1))
    dovecot.deliver(user, mail(2), flags="S")
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert [fetched.uid for fetched in fetch_all(mailbox)] == [1, 2]
        mailbox.fetch_header(1)
        mailbox.describe([1, 2])
    first, second = dovecot.mails(user)
    assert "\\Seen" not in first.flags
    assert "\\Seen" in second.flags


def test_uids_are_listed_from_the_given_one_on(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1), mail(2), mail(3))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert [mailbox.uids(since) for since in (1, 3, 4, 100)] == [[1, 2, 3], [3], [], []]


def test_empty_folder_has_no_uids(dovecot: Dovecot, user: str) -> None:
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert mailbox.uids() == []


def test_refresh_finds_new_mails(dovecot: Dovecot, user: str) -> None:
    with Mailbox.open(dovecot.account(user)) as mailbox:
        before = mailbox.uid_validity, mailbox.uid_next
        dovecot.deliver(user, mail(1))
        mailbox.refresh()
        assert (mailbox.uid_validity, mailbox.uid_next) == (before[0], before[1] + 1)


def test_mail_is_described_by_its_size_and_the_time_of_its_reception(dovecot: Dovecot, user: str) -> None:
    received = datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC)
    dovecot.deliver(user, mail(1), received=received)
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert mailbox.describe([1]) == {1: MailInfo(len(mail(1)), received)}
        assert next(mailbox.fetch(mailbox.describe([1]))).received_at == received


def test_only_the_header_of_a_large_mail_is_fetched(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1, size=100_000))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        fetched = mailbox.fetch_header(1)
    assert fetched is not None
    assert fetched.raw == b"From: lehrerin@schule.example\r\nSubject: Problem 1\r\n\r\n"


def test_deleted_mail_is_missing_in_the_result(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        described = mailbox.describe([1, 7])
        assert described.keys() == {1}
        assert [fetched.uid for fetched in mailbox.fetch({**described, 7: described[1]})] == [1]
        assert mailbox.fetch_header(7) is None


def test_mails_are_fetched_in_their_order_in_batches_of_limited_size(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[int]] = []
    fetch = Mailbox._fetch

    def watched(self: Mailbox, uids: list[int], section: str, sizes: dict[int, int]) -> list[FetchedMail]:
        batches.append(uids)
        return fetch(self, uids, section, sizes)

    monkeypatch.setattr(Mailbox, "_fetch", watched)
    monkeypatch.setattr(fetched, "BATCH_BYTES", 10_000)
    monkeypatch.setattr(fetched, "BATCH_MAILS", 3)
    sizes = (0, 0, 0, 0, 6_000, 6_000, 50_000, 0)
    dovecot.deliver(user, *[mail(number, size) for number, size in enumerate(sizes)])
    with Mailbox.open(dovecot.account(user)) as mailbox:
        described = mailbox.describe(mailbox.uids())
        raw = [fetched.raw for fetched in mailbox.fetch(dict(reversed(described.items())))]
    assert raw == [mail(number, size) for number, size in enumerate(sizes)]
    assert batches == [[1, 2, 3], [4, 5], [6], [7], [8]]


def test_processed_mails_are_moved_to_a_subscribed_folder_which_is_created(
    dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, mail(1), mail(2), mail(3))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        mailbox.move_to_processed([1, 3])
        assert mailbox.uids() == [2]
    assert [stored.raw for stored in dovecot.mails(user, "Mailbot/Done")] == [mail(1), mail(3)]
    assert "Mailbot/Done" in dovecot.folders(user, subscribed=True)


def test_names_of_folders_may_have_umlauts_and_ampersands(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    account = dovecot.account(user, done="Abgelegt/Prüfung & Maße")
    with Mailbox.open(account) as mailbox:
        mailbox.move_to_processed([1, 2])
    with Mailbox.open(dataclasses.replace(account, folder=account.done, done="Größtes")) as mailbox:
        assert [fetched.raw for fetched in fetch_all(mailbox)] == [
            mail(1),
            mail(2),
        ]
        mailbox.move_to_processed([1])
        assert mailbox.uids() == [2]


def test_moving_a_processed_mail_twice_is_no_error(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        mailbox.move_to_processed([1])
        mailbox.move_to_processed([1])
        mailbox.move_to_processed([])
    with Mailbox.open(dovecot.account(user)) as again:
        again.move_to_processed([1])
    assert [stored.raw for stored in dovecot.mails(user, "Mailbot/Done")] == [mail(1)]


def test_processed_mails_stay_and_are_flagged_without_a_folder_for_them(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    with Mailbox.open(dovecot.account(user, done="")) as mailbox:
        mailbox.move_to_processed([2])
    assert [module.PROCESSED_KEYWORD in stored.flags for stored in dovecot.mails(user)] == [False, True]
    assert dovecot.folders(user) == ["INBOX"]


@pytest.mark.parametrize("done", ["Mailbot/Done", "INBOX.Mailbot.Done"])
def test_folder_names_use_the_namespace_of_the_server(
    start_dovecot: Callable[..., Dovecot], user: str, done: str
) -> None:
    server = start_dovecot(prefix="INBOX.", separator=".")
    server.deliver(user, mail(1))
    with Mailbox.open(server.account(user, done=done)) as mailbox:
        mailbox.move_to_processed([1])
    assert [stored.raw for stored in server.mails(user, "INBOX.Mailbot.Done")] == [mail(1)]


@pytest.mark.parametrize(
    ("capability", "separator"),
    [("IMAP4rev1 UIDPLUS", "."), ("IMAP4rev1 UIDPLUS NAMESPACE", "/"), ("IMAP4rev1", "/")],
)
def test_mails_are_copied_and_deleted_on_a_server_without_move(
    start_dovecot: Callable[..., Dovecot], user: str, capability: str, separator: str
) -> None:
    server = start_dovecot(capability=capability, separator=separator)
    server.deliver(user, mail(1), mail(2))
    with Mailbox.open(server.account(user)) as mailbox:
        mailbox.move_to_processed([1])
        mailbox.move_to_processed([1])
    assert [stored.uid for stored in server.mails(user)] == [2]
    done = f"Mailbot{separator}Done"
    assert [stored.raw for stored in server.mails(user, done)] == [mail(1)]


@pytest.mark.parametrize("capability", ["IMAP4rev1 UIDPLUS", "IMAP4rev1"])
def test_mails_deleted_by_others_are_not_expunged(
    start_dovecot: Callable[..., Dovecot], user: str, capability: str
) -> None:
    server = start_dovecot(capability=capability)
    server.deliver(user, mail(1))
    server.deliver(user, mail(2), flags="T")
    with Mailbox.open(server.account(user)) as mailbox:
        mailbox.move_to_processed([1])
        mailbox.move_to_processed([1])
    assert mail(2) in [stored.raw for stored in server.mails(user)]
    assert [stored.raw for stored in server.mails(user, "Mailbot/Done")] == [mail(1)]


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


def test_mails_that_another_client_has_moved_are_no_error(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    account = dovecot.account(user)
    with Mailbox.open(account) as slow, Mailbox.open(account) as quick:
        assert slow.uids() == quick.uids() == [1, 2]
        quick.move_to_processed([1])
        slow.move_to_processed([1, 2])
        quick.refresh()
        quick.move_to_processed(quick.uids())
    assert dovecot.mails(user) == []
    assert len(dovecot.mails(user, "Mailbot/Done")) == 2


def test_server_that_does_not_respond_is_an_error(
    start_dovecot: Callable[..., Dovecot], user: str, pipe: tuple[int, int]
) -> None:
    server = start_dovecot()
    with Mailbox.open(server.account(user), timeout=2) as mailbox:
        server.freeze()
        with pytest.raises(InboxError, match="does not answer in time"):
            mailbox.wait(0.05, pipe[0])
        server.thaw()


def test_mailbox_can_be_opened_after_the_server_restarted(
    start_dovecot: Callable[..., Dovecot], user: str
) -> None:
    server = start_dovecot()
    server.deliver(user, mail(1))
    mailbox = Mailbox.open(server.account(user))
    server.kill()
    with pytest.raises(InboxError):
        mailbox.uids()
    mailbox.close()
    server.start()
    with Mailbox.open(server.account(user)) as again:
        assert again.uids() == [1]


def test_wrong_password_is_a_permanent_error_and_not_shown(dovecot: Dovecot, user: str) -> None:
    account = dataclasses.replace(dovecot.account(user), password=Secret("geheim-und-falsch"))
    with pytest.raises(InboxError, match="check username and password") as caught:
        Mailbox.open(account)
    assert caught.value.permanent
    assert user in str(caught.value)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificate_of_an_unknown_authority_is_refused(dovecot: Dovecot, user: str, security: Any) -> None:
    with CertificateAuthority() as other:
        account = dataclasses.replace(dovecot.account(user, security), ca_file=other.ca_file)
        with pytest.raises(InboxError, match="certificate is not trusted") as caught:
            Mailbox.open(account)
    assert caught.value.permanent


def test_tls_on_a_port_without_tls_is_explained(dovecot: Dovecot, user: str) -> None:
    account = dataclasses.replace(dovecot.account(user), port=dovecot.port)
    with pytest.raises(InboxError, match="check port, security") as caught:
        Mailbox.open(account)
    assert caught.value.permanent


def test_error_about_a_missing_folder_names_it(dovecot: Dovecot, user: str) -> None:
    account = dataclasses.replace(dovecot.account(user), folder="Eingang/Störung")
    with pytest.raises(InboxError, match="folder Eingang/Störung: the folder cannot be opened") as caught:
        Mailbox.open(account)
    assert caught.value.permanent


def test_server_that_is_down_is_a_temporary_error(authority: CertificateAuthority, user: str) -> None:
    account = ImapAccount("localhost", free_port(), "tls", user, Secret(PASSWORD), ca_file=authority.ca_file)
    with pytest.raises(InboxError, match="no server listens there") as caught:
        Mailbox.open(account)
    assert not caught.value.permanent


def imap_script(replies: dict[bytes, bytes | None]) -> Answer:
    """Play an IMAP server that says OK to everything; in a reply, %t is the command's tag."""
    select = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n%t OK done\r\n"
    capability = b"* CAPABILITY IMAP4rev1 IDLE\r\n%t OK done\r\n"
    answers: dict[bytes, bytes | None] = {
        b"SELECT": select,
        b"CAPABILITY": capability,
        b"IDLE": b"+ idling\r\n",
    }
    answers.update(replies)
    tag = b""

    def answer(line: bytes) -> bytes | None:
        nonlocal tag
        first, _, command = line.partition(b" ")
        # A line of one word continues the command before: DONE, or a password.
        tag = first if command else tag
        said = answers.get((command or first).split(b" ")[0].upper(), b"%t OK done\r\n")
        return said and said.replace(b"%t", tag)

    return answer


def play(
    replies: dict[bytes, bytes | None],
    use: Callable[[Mailbox], object],
    user: str = "u",
    script: Callable[[], Answer] | None = None,
    *,
    timeout: float = 5,
    greeting: bytes = b"* OK ready\r\n",
) -> None:
    with ScriptedServer(greeting, script or (lambda: imap_script(replies))) as server:
        account = ImapAccount("localhost", server.port, "none", user, Secret(PASSWORD))
        with Mailbox.open(account, timeout=timeout) as mailbox:
            use(mailbox)


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


def test_no_keyword_is_set_on_a_server_that_stores_none() -> None:
    with ScriptedServer(b"* OK ready\r\n", lambda: imap_script({})) as server:
        account = ImapAccount("localhost", server.port, "none", "u", Secret(PASSWORD), done="")
        with Mailbox.open(account, timeout=5) as mailbox:
            mailbox.move_to_processed([1])
        assert not [line for line in server.heard if b"STORE" in line]


def test_mail_announced_in_another_response_ends_the_wait_immediately(pipe: tuple[int, int]) -> None:
    def use(mailbox: Mailbox) -> None:
        mailbox.uids()
        assert mailbox.wait(60, pipe[0]) is True
        mailbox.refresh()
        assert mailbox.wait(0.05, pipe[0]) is False

    play({b"UID": b"* 1 EXISTS\r\n%t OK done\r\n"}, use)


def test_mail_with_an_invalid_internal_date_counts_as_received_now() -> None:
    before = datetime.now(UTC)

    def use(mailbox: Mailbox) -> None:
        assert before <= mailbox.describe([1])[1].received_at <= datetime.now(UTC)

    play({b"UID": b'* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "gestern")\r\n%t OK done\r\n'}, use)


def test_read_only_folder_is_a_permanent_error() -> None:
    select = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n%t OK [READ-ONLY] done\r\n"
    with pytest.raises(InboxError, match="not writable") as caught:
        play({b"SELECT": select}, Mailbox.refresh)
    assert caught.value.permanent


@pytest.mark.parametrize("capability", [b"IMAP4rev1", b"IMAP4rev1 AUTH=PLAIN"])
def test_password_is_not_logged(caplog: pytest.LogCaptureFixture, capability: bytes) -> None:
    caplog.set_level(logging.DEBUG)
    replies: dict[bytes, bytes | None] = {
        b"CAPABILITY": b"* CAPABILITY " + capability + b"\r\n%t OK done\r\n"
    }
    replies[b"AUTHENTICATE"] = b"+ \r\n"
    password = "streng-geheim"
    with ScriptedServer(b"* OK ready\r\n", lambda: imap_script(replies)) as server:
        account = ImapAccount("localhost", server.port, "none", "u", Secret(password))
        Mailbox.open(account, timeout=5).close()
        sent = b"".join(server.heard)
    coded = base64.b64encode(f"\0u\0{password}".encode())
    assert password.encode() in sent or coded in sent
    assert caplog.text
    assert password not in caplog.text
    assert coded.decode() not in caplog.text


SILENT: dict[str, tuple[dict[bytes, bytes | None], str]] = {
    "before the login": ({b"CAPABILITY": b""}, "open"),
    "after the login": ({b"LOGIN": b"", b"AUTHENTICATE": b""}, "open"),
    "within a line of the login": ({b"LOGIN": b"%t OK [CAPABIL"}, "open"),
    "at the folder": ({b"SELECT": b"* 0 EXISTS\r\n"}, "refresh"),
    "at a search": ({b"UID": b""}, "uids"),
    "within the result of a search": ({b"UID": b"* SEARCH 1 2"}, "uids"),
    "before the description of mails": ({b"UID": b""}, "describe"),
    "after the description of one of two mails": (
        {b"UID": b'* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "23-Nov-2026 10:00:00 +0100")\r\n'},
        "describe",
    ),
    "within a mail": ({b"UID": b"* 1 FETCH (UID 1 BODY[] {500}\r\nFrom: a"}, "header"),
    "at the move": ({b"UID": b""}, "move"),
    "before it idles": ({b"IDLE": b""}, "wait"),
    "within the line that begins to idle": ({b"IDLE": b"+ idl"}, "wait"),
    "while it idles": ({b"DONE": b""}, "wait"),
    "within a line while it idles": ({b"IDLE": b"+ idling\r\n* 7 EXI", b"DONE": b""}, "wait"),
    "behind a sign of life while it idles": (
        {b"IDLE": b"+ idling\r\n* OK Still here\r\n", b"DONE": b"* OK Still here\r\n"},
        "wait",
    ),
}


def test_server_that_stops_responding_at_any_moment_is_noticed(
    pipe: tuple[int, int], subtests: pytest.Subtests
) -> None:
    uses: dict[str, Callable[[Mailbox], object]] = {
        "open": lambda _: None,
        "refresh": Mailbox.refresh,
        "uids": Mailbox.uids,
        "describe": lambda mailbox: mailbox.describe([1, 2]),
        "header": lambda mailbox: mailbox.fetch_header(1),
        "move": lambda mailbox: mailbox.move_to_processed([1]),
        "wait": lambda mailbox: mailbox.wait(0.1, pipe[0]),
    }
    for moment, (replies, use) in SILENT.items():
        with subtests.test(moment=moment), pytest.raises(InboxError) as caught:
            play(replies, uses[use], timeout=0.3)
        assert not caught.value.permanent
    with subtests.test(moment="before the greeting"), pytest.raises(InboxError):
        play({}, uses["open"], timeout=0.3, greeting=b"")
    with subtests.test(moment="at the logout"):
        play({b"LOGOUT": b""}, uses["open"], timeout=0.3)


def test_refused_idle_is_an_error(pipe: tuple[int, int]) -> None:
    def use(mailbox: Mailbox) -> None:
        with pytest.raises(InboxError, match="IDLE is refused"):
            mailbox.wait(60, pipe[0])

    play({b"IDLE": b"%t NO not now\r\n"}, use)


def test_password_is_not_sent_to_a_server_without_starttls() -> None:
    with ScriptedServer(b"* OK ready\r\n", lambda: imap_script({})) as server:
        account = ImapAccount("localhost", server.port, "starttls", "u", Secret(PASSWORD))
        with pytest.raises(InboxError, match="STARTTLS failed"):
            Mailbox.open(account)
        assert not [line for line in server.heard if b"LOGIN" in line or b"AUTHENTICATE" in line]


def test_failed_login_because_of_a_server_error_is_temporary(subtests: pytest.Subtests) -> None:
    for reply, permanent in [
        (b"%t NO [AUTHENTICATIONFAILED] wrong\r\n", True),
        (b"%t NO [UNAVAILABLE] database is down\r\n", False),
        (b"* BYE too many connections\r\n%t NO sorry\r\n", False),
        (None, False),
    ]:
        with subtests.test(reply=reply):
            with pytest.raises(InboxError) as caught:
                play({b"LOGIN": reply}, Mailbox.refresh)
            assert caught.value.permanent is permanent


def test_password_repeated_by_the_server_is_not_shown() -> None:
    with pytest.raises(InboxError) as caught:
        play({b"LOGIN": b"%t NO " + PASSWORD.encode() + b" is wrong\r\n"}, Mailbox.refresh)
    assert PASSWORD not in str(caught.value)


def test_error_explains_that_the_server_accepts_no_umlauts_in_a_password() -> None:
    with pytest.raises(InboxError, match="supports only ASCII") as caught:
        play({}, Mailbox.refresh, user="müller")
    assert caught.value.permanent


def test_mail_that_makes_dovecot_disconnect_does_not_block_the_others(
    start_dovecot: Callable[..., Dovecot], user: str
) -> None:
    server = start_dovecot()
    server.deliver(user, *[mail(number) for number in range(9)])
    server.make_unreadable(user, 4)
    with Mailbox.open(server.account(user)) as mailbox:
        assert mailbox.describe(mailbox.uids()).keys() == {1, 2, 3, 4, 6, 7, 8, 9}
        assert [fetched.uid for fetched in fetch_all(mailbox)] == [
            1,
            2,
            3,
            4,
            6,
            7,
            8,
            9,
        ]
        assert mailbox.unfetchable.keys() == {5}
        mailbox.move_to_processed([1])


def test_server_that_fails_for_every_mail_is_an_error() -> None:
    def use(mailbox: Mailbox) -> None:
        with pytest.raises(InboxError, match="SERVERBUG"):
            mailbox.describe(range(1, 100))

    play({b"UID": b"%t NO [SERVERBUG] out of order\r\n"}, use)


def test_mail_that_the_server_does_not_return_does_not_block_the_others() -> None:
    described = b"".join(
        b'* %d FETCH (UID %d RFC822.SIZE 5 INTERNALDATE "01-Jul-2026 12:00:00 +0200")\r\n' % (uid, uid)
        for uid in (1, 2, 3)
    )
    given = b'* %d FETCH (UID %d BODY[] {5}\r\nhello INTERNALDATE "01-Jul-2026 12:00:00 +0200")\r\n'

    def answer(command: bytes) -> bytes:
        if b"RFC822.SIZE" in command:
            return described + b"%t OK done\r\n"
        uids = command.split(b" ")[3]
        return (
            given % (int(uids), int(uids)) + b"%t OK done\r\n"
            if uids in {b"1", b"3"}
            else b"%t NO [SERVERBUG] broken\r\n"
        )

    got: list[int] = []

    def use(mailbox: Mailbox) -> None:
        got.extend(fetched.uid for fetched in mailbox.fetch(mailbox.describe([1, 2, 3])))
        assert "[SERVERBUG] broken" in mailbox.unfetchable[2]

    def script() -> Answer:
        plain = imap_script({})

        def say(line: bytes) -> bytes | None:
            tag = line.split(b" ")[0]
            return answer(line).replace(b"%t", tag) if b"UID FETCH" in line else plain(line)

        return say

    play({}, use, script=script)
    assert got == [1, 3]


SIZE = b'* 1 FETCH (UID 1 RFC822.SIZE %d INTERNALDATE "01-Jul-2026 12:00:00 +0200")\r\n%%t OK done\r\n'


@pytest.mark.parametrize(
    ("size", "text", "given"),
    [(500, b'""', 0), (500, b"NIL", 0), (500, b"{0}\r\n", 0), (500, b"{2}\r\n\r\n", 0), (0, b'""', 1)],
)
@pytest.mark.parametrize("section", [b"", b"HEADER"])
def test_empty_text_of_a_mail_with_a_size_is_refused(
    size: int, text: bytes, given: int, section: bytes
) -> None:
    def script() -> Answer:
        plain = imap_script({})

        def say(line: bytes) -> bytes | None:
            if b"UID FETCH" not in line:
                return plain(line)
            body = b"* 1 FETCH (UID 1 BODY[%s] %s)\r\n%%t OK done\r\n" % (section, text)
            answer = SIZE % size if b"RFC822.SIZE" in line else body
            return answer.replace(b"%t", line.split(b" ")[0])

        return say

    def use(mailbox: Mailbox) -> None:
        if section:
            assert mailbox.fetch_header(1) is None
        else:
            assert len(list(mailbox.fetch(mailbox.describe([1])))) == given
        assert ("empty text" in mailbox.unfetchable.get(1, "")) == (given == 0 or bool(section))

    play({}, use, script=script)


@pytest.mark.parametrize(
    "endless",
    [
        b"* 1 FETCH (UID 1)\r\n" * 20_000,
        b"* 1 FETCH (BODY[] {99999999999}\r\n",
        b"* OK " + b"x" * 1_200_000,
    ],
)
def test_endless_response_is_an_error(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "MAX_RESPONSE", 200_000)
    with pytest.raises(InboxError, match=r"the server sen(ds|t) a (response|line) of more than"):
        play({b"UID": endless}, Mailbox.uids)
    with (
        ScriptedServer(b"* OK " + b"x" * 300_000, lambda: imap_script({})) as server,
        pytest.raises(InboxError, match=r"the server sen(ds|t) a (response|line) of more than"),
    ):
        Mailbox.open(ImapAccount("localhost", server.port, "none", "u", Secret(PASSWORD)), timeout=5)


def test_response_that_takes_too_long_in_total_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock advances by four seconds at each reading; every piece arrives in time."""
    clock = count(step=4)
    monkeypatch.setattr(bounded, "monotonic", lambda: float(next(clock)))
    with pytest.raises(InboxError, match=r"did not finish its response within 2[0-9] seconds"):
        play({b"UID": b"* 1 FETCH (UID 1)\r\n" * 20_000}, Mailbox.uids)


def test_mail_larger_than_the_limit_of_other_responses_is_fetched(
    dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "MAX_RESPONSE", 20_000)
    dovecot.deliver(user, mail(1, 60_000))
    with Mailbox.open(dovecot.account(user)) as mailbox:
        assert [fetched.raw for fetched in mailbox.fetch(mailbox.describe([1]))] == [mail(1, 60_000)]
