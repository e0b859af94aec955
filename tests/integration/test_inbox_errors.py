"""Errors of IMAP servers: refused logins, silence, wrong and endless responses."""

import base64
import dataclasses
import logging
import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from mailbot.config import ImapAccount, Secret
from mailbot.inbox import InboxError, Mailbox, bounded
from tests.support.inbox_mails import fetch_all, imap_script, mail, play
from tests.support.servers.dovecot import PASSWORD, Dovecot
from tests.support.servers.process import free_port
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.tls import CertificateAuthority


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe as the daemon uses it to wake up the thread that waits."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


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
