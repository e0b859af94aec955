"""Find the words with which people mark a text as internal: "Intern: …", "Nur fürs Team!", "… (intern)".

A mark is a short label. All its words are words of labels, and they say for whom the text is or is not. It
is at the start of a paragraph or at the end of the text, and marks or a line break end it. A sentence has
other words as well.
"""

import re
from collections.abc import Mapping
from itertools import islice

from mailbot.core.commands.syntax import INVISIBLE
from mailbot.core.text.signatures import is_signoff
from mailbot.core.text.words import fold

COLLEAGUE, REQUESTER = "kollegin", "lehrkraft"
"""The words that stand for the names of the staff and of the requester."""
Names = Mapping[str, str]
"""The folded words of names, each with `COLLEAGUE` or `REQUESTER`."""

# All words in their folded form.
_TO = r"(?:fuer|fuers|an|ans|for|to|pour|a)(?: (?:das|die|den|the|l|mein\w{0,2}|unser\w{0,2}))?"
_TEAM = rf"(?:team|equipe|{COLLEAGUE}|kolleg(?!ium)\w{{1,5}}|supporter|staff|uns|us|nous|mich|myself|self)"
_NOUN = (
    r"(?:vermerk|kommentar|anmerkung|bemerkung|mitteilung|nachricht|info(?:rmation)?|hinweis|comment|note)"
)
_NOBODY = r"(?:sie|ihnen|dich|euch|alle|d(?:as|ie|en)|the|l[ae]s?|(?:mein|unser)\w{0,2})\b"
_OUTSIDER = (
    rf"(?:schule|{REQUESTER}|lehrer(?:in)?|melder(?:in)?|kunden?|teacher|requester|customer|professeur)"
)
_CORE = re.compile(
    r"\b(?:(?:team|support)?intern|internal(?:ly)?|internen?|internes|interner|interna|aktenvermerk"
    rf"|(?:akten|gespraechs|team)?notiz(?: {_TO} {_TEAM}| (?:fuer|an|for|pour) (?!{_NOBODY})\w{{2,20}})?"
    rf"|(?:nur|only|just|juste) {_TO} (?:{_TEAM}|euch)|(?:{_TO} )?{_TEAM} (?:only|uniquement|seulement)"
    rf"|nur (?:team|support|supporter)|reserve a l equipe|(?:private|team) note"
    r"|(?:unter|zwischen) uns|entre nous|between us|nicht ?oeffentlich|not public"
    rf"|nicht (?:ver)?(?:senden|schicken)|(?:do not send|don t send|ne pas envoyer)(?: {_TO} {_OUTSIDER})?"
    rf"|(?:nicht|not|pas) {_TO} {_OUTSIDER})\b"
)
_CORE_OR_WEAK = re.compile(rf"{_CORE.pattern}|\b(?:vertraulich|confidential|confidentiel|memo)\b")
"""The same, and words that are internal only before a colon, if the text does not address its reader."""
_BEFORE_COLON = re.compile(
    rf"(?:(?:p ?s )?{_TO} (?:team|equipe|supporter|kolleg(?!ium)\w{{1,5}})|interne[nrs]?"
    rf"|(?:.{{0,60}} )?{_NOUN} {_TO} {_TEAM}(?: only)?)"
)
"""Labels before a colon only: "Bitte kurze Info an uns!" asks for an answer."""
_NOT_FORWARDED = re.compile(r"\b(?:nicht|not|pas) (?:weiter(?:leiten|geben)|forward)\b")
# Matches "Intern 4711", "12 (intern" and "Team 5", but not "Intern 30.11.".
_NUMBERED = re.compile(r"\b(?:team|intern\w{0,2})\W{1,3}\d{1,6}(?![\d.])|^\d{2,6}\W{1,3}intern\b")
_FILLING = frozenset(
    """
    nur rein streng strikt zur zum bitte achtung hinweis info information fyi team ps p s der die das den
    dem fuer fuers an ans von vom mal psst note vermerk kommentar anmerkung bemerkung mitteilung
    nachricht kenntnis gebrauch zwecke nicht senden schicken schule bleibt
    bleiben behandeln lassen halten zu diesem ticket gedacht ist dies eine vertraulich memo only use for
    the strictly please comment private me message do not send this is confidential usage
    uniquement remarque commentaire seulement pour ceci est une a l equipe en moi confidentiel kurze
    kleine wichtige neue weitere noch eigene ganz alle support supporter it edv eyes just juste selbst
    don t pas ne envoyer verschicken
    """.split()  # noqa: SIM905 - a word list reads better than a hundred quotation marks
)
_ADDRESSES_READER = re.compile(
    r"\b(?:Sie|Ihnen|Ihre?\w{0,2}|[dD]u|[dD]ir|[dD]ich|[dD]eine?\w{0,2}|[yY]our?|[vV]ous|[vV]otre|[vV]os)\b"
)
_OUTSIDE = re.compile(
    r"\b(?:extern(?:al|e)?|von außen)\s{0,3}(?:[:=]|$)", re.I | re.M
)  # "Intern: 12, extern: 4711" are numbers
_SALUTATION = re.compile(
    r"\W{0,5}(?:hallo|hi|hey|moin|liebe[rs]?|guten (?:tag|morgen)|dear|hello|bonjour)"
    r"(?: [^,!.:]{1,30})?[,!] {0,3}"
)
_LEAD = re.compile(r"(?:\W|_){0,20}(?:\d{1,2}[.)]\s)?")
_SPOKEN_COLON = re.compile(r"\s(?:doppelpunkt|colon|deux[ -]points)\b")
_WORD = re.compile(r"[^\W\d_]+")
# What ends a label: as a heading, and if there are marks before it, too.
_HEADING = re.compile(
    r"\s?(?:[:;!…|#]|\.{1,3}|[-=]>|→)(?=\s|$)|:(?=\w)|,(?=\s)|(?:\t|\s{2,})(?=\S)|\s?[-–—]{1,3}\s|$"
)
_CLOSED = re.compile(_HEADING.pattern + r"|\s?(?:[^\w\s,&/+-]{1,6}|[/_+-]{2,6})(?!\w)|[\])}>]")
_NAMING = re.compile(r"\W{0,5}(?:ist|heisst|steht|lautet|bedeutet|meint|is|means|est)\b")
_NAMED = re.compile(r"\b(?:heisst|heissen|lautet|namens|called|nomme)\b[^.!?]{0,60}$|\d\W{0,3}$")
_SIGN = re.compile(
    r"[^\w>]{0,10}(?:[@/!§⌗№$+\\]|[%=]23|(?:hash(?:tag)?|raute|dièse)\s)(?:notiz|intern|note)\b(?![/\\.-])"
)
_IN_CAPITALS = re.compile(r"\W{0,10}(?:INTERN|INTERNAL|NOTIZ)\s")
_SIGN_ALONE = re.compile(r"\W{0,5}[#＃]\s{0,5}")
_NOTE_WORD = re.compile(r"\W{0,5}(?:notiz|intern|note)\b")
_SPOKEN = re.compile(r"\b(?:hashtag|raute) (?:notiz|intern)\b")
_TAIL = re.compile(
    r"(?:[\[({<]|\s[-–—*_~|/=]{1,3})\s?([^\[\](){}<>\n]{3,40}?)\s?(?:[\])}>]|[-–—*_~|/=]{1,3})[\s.!]{0,5}$"
)
_LAST_SENTENCE = re.compile(r"(?:[.!?]\s|^)[^\w.!?]{0,5}(\w[^.!?]{2,40})[^\w?]{0,5}$")
_SENTENCE_ENDS = (".", "!", "?", "…")
_TITLE = re.compile(r"(?:(?:it|edv|support|team|interne?[rs]?)[ -]?){2,4}[.!]?")
_ITEM = re.compile(r"\s{0,5}(?:[-–*•]|\d{1,2}[.)])\s")
_MAX_LINE, _MAX_LINES, _MAX_ENDS, _MAX_WORDS, _MAX_CLOSING = 120, 200, 4, 9, 6


