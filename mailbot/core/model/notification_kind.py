"""The kinds of notifications: one row for each says all that the rules need to know about it."""

from dataclasses import dataclass
from enum import StrEnum, unique
from functools import partial

from mailbot.core.model.appointment import CalendarMethod


class Audience(StrEnum):
    """The recipients of a notification."""

    REQUESTER_SIDE = "requester-side"  # the requester and the people in cc
    STAFF = "staff"  # the assignee, a deputy or a team; the salutation names the team
    BOTH = "both"  # the requester's side and the staff
    PERSON = "person"  # one person, by name
    OPERATORS = "operators"  # in the language of the organisation


class ReplyRoute(StrEnum):
    """Where the text of a reply by a member of the staff goes, unless a command in it says otherwise."""

    REQUESTER = "requester"  # to the requester and the people in cc
    STAFF = "staff"  # to the colleagues, as an internal note
    NOBODY = "nobody"  # nowhere: it is returned to its author
    REGISTRATION = "registration"  # nowhere: the reply registers its author


class History(StrEnum):
    """The earlier messages of the ticket that a notification shows."""

    NONE = "none"
    ALL = "all"  # with their attachments
    FIRST = "first"  # the requester's first message
    LAST = "last"
    LAST_TWO = "last-two"
    FIRST_AND_LAST_TWO = "first-and-last-two"  # to the requester's side only the first


class RateLimit(StrEnum):
    """Whether a notification counts towards the rate limits of its recipient."""

    NONE = "none"
    COUNTED = "counted"  # it counts, and is sent even when the limit is reached
    LIMITED = "limited"  # an automatic reply: it counts, and is dropped when the limit is reached


class IfUndelivered(StrEnum):
    """What happens if a notification finally cannot be delivered."""

    NOTIFY = "notify"  # its author on the staff gets a bounce notification, or else the operators
    NEEDS_OPERATOR = "needs-operator"  # it stays among the failed mails until an operator deals with it
    IGNORE = "ignore"


class Confirms(StrEnum):
    """What a confirming reply proves about the held mail that the notification asks about."""

    NOTHING = "nothing"
    SENDER = "sender"  # the author wrote the mail
    WORDING = "wording"  # the author wants the mail to be sent unchanged


@dataclass(frozen=True, slots=True)
class Definition:
    """What the rules know about a kind of notification.

    `automatic`: it has an Auto-Submitted field (RFC 3834), since its text is not by a person; `auto_replied`
    is the value of that field if it replies to a mail. `in_person`: From shows the name of its author.
    `links` are its one-tap links, the most likely one first; None if the ticket decides.
    """

    audience: Audience
    reply: ReplyRoute = ReplyRoute.REQUESTER
    automatic: bool = True
    auto_replied: bool = False
    in_person: bool = False
    history: History = History.NONE
    rate_limit: RateLimit = RateLimit.NONE
    if_undelivered: IfUndelivered = IfUndelivered.NOTIFY
    confirms: Confirms = Confirms.NOTHING
    links: tuple[str, ...] | None = None
    invites_reply: bool = False  # the requester's link says "reply" instead of "add"
    offers_postponing: bool = False  # with links that let the ticket wait or be due later
    offers_status: bool = False  # with a link that asks for the status of an open ticket
    asks_if_helped: bool = False  # with links that say whether the solution helped
    shows_similar: bool = False  # with similar solved tickets, saved answers, and reports about the place
    shows_answer: bool = False  # with a colleague's answer: the author of a reply to it has read that
    shows_status: bool = False  # with the status: the requester's side is notified when it is undone
    calendar: CalendarMethod | None = None  # with a calendar part (RFC 6047)
    states_refusal: bool = False  # with the reasons of a refusal, which are repeated once a day only


_ALL, _FIRST, _LAST, _LAST_TWO = History.ALL, History.FIRST, History.LAST, History.LAST_TWO
_COUNTED, _LIMITED, _IGNORE = RateLimit.COUNTED, RateLimit.LIMITED, IfUndelivered.IGNORE

_reply = partial(Definition, Audience.PERSON, auto_replied=True, rate_limit=_LIMITED, if_undelivered=_IGNORE)
"""An automatic reply to the author of a mail."""


