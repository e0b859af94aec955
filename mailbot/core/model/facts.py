"""The facts that a decision about a mail needs: recent activity, last changes, sent mails, tickets."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from mailbot.core.model.listing import Listing, Page
from mailbot.core.model.mail import PREFIX, Address
from mailbot.core.model.notification import Cause
from mailbot.core.model.notification_kind import NotificationKind, ReplyRoute, reply_route
from mailbot.core.model.place import Place
from mailbot.core.model.policy import Absence, Limits, School
from mailbot.core.model.saved_answer import SavedAnswer, SavedVersion
from mailbot.core.model.ticket import Message, OpenReport, Role, Similar, Ticket

# Programs put dates and numbers into their mails. Short numbers stay: "Raum 101" and "Raum 305" differ.
# The lookbehind makes the search linear: a run of letters is tried from its first letter only.
_DATED = re.compile(r"\d+(?:[.:/-]\d+)+|(?<![^\W\d_])[^\W\d_]+-\d+|\d{4,}")
_PREFIXES = re.compile(rf"\A(?:\s*{PREFIX}|\s*\[[^\]\[]{{1,40}}\])+")
_NO_WORDS = re.compile(r"[\W_]+")
# Up to 50 earlier texts are compared while the database is locked. Removing dates from the first 8,000
# characters leaves texts of different lengths, so only their first 2,000 characters are compared.
_MAX_READ = 8_000
_MAX_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class OpenedTickets:
    """Tickets that a sender opened: their number within the last hour, and the newest one of the last day."""

    hour: int = 0
    latest: str | None = None

    def flooding(self, limits: Limits) -> str | None:
        """Return the ticket to which a mail is added when its sender has reached the limit of new tickets."""
        return self.latest if self.hour >= limits.hourly_tickets else None


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """Mails to and from the sender within the last hour or day.

    `hour` and `day` count automatic mails to a sender outside the teams, or confirmation requests to a
    member. They count by the `Cause` of the mail that was replied to. `refused` are the reasons of the
    refusals of the last day, by cause as well. `answered_hour` counts automatic replies to a member,
    `overall_hour` automatic mails to all people outside the teams.

    `opened` are the sender's tickets without an authenticated mail and without a forged one, as the mail
    server says. `opened_forged` are those with a forged mail: they do not count against the person in From.

    `recent_texts` are the texts of the sender's mails of the last hour, each below the subject of its ticket,
    the newest first. `proven_texts` are those of authenticated mails.
    """

    hour: Mapping[Cause, int] = field(default_factory=dict)
    day: Mapping[Cause, int] = field(default_factory=dict)
    answered_hour: int = 0
    overall_hour: int = 0
    refused: Mapping[Cause, frozenset[str]] = field(default_factory=dict)
    opened: OpenedTickets = OpenedTickets()
    opened_forged: OpenedTickets = OpenedTickets()
    recent_texts: tuple[str, ...] = ()
    proven_texts: tuple[str, ...] = ()

    def is_repeat(self, subject: str, text: str, *, proven: bool) -> bool:
        """Return whether the sender wrote the same text with the same subject within the hour.

        Many problems have the same text: "See subject". An authenticated mail is compared with authenticated
        ones only. Dates, times and ticket keys are ignored. Only the first 2,000 remaining characters are
        compared.
        """
        normalised = _normalise(f"{subject}\n{text}")
        earlier = self.proven_texts if proven else self.recent_texts
        return normalised != "" and normalised in map(_normalise, earlier)


def has_same_words(text: str, other: str) -> bool:
    """Return whether two texts are the same without dates, times and ticket keys, and not empty."""
    normalised = _normalise(text)
    return normalised != "" and normalised == _normalise(other)


def _normalise(text: str) -> str:
    read = _PREFIXES.sub("", text[:_MAX_READ].casefold())
    words = _NO_WORDS.sub(" ", _DATED.sub("", read)).strip()
    return words[:_MAX_COMPARED]


@dataclass(frozen=True, slots=True)
class SentNotification:
    """A notification that a change caused: its recipient, their role and its kind."""

    to: Address
    role: Role
    kind: NotificationKind


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a ticket by one mail.

    `before` is the ticket with the fields that `#undo` restores as they were, all others as they are now.
    `irreversible`: the change affected other tickets too and cannot be undone.
    """

    actor: str
    at: datetime
    before: Ticket
    notified: tuple[SentNotification, ...] = ()
    irreversible: bool = False


