"""The test servers work as the other tests expect."""

import smtplib

import psycopg
import pytest

from tests.support.fixtures import require
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import find_program, wait_until
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority


def test_a_mail_sent_by_smtp_is_in_the_inbox_unchanged(
    authority: CertificateAuthority, dovecot: Dovecot, user: str
) -> None:
    with RecordingSmtpServer(authority, login=False, deliver_to=dovecot) as server:
        with smtplib.SMTP("localhost", server.port, timeout=10) as client:
            client.starttls(context=authority.client_context())
            client.sendmail("lehrerin@schule.example", [user], b"Subject: Beamer\r\n\r\n.defekt\r\n")
        wait_until(lambda: server.received)
    assert [stored.raw for stored in dovecot.mails(user)] == [b"Subject: Beamer\r\n\r\n.defekt\r\n"]


def test_a_mail_sent_by_lmtp_is_in_the_inbox(authority: CertificateAuthority, user: str) -> None:
    with Dovecot(authority, lmtp=True) as dovecot:
        with smtplib.LMTP("127.0.0.1", dovecot.lmtp_port) as client:
            client.sendmail("lehrerin@schule.example", [user], b"Subject: Beamer\r\n\r\ndefekt\r\n")
        (stored,) = dovecot.mails(user)
    assert stored.raw.endswith(b"Subject: Beamer\r\n\r\ndefekt\r\n")


def test_each_database_is_fresh(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE ticket (number int)")
        [(tables,)] = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    assert tables == 1


def test_a_missing_server_is_a_skipped_test_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MAILBOT_TEST_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^dovecot-imapd is missing: apt install dovecot-imapd$"):
        require(lambda: find_program("no-such-program", "dovecot-imapd"))


def test_a_missing_server_is_a_failure_where_nothing_may_be_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILBOT_TEST_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match="dovecot-imapd is missing"):
        require(lambda: find_program("no-such-program", "dovecot-imapd"))
