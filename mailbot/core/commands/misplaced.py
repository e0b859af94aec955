"""Find known command words in a staff mail that are not on a line of their own.

The author probably meant a command, so nothing is sent until they choose what to do.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from html import unescape
from itertools import takewhile

from mailbot.core.commands.command import Command, CommandLine
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.internal_mark import COLLEAGUE, REQUESTER, internal_line, is_label, marked_end
from mailbot.core.commands.parse import arguments, find, nearest, parse
from mailbot.core.commands.status import NOTE
from mailbot.core.commands.syntax import INVISIBLE, WITHIN
from mailbot.core.model.mail import PREFIX
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.notification_kind import Confirms
from mailbot.core.text.words import fold, words

_TOKEN = re.compile(r"\S+")
_LINK_IN_TOKEN = re.compile(r"\bwww\.\S*|\]\(#\S*")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", ")", "…")
_MARKS = " \t\u00a0*_~\"'„“”«»()"
_NOTE_WORDS = [fold(word) for word in NOTE.all_words]
_PREFIXES = re.compile(rf"{PREFIX}|\[extern\w*\]|\[?#?\b[A-Z][A-Z0-9]*-\d{{1,9}}\]?", re.I)
_SIGN_WORD = (
    r"(?:hash ?tag|hash|raute(?:[- ]?zeichen)?|nummern?(?:zeichen)?|doppelkreuz|pfund"
    r"|(?:number|pound)(?: sign)?|(?:mot-)?dièse|croisillon)"
)
# Matches "Raute schließen" as phones write it, "@close", "/close" and "erledigt #", with a polite word.
_OTHER_SIGN = re.compile(
    rf"\W{{0,5}}(?:(?:{_SIGN_WORD}[\s-]|hashtag|[@/!№$§&%=]{{1,3}}\s?)(?P<word>[^\W\d_]{{3,20}})"
    r"|(?P<before>[^\W\d_]{3,20})\s?[#＃])\W{0,5}(?:(?:bitte|danke|please|thanks|merci|svp)\W{0,5})?",
    re.I,
)
"""A command with another sign, or with its sign in another place, in a line of its own."""
_MIN_SIMILARITY = 0.8
"""Similarity from which a word counts as `#note`: a mistyped note must not reach the requester."""


def problems(context: MailContext) -> tuple[RefusedLine, ...]:
    """Return a refused line for each line of a staff mail with a command within its text.

    In the signature, only whole command lines count, and notes anywhere. In the subject, only words that are
    not in the subject of the ticket count. Quoted lines are skipped, unless all lines are quoted, or commands
    are all that is quoted: then the author typed the ">".
    """
    released = context.facts.released
    if context.member is None or (released and released.definition.confirms is Confirms.WORDING):
        return ()  # the author saw the commands in the text, and confirmed it
    lines = context.reading.text.splitlines()
    quoted = list(map(_is_quoted, lines))
    new = [line for line, is_quoted in zip(lines, quoted, strict=True) if not is_quoted or all(quoted)]
    found = (
        *map(_in_text, new),
        *map(_with_other_sign, new),
        *_in_signature(context.mail.signature),
        *_typed_as_quotation(context.mail.quoted),
        *(() if all(quoted) else _typed_as_quotation(context.reading.text)),
        _in_subject(context),
    )
    problems = tuple(problem for problem in found if problem is not None)
    return problems or _notes_without_sign(context)


def _in_signature(signature: str) -> Iterator[RefusedLine | None]:
    reading = parse(signature)
    yield from (_whole_line(line) for line in reading.lines if line.command is not None)
    unknown = (line.raw for line in reading.lines if line.command is None)
    for line in (*unknown, *reading.text.splitlines()):
        if any(command == NOTE for _, command in _find_commands(unescape(line))):
            yield _in_text(line)


def _typed_as_quotation(quoted: str) -> Iterator[RefusedLine]:
    """Yield the first quoted lines of a text if they have no introduction and consist of commands."""
    lines = [line.strip() for line in takewhile(_is_quoted, quoted.splitlines())]
    reading = parse("\n".join(line.lstrip("> ") for line in lines))
    if not reading.text and all(line.command is not None for line in reading.lines):
        yield from map(_whole_line, reading.lines)


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _notes_without_sign(context: MailContext) -> tuple[RefusedLine, ...]:
    """Return the line of a public answer that marks it as internal without the sign of a command."""
    if not _is_public_by_staff(context) or (context.ticket is None and not context.reading.lines):
        return ()  # a new problem is for the team alone
    names, word = _names(context), NOTE.word(context.school.language)
    line = internal_line(context.reading.text.strip(), names)
    line = line or marked_end(context.mail.signature.splitlines(), names)
    refused = RefusedLine(line, Reason.IN_TEXT, argument=f"#{word}", meant=f"#{word}\n{line}")
    return (refused,) if line else ()


def _names(context: MailContext) -> dict[str, str]:
    """Return the words of the names of the staff and of the requester, with what they stand for."""
    staff = context.policy.staff(context.school)
    written = (f"{context.name_of(member)} {member.address.partition('@')[0]}" for member in staff)
    requester = context.ticket.requester.name if context.ticket else ""
    return dict.fromkeys(words(" ".join(written)), COLLEAGUE) | dict.fromkeys(words(requester), REQUESTER)


def _is_public_by_staff(context: MailContext) -> bool:
    return context.role.staff and not context.is_internal


def _with_other_sign(line: str) -> RefusedLine | None:
    found = _OTHER_SIGN.fullmatch(line)
    word = (found["word"] or found["before"]) if found else ""
    if find(word) is None:
        return None
    return RefusedLine(line.strip(), Reason.IN_TEXT, argument=f"#{word}", meant=f"#{word}")


def _whole_line(line: CommandLine) -> RefusedLine:
    return RefusedLine(line.raw, Reason.IN_TEXT, argument=line.raw, meant=f"#{line.word} {line.rest}".strip())


def _in_subject(context: MailContext) -> RefusedLine | None:
    subject = context.reading.subject
    ticket_subject = context.ticket.subject if context.ticket else ""
    hits = [hit for hit in _find_commands(subject) if hit[0]["word"] not in ticket_subject]
    if not hits:
        return _note_in_subject(context, subject)
    complete = len(hits) == 1 and hits[0][1].argument.fits(())
    meant = f"#{_word(hits[0][0])}" if complete else ""
    return RefusedLine(subject, Reason.IN_TEXT, argument=_join_words(hits), meant=meant)


def _note_in_subject(context: MailContext, subject: str) -> RefusedLine | None:
    """Return a subject that marks an answer as internal by words that are not in the ticket's subject."""
    if context.ticket is None or not _is_public_by_staff(context):
        return None
    added = _PREFIXES.sub(" ", subject.replace(context.ticket.subject, " ", 1))
    names = _names(context)
    if not is_label(added, names) and not internal_line(added, names):
        return None
    meant = f"#{NOTE.word(context.school.language)}"
    return RefusedLine(subject, Reason.IN_TEXT, argument=meant, meant=meant)