def internal_line(text: str, names: Names) -> str:
    """Return the first line that marks a text, or a part of it, as internal, or ""."""
    lines = text.splitlines()[:_MAX_LINES]
    if all(line.lstrip().startswith(">") for line in lines if line.strip()):
        lines = [line.lstrip("> ") for line in lines]
    if _OUTSIDE.search(text):
        return ""
    core = _CORE if _ADDRESSES_READER.search(text) else _CORE_OR_WEAK
    for at, line in enumerate(lines):
        plain = _plain(line[:_MAX_LINE])
        if at and _SIGN_ALONE.fullmatch(lines[at - 1]) and _NOTE_WORD.match(plain):
            return line
        if line.lstrip().startswith(">"):
            continue
        if _SIGN.match(line[:_MAX_LINE].lower()) or _SPOKEN.search(plain):
            return line
        if _begins_paragraph(lines, at) and (_IN_CAPITALS.match(line) or _begins_marked(plain, names, core)):
            return line
    return marked_end(lines, names)


def marked_end(lines: list[str], names: Names) -> str:
    """Return the last line, or the one above the closing formula, if it ends with a mark, or ""."""
    return next((lines[at] for at in _ends(lines) if _ends_marked(lines, at, names)), "")


def is_label(label: str, names: Names, core: re.Pattern[str] = _CORE, *, colon: bool = False) -> bool:
    """Return whether a text is nothing but a label of a text that is internal; `colon`: one follows."""
    words = [names.get(word, word) for word in _WORD.findall(_plain(label))]
    joined = _NOT_FORWARDED.sub("", " ".join(words))
    if _NUMBERED.search(_plain(label)):
        return False
    if len(words) > _MAX_WORDS or _BEFORE_COLON.fullmatch(joined):
        return colon and len(words) <= _MAX_WORDS
    found = core.search(joined)
    if found is None:
        return False
    others = f"{joined[: found.start()]} {joined[found.end() :]}".split()
    return all(word in _FILLING or word == COLLEAGUE or _CORE.fullmatch(word) for word in others)


