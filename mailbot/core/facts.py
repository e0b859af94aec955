"""What has to be known to decide on a mail, and what a mail asks to be looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mailbot.core import commands
from mailbot.core.absence import Absence
from mailbot.core.commands import Argument, Reading
from mailbot.core.mail import Mail
from mailbot.core.policy import Policy, School
from mailbot.core.reference import action_key, subject_tag
from mailbot.core.ticket import Message, Role, Ticket
from mailbot.core.trust import Letter


class Scope(StrEnum):
    """Which tickets an overview shows."""

    OPEN = "open"
    CLOSED = "closed"
    MINE = "mine"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Listing:
    """A question for tickets: those of a school (None: of all), of a requester, of an assignee."""

    scope: Scope
    school: str | None = None
    requester: str | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class Interests:
    """What a mail asks to be looked up."""

    message_ids: tuple[str, ...]
    action_key: str | None
    tag: str | None
    named: tuple[str, ...]
    listings: tuple[Listing, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """What the desk knows that matters for one mail. Tickets are keyed by their names ("GYM-104").

    `absences` are those of `today`, in the house's time zone, by registered address.
    """

    school: School
    next_number: int = 1
    answered: Letter | None = None
    keyed: Letter | None = None
    by_reply: str | None = None
    tagged: str | None = None
    tickets: Mapping[str, Ticket] = field(default_factory=dict)
    histories: Mapping[str, tuple[Message, ...]] = field(default_factory=dict)
    listings: Mapping[Listing, tuple[Ticket, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None
    absences: Mapping[str, Absence] = field(default_factory=dict)
    duplicate: str = ""
    confirmed: str = ""
    automatic_last_hour: int = 0
    automatic_last_day: int = 0

    def ticket(self, key: str | None) -> Ticket | None:
        """Return the ticket of that name if there is one."""
        return self.tickets.get(key) if key else None


def listing(scope: str, email: str, school: School, policy: Policy) -> Listing:
    """Return what an overview of that scope means for that person."""
    wanted = Scope(scope)
    assignee = policy.registered(email) if wanted is Scope.MINE else None
    if policy.second_level.member(email):
        return Listing(wanted, assignee=assignee)
    own = next((s for s in (school, *policy.schools) if s.team.member(email)), None)
    if own is not None:
        return Listing(wanted, school=own.key, assignee=assignee)
    return Listing(wanted, requester=email)


def interests(mail: Mail, reading: Reading, school: School, policy: Policy) -> Interests:
    """Return what has to be looked up for a mail to that school."""
    originals = tuple(d.original_message_id for d in mail.delivery if d.original_message_id)
    thread = (*mail.in_reply_to, *reversed(mail.references), *originals)
    named, listings = [], []
    for line in reading.lines:
        named += [name for arg in line.args if (name := commands.ticket_name(arg, school.key))]
        if line.command is not None and line.command.argument is Argument.SCOPE and mail.sender is not None:
            scope = commands.scope(line.args[0]) if line.args else Scope.OPEN
            listings += [listing(scope, mail.sender.email, school, policy)] if scope else []
    return Interests(
        message_ids=tuple(dict.fromkeys(thread)),
        action_key=action_key("\n".join((mail.text, mail.signature, mail.quoted))),
        tag=subject_tag(mail.subject),
        named=tuple(dict.fromkeys(named)),
        listings=tuple(dict.fromkeys(listings)),
    )


def roles(email: str, ticket: Ticket | None, school: School, policy: Policy) -> frozenset[Role]:
    """Return everything that somebody is to a ticket, or to a school where there is no ticket yet."""
    found = set()
    addresses = policy.addresses(email)
    if school.team.member(email):
        found.add(Role.SUPPORTER)
    if policy.second_level.member(email):
        found.add(Role.SECOND_LEVEL)
    if ticket is not None and ticket.requester.email in addresses:
        found.add(Role.REQUESTER)
    if ticket is not None and any(person.email in addresses for person in ticket.cc):
        found.add(Role.CC)
    return frozenset(found) or frozenset({Role.STRANGER})