def _in_text(line: str) -> RefusedLine | None:
    line = unescape(line)  # "&#35;notiz": some programs escape the text part, too
    hits = list(_find_commands(line))
    if not hits:
        return None
    return RefusedLine(line.strip(), Reason.IN_TEXT, argument=_join_words(hits), meant=_correct(line, hits))


def _find_commands(line: str) -> Iterator[tuple[re.Match[str], Command]]:
    """Yield the commands within a line, except those in links."""
    without_links = _TOKEN.sub(_without_link, line)
    for match in WITHIN.finditer(without_links):
        command = find(_word(match))
        if command is None and get_close_matches(fold(_word(match)), _NOTE_WORDS, 1, _MIN_SIMILARITY):
            command = NOTE
        if command is not None:
            yield match, command


def _without_link(token: re.Match[str]) -> str:
    """Return a token with blanks instead of a link: "https://…", "www.…", "school.example/…", "](#…)"."""
    text = token[0]
    dot = text.find(".", 1)
    if "://" in text or (dot > 0 and "/" in text[dot + 2 :]):
        return " " * len(text)
    return _LINK_IN_TOKEN.sub(lambda link: " " * len(link[0]), text)


def _word(match: re.Match[str]) -> str:
    return INVISIBLE.sub("", match["word"]).rstrip("_-")


def _join_words(hits: list[tuple[re.Match[str], Command]]) -> str:
    return ", ".join(f"#{_word(match)}" for match, _ in hits)


def _correct(line: str, hits: list[tuple[re.Match[str], Command]]) -> str:
    """Return the line with its command moved to a line of its own below, or "" if that is ambiguous."""
    match, command = next((hit for hit in hits if hit[1] == NOTE), hits[0])
    if len(hits) > 1 and command != NOTE:
        return ""
    word = _word(match) if find(_word(match)) else nearest(_word(match))
    before, after = line[: match.start()].strip(_MARKS), line[match.end() :].strip(_MARKS)
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
