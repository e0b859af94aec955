"""Help: the commands that each role may use, as the help mail and the handouts list them."""

from collections.abc import Iterator, Mapping

from mailbot.core.commands.command import Command
from mailbot.core.commands.definition import Annotation, AnswerCommand, TicketCommand
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.ticket import Role

Row = tuple[str, str, str]
"""A command line, its effect, and its link: "ticket" needs a ticket, "free" does not, "none" is no link."""

_LISTS = {
    "help_requester": Role.REQUESTER,
    "help_supporter": Role.SUPPORTER,
    "help_second_level": Role.SECOND_LEVEL,
}


def help_lists(texts: Mapping[str, Mapping[str, tuple[str, str]]]) -> dict[str, list[Row]]:
    """Return the list of each role; `texts` are the lines and effects by command and role."""
    return {name: list(_rows(role, texts)) for name, role in _LISTS.items()}


def _rows(role: Role, texts: Mapping[str, Mapping[str, tuple[str, str]]]) -> Iterator[Row]:
    commands = {command.name: command for command in COMMANDS if role in command.roles}
    for name, by_role in texts.items():
        if name in commands:
            line, effect = by_role.get(role.value, by_role["all"])
            yield line, effect, _link(commands[name])


def _link(command: Command) -> str:
    if not (command.argument.fits(()) or command.complete_example):
        return "none"
    return "ticket" if isinstance(command, TicketCommand | AnswerCommand | Annotation) else "free"
