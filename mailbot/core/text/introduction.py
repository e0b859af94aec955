"""Find the introduction above the quotation of a known mail: an attribution or a header block.

The names and addresses of the quoted mail are known, so introductions in every language are recognised.
"""

import re
from collections.abc import Collection, Sequence

from mailbot.core.text.attribution import is_attribution
from mailbot.core.text.header_block import (
    MAX_LINE_LENGTH,
    is_forward_marker,
    is_header_block,
    is_separator,
    label,
)

_MAX_LINES = 16
_MAX_WRAPPED = 4
_MAX_BLANK = 3
_MAX_LENGTH = 400
_DATED = re.compile(r"\d{1,2}[:.h]\d{2}|(?<!\d)20[0-4]\d(?!\d)")
_FIELD = re.compile(r"[\s>*|]{0,6}[^\W\d][^:：\t]{0,30}[:：\t]")
_RULE = re.compile(r"[\s>|*_=~\-\u2010-\u2015\u2500]*$|[\s>]*-{3,}+.{3,60}?-{3,}+\s*$")
_MARKS = re.compile(r"\n[\s>|*]*")


def introduction_start(lines: list[str], first: int, names: Collection[str]) -> int:
    """Return the line at which the introduction of the quotation at line `first` begins, or `first`.

    `names` are the names and addresses in the header of the quoted mail.
    """
    known = [name.casefold() for name in names if len(name) > 2]
    end = first
    while (
        end and first - end < _MAX_BLANK and (_RULE.match(lines[end - 1]) or _is_title(lines[end - 1], known))
    ):
        end -= 1
    if not end:
        return 0
    start = min(_header_start(lines, end, known), _attribution_start(lines, end, known))
    if start == end:
        return first
    while start and lines[start - 1].strip("> ") and _RULE.match(lines[start - 1]):
        start -= 1
    return start


def _is_title(line: str, known: Sequence[str]) -> bool:
    """Return whether a line is the subject of the quoted mail without its tag."""
    title = line.strip("> ").casefold()
    return len(title) > 5 and any(name.endswith(title) for name in known)


def _header_start(lines: list[str], end: int, known: Sequence[str]) -> int:
    """Return the first line of a header block that ends at `end`, or `end`."""
    begin = max(0, end - _MAX_LINES)
    for at in range(begin, end):
        begins = is_separator(lines[at]) or is_forward_marker(lines[at]) or is_header_block(lines, at)
        if begins and _is_header(lines, at + 1, end):
            return at
    start = end
    while start > begin and _FIELD.match(lines[start - 1]):
        start -= 1
    block = [line.casefold() for line in lines[start:end]]
    return start if sum(any(name in line for name in known) for line in block) >= 2 else end


def _is_header(lines: Sequence[str], start: int, end: int) -> bool:
    """Return whether all paragraphs of these lines, except the first, begin with a header field."""
    firsts = (lines[at] for at in range(start, end) if not lines[at - 1].strip("> "))
    return all(not line.strip("> ") or bool(label(line)) for line in firsts)


def _attribution_start(lines: Sequence[str], end: int, known: Sequence[str]) -> int:
    """Return the first line of an attribution that ends at `end`, or `end`."""
    found = end
    for start in range(end - 1, max(-1, end - 1 - _MAX_WRAPPED), -1):
        if not lines[start].strip("> "):
            break
        text = _MARKS.sub(" ", "\n" + "\n".join(line[:MAX_LINE_LENGTH] for line in lines[start:end])).strip()
        if len(text) > _MAX_LENGTH:
            break
        if is_attribution(text, quoted_next=True, open_end=True) or _names_the_mail(text, known):
            found = start
            if _DATED.search(text):
                break
    while 0 < found < end and end - found < _MAX_WRAPPED and _continues(lines, found):
        found -= 1
    return found


def _names_the_mail(text: str, known: Sequence[str]) -> bool:
    folded = text.casefold()
    named = any(name in folded for name in known)
    return named and (bool(_DATED.search(text)) or text.endswith((":", "：")))


def _continues(lines: Sequence[str], start: int) -> bool:
    """Return whether the line above an attribution is its first part, with the date."""
    above = lines[start - 1].strip("> ")
    return bool(_DATED.search(above)) and not above.endswith((".", "!", "?", ":")) and len(above) < 90
