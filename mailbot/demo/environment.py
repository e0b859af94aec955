"""Run the bot for the sample school of the demonstration."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailbot.config import load
from mailbot.demo.personas import ERIKA, MAX, PERSONAS, SUPPORT, TONI
from mailbot.demo.servers import MailServers
from mailbot.runtime.application import Application
from mailbot.service.bootstrap import exclusive_lock

SUPPORT_PASSWORD = "hausmeister"  # noqa: S105 - of a mailbox that exists only during the demonstration

PASSWORDS = {SUPPORT: SUPPORT_PASSWORD} | {person.address: person.password for person in PERSONAS}

_CONFIGURATION = f"""
[bot]
name = "Schul-Support"
language = "de"
state_dir = "state"
invitations = false

[smtp]
host = "127.0.0.1"
port = {{smtp_port}}
security = "none"

[imap]
host = "127.0.0.1"
port = {{imap_port}}
security = "none"
username = "{SUPPORT}"
password_file = "imap"

[[school]]
key = "GYM"
name = "Gymnasium Marienschule"
address = "{SUPPORT}"
domains = ["schule.example"]

[school.team]
name = "Team Marienschule"
members = ["{MAX.name} <{MAX.address}>", "{ERIKA.name} <{ERIKA.address}>"]

[second_level]
name = "Second-Level-Support"
members = ["{TONI.name} <{TONI.address}>"]
"""


@contextmanager
def running_bot(servers: MailServers, directory: Path) -> Iterator[Application]:
    """Run the bot during the block, with its configuration and state in that directory."""
    password = directory / "imap"
    password.touch(mode=0o600)
    password.write_text(SUPPORT_PASSWORD, "utf-8")
    configuration = directory / "mailbot.toml"
    text = _CONFIGURATION.format(smtp_port=servers.smtp_port, imap_port=servers.imap_port)
    configuration.write_text(text, "utf-8")
    settings = load(configuration, {})
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with exclusive_lock(settings):
        application = Application(settings)
        application.start()
        try:
            yield application
        finally:
            application.stop()
