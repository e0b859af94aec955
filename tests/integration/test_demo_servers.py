"""The servers of the demo serve clients of IMAP and SMTP."""

import smtplib
from collections.abc import Iterator
from threading import Thread

import pytest
from imapclient import IMAPClient

from mailbot.demo.servers import MailServers

SUPPORT = "support@schule.example"
TEACHER = "lehrerin@schule.example"
MAIL = f"Subject: Beamer\r\nFrom: {TEACHER}\r\n\r\nGrüße\r\n.\r\n..\r\n".encode()


@pytest.fixture
def office() -> Iterator[MailServers]:
    with MailServers({SUPPORT: "geheim", TEACHER: "lehrerin"}) as opened:
        yield opened


@pytest.fixture
def client(office: MailServers) -> Iterator[IMAPClient]:
    with IMAPClient("127.0.0.1", office.imap_port, ssl=False, timeout=20) as connected:
        connected.login(SUPPORT, "geheim")
        connected.select_folder("INBOX")
        yield connected


def send(office: MailServers, *recipients: str, content: bytes = MAIL) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=20) as smtp:
        return smtp.sendmail(TEACHER, recipients, content)


def test_a_mail_is_in_the_inbox_of_every_recipient_byte_for_byte(
    office: MailServers, client: IMAPClient
) -> None:
    send(office, SUPPORT, TEACHER)
    client.noop()
    (uid,) = client.search("ALL")
    assert client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"] == MAIL
    assert office.mailbox(TEACHER) == [MAIL]


def test_addresses_are_found_in_any_case(office: MailServers) -> None:
    send(office, "Support@Schule.example")
    assert office.mailbox(SUPPORT) == [MAIL]


def test_an_unknown_recipient_is_refused_and_the_others_get_the_mail(office: MailServers) -> None:
    refused = send(office, "niemand@schule.example", SUPPORT)
    assert refused == {"niemand@schule.example": (550, b"5.1.1 User unknown")}
    assert office.mailbox(SUPPORT) == [MAIL]


def test_waiting_ends_when_the_mails_are_there(office: MailServers) -> None:
    sender = Thread(target=lambda: [send(office, SUPPORT) for _ in range(3)])
    sender.start()
    assert office.wait_for(SUPPORT, 3) == [MAIL] * 3
    sender.join()


def test_a_timeout_says_which_mails_are_there(office: MailServers) -> None:
    send(office, SUPPORT)
    with pytest.raises(TimeoutError, match=r"support@schule\.example has 1 mails instead of 2"):
        office.wait_for(SUPPORT, 2, timeout=0)


def test_a_mail_can_be_moved_to_a_folder_made_for_it(office: MailServers, client: IMAPClient) -> None:
    send(office, SUPPORT)
    client.noop()
    client.create_folder("Mailbot/Done")
    client.subscribe_folder("Mailbot/Done")
    client.move(client.search("ALL"), "Mailbot/Done")
    assert client.search("ALL") == []
    client.select_folder("Mailbot/Done")
    assert len(client.search("ALL")) == 1


def test_idle_reports_every_new_mail(office: MailServers, client: IMAPClient) -> None:
    for number in range(1, 31):
        client.idle()
        send(office, SUPPORT)
        heard = client.idle_check(timeout=20)
        client.idle_done()
        assert (number, b"EXISTS") in heard


def test_a_wrong_password_is_refused(office: MailServers) -> None:
    with (
        IMAPClient("127.0.0.1", office.imap_port, ssl=False, timeout=20) as client,
        pytest.raises(client.Error),
    ):
        client.login(SUPPORT, "falsch")


def test_closing_ends_the_connections_that_are_still_open() -> None:
    with MailServers({SUPPORT: "geheim"}) as office:
        smtp = smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=20)
        client = IMAPClient("127.0.0.1", office.imap_port, ssl=False, timeout=20)
        client.login(SUPPORT, "geheim")
        client.select_folder("INBOX")
        client.idle()
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.noop()
    with pytest.raises(client.Error):
        client.idle_done()
    smtp.close()
    client.shutdown()


@pytest.mark.parametrize("service", ["imap_port", "smtp_port"])
def test_a_port_in_use_raises_an_error(office: MailServers, service: str) -> None:
    with pytest.raises(OSError, match="in use"), MailServers({}, **{service: getattr(office, service)}):
        pass
