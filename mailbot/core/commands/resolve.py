"""Command lines become orders: each with its tickets and its argument, or a problem that refuses the mail."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mailbot.core.commands import misplaced, table, undo
from mailbot.core.commands.away import read
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.listing import requested_listing
from mailbot.core.commands.table import Argument, Command, CommandLine
from mailbot.core.model.change import Change
from mailbot.core.model.listing import Listing
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Problem, Reason
from mailbot.core.model.policy import Member, School
from mailbot.core.model.ticket import MAX_CC, Message, Priority, Role, Ticket, separable


@dataclass(frozen=True, slots=True)
class ResolvedCommand:
    """A command that may be carried out; `tickets` is empty for questions such as #list."""

    command: Command
    tickets: tuple[Ticket, ...] = ()
    member: Address | None = None
    priority: Priority | None = None
    last_day: date | None = None
    listing: Listing | None = None
    until: datetime | None = None
    changes: tuple[Change, ...] = ()
    people: tuple[Address, ...] = ()
    into: Ticket | None = None
    school: School | None = None
    parted: tuple[int, Message] | None = None  # the message that becomes a ticket, with its position
    numbers: tuple[tuple[str, int], ...] = ()  # by the names of tickets: the next free ones


CHANGING = (
    "close",
    "escalate",
    "return",
    "wait",
    "remind",
    "reopen",
    "take",
    "assign",
    "priority",
    "cc",
    "for",
)
REPAIRS = ("merge", "split", "move", "spam")
EXCLUSIVE = (
    frozenset({"close", "escalate", "return", "reopen", "wait"}),
    frozenset({"take", "escalate", "return"}),
    frozenset({"take", "assign"}),
    frozenset({"assign"}),
    frozenset({"priority"}),
    frozenset({"remind"}),
    frozenset({"for"}),
    *(frozenset({"undo", name}) for name in CHANGING),
    *(frozenset({repair, name}) for repair in REPAIRS for name in (*CHANGING, "undo")),
    frozenset(REPAIRS),
    frozenset({"merge"}),
    frozenset({"move"}),
)
"""Commands of which one ticket bears only one at a time."""
REST_MOST = timedelta(days=730)


class _Refused(Exception):  # noqa: N818 - an early exit of this module, not an error
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.line)
        self.problem = problem


def resolve(case: MailContext) -> tuple[tuple[ResolvedCommand, ...], tuple[Problem, ...]]:
    """Turn the command lines of a mail into orders, and say what is wrong with the others."""
    default = _default_tickets(case)
    orders: list[ResolvedCommand] = []
    problems: list[Problem] = []
    for line in case.reading.lines:
        try:
            order = _order(line, case, default)
            _exclude(line, order, orders, case.school.language)
            orders += [] if order in orders else [order]
        except _Refused as refused:
            problems.append(refused.problem)
    problems += misplaced.problems(case)
    return tuple(_numbered(orders, case)), tuple(problems)


def _numbered(orders: Iterable[ResolvedCommand], case: MailContext) -> Iterator[ResolvedCommand]:
    """Give the tickets that will have a new name the next numbers of their schools, one after the other."""
    taken: Counter[str] = Counter()
    for order in orders:
        if order.command.name not in ("split", "move"):
            yield order
            continue
        numbers = []
        for ticket in order.tickets:
            school = order.school.key if order.school else ticket.school
            numbers.append((ticket.key, case.facts.number_in(school) + taken[school]))
            taken[school] += 1
        yield replace(order, numbers=tuple(numbers))


def _default_tickets(case: MailContext) -> tuple[Ticket, ...]:
    """Return what a command without numbers is about: the mail's ticket, else those that other lines name."""
    if case.ticket is not None:
        return (case.ticket,)
    school = case.facts.school.key
    names = (name for line in case.reading.lines if line.command for name in table.tickets_of(line, school))
    found = (case.facts.ticket(name) for name in dict.fromkeys(names))
    return tuple(t for t in found if t is not None and case.takes_part(t))


def _order(line: CommandLine, case: MailContext, default: tuple[Ticket, ...]) -> ResolvedCommand:
    command = line.command
    if command is None:
        nearest = table.nearest(line.word)
        meant = _mistyped(line, nearest, case, default) if nearest else ""
        raise _Refused(Problem(line.raw, Reason.UNKNOWN, nearest=nearest, meant=meant))
    return _READERS[command.argument](line, command, case, default)


