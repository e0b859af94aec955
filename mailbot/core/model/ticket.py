"""A ticket, its messages and the people in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.mail import Address, Danger, Part

MAX_CC = 20
"""Maximum number of people in cc of a ticket."""
MAX_BUNDLE = 50
"""Maximum number of tickets in a bundle."""


class Status(StrEnum):
    """The status of a ticket."""

    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


class Priority(StrEnum):
    """The priority of a ticket, from lowest to highest."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Role(StrEnum):
    """The role of a person on a ticket."""

    REQUESTER = "requester"
    CC = "cc"
    SUPPORTER = "supporter"
    SECOND_LEVEL = "second-level"
    STRANGER = "stranger"

    @property
    def staff(self) -> bool:
        """Return whether this role works on tickets."""
        return self in (Role.SUPPORTER, Role.SECOND_LEVEL)


class Direction(StrEnum):
    """Whether a message came from the requester's side or from the staff."""

    IN = "in"
    OUT = "out"


class Visibility(StrEnum):
    """Who may read a message: everyone, the staff, or only operators (system)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message: a part of a stored raw mail (`raw` is None while that mail is being processed).

    A dangerous file is not sent with any mail until an operator releases it.
    """

    path: str
    filename: str
    content_type: str
    size: int
    inline: bool = False
    raw: int | None = None
    danger: Danger = Danger.NONE

    @classmethod
    def of(cls, part: Part) -> Self:
        """Return a part of a mail as a file of a message."""
        return cls(part.path, part.filename, part.content_type, part.size, part.inline, danger=part.danger)

    @property
    def picture(self) -> bool:
        """Return whether mail programs can show the file within the text."""
        return self.content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")


@dataclass(frozen=True, slots=True)
class Message:
    """One mail or note in a ticket.

    `proven`: the author of the mail was authenticated. `forged`: the mail server said that From was forged.
    `signature` was cut from a requester's text: the staff sees it, with a telephone number for example.
    """

    direction: Direction
    visibility: Visibility
    author: Address
    text: str
    at: datetime
    message_id: str = ""
    quoted: str = ""
    attachments: tuple[Attachment, ...] = ()
    proven: bool | None = None
    forged: bool = False
    signature: str = ""


class ReminderStage(StrEnum):
    """The last reminder about the present wait of a ticket."""

    NOTHING = "nothing"
    REMINDED = "reminded"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class WaitState:
    """The time since the last activity on a ticket, and the reminders about it.

    `awaiting_staff`: the requester's side wrote last, or no one at the present level has worked on it.
    """

    since: datetime
    awaiting_staff: bool = True
    stage: ReminderStage = ReminderStage.NOTHING
    reminded_at: datetime | None = None

    @property
    def step(self) -> ReminderStage:
        """Return `stage` under its name in templates of version 0.2."""
        return self.stage


class Numbered:
    """A ticket of a school by its number; `bundle` is the number of the ticket that leads its bundle."""

    __slots__ = ()
    school: str
    number: int
    bundle: int | None

    @property
    def key(self) -> str:
        """Return the ticket key, such as GYM-104."""
        return f"{self.school}-{self.number}"

    @property
    def leads(self) -> bool:
        """Return whether the ticket leads a bundle."""
        return self.bundle == self.number


@dataclass(frozen=True, slots=True)
class Ticket(Numbered):
    """A ticket. `level` is 1 (the school's team) or 2 (second level).

    `due` is when the staff wants to be reminded of it. Without `wait`, it waits since it was opened.
    `appointment_revision` counts the changes of appointments and of their attendees.
    `status_asked` is when the requester's side asked for its status and the period until a reminder began.
    `muted` are the registered addresses of members who get no mail about it while others do.
    `bundle` is the number of the ticket that leads its bundle, None if it is in none.
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
    appointment: Appointment | None = None
    appointment_revision: int = 0
    status_asked: datetime | None = None
    muted: tuple[str, ...] = ()
    bundle: int | None = None

    @property
    def follows(self) -> bool:
        """Return whether another ticket leads the bundle of this one."""
        return self.bundle is not None and not self.leads

    @property
    def leading_key(self) -> str:
        """Return the key of the ticket that leads the bundle, or "" if the ticket is in none."""
        return f"{self.school}-{self.bundle}" if self.bundle is not None else ""

    @property
    def waits(self) -> WaitState:
        """Return the wait state of the ticket."""
        return self.wait or WaitState(self.opened)

    @property
    def tag(self) -> str:
        """Return the subject tag, such as [#GYM-104]."""
        return f"[#{self.key}]"

    @property
    def tagged_subject(self) -> str:
        """Return the subject with its tag in front."""
        return f"{self.tag} {self.subject}"


def answered_with(leading: Ticket, others: Iterable[Ticket]) -> tuple[Ticket, ...]:
    """Return the other tickets of a bundle that an answer to the ticket that leads it concerns.

    A closed one is left out, since its requester may have solved the problem, unless both were closed
    together.
    """
    return tuple(
        other
        for other in others
        if other.status is not Status.CLOSED
        or (leading.status is Status.CLOSED and other.closed == leading.closed)
    )


@dataclass(frozen=True, slots=True)
class OpenReport(Numbered):
    """What is compared of an open ticket: whether a new one reports the same problem.

    `text` is the beginning of its first text.
    """

    school: str
    number: int
    subject: str
    requester: Address
    opened: datetime
    bundle: int | None
    text: str

    @classmethod
    def of(cls, ticket: Ticket, text: str) -> Self:
        """Return the report of a ticket with its first text."""
        return cls(
            ticket.school, ticket.number, ticket.subject, ticket.requester, ticket.opened, ticket.bundle, text
        )


@dataclass(frozen=True, slots=True)
class Similar:
    """A solved ticket, and an excerpt of the answer to its requester."""

    ticket: Ticket
    answer: str


def separable(history: tuple[Message, ...]) -> int | None:
    """Return the position of the message that can become a ticket of its own.

    This is the last message of the requester's side; None if it is the first message of the ticket.
    """
    candidates = (
        position
        for position, message in reversed(tuple(enumerate(history)))
        if message.direction is Direction.IN and message.visibility is Visibility.PUBLIC
    )
    return next(candidates, 0) or None
