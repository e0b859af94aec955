"""The effects of a decision: a closed union that the store writes in one transaction."""

from dataclasses import dataclass
from datetime import date, datetime

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.facts import UndeliveredMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.place import Place
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Message, Priority, ReminderStage, Status, Ticket


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """Open a ticket; its text names these places."""

    ticket: Ticket
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class AddMessage:
    """Add a message to the history of a ticket. The text of a stranger does not end a wait."""

    ticket: str
    message: Message
    by_stranger: bool = False


@dataclass(frozen=True, slots=True)
class SetStatus:
    """Set the status of a ticket."""

    ticket: str
    status: Status


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Hand a ticket over to second level (2), or return it to the school (1)."""

    ticket: str
    level: int


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Set the priority of a ticket."""

    ticket: str
    priority: Priority


@dataclass(frozen=True, slots=True)
class Assign:
    """Set the assignee of a ticket; None unassigns it."""

    ticket: str
    assignee: Address | None


@dataclass(frozen=True, slots=True)
class SetDue:
    """Snooze a ticket until `due`."""

    ticket: str
    due: datetime


@dataclass(frozen=True, slots=True)
class SetAppointment:
    """Make an appointment for a ticket, or move the present one."""

    ticket: str
    appointment: Appointment


@dataclass(frozen=True, slots=True)
class SetBundle:
    """Add a ticket to the bundle of the ticket with that number; None takes it out of its bundle."""

    ticket: str
    bundle: int | None


@dataclass(frozen=True, slots=True)
class AddCc:
    """Add a person who gets copies of the public mails of a ticket."""

    ticket: str
    person: Address


@dataclass(frozen=True, slots=True)
class SetRequester:
    """Set the requester of a ticket."""

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
    """Move the message at `position` of a ticket's history to another ticket, which was opened for it."""

    ticket: str
    position: int
    opened: str


@dataclass(frozen=True, slots=True)
class Move:
    """Move a ticket to another school, where it gets a new number; its old key becomes an alias."""

    ticket: str
    school: str
    number: int


@dataclass(frozen=True, slots=True)
class SetBlocked:
    """Block or unblock the requester's address for this school."""

    school: str
    address: str
    blocked: bool
    ticket: str


@dataclass(frozen=True, slots=True)
class RevertChange:
    """Undo the last change of a ticket, which was `made` then: restore the state of `before`."""

    ticket: str
    before: Ticket
    made: datetime


@dataclass(frozen=True, slots=True)
class RecordReminder:
    """Record which reminder of a ticket was sent; its wait now counts from `since`."""

    ticket: str
    stage: ReminderStage
    since: datetime


@dataclass(frozen=True, slots=True)
class RecordStatusQuestion:
    """Record that the requester's side asked for the status of a ticket."""

    ticket: str


@dataclass(frozen=True, slots=True)
class RecordHelped:
    """Record that the requester says that the solution helped."""

    ticket: str


@dataclass(frozen=True, slots=True)
class SetMuted:
    """Send a member no more mail about a ticket while others get it, or send it again.

    It concerns its member only: it is not a change of the ticket that `#undo` of others reverts.
    """

    ticket: str
    address: str
    muted: bool


@dataclass(frozen=True, slots=True)
class ResendMails:
    """Send the undelivered mails of a ticket again."""

    ticket: str
    mails: tuple[UndeliveredMail, ...]


@dataclass(frozen=True, slots=True)
class Notify:
    """Notify one person."""

    notification: Notification


@dataclass(frozen=True, slots=True)
class HoldMail:
    """Hold the mail until the registered address confirms it; `question` is the notification that asks."""

    address: str
    until: datetime
    question: Notification | None


@dataclass(frozen=True, slots=True)
class ReleaseMail:
    """Decide a held mail again, now trusted: a reply to a notification of kind `by` confirmed it.

    `shown` are the keys of the tickets that the notification showed.
    """

    held: int
    by: NotificationKind = NotificationKind.CONFIRM
    shown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DiscardMail:
    """Discard a held mail whose corrected version was executed."""

    held: int


@dataclass(frozen=True, slots=True)
class LearnName:
    """Record the name that a person uses in their own mails."""

    address: Address


@dataclass(frozen=True, slots=True)
class MarkUndeliverable:
    """Record that a mail from mailbot to this address bounced."""

    address: str
    diagnostic: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Register:
    """Register a member."""

    address: str


@dataclass(frozen=True, slots=True)
class SetAbsence:
    """Set a member absent until the end of that day, or present (None); a deputy gets their notifications."""

    address: str
    until: date | None
    deputy: str = ""


@dataclass(frozen=True, slots=True)
class AddProof:
    """Record that a copy of a mail, which is in the ticket without proof, proves its sender."""

    ticket: str
    message_id: str


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """Save a new version of a saved answer; an empty text deletes the saved answer."""

    answer: SavedAnswer


@dataclass(frozen=True, slots=True)
class RestoreAnswer:
    """Remove the newest version of a saved answer, so that the one before it counts again."""

    answer: SavedAnswer


@dataclass(frozen=True, slots=True)
class SetTip:
    """Save a new version of a saved answer, which is a tip from now on, or none any more."""

    answer: SavedAnswer


@dataclass(frozen=True, slots=True)
class EndTip:
    """Record that a saved answer is no tip any more, since it was changed or deleted."""

    answer: SavedAnswer


@dataclass(frozen=True, slots=True)
class SendTip:
    """Record that the receipt of a ticket has the tip with that key."""

    ticket: str
    key: str


@dataclass(frozen=True, slots=True)
class SolveByTip:
    """Record that the requester says that the tip with that key solved their problem."""

    ticket: str
    key: str


@dataclass(frozen=True, slots=True)
class UseAnswer:
    """Record that a ticket was answered with a saved answer."""

    ticket: str
    school: str
    key: str


TicketEffect = (
    SetStatus
    | SetLevel
    | SetPriority
    | Assign
    | SetDue
    | SetAppointment
    | SetBundle
    | AddCc
    | SetRequester
    | SetBlocked
    | RevertChange
)
"""Effects on a single ticket, which `#undo` can revert."""
MultiTicketEffect = Merge | Split | Move
"""Effects on several tickets or on the ticket's key; `#undo` cannot revert them."""
Effect = (
    OpenTicket
    | AddMessage
    | TicketEffect
    | MultiTicketEffect
    | RecordReminder
    | RecordStatusQuestion
    | RecordHelped
    | SetMuted
    | ResendMails
    | Notify
    | HoldMail
    | ReleaseMail
    | DiscardMail
    | AddProof
    | LearnName
    | MarkUndeliverable
    | Register
    | SetAbsence
    | SaveAnswer
    | RestoreAnswer
    | SetTip
    | EndTip
    | SendTip
    | SolveByTip
    | UseAnswer
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome for a mail or a timer, the reasons and the effects.

    `trusted` is the reason why the sender is authenticated or not.
    """

    outcome: str
    because: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    ticket: str | None = None
    matched_by: str | None = None
    role: str | None = None
    trusted: str = ""