def _mistyped(line: CommandLine, word: str, case: MailContext, default: tuple[Ticket, ...]) -> str:
    """Return a line with its word replaced by the nearest command, or "" if that would be refused, too."""
    mended = table.with_word(line, word)
    if line.rest and mended.command is not None and mended.command.argument is Argument.TEXT:
        return f"#{word} {line.rest}"
    try:
        _order(mended, case, default)
    except _Refused as refused:
        return refused.problem.meant
    return f"#{word} {line.rest}".rstrip()


def _about_nothing(
    line: CommandLine, command: Command, case: MailContext, _: tuple[Ticket, ...]
) -> ResolvedCommand:
    if line.args:
        raise _wrong_argument(line, command, case, line.args[0])
    _for_staff(line, command, case)
    if command.name == "confirm":  # there is no held mail, or it waits no longer
        raise _Refused(Problem(line.raw, Reason.FORBIDDEN))
    return ResolvedCommand(command)


def _about_listing(
    line: CommandLine, command: Command, case: MailContext, _: tuple[Ticket, ...]
) -> ResolvedCommand:
    wanted = requested_listing(line, case.sender.email, case.facts.school, case.policy)
    if wanted is None:
        known = line.args and table.scope(line.args[0])
        raise _wrong_argument(line, command, case, "".join(line.args[-1:] if known else line.args[:1]))
    return ResolvedCommand(command, listing=wanted)


