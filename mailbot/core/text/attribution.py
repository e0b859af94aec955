"""Recognise the attribution of a quotation, such as "Am 4. März 2024 um 10:15 schrieb Lena Lehrerin:".

An attribution consists of a date, a name, an address and a word for "wrote". It may begin behind own words
in a line, may be wrapped, and the quoted text may follow behind its colon. A sentence by a person has other
words as well, and stays text. Each test reads a bounded part of the text, so the total time is linear.
"""

import re
from dataclasses import dataclass, replace
from itertools import islice

from mailbot.core.text.attribution_words import (
    CONNECTING,
    DAY_WORD,
    OFFICES,
    SENTENCE_STARTS,
    may_say_wrote,
    verbs,
)
from mailbot.core.text.given_names import is_given_name
from mailbot.core.text.header_block import (
    DATE,
    EMAIL,
    MAX_LINE_LENGTH,
    has_address,
    is_quoted,
    is_separator,
    label,
)
from mailbot.core.text.no_names import is_no_name
from mailbot.core.text.own_words import (
    BEGINS,
    BEGINS_LATER,
    EDGES,
    answer_end,
    date_start,
    glued_starts,
    is_begun,
    later_starts,
    own_words_end,
)
from mailbot.core.text.sentence_end import has_sentence_end
from mailbot.core.text.words import STOPWORDS, fold

_MAX_WRAPPED = 6  # lines over which an attribution may be wrapped
_MAX_SIGNED = 60  # lines in which the name below a quoted text is searched
_SHORTEST_WRAPPED = 60  # characters of a line that programs wrap
_MAX_COLONS = 4  # of a line behind which quoted text may begin
_MAX_SEPARATED = 50  # lines in which an attribution behind own words is searched
_MAX_UNKNOWN, _MAX_NICKNAME = 5, 2  # words in lower case that may belong to a name or an unknown language
_MAX_NAMES = 14
_MAX_BARE = 4  # words of a name without date and address

_DIGIT, _DIGIT_OR_AT = re.compile(r"\d"), re.compile(r"[\d@]")
_GERMAN_START = re.compile(r"[\s>*-]*am\s+(?:\w+[.,]*\s+){0,3}\d", re.I)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)|\d ?[ap]\.?m\b", re.I)
_GMAIL_WITHOUT_COLON = re.compile(
    r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} (?:\d{1,2}:\d{2} (?:GMT|UTC)[+-]\d|.{0,80}<[^<>\s]+@[^<>\s]+>\s*$)"
)
_ON_DATE = r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2,4},?|\d{1,2}\.? [^\W\d_]{3,10}\.? \d{4},?"
_AT_TIME = r"(?: um| at| à)? \d{1,2}[:.]\d{2}(?: Uhr)?"
_NEXTCLOUD = re.compile(
    rf"\"[^\"]{{1,80}}\" <?[^\s<>@]{{1,100}}@[^\s<>@]{{1,100}}>? [–-] (?:{_ON_DATE}){_AT_TIME}$"
)
_NAME_AND_DATE = re.compile(
    rf"[>\s]*\"?([^\W\d_a-z][\w.'’-]{{1,30}}(?: [^\W\d_a-z][\w.'’-]{{1,30}}){{1,3}})\"?,? (?:[–-] )?"
    rf"(?:{_ON_DATE}){_AT_TIME}:\s*$"
)
_QUOTING = re.compile(r"\s*(?:zitat von|quoting)\s.{1,150}:\s*$", re.I)
_DAY = re.compile(r"(?<!\d)\d{1,2}\.$")
_ABBREVIATED = re.compile(rf"\b(?:{DAY_WORD}|kl|г|р|м|godz|időpont: \d\d\d\d|[ap]\.m|π\.μ|μ\.μ)\.$", re.I)
_LONGEST_END = 20  # characters of the longest of these
_COLON = re.compile(r"[:：](?!\d|//)")
_ASIDE = re.compile(
    r"\([^()]{0,100}\)|\"[^\"]{0,100}\"|<[^<>]{0,200}>|\[[^\[\]]{0,200}\]|[„“][^“”]{0,100}[“”]"
)
# Bounces have the header of the returned mail in their text: such lines have dates and addresses.
_FIELD_OF_MAIL = re.compile(
    r"(?:X-|Content-|Message-I|Return-[Pp]|Delivered-T|Received:|M[Ii][Mm][Ee]-|DKIM-|ARC-|Authentication-R|Thread-)"
    r"|[ \t]+(?:by|for|id|with|from|\((?:envelope-from|using|version|from)) "
)
_CONTINUED = re.compile(r">\s*[:,]|> (?=.{1,20}:\s*$)")


