"""Help: the commands that each role may use, as the help mail and the handouts list them."""

from collections.abc import Iterator, Mapping
from typing import Any

from mailbot.core.commands.command import Command
from mailbot.core.commands.definition import Annotation, AnswerCommand, TicketCommand
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.ticket import Role

Row = tuple[str, str, str]
"""A command line, its effect, and its link: "ticket" needs a ticket, "free" does not, "none" is no link."""

Texts = Mapping[str, Mapping[str, tuple[str, str]]]
"""Command lines and their effects, by command and role."""

_LISTS = {
    "help_requester": Role.REQUESTER,
    "help_supporter": Role.SUPPORTER,
    "help_second_level": Role.SECOND_LEVEL,
}


def help_lists(texts: Texts) -> dict[str, list[Row]]:
    """Return the lists of each role: of all commands, and the short one with the most frequent commands."""
    complete = {name: list(_rows(role, texts, short=False)) for name, role in _LISTS.items()}
    return complete | {_short(name): list(_rows(role, texts, short=True)) for name, role in _LISTS.items()}


def short_lists(own: Mapping[str, object]) -> dict[str, object]:
    """Return the lists that an operator's file sets, as short ones: they replace both."""
    return {_short(name): own[name] for name in _LISTS if name in own}


def help_list(words: Mapping[str, Any], role: Role, *, short: bool) -> list[Row]:
    """Return the list for a role; people outside the teams read that of requesters."""
    name = next((name for name, reader in _LISTS.items() if reader is role), "help_requester")
    rows: list[Row] = words[_short(name) if short else name]
    return rows


def _short(name: str) -> str:
    return f"short_{name}"


def _rows(role: Role, texts: Texts, *, short: bool) -> Iterator[Row]:
    shown = (command for command in COMMANDS if command.in_short_help or not short)
    commands = {command.name: command for command in shown if role in command.roles}
    for name, by_role in texts.items():
        if name in commands:
            line, effect = by_role.get(role.value, by_role["all"])
            yield line, effect, _link(commands[name])


def _link(command: Command) -> str:
    if not (command.argument.fits(()) or command.complete_example):
        return "none"
    return "ticket" if isinstance(command, TicketCommand | AnswerCommand | Annotation) else "free"
