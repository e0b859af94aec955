"""Define the desk: the database, the policy and the templates that every entry point needs."""

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
    """The database, the policy and the templates of a running help desk.

    `worker` is the name of this process among those that share the database. It survives a restart.
    `actor` is the name of the caller in the audit trail: the bot or an operator.
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
        """Return a school of the configuration; raise LookupError if it has none with this key."""
        school = self.policy.school(key)
        if school is None:
            raise LookupError(f"school {key} is not in the configuration")
        return school

    def days(self, phrases: Iterable[str], now: datetime) -> Mapping[str, date]:
        """Return the dates that phrases such as "tomorrow" mean now; omit phrases that are not dates."""
        today = now.astimezone(ZoneInfo(self.policy.timezone)).date()
        found = ((phrase, parse_date(phrase, today)) for phrase in phrases)
        return {phrase: day for phrase, day in found if day is not None}

    def render_all(self, decision: Decision, school: School, now: datetime) -> list[OutboxMail]:
        """Render the notifications of a decision."""
        return [self.render_one(notification, school, now) for notification in _notifications(decision)]

    def render_one(self, notification: Notification, school: School, now: datetime) -> OutboxMail:
        """Render a notification with a random Message-ID and action key.

        The sender is the school of its ticket, or `school` if it has no ticket.
        """
        ticket_school = self.policy.school(notification.ticket.school) if notification.ticket else None
        sender = ticket_school or school
        key = random_token()
        outgoing = render(
            notification,
            sender,
            self.policy,
            self.templates,
            message_id=f"<{random_token()}@{sender.address.rpartition('@')[2]}>",
            action_key=key,
            now=now,
        )
        return OutboxMail(notification, outgoing, key)


def _notifications(decision: Decision) -> Iterable[Notification]:
    for effect in decision.effects:
        match effect:
            case Notify(notification):
                yield notification
            case HoldMail(question=Notification() as question):
                yield question
            case _:
                pass


def random_token() -> str:
    """Return 26 characters from a-z2-7 with 130 random bits."""
    return base64.b32encode(secrets.token_bytes(17)).decode("ascii")[:26].lower()
