"""Split a mail's text into new text, signature and quotation, in linear time.

When in doubt, text is kept: showing a quotation does less harm than losing a sentence.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailbot.core.text.attribution import (
    attribution_length,
    is_forward_marker,
    is_header_block,
    is_quoted,
    is_separator,
    label,
    may_introduce,
)
from mailbot.core.text.signatures import contact_block, is_address, is_mobile_signature, is_signoff

# Marks that the HTML parser puts on lines of their own around the element that is marked as a signature.
SIGNATURE_BEGINS, SIGNATURE_ENDS = "\ue003", "\ue004"

_DELIMITER = re.compile(r"\s?--[ \xa0]?\s*$")
_LOOSE_DELIMITER = re.compile(r"\s?[—–]\s*$|\s{0,3}_{3,}\s*$|\s{0,3}[-=\u2014\u2015]{20,}\s*$")
_RULE = re.compile(r"[\s>*_=~\-\u2010-\u2015\u2500]*$")
_NAME_AFTER_DASH = re.compile(r"\s{0,2}[-–—~/] ?[^\W\d_][\w.'-]{0,25}(?: [^\W\d_][\w.'-]{0,25}){0,3}\s*$")
_FRAMED = re.compile(r"\s*(?:-{9,}|-{3,}(?!-).{3,60}?-{3,})\s*$")  # a separator in an unknown language
_TORN_LINK = re.compile(r"\s*\(?<?https?://\S+(?:\s+>)?\s*$")
_ENDS_IN_LINK = re.compile(r"https?://\S+\s*$")
# Maximum non-empty lines of a signature after each kind of delimiter; more lines are text.
_SIGNATURE_LINES, _LOOSE_SIGNATURE_LINES, _LONG_LINE = 40, 15, 100
_MAX_LINES = 4_000  # lines that are searched for the beginning of a quotation


@dataclass(frozen=True, slots=True)
class SplitText:
    """The parts of a mail's text."""

    text: str
    signature: str = ""
    quoted: str = ""
    forwarded: bool = False


class _Is(Enum):
    TEXT = auto()
    BLANK = auto()
    QUOTED = auto()
    INTRODUCTION = auto()
    SIGNATURE = auto()
    MARK = auto()


def split(text: str, structured: bool = False) -> SplitText:
    """Split a text into new text, signature and quotation.

    `structured`: the ">" were derived from the structure of an HTML mail, not typed by the author.
    """
    lines = [line.rstrip("\r") for line in text.split("\n")]
    kinds, cut = _classify(lines)
    forwarded = _is_forwarded(lines, kinds, cut)
    shown = _shown(lines, kinds)
    new = [lines[at] for at in shown]
    signature = [lines[at] for at, kind in enumerate(kinds) if kind is _Is.SIGNATURE]
    quoted = _quoted(lines, kinds, set(shown))
    if not structured and _Is.QUOTED in kinds and not {_Is.TEXT, _Is.INTRODUCTION} & set(kinds):
        return SplitText(_tidy(quoted), _tidy(signature), _tidy(lines[cut:]), forwarded)
    quoted += lines[cut:]
    new, closing = _without_closing(new, answers=bool(quoted))
    if all(_RULE.match(line) for line in signature):
        signature = []
    return SplitText(_tidy(new), _tidy(closing + signature), _tidy(quoted), forwarded)


def _classify(lines: list[str]) -> tuple[list[_Is], int]:
    """Return the kind of each line, and the line at which a quoted mail without ">" begins."""
    kinds: list[_Is] = []
    while len(kinds) < len(lines):
        at = len(kinds)
        length = 1
        kind = _simple_kind(lines, at)
        if kind is _Is.TEXT and at < _MAX_LINES:
            if _begins_quoted_mail(lines, at):
                break
            if attribution := attribution_length(lines, at):
                kind, length = _Is.INTRODUCTION, attribution
                if not _quotation_follows(lines, at + length):
                    break
        kinds.extend([kind] * length)
        if kind is _Is.INTRODUCTION:
            _mark_bars(lines, kinds)
    cut = len(kinds)
    return _with_signatures(lines, kinds), cut


def _simple_kind(lines: list[str], at: int) -> _Is:
    line = lines[at]
    if not line.strip():
        return _Is.BLANK
    if line.strip() in (SIGNATURE_BEGINS, SIGNATURE_ENDS):
        return _Is.MARK
    if is_quoted(line) or (at and is_quoted(lines[at - 1]) and _is_wrapped_link(lines, at)):
        return _Is.QUOTED
    return _Is.SIGNATURE if is_mobile_signature(line) else _Is.TEXT


def _begins_quoted_mail(lines: list[str], at: int) -> bool:
    line = lines[at]
    if not may_introduce(line):
        return False
    if is_separator(line) or is_forward_marker(line) or is_header_block(lines, at):
        return True
    return bool(_FRAMED.match(line)) and at + 1 < len(lines) and is_header_block(lines, at + 1)


