"""What a decision wants done: a small closed union, written by the store in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Message, Priority, ReminderStage, Status, Ticket


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A new ticket."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class AddMessage:
    """A message for a ticket's history."""

    ticket: str
    message: Message


@dataclass(frozen=True, slots=True)
class SetStatus:
    """A ticket opens, waits or closes."""

    ticket: str
    status: Status


@dataclass(frozen=True, slots=True)
class SetLevel:
    """A ticket goes to second level, or back to the school."""

    ticket: str
    level: int


@dataclass(frozen=True, slots=True)
class SetPriority:
    """A ticket hurts more or less."""

    ticket: str
    priority: Priority


@dataclass(frozen=True, slots=True)
class Assign:
    """Somebody has a ticket, or nobody."""

    ticket: str
    assignee: Address | None


@dataclass(frozen=True, slots=True)
class SetDue:
    """A ticket rests until then."""

    ticket: str
    due: datetime


@dataclass(frozen=True, slots=True)
class AddCc:
    """Somebody gets copies of a ticket's public mails from now on."""

    ticket: str
    person: Address


@dataclass(frozen=True, slots=True)
class SetRequester:
    """A ticket is somebody else's."""

    ticket: str
    requester: Address


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge a ticket and its messages into another; its key becomes an alias of the target."""

    ticket: str
    into: str
    messages: int


@dataclass(frozen=True, slots=True)
class Split:
    """The message at that position of a ticket's history goes on in another, which was opened for it."""

    ticket: str
    position: int
    opened: str


@dataclass(frozen=True, slots=True)
class Move:
    """Move a ticket to another school, where it gets a number; its old key becomes an alias."""

    ticket: str
    school: str
    number: int


@dataclass(frozen=True, slots=True)
class SetBlocked:
    """What a ticket's requester writes to its school is let be from now on, or is read again."""

    school: str
    address: str
    blocked: bool
    ticket: str


@dataclass(frozen=True, slots=True)
class RevertChange:
    """A ticket gets back the state of `before`: its last change is taken back."""

    ticket: str
    before: Ticket


@dataclass(frozen=True, slots=True)
class RecordReminder:
    """The people of a ticket were told of its wait, which counts since then."""

    ticket: str
    step: ReminderStage
    since: datetime


@dataclass(frozen=True, slots=True)
class Notify:
    """A letter to one person."""

    notification: Notification


@dataclass(frozen=True, slots=True)
class HoldMail:
    """The mail waits for the registered address to confirm it; the letter that asks is `question`."""

    address: str
    until: datetime
    question: Notification | None


@dataclass(frozen=True, slots=True)
class ReleaseMail:
    """A held mail was confirmed by an answer to a letter of that kind: decide it again, now trusted."""

    held: int
    by: NotificationKind = NotificationKind.CONFIRM


@dataclass(frozen=True, slots=True)
class DiscardMail:
    """A held mail is not needed any more: its corrected version was carried out."""

    held: int


@dataclass(frozen=True, slots=True)
class LearnName:
    """The name that somebody uses in own mails."""

    address: Address


@dataclass(frozen=True, slots=True)
class MarkUndeliverable:
    """A letter of ours to this address came back."""

    address: str
    diagnostic: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Register:
    """A member registered."""

    address: str


@dataclass(frozen=True, slots=True)
class SetAbsence:
    """A member is away until the end of that day, or back (None); the deputy gets the letters meanwhile."""

    address: str
    until: date | None
    deputy: str = ""


TicketEffect = (
    SetStatus | SetLevel | SetPriority | Assign | SetDue | AddCc | SetRequester | SetBlocked | RevertChange
)
"""What changes a ticket so that it can be taken back."""
MultiTicketEffect = Merge | Split | Move
"""What changes more than one ticket; each repairs the other."""
Effect = (
    OpenTicket
    | AddMessage
    | TicketEffect
    | MultiTicketEffect
    | RecordReminder
    | Notify
    | HoldMail
    | ReleaseMail
    | DiscardMail
    | LearnName
    | MarkUndeliverable
    | Register
    | SetAbsence
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a mail, why, and what is to be done; `trusted`: what proves the sender, or does not."""

    outcome: str
    because: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    ticket: str | None = None
    matched_by: str | None = None
    role: str | None = None
    trusted: str = ""
