"""Notifications: outgoing mails before they are rendered in a language."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mailbot.core.model.appointment import Appointment, AttendeeResponse
from mailbot.core.model.listing import page_count
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind, ReplyRoute, reply_route
from mailbot.core.model.place import Place, PlaceReports
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Attachment, Message, OpenReport, Role, Similar, Ticket, answered_with


class Cause(StrEnum):
    """What is known of the sender of the mail that an automatic reply answers.

    `KNOWN`: the mail replies to a mail that was sent to this person, though it does not prove what it asks.
    """

    FORGED = "sender-forged"  # says the mail server
    UNPROVEN = "sender-unproven"
    KNOWN = "sender-known"
    PROVEN = "sender-proven"


class Progress(StrEnum):
    """What follows from a question for the status of a ticket."""

    TOLD = "told"  # nothing: there is a plan, or the question is by the staff
    ASKED = "asked"  # it is recorded; another one reminds the staff if nothing happens
    ASKED_AGAIN = "asked_again"  # it is too early for a reminder
    REMINDED = "reminded"  # the staff were reminded


class Reason(StrEnum):
    """Why a command line, or the text of a mail, is refused."""

    UNKNOWN = "unknown"  # no such command; `nearest` is the most similar command
    AMBIGUOUS = "ambiguous"  # commands that exclude each other, or a name that fits several people
    FORBIDDEN = "forbidden"  # not allowed for this role
    ARGUMENT = "argument"  # wrong or missing argument; `expected` is an example of a correct line
    NO_TICKET = "no_ticket"  # the command needs a ticket, and neither line nor mail names one
    NO_SUCH_TICKET = "no_such_ticket"  # `argument` is not a ticket that the author may see
    NOTHING_TO_UNDO = "nothing_to_undo"  # the ticket was not changed by a mail
    CHANGED_SINCE = "changed_since"  # another person made the last change of the ticket
    PAST = "past"  # the appointment `argument` would be in the past
    TOO_FAR = "too_far"  # the appointment would be more than a year away
    OUTSIDE_HOURS = "outside_hours"  # the team does not work at that time
    HOLIDAY = "holiday"  # the school or the team is off on that day
    NOTHING_TO_RESEND = "nothing_to_resend"  # each mail by the author about the ticket was delivered
    TOO_LATE = "too_late"  # the last change is too old to be undone
    CANNOT_UNDO = "cannot_undo"  # the last change affected other tickets too: merge, split, move
    WORKS_HERE = "works_here"  # `argument` belongs to the staff, who get the ticket's mails without cc
    NO_SUCH_ANSWER = "no_such_answer"  # `argument` is not the name of a saved answer
    NAME = "name"  # `argument` cannot be the name of a saved answer
    INTERNAL = "internal"  # the text of an internal mail is not saved: a requester would read it later
    NO_TEXT = "no_text"  # the mail has no text to save
    TEXT_TOO_LONG = "text_too_long"  # the text to save is longer than `argument` characters
    TIP_TEXT = (
        "tip_text"  # without salutation and names, the text is empty, or longer than `argument` characters
    )
    NO_TIP = "no_tip"  # the receipt of the ticket had no tip
    TOO_MANY_ANSWERS = "too_many_answers"  # the school has `argument` saved answers, the limit
    MERGED = "merged"  # `argument` is the number of a merged ticket, where a ticket itself is needed
    CLOSED = "closed"  # the ticket `argument` is closed
    BUNDLED = "bundled"  # the ticket `argument` is in a bundle
    BUNDLE_FULL = "bundle_full"  # a bundle cannot have more than `argument` tickets
    TOO_MANY = "too_many"  # more people in cc than the limit
    NOT_HERE = "not_here"  # `argument` is not valid here: a support address, the same ticket, another school
    UNREAD = "unread"  # mail to the address `argument` is read by no person: noreply and the like
    UNKNOWN_ADDRESS = "unknown_address"  # a reply to a mail to a member of the staff, from another address
    NO_RECIPIENT = "no_recipient"  # the text replies to a notification that only commands answer
    TO_LIST = "to_list"  # the requester `argument` is a list, and all its members would read the text
    IN_TEXT = "in_text"  # `argument` is a known command within a line of text, or below the signature


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """One refused command line, as written, and its correction.

    `expected` is only shown. `meant` replaces the line in the corrected mail that a link sends. It contains
    only what the author wrote themselves, and is "" if their intention is unclear.
    """

    line: str
    reason: Reason
    nearest: str = ""  # a command word without "#"
    argument: str = ""  # the wrong word
    expected: str = ""  # an example line such as "#priority high"
    meant: str = ""

    @property
    def key(self) -> str:
        """Return the name of the phrase for the reason; `argument` may be a conflicting command."""
        conflicts = self.reason is Reason.AMBIGUOUS and self.argument.startswith("#")
        return "conflict" if conflicts else self.reason.value


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of one command, for the receipt.

    `command` is its name, or the name of another phrase about it. `notified` are the people who were
    notified. `already`: the command changed nothing. `detail` is a priority or a name. `ticket` is None if
    the command is about its author. `until` is the last day of an absence, of the author or of the new
    assignee. `due` is the end of a snooze. `links` are the actions that the receipt offers. `text` is the
    text that was saved. `undoable`: of a command about no ticket, whether `#undo` reverts it. `others` are
    the keys of the other tickets of the bundle that it changed. `personal` are names and contact details in
    the text of a proposed tip.
    """

    command: str
    ticket: Ticket | None
    notified: tuple[Address, ...] = ()
    already: bool = False
    detail: str = ""
    until: date | None = None
    due: datetime | None = None
    links: tuple[str, ...] = ()
    text: str = ""
    undoable: bool = False
    others: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[Address, ...]:
        """Return `notified` under its name in templates of version 0.2."""
        return self.notified


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification to one person. `ticket` is the ticket as it is after the change.

    `text` is a text by a person, written by `author`; without a text, `author` is the person who caused the
    notification. `attachments` are sent with it, inline pictures within the text. `listed` are files that
    are too large or too dangerous to send. `internal`: a reply to it, or the refused mail, stays within
    the staff.
    """

    kind: NotificationKind
    to: Address
    role: Role
    ticket: Ticket | None = None
    author: Address | None = None
    text: str = ""
    cut: str = ""  # what was cut from the mail with the text: signature and quotation; for the staff
    attachments: tuple[Attachment, ...] = ()
    listed: tuple[Attachment, ...] = ()
    history: tuple[Message, ...] = ()
    left_out: int = 0  # messages behind the first of the history that it omits
    tickets: tuple[Ticket, ...] = ()
    scope: str = ""  # of an overview: open, closed, mine, all; of help: "all" for all commands
    words: str = ""  # the search text of an overview
    place: Place | None = None  # the room or device of an overview
    line: str = ""  # the command for an overview, without the page
    total: int = 0  # number of tickets or saved answers on all pages
    page: int = 1
    similar: tuple[Similar, ...] = ()  # solved tickets similar to a new one
    reports: PlaceReports | None = None  # the reports about the place of a new ticket
    fitting: tuple[SavedAnswer, ...] = ()  # saved answers that fit a new ticket
    bundle: tuple[Ticket, ...] = ()  # the other tickets of the bundle that the ticket leads
    # Tickets that report the same problem as a new one; or only the one that leads their bundle.
    resembling: tuple[OpenReport, ...] = ()
    answers: tuple[SavedAnswer, ...] = ()  # a page of saved answers
    # Of a receipt: a tip with its text for this requester; of a new ticket: that tip.
    tip: SavedAnswer | None = None
    done: tuple[CommandResult, ...] = ()
    undoable: bool = False  # `#undo` in a reply to this receipt reverts all changes
    problems: tuple[RefusedLine, ...] = ()
    related: Ticket | None = None  # a ticket that this mail may belong to
    related_reason: str = ""  # "subject-tag", "forwarded", "ancestor", "closed-long-ago" or "disagree"
    was: str = ""  # the former key of a merged or moved ticket
    internal: bool = False
    # Why a mail cannot be read, or one of these:
    # - "reminder" or "moved": an invitation that is no first one
    # - "asked": a reminder that the requester caused by asking
    # - "not-invited": the cancellation of an appointment that others keep
    # - "tip": a ticket that its requester closed by the tip
    # - "not-shown": a mail to confirm, since the mail that it answers does not show all that it is about
    # - "unreadable-results": a mail to confirm, since the results of the mail server are too long
    reason: str = ""
    in_reply_to: str = ""  # Message-ID of the mail that this notification replies to
    details: tuple[tuple[str, str], ...] = ()  # of an alert or bounce: names and values
    report: object = None  # the figures of a month, for the template
    cause: Cause = Cause.PROVEN  # what is known of the sender of the mail that this replies to
    forged: bool = False  # the mail server says that the author's address is forged
    not_in_cc: tuple[Address, ...] = ()  # people in To and Cc whom an unproven mail did not add
    unread: bool = False  # no single person reads mail to the requester, which is a list or a program
    since: datetime | None = None  # when the ticket came to the team or the assignee that has it
    progress: Progress = Progress.TOLD  # of an answer to a question for the status of a ticket
    forwarded_from: Address | None = None  # author of the mail that a member forwarded in their own name
    appointment: Appointment | None = None  # the appointment of a mail with a calendar part, or of its answer
    answer: AttendeeResponse | None = None  # of an attendee, to the invitation

    @property
    def sendable(self) -> bool:
        """Return whether the refused mail may be sent unchanged: it only mentions commands in its text."""
        return bool(self.problems) and all(problem.reason is Reason.IN_TEXT for problem in self.problems)

    @property
    def unaddressed(self) -> bool:
        """Return whether the refused mail has a text without a recipient."""
        return any(problem.reason is Reason.NO_RECIPIENT for problem in self.problems)

    @property
    def from_unknown_address(self) -> bool:
        """Return whether the refused mail came from an unknown address."""
        return any(problem.reason is Reason.UNKNOWN_ADDRESS for problem in self.problems)

    @property
    def from_outside(self) -> bool:
        """Return whether the author takes no part in the ticket, such as an unknown address."""
        if self.author is None or self.ticket is None:
            return False
        return self.author.email not in {p.email for p in (self.ticket.requester, *self.ticket.cc)}

    @property
    def reply_route(self) -> ReplyRoute:
        """Return where a reply by a member of the staff goes."""
        return reply_route(self.kind, internal=self.internal)

    @property
    def answered_too(self) -> tuple[Ticket, ...]:
        """Return the other tickets of the bundle to which a reply by the staff goes, too."""
        return answered_with(self.ticket, self.bundle) if self.ticket is not None else ()

    @property
    def more_requesters(self) -> int:
        """Return the number of further people who get a reply by the staff."""
        own = {self.ticket.requester.email} if self.ticket is not None else set()
        return len({ticket.requester.email for ticket in self.answered_too} - own)

    @property
    def pages(self) -> int:
        """Return the number of pages of an overview or of the saved answers."""
        return page_count(self.total)


def shown_tickets(notification: Notification) -> tuple[str, ...]:
    """Return the keys of the tickets that a notification shows, its own first.

    A related or similar ticket is not one of them: a stranger's subject and text decide which it names.
    """
    own = (notification.ticket,) if notification.ticket is not None else ()
    changed = (done.ticket for done in notification.done if done.ticket is not None)
    shown = (t.key for t in (*own, *notification.answered_too, *notification.tickets, *changed))
    return tuple(dict.fromkeys((*shown, *(key for done in notification.done for key in done.others))))
