"""The context that every entry point needs."""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from mailbot.core.model.effects import Decision, HoldMail, Notify
from mailbot.core.model.notification import Notification
from mailbot.core.model.policy import Policy, School, Thresholds
from mailbot.dates import parse_date
from mailbot.render import Templates, render
from mailbot.store.database import Engine
from mailbot.store.enqueue import OutboxMail

BOT = "mailbot"


@dataclass(frozen=True, slots=True)
class Desk:
    """The database, the rules and the templates of a running help desk.

    `worker` is the name of this process among those that share the database; a restart does not change it.
    `actor` is the name of the caller in the audit trail: the bot, or an operator.
    `thresholds` are the limits of the health rules.
    """

    engine: Engine
    policy: Policy
    templates: Templates
    worker: str = ""
    actor: str = BOT
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def shared(self) -> bool:
        """Whether other workers may use the same database: only with PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    def school(self, key: str) -> School:
        """Return a school of the configuration; raise LookupError."""
        school = self.policy.school(key)
        if school is None:
            raise LookupError(f"school {key} is not in the configuration")
        return school

    def days(self, phrases: Iterable[str], now: datetime) -> Mapping[str, date]:
        """Return the dates that these phrases mean now, without phrases that are not dates."""
        today = now.astimezone(ZoneInfo(self.policy.timezone)).date()
        found = ((phrase, parse_date(phrase, today)) for phrase in phrases)
        return {phrase: day for phrase, day in found if day is not None}

    def render_all(self, decision: Decision, school: School, now: datetime) -> list[OutboxMail]:
        """Render the notifications of a decision."""
        return [self.render_one(notice, school, now) for notice in _notices(decision)]

    def render_one(self, notice: Notification, school: School, now: datetime) -> OutboxMail:
        """Render a notification with a random Message-ID and action key."""
        ticket_school = self.policy.school(notice.ticket.school) if notice.ticket else None
        sender = ticket_school or school
        key = random_token()
        outgoing = render(
            notice,
            sender,
            self.policy,
            self.templates,
            message_id=f"<{random_token()}@{sender.address.rpartition('@')[2]}>",
            action_key=key,
            now=now,
        )
        return OutboxMail(notice, outgoing, key)


def _notices(decision: Decision) -> Iterable[Notification]:
    for effect in decision.effects:
        match effect:
            case Notify(notice):
                yield notice
            case HoldMail(question=Notification() as question):
                yield question
            case _:
                pass


def random_token() -> str:
    """Return 26 characters of a-z2-7 that hold 130 random bits."""
    return base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:26].lower()