@dataclass(frozen=True, slots=True)
class UndeliveredMail:
    """A mail about a ticket that did not reach its recipient, and the author of its text."""

    message_id: str
    recipient: str
    author: str


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that mailbot sent, and that another mail replies to or whose action key it contains.

    `held` is the ID of the held mail that it asks about, while that is still held. `bounced`: it bounced
    before. `undeliverable`: mail to its recipient bounced before. `shows` are the keys of the tickets that it
    shows, each with the time when it was closed, None if it is not. `created` is when it was written.
    """

    recipient: str
    role: Role
    kind: NotificationKind
    ticket: str | None = None
    internal: bool = False
    held: int | None = None
    message_id: str = ""
    author: str = ""
    subject: str = ""
    text: str = ""
    bounced: bool = False
    undeliverable: bool = False
    shows: tuple[tuple[str, datetime | None], ...] = ()
    created: datetime | None = None

    @property
    def reply_route(self) -> ReplyRoute:
        """Return where a reply by a member of the staff goes."""
        return reply_route(self.kind, internal=self.internal)

    def proves(self, tickets: Collection[str], closed_after: datetime) -> bool:
        """Return whether a reply or its action key proves its recipient for changes of these tickets.

        It proves that for a ticket that it shows, unless that was closed before. A change of no ticket needs
        a mail that still proves a ticket, is recent, or asks about a mail that is still held.
        """
        proven = {key for key, closed in self.shows if closed is None or closed > closed_after}
        if tickets:
            return proven.issuperset(tickets)
        recent = self.created is not None and self.created > closed_after
        return self.held is not None or bool(proven) or recent


@dataclass(frozen=True, slots=True)
class Copies:
    """Earlier copies of a mail. Header fields that prove its sender do not count as content.

    `reason` says where the first one was. `held` are the IDs of those that wait for a confirmation because
    nothing proved their sender. `carried_out`: one was neither held for that reason nor ignored as automatic.
    `unproven` is the ticket to which one was added without proof.
    """

    reason: str
    held: tuple[int, ...] = ()
    carried_out: bool = True
    unproven: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts from the database that matter for one mail. Tickets are keyed by ticket key ("GYM-104").

    `aliases` maps former keys of tickets to their present ones. `absences` are those of this day, by
    registered address. `addresses` are the canonical forms of addresses in command lines that are not ASCII.
    `held_since` is when each ticket came to the team or the assignee that has it.
    `next_number` is the next ticket number of this school, `numbers_elsewhere` are those of other schools
    that may get a ticket. `reports` are the numbers of earlier tickets about the places that the mail names,
    see `counted_since`; for a new problem only. `same_report` is an open ticket of the sender with the same
    words. `own`: mailbot sent this mail. `released` is the kind of the notification whose confirmation
    released a held mail, `released_for` are the tickets that it showed.
    `from_lists` are tickets whose requester is a list, since their author is unknown; for mail by staff only.
    `token` is random, for the UID of a new appointment. `by_appointment` is the ticket with the appointment
    whose invitation is answered.
    `blocked` are pairs of school and blocked address, limited to the sender and the requesters of the
    tickets. `fitting` are the saved answers that fit a new ticket, and `tip` is one that is very
    likely to solve it. `open_reports` may report the problem of a new ticket: those of the last two hours and
    of open bundles. `saved_versions` are the versions of saved answers by the mail whose receipt this mail
    replies to. `tips` are the keys of the tips in the receipts of the tickets.
    """

    school: School
    next_number: int = 1
    answered: SentMail | None = None
    by_action_key: SentMail | None = None
    by_reply: str | None = None
    by_ancestor: str | None = None
    by_subject_tag: str | None = None
    by_appointment: str | None = None
    same_report: str | None = None
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    histories: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)
    listings: Mapping[Listing, Page] = field(default_factory=dict)
    similar: tuple[Similar, ...] = ()
    reports: Mapping[Place, int] = field(default_factory=dict)
    fitting: tuple[SavedAnswer, ...] = ()
    tip: SavedAnswer | None = None
    tips: Mapping[str, str] = field(default_factory=dict)
    open_reports: tuple[OpenReport, ...] = ()
    saved_answers: tuple[SavedAnswer, ...] = ()
    saved_versions: tuple[SavedVersion, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    addresses: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    held_since: Mapping[str, datetime] = field(default_factory=dict)
    from_lists: frozenset[str] = frozenset()
    undelivered: Mapping[str, tuple[UndeliveredMail, ...]] = field(default_factory=dict)
    numbers_elsewhere: Mapping[str, int] = field(default_factory=dict)
    blocked: frozenset[tuple[str, str]] = frozenset()
    copies: Copies | None = None
    own: bool = False
    confirmed: str = ""
    token: str = ""
    released: NotificationKind | None = None
    released_for: frozenset[str] = frozenset()
    recent_activity: RecentActivity = field(default_factory=RecentActivity)

    def number_in(self, school: str) -> int:
        """Return the number of the next ticket of a school."""
        return self.numbers_elsewhere.get(school, self.next_number)

    def followers(self, leading: Ticket) -> tuple[Ticket, ...]:
        """Return the other tickets of the bundle that a ticket leads."""
        found = (t for t in self.tickets.values() if t.follows and t.leading_key == leading.key)
        return tuple(sorted(found, key=lambda ticket: ticket.number)) if leading.leads else ()

    def ticket(self, key: str | None) -> Ticket | None:
        """Return the ticket with that key or alias; None if there is none."""
        return self.tickets.get(self.aliases.get(key, key)) if key else None
