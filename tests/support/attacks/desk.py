"""A desk with one ticket, and how hostile mails to it are made and tried."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mailbot.service.desk import Desk, random_token
from mailbot.service.ticket_documents import list_tickets
from mailbot.store.database import open_database
from mailbot.store.tables import BlockedRow, OutboxRow, TicketCcRow
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.mail_builder import MailBuilder, mail
from tests.support.mail_exchange import sent
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import LENA, MAX, NOW

OURS = "mx.schule.example"  # the authserv-id of the receiving server


class Scene:
    """A desk with one ticket of Lena, of which the team was notified."""

    def __init__(self, harness: DeskHarness) -> None:
        self.harness = harness

    def mail(self, to: str) -> OutboxRow:
        """Return the mail that a person got about the ticket."""
        return self.harness.outbox_of(to)[0]

    @property
    def now(self) -> datetime:
        """Return the time of sending: the time at which the mails arrived."""
        return NOW

    @property
    def state(self) -> Any:
        """Return the ticket."""
        return self.harness.ticket("GYM-1")

    @property
    def mails(self) -> list[OutboxRow]:
        """Return all mails of the outbox."""
        return self.harness.rows(OutboxRow)


def prepared(file: Path) -> None:
    """Write the database with Lena's ticket, whose mails are sent; each attack copies it."""
    engine = open_database(new_sqlite(file))
    harness = DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES))
    harness.outcome(mail().sender(f"Lena Lehrerin <{LENA}>").text("Er bleibt dunkel."))
    assert len(list(sent(harness, NOW))) == 3
    engine.dispose()


@contextmanager
def scene(prepared_file: Path, directory: Path) -> Iterator[Scene]:
    """Open a desk on a copy of that database."""
    file = directory / f"{random_token()}.db"
    shutil.copy(prepared_file, file)
    engine = open_database(f"sqlite:///{file}")
    try:
        yield Scene(DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES), first_uid=100))
    finally:
        engine.dispose()


@dataclass(frozen=True)
class Expected:
    """The expected effect of a mail: its outcome, notifications and changes.

    `status` is that of the ticket afterwards, `cc` are the people in cc of all tickets, `blocked` are the
    addresses whose mails are ignored.
    """

    outcome: str
    sent_mails: frozenset[str] = frozenset()
    changes: bool = False
    opens: int = 0
    status: str = "open"
    cc: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()


def notified(*sent_mails: str) -> frozenset[str]:
    """Return notifications as "kind to"."""
    return frozenset(sent_mails)


@dataclass(frozen=True)
class Attack:
    """One attack: its name, its aim, the mail and the expected effect.

    `mail` may send other mails before. The mail arrives `after` that.
    """

    name: str
    tries: str
    mail: Callable[[Scene], MailBuilder]
    must: Expected
    after: timedelta = timedelta()


def result(attack: Attack, at: Scene) -> Expected:
    """Run the attack; return its effect."""
    built = attack.mail(at)
    before, sent = at.state, len(at.mails)
    tickets = len(list_tickets(at.harness.desk, None, "all"))
    decision = at.harness.receive(built, at=NOW + attack.after)
    assert decision is not None
    return Expected(
        decision.outcome,
        frozenset(f"{row.kind} {row.recipient}" for row in at.mails[sent:]),
        at.state != before,
        len(list_tickets(at.harness.desk, None, "all")) - tickets,
        at.state["status"],
        frozenset(row.address for row in at.harness.rows(TicketCcRow)),
        frozenset(row.address for row in at.harness.rows(BlockedRow)),
    )


def key_of(sent_mail: OutboxRow) -> str:
    """Return the line with the action key of a mail."""
    found = re.search(r"mailbot%3A([a-z2-7]{26})", sent_mail.html)
    assert found is not None
    return f"\n\n[mailbot:{found[1]}]"


def denied(built: MailBuilder, results: str = "spf=fail; dmarc=fail (p=reject)") -> MailBuilder:
    """Add the result of the receiving server that From is forged."""
    return built.header("Authentication-Results", f"{OURS}; {results}")


def sent_before(at: Scene, *mails: MailBuilder) -> None:
    """Let mails arrive before the attack."""
    for built in mails:
        at.harness.outcome(built)


def forged(
    sender: str = MAX, text: str = "#close", subject: str = "Re: [#GYM-1] Beamer", **fields: str
) -> MailBuilder:
    """Return a mail with that From; keyword arguments are further header fields."""
    made = mail().sender(sender).subject(subject).message_id(f"<{random_token()}@evil.example>").text(text)
    for name, value in fields.items():
        made.header(name.replace("_", "-"), value)
    return made


def answering(sent_mail: OutboxRow, sender: str, text: str = "#close") -> MailBuilder:
    """Return a reply to a mail, from any sender."""
    return forged(sender, text, f"Re: {sent_mail.subject}").reply_to(sent_mail.message_id)


def claims(results: str, sender: str = MAX) -> MailBuilder:
    """Return a mail with that Authentication-Results field."""
    return forged(sender, Authentication_Results=results)