@dataclass(frozen=True, slots=True)
class Attribution:
    """The place of an attribution: own text before `column` of its first line, quoted text in `rest`."""

    lines: int
    column: int = 0
    rest: str = ""


def may_be_attribution(lines: list[str], at: int) -> bool:
    """Return whether an attribution may begin in the line at `at`, by a cheap test."""
    line = lines[at][:MAX_LINE_LENGTH]
    if _FIELD_OF_MAIL.match(line):
        return False
    if not (_DIGIT_OR_AT.search(line) or may_say_wrote(line) or line.rstrip().endswith(",")):
        return _is_wrapped_name(lines, at)
    if line.rstrip(EDGES).endswith((":", "：")) or line[:4].isdigit():
        return True
    near = " ".join(line[:MAX_LINE_LENGTH] for line in lines[at : at + _MAX_WRAPPED])
    return may_say_wrote(near) or ("@" in near and bool(DATE.search(near)))


def find_attribution(lines: list[str], at: int) -> Attribution | None:
    """Return the attribution that begins in the line at `at`; None if there is none."""
    line = lines[at][:MAX_LINE_LENGTH]
    answer = (*own_words_end(line), *answer_end(line))
    quoted_next = at + 1 < len(lines) and is_quoted(lines[at + 1])
    if "<" not in line and answer and not quoted_next and _from(lines, at, 0) is None:
        answer = ()  # rather a sentence
    before = (*glued_starts(line), *answer, *date_start(line))
    for column in (*before, 0, *later_starts(line)):
        found = _from(lines, at, column)
        if found is not None:
            return replace(found, column=0) if is_begun(line[:column]) else found
    return Attribution(1) if _is_above_signed_text(lines, at) else None


def _is_above_signed_text(lines: list[str], at: int) -> bool:
    """Return whether a line is a name and a date below own words, above a text that has the same name.

    Without the name below, it may be a heading: people write "Elternabend Aula, 4.3.2024 19:00:", too.
    Several such lines are a list of the author, and so is one below a line that ends with a colon.
    """
    found = _NAME_AND_DATE.match(lines[at][:MAX_LINE_LENGTH])
    above = next((line.rstrip() for line in reversed(lines[:at]) if line.strip()), "")
    if found is None or not above or above.endswith(":") or not is_given_name(found[1].split()[0]):
        return False
    near = lines[max(0, at - _MAX_SIGNED) : at + _MAX_SIGNED]
    if sum(bool(_NAME_AND_DATE.match(line[:MAX_LINE_LENGTH])) for line in near) > 1:
        return False
    names = {found[1].casefold(), *found[1].casefold().split()}
    return any(line.strip(EDGES + ",").casefold() in names for line in lines[at + 1 : at + _MAX_SIGNED])


