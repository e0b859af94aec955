"""What has to be known to decide on a mail, and what a mail asks to be looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from mailbot.core.model.absence import Absence
from mailbot.core.model.change import Change
from mailbot.core.model.listing import Listing, Page
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.policy import School
from mailbot.core.model.recent_activity import RecentActivity
from mailbot.core.model.sent_mail import SentMail
from mailbot.core.model.similar import Similar
from mailbot.core.model.ticket import Message, Ticket


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
    keyed: SentMail | None = None
    by_reply: str | None = None
    tagged: str | None = None
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
    traffic: RecentActivity = field(default_factory=RecentActivity)

    def number_in(self, school: str) -> int:
        """Return the number that the next ticket of a school gets."""
        return self.numbers_elsewhere.get(school, self.next_number)

    def ticket(self, key: str | None) -> Ticket | None:
        """Return the ticket of that name, or of that other name, if there is one."""
        return self.tickets.get(self.aliases.get(key, key)) if key else None