def _about_tickets(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    return ResolvedCommand(command, _tickets(line, line.args, command, case, default))


def _about_ticket(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    return _about_tickets(line, command, case, default)


def _about_changes(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    tickets = _tickets(line, line.args, command, case, default)
    for ticket in tickets:
        reason = undo.refusal(case, ticket)
        if reason is not None:
            raise _Refused(Problem(line.raw, reason, argument=ticket.key))
    return ResolvedCommand(command, tickets, changes=tuple(case.facts.changes[t.key] for t in tickets))


def _about_text(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    if case.empty:
        raise _wrong_argument(line, command, case, "")
    return ResolvedCommand(command, _tickets(line, (), command, case, default))


def _about_priority(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    value = table.priority(line.args[0]) if line.args else None
    if value is None:
        raise _wrong_argument(line, command, case, line.args[0] if line.args else "")
    tickets = _tickets(line, line.args[1:], command, case, default)
    return ResolvedCommand(command, tickets, priority=Priority(value))


def _about_date(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    """Take the morning of a day to come, by the working hours of who writes."""
    phrase, numbers = table.phrase(line.args, case.facts.school.key)
    day = case.facts.dates.get(phrase)
    team = case.policy.second_level if case.role is Role.SECOND_LEVEL else case.school.team
    today = team.calendar.day(case.now)
    if day is None or not today < day <= today + REST_MOST:
        raise _wrong_argument(line, command, case, phrase)
    tickets = _tickets(line, numbers, command, case, default)
    return ResolvedCommand(command, tickets, until=team.calendar.opening_on(day))


def _about_member(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    numbers = tuple(a for a in line.args if table.ticket_name(a, case.facts.school.key))
    name = " ".join(a for a in line.args if a not in numbers)
    if not name:
        raise _wrong_argument(line, command, case, "")
    tickets = _tickets(line, numbers, command, case, default)
    return ResolvedCommand(
        command, tickets, member=_called(line, name, command, case, case.staff_of(tickets))
    )


def _about_people(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    """Read whom a ticket concerns besides: it is the mail's, or the one that the mail opens."""
    school = case.facts.school.key
    numbers = tuple(arg for arg in line.args if "@" not in arg and table.ticket_name(arg, school))
    people = table.people(tuple(arg for arg in line.args if arg not in numbers))
    if not people or (command.argument is Argument.ADDRESS and len(people) > 1):
        raise _wrong_argument(line, command, case, " ".join(line.args))
    if own := next((p.email for p in people if p.email in case.policy.own_addresses), None):
        raise _Refused(Problem(line.raw, Reason.NOT_HERE, argument=own))
    if not default and not numbers and case.opens:
        _for_staff(line, command, case)
        tickets: tuple[Ticket, ...] = ()
    else:
        tickets = _tickets(line, numbers, command, case, default)
    if command.argument is Argument.ADDRESSES:
        _may_be_copied(line, people, tickets, case)
    return ResolvedCommand(command, tickets, people=people)


def _may_be_copied(
    line: CommandLine, people: tuple[Address, ...], tickets: tuple[Ticket, ...], case: MailContext
) -> None:
    """Refuse copies to who works on the ticket, and more of them than anybody reads."""
    for ticket in tickets or (None,):
        staff = {a for member in case.policy.staff(case.school_of(ticket)) for a in member.addresses}
        if colleague := next((person.email for person in people if person.email in staff), None):
            raise _Refused(Problem(line.raw, Reason.WORKS_HERE, argument=colleague))
        there = {person.email for person in (*(ticket.cc if ticket else ()), *people)}
        if len(there) > MAX_CC:
            raise _Refused(Problem(line.raw, Reason.TOO_MANY, argument=str(MAX_CC)))


def _about_merging(
    line: CommandLine, command: Command, case: MailContext, _: tuple[Ticket, ...]
) -> ResolvedCommand:
    if len(line.args) != 1:
        raise _wrong_argument(line, command, case, " ".join(line.args[1:]))
    mine = (case.ticket,) if case.ticket is not None else ()
    (into,) = _tickets(line, line.args, command, case, ())
    (ticket,) = _tickets(line, (), command, case, mine)
    if into.key == ticket.key or into.school != ticket.school:
        raise _Refused(Problem(line.raw, Reason.NOT_HERE, argument=into.key))
    return ResolvedCommand(command, (ticket,), into=into)


def _about_splitting(
    line: CommandLine, command: Command, case: MailContext, _: tuple[Ticket, ...]
) -> ResolvedCommand:
    if line.args:
        raise _wrong_argument(line, command, case, line.args[0])
    mine = (case.ticket,) if case.ticket is not None else ()
    (ticket,) = _tickets(line, (), command, case, mine)
    history = case.facts.histories.get(ticket.key, ())
    position = separable(history)
    if position is None:
        raise _Refused(Problem(line.raw, Reason.NOT_HERE, argument=ticket.key))
    return ResolvedCommand(command, (ticket,), parted=(position, history[position]))


def _about_school(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    name, numbers = table.phrase(line.args, case.facts.school.key)
    school = case.policy.school_called(name)
    if school is None:
        raise _wrong_argument(line, command, case, name)
    return ResolvedCommand(command, _tickets(line, numbers, command, case, default), school=school)


def _about_outsiders(
    line: CommandLine, command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> ResolvedCommand:
    """Take tickets whose requesters belong to no team: nobody shuts a colleague out."""
    tickets = _tickets(line, line.args, command, case, default)
    colleague = next((t for t in tickets if case.policy.member(t.requester.email)), None)
    if colleague is not None:
        raise _Refused(Problem(line.raw, Reason.NOT_HERE, argument=colleague.key))
    return ResolvedCommand(command, tickets)


def _called(
    line: CommandLine, name: str, command: Command, case: MailContext, candidates: Iterable[Member]
) -> Address:
    """Return the one of these people whom a name means."""
    found = {m.address: m for m in candidates if case.is_called(m, name)}
    if len(found) != 1:
        reason = Reason.AMBIGUOUS if found else Reason.ARGUMENT
        raise _Refused(Problem(line.raw, reason, argument=name, expected=_example(command, case)))
    member = next(iter(found.values()))
    return Address(member.address, case.name_of(member))


def _about_absence(
    line: CommandLine, command: Command, case: MailContext, _: tuple[Ticket, ...]
) -> ResolvedCommand:
    _for_staff(line, command, case)
    last_day, name = read(line.args, case.facts.dates, case.school.team.calendar.day(case.now))
    if last_day is None:
        raise _wrong_argument(line, command, case, line.args[0] if line.args else "")
    if not name:
        return ResolvedCommand(command, last_day=last_day)
    colleagues = case.policy.colleagues(case.sender.email)
    return ResolvedCommand(command, member=_called(line, name, command, case, colleagues), last_day=last_day)


def _for_staff(line: CommandLine, command: Command, case: MailContext) -> None:
    """Refuse a command about the writer's own work to those who are in no team."""
    if Role.STRANGER not in command.roles and case.policy.member(case.sender.email) is None:
        raise _Refused(Problem(line.raw, Reason.FORBIDDEN))


_Reader = Callable[[CommandLine, Command, MailContext, tuple[Ticket, ...]], ResolvedCommand]
_READERS: dict[Argument, _Reader] = {
    Argument.NOTHING: _about_nothing,
    Argument.SCOPE: _about_listing,
    Argument.WORDS: _about_listing,
    Argument.TICKETS: _about_tickets,
    Argument.TICKET: _about_ticket,
    Argument.TEXT: _about_text,
    Argument.PRIORITY: _about_priority,
    Argument.MEMBER: _about_member,
    Argument.ABSENCE: _about_absence,
    Argument.DATE: _about_date,
    Argument.CHANGES: _about_changes,
    Argument.ADDRESSES: _about_people,
    Argument.ADDRESS: _about_people,
    Argument.INTO: _about_merging,
    Argument.NO_TICKET: _about_splitting,
    Argument.SCHOOL: _about_school,
    Argument.OUTSIDERS: _about_outsiders,
}


def _tickets(
    line: CommandLine, args: tuple[str, ...], command: Command, case: MailContext, default: tuple[Ticket, ...]
) -> tuple[Ticket, ...]:
    """Return the tickets that the arguments name, each of which the sender may treat so."""
    named = [_named(line, arg, command, case) for arg in table.numbers(args)]
    tickets = tuple({t.key: t for t in named}.values()) or default
    if not tickets:
        raise _Refused(Problem(line.raw, Reason.NO_TICKET, expected=_example(command, case, "104")))
    for ticket in tickets:
        if not case.takes_part(ticket):  # somebody answers a letter that was forwarded
            raise _Refused(Problem(line.raw, Reason.NO_SUCH_TICKET))
        if not case.roles(ticket) & command.roles:
            raise _Refused(Problem(line.raw, Reason.FORBIDDEN, argument=ticket.key))
    return tickets


def _named(line: CommandLine, arg: str, command: Command, case: MailContext) -> Ticket:
    name = table.ticket_name(arg, case.facts.school.key)
    if name is None:
        raise _wrong_argument(line, command, case, arg)
    ticket = case.facts.ticket(name)
    if ticket is None or not case.takes_part(ticket):  # strangers learn nothing, not even that there is one
        raise _Refused(Problem(line.raw, Reason.NO_SUCH_TICKET, argument=name))
    return ticket


def _exclude(
    line: CommandLine, order: ResolvedCommand, earlier: list[ResolvedCommand], language: str
) -> None:
    """Refuse two commands that contradict each other on one ticket."""
    keys = {t.key for t in order.tickets}
    for other in earlier:
        if _contradicts(order, other) and keys & {t.key for t in other.tickets}:
            word = other.command.word(language)
            raise _Refused(Problem(line.raw, Reason.AMBIGUOUS, argument=f"#{word}"))


def _contradicts(one: ResolvedCommand, other: ResolvedCommand) -> bool:
    if one.command == other.command:
        alone = frozenset({one.command.name}) in EXCLUSIVE
        return alone and _details(one) != _details(other)
    names = {one.command.name, other.command.name}
    return any(names <= rivals for rivals in EXCLUSIVE)


def _details(order: ResolvedCommand) -> tuple[object, ...]:
    return (order.member, order.priority, order.until, order.people, order.into, order.school)


def _wrong_argument(line: CommandLine, command: Command, case: MailContext, argument: str) -> _Refused:
    example, meant = _example(command, case), _bare(line, command, case)
    return _Refused(Problem(line.raw, Reason.ARGUMENT, argument=argument, expected=example, meant=meant))


def _bare(line: CommandLine, command: Command, case: MailContext) -> str:
    """Return the command about the mail's own ticket, with the words behind it as text below.

    Return "" where numbers lead the words: "3" of "#close 3 printers work" may be a ticket or not.
    """
    numbers = line.args and table.ticket_name(line.args[0], case.facts.school.key)
    if command.argument is not Argument.TICKETS or case.ticket is None or numbers:
        return ""
    return f"#{command.word(case.school.language)}\n{line.rest}"


def _example(command: Command, case: MailContext, argument: str = "") -> str:
    language = case.school.language
    example = argument or command.example
    example = table.EXAMPLES.get(example, {}).get(language, example)
    return f"#{command.word(language)} {example}".rstrip()
