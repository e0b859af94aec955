"""When the power fails: what a mail caused is on the disk before the mailbox hears that the mail is done."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import require
from tests.house import ROOT, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.process import find_program
from tests.servers.smtp import SmtpServer

CALLS = "trace=pwrite64,write,sendto,fdatasync,fsync"


def strace() -> Path:
    return find_program("strace", "strace")


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school whose IMAP server is spoken to in clear text, so that it can be overheard."""
    house = House(tmp_path, dovecot, smtp_server, user)
    text = house.config.read_text("utf-8").replace('security = "tls"', 'security = "none"')
    house.config.write_text(text.replace(f"port = {dovecot.tls_port}", f"port = {dovecot.port}"), "utf-8")
    return house


def traced(house: House) -> list[str]:
    """Run `mailbot once`; return a line for each of its system calls that write, send or sync."""
    trace = house.directory / "trace"
    command: list[str | Path] = [
        require(strace),
        "-f",
        "-y",
        "-s",
        "400",
        "-e",
        CALLS,
        "-o",
        trace,
        *house.command("once"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    return trace.read_text("utf-8", errors="replace").splitlines()


def overheard(house: House) -> list[str]:
    """Run `mailbot once`; return what it did to its database's journal and told the IMAP server, in order."""
    did = []
    for line in traced(house):
        if "UID MOVE" in line:
            did.append("move")
        elif re.search(r"(?:pwrite64|write)\(\d+<[^>]*mailbot\.db-wal>", line):
            did.append("write")
        elif re.search(r"f(?:data)?sync\(\d+<[^>]*mailbot\.db-wal>", line):
            did.append("sync")
    return did


def test_nothing_of_a_mail_waits_for_the_disk_when_the_mailbox_is_told_to_move_it(house: House) -> None:
    house.deliver(problem("Beamer").text("dunkel"), problem("Drucker").text("leer"))
    did = overheard(house)
    assert "move" in did
    for position, what in enumerate(did):
        if what == "move":
            before = [step for step in did[:position] if step != "move"]
            assert before
            assert before[-1] == "sync"


def test_the_name_of_the_worker_is_on_the_disk_before_the_database_names_it(house: House) -> None:
    lines = traced(house)
    synced = [n for n, line in enumerate(lines) if re.search(r"fsync\(\d+<[^>]*/state/worker\b", line)]
    written = [n for n, line in enumerate(lines) if re.search(r"write.*\(\d+<[^>]*mailbot\.db-wal>", line)]
    assert synced
    assert synced[0] < written[0]
