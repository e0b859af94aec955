"""A whole school for tests: a configuration, a mailbox on a real Dovecot, and a real SMTP server."""

import email
import email.policy
import itertools
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import structlog
from typer.testing import CliRunner, Result

from mailbot.cli import app
from mailbot.cli.log import LogLibraries
from mailbot.clock import utc_now
from mailbot.config import Settings, load
from mailbot.monitoring.status import status
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.old_mail import OldMail
from mailbot.runtime.run_once import run_once
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.bootstrap import exclusive_lock, open_desk
from mailbot.service.desk import Desk
from mailbot.service.operations import retry_unsent_mail, unsent_mails
from mailbot.service.ticket_documents import show_ticket
from tests.support.mail_builder import MailBuilder, mail
from tests.support.new_database import new_sqlite
from tests.support.servers.dovecot import PASSWORD, Dovecot
from tests.support.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.support.servers.smtp import USER as SMTP_USER
from tests.support.servers.smtp import RecordingSmtpServer

ROOT = Path(__file__).parents[2]
LENA = "lena@schule.example"
MAX = "mustermann.m@support.example"
ERIKA = "erika@support.example"
TONI = "technik@stadt.example"
EDV = "edv@stadt.example"

CONFIGURATION = """
[bot]
name = "Schul-Support"
state_dir = "state"
database = "{database}"
operators = ["{edv}"]
invitations = {invitations}
{bot}

[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "starttls"
username = "{smtp_user}"
password_file = "smtp"
ca_file = "{ca_file}"

[imap]
host = "127.0.0.1"
port = {imap_port}
security = "tls"
password_file = "imap"
ca_file = "{ca_file}"
{imap}

[[school]]
key = "GYM"
name = "Gymnasium Marienschule"
address = "{address}"
domains = ["schule.example"]
imap = {{ username = "{address}" }}
team = {{ name = "Team Marienschule", members = [{members}] }}
{more}

[times]
{times}

[second_level]
name = "Second-Level-Support"
members = ["{toni}"]
"""

_numbers = itertools.count(1)


@dataclass
class SchoolEnv:
    """A school with its team, its configuration and its servers."""

    directory: Path
    dovecot: Dovecot
    smtp: RecordingSmtpServer
    address: str
    database: str = "sqlite"
    bot: str = ""
    imap: str = "poll_seconds = 5"
    more: str = ""
    times: str = 'digest = ""'
    members: str = f'"{MAX}", "{ERIKA}"'
    invitations: bool = False
    seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        for name, password in (("smtp", SMTP_PASSWORD), ("imap", PASSWORD)):
            (self.directory / name).write_text(password)
            (self.directory / name).chmod(0o600)
        self.write_config()
        if self.database == "sqlite":
            (self.directory / "state").mkdir(mode=0o750, exist_ok=True)
            new_sqlite(self.directory / "state" / "mailbot.db")
        self.dovecot.deliver(self.address)  # create the mailbox before a test reads it

    @property
    def config(self) -> Path:
        """Return the path of the configuration."""
        return self.directory / "mailbot.toml"

    def write_config(self) -> None:
        """Write the configuration as it should be now."""
        text = CONFIGURATION.format(
            database=self.database,
            bot=self.bot,
            imap=self.imap,
            more=self.more,
            times=self.times,
            smtp_port=self.smtp.port,
            smtp_user=SMTP_USER,
            imap_port=self.dovecot.tls_port,
            ca_file=self.dovecot.account(self.address).ca_file,
            address=self.address,
            members=self.members,
            invitations=str(self.invitations).lower(),
            toni=TONI,
            edv=EDV,
        )
        self.config.write_text(text, "utf-8")

    def use_ports(self, imap_port: int, smtp_port: int) -> None:
        """Reach the servers by other ports, such as those of proxies."""
        text = self.config.read_text("utf-8")
        for port, other in ((self.dovecot.tls_port, imap_port), (self.smtp.port, smtp_port)):
            text = text.replace(f"port = {port}", f"port = {other}")
        self.config.write_text(text, "utf-8")

    def make_due(self) -> None:
        """Make mails due that wait for their next attempt."""
        with self.open() as (desk, _):
            for line in unsent_mails(desk):
                retry_unsent_mail(desk, line["id"])

    def command(self, *args: str) -> list[str]:
        """Return the command line of a call."""
        return [sys.executable, "-m", "mailbot", *self.arguments(*args)]

    def arguments(self, *args: str) -> list[str]:
        """Return the arguments of a call."""
        return ["--config", str(self.config), *args]

    def run(self, *args: str) -> Result:
        """Call mailbot in this process, which saves the time to start one."""
        result = CliRunner().invoke(app, ["--config", str(self.config), *args], catch_exceptions=False)
        structlog.reset_defaults()  # the call logged to a stream that is closed now
        root = logging.getLogger()
        root.handlers = [handler for handler in root.handlers if not isinstance(handler, LogLibraries)]
        return result

    def call(self, *args: str, status: int = 0) -> str:
        """Call mailbot in this process; check its exit status and return its output."""
        result = self.run(*args)
        assert result.exit_code == status, f"{args}: {result.exit_code}\n{result.stdout}\n{result.stderr}"
        return result.stdout

    def json(self, *args: str, status: int = 0) -> Any:
        """Run mailbot with --json and return the document."""
        return json.loads(self.call(*args, "--json", status=status))

    @contextmanager
    def open(self) -> Iterator[tuple[Desk, Settings]]:
        """Open the desk in this process."""
        settings = load(self.config, {})
        desk = open_desk(settings)
        try:
            yield desk, settings
        finally:
            desk.engine.dispose()

    def run_once(self) -> dict[str, int]:
        """Process and send everything, as `mailbot once` does."""
        with self.open() as (desk, settings), exclusive_lock(settings):
            return run_once(desk, settings)

    def deliver(self, *mails: MailBuilder | bytes) -> None:
        """Put mails into the support mailbox."""
        raw = (m if isinstance(m, bytes) else m.build() for m in mails)
        self.dovecot.deliver(self.address, *raw)

    def mails_to(self, address: str) -> list["ReceivedMail"]:
        """Return all mails that an address received, in order."""
        return [ReceivedMail(r.raw) for r in self.smtp.received if r.recipients == (address,)]

    def new_mails_to(self, address: str) -> list["ReceivedMail"]:
        """Return the mails that an address received since the last call."""
        sent_mails = self.mails_to(address)
        new = sent_mails[self.seen.get(address, 0) :]
        self.seen[address] = len(sent_mails)
        return new

    def new_mail_to(self, address: str) -> "ReceivedMail":
        """Return the one mail that an address received since the last call."""
        new = self.new_mails_to(address)
        assert len(new) == 1, [sent.subject for sent in new]
        return new[0]

    def status(self) -> Any:
        """Return the document of `mailbot status --json`."""
        with self.open() as (desk, _):
            return status(desk)

    def ticket(self, name: str = "GYM-1") -> Any:
        """Return a ticket as `mailbot show --json` does."""
        with self.open() as (desk, _):
            return show_ticket(desk, name)


