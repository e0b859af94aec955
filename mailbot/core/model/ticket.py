"""A ticket, its messages and the people in it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbot.core.model.mail import Address, Danger

MAX_CC = 20
"""So many people get a ticket's mails in copy at most."""


class Status(StrEnum):
    """Whether somebody has to do something."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class Priority(StrEnum):
    """How much it hurts, from the least to the most."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Role(StrEnum):
    """What somebody is to a ticket."""

    REQUESTER = "requester"
    CC = "cc"
    SUPPORTER = "supporter"
    SECOND_LEVEL = "second-level"
    STRANGER = "stranger"

    @property
    def staff(self) -> bool:
        """Tell whether this role works on tickets."""
        return self in (Role.SUPPORTER, Role.SECOND_LEVEL)


class Direction(StrEnum):
    """Whether a message came from the requester's side or went there."""

    IN = "in"
    OUT = "out"


class Visibility(StrEnum):
    """Who may read a message: all, the staff, or nobody but the audit trail."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: a part of a stored raw mail (`raw` is None while that mail is being handled).

    One with a danger travels with no letter until an operator releases it.
    """

    path: str
    filename: str
    content_type: str
    size: int
    inline: bool = False
    raw: int | None = None
    danger: Danger = Danger.NONE

    @property
    def picture(self) -> bool:
        """Tell whether mail programs can show it within the text."""
        return self.content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or note in a ticket."""

    direction: Direction
    visibility: Visibility
    author: Address
    text: str
    at: datetime
    message_id: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()


class ReminderStage(StrEnum):
    """What was already said of a ticket's present wait."""

    NOTHING = "nothing"
    REMINDED = "reminded"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class WaitState:
    """Since when nothing has happened on a ticket, and what was said of it when.

    `asked`: the requester's side wrote last, or nobody of the present level has touched the ticket.
    """

    since: datetime
    asked: bool = True
    step: ReminderStage = ReminderStage.NOTHING
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A problem and where it stands. `level` is 1 (the school's team) or 2 (second level).

    `due` is when the staff wants to be reminded of it. Without `wait` it waits since it was opened.
    """

    school: str
    number: int
    subject: str
    requester: Address
    opened: datetime
    updated: datetime
    status: Status = Status.OPEN
    level: int = 1
    priority: Priority = Priority.NORMAL
    cc: tuple[Address, ...] = ()
    assignee: Address | None = None
    closed: datetime | None = None
    due: datetime | None = None
    messages: int = 0
    wait: WaitState | None = None

    @property
    def waits(self) -> WaitState:
        """Return the ticket's present wait."""
        return self.wait or WaitState(self.opened)

    @property
    def key(self) -> str:
        """Return the ticket's name, as in GYM-104."""
        return f"{self.school}-{self.number}"

    @property
    def tag(self) -> str:
        """Return the subject tag, as in [#GYM-104]."""
        return f"[#{self.key}]"

    @property
    def tagged_subject(self) -> str:
        """Return the subject with its tag in front."""
        return f"{self.tag} {self.subject}"


@dataclass(frozen=True, slots=True)
class Similar:
    """A solved ticket and the answer that its requester got, in short."""

    ticket: Ticket
    answer: str


def separable(history: tuple[Message, ...]) -> int | None:
    """Return the position of the message that can become a ticket of its own: the requester's side's last.

    None where there is none but the first, without which the ticket would be about nothing.
    """
    asked = (
        position
        for position, message in reversed(tuple(enumerate(history)))
        if message.direction is Direction.IN and message.visibility is Visibility.PUBLIC
    )
    return next(asked, 0) or None
