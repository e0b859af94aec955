"""Known command words in a staff mail that are not on a line of their own.

Their writer expected something to happen. The text does not go out before they chose what.
"""

import re
from collections.abc import Iterator

from mailbot.core import commands
from mailbot.core.commands import Argument, Command, CommandLine
from mailbot.core.notice import Problem, Reason

_QUOTED = (">", "|")
_NO_WORD_BEFORE = r"(?<![^\W_])(?<![/&=;?%#＃﹟@:-])"  # "C#", "https://example.org/#list"
_WORD = re.compile(_NO_WORD_BEFORE + r"[#＃﹟][\u200b-\u200f\u2060\ufeff]?([^\W\d_][\w\u0300-\u036f-]{0,40})")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", ")", "…")
_AROUND = " \t\u00a0*_~\"'„“”«»()"
_LINES_MOST = 2_000


def problems(text: str, signature: str) -> tuple[Problem, ...]:
    """Return a problem for each line of the text with a command in it, and each command in the signature."""
    lines = text.splitlines()[:_LINES_MOST]
    found = [_in_text(line) for line in lines if not line.lstrip().startswith(_QUOTED)]
    below = (line for line in commands.read(signature).lines if line.command is not None)
    return (*(problem for problem in found if problem is not None), *map(_in_signature, below))


def _in_signature(line: CommandLine) -> Problem:
    return Problem(line.raw, Reason.IN_TEXT, argument=line.raw, meant=f"#{line.word} {line.rest}".strip())


def _in_text(line: str) -> Problem | None:
    hits = list(_known(line))
    if not hits:
        return None
    named = ", ".join(f"#{match[1].rstrip('_-')}" for match, _ in hits)
    return Problem(line.strip(), Reason.IN_TEXT, argument=named, meant=_carried_out(line, hits))


def _known(line: str) -> Iterator[tuple[re.Match[str], Command]]:
    for match in _WORD.finditer(line):
        command = commands.called(match[1].rstrip("_-"))
        if command is not None:
            yield match, command


def _carried_out(line: str, hits: list[tuple[re.Match[str], Command]]) -> str:
    """Return the line with its command on a line of its own below, or "" if it is not clear how."""
    if len(hits) > 1:
        return ""
    match, command = hits[0]
    word = match[1].rstrip("_-")
    before, after = line[: match.start()].strip(_AROUND), line[match.end() :].strip(_AROUND)
    args = commands.arguments(after, command)
    begins = not before or before.endswith(_SENTENCE_ENDS)
    if (begins or not after) and _fits(command, args):
        return f"{before}\n#{word} {after if args else ''}".strip()
    if command.argument is not Argument.TICKETS:
        return ""
    return f"{line[: match.start()]}{word}{line[match.end() :]}\n#{word}".strip()


def _fits(command: Command, args: tuple[str, ...]) -> bool:
    """Tell whether these words may be the argument of a command."""
    match command.argument:
        case Argument.TICKETS | Argument.CHANGES:
            return all(commands.ticket_name(arg, "X") for arg in args)
        case Argument.NOTHING:
            return not args
        case Argument.TEXT | Argument.SCOPE:
            return True
        case _:
            return bool(args)
