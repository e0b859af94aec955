"""All commands, and how they are found in what people write: a line of its own, "#word arguments"."""

import re
from difflib import get_close_matches

from mailbot.core.commands.assignment import ASSIGNMENT
from mailbot.core.commands.command import Command, CommandLine, Reading, spellings
from mailbot.core.commands.members import MEMBERS
from mailbot.core.commands.queries import QUERIES
from mailbot.core.commands.restructure import RESTRUCTURE
from mailbot.core.commands.status import NOTE, STATUS, UNDO
from mailbot.core.commands.syntax import (
    LINE,
    MAX_LEAD,
    SIGNS,
    TICKET_NAME,
    TRAILING,
    is_marked,
    is_typed,
    without_emphasis,
)
from mailbot.core.text.signatures import without_politeness
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
    spelling: command for command in COMMANDS for word in command.all_words for spelling in spellings(word)
}
_SUGGESTED = {
    spelling: word
    for command in reversed(COMMANDS)
    if not command.hidden
    for word in reversed(command.all_words)
    for spelling in spellings(word)
}


def find(word: str) -> Command | None:
    """Return the command that a word in any language means."""
    return _BY_WORD.get(fold(word))


def nearest(word: str) -> str:
    """Return the command word most like a mistyped one, or "" if none is like it."""
    found = get_close_matches(fold(word), _SUGGESTED, n=1, cutoff=0.7)
    return _SUGGESTED[found[0]] if found else ""


MAX_TEXT = 1_000  # characters behind a note that are read with its line
MAX_LINES = 200  # lines with a "#" near their start: people write fewer, and each costs time
_OLD_SUBJECT = re.compile(r"(?:\[\s*#|\b(?:re|aw|antw|wg|fwd?|tr|rép)(?:\[\d+\])?\s?:)", re.I)


def parse(text: str, subject: str = "", *, lenient: bool = False) -> Reading:
    """Find the command lines in new text (no quotation, no signature) and at the start of the subject.

    `lenient` leaves hashtags, lists and headings with "#" in the text: their writer is in no team.
    """
    lines: list[CommandLine] = []
    rest: list[str] = []
    left = _read_subject(subject, lines, rest, lenient=lenient)
    looked_at = 0
    for line in text.splitlines():
        looked_at += any(sign in line[:MAX_LEAD] for sign in SIGNS)
        rest += _read_line(line, lines, lenient=lenient) if looked_at <= MAX_LINES else [line]
    return Reading("\n".join(rest).strip(), tuple(lines), left)


def _read_subject(subject: str, lines: list[CommandLine], rest: list[str], *, lenient: bool) -> str:
    """Take the command from the start of a subject; what is left is the subject of the mail answered."""
    old = _OLD_SUBJECT.search(subject)
    start = subject[: old.start()] if old else subject
    known = len(lines)
    text = _read_line(start, lines, lenient=lenient)
    if len(lines) == known:
        return subject
    rest += text
    return subject[old.start() :] if old else ""


def _read_line(line: str, lines: list[CommandLine], *, lenient: bool) -> list[str]:
    """Add a line's commands to `lines`; return what is left of it: "#note #close" are two commands."""
    at = 0
    while (found := _command_line(line, at, lenient=lenient)) is not None:
        lines.append(found[0])
        if found[0].command is None or not found[0].command.argument.is_text:
            return []
        at = found[1]
    if at == 0:
        return [line]
    text = without_emphasis(line[at:].strip(), lines[-1].raw)
    return [text] if text.strip(TRAILING) else []


def _command_line(line: str, at: int, *, lenient: bool) -> tuple[CommandLine, int] | None:
    """Return the command that begins there, and where the words behind it begin."""
    found = LINE.fullmatch(line, at)
    if not found or TICKET_NAME.fullmatch(found["word"]):
        return None
    if lenient and is_marked(found) and (found["rest"].strip(TRAILING) or not is_typed(found)):
        return None
    word = fold(found["word"].rstrip("_-"))
    command, words = find(word), found.start("rest")
    if command is not None and command.argument.is_text:
        rest = line[words : words + MAX_TEXT].strip()
        return CommandLine(line[at:words].strip(), word, (), command, rest), words
    args, rest = arguments(found["rest"].rstrip(TRAILING), command), found["rest"].strip()
    if command is None and (lenient or is_marked(found)) and not nearest(word):
        return None
    return CommandLine(line[at:].strip(), word, args, command, rest), words


def with_word(line: CommandLine, word: str) -> CommandLine:
    """Return a line with a command's word in place of its own."""
    command = find(word)
    return CommandLine(line.raw, fold(word), arguments(line.rest, command), command, line.rest)


def arguments(rest: str, command: Command | None) -> tuple[str, ...]:
    """Return the words behind a command without politeness, emoji and marks at both ends."""
    words = rest.replace(",", " ").replace(";", " ").split()
    if command is None or command.argument.verbatim:
        return tuple(words)
    words = without_politeness(words)
    if words:
        words[-1] = words[-1].rstrip("*_~\"'“”’»)…")
    return tuple(words)
