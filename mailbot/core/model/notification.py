"""Notifications: outgoing mail before it is put into words and a language."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailbot.core.model.listing import page_count
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Attachment, Message, Role, Similar, Ticket


class NotificationKind(StrEnum):
    """The kind of a notification; its templates have this name."""

    RECEIPT = "receipt"  # requester: we have your problem, it is ticket N
    NEW_TICKET = "new_ticket"  # team: a new problem
    REQUESTER_REPLY = "requester_reply"  # assignee or team: the requester wrote again
    ANSWER = "answer"  # requester and cc: somebody of the team wrote
    ANSWER_COPY = "answer_copy"  # colleagues who have to know: somebody else answered
    NOTE = "note"  # colleagues: an internal note
    CLOSED = "closed"  # requester and cc: done, perhaps with an answer; how to reopen
    CLOSED_TEAM = "closed_team"  # colleagues: somebody else closed it
    ESCALATED_REQUESTER = "escalated_requester"  # requester: second level has it now, perhaps with an answer
    ESCALATED_SECOND_LEVEL = "escalated_second_level"  # second level: the ticket with its history
    ESCALATED_TEAM = "escalated_team"  # colleagues of who escalated
    RETURNED = "returned"  # team: second level gave it back, with what it wrote
    REOPENED = "reopened"  # team or second level: it is open again
    ASSIGNED_INFO = "assigned_info"  # colleagues, one line: somebody has it now
    ASSIGNED = "assigned"  # the new assignee, if somebody else assigned it
    UNDONE = "undone"  # everybody who was told of a change: it was undone
    WAITING = "waiting"  # requester and cc: we wait for your answer, perhaps with a question
    WAIT_REMINDER = "wait_reminder"  # requester: we still wait for your answer
    CLOSED_WAITING = "closed_waiting"  # requester and cc: closed, because no answer came; how to reopen
    ADDED_TO_CC = "added_to_cc"  # people added to cc: what the ticket is about
    MERGED = "merged"  # people concerned: this ticket was merged into another one
    MOVED = "moved"  # requester and cc: another school has your ticket now, under another number
    MOVED_TEAM = "moved_team"  # the team that gets it, with its history
    MOVED_AWAY = "moved_away"  # who worked on it before: another school has it now
    REMINDER = "reminder"  # assignee or team: nobody has touched this, or the day has come
    OVERDUE = "overdue"  # assignee or team: nothing has happened for long
    DIGEST = "digest"  # each member: what needs the team this morning
    OVERVIEW = "overview"  # table of tickets
    TICKET_DETAILS = "ticket_details"  # one ticket with its history
    COMMAND_RECEIPT = "command_receipt"  # receipt of a mail with commands
    REFUSAL = "refusal"  # nothing of that mail was applied, and why
    CONFIRM = "confirm"  # the registered address: did you write this?
    HELD_ANSWER = "held_answer"  # the second who answers: a colleague was quicker, and wrote this
    UNREADABLE = "unreadable"  # the sender: we cannot read this mail, and what to do instead
    INVITATION = "invitation"  # a member of a team: one tap registers you
    WELCOME = "welcome"  # a new registered member: the four things that you need
    HELP = "help"  # what I can write here
    REPORT = "report"  # operators: what last month brought
    ALERT = "alert"  # operators: something is wrong, or right again
    BOUNCE = "bounce"  # the author: your text did not reach the requester


class Reason(StrEnum):
    """Why a command line is refused."""

    UNKNOWN = "unknown"  # no such command; `nearest` may say what was meant
    AMBIGUOUS = "ambiguous"  # commands that exclude each other, or a name that fits several people
    FORBIDDEN = "forbidden"  # not for this role
    ARGUMENT = "argument"  # wrong or missing argument; `expected` shows a right line
    NO_TICKET = "no_ticket"  # the command needs a ticket, and neither line nor mail names one
    NO_SUCH_TICKET = "no_such_ticket"  # `argument` is no ticket that the writer may see
    NOTHING_TO_UNDO = "nothing_to_undo"  # the ticket was not changed by a mail
    CHANGED_SINCE = "changed_since"  # the last change of the ticket is somebody else's
    TOO_LATE = "too_late"  # the last change is too old to be taken back
    CANNOT_UNDO = "cannot_undo"  # the last change touched other tickets too: merge, split, move
    WORKS_HERE = "works_here"  # `argument` is of the staff and gets the ticket's mails without being in copy
    TOO_MANY = "too_many"  # more people in cc than the limit
    NOT_HERE = (
        "not_here"  # `argument` cannot be treated so: a support address, one's own ticket, another school
    )
    IN_TEXT = "in_text"  # `argument` is a known command within a line of text, or below the signature


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """One refused command line, as written, and what would have been right.

    `expected` only explains. `meant` replaces the line in the corrected mail that a link sends: nothing that
    the writer did not write themselves, so "" where that cannot be known.
    """

    line: str
    reason: Reason
    nearest: str = ""  # a command word in the writer's language, without "#"
    argument: str = ""  # the word that does not fit
    expected: str = ""  # an example line such as "#priority high"
    meant: str = ""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What one command did: `already` if it was so before. `detail` is a priority or a name.

    `ticket` is None where the command is about its writer. `until` is the last day of an absence: the
    writer's, or that of the new assignee. The ticket rests until `due`. `links` are the actions that the
    receipt offers.
    """

    command: str
    ticket: Ticket | None
    told: tuple[Address, ...] = ()
    already: bool = False
    detail: str = ""
    until: date | None = None
    due: datetime | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notification:
    """One letter to one person. `ticket` is the ticket as it will stand after the change.

    `text` are somebody's own words that the letter carries, written by `author`; without words `author` is
    who caused the letter. `attachments` travel with it, pictures within the text; `listed` are those too
    large to travel. `internal`: a reply to this letter stays among the staff.
    """

    kind: NotificationKind
    to: Address
    role: Role
    ticket: Ticket | None = None
    author: Address | None = None
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    listed: tuple[Attachment, ...] = ()
    history: tuple[Message, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    scope: str = ""  # of an overview: open, closed, mine, all
    words: str = ""  # what an overview was asked to find
    line: str = ""  # the command for an overview without its page
    total: int = 0  # tickets on all pages of an overview
    page: int = 1
    similar: tuple[Similar, ...] = ()  # solved tickets that resemble a new one
    done: tuple[CommandResult, ...] = ()
    undoable: bool = False  # `#undo` in an answer to this receipt takes everything back
    problems: tuple[RefusedLine, ...] = ()
    related: Ticket | None = None  # a ticket that this mail may belong to
    related_reason: str = ""  # "subject-tag", "closed-long-ago" or "disagree"
    was: str = ""  # the name that a merged or moved ticket had before
    internal: bool = False
    reason: str = ""  # why a mail cannot be read; "reminder" of an invitation
    in_reply_to: str = ""  # Message-ID of the mail that this letter answers
    details: tuple[tuple[str, str], ...] = ()  # of an alert or bounce: what, where, what to do
    report: object = None  # the figures of a month, as the template reads them

    @property
    def sendable(self) -> bool:
        """Tell whether the refused mail may be sent as it is: it only mentions commands."""
        return bool(self.problems) and all(problem.reason is Reason.IN_TEXT for problem in self.problems)

    @property
    def pages(self) -> int:
        """Return how many pages an overview has."""
        return page_count(self.total)


AUTOMATIC = frozenset(NotificationKind) - {NotificationKind.ANSWER, NotificationKind.REQUESTER_REPLY}
"""Notifications without a human's text: they have Auto-Submitted (RFC 3834)."""

LIMITED = frozenset(
    {
        NotificationKind.RECEIPT,
        NotificationKind.COMMAND_RECEIPT,
        NotificationKind.REFUSAL,
        NotificationKind.HELP,
        NotificationKind.OVERVIEW,
        NotificationKind.TICKET_DETAILS,
        NotificationKind.UNREADABLE,
    }
)
"""Automatic replies: limited per hour and per day for people outside the teams."""

COUNTED = LIMITED | {
    NotificationKind.CONFIRM,
    NotificationKind.WAIT_REMINDER,
    NotificationKind.CLOSED_WAITING,
}
"""Letters that use that up: those of time, too, but none that a human's deed caused."""
