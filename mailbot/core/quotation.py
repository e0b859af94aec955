"""What a human wrote now, apart from the signature and the mail that is answered; pure and linear in time.

When in doubt the text is kept: a quotation that is shown does less harm than a sentence that is lost.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from mailbot.core.attribution import (
    attribution_length,
    is_forward_marker,
    is_header_block,
    is_quoted,
    is_separator,
)
from mailbot.core.closing import is_mobile_signature, is_signoff

_SIGNATURE_MARK = re.compile(r"\s?-- ?\s*$|\s?—\s*$|\s?–\s*$")
_SIGNATURE_RULE = re.compile(r"\s{0,3}_{3,}\s*$|\s{0,3}-{20,}\s*$|\s{0,3}={20,}\s*$")
_RULE = re.compile(r"[\s>*_=~\-\u2010-\u2015\u2500]*$")
_NAME_AFTER_DASH = re.compile(r"\s{0,2}[-–—~/] ?[^\W\d_][\w.'-]{0,25}(?: [^\W\d_][\w.'-]{0,25}){0,3}\s*$")
_SIGNATURE_LINES = 14  # below a mere rule; a longer stretch is text


@dataclass(frozen=True, slots=True)
class Split:
    """A mail's text taken apart."""

    text: str
    signature: str = ""
    quoted: str = ""
    forwarded: bool = False


class _Is(Enum):
    TEXT = auto()
    BLANK = auto()
    QUOTED = auto()
    INTRODUCTION = auto()


def split(text: str) -> Split:
    """Return the text taken apart into what is new, the signature, and what is quoted."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    kinds, cut = _classified(lines)
    forwarded = (cut < len(lines) and _is_forwarded(lines, cut)) or _has_forward_inside(lines, kinds)
    kept, dropped = _without_quotation(lines[:cut], kinds)
    new, signature = _without_signature([lines[at] for at in kept], dropped != [] or cut < len(lines))
    quoted = [lines[at] for at in dropped] + lines[cut:]
    if not any(line.strip() for line in [*new, *signature]) and cut == len(lines):
        return Split(text.strip(), forwarded=forwarded)  # nothing but lines with ">": left as it is
    return Split(_tidy(new), _tidy(signature), _tidy(quoted), forwarded)


def _classified(lines: list[str]) -> tuple[list[_Is], int]:
    """Return what each line is, and from which line on everything belongs to an earlier mail."""
    kinds: list[_Is] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            kinds.append(_Is.BLANK)
        elif is_quoted(line):
            kinds.append(_Is.QUOTED)
        elif is_separator(line) or is_forward_marker(line) or is_header_block(lines, at):
            return kinds, at
        elif length := attribution_length(lines, at):
            if not _quotation_follows(lines, at + length):
                return kinds, at
            kinds.extend([_Is.INTRODUCTION] * length)
            at += length
            _mark_bars(lines, kinds, at)
            at = len(kinds)
            continue
        else:
            kinds.append(_Is.TEXT)
        at += 1
    return kinds, len(lines)


def _mark_bars(lines: list[str], kinds: list[_Is], at: int) -> None:
    """Take lines with "|" below an attribution for quoted ones."""
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


def _is_forwarded(lines: list[str], cut: int) -> bool:
    return is_forward_marker(lines[cut])


def _has_forward_inside(lines: list[str], kinds: list[_Is]) -> bool:
    """Tell whether the first quoted lines say that they are a forwarded mail."""
    first = next((at for at, kind in enumerate(kinds) if kind is _Is.QUOTED), None)
    return first is not None and any(is_forward_marker(line) for line in lines[first : first + 4])


def _without_quotation(lines: list[str], kinds: list[_Is]) -> tuple[list[int], list[int]]:
    """Return which lines are shown and which are not.

    A quotation at the end is dropped; so is one at the top with the answer below it. Quoted lines between
    answers stay, without the attribution: the answers would be hard to understand without them.
    """
    texts = [at for at, kind in enumerate(kinds) if kind is _Is.TEXT]
    quotes = [at for at, kind in enumerate(kinds) if kind is _Is.QUOTED]
    if not quotes:
        return _parted(kinds, lambda at: kinds[at] is not _Is.INTRODUCTION)
    below = [at for at in texts if at > quotes[0]]
    above = [at for at in texts if at < quotes[0]]
    inside = [at for at in below if at < quotes[-1]]
    if not inside and above and below and _is_ending([lines[at] for at in below]):
        return _parted(kinds, lambda at: kinds[at] in (_Is.TEXT, _Is.BLANK))
    if below and not above and not inside:
        return _parted(kinds, lambda at: kinds[at] in (_Is.TEXT, _Is.BLANK))
    last = texts[-1] if texts else -1
    return _parted(kinds, lambda at: at <= last and kinds[at] is not _Is.INTRODUCTION)


def _parted(kinds: list[_Is], shown: Callable[[int], bool]) -> tuple[list[int], list[int]]:
    kept = [at for at in range(len(kinds)) if shown(at)]
    gone = set(range(len(kinds))) - set(kept)
    return kept, sorted(gone)


def _is_ending(lines: list[str]) -> bool:
    """Tell whether the text below a quotation is only the greeting, a signature or a device's line."""
    first = lines[0]
    return (
        (len(lines) <= 6 and is_signoff(first))
        or is_mobile_signature(first)
        or bool(_SIGNATURE_MARK.match(first) or _SIGNATURE_RULE.match(first))
    )


def _without_signature(lines: list[str], answers: bool) -> tuple[list[str], list[str]]:
    """Return the text and the signature below it; a device's line is one wherever it stands."""
    mark = next((at for at, line in enumerate(lines) if _begins_signature(lines, at)), len(lines))
    text, signature = lines[:mark], lines[mark:]
    mobile = [line for line in text if is_mobile_signature(line)]
    if mobile:
        text = [line for line in text if not is_mobile_signature(line)]
    while text and (not text[-1].strip() or (answers and _RULE.match(text[-1]))):
        text.pop()
    if len([line for line in text if line.strip()]) > 1 and _NAME_AFTER_DASH.match(text[-1]):
        signature = [text.pop(), *signature]
    return text, [*mobile, *signature]


def _begins_signature(lines: list[str], at: int) -> bool:
    if _SIGNATURE_MARK.match(lines[at]):
        return any(line.strip() for line in lines[:at])
    if not _SIGNATURE_RULE.match(lines[at]):
        return False
    rest = [line for line in lines[at + 1 :] if line.strip()]
    above = any(line.strip() for line in lines[:at])
    return above and len(rest) <= _SIGNATURE_LINES and all(len(line) < 100 for line in rest)


def _tidy(lines: list[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return re.sub(r"\n{4,}", "\n\n\n", text)
