"""Reading and filing mail in a real Dovecot, and with servers that misbehave."""

import dataclasses
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mailbot.config import ImapAccount, Secret
from mailbot.inbox import FetchedMail, Mailbox, MailInfo, fetched
from mailbot.inbox import mailbox as module
from mailbot.inbox.session import open_session
from tests.support.inbox_mails import fetch_all, imap_script, mail, play
from tests.support.servers.dovecot import ODD_USER, PASSWORD, Dovecot
from tests.support.servers.scripted import ScriptedServer


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_mails_are_fetched_unchanged_with_each_kind_of_connection_security(
    dovecot: Dovecot, user: str, security: Any
) -> None:
    dovecot.deliver(user, mail(1), mail(2))
    with Mailbox.open(dovecot.account(user, security)) as mailbox:
        assert mailbox.uids() == [1, 2]
        assert [fetched.raw for fetched in mailbox.fetch(mailbox.describe([1, 2]))] == [mail(1), mail(2)]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_no_piece_of_a_command_waits_for_the_acknowledgement_of_the_last(
    dovecot: Dovecot, user: str, security: Any
) -> None:
    client = open_session(dovecot.account(user, security), timeout=30)
    assert client.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    client.logout()


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


def test_no_keyword_is_set_on_a_server_that_stores_none() -> None:
    with ScriptedServer(b"* OK ready\r\n", lambda: imap_script({})) as server:
        account = ImapAccount("localhost", server.port, "none", "u", Secret(PASSWORD), done="")
        with Mailbox.open(account, timeout=5) as mailbox:
            mailbox.move_to_processed([1])
        assert not [line for line in server.heard if b"STORE" in line]


def test_mail_with_an_invalid_internal_date_counts_as_received_now() -> None:
    before = datetime.now(UTC)

    def use(mailbox: Mailbox) -> None:
        assert before <= mailbox.describe([1])[1].received_at <= datetime.now(UTC)

    play({b"UID": b'* 1 FETCH (UID 1 RFC822.SIZE 5 INTERNALDATE "gestern")\r\n%t OK done\r\n'}, use)
