"""Play the day: every mail goes through the bot itself by SMTP and IMAP, and every letter has to arrive."""

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
from mailbot.demo.environment import PASSWORDS, working
from mailbot.demo.gallery import write_gallery
from mailbot.demo.personas import EVERYBODY, SUPPORT, Person, read, text_of
from mailbot.demo.scenario import DAY, TICKET, ExpectedMail, Step
from mailbot.demo.screen import Screen
from mailbot.demo.servers import PostOffice
from mailbot.runtime.application import Application
from mailbot.service.queries import show_ticket

PATIENCE_SECONDS = 30.0
READING_SECONDS = 0.8  # between two mails, where somebody watches


class StoryError(Exception):
    """The demonstration went another way than it should; the text says where."""


def play(*, serve: bool = False, gallery: Path | None = None) -> int:
    """Play the day on a terminal; return 0 if every step really happened, else 1.

    With `serve` servers and bot keep running until SIGINT or SIGTERM; `gallery` is a directory for all mails.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows what it can
    screen = Screen()
    with (
        TemporaryDirectory(prefix="mailbot-demo-") as directory,
        PostOffice(PASSWORDS) as office,
        working(office, Path(directory)) as application,
    ):
        story = Story(screen, office)
        try:
            story.tell()
            story.conclude(application)
        except (StoryError, LookupError) as error:
            screen.say(f"\nDie Vorführung ist gescheitert: {error}")
            return 1
        finally:
            if gallery is not None:
                screen.say(f"\nAlle Mails zum Ansehen: {write_gallery(gallery, story.mails)}")
        if serve:
            _serve(screen, office)
    return 0


class Story:
    """The day as it goes: what was written, and how many letters everybody has had."""

    def __init__(self, screen: Screen, office: PostOffice) -> None:
        self.mails: list[tuple[Person, str, bytes]] = []
        self._screen = screen
        self._office = office
        self._had = dict.fromkeys(EVERYBODY, 0)
        self._began = monotonic()

    def tell(self) -> None:
        """Play all steps; raise StoryError at the first letter that does not come as it should."""
        self._screen.say(
            "Ein Tag im Gymnasium Marienschule, mit echten Mails über IMAP und SMTP auf diesem Rechner."
        )
        for number, step in enumerate(DAY, start=1):
            self._screen.chapter(f"{number}. {step.title}")
            self._play(step)

    def _play(self, step: Step) -> None:
        letters = {person: self._office.mailbox(person.address) for person in EVERYBODY}
        mail = step.write(letters)
        self._show(step.who, step.note, mail)
        with smtplib.SMTP("127.0.0.1", self._office.smtp_port, timeout=PATIENCE_SECONDS) as smtp:
            smtp.sendmail(step.who.address, [SUPPORT], mail)
        for arrival in step.arrivals:
            self._receive(arrival)

    def _receive(self, arrival: ExpectedMail) -> None:
        who = arrival.who
        self._had[who] += 1
        try:
            letters = self._office.wait_for(who.address, self._had[who], PATIENCE_SECONDS)
        except TimeoutError as error:
            raise StoryError(f"{who.name} wartet vergebens auf „{arrival.words}“") from error
        letter = letters[self._had[who] - 1]
        if arrival.words not in " ".join(text_of(read(letter)).split()):
            raise StoryError(f"in der Mail an {who.name} steht nicht „{arrival.words}“")
        if arrival.note:
            self._show(who, arrival.note, letter)

    def _show(self, who: Person, note: str, mail: bytes) -> None:
        self.mails.append((who, note, mail))
        self._screen.show(mail, who.name, note)
        if sys.stdout.isatty():
            time.sleep(READING_SECONDS)

    def conclude(self, application: Application) -> None:
        """Compare the database and the mailboxes with the story; raise StoryError where they differ."""
        ticket = show_ticket(application.desk, TICKET)
        if ticket is None or ticket["status"] != "closed":
            raise StoryError(f"{TICKET} ist nicht geschlossen")
        for person, expected in self._had.items():
            count = len(self._office.mailbox(person.address))
            if count != expected:
                raise StoryError(f"{person.name} hat {count} Mails statt {expected}")
        self._screen.chapter("Feierabend")
        self._screen.say(_summary(ticket, len(DAY), sum(self._had.values()), monotonic() - self._began))


def _summary(ticket: Mapping[str, object], written: int, letters: int, seconds: float) -> str:
    took = f"{seconds:.1f}".replace(".", ",")
    return (
        f"{ticket['ticket']} ist geschlossen. {written} Mails wurden geschrieben, {letters} hat der Bot "
        f"verschickt: jede ist angekommen, keine war zu viel. Das dauerte {took} Sekunden.\n"
        "Niemand hat sich irgendwo angemeldet."
    )


def _serve(screen: Screen, office: PostOffice) -> None:
    """Keep everything running until somebody ends it."""
    screen.chapter("Zum Ausprobieren mit einem Mailprogramm")
    screen.say(
        f"IMAP: 127.0.0.1, Port {office.imap_port}, ohne Verschlüsselung\n"
        f"SMTP: 127.0.0.1, Port {office.smtp_port}, ohne Verschlüsselung und ohne Anmeldung\n"
        f"Support-Adresse: {SUPPORT}\n"
    )
    for person in EVERYBODY:
        screen.say(f"{person.name}: {person.address}, Passwort {person.password}")
    screen.say("\nEnde mit Strg+C.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
