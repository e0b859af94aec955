"""The last change of a ticket: who made it, what was before, and who was told."""

from dataclasses import dataclass
from datetime import datetime

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Role, Ticket


@dataclass(frozen=True, slots=True)
class SentNotice:
    """A letter that a change caused: to whom, in which role, of what kind."""

    to: Address
    role: Role
    kind: NotificationKind


@dataclass(frozen=True, slots=True)
class Change:
    """A change by one mail; `before` is the ticket with the state that it had, but all that it holds now.

    `final`: it touched other tickets too and cannot be taken back.
    """

    actor: str
    at: datetime
    before: Ticket
    told: tuple[SentNotice, ...] = ()
    final: bool = False
