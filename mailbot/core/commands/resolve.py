"""Resolve command lines: each yields a command with tickets and a value, or a refused line."""

from typing import cast

from mailbot.core.commands import misplaced
from mailbot.core.commands.command import CommandLine, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    AnyResolved,
    MemberCommand,
    RefusedLineError,
    Request,
    ResolvableCommand,
    ResolvedCommand,
    TicketCommand,
)
from mailbot.core.commands.parse import nearest, with_word
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.ticket import Ticket


def resolve(context: MailContext) -> tuple[tuple[AnyResolved, ...], tuple[RefusedLine, ...]]:
    """Return the commands of a mail, and its refused command lines."""
    resolver = _Resolver(context)
    resolved: list[AnyResolved] = []
    problems: list[RefusedLine] = []
    # A saved answer without tickets of its own follows the text of the mail, so it is resolved last.
    for line in sorted(context.reading.lines, key=_adds_text):
        try:
            command = resolver.resolve(line, _changed(resolved) if _adds_text(line) else ())
            _check_conflicts(line, command, resolved, context.school.language)
            resolved += [] if command in resolved else [command]
        except RefusedLineError as refused:
            problems.append(refused.problem)
    problems += misplaced.problems(context)
    return tuple(resolved), tuple(problems)


def _adds_text(line: CommandLine) -> bool:
    return line.command is not None and line.command.adds_text


def _changed(resolved: list[AnyResolved]) -> tuple[Ticket, ...]:
    """Return the tickets that these commands change."""
    changing = (one for one in resolved if isinstance(one.command, TicketCommand))
    return tuple({ticket.key: ticket for one in changing for ticket in one.tickets}.values())


class _Resolver:
    """Resolves the lines of one mail, and assigns each new ticket a number of its own."""

    def __init__(self, context: MailContext) -> None:
        self._context = context
        self._default = _default_tickets(context)
        self._numbers: dict[tuple[str, str], int] = {}

    def resolve(self, line: CommandLine, default: tuple[Ticket, ...] = ()) -> AnyResolved:
        """Return the command of a line; raise `RefusedLineError`. `default` go before those of the mail."""
        command = line.command
        if command is None:
            word = nearest(line.word)
            meant = self._correct(line, word) if word else ""
            raise RefusedLineError(RefusedLine(line.raw, Reason.UNKNOWN, nearest=word, meant=meant))
        request = Request(line, command, self._context, default or self._default, self._number)
        tickets, value = cast("ResolvableCommand[object]", command).argument.resolve(request)
        return ResolvedCommand(command, tickets, value, line.position)

    def _correct(self, line: CommandLine, word: str) -> str:
        """Return a line with the nearest command as its word, or "" if that would be refused too."""
        corrected = with_word(line, word)
        is_text = corrected.command is not None and corrected.command.argument.is_text
        if not (line.rest and is_text):
            try:
                self.resolve(corrected)
            except RefusedLineError as refused:
                return refused.problem.meant
        return f"#{word} {line.rest}".rstrip()

    def _number(self, ticket: Ticket, school: str) -> int:
        """Return the next number of a school that no other ticket of this mail gets."""
        used = sum(1 for _, other in self._numbers if other == school)
        first = self._context.facts.number_in(school)
        # The same command twice gets the same number.
        return self._numbers.setdefault((ticket.key, school), first + used)


def _default_tickets(context: MailContext) -> tuple[Ticket, ...]:
    """Return the tickets for a line without numbers: the mail's, else those that other lines name."""
    if context.ticket is not None:
        return (context.ticket,)
    viewer = Viewer(context.sender.email, context.facts.school, context.policy)
    lines = (line for line in context.reading.lines if line.command)
    # In the order of the lines, each once.
    names = dict.fromkeys(name for line in lines for name in line.lookups(viewer).tickets)
    found = map(context.facts.ticket, names)
    return tuple(t for t in found if t is not None and context.is_participant(t))


def _check_conflicts(
    line: CommandLine, command: AnyResolved, earlier: list[AnyResolved], language: str
) -> None:
    """Refuse a command that conflicts with an earlier one on a ticket, a new ticket, or a saved answer."""
    keys = {t.key for t in command.tickets}
    for other in earlier:
        opens = not command.tickets and not other.tickets
        on_ticket = _conflict(command, other) and (opens or keys & {t.key for t in other.tickets})
        if on_ticket or (command != other and _changed_answers(command) & _changed_answers(other)):
            word = other.command.word(language)
            raise RefusedLineError(RefusedLine(line.raw, Reason.AMBIGUOUS, argument=f"#{word}"))


def _conflict(one: AnyResolved, other: AnyResolved) -> bool:
    first, second = one.command, other.command
    if not isinstance(first, TicketCommand) or not isinstance(second, TicketCommand):
        return False
    if first == second:
        return not first.adds_up and one.value != other.value
    return first.alone or second.alone or bool(first.exclusive_groups & second.exclusive_groups)


def _changed_answers(resolved: AnyResolved) -> set[tuple[str, str]]:
    """Return the school and the key of the saved answer that a command changes, if any."""
    command = resolved.command
    if not isinstance(command, MemberCommand) or command.answer is None:
        return set()
    answer = command.answer(resolved.value)
    return {(answer.school, answer.key)}
