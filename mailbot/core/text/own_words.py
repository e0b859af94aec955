"""Find where an attribution begins behind own words in its line, as in "Ja, danke. Am 3.11. schrieb ...".

Most attributions begin with a word for "on" and a date. Others begin with a name or a date; then words
before them must differ from a name.
"""

import re

from mailbot.core.text.attribution_words import (
    BEFORE_DAY,
    CONNECTING,
    MONTHS,
    OFFICES,
    SHORT_ANSWERS,
    START,
    WEEKDAYS,
    verbs,
)
from mailbot.core.text.header_block import DATE
from mailbot.core.text.sentence_end import SENTENCE_END, is_abbreviation
from mailbot.core.text.words import STOPWORDS, fold

_LONGEST_DAY = 16  # characters of a weekday and the blanks behind it
_MAX_STARTS = 4  # places in a line at which an attribution may begin
EDGES = " \t\xa0\u202f*_-\u2010\u2011\u2012\u2013\u2014\u200b\u200e\u200f\u202a\u202b\u202c"

BEGINS = re.compile(
    rf"[\s>*_\-\"'\u2010-\u2015\u200e\u200f\u202a-\u202e]*(?:(?:{START}|zitat von|quoting)(?!\w)"
    r"|\d|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,. ]|(?:mo|di|mi|do|fr|sa|so)[.,] "
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|\w{2,13}[.,]{1,2} +\d{1,2}[. ])",
    re.I,
)
"""The beginning of an attribution at the start of a line."""
_ON = re.compile(rf"\s*(?:{START})(?!\w)", re.I)
_ON_ALONE = re.compile(rf"\s*(?:{START})\s*", re.I)
# Own words may touch it: Roundcube, which answers below the quotation by default, puts the cursor there.
BEGINS_LATER = re.compile(
    r"[^<>](?:(?:Am|On|Le|El|Il|Op|Den|Em|Dnia|W dniu|Dne|На|Στις|Vào|Pada|În)\s+"
    rf"{BEFORE_DAY}\d|(?<!\w)(?:Zitat von|Quoting|Wiadomość napisana przez)\s+[^\W\d_])"
)
"""A capital word for "on" directly before a date, within a line."""
# The same in lower case, and a weekday, is a part of many sentences: only a whole attribution may follow.
_LOWER_RESTART = re.compile(
    rf"(?<![\w-])(?:(?:am|on|le|el|en|il|op|den|em|po|dne)\s+{BEFORE_DAY}|(?:{WEEKDAYS})[.,]*\s+)\d", re.I
)
_FULL_DATE = re.compile(
    rf"(?<![\w.,:/+-])(?:\d{{1,2}}\.?\s+(?:{MONTHS})[.,]*\s+\d{{4}}|\d{{1,2}}[./]\s?\d{{1,2}}[./]\s?\d{{2,4}}"
    r"|\d{4}-\d\d-\d\d)\D{1,6}\d{1,2}[:.]\d{2}",
    re.I,
)
_WEEKDAY_BEFORE = re.compile(rf"(?<!\w)(?:{WEEKDAYS})[.,]*\s+$", re.I)
# What ends a short answer before the name in "Jana Beispiel <...> schrieb": no name contains it.
_ANSWER_END = re.compile(
    r"(?:(?<!\S)#\w{2,30}|\d\.?|[:;]-?[()DP]|[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?)\s+(?=[^\W\d_])"
)
_ANSWER = re.compile(rf"\s*(?:(?:{'|'.join(sorted(SHORT_ANSWERS))})(?!\w),?[.!]*\s+)++(?<!, )", re.I)
_NAME = re.compile(r"\"?(?:[^\W\d_]\S{0,40},? +){1,2}")
_AUXILIARY = re.compile(r"\s(?:hat|heeft|har|has|ha|a)\s*$")  # belongs to "geschrieben" behind the date
_NAME_AFTER_DATE = re.compile(r"@|(?!Uhr|[AP]M\b|[A-Z]{2,4}T\b|UTC|MEZ)[^\W\d_a-z]")
_NAME_BEFORE_DATE = re.compile(rf"[<@]|(?<!\w)(?:{START}) +$|, *$", re.I)
_DATE_OR_ADDRESS = re.compile(r"[^\s@]{1,60}@|\S{1,12}[.,]* +\d")
_GLUED = re.compile(r"(?<=[^\W\d_])[.!?]+(?=[^\W\d_a-z][^\W\d_]|\d{1,2}[. ])")
_DIGIT = re.compile(r"\d")

_TOKEN = re.compile(r"\S+")
_AROUND_WORD = " \t\xa0*_-–—.,:;!?()\"'"
_LONG_DAYS = frozenset(day for day in WEEKDAYS.split("|") if len(day) > 5)  # the short ones are in names
_OF_SENTENCES = STOPWORDS - CONNECTING - OFFICES


