"""What is known when a mail is decided: recent activity, last changes, sent mail, and all facts together."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from mailbot.core.model.listing import Listing, Page
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.policy import Absence, Limits, School
from mailbot.core.model.ticket import Message, Role, Similar, Ticket

# A program dates and numbers what it writes; "Raum 101" and "Raum 305" are two printers, though.
# The lookbehind makes it linear: a run of letters is tried from its first letter only.
_DATED = re.compile(r"\d+(?:[.:/-]\d+)+|(?<![^\W\d_])[^\W\d_]+-\d+|\d{4,}")
_NO_WORDS = re.compile(r"[\W_]+")
# Up to 50 earlier texts are compared, while the database is locked. What dates leave of the first 8,000
# characters differs in length at its end; the first 2,000 of that do not.
_MAX_READ = 8_000
_MAX_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """Letters to the sender of a mail, and mails from there, within the last hour or day.

    `hour` and `day` are automatic letters to somebody outside the teams, or questions for confirmation to a
    member; `answered_hour` are letters by machine to a member, `overall_hour` those to everybody together.
    `refused` are the reasons of a day's refusals. `opened_hour` counts the sender's new tickets, `latest` is
    the last of a day, and `said` are the texts of the sender's mails of the hour, the newest first.
    """

    hour: int = 0
    day: int = 0
    answered_hour: int = 0
    overall_hour: int = 0
    refused: frozenset[str] = frozenset()
    opened_hour: int = 0
    latest: str | None = None
    recent_texts: tuple[str, ...] = ()

    def is_repeat(self, text: str) -> bool:
        """Tell whether the sender said the same within the hour, dates, times and names of tickets aside.

        Only the first 2,000 characters without these are compared.
        """
        said = _normalise(text)
        return said != "" and said in map(_normalise, self.recent_texts)

    def flooding_ticket(self, limits: Limits) -> str | None:
        """Return the ticket that a mail joins because it would open one too many."""
        return self.latest if self.opened_hour >= limits.hourly_tickets else None


def _normalise(text: str) -> str:
    words = _NO_WORDS.sub(" ", _DATED.sub("", text[:_MAX_READ].casefold())).strip()
    return words[:_MAX_COMPARED]


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
    notified: tuple[SentNotice, ...] = ()
    irreversible: bool = False


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of ours that another mail answers, or whose action key it contains.

    `held` is the mail about which it asks, as long as that waits. `bounced`: it came back before; `marked`:
    mail to its recipient came back before.
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
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the desk knows that matters for one mail. Tickets are keyed by their names ("GYM-104").

    `aliases` leads from other names of tickets to these. `absences` are those of this day, by registered
    address. `next_number` is of this school, `numbers_elsewhere` are of others that may get a ticket.
    `released` is the kind of the letter by whose confirmation a held mail is decided again.
    `blocked` are school and address of who may not write there, of the sender and the tickets' requesters.
    """

    school: School
    next_number: int = 1
    answered: SentMail | None = None
    by_action_key: SentMail | None = None
    by_reply: str | None = None
    by_subject_tag: str | None = None
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    histories: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)
    listings: Mapping[Listing, Page] = field(default_factory=dict)
    similar: tuple[Similar, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    absences: Mapping[str, Absence] = field(default_factory=dict)
    dates: Mapping[str, date] = field(default_factory=dict)
    changes: Mapping[str, Change] = field(default_factory=dict)
    numbers_elsewhere: Mapping[str, int] = field(default_factory=dict)
    blocked: frozenset[tuple[str, str]] = frozenset()
    duplicate: str = ""
    confirmed: str = ""
    released: NotificationKind | None = None
    recent_activity: RecentActivity = field(default_factory=RecentActivity)

    def number_in(self, school: str) -> int:
        """Return the number that the next ticket of a school gets."""
        return self.numbers_elsewhere.get(school, self.next_number)

    def ticket(self, key: str | None) -> Ticket | None:
        """Return the ticket of that name, or of that other name, if there is one."""
        return self.tickets.get(self.aliases.get(key, key)) if key else None
