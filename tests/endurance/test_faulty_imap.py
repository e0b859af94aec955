"""Faulty IMAP servers: nothing is lost and nothing is processed twice."""

import shutil
from pathlib import Path

import pytest

from tests.support.school import LENA, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.faulty_imap import FaultyImapServer
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.workload import audit, deliver, make_workload

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
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school with IMAP in clear text, so that a relay can change it."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def between(env: SchoolEnv, port: int) -> str:
    """Set the port of the IMAP server; return the former configuration."""
    before = env.config.read_text("utf-8")
    tls = f'port = {env.dovecot.tls_port}\nsecurity = "tls"'
    assert tls in before
    env.config.write_text(before.replace(tls, f'port = {port}\nsecurity = "none"'), "utf-8")
    return before


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_each_mail_is_processed_once_with_any_response_of_the_server_to_a_command(
    env: SchoolEnv, command: str, answer: str
) -> None:
    workload = make_workload(MAILS, seed=5)
    deliver(env, workload.mails, seed=5)
    with FaultyImapServer(env.dovecot.port, command.encode(), ANSWERS[answer]) as server:
        before = between(env, server.port)
        env.run_once()
    assert server.struck, f"{command} was never said"
    env.config.write_text(before, "utf-8")
    env.run_once()
    assert env.run_once()["fetched"] == 0
    assert audit(env, workload).broken == ()


def test_a_new_uidvalidity_processes_nothing_twice(env: SchoolEnv) -> None:
    """RFC 9051, 2.3.1.1: another UIDVALIDITY, and all that was known of UIDs is void."""
    env.imap = 'poll_seconds = 5\ndone = ""'
    env.write_config()
    env.deliver(problem("Beamer").text("dunkel"), problem("Drucker").text("leer"))
    env.run_once()
    validity = env.dovecot.uid_validity(env.address)
    env.dovecot.renumber(env.address)
    env.deliver(problem("Tablet").text("weg"))
    counts = env.run_once()
    assert env.dovecot.uid_validity(env.address) != validity
    assert (counts["opened"], counts["ignored"]) == (1, 2)
    assert sorted(t["subject"] for t in env.json("tickets")) == ["Beamer", "Drucker", "Tablet"]


def test_a_mailbox_that_comes_back_from_its_backup_brings_nothing_twice(
    env: SchoolEnv, tmp_path: Path
) -> None:
    env.deliver(problem("Beamer").text("dunkel"))
    maildir = env.dovecot.maildir(env.address)
    shutil.copytree(maildir, tmp_path / "backup")
    env.run_once()
    env.deliver(env.mails_to(LENA)[0].answer(LENA, "Es eilt."))
    env.run_once()
    env.dovecot.put_back(env.address, tmp_path / "backup")
    counts = env.run_once()
    assert (counts["opened"], counts["sent"]) == (0, 0)
    assert [m["text"] for m in env.ticket()["messages"]] == ["dunkel", "Es eilt."]
    assert env.dovecot.mails(env.address) == []
