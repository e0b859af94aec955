"""Known command words in a staff mail that are not on a line of their own.

Their writer expected something to happen. Nothing is sent before they chose what.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from mailbot.core.commands.command import Command, CommandLine
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.parse import arguments, find, nearest, parse
from mailbot.core.commands.status import NOTE
from mailbot.core.commands.syntax import WITHIN
from mailbot.core.model.notification import NotificationKind, Reason, RefusedLine
from mailbot.core.text.words import fold

_LINK = re.compile(r"\S*://\S*|\bwww\.\S*|\S+\.\S+/\S*|\]\(#\S*")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", ")", "…")
_AROUND = " \t\u00a0*_~\"'„“”«»()"
_AS_WRITTEN = (NotificationKind.REFUSAL, NotificationKind.HELD_ANSWER)
"""Letters whose confirmation sends a mail as it is: its writer was told of the commands within it."""
_NOTE_WORDS = [fold(word) for word in NOTE.all_words]
_ALIKE = 0.8
"""How like a word of `#note` another one is: a mistyped note must not reach the requester."""


def problems(context: MailContext) -> tuple[RefusedLine, ...]:
    """Return a problem for each line of a staff mail with a command within it.

    Of the signature, lines that are a command count, and a note wherever it stands; of the subject, what is
    not in the subject of the ticket. Lines of a quotation are not the writer's, unless there are no others.
    """
    if context.member is None or context.facts.released in _AS_WRITTEN:
        return ()
    lines = context.reading.text.splitlines()
    quoted = [line.lstrip().startswith(">") for line in lines]
    own = [line for line, is_quoted in zip(lines, quoted, strict=True) if not is_quoted or all(quoted)]
    found = (*map(_in_text, own), *_in_signature(context.mail.signature), _in_subject(context))
    return tuple(problem for problem in found if problem is not None)


def _in_signature(signature: str) -> Iterator[RefusedLine | None]:
    reading = parse(signature)
    yield from (_alone(line) for line in reading.lines if line.command is not None)
    for line in reading.text.splitlines():
        if any(command == NOTE for _, command in _known(line)):
            yield _in_text(line)


def _alone(line: CommandLine) -> RefusedLine:
    return RefusedLine(line.raw, Reason.IN_TEXT, argument=line.raw, meant=f"#{line.word} {line.rest}".strip())


def _in_subject(context: MailContext) -> RefusedLine | None:
    subject = context.reading.subject
    known = context.ticket.subject if context.ticket else ""
    hits = [hit for hit in _known(subject) if hit[0]["word"] not in known]
    if not hits:
        return None
    alone = len(hits) == 1 and hits[0][1].argument.fits(())
    meant = f"#{_word(hits[0][0])}" if alone else ""
    return RefusedLine(subject, Reason.IN_TEXT, argument=_named(hits), meant=meant)


def _in_text(line: str) -> RefusedLine | None:
    hits = list(_known(line))
    if not hits:
        return None
    return RefusedLine(line.strip(), Reason.IN_TEXT, argument=_named(hits), meant=_carried_out(line, hits))


def _known(line: str) -> Iterator[tuple[re.Match[str], Command]]:
    """Yield the commands within a line, but for those in links."""
    without_links = _LINK.sub(lambda link: " " * len(link[0]), line)
    for match in WITHIN.finditer(without_links):
        command = find(_word(match))
        if command is None and get_close_matches(fold(_word(match)), _NOTE_WORDS, 1, _ALIKE):
            command = NOTE
        if command is not None:
            yield match, command


def _word(match: re.Match[str]) -> str:
    return match["word"].rstrip("_-")


def _named(hits: list[tuple[re.Match[str], Command]]) -> str:
    return ", ".join(f"#{_word(match)}" for match, _ in hits)


def _carried_out(line: str, hits: list[tuple[re.Match[str], Command]]) -> str:
    """Return the line with its command on a line of its own below, or "" if it is not clear how."""
    match, command = next((hit for hit in hits if hit[1] == NOTE), hits[0])
    if len(hits) > 1 and command != NOTE:
        return ""
    word = _word(match) if find(_word(match)) else nearest(_word(match))
    before, after = line[: match.start()].strip(_AROUND), line[match.end() :].strip(_AROUND)
    args = arguments(after, command)
    begins = not before or before.endswith(_SENTENCE_ENDS)
    ends = not args and not after.startswith(_SENTENCE_ENDS)
    if (begins or ends) and command.argument.fits(args):
        return f"{before}\n#{word} {after if args else ''}".strip()
    if command == NOTE:
        return f"{before} {after}\n#{word}".strip()
    if not command.argument.optional:
        return ""
    return f"{line[: match.start()]}{word}{line[match.end() :]}\n#{word}".strip()
