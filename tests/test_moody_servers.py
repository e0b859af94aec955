"""What a mail server may say or do to a mailbox in its bad hours: nothing is lost and nothing doubled."""

import shutil
from pathlib import Path

import pytest

from tests.flood import audit, flood, pour
from tests.house import LENA, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.moody import MoodyServer
from tests.servers.smtp import SmtpServer

COMMANDS = (
    "CAPABILITY",
    "AUTHENTICATE",
    "LIST",
    "CREATE",
    "SELECT",
    "(UID)",
    "RFC822.SIZE",
    "BODY.PEEK[]",
    "UID MOVE",
)
ANSWERS = {
    "no": b"%t NO [UNAVAILABLE] not now",
    "bad": b"%t BAD what is that?",
    "bye": b"* BYE the server goes down",
    "ok without doing it": b"%t OK done",
    "lines that nobody asked for": b"* 3 EXISTS\r\n* 7 EXPUNGE\r\n* FLAGS (\\Seen)\r\n%t NO try again",
    "a literal that is shorter than it says": b"* 1 FETCH (UID 1 BODY[] {9}\r\nabc)\r\n* BYE sorry",
}
MAILS = 4


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school whose IMAP server is spoken to in clear text, so that somebody can stand between."""
    return House(tmp_path, dovecot, smtp_server, user)


def between(house: House, port: int) -> str:
    """Let the house reach its IMAP server by that port; return the configuration as it was."""
    before = house.config.read_text("utf-8")
    tls = f'port = {house.dovecot.tls_port}\nsecurity = "tls"'
    assert tls in before
    house.config.write_text(before.replace(tls, f'port = {port}\nsecurity = "none"'), "utf-8")
    return before


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_whatever_the_server_says_to_a_command_each_mail_is_handled_once(
    house: House, command: str, answer: str
) -> None:
    wave = flood(MAILS, seed=5)
    pour(house, wave.mails, seed=5)
    with MoodyServer(house.dovecot.port, command.encode(), ANSWERS[answer]) as moody:
        before = between(house, moody.port)
        house.once()
    assert moody.struck, f"{command} was never said"
    house.config.write_text(before, "utf-8")
    house.once()
    assert house.once()["fetched"] == 0
    assert audit(house, wave).broken == ()


def test_a_folder_whose_uids_are_given_anew_brings_nothing_twice(house: House) -> None:
    """RFC 9051, 2.3.1.1: another UIDVALIDITY, and all that was known of UIDs is void."""
    house.imap = 'poll_seconds = 5\ndone = ""'
    house.write_config()
    house.deliver(problem("Beamer").text("dunkel"), problem("Drucker").text("leer"))
    house.once()
    validity = house.dovecot.uid_validity(house.address)
    house.dovecot.renumber(house.address)
    house.deliver(problem("Tablet").text("weg"))
    counts = house.once()
    assert house.dovecot.uid_validity(house.address) != validity
    assert (counts["opened"], counts["ignored"]) == (1, 2)
    assert sorted(t["subject"] for t in house.json("tickets")) == ["Beamer", "Drucker", "Tablet"]


def test_a_mailbox_that_comes_back_from_its_backup_brings_nothing_twice(house: House, tmp_path: Path) -> None:
    house.deliver(problem("Beamer").text("dunkel"))
    maildir = house.dovecot.maildir(house.address)
    shutil.copytree(maildir, tmp_path / "backup")
    house.once()
    house.deliver(house.letters(LENA)[0].answer(LENA, "Es eilt."))
    house.once()
    house.dovecot.put_back(house.address, tmp_path / "backup")
    counts = house.once()
    assert (counts["opened"], counts["sent"]) == (0, 0)
    assert [m["text"] for m in house.ticket()["messages"]] == ["dunkel", "Es eilt."]
    assert house.dovecot.mails(house.address) == []
