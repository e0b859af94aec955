"""Find commands in the text of a mail: "#word arguments" on a line of its own."""

import re
from dataclasses import replace
from difflib import get_close_matches

from mailbot.core.commands.appointment import VISIT
from mailbot.core.commands.assignment import ASSIGNMENT
from mailbot.core.commands.bundle import BUNDLES
from mailbot.core.commands.command import Command, CommandLine, Reading, spellings
from mailbot.core.commands.members import MEMBERS
from mailbot.core.commands.progress import STATUS_QUESTION
from mailbot.core.commands.queries import QUERIES
from mailbot.core.commands.quiet import QUIET
from mailbot.core.commands.resend import RESEND
from mailbot.core.commands.restructure import RESTRUCTURE
from mailbot.core.commands.saved_answers import SAVED_ANSWERS
from mailbot.core.commands.status import NOTE, STATUS, UNDO
from mailbot.core.commands.syntax import (
    INVISIBLE,
    LINE,
    MAX_LEAD,
    SIGNS,
    TICKET_NAME,
    TRAILING,
    is_marked,
    is_typed,
    without_emphasis,
)
from mailbot.core.commands.tips import SOLVED_BY_TIP, TIPS
from mailbot.core.model.mail import PREFIX, REPLY_PREFIX
from mailbot.core.text.signatures import without_politeness
from mailbot.core.text.words import fold

COMMANDS: tuple[Command, ...] = (
    *STATUS,
    SOLVED_BY_TIP,
    *ASSIGNMENT,
    VISIT,
    UNDO,
    *RESTRUCTURE,
    *BUNDLES,
    NOTE,
    RESEND,
    *SAVED_ANSWERS,
    *TIPS,
    *QUIET,
    STATUS_QUESTION,
    *QUERIES,
    *MEMBERS,
)
"""All commands, in the order in which those of one mail are applied: the level before the assignee."""

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
    """Return the command with that word in any language; None if there is none."""
    return _BY_WORD.get(fold(word))


def nearest(word: str) -> str:
    """Return the command word most similar to a mistyped one, or "" if none is similar."""
    found = get_close_matches(fold(word), _SUGGESTED, n=1, cutoff=0.7)
    return _SUGGESTED[found[0]] if found else ""


MAX_TEXT = 1_000  # characters after "#note" that are kept as its argument
MAX_LINES = 200  # parsed lines with a "#" near their start: people write fewer, and parsing costs time
_PREFIX = re.compile(
    rf"(?:\s{{0,9}}(?:(?:{REPLY_PREFIX}|ext|extern|external)(?:\[\d{{1,3}}\])?\s?:|\[(?!\s*#)[^\[\]#]{{1,20}}\]))+",
    re.I,
)
# People write "#note Antwort: …" as well: such words are a prefix only before a tag.
_OLD_SUBJECT = re.compile(rf"(?:\[\s*#|\b(?!antwort|vs|res|rif){PREFIX}|\b{PREFIX}\s*\[)", re.I)


def parse(text: str, subject: str = "", *, lenient: bool = False) -> Reading:
    """Find the command lines in new text (no quotation, no signature) and at the start of the subject.

    `lenient`: hashtags, lists and headings with "#" stay in the text, since the author is in no team.
    """
    lines: list[CommandLine] = []
    remaining: list[str] = []
    remaining_subject = _parse_subject(subject, lines, remaining, lenient=lenient)
    parsed = 0
    if not any(sign in text for sign in SIGNS):
        return Reading("\n".join([*remaining, *text.splitlines()]).strip(), tuple(lines), remaining_subject)
    positions = [0] * len(lines)
    length = sum(len(line) + 1 for line in remaining)
    for line in text.splitlines():
        parsed += any(sign in line[:MAX_LEAD] for sign in SIGNS)
        rest = _parse_line(line, lines, lenient=lenient) if parsed <= MAX_LINES else [line]
        positions += [length] * (len(lines) - len(positions))
        length += sum(len(one) + 1 for one in rest)
        remaining += rest
    whole = "\n".join(remaining)
    removed = len(whole) - len(whole.lstrip())
    found = zip(lines, positions, strict=True)
    placed = tuple(replace(line, position=max(0, position - removed)) for line, position in found)
    return Reading(whole.strip(), placed, remaining_subject)


def _parse_subject(subject: str, lines: list[CommandLine], remaining: list[str], *, lenient: bool) -> str:
    """Parse the command at the start of a subject; return the subject of the answered mail after it.

    Behind the prefix of a reply or a gateway, only known commands count: the subject may be an old one.
    """
    if not any(sign in subject for sign in SIGNS):
        return subject
    prefix = _PREFIX.match(subject)
    begin = prefix.end() if prefix else 0
    # People write a command in front of the old subject: "#close Re: [#GYM-104] Beamer".
    old = _OLD_SUBJECT.search(subject, begin)
    start = subject[begin : old.start()] if old else subject[begin:]
    found: list[CommandLine] = []
    text = _parse_line(start, found, lenient=lenient)
    if not found or (prefix and any(line.command is None for line in found)):
        return subject
    lines += found
    remaining += text
    return subject[old.start() :] if old else ""


def _parse_line(line: str, lines: list[CommandLine], *, lenient: bool) -> list[str]:
    """Add a line's commands to `lines` and return its remaining text; "#note #close" are two commands."""
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
    """Return the command at position `at`, and the position of the words after it."""
    found = LINE.fullmatch(line, at)
    # "#104" names a ticket and is no command.
    if not found or TICKET_NAME.fullmatch(found["word"]):
        return None
    if lenient and is_marked(found) and (found["rest"].strip(TRAILING) or not is_typed(found)):
        return None
    word = fold(INVISIBLE.sub("", found["word"]).rstrip("_-"))
    command, words = find(word), found.start("rest")
    if command is not None and command.argument.is_text:
        rest = line[words : words + MAX_TEXT].strip()
        return CommandLine(line[at:words].strip(), word, (), command, rest), words
    args, rest = arguments(found["rest"].rstrip(TRAILING), command), found["rest"].strip()
    if lenient and command is not None and len(args) > 1 and not command.argument.fits(args):
        return None  # "#hilfe der Beamer brennt"
    # A list item or a heading is a command line only if its word resembles a command.
    if command is None and (lenient or is_marked(found)) and not nearest(word):
        return None
    return CommandLine(line[at:].strip(), word, args, command, rest), words


def with_word(line: CommandLine, word: str) -> CommandLine:
    """Return a line with its word replaced by that of a command."""
    command = find(word)
    return CommandLine(line.raw, fold(word), arguments(line.rest, command), command, line.rest)


def arguments(rest: str, command: Command | None) -> tuple[str, ...]:
    """Return the words after a command, without polite words, emoji and marks at both ends."""
    words = rest.replace(",", " ").replace(";", " ").split()
    if command is None or command.argument.verbatim:
        return tuple(words)
    words = without_politeness(words)
    if words:
        words[-1] = words[-1].rstrip("*_~\"'“”’»)…")
    return tuple(words)
