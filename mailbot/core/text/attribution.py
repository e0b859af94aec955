"""Recognise the attribution of a quotation, such as "Am 4. März 2024 um 10:15 schrieb Lena Lehrerin:".

An attribution consists of a date, a name, an address and a word for "wrote". It may begin behind own words
in a line, may be wrapped, and the quoted text may follow behind its colon. A sentence by a person has other
words as well, and stays text. Each test reads a bounded part of the text, so the total time is linear.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from mailbot.core.text.attribution_words import (
    BEFORE_DAY,
    CONNECTING,
    DAY_WORD,
    OFFICES,
    SENTENCE_STARTS,
    SHORT_ANSWERS,
    START,
    STEMS,
    WEEKDAYS,
    WROTE,
)
from mailbot.core.text.header_block import (
    DATE,
    EMAIL,
    MAX_LINE_LENGTH,
    has_address,
    is_quoted,
    is_separator,
    label,
)
from mailbot.core.text.own_words import name_start
from mailbot.core.text.sentence_end import SENTENCE_END, has_sentence_end, is_abbreviation
from mailbot.core.text.words import STOPWORDS, fold

_MAX_WRAPPED = 6  # lines over which an attribution may be wrapped
_MAX_STARTS = 4  # places in a line at which an attribution may begin
_MAX_SEPARATED = 50  # lines in which an attribution behind own words is searched
_MAX_UNKNOWN, _MAX_NICKNAME = 5, 2  # words in lower case that may belong to a name or an unknown language
_MAX_NAMES = 14

_START = re.compile(
    rf"[\s>*_\-\"'\u2010-\u2015\u200e\u200f\u202a-\u202e]*(?:(?:{START}|zitat von|quoting)(?!\w)"
    r"|\d|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,. ]|(?:mo|di|mi|do|fr|sa|so)[.,] "
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|\w{2,13}[.,] +\d{1,2}[. ])",
    re.I,
)
# A capital word for "on" directly before a date, within a line. Own words may touch it: Roundcube, which
# answers below the quotation by default, puts the cursor there for text above it.
_RESTART = re.compile(
    r"[^<>](?:(?:Am|On|Le|El|Il|Op|Den|Em|Dnia|W dniu|Dne|На|Στις|Vào|Pada)\s+"
    rf"{BEFORE_DAY}\d|(?<!\w)(?:Zitat von|Quoting)\s+[^\W\d_])"
)
# The same in lower case, and a weekday, is a part of many sentences: only a whole attribution may follow.
_LOWER_RESTART = re.compile(
    rf"(?<![\w-])(?:(?:am|on|le|el|en|il|op|den|em|po|dne)\s+{BEFORE_DAY}|(?:{WEEKDAYS})[.,]*\s+)\d", re.I
)
# What ends a short answer before the name in "Jana Beispiel <...> schrieb": no name contains it.
_ANSWER_END = re.compile(
    r"(?:(?<!\S)#\w{2,30}|\d|[:;]-?[()DP]|[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?)\s+(?=[^\W\d_])"
)
_ANSWER = re.compile(rf"\s*(?:(?:{'|'.join(sorted(SHORT_ANSWERS))})(?!\w),?[.!]*\s+)++(?<!, )", re.I)
_NAME = re.compile(r"\"?(?:[^\W\d_]\S{0,40},? +){1,2}")
_AUXILIARY = re.compile(r"\s(?:hat|heeft|har|has|ha|a)\s*$")  # belongs to "geschrieben" behind the date
_NAME_AFTER_DATE = re.compile(r"@|(?!Uhr|[AP]M\b|[A-Z]{2,4}T\b|UTC|MEZ)[^\W\d_a-z]")
_DATE_OR_ADDRESS = re.compile(r"[^\s@]{1,60}@|\S{1,12}[.,]* +\d")
_DIGIT, _DIGIT_OR_AT = re.compile(r"\d"), re.compile(r"[\d@]")
_GERMAN_START = re.compile(r"[\s>*-]*am\s+(?:\w+[.,]*\s+){0,3}\d", re.I)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)|\d ?[ap]\.?m\b", re.I)
_GMAIL_WITHOUT_COLON = re.compile(
    r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} (?:\d{1,2}:\d{2} (?:GMT|UTC)[+-]\d|.{0,80}<[^<>\s]+@[^<>\s]+>\s*$)"
)
_QUOTING = re.compile(r"\s*(?:zitat von|quoting)\s.{1,150}:\s*$", re.I)
_DAY = re.compile(r"(?<!\d)\d{1,2}\.$")
_ABBREVIATED = re.compile(rf"\b(?:{DAY_WORD}|kl|г|р|м|godz|[ap]\.m|π\.μ|μ\.μ)\.$", re.I)
_LONGEST_END = 20  # characters of the longest of these
_COLON = re.compile(r"[:：](?!\d|//)")
_ASIDE = re.compile(
    r"\([^()]{0,100}\)|\"[^\"]{0,100}\"|<[^<>]{0,200}>|\[[^\[\]]{0,200}\]|[„“][^“”]{0,100}[“”]"
)
_CONTINUED = re.compile(r">\s*[:,]|> (?=.{1,20}:\s*$)")
_START_ALONE = re.compile(rf"\s*(?:{START})\s*", re.I)
_ASCII_STEMS = tuple(filter(str.isascii, STEMS))
_EDGES = " \t\xa0\u202f*_-\u2010\u2011\u2012\u2013\u2014\u200b\u200e\u200f\u202a\u202b\u202c"


@dataclass(frozen=True, slots=True)
class Attribution:
    """The place of an attribution: own text before `column` of its first line, quoted text in `rest`."""

    lines: int
    column: int = 0
    rest: str = ""


def may_be_attribution(lines: list[str], at: int) -> bool:
    """Return whether an attribution may begin in the line at `at`, by a cheap test."""
    line = lines[at][:MAX_LINE_LENGTH]
    if not _DIGIT_OR_AT.search(line) and not _may_say_wrote(line) and not line.rstrip().endswith(","):
        return False
    if line.rstrip(_EDGES).endswith((":", "：")) or line[:4].isdigit():
        return True
    near = " ".join(line[:MAX_LINE_LENGTH] for line in lines[at : at + _MAX_WRAPPED])
    return _may_say_wrote(near) or ("@" in near and bool(DATE.search(near)))


def find_attribution(lines: list[str], at: int) -> Attribution | None:
    """Return the attribution that begins in the line at `at`; None if there is none."""
    line = lines[at][:MAX_LINE_LENGTH]
    answer = _answer_end(line)
    if "<" not in line and answer and _from(lines, at, 0) is None:
        answer = ()  # rather a sentence
    for column in (*_own_words_end(line), *answer, 0, *_later_starts(line)):
        found = _from(lines, at, column)
        if found is not None:
            return replace(found, column=0) if _START_ALONE.fullmatch(line[:column]) else found
    return None


def on_own_lines(lines: list[str]) -> list[str]:
    """Return the lines with each attribution that begins behind own words on a line of its own."""
    found: list[str] = []
    tests = _MAX_SEPARATED
    for at, line in enumerate(lines):
        column = 0
        if tests and _RESTART.search(line[:MAX_LINE_LENGTH]):
            tests -= 1
            attribution = find_attribution(lines, at)
            column = attribution.column if attribution and line[:1] != ">" else 0
        found += [line[:column].rstrip(), line[column:]] if column else [line]
    return found


def _later_starts(line: str) -> list[int]:
    """Return the columns behind own words at which an attribution may begin in the same line."""
    columns = {match.start() + 1 for match in _RESTART.finditer(line)}
    for match in SENTENCE_END.finditer(line):
        if not is_abbreviation(line, match) and (
            not line[match.end()].islower() or _DATE_OR_ADDRESS.match(line, match.end())
        ):
            columns.add(match.end())
    return sorted(columns)[-_MAX_STARTS:]


def _answer_end(line: str) -> tuple[int, ...]:
    """Return the column behind a short answer that would pass for a part of the attribution, if any.

    "Ja Jana Beispiel <...> schrieb" has no sign that an answer ends, nor has "Raum 204 am 3.11.2026 schrieb".
    """
    verb = next((verb.start() for verb in _verbs(line)), 0)
    if not verb or _START.match(line) or _RESTART.search(line):
        return ()
    name = line[: verb if (bracket := line.find("<", 0, verb)) < 0 else bracket]
    date = _LOWER_RESTART.search(name)
    if date is not None:
        last = max(digit.end() for digit in _DIGIT.finditer(line, 0, verb))
        named = _NAME_AFTER_DATE.search(line, last)
        named = None if _AUXILIARY.search(name[: date.start()]) else named
        return (date.start(),) if named and name[: date.start()].strip(_EDGES + ">") else ()
    if DATE.search(name):
        return ()
    ends = [match.end() for match in _ANSWER_END.finditer(name)]
    if (answer := _ANSWER.match(name)) and _NAME.fullmatch(name, answer.end()):
        ends.append(answer.end())
    return (max(ends),) if ends else ()


def _from(lines: list[str], at: int, column: int) -> Attribution | None:
    first = lines[at][column:MAX_LINE_LENGTH]
    joined = ""
    pieces = 0
    wraps: bool | None = None
    for count in range(1, min(2 * _MAX_WRAPPED, len(lines) - at) + 1):
        piece = (first if count == 1 else lines[at + count - 1][:MAX_LINE_LENGTH]).strip()
        if not piece and _is_torn(lines, at + count, joined):
            continue
        pieces += 1
        if pieces > 1:
            wraps = _may_wrap(first) if wraps is None else wraps
            quoted = is_quoted(piece) and not _CONTINUED.match(piece)
            if not wraps or not piece or quoted or label(piece):
                return None
        joined = f"{joined} {piece}" if joined else piece
        if len(joined) > MAX_LINE_LENGTH or pieces > _MAX_WRAPPED:
            return None
        if not _may_end(piece, joined):
            continue
        if _ends_here(lines, at, count, joined, behind=column > 0):
            return None if _begins_later(lines, at, count, column) else Attribution(count, column)
        if rest := _behind_colon(joined):
            return Attribution(count, column, rest)
    return None


def _begins_later(lines: list[str], at: int, count: int, column: int) -> bool:
    """Return whether the lines below the first are a whole attribution: the first has own words then."""
    first = lines[at].rstrip()
    if _ends_with_day(first) or first.endswith(",") or _ABBREVIATED.search(first[-_LONGEST_END:]):
        return False
    rest = " ".join(line[:MAX_LINE_LENGTH].strip() for line in lines[at + 1 : at + count])
    if rest[:1].isdigit() and _is_begun_date(lines[at][column:MAX_LINE_LENGTH]):
        return False
    complete = bool(DATE.search(rest)) and is_attribution(rest, quoted_next=True, open_end=True)
    return complete and (has_address(rest) or _other_words(rest)[1] > 0)


def _own_words_end(line: str) -> tuple[int, ...]:
    """Return the column behind own words before "Name <address>" with a date behind it, if there are any."""
    verb = next((verb.start() for verb in _verbs(line)), 0)
    bracket = line.find("<", 0, verb)
    if bracket < 0 or not DATE.search(line, bracket) or _RESTART.search(line):
        return ()
    name = name_start(line[:bracket])
    return (name,) if name else ()


def _is_begun_date(line: str) -> bool:
    """Return whether a line is the beginning of a date, as "Am Mo., 4. März", and nothing else."""
    return bool(_START.match(line) and _DIGIT.search(line)) and _other_words(line) == (0, 0)


def _is_evidence(line: str) -> bool:
    """Return whether a line has a part of an attribution that a sentence seldom has."""
    return bool(DATE.search(line) or has_address(line)) or _ends_with_day(line) or _may_say_wrote(line)


def _ends_with_day(line: str) -> bool:
    return bool(_DAY.search(line.rstrip()[-_LONGEST_END:]))


def _is_torn(lines: list[str], at: int, joined: str) -> bool:
    """Return whether a blank line tears an attribution apart before its address or verb, as Polymail does."""
    following = lines[at].strip() if at < len(lines) else ""
    verb = following.endswith(":") and bool(_verbs(following)) and len(following) < 20
    goes_on = following.startswith("<") or joined.endswith("<")
    goes_on = goes_on or (verb and (joined.endswith(">") or following.startswith(">")))
    return goes_on and bool(_START.match(joined) and DATE.search(joined))


@lru_cache(maxsize=64)  # several tests look at the same lines
def _may_say_wrote(text: str) -> bool:
    """Return whether a text may contain a word for "wrote": a cheap test before the full one."""
    text = text.lower()
    return any(map(text.__contains__, _ASCII_STEMS if text.isascii() else STEMS))


@lru_cache(maxsize=64)
def _verbs(text: str) -> tuple[re.Match[str], ...]:
    """Return the places of the words for "wrote"."""
    if not _may_say_wrote(text):
        return ()
    lower = text.lower()
    return tuple(WROTE.finditer(lower if len(lower) == len(text) else text))


def _may_end(piece: str, joined: str) -> bool:
    """Return whether an attribution may end with the last piece: by a colon, a verb, or address and time."""
    if joined[:4].isdigit() or piece.rstrip(_EDGES).endswith((":", "：")) or _may_say_wrote(joined):
        return True
    return "@" in joined and bool(_CLOCK.search(joined))


def _ends_here(lines: list[str], at: int, count: int, joined: str, *, behind: bool) -> bool:
    following = next((line for line in lines[at + count : at + count + 4] if line.strip()), "")
    nearest = lines[at + count] if at + count < len(lines) else ""
    quoted_next = is_quoted(following) and not _CONTINUED.match(following)
    quoted_next = quoted_next or (following.startswith(("| ", "-", "#", "_", "=")) and _opens(following))
    open_end = not nearest.strip(_EDGES) or quoted_next or bool(label(following))
    whole = open_end or quoted_next or (joined.endswith(":") and bool(_CLOCK.search(joined)))
    dated = DATE.search(joined) or (quoted_next and "<" in joined and has_address(joined))
    if behind and not ((dated and whole) or _QUOTING.match(joined)):
        return False
    return is_attribution(joined, quoted_next, open_end)


def _opens(line: str) -> bool:
    return line.startswith("|") or is_separator(line)


def _may_wrap(first: str) -> bool:
    """Return whether a line may begin an attribution that goes on: it ends no sentence."""
    if not _is_evidence(first) and not (_START.match(first) and first.rstrip().endswith(",")):
        return False
    if not first.rstrip().endswith((".", "!", "?", ":")):
        return True
    return bool(_ABBREVIATED.search(first.rstrip()[-_LONGEST_END:])) or _ends_with_day(first)


def is_attribution(text: str, quoted_next: bool, open_end: bool) -> bool:
    """Return whether a line, or several joined lines, are the attribution of a quotation.

    `quoted_next`: lines with ">" follow; `open_end`: a blank line, a header block or nothing follows.
    """
    text = text.replace("&lt;", "<").replace("&gt;", ">").strip(_EDGES)
    if _QUOTING.match(text):
        return True
    if _GMAIL_WITHOUT_COLON.match(text) and (open_end or quoted_next):
        return True
    ends = text.endswith((":", "：", ":*"))
    verb = next(iter(_verbs(text)[-1:]), None)
    addressed = has_address(text)
    if not (verb or ends or (quoted_next and addressed and _CLOCK.search(text))):
        return False
    has_date = bool(DATE.search(text))
    unknown, names = _other_words(text)
    if unknown > _MAX_UNKNOWN or names > _MAX_NAMES:
        return False
    if verb is None:
        return _is_without_verb(text, has_date and addressed, unknown, names, quoted_next=quoted_next)
    after = text[verb.end() :].rstrip(" :：-*")
    if not ends and after:
        german = has_date and bool(_GERMAN_START.match(text))
        return (open_end and german) or (quoted_next and has_date and bool(_START.match(text)))
    if not ends and not quoted_next and not (has_date and addressed):
        return has_date and open_end and bool(_START.match(text))
    if not has_date and not addressed:
        return quoted_next and ends and len(text) < 100 and unknown <= _MAX_NICKNAME
    return quoted_next or open_end or has_date or has_address(after[-80:])


def _is_without_verb(text: str, complete: bool, unknown: int, names: int, *, quoted_next: bool) -> bool:
    """Return whether a text without a word for "wrote" is an attribution; `complete`: date and address."""
    begins = bool(_START.match(text))
    if complete:
        return begins or (unknown == 0 and bool(_CLOCK.search(text)))
    return quoted_next and unknown == 0 and 0 < names < 5 and bool(DATE.search(text) and _CLOCK.search(text))


def _other_words(text: str) -> tuple[int, int]:
    """Return the numbers of unknown words in lower case and of names; too many if the text is a sentence."""
    if _RESTART.search(text):
        return _MAX_UNKNOWN + 1, 0
    plain = text
    for verb in reversed(_verbs(text)):
        plain = f"{plain[: verb.start()]} {plain[verb.end() :]}"
    plain = _ASIDE.sub(" ", plain)
    plain = EMAIL.sub(" ", plain) if "@" in plain else plain
    if has_sentence_end(plain):
        return _MAX_UNKNOWN + 1, 0
    unknown = names = 0
    for number, word in enumerate(plain.replace(",", " ").replace("/", " ").split()):
        bare = word.strip("\"'„“”‘’«»<>()[]{}*_~|;:：.-–—=+&…").lower()
        if not bare or any(map(str.isdigit, bare)):
            continue
        if number == 0 and bare in SENTENCE_STARTS and not _START.match(text):
            return _MAX_UNKNOWN + 1, 0
        if bare in CONNECTING:
            continue
        if not bare.islower() or not word.strip("\"'„“”‘’«»<>()[]*_").islower():
            names += 1
        elif fold(bare) in STOPWORDS - OFFICES or word.endswith(("!", "?")):
            return _MAX_UNKNOWN + 1, 0
        else:
            unknown += 1
    return unknown, names


def _behind_colon(text: str) -> str:
    """Return the quoted text that follows the colon of an attribution in the same line, or ""."""
    verb = next(iter(_verbs(text)), None)
    for colon in islice(_COLON.finditer(text, verb.end()), _MAX_STARTS) if verb else ():
        before, rest = text[: colon.end()], text[colon.end() :]
        if not rest.strip() or not DATE.search(before):
            continue
        certain = "<" in before and has_address(before)
        glued = not rest[0].isspace() and bool(_CLOCK.search(before))
        marked = rest.lstrip().startswith("> ")
        if (certain or glued or marked) and is_attribution(before, quoted_next=False, open_end=True):
            return rest.strip()
    return ""


_FRAME = re.compile(r"[\s>]*-{2,}[ \t]*(\S.{0,200}?)[ \t]*-{2,}\s*$")


def is_framed_attribution(line: str) -> bool:
    """Return whether a line is an attribution between rules, as "---- Lena Lehrerin schrieb ----"."""
    match = _FRAME.match(line[:MAX_LINE_LENGTH])
    if match is None or not _verbs(match[1]):
        return False
    unknown, names = _other_words(match[1])
    return unknown <= _MAX_NICKNAME and names <= _MAX_NAMES


_GROUPWISE = re.compile(r"\s?>>> ?(.{3,300}?)(>>>\s*)?$")


def is_groupwise_attribution(lines: list[str], at: int) -> bool:
    """Return whether a line is the attribution of GroupWise: ">>>", name and date, and text without ">"."""
    line = lines[at][:MAX_LINE_LENGTH]
    match = _GROUPWISE.match(line) if ">>>" in line[:4] else None
    if match is None or not DATE.search(match[1]):
        return False
    near = [line for line in (*lines[max(0, at - 1) : at], *lines[at + 1 : at + 3]) if line.strip()]
    if any(is_quoted(line) for line in near):
        return False
    return bool(match[2]) or is_attribution(match[1], quoted_next=True, open_end=True)