def _plain(text: str) -> str:
    return _SPOKEN_COLON.sub(":", INVISIBLE.sub("", fold(text)))


def _begins_paragraph(lines: list[str], at: int) -> bool:
    above = next((line.strip() for line in reversed(lines[:at]) if line.strip()), "")
    if not above or _SALUTATION.fullmatch(_plain(above)):
        return bool(lines[at].strip())
    return (
        bool(lines[at].strip())
        and (not lines[at - 1].strip() or above.endswith(_SENTENCE_ENDS))
        and not above.endswith(":")
    )


def _begins_marked(line: str, names: Names, core: re.Pattern[str]) -> bool:
    """Return whether a line begins with a label, and with marks or a line break that end it."""
    salutation = _SALUTATION.match(line)
    start = salutation.end() if salutation else 0
    lead = _LEAD.match(line, start)
    start = lead.end() if lead else start
    marks = lead[0].strip() if lead else ""
    first = _WORD.match(line, start)
    if marks.endswith("@") and first and names.get(first[0]) == COLLEAGUE:
        return True
    for end in islice((_CLOSED if marks else _HEADING).finditer(line, start), _MAX_ENDS):
        label = line[start : end.start()].strip()
        colon = end[0].strip() == ":"
        bracketed = label == "note" and marks[-1:] in ("[", "<")
        if (bracketed or is_label(label, names, core if colon else _CORE, colon=colon)) and not _NAMING.match(
            line, end.end()
        ):
            return True
    return False


def _ends(lines: list[str]) -> tuple[int, ...]:
    """Return the numbers of the last line, and of the last line above the closing formula."""
    filled = [at for at, line in enumerate(lines) if line.strip()]
    closings = (at for at in filled[-_MAX_CLOSING:] if is_signoff(lines[at]))
    closing = next(closings, len(lines))
    return tuple(dict.fromkeys((*filled[-1:], *[at for at in filled if at < closing][-1:])))


def _ends_marked(lines: list[str], at: int, names: Names) -> bool:
    """Return whether a line ends with a label in brackets, or with a sentence that is one.

    An item of a list, a name that the line above announces, and the author's title are none.
    """
    line = _plain(lines[at][-_MAX_LINE:])
    tail = _TAIL.search(line)
    if tail and is_label(tail[1], names) and not _NAMED.search(line[: tail.start()]):
        return True
    above = next((above.strip() for above in reversed(lines[:at]) if above.strip()), "")
    named_above = [names.get(word) == COLLEAGUE for word in _WORD.findall(_plain(above))]
    if (_ITEM.match(line) and _ITEM.match(above)) or (named_above and all(named_above)):
        return False
    if above.endswith(":") or _NAMED.search(_plain(above)):
        return False
    last = _LAST_SENTENCE.search(line)
    return last is not None and is_label(last[1], names) and not _TITLE.fullmatch(last[1].strip())
