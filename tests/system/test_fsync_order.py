"""Power failures: the effects of a mail are on disk before it is moved and before anything is sent."""

import re
import subprocess
from pathlib import Path

import pytest

from mailbot.clock import utc_now
from mailbot.service.receive import receive
from mailbot.store.database import transaction
from mailbot.store.ledger import MailLocation, start_attempts
from tests.support.fixtures import require
from tests.support.school import ROOT, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import find_program
from tests.support.servers.smtp import RecordingSmtpServer

CALLS = "trace=pwrite64,write,sendto,fdatasync,fsync"


def strace() -> Path:
    return find_program("strace", "strace")


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school whose IMAP server is spoken to in clear text, so that it can be overheard."""
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    text = env.config.read_text("utf-8").replace('security = "tls"', 'security = "none"')
    env.config.write_text(text.replace(f"port = {dovecot.tls_port}", f"port = {dovecot.port}"), "utf-8")
    return env


def traced(env: SchoolEnv) -> list[str]:
    """Run `mailbot once`; return a line for each of its system calls that write, send or sync."""
    trace = env.directory / "trace"
    command: list[str | Path] = [
        require(strace),
        "-f",
        "-yy",
        "-s",
        "400",
        "-e",
        CALLS,
        "-o",
        trace,
        *env.command("once"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return trace.read_text("utf-8", errors="replace").splitlines()


def overheard(env: SchoolEnv) -> list[str]:
    """Run `mailbot once`; return in order what it did to its database's journal, IMAP and SMTP servers."""
    did = []
    for line in traced(env):
        if "UID MOVE" in line:
            did.append("move")
        elif re.search(rf"(?:sendto|write)\(\d+<TCP:\[[^]]*->127\.0\.0\.1:{env.smtp.port}\]>", line):
            did.append("smtp")
        elif re.search(r"(?:pwrite64|write)\(\d+<[^>]*mailbot\.db-wal>", line):
            did.append("write")
        elif re.search(r"f(?:data)?sync\(\d+<[^>]*mailbot\.db-wal>", line):
            did.append("sync")
    return did


def test_effects_are_on_disk_before_mails_are_moved_and_before_notifications_are_sent(env: SchoolEnv) -> None:
    mails = problem("Beamer").text("dunkel"), problem("Drucker").text("leer")
    env.deliver(*mails)
    with env.open() as (desk, _):  # a process is killed after the first mail of a batch
        location = MailLocation("GYM", env.dovecot.uid_validity(env.address), 1)
        with transaction(desk.engine) as session:
            start_attempts(session, [location])
        assert receive(desk, location, mails[0].build(), None, utc_now())
    did = overheard(env)
    assert did.count("move") == 2
    for position, step in enumerate(did):
        if step == "move" or (step == "smtp" and "smtp" not in did[:position]):
            before = [earlier for earlier in did[:position] if earlier != "move"]
            assert before[-2:] == ["write", "sync"], did


def test_the_name_of_the_worker_is_on_the_disk_before_the_database_names_it(env: SchoolEnv) -> None:
    lines = traced(env)
    synced = [n for n, line in enumerate(lines) if re.search(r"fsync\(\d+<[^>]*/state/worker\b", line)]
    written = [n for n, line in enumerate(lines) if re.search(r"write.*\(\d+<[^>]*mailbot\.db-wal>", line)]
    assert synced
    assert synced[0] < written[0]