class ReceivedMail:
    """A mail as it arrived."""

    def __init__(self, raw: bytes) -> None:
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.raw = raw
        self.message = parsed

    @property
    def subject(self) -> str:
        """Return the decoded subject."""
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        """Return the text version."""
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        """Return the HTML version."""
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def message_id(self) -> str:
        """Return the Message-ID."""
        return str(self.message["Message-ID"])

    @property
    def action_key(self) -> str:
        """Return the action key of its links."""
        found = re.search(r"%5Bmailbot%3A([a-z2-7]{26})%5D", self.html)
        assert found, self.html
        return found[1]

    def answer(self, sender: str, text: str) -> MailBuilder:
        """Return the reply that a person writes by "Antworten" in Roundcube."""
        quoted = "\n".join("> " + line for line in self.text.splitlines())
        return (
            mail()
            .sender(sender)
            .to("support-gym@schule.example")
            .subject(f"Re: {self.subject}")
            .message_id(f"<answer{next(_numbers)}@{sender.partition('@')[2]}>")
            .reply_to(self.message_id)
            .text(f"{text}\n\nAm 2026-11-23 13:47, schrieb Schul-Support:\n{quoted}\n")
        )


def problem(
    subject: str = "Beamer in Raum 204 defekt", sender: str = "Lena Lehrerin <lena@schule.example>"
) -> MailBuilder:
    """Return a new mail of a teacher."""
    return mail().sender(sender).subject(subject).message_id(f"<problem{next(_numbers)}@schule.example>")


def mailbox_of(desk: Desk, settings: Settings, clock: Callable[[], datetime] = utc_now) -> SchoolMailbox:
    """Return the mailbox of the first school."""
    return SchoolMailbox(desk, desk.policy.schools[0], settings.imap["GYM"], clock)


def ingest_of(
    desk: Desk,
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    processed: Callable[[str], object] = lambda _: None,
    should_yield: Callable[[], bool] = lambda: False,
) -> MailboxIngest:
    """Return the ingest of that mailbox; `processed` is called with the outcome of each mail."""
    mailbox = mailbox_of(desk, settings, clock)

    def record(outcome: str, _: float) -> None:
        processed(outcome)

    return MailboxIngest(mailbox, OldMail(mailbox, 7), lambda: True, record, should_yield)