def on_own_lines(lines: list[str]) -> list[str]:
    """Return the lines with each attribution that begins behind own words on a line of its own."""
    found: list[str] = []
    tests = _MAX_SEPARATED
    for at, line in enumerate(lines):
        column = 0
        if tests and BEGINS_LATER.search(line[:MAX_LINE_LENGTH]):
            tests -= 1
            attribution = find_attribution(lines, at)
            column = attribution.column if attribution and line[:1] != ">" else 0
        found += [line[:column].rstrip(), line[column:]] if column else [line]
    return found


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
            if wraps is None:
                wraps = _may_wrap(first) or (not column and _is_wrapped_name(lines, at))
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
    if rest[:1] in ("<", "("):
        return False  # the name is above
    if rest[:1].isdigit() and _is_begun_date(lines[at][column:MAX_LINE_LENGTH]):
        return False
    complete = bool(DATE.search(rest)) and is_attribution(rest, quoted_next=True, open_end=True)
    return complete and (has_address(rest) or _other_words(rest)[1] > 0)


def _is_begun_date(line: str) -> bool:
    """Return whether a line is the beginning of a date, as "Am Mo., 4. März", and nothing else."""
    return bool(BEGINS.match(line) and _DIGIT.search(line)) and _other_words(line) == (0, 0)


def _is_evidence(line: str) -> bool:
    """Return whether a line has a part of an attribution that a sentence seldom has."""
    return bool(DATE.search(line) or has_address(line)) or _ends_with_day(line) or may_say_wrote(line)


def _ends_with_day(line: str) -> bool:
    return bool(_DAY.search(line.rstrip()[-_LONGEST_END:]))


def _is_torn(lines: list[str], at: int, joined: str) -> bool:
    """Return whether a blank line tears an attribution apart before its address or verb, as Polymail does."""
    following = lines[at].strip() if at < len(lines) else ""
    verb = following.endswith(":") and bool(verbs(following)) and len(following) < 20
    goes_on = following.startswith("<") or joined.endswith("<")
    goes_on = goes_on or (verb and (joined.endswith(">") or following.startswith(">")))
    return goes_on and bool(BEGINS.match(joined) and DATE.search(joined))


def _may_end(piece: str, joined: str) -> bool:
    """Return whether an attribution may end with the last piece: by a colon, a verb, or address and time."""
    if joined[:4].isdigit() or piece.rstrip(EDGES).endswith((":", "：")) or may_say_wrote(joined):
        return True
    return "@" in joined and bool(_CLOCK.search(joined))


def _ends_here(lines: list[str], at: int, count: int, joined: str, *, behind: bool) -> bool:
    following = next((line for line in lines[at + count : at + count + 4] if line.strip()), "")
    nearest = lines[at + count] if at + count < len(lines) else ""
    quoted_next = is_quoted(following) and not _CONTINUED.match(following)
    quoted_next = quoted_next or (following.startswith(("| ", "-", "#", "_", "=")) and _opens(following))
    open_end = not nearest.strip(EDGES) or quoted_next or bool(label(following))
    whole = open_end or quoted_next or (joined.endswith(":") and bool(_CLOCK.search(joined)))
    dated = DATE.search(joined) or ("<" in joined and has_address(joined))
    if behind and not ((dated and whole) or _QUOTING.match(joined) or (quoted_next and _is_bare(joined))):
        return False
    return is_attribution(joined, quoted_next, open_end)


def _is_bare(text: str) -> bool:
    """Return whether a text is a name and a word for "wrote", as "Lena Lehrerin schrieb:"."""
    verb = next(iter(verbs(text)), None)
    if verb is None or text[verb.end() :].strip(EDGES) != ":":
        return False
    names = text[: verb.start()].split()
    return 0 < len(names) <= _MAX_BARE and all(name[0].isupper() and not is_no_name(name) for name in names)


def _opens(line: str) -> bool:
    return line.startswith("|") or is_separator(line)


def _may_wrap(first: str) -> bool:
    """Return whether a line may begin an attribution that goes on: it ends no sentence."""
    if not _is_evidence(first) and not (BEGINS.match(first) and first.rstrip().endswith(",")):
        return False
    if not first.rstrip().endswith((".", "!", "?", ":")):
        return True
    return bool(_ABBREVIATED.search(first.rstrip()[-_LONGEST_END:])) or _ends_with_day(first)