def _with_signatures(lines: list[str], kinds: list[_Is]) -> list[_Is]:
    """Return the kinds, with the lines after the delimiter of a signature marked as signature."""
    below = _filled_below(lines, kinds)
    out: list[_Is] = []
    signing = written = False
    for at, kind in enumerate(kinds):
        if kind in (_Is.QUOTED, _Is.INTRODUCTION):
            signing = False
        elif kind is _Is.MARK:
            signing = written and lines[at].strip() == SIGNATURE_BEGINS
        elif kind is _Is.TEXT and not signing:
            signing = written and _is_signature(lines, at, below[at])
            written = True
        out.append(_Is.SIGNATURE if signing and kind in (_Is.TEXT, _Is.BLANK) else kind)
    return out


def _is_signature(lines: list[str], at: int, filled: int) -> bool:
    """Return whether a signature begins here; after a mere rule, it must look like a signature."""
    if _DELIMITER.match(lines[at]):
        return filled <= _SIGNATURE_LINES
    if filled >= _LOOSE_SIGNATURE_LINES or not _LOOSE_DELIMITER.match(lines[at]):
        return False
    below = [line for line in lines[at + 1 : at + 3 * _LOOSE_SIGNATURE_LINES] if line.strip()]
    return filled == 0 or is_address(below[:filled])


def _filled_below(lines: list[str], kinds: list[_Is]) -> list[int]:
    """Return for each line the number of text lines between it and the next quotation.

    A long line counts as `_LOOSE_SIGNATURE_LINES` lines.
    """
    out, count = [0] * len(kinds), 0
    for at in range(len(kinds) - 1, -1, -1):
        if kinds[at] in (_Is.QUOTED, _Is.INTRODUCTION):
            count = 0
        out[at] = count
        if kinds[at] is _Is.TEXT:
            count += 1 if len(lines[at]) <= _LONG_LINE else _LOOSE_SIGNATURE_LINES
    return out


def _is_wrapped_link(lines: list[str], at: int) -> bool:
    """Return whether a line is the end of a quoted line that a program wrapped inside a link."""
    if at + 1 >= len(lines) or not is_quoted(lines[at + 1]):
        return False
    alone = len(lines[at].split()) == 1
    return bool(_TORN_LINK.match(lines[at]) or (alone and _ENDS_IN_LINK.search(lines[at - 1][-500:])))


def _mark_bars(lines: list[str], kinds: list[_Is]) -> None:
    """Mark lines with "|" after an attribution as quoted."""
    at = len(kinds)
    while at < len(lines) and (
        lines[at].startswith("|") or (not lines[at].strip() and _bar_follows(lines, at))
    ):
        kinds.append(_Is.QUOTED)
        at += 1


def _bar_follows(lines: list[str], at: int) -> bool:
    return any(line.startswith("| ") for line in lines[at + 1 : at + 2])


def _quotation_follows(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 4] if line.strip()), "")
    return is_quoted(following) or following.startswith("| ")


def _is_forwarded(lines: list[str], kinds: list[_Is], cut: int) -> bool:
    """Return whether the quoted mail was forwarded: it has a marker, or its header has no text above it."""
    if cut < len(lines) and (
        is_forward_marker(lines[cut]) or (_Is.TEXT not in kinds and bool(label(lines[cut])))
    ):
        return True
    first = next((at for at, kind in enumerate(kinds) if kind is _Is.QUOTED), None)
    return first is not None and any(is_forward_marker(line) for line in lines[first : first + 4])


def _shown(lines: list[str], kinds: list[_Is]) -> list[int]:
    """Return the numbers of the lines that are shown as text.

    A quotation at the end is left out, and one at the top with the answer below it. Quoted lines between
    answers stay, without the attribution, since the answers refer to them.
    """
    texts = [at for at, kind in enumerate(kinds) if kind is _Is.TEXT]
    quotes = [at for at, kind in enumerate(kinds) if kind is _Is.QUOTED]
    plain = [at for at, kind in enumerate(kinds) if kind in (_Is.TEXT, _Is.BLANK)]
    if not quotes:
        return plain
    if not texts:
        return []
    below = [at for at in texts if at > quotes[0]]
    above = texts[: len(texts) - len(below)]
    between = bool(below) and below[0] < quotes[-1]
    if below and not between and (not above or _is_ending([lines[at] for at in below])):
        return plain
    return [at for at in range(texts[-1] + 1) if kinds[at] in (_Is.TEXT, _Is.BLANK, _Is.QUOTED)]


def _quoted(lines: list[str], kinds: list[_Is], shown: set[int]) -> list[str]:
    quoted = (_Is.QUOTED, _Is.INTRODUCTION)
    return [lines[at] for at, kind in enumerate(kinds) if kind in quoted and at not in shown]


def _is_ending(lines: list[str]) -> bool:
    """Return whether the text below a quotation is only a closing formula."""
    return len(lines) <= 6 and is_signoff(lines[0])


def _without_closing(lines: list[str], answers: bool) -> tuple[list[str], list[str]]:
    """Split off the end of the text: a name after a dash, or contact details below the closing formula."""
    while lines and (not lines[-1].strip() or (answers and _RULE.match(lines[-1]))):
        lines = lines[:-1]
    if len(lines) > 2 and not lines[-2].strip() and _NAME_AFTER_DASH.match(lines[-1]):
        return lines[:-1], lines[-1:]
    at = contact_block(lines)
    return lines[:at], lines[at:]


def _tidy(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", text)