def is_begun(line: str) -> bool:
    """Return whether a text is nothing but the word for "on" with which an attribution begins."""
    return bool(_ON_ALONE.fullmatch(line))


def later_starts(line: str) -> list[int]:
    """Return the columns behind own words at which an attribution may begin in the same line."""
    columns = {match.start() + 1 for match in BEGINS_LATER.finditer(line)}
    for match in SENTENCE_END.finditer(line):
        if not is_abbreviation(line, match) and (
            not line[match.end()].islower() or _DATE_OR_ADDRESS.match(line, match.end())
        ):
            columns.add(match.end())
    return sorted(columns)[-_MAX_STARTS:]


def glued_starts(line: str) -> tuple[int, ...]:
    """Return the column behind a sentence that touches the attribution, as in "Danke!Jana <...> schrieb"."""
    verb = next((verb.start() for verb in verbs(line)), 0)
    end = line.find("@", 0, verb) if "@" in line[:verb] else verb
    return tuple(match.end() for match in _GLUED.finditer(line, 0, end) if not is_abbreviation(line, match))[
        -1:
    ]


def answer_end(line: str) -> tuple[int, ...]:
    """Return the column behind a short answer that would pass for a part of the attribution, if any.

    "Ja Jana Beispiel <...> schrieb" has no sign that an answer ends, nor has "Raum 204 am 3.11.2026 schrieb".
    """
    verb = next((verb.start() for verb in verbs(line)), 0)
    if not verb or BEGINS.match(line) or BEGINS_LATER.search(line):
        return ()
    name = line[: verb if (bracket := line.find("<", 0, verb)) < 0 else bracket]
    date = _LOWER_RESTART.search(name)
    if date is not None:
        last = max(digit.end() for digit in _DIGIT.finditer(line, 0, verb))
        named = _NAME_AFTER_DATE.search(line, last)
        named = None if _AUXILIARY.search(name[: date.start()]) else named
        return (date.start(),) if named and name[: date.start()].strip(EDGES + ">") else ()
    if DATE.search(name):
        return ()
    ends = [match.end() for match in _ANSWER_END.finditer(name)]
    if (answer := _ANSWER.match(name)) and _NAME.fullmatch(name, answer.end()):
        ends.append(answer.end())
    return (max(ends),) if ends else ()


def date_start(line: str) -> tuple[int, ...]:
    """Return the column of a date and time behind own words, if a name or an address follows it.

    "2 Stück reichen 4. März 2024, 10:15 von jana@...:" begins with a digit, as such an attribution does.
    """
    if _ON.match(line) or BEGINS_LATER.search(line) or not (date := _FULL_DATE.search(line)):
        return ()
    weekday = _WEEKDAY_BEFORE.search(line, max(0, date.start() - _LONGEST_DAY), date.start())
    start = weekday.start() if weekday else date.start()
    if _NAME_BEFORE_DATE.search(line, 0, start) or not _NAME_AFTER_DATE.search(line, date.end()):
        return ()
    words = [word.strip(_AROUND_WORD).lower() for word in line[:start].split()]
    own = [word for word in words if word not in CONNECTING]
    known = len(own) > 1 or (own and own[0] in SHORT_ANSWERS)
    return (start,) if known and not verbs(line[:start]) else ()


def own_words_end(line: str) -> tuple[int, ...]:
    """Return the column behind own words before a name and a date, if there are any."""
    verb = next(iter(verbs(line)), None)
    bracket = line.find("<", 0, verb.start() if verb else 0)
    end = bracket if bracket >= 0 else verb.start() if verb else -1
    if end < 0 or not DATE.search(line, end) or BEGINS_LATER.search(line):
        return ()
    if bracket < 0 and DATE.search(line, 0, end):
        return ()
    name = _name_start(line[:end])
    return (name,) if name else ()


def _name_start(before: str) -> int:
    """Return the position of the name in the text before an address, or 0 if no own words are before it.

    No name has a digit, a word of a sentence or a day; other words in lower case are the author's own only if
    there is one of these, since names are written in lower case, too.
    """
    words = list(_TOKEN.finditer(before))
    certain = [number for number, word in enumerate(words) if _is_own_word(word[0])]
    if not certain or words[certain[-1]][0].endswith(","):
        return 0
    others = (number for number, word in enumerate(words) if _is_in_no_name(word[0]))
    following = max(certain[-1], *others, 0) + 1
    return words[following].start() if following < len(words) else 0


def _is_own_word(word: str) -> bool:
    bare = word.strip(_AROUND_WORD).lower()
    if any(map(str.isdigit, bare)) or bare == "uhr" or bare in SHORT_ANSWERS or bare in _LONG_DAYS:
        return True
    return "@" in word or word.endswith(("!", "?")) or (word.islower() and fold(bare) in _OF_SENTENCES)


def _is_in_no_name(word: str) -> bool:
    return not any(map(str.isalnum, word)) or (word.islower() and word not in CONNECTING)