@unique
class NotificationKind(StrEnum):
    """The kind of a notification: its name, which is that of its templates, and its definition."""

    definition: Definition
    _value_: str

    def __new__(cls, name: str, *definition: Definition) -> "NotificationKind":
        """Return the member with that name as its value; raise ValueError unless it has a definition.

        A lookup, `NotificationKind(name)`, returns the member without a call of this method. mypy takes it
        for a call, hence the asterisk.
        """
        kind = str.__new__(cls, name)
        kind._value_ = name
        (kind.definition,) = definition
        return kind

    # The mail arrived and is ticket N.
    RECEIPT = (
        "receipt",
        Definition(
            Audience.REQUESTER_SIDE,
            auto_replied=True,
            rate_limit=_LIMITED,
            if_undelivered=_IGNORE,
            offers_status=True,
        ),
    )
    # A new ticket.
    NEW_TICKET = "new_ticket", Definition(Audience.STAFF, in_person=True, shows_similar=True)
    # A new ticket that resembles those of an open bundle: one line.
    ALSO_REPORTED = (
        "also_reported",
        Definition(Audience.STAFF, in_person=True, links=("close", "list", "help")),
    )
    # The requester replied.
    REQUESTER_REPLY = (
        "requester_reply",
        Definition(Audience.STAFF, automatic=False, in_person=True, history=_LAST_TWO),
    )
    # A member of the staff answered.
    ANSWER = (
        "answer",
        Definition(
            Audience.REQUESTER_SIDE, automatic=False, in_person=True, history=_FIRST, invites_reply=True
        ),
    )
    # To the colleagues: another one answered.
    ANSWER_COPY = "answer_copy", Definition(Audience.STAFF, in_person=True, shows_answer=True)
    # An internal note.
    NOTE = "note", Definition(Audience.STAFF, ReplyRoute.STAFF, in_person=True)
    # Closed, perhaps with an answer; how to reopen.
    CLOSED = (
        "closed",
        Definition(
            Audience.REQUESTER_SIDE, in_person=True, history=_FIRST, asks_if_helped=True, shows_status=True
        ),
    )
    # To the colleagues: another person closed the ticket.
    CLOSED_TEAM = "closed_team", Definition(Audience.STAFF, in_person=True, shows_answer=True)
    # Second level works on the ticket; perhaps with an answer.
    ESCALATED_REQUESTER = (
        "escalated_requester",
        Definition(Audience.REQUESTER_SIDE, in_person=True, history=_FIRST, shows_status=True),
    )
    # To second level: the ticket with its history.
    ESCALATED_SECOND_LEVEL = (
        "escalated_second_level",
        Definition(Audience.STAFF, in_person=True, history=_ALL),
    )
    # To the school's team: the ticket was escalated.
    ESCALATED_TEAM = "escalated_team", Definition(Audience.STAFF, in_person=True)
    # To the school's team: second level returned the ticket, with its text.
    RETURNED = "returned", Definition(Audience.STAFF, in_person=True, history=_ALL)
    # The ticket is open again.
    REOPENED = (
        "reopened",
        Definition(Audience.BOTH, in_person=True, history=History.FIRST_AND_LAST_TWO, shows_status=True),
    )
    # To the former assignee or the team, one line: the new assignee.
    ASSIGNED_INFO = (
        "assigned_info",
        Definition(Audience.STAFF, if_undelivered=_IGNORE, links=("take", "list", "help")),
    )
    # To the new assignee, if another person assigned the ticket.
    ASSIGNED = "assigned", Definition(Audience.PERSON, history=_ALL)
    # To everyone who was notified of a change: it was undone.
    UNDONE = "undone", Definition(Audience.BOTH, shows_status=True)
    # The ticket waits for the requester's answer, perhaps with a question.
    WAITING = (
        "waiting",
        Definition(
            Audience.REQUESTER_SIDE, in_person=True, history=_FIRST, invites_reply=True, shows_status=True
        ),
    )
    # The ticket still waits for the requester's answer.
    WAIT_REMINDER = (
        "wait_reminder",
        Definition(
            Audience.REQUESTER_SIDE,
            rate_limit=_COUNTED,
            if_undelivered=_IGNORE,
            invites_reply=True,
            offers_status=True,
        ),
    )
    # Closed because no answer came; how to reopen.
    CLOSED_WAITING = (
        "closed_waiting",
        Definition(Audience.REQUESTER_SIDE, rate_limit=_COUNTED, if_undelivered=_IGNORE),
    )
    # To people added to cc, or a new requester: the ticket so far.
    ADDED_TO_CC = (
        "added_to_cc",
        Definition(Audience.REQUESTER_SIDE, in_person=True, history=_ALL, shows_status=True),
    )
    # To the assignee or the team, and a different requester: merged into another ticket.
    MERGED = "merged", Definition(Audience.BOTH)
    # The ticket belongs to another school and has a new number.
    MOVED = "moved", Definition(Audience.REQUESTER_SIDE)
    # To the team of the new school: the ticket with its history.
    MOVED_TEAM = "moved_team", Definition(Audience.STAFF, in_person=True, history=_ALL)
    # To the team of the former school: the ticket belongs to another school.
    MOVED_AWAY = "moved_away", Definition(Audience.STAFF, links=("list", "help"))
    # No activity yet, or the due day has come.
    REMINDER = (
        "reminder",
        Definition(Audience.STAFF, history=_LAST, if_undelivered=_IGNORE, offers_postponing=True),
    )
    # No activity for a long time.
    OVERDUE = (
        "overdue",
        Definition(Audience.STAFF, history=_LAST, if_undelivered=_IGNORE, offers_postponing=True),
    )
    # To each member: the tickets that need attention this morning.
    DIGEST = (
        "digest",
        Definition(
            Audience.PERSON,
            ReplyRoute.NOBODY,
            if_undelivered=_IGNORE,
            links=("list_open", "list_mine", "help"),
        ),
    )
    # A table of tickets.
    OVERVIEW = (
        "overview",
        _reply(reply=ReplyRoute.NOBODY, links=("list_open", "list_closed", "list_mine", "list_all", "help")),
    )
    # One ticket with its history.
    TICKET_DETAILS = (
        "ticket_details",
        _reply(shows_answer=True),
    )
    # The saved answers of a team.
    SAVED_ANSWERS = (
        "saved_answers",
        _reply(reply=ReplyRoute.NOBODY, links=("list", "help")),
    )
    # Who has the ticket, since when, and what happens next.
    TICKET_STATUS = (
        "ticket_status",
        _reply(offers_status=True),
    )
    # The results of a mail with commands.
    COMMAND_RECEIPT = (
        "command_receipt",
        _reply(reply=ReplyRoute.NOBODY, links=("list", "help")),
    )
    # To the sender: nothing of the mail was applied, and why.
    REFUSAL = (
        "refusal",
        _reply(reply=ReplyRoute.NOBODY, confirms=Confirms.WORDING, links=("help",), states_refusal=True),
    )
    # To the registered address: asks whether they wrote this mail.
    CONFIRM = (
        "confirm",
        Definition(
            Audience.PERSON,
            ReplyRoute.NOBODY,
            auto_replied=True,
            rate_limit=_COUNTED,
            if_undelivered=_IGNORE,
            confirms=Confirms.SENDER,
            links=("confirm",),
        ),
    )
    # To the author of a held answer: the answer that a colleague sent before.
    HELD_ANSWER = (
        "held_answer",
        Definition(
            Audience.PERSON,
            auto_replied=True,
            if_undelivered=_IGNORE,
            confirms=Confirms.WORDING,
            links=("send_anyway",),
            shows_answer=True,
        ),
    )
    # To the sender: the mail cannot be read, and what to do instead.
    UNREADABLE = (
        "unreadable",
        _reply(links=(), states_refusal=True),
    )
    # To a member of a team: how to register with one tap.
    INVITATION = "invitation", Definition(Audience.PERSON, ReplyRoute.REGISTRATION, links=("register",))
    # To a newly registered member: an introduction.
    WELCOME = (
        "welcome",
        Definition(
            Audience.PERSON,
            ReplyRoute.NOBODY,
            auto_replied=True,
            if_undelivered=_IGNORE,
            links=("list", "help"),
        ),
    )
    # To the sender: the commands that are available here.
    HELP = (
        "help",
        _reply(reply=ReplyRoute.NOBODY, links=()),
    )
    # An appointment, or its new time, perhaps with an answer. Programs may delete it when it is accepted.
    APPOINTMENT = (
        "appointment",
        Definition(
            Audience.BOTH, in_person=True, history=_FIRST, invites_reply=True, calendar=CalendarMethod.REQUEST
        ),
    )
    # The appointment does not take place.
    APPOINTMENT_CANCELLED = (
        "appointment_cancelled",
        Definition(Audience.BOTH, in_person=True, calendar=CalendarMethod.CANCEL),
    )
    # To the assignee: the answer of an attendee to the invitation.
    APPOINTMENT_ANSWER = "appointment_answer", Definition(Audience.STAFF, in_person=True)
    # The figures of the last month.
    REPORT = "report", Definition(Audience.OPERATORS, if_undelivered=_IGNORE, links=())
    # A problem began or ended.
    ALERT = "alert", Definition(Audience.OPERATORS, if_undelivered=_IGNORE, links=())
    # To the author, or an operator: the text did not reach its recipient.
    BOUNCE = "bounce", Definition(Audience.PERSON, if_undelivered=IfUndelivered.NEEDS_OPERATOR)


def reply_route(kind: NotificationKind, *, internal: bool) -> ReplyRoute:
    """Return where a reply to a notification goes.

    The first line of the notification, its links, the decision about the reply and the receipt follow it.
    """
    route = kind.definition.reply
    return ReplyRoute.STAFF if internal and route is ReplyRoute.REQUESTER else route


LIMITED = tuple(kind for kind in NotificationKind if kind.definition.rate_limit is RateLimit.LIMITED)
"""Automatic replies, which are dropped when a rate limit is reached."""
COUNTED = tuple(kind for kind in NotificationKind if kind.definition.rate_limit is not RateLimit.NONE)
"""Notifications that count towards the rate limits: automatic replies, and those that timers send."""
