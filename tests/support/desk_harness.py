"""A desk with a real database and no servers: put mails in, inspect the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from sqlmodel import select

from mailbot.core.model.effects import Decision
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.service.desk import Desk
from mailbot.service.receive import receive
from mailbot.service.ticket_documents import show_ticket
from mailbot.store.base import Row
from mailbot.store.database import open_database, read_only
from mailbot.store.ledger import MailLocation
from mailbot.store.tables import LedgerRow, OutboxRow
from tests.support.mail_builder import MailBuilder, mail
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import GYM, HBG, NOW, POLICY

GERMAN_POLICY = replace(POLICY, schools=(GYM, replace(HBG, language="de")))


_answers = count(1)
R = TypeVar("R", bound=Row)


class DeskHarness:
    """Process mails at a desk and inspect its database."""

    def __init__(self, desk: Desk, first_uid: int = 1) -> None:
        self.desk = desk
        self.engine = desk.engine
        self._uids = count(first_uid)

    def receive(
        self,
        built: MailBuilder | bytes,
        school: str = "GYM",
        uid: int = 0,
        at: datetime = NOW,
        size: int | None = None,
    ) -> Decision | None:
        """Process a mail as if it had just been fetched; `size` is the size of a mail too large to fetch."""
        raw = built if isinstance(built, bytes) else built.build()
        return receive(self.desk, MailLocation(school, 1, uid or next(self._uids)), raw, at, at, size=size)

    def outcome(self, built: MailBuilder | bytes, school: str = "GYM") -> str:
        """Process a mail and return its outcome; fail the test with the traceback of a quarantined mail."""
        decision = self.receive(built, school)
        assert decision is not None
        assert decision.outcome != "quarantined", self.rows(LedgerRow)[-1].traceback
        return decision.outcome

    def rows(self, table: type["R"]) -> list["R"]:
        """Return all rows of a table in the order of their keys."""
        with read_only(self.engine) as session:
            return list(session.exec(select(table).order_by(*table.__table__.primary_key.columns)))  # type: ignore[attr-defined]

    def reply(
        self, person: str, line: str, kind: NotificationKind | None = None, *, proven: bool = False
    ) -> str:
        """Reply as `person` to their last mail, of that kind, with a line; return the outcome.

        `proven`: the receiving server says that From is authentic.
        """
        built = reply_to(self.outbox_of(person, kind)[-1], person, line)
        return self.outcome(built.proven() if proven else built)

    def ticket(self, name: str) -> Any:
        """Return a ticket as `mailbot show --json` does."""
        return show_ticket(self.desk, name)

    def outbox_of(self, to: str, kind: NotificationKind | None = None) -> list[OutboxRow]:
        """Return the outgoing mails to an address."""
        return [
            r for r in self.rows(OutboxRow) if r.recipient == to and kind in (None, NotificationKind(r.kind))
        ]


class DeskInTime(DeskHarness):
    """A desk at which ten minutes pass between two mails."""

    now = NOW - timedelta(hours=5)

    def outcome(self, built: MailBuilder | bytes, school: str = "GYM") -> str:
        """Process a mail ten minutes later and return its outcome."""
        self.now += timedelta(minutes=10)
        return super().outcome(built, school)

    def receive(
        self,
        built: MailBuilder | bytes,
        school: str = "GYM",
        uid: int = 0,
        at: datetime | None = None,
        size: int | None = None,
    ) -> Decision | None:
        """Process a mail, now unless another time is given."""
        return super().receive(built, school, uid, at or self.now, size)


@contextmanager
def open_harness(directory: Path, policy: Policy = GERMAN_POLICY) -> Iterator[DeskHarness]:
    """Open a desk with a new SQLite database in that directory."""
    engine = open_database(new_sqlite(directory / "mailbot.db"))
    try:
        yield DeskHarness(Desk(engine, policy, TEMPLATES))
    finally:
        engine.dispose()


def reply_to(row: OutboxRow, sender: str, text: str, message_id: str = "") -> MailBuilder:
    """Return a reply to a mail in the outbox."""
    name = message_id or f"<answer{next(_answers)}@mail.example>"
    built = mail().sender(sender).subject(f"Re: {row.subject}").message_id(name)
    return built.reply_to(row.message_id).text(text)
