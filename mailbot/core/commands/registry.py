"""All commands, and the words that name them."""

from difflib import get_close_matches

from mailbot.core.commands.assignment import ASSIGNMENT
from mailbot.core.commands.command import Command, spellings
from mailbot.core.commands.members import MEMBERS
from mailbot.core.commands.queries import QUERIES
from mailbot.core.commands.restructure import RESTRUCTURE
from mailbot.core.commands.status import NOTE, STATUS, UNDO
from mailbot.core.text.words import fold

COMMANDS: tuple[Command, ...] = (
    *STATUS,
    *ASSIGNMENT,
    UNDO,
    *RESTRUCTURE,
    NOTE,
    *QUERIES,
    *MEMBERS,
)
"""In the order in which the commands of one mail change a ticket: its level before its assignee."""

_BY_WORD = {
    spelling: command for command in COMMANDS for word in command.spoken for spelling in spellings(word)
}
_SUGGESTED = {
    spelling: word
    for command in reversed(COMMANDS)
    if not command.hidden
    for word in reversed(command.spoken)
    for spelling in spellings(word)
}


def find(word: str) -> Command | None:
    """Return the command that a word in any language means."""
    return _BY_WORD.get(fold(word))


def nearest(word: str) -> str:
    """Return the command word most like a mistyped one, or "" if none is like it."""
    found = get_close_matches(fold(word), _SUGGESTED, n=1, cutoff=0.7)
    return _SUGGESTED[found[0]] if found else ""
