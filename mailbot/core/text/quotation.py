"""Split a mail's text into new text, signature and quotation, in linear time.

When in doubt, text is kept: showing a quotation does less harm than losing a sentence.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailbot.core.text.attribution import (
    Attribution,
    find_attribution,
    is_framed_attribution,
    is_groupwise_attribution,
    may_be_attribution,
)
from mailbot.core.text.container import is_introduced, opened_container, separated
from mailbot.core.text.header_block import (
    header_length,
    is_forward_marker,
    is_header_block,
    is_quoted,
    is_separator,
    is_separator_without_rule,
    label,
    may_introduce,
)
from mailbot.core.text.no_names import is_no_name
from mailbot.core.text.program_lines import banner_length, ends_scanner_notice, is_program_line
from mailbot.core.text.signatures import contact_block, is_address, is_signoff, notices

# Marks that the HTML parser puts on lines of their own around the element that is marked as a signature.
SIGNATURE_BEGINS, SIGNATURE_ENDS = "\ue003", "\ue004"
# The mark that the HTML parser puts before each line of an indented block, which may be a quotation.
INDENTED = "\ue005"

_DELIMITER = re.compile(r"\s?--[ \xa0]?\s*$")
_LOOSE_DELIMITER = re.compile(r"\s?[—–]\s*$|\s{0,3}_{3,}\s*$|\s{0,3}(?:-{3,}|[=\u2014\u2015]{20,})\s*$")
_LONG_RULE = re.compile(r"\s{0,3}_{20,}\s*$")
_RULE = re.compile(r"[\s>*_=~\-\u2010-\u2015\u2500]*$")
_NAME_AFTER_DASH = re.compile(r"\s{0,2}[-–—~/] ?[^\W\d_][\w.'-]{0,25}(?: [^\W\d_][\w.'-]{0,25}){0,3}\s*$")
_LIST_ITEM = re.compile(r"[-–—*•~/]\s")
_FRAMED = re.compile(r"\s*(?:-{9,}|-{3,}(?!-).{3,60}?-{3,})\s*$")  # a separator in an unknown language
_TORN_LINK = re.compile(r"\s*\(?<?https?://\S+(?:\s+>)?\s*$")
_ENDS_IN_LINK = re.compile(r"https?://\S+\s*$")
_BLANK_LINES = re.compile(r"\n{4,}")
# Maximum non-empty lines of a signature after each kind of delimiter; more lines are text.
_SIGNATURE_LINES, _LOOSE_SIGNATURE_LINES, _LONG_LINE = 40, 15, 100
_MAX_TESTS = 400  # lines that may be an attribution and are tested in full
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
    lines = _with_resolved_indentation(separated(text))
    if structured and (inner := _inside_single_quotation(lines)):
        lines = inner
    lines, kinds, cut = _classify(opened_container(lines) if structured else lines)
    forwarded = _is_forwarded(lines, kinds, cut)
    below = [line for line in lines[cut:] if line.strip() not in (SIGNATURE_BEGINS, SIGNATURE_ENDS)]
    shown = _shown(lines, kinds)
    new = [lines[at] for at in shown]
    signature = [lines[at] for at, kind in enumerate(kinds) if kind is _Is.SIGNATURE]
    quoted = _quoted(lines, kinds, set(shown))
    # Nothing but quoted lines: the author wrote into them, or typed the ">".
    if not structured and _Is.QUOTED in kinds and not {_Is.TEXT, _Is.INTRODUCTION} & set(kinds):
        return SplitText(_tidy(quoted), _tidy(signature), _tidy(below), forwarded)
    quoted += below
    new, banner = _without_banner(new)
    new, closing = _without_closing(new, answers=bool(quoted))
    if all(_RULE.match(line) for line in signature):
        signature = []
    return SplitText(_tidy(new), _tidy(banner + closing + signature), _tidy(quoted), forwarded)


def _with_resolved_indentation(lines: list[str]) -> list[str]:
    """Return the lines with ">" for indented blocks below an attribution, and without marks elsewhere."""
    if not any(line.startswith(INDENTED) for line in lines):
        return lines
    out: list[str] = []
    above = quoted_from = 0  # depths
    for line in lines:
        depth = len(line) - len(line.lstrip(INDENTED))  # not behind the mark of a line from our mail
        if depth < quoted_from:
            quoted_from = 0
        if depth > above and not quoted_from:
            quoted_from = depth if is_introduced(out) else 0
        marks = "> " * (depth - quoted_from + 1) if quoted_from else ""
        out.append(marks + line.replace(INDENTED, ""))
        above = depth
    return out


def _inside_single_quotation(lines: list[str]) -> list[str]:
    """Return the lines without one ">", if the answer and what it quotes are all in one quotation."""
    if any(line.strip() and not line.startswith(">") for line in lines):
        return []
    inner = [line[1:].removeprefix(" ") for line in lines]
    _, kinds, cut = _classify(inner)
    introduced = cut < len(inner) or _Is.INTRODUCTION in kinds
    first = next((kind for kind in kinds if kind is not _Is.BLANK), None)
    return inner if introduced and first is _Is.TEXT else []


def _classify(lines: list[str]) -> tuple[list[str], list[_Is], int]:
    """Return the lines, the kinds of the first ones, and where a quoted mail without ">" begins.

    A line with new text and an attribution becomes two lines.
    """
    out: list[str] = []
    kinds: list[_Is] = []
    at = tests = 0
    while at < len(lines):
        kind, length = _simple_kind(lines, at), 1
        # Both limits bound the time; beyond them lines stay as text, so nothing is lost.
        if at < _MAX_LINES and kind in (_Is.TEXT, _Is.QUOTED):
            introduction = _marked_attribution(lines, at)
            if _begins_quoted_mail(lines, at, kind):
                introduction = 0 if _Is.TEXT in kinds else _header_above_answer(lines, at)
                if not introduction:
                    break
            if introduction:
                kind, length = _Is.INTRODUCTION, introduction
            may_be = kind is _Is.TEXT and tests < _MAX_TESTS and may_be_attribution(lines, at)
            tests += may_be
            if may_be and (found := find_attribution(lines, at)):
                _take_attribution(lines, at, found, out, kinds)
                at += found.lines
                # Without marks, all that follows the attribution is the quoted mail.
                if not _quotation_follows(lines, at):
                    lines, at = [*([found.rest] if found.rest else []), *lines[at:]], 0
                    break
                bars = _bars(lines, at)
                quoted = [*([found.rest] if found.rest else []), *lines[at : at + bars]]
                out += quoted
                kinds += [_Is.QUOTED] * len(quoted)
                at += bars
                continue
        out += lines[at : at + length]
        kinds += [kind] * length
        at += length
    out += lines[at:]
    return out, _with_signatures(out, kinds), len(kinds)


def _marked_attribution(lines: list[str], at: int) -> int:
    """Return the lines of an attribution of GroupWise, ">>> Name", above lines with ">", or 0."""
    if not lines[at].startswith(">>> ") or (at and is_quoted(lines[at - 1])):
        return 0
    found = find_attribution([lines[at][4:], *lines[at + 1 : at + 4]], 0)
    if found is None or found.column or found.rest or at + found.lines >= len(lines):
        return 0
    return found.lines if re.match(">(?!>)", lines[at + found.lines]) else 0


def _take_attribution(
    lines: list[str], at: int, found: Attribution, out: list[str], kinds: list[_Is]
) -> None:
    """Add the new text before an attribution, and the attribution, to the classified lines."""
    if found.column:
        out.append(lines[at][: found.column].rstrip())
        kinds.append(_Is.TEXT)
    out += [lines[at][found.column :], *lines[at + 1 : at + found.lines]]
    if found.rest:
        out[-1] = out[-1][: len(out[-1].rstrip()) - len(found.rest)]
    kinds += [_Is.INTRODUCTION] * found.lines


def _simple_kind(lines: list[str], at: int) -> _Is:
    line = lines[at]
    if not line.strip():
        return _Is.BLANK
    if line.strip() in (SIGNATURE_BEGINS, SIGNATURE_ENDS):
        return _Is.MARK
    if is_quoted(line) or (at and is_quoted(lines[at - 1]) and _is_wrapped_link(lines, at)):
        return _Is.QUOTED
    return _Is.SIGNATURE if is_program_line(line) or _ends_notice(lines, at) else _Is.TEXT


def _ends_notice(lines: list[str], at: int) -> bool:
    return ends_scanner_notice(lines[at]) and any(map(is_program_line, lines[max(at - 2, 0) : at]))


def _begins_quoted_mail(lines: list[str], at: int, kind: _Is) -> bool:
    line = lines[at]
    if kind is _Is.QUOTED:
        return is_groupwise_attribution(lines, at)
    if not may_introduce(line):
        return False
    if is_separator(line) or is_forward_marker(line) or is_header_block(lines, at):
        return True
    if is_separator_without_rule(lines, at) or is_framed_attribution(line):
        return True
    return bool(_FRAMED.match(line)) and at + 1 < len(lines) and is_header_block(lines, at + 1)


def _header_above_answer(lines: list[str], at: int) -> int:
    """Return the length of a header above lines with ">" that are followed by other text, or 0.

    The author wrote that text below the quotation. Without ">" it would belong to the quoted mail.
    """
    if is_forward_marker(lines[at]):
        return 0
    length = header_length(lines, at)
    if length and at + length < len(lines) and may_be_attribution(lines, at + length):
        found = find_attribution(lines, at + length)
        length += found.lines if found and not found.column and not found.rest else 0
    below = (lines[number] for number in range(at + length, len(lines)) if lines[number].strip())
    return length if is_quoted(next(below, "")) and not all(map(is_quoted, below)) else 0


def _with_signatures(lines: list[str], kinds: list[_Is]) -> list[_Is]:
    """Return the kinds, with the lines after the delimiter of a signature marked as signature.

    Above all text, a signature must look like one, since people write below and into it.
    """
    below = _filled_below(lines, kinds)
    answers = len(kinds) < len(lines) or _Is.INTRODUCTION in kinds or _Is.QUOTED in kinds
    out: list[_Is] = []
    signing = written = signed = False
    for at, kind in enumerate(kinds):
        if kind in (_Is.QUOTED, _Is.INTRODUCTION):
            signing = signed = False
        elif kind is _Is.MARK:
            begins = lines[at].strip() == SIGNATURE_BEGINS
            signing = begins and (
                signed or written or (answers and _looks_signed(lines, at + 1, below[at] - 1))
            )
        elif kind is _Is.TEXT and not signing:
            possible = written or (answers and _looks_signed(lines, at, below[at]))
            signing = possible and _is_signature(lines, at, below[at], answers=answers)
            written = written or not signing
        signed = signing if kind is _Is.TEXT else signed
        out.append(_Is.SIGNATURE if signing and kind in (_Is.TEXT, _Is.BLANK) else kind)
    return out


def _looks_signed(lines: list[str], at: int, filled: int) -> bool:
    """Return whether a delimiter and a name or an address are all that follows above the quotation."""
    if filled > _LOOSE_SIGNATURE_LINES or at >= len(lines):
        return False
    found = _DELIMITER.match(lines[at]) or _LOOSE_DELIMITER.match(lines[at])
    below = [line for line in lines[at + 1 : at + 3 * _LOOSE_SIGNATURE_LINES] if line.strip("\ue003\ue004 ")]
    return bool(found) and is_address(below[: max(filled, 1)])


def _is_signature(lines: list[str], at: int, filled: int, *, answers: bool) -> bool:
    """Return whether a signature begins here; after a mere rule, it must look like a signature."""
    if _DELIMITER.match(lines[at]):
        return filled <= _SIGNATURE_LINES
    if filled >= _LOOSE_SIGNATURE_LINES or not _LOOSE_DELIMITER.match(lines[at]):
        return False
    below = [line for line in lines[at + 1 : at + 3 * _LOOSE_SIGNATURE_LINES] if line.strip()]
    return (
        filled == 0
        or is_address(below[:filled])
        or (answers and filled == 1 and bool(_LONG_RULE.match(lines[at])))
    )


def _filled_below(lines: list[str], kinds: list[_Is]) -> list[int]:
    """Return for each line the number of text lines between it and the next quotation.

    A long line counts as `_LOOSE_SIGNATURE_LINES` lines.
    """
    out, count = [0] * len(kinds), 0
    # From the end, so that each line is visited once.
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


def _bars(lines: list[str], at: int) -> int:
    """Return the number of lines with "|" that follow an attribution."""
    end = at
    while end < len(lines) and (
        lines[end].startswith("|") or (not lines[end].strip() and _bar_follows(lines, end))
    ):
        end += 1
    return end - at


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


def _without_banner(lines: list[str]) -> tuple[list[str], list[str]]:
    """Split off the warning that a gateway put above the text."""
    count, column = banner_length(lines)
    if not any(line.strip() for line in lines[count:]):
        return lines, []
    if not column:
        return lines[count:], lines[:count]
    return [lines[count][column:].lstrip(), *lines[count + 1 :]], [*lines[:count], lines[count][:column]]


def _without_closing(lines: list[str], answers: bool) -> tuple[list[str], list[str]]:
    """Split off the end of the text: notices, a name after a dash, or contact details below the closing."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or (answers and _RULE.match(lines[end - 1]))):
        end -= 1
    lines = lines[:end]
    end = notices(lines)
    lines, cut = lines[:end], lines[end:]
    if len(lines) > 2 and not lines[-2].strip() and _NAME_AFTER_DASH.match(lines[-1]):
        above = next((line.strip() for line in reversed(lines[:-1]) if line.strip()), "")
        listed = above.endswith(":") or _LIST_ITEM.match(above)
        if not listed and not any(map(is_no_name, lines[-1].strip(" -–—~/").split())):
            return lines[:-1], lines[-1:] + cut
    at = contact_block(lines)
    return lines[:at], lines[at:] + cut


def _tidy(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return _BLANK_LINES.sub("\n\n\n", text)
