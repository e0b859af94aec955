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
from mailbot.core.commands.parse import arguments, find, nearest, parse
from mailbot.core.commands.status import NOTE
from mailbot.core.commands.syntax import INVISIBLE, WITHIN
from mailbot.core.model.mail import PREFIX
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.notification_kind import Confirms
from mailbot.core.text.words import fold

_TOKEN = re.compile(r"\S+")
_LINK_IN_TOKEN = re.compile(r"\bwww\.\S*|\]\(#\S*")
_SENTENCE_ENDS = (".", "!", "?", ":", ";", ",", ")", "…")
_MARKS = " \t\u00a0*_~\"'„“”«»()"
_NOTE_WORDS = [fold(word) for word in NOTE.all_words]
_TO_WHOM = r"mich|uns|euch|das\steam|kolleg\w{1,5}"
_NAME = r"(?!Sie\b|Ihnen\b)(?-i:[A-ZÄÖÜ])\w{1,20}"
# Matches "Intern: …", "Nur für uns: …", "Notiz für Max: …", "Hallo Max, intern: …", "[intern] …", "@notiz …".
_NOTE_WITHOUT_SIGN = re.compile(
    r"[^\w\n>]{0,10}(?:(?:hallo|hi|hey|moin|liebe[rs]?)\s(?:team|zusammen|(?P<greeted>\w{1,20}))[,!]?\s{1,3})?"
    r"(?:(?:achtung|bitte|hinweis|info|fyi|team)\W{1,3})?(?:(?:nur|rein)\s)?(?:"
    r"(?:(?:interne|internal)\s)?(?:akten|gesprächs)?notiz(?:\s\((?:nur\s)?intern\))?"
    rf"|(?:akten|gesprächs)?notiz\s(?:an|für)\s(?:{_TO_WHOM}|{_NAME})|nur\sfür\s(?:{_TO_WHOM}|(?P<whom>{_NAME}))"
    r"|interne?s?(?:\s\([^()\n]{1,40}\)|,\snicht\s[^\n:.]{1,30})?|internal(?:\snote)?|note\sinterne"
    r"|interner?\s(?:info(?:rmation)?|mitteilung|nachricht|anmerkung|bemerkung|hinweis))"
    r"(?:\s?:|!\s|\s[-–—]\s|!?[^\S\n]{0,9}\n)|[^\w\n>]{0,10}(?-i:INTERN|NOTIZ)\s"
    r"|[^\w\n>]{0,10}(?:[@/!§⌗№$+\\]|[%=]23|(?:hash(?:tag)?|raute|dièse)\s)(?:notiz|intern|note)\b"
    r"|\s{0,5}[\[({<|=\"„“»«*_+-]{1,3}\s?(?:(?:nur|rein)\s)?(?:(?:interne\s)?notiz|intern|internal|note\sinterne)"
    r"\s?[\])}>|=\"“”»«*_+-]{1,3}(?!\w|\s(?:ist|heißt|steht|lautet|bedeutet|meint)\b)"
    r"|[^\w\n>]{0,10}[#＃]\s{0,5}\n\s{0,5}(?:notiz|intern|note)\b",
    re.I,
)
# Matches "(intern)" at the end of a text, and "intern" in the last line alone, not "Durchwahl 12 (intern)".
_NOTE_AT_END = re.compile(
    r"(?<!\d )[\[(](?:nur\s)?intern(?:e\snotiz)?[\])][\s.!]{0,5}$"
    r"|\n[^\w\n]{0,9}(?:nur\s)?(?:interne\snotiz|intern)[^\w\n]{0,9}$",
    re.I,
)
_END = 60  # characters
_ITEM, _LAST_ITEM = re.compile(r"\s{0,5}[-–*•]\s"), re.compile(r"\s{0,5}[-–*•]\s{1,5}intern\s{0,5}", re.I)
# Matches "Intern: AW: [GYM-12] Beamer" and "AW: [GYM-12] Beamer (intern)", not "Schulintern: Beamer".
_NOTE_IN_SUBJECT = re.compile(
    rf"\s{{0,5}}(?:{PREFIX}\s{{0,5}}|\[[^\[\]]{{0,40}}\]\s{{0,5}}){{0,9}}"
    r"(?P<first>(?:nur\s)?(?:intern|interne\snotiz|internal)\s?:)"
    r"|.{0,300}(?P<last>\((?:nur\s)?intern(?:al)?\))\s{0,5}$",
    re.I,
)
_SPOKEN = re.compile(r"\W{0,5}(?:hash(?:tag)?|raute|dièse)\s(?P<word>[^\W\d_]{3,20})\W{0,5}", re.I)
"""A command that was dictated to a phone, in a line of its own."""
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
        *map(_spoken, new),
        *_in_signature(context.mail.signature),
        *_typed_as_quotation(context.mail.quoted),
        *(() if all(quoted) else _typed_as_quotation(context.reading.text)),
        _note_without_sign(context),
        _in_subject(context),
    )
    return tuple(problem for problem in found if problem is not None)


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


def _note_without_sign(context: MailContext) -> RefusedLine | None:
    """Return the first or last line of a text that would be a note if it had the sign of a command."""
    if not _is_public_by_staff(context):
        return None
    text = context.reading.text.strip()
    first = _NOTE_WITHOUT_SIGN.match(text)
    if first and not all(_is_colleague(context, name) for name in first.group("greeted", "whom") if name):
        return None
    if first is None and (not _NOTE_AT_END.search(text[-_END:]) or _ends_otherwise(context, text)):
        return None
    line = text.splitlines()[0 if first else -1]
    word = NOTE.word(context.school.language)
    return RefusedLine(line, Reason.IN_TEXT, argument=f"#{word}", meant=f"#{word}\n{line}")


def _is_colleague(context: MailContext, name: str) -> bool:
    return any(context.is_called(member, name) for member in context.policy.staff(context.school))


def _ends_otherwise(context: MailContext, text: str) -> bool:
    """Return whether the last line is an item of a list, or the title "Intern" below the author's name."""
    *_, above, last = ["", "", *text.splitlines()]
    if _ITEM.match(above) and _LAST_ITEM.fullmatch(last):
        return True
    if last.strip() != "Intern" or not above.strip() or context.member is None:
        return False
    return context.is_called(context.member, above)


def _is_public_by_staff(context: MailContext) -> bool:
    return context.role.staff and not context.is_internal


def _spoken(line: str) -> RefusedLine | None:
    found = _SPOKEN.fullmatch(line)
    command = find(found["word"]) if found else None
    if found is None or command is None:
        return None
    meant = f"#{found['word']}"
    return RefusedLine(line.strip(), Reason.IN_TEXT, argument=meant, meant=meant)


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
    """Return a subject that marks an answer as internal, unless the requester wrote the mark."""
    found = _NOTE_IN_SUBJECT.match(subject)
    if found is None or context.ticket is None or not _is_public_by_staff(context):
        return None
    if (found["first"] or found["last"]) in context.ticket.subject:
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
