"""What has to be known to decide on a mail, and what a mail asks to be looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from mailbot.core import commands
from mailbot.core.absence import Absence, phrases
from mailbot.core.change import Change
from mailbot.core.commands import Argument, CommandLine, Reading
from mailbot.core.mail import Mail
from mailbot.core.notice import NoticeKind
from mailbot.core.overview import Page, scope_and_page
from mailbot.core.policy import Policy, School
from mailbot.core.reference import action_key, subject_tag, without_action_key
from mailbot.core.search import question
from mailbot.core.similar import Similar, Terms, terms
from mailbot.core.ticket import Message, Role, Ticket
from mailbot.core.traffic import Traffic
from mailbot.core.trust import Letter


class Scope(StrEnum):
    """Which tickets an overview shows."""

    OPEN = "open"
    CLOSED = "closed"
    MINE = "mine"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Listing:
    """A question for tickets: those of a school (None: of all), of a requester, of an assignee.

    With `words` those that bear them all, for a requester in what he may read; `written` shows how they were
    put.
    """

    scope: Scope
    school: str | None = None
    requester: str | None = None
    assignee: str | None = None
    words: tuple[str, ...] = ()
    written: str = ""
    page: int = 1
    by_school: bool = False


@dataclass(frozen=True, slots=True)
class Interests:
    """What a mail asks to be looked up."""

    message_ids: tuple[str, ...]
    action_key: str | None
    tag: str | None
    named: tuple[str, ...]
    listings: tuple[Listing, ...]
    problem: Terms | None = None
    dates: tuple[str, ...] = ()
    undoes: bool = False
    splits: bool = False
    schools: tuple[str, ...] = ()


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
    answered: Letter | None = None
    keyed: Letter | None = None
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
    released: NoticeKind | None = None
    traffic: Traffic = field(default_factory=Traffic)

    def number_in(self, school: str) -> int:
        """Return the number that the next ticket of a school gets."""
        return self.numbers_elsewhere.get(school, self.next_number)

    def ticket(self, key: str | None) -> Ticket | None:
        """Return the ticket of that name, or of that other name, if there is one."""
        return self.tickets.get(self.aliases.get(key, key)) if key else None


def listing(scope: str, email: str, school: School, policy: Policy) -> Listing:
    """Return what an overview of that scope means for that person."""
    wanted = Scope(scope)
    assignee = policy.registered(email) if wanted is Scope.MINE else None
    if policy.second_level.member(email):
        return Listing(wanted, assignee=assignee, by_school=True)
    own = next((s for s in (school, *policy.schools) if s.team.member(email)), None)
    if own is not None:
        return Listing(wanted, school=own.key, assignee=assignee)
    return Listing(wanted, requester=email)


def asked(line: CommandLine, email: str, school: School, policy: Policy) -> Listing | None:
    """Return the tickets that a person's #list or #find asks for; None if it asks for none."""
    if line.command is not None and line.command.argument is Argument.WORDS:
        written = " ".join(line.args)
        words = question(written)
        wanted = listing(Scope.ALL, email, school, policy)
        return replace(wanted, words=words, written=written, by_school=False) if words else None
    if line.command is not None and line.command.argument is Argument.SCOPE:
        found = scope_and_page(line.args)
        return replace(listing(found[0], email, school, policy), page=found[1]) if found else None
    return None


def interests(mail: Mail, reading: Reading, school: School, policy: Policy) -> Interests:
    """Return what has to be looked up for a mail to that school."""
    originals = tuple(d.original_message_id for d in mail.delivery if d.original_message_id)
    thread = (*mail.in_reply_to, *reversed(mail.references), *originals)
    named: list[str] = []
    listings, dates, schools = [], [], []
    for line in reading.lines:
        named += commands.tickets_of(line, school.key)
        wanted = asked(line, mail.sender.email, school, policy) if mail.sender is not None else None
        listings += [wanted] if wanted is not None else []
        if line.command is not None and line.command.argument is Argument.DATE:
            dates.append(commands.phrase(line.args, school.key)[0])
        if line.command is not None and line.command.argument is Argument.ABSENCE:
            dates += phrases(line.args)
        if line.command is not None and line.command.argument is Argument.SCHOOL:
            there = policy.school_called(commands.phrase(line.args, school.key)[0])
            schools += [there.key] if there is not None else []
    return Interests(
        message_ids=tuple(dict.fromkeys(thread)),
        action_key=None if mail.forwarded else action_key(f"{mail.text}\n{mail.signature}"),
        tag=subject_tag(mail.subject),
        named=tuple(dict.fromkeys(named)),
        listings=tuple(dict.fromkeys(listings)),
        problem=terms(school.key, mail.subject, without_action_key(mail.problem), mail.sender),
        dates=tuple(dict.fromkeys(dates)),
        undoes=reading.names("undo"),
        splits=reading.names("split"),
        schools=tuple(dict.fromkeys(schools)),
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