def _is_wrapped_name(lines: list[str], at: int) -> bool:
    """Return whether a line is a name whose address follows on the next line, which it did not fit into."""
    address = next(iter(lines[at + 1].split(maxsplit=1)), "") if at + 1 < len(lines) else ""
    if (
        address[:1] not in ("<", "(")
        or not has_address(address)
        or len(lines[at]) + len(address) < _SHORTEST_WRAPPED
    ):
        return False
    unknown, names = _other_words(lines[at][:MAX_LINE_LENGTH])
    return unknown == 0 and 0 < names <= _MAX_NAMES


def is_attribution(text: str, quoted_next: bool, open_end: bool) -> bool:
    """Return whether a line, or several joined lines, are the attribution of a quotation.

    `quoted_next`: lines with ">" follow; `open_end`: a blank line, a header block or nothing follows.
    """
    text = text.replace("&lt;", "<").replace("&gt;", ">").strip(EDGES)
    if _QUOTING.match(text):
        return True
    if (_GMAIL_WITHOUT_COLON.match(text) or _NEXTCLOUD.match(text)) and (open_end or quoted_next):
        return True
    ends = text.endswith((":", "：", ":*"))
    verb = next(iter(verbs(text)[-1:]), None)
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
        return (open_end and german) or (quoted_next and has_date and bool(BEGINS.match(text)))
    if not ends and not quoted_next and not (has_date and addressed):
        return has_date and open_end and bool(BEGINS.match(text))
    if not has_date and not addressed:
        return quoted_next and ends and len(text) < 100 and unknown <= _MAX_NICKNAME
    return quoted_next or open_end or has_date or has_address(after[-80:])


def _is_without_verb(text: str, complete: bool, unknown: int, names: int, *, quoted_next: bool) -> bool:
    """Return whether a text without a word for "wrote" is an attribution; `complete`: date and address."""
    begins = bool(BEGINS.match(text))
    if complete:
        return begins or (unknown == 0 and bool(_CLOCK.search(text)))
    return quoted_next and unknown == 0 and 0 < names < 5 and bool(DATE.search(text) and _CLOCK.search(text))


def _other_words(text: str) -> tuple[int, int]:
    """Return the numbers of unknown words in lower case and of names; too many if the text is a sentence."""
    if BEGINS_LATER.search(text):
        return _MAX_UNKNOWN + 1, 0
    plain = text
    for verb in reversed(verbs(text)):
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
        if number == 0 and bare in SENTENCE_STARTS and not BEGINS.match(text):
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
    verb = next(iter(verbs(text)), None)
    for colon in islice(_COLON.finditer(text, verb.end()), _MAX_COLONS) if verb else ():
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
    if match is None or not verbs(match[1]):
        return False
    unknown, names = _other_words(match[1])
    return unknown <= _MAX_NICKNAME and names <= _MAX_NAMES


_GROUPWISE = re.compile(r"\s?>>> ?(.{3,300}?)(>>>\s*)?$")


def _ends_groupwise(following: list[str]) -> bool:
    """Return whether the line that follows is the end of a wrapped attribution of GroupWise."""
    return any(len(line) < _SHORTEST_WRAPPED + 40 and line.rstrip().endswith(" >>>") for line in following)


def is_groupwise_attribution(lines: list[str], at: int) -> bool:
    """Return whether a line is the attribution of GroupWise: ">>>", name and date, and text without ">"."""
    line = lines[at][:MAX_LINE_LENGTH]
    if ">>>" not in line[:4]:
        return False
    end = at + 1
    if not line.rstrip().endswith((">>>", ":")) and _ends_groupwise(lines[end : end + 1]):
        line, end = f"{line} {lines[end].strip()}", end + 1
    match = _GROUPWISE.match(line)
    if match is None or not DATE.search(match[1]):
        return False
    near = [line for line in (*lines[max(0, at - 1) : at], *lines[end : end + 2]) if line.strip()]
    if any(is_quoted(line) for line in near):
        return False
    return bool(match[2]) or is_attribution(match[1], quoted_next=True, open_end=True)
