"""Run the scenario: send every mail to the bot by SMTP, and check every mail that it sends."""

import logging
import signal
import smtplib
import sys
import threading
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from mailbot.clock import monotonic
from mailbot.demo.environment import PASSWORDS, running_bot
from mailbot.demo.pages import write_pages
from mailbot.demo.personas import PERSONAS, SUPPORT, Person, read, text_of
from mailbot.demo.scenario import SCENARIO, TICKET, ExpectedMail, Step
from mailbot.demo.screen import Screen
from mailbot.demo.servers import MailServers
from mailbot.runtime.application import Application
from mailbot.service.ticket_documents import show_ticket

TIMEOUT_SECONDS = 30.0
PAUSE_SECONDS = 0.8  # between two mails on a terminal, so that people can read along


class DemoError(Exception):
    """A step of the scenario failed; the text says which."""


def play(*, serve: bool = False, pages: Path | None = None) -> int:
    """Run the scenario on a terminal; return 0 if every step succeeded, else 1.

    With `serve`, servers and bot keep running until SIGINT or SIGTERM. `pages` is a directory into which all
    mails are written as HTML.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows what it can
    screen = Screen()
    with (
        TemporaryDirectory(prefix="mailbot-demo-") as directory,
        MailServers(PASSWORDS) as servers,
        running_bot(servers, Path(directory)) as application,
    ):
        runner = ScenarioRunner(screen, servers)
        try:
            runner.run()
            runner.verify(application)
        except (DemoError, LookupError) as error:
            screen.write(f"\nDie Vorführung ist gescheitert: {error}")
            return 1
        finally:
            if pages is not None:
                screen.write(f"\nAlle Mails zum Ansehen: {write_pages(pages, runner.mails)}")
        if serve:
            _serve(screen, servers)
    return 0


class ScenarioRunner:
    """Runs the scenario; keeps all shown mails and the number of mails that each person has received."""

    def __init__(self, screen: Screen, servers: MailServers) -> None:
        self.mails: list[bytes] = []
        self._screen = screen
        self._servers = servers
        self._received = dict.fromkeys(PERSONAS, 0)
        self._started = monotonic()

    def run(self) -> None:
        """Run all steps; raise DemoError at the first mail that is missing or has the wrong text."""
        self._screen.write(
            "Ein Tag im Gymnasium Marienschule, mit echten Mails über IMAP und SMTP auf diesem Rechner."
        )
        for number, step in enumerate(SCENARIO, start=1):
            self._screen.heading(f"{number}. {step.title}")
            self._run_step(step)

    def _run_step(self, step: Step) -> None:
        mailboxes = {person: self._servers.mailbox(person.address) for person in PERSONAS}
        mail = step.write(mailboxes)
        self._show(step.sender, step.note, mail)
        with smtplib.SMTP("127.0.0.1", self._servers.smtp_port, timeout=TIMEOUT_SECONDS) as smtp:
            smtp.sendmail(step.sender.address, [SUPPORT], mail)
        for expected in step.expected:
            self._await_mail(expected)

    def _await_mail(self, expected: ExpectedMail) -> None:
        person = expected.recipient
        self._received[person] += 1
        try:
            mails = self._servers.wait_for(person.address, self._received[person], TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise DemoError(f"{person.name} wartet vergebens auf „{expected.words}“") from error
        mail = mails[self._received[person] - 1]
        if expected.words not in " ".join(text_of(read(mail)).split()):
            raise DemoError(f"in der Mail an {person.name} steht nicht „{expected.words}“")
        if expected.note:
            self._show(person, expected.note, mail)

    def _show(self, person: Person, note: str, mail: bytes) -> None:
        self.mails.append(mail)
        self._screen.show(mail, person.name, note)
        if sys.stdout.isatty():
            time.sleep(PAUSE_SECONDS)

    def verify(self, application: Application) -> None:
        """Check the final state of the ticket and of the mailboxes; raise DemoError if it is wrong."""
        ticket = show_ticket(application.desk, TICKET)
        if ticket is None or ticket["status"] != "closed":
            raise DemoError(f"{TICKET} ist nicht geschlossen")
        for person, expected in self._received.items():
            count = len(self._servers.mailbox(person.address))
            if count != expected:
                raise DemoError(f"{person.name} hat {count} Mails statt {expected}")
        self._screen.heading("Feierabend")
        self._screen.write(
            _summary(ticket, len(SCENARIO), sum(self._received.values()), monotonic() - self._started)
        )


def _summary(ticket: Mapping[str, object], written: int, sent: int, seconds: float) -> str:
    duration = f"{seconds:.1f}".replace(".", ",")
    return (
        f"{ticket['ticket']} ist geschlossen. {written} Mails wurden geschrieben, {sent} hat der Bot "
        f"verschickt: jede ist angekommen, keine war zu viel. Das dauerte {duration} Sekunden.\n"
        "Niemand hat sich irgendwo angemeldet."
    )


def _serve(screen: Screen, servers: MailServers) -> None:
    """Keep servers and bot running until SIGINT or SIGTERM."""
    screen.heading("Zum Ausprobieren mit einem Mailprogramm")
    screen.write(
        f"IMAP: 127.0.0.1, Port {servers.imap_port}, ohne Verschlüsselung\n"
        f"SMTP: 127.0.0.1, Port {servers.smtp_port}, ohne Verschlüsselung und ohne Anmeldung\n"
        f"Support-Adresse: {SUPPORT}\n"
    )
    for person in PERSONAS:
        screen.write(f"{person.name}: {person.address}, Passwort {person.password}")
    screen.write("\nEnde mit Strg+C.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    # The handler of a signal that arrives just before a wait runs only after it.
    while not ended.wait(1):
        pass
