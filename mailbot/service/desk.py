"""The desk: what every door needs."""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailbot.core.model.effects import Decision, HoldMail, Notify
from mailbot.core.model.notification import Notification
from mailbot.core.model.policy import Policy, School, Thresholds
from mailbot.dates import day_of
from mailbot.render import Templates, render
from mailbot.store.database import Engine
from mailbot.store.writing import Letter

BOT = "mailbot"


@dataclass(frozen=True, slots=True)
class Desk:
    """The database, the rules and the templates of a running help desk.

    `worker` names who works here among several that share the database; it stays the same after a restart.
    `actor` is who did what is done here, as the audit trail names him: the bot, or an operator.
    `thresholds` say from when on silence is trouble.
    """

    engine: Engine
    policy: Policy
    templates: Templates
    worker: str = ""
    actor: str = BOT
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def shared(self) -> bool:
        """Whether other workers may work with the same database: with PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    def school(self, key: str) -> School:
        """Return a school of the configuration; raise LookupError."""
        school = self.policy.school(key)
        if school is None:
            raise LookupError(f"school {key} is not in the configuration")
        return school

    def days(self, phrases: Iterable[str], now: datetime) -> Mapping[str, date]:
        """Return the days that people mean who write now; what names no day is left out."""
        today = now.astimezone(ZoneInfo(self.policy.timezone)).date()
        found = ((phrase, day_of(phrase, today)) for phrase in phrases)
        return {phrase: day for phrase, day in found if day is not None}

    def letters(self, decision: Decision, school: School, now: datetime) -> list[Letter]:
        """Put the notices of a decision into words."""
        return [self.letter(notice, school, now) for notice in _notices(decision)]

    def letter(self, notice: Notification, school: School, now: datetime) -> Letter:
        """Put a notice into words; it gets a Message-ID and an action key that nobody can guess."""
        ticket_school = self.policy.school(notice.ticket.school) if notice.ticket else None
        sender = ticket_school or school
        key = unguessable()
        outgoing = render(
            notice,
            sender,
            self.policy,
            self.templates,
            message_id=f"<{unguessable()}@{sender.address.rpartition('@')[2]}>",
            action_key=key,
            now=now,
        )
        return Letter(notice, outgoing, key)


def _notices(decision: Decision) -> Iterable[Notification]:
    for effect in decision.effects:
        match effect:
            case Notify(notice):
                yield notice
            case HoldMail(question=Notification() as question):
                yield question
            case _:
                pass


def unguessable() -> str:
    """Return 26 characters of a-z2-7 that hold 130 random bits."""
    return base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:26].lower()
