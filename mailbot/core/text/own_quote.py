"""Find the quotation of our own mail in a reply by its words, and split the reply there.

Mail programs wrap lines, add and remove marks, link targets and entities, replace quotes, and damage accented
characters. So texts are compared without these, as one string. All steps take linear time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from itertools import accumulate, dropwhile, takewhile, zip_longest

from mailbot.core.text.attribution import on_own_lines
from mailbot.core.text.header_block import is_quoted, label
from mailbot.core.text.introduction import introduction_start
from mailbot.core.text.quotation import SplitText, split

MAX_REPLY, MAX_SENT = 150_000, 60_000
"""Maximum number of characters that are compared, of a reply and of each sent text."""

_MARK = "\ue006"  # follows the ">>" that this module puts before each quoted line
_MARKED = re.compile(f">{{0,2}}{_MARK}")
_KEY = 12  # characters of which the positions are indexed
_STRIDE = 6  # only positions with that distance are indexed; `_extended` finds the others
_MAX_PLACES = 8  # of the same characters: in a text that repeats itself the search would be quadratic
_MAX_JUMP, _MAX_ADDED = 300, 60  # characters that a program leaves out of its quotation, and adds
_MIN_RUN = 40  # characters of a single line of a reply that quotes several lines
_MAX_CONTEXT = 5  # quoted lines that are kept above an answer
_SAME, _DIFFERENT = 0.6, 0.3  # shares of the characters of a line

_LINK = re.compile(r"(?:<https?://|mailto:|cid:)[^\s>]+", re.I)
_TOKEN = re.compile(r"\S+")
_ESCAPED = re.compile(r"%[0-9A-F]{2}", re.I)
_INITIALS = re.compile(r"^\s{0,4}[A-Za-z]{1,20}>")  # The Bat puts initials before quoted lines, Gnus a name
# Wrong charsets damage accented characters, and some programs write "ae" for "ä": neither is compared.
_NOT_COMPARED = re.compile(r"\w[\u0300-\u036f]+|[^\w]|_|[\u0080-\u024f]|[aou]e|ss")
_COMMAND = re.compile(r"[^\w]{0,60}[#＃﹟]")
_EMOJI = re.compile("[\u2600-\U0010ffff]")
_PLACEHOLDER = re.compile(r"[\s>]*[\[<].*[\]>]\s*$")  # of a picture, a file or a link
_EMPTY_LINE = (":", "%", "|", ";", "=", "~")  # the mark of a program before an empty quoted line
_MARKED_ONCE = re.compile(r"\s{0,4}>(?! ?>) ?")


@dataclass(frozen=True, slots=True)
class SentText:
    """A mail that mailbot sent, as replies quote it.

    `texts` are its text and the text of its HTML part. `names` are its subject and the names and addresses
    in its From and To: introductions of quotations contain them.
    """

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Characters:
    """The compared characters of lines; `starts` are the positions of the lines in them, and the end."""

    characters: str
    starts: Sequence[int]

    def length(self, line: int) -> int:
        """Return the number of compared characters of a line."""
        return self.starts[line + 1] - self.starts[line]


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters of a reply that are the same as characters of a sent text."""

    start: int
    source: int
    length: int

    @property
    def end(self) -> int:
        """Return the position in the reply after the run."""
        return self.start + self.length

    @property
    def source_end(self) -> int:
        """Return the position in the sent text after the run."""
        return self.source + self.length


@dataclass(slots=True)
class _Quotation:
    """A quotation of a sent mail: its lines, the share of each line that is from the mail, and its names."""

    start: int
    first: int
    last: int
    shares: Mapping[int, float]
    names: Sequence[str]


def split_reply(text: str, sent: Iterable[SentText], *, structured: bool) -> SplitText | None:
    """Split a reply at the quotations of these mails; return None if it quotes none of them.

    `structured`: the ">" were derived from the structure of an HTML mail, so an answer between quoted lines
    may have them, too.
    """
    lines = on_own_lines(text[:MAX_REPLY].replace(_MARK, "").split("\n"))
    reply = _characters(lines)
    found = [
        q for mail in sent for source in mail.texts for q in _quotations(lines, reply, source, mail.names)
    ]
    if not found:
        return None
    quoted = _quoted_lines(lines, reply, found, structured=structured)
    if structured:
        _unmark_answers(lines, found, quoted)
    parts = _split_at(lines, quoted, text[MAX_REPLY:])
    return parts if parts.text else _answer_above(lines, quoted, found[0].names) or parts


def _answer_above(lines: Sequence[str], quoted: set[int], names: Sequence[str]) -> SplitText | None:
    """Return the parts of a reply that has its answer between an introduction and the first quoted line."""
    bare = [_MARKED_ONCE.sub("", line, count=1) for line in lines[: min(quoted)]]
    start = next((at for at, line in enumerate(bare) if line.strip("> ")), len(bare))
    end = next((at for at in range(start, len(bare)) if not bare[at].strip("> ")), len(bare))
    if introduction_start(bare, end, names) > start or not "".join(bare[end:]).strip("> \n"):
        return None
    parts = split("\n".join(bare[end:]), structured=True)
    rest = [line for at, line in enumerate(lines) if at < end or at >= min(quoted)]
    return SplitText(parts.text, parts.signature, "\n".join([parts.quoted, *rest]).strip("\n"))


def _split_at(lines: Sequence[str], quoted: set[int], more: str) -> SplitText:
    """Split lines, of which some are known to be quoted, and the rest of the text."""
    marked = [f">>{_MARK}{line}" if at in quoted else line for at, line in enumerate(lines)]
    return _without_marked(split("\n".join(marked) + more, structured=True))


def _characters(lines: Sequence[str]) -> _Characters:
    parts = [_compared(line) for line in lines]
    return _Characters("".join(parts), tuple(accumulate(map(len, parts), initial=0)))


def _compared(line: str) -> str:
    """Return the characters of a line that are compared."""
    line = _INITIALS.sub("", line, count=1) if ">" in line[:25] else line
    if "&" in line:
        line = unescape(unescape(line))
    if ":" in line:
        line = _LINK.sub(" ", line)
    if "%" in line:
        line = _TOKEN.sub(lambda word: "" if _ESCAPED.search(word[0]) else word[0], line)
    return _NOT_COMPARED.sub("", line.lower().removesuffix("=20"))


def _quotations(
    lines: list[str], reply: _Characters, text: str, names: Sequence[str]
) -> Iterator[_Quotation]:
    """Yield the quotations of a sent text: blocks of its lines with an introduction, a mark, or its first
    or last lines; other lines may be the author's own.
    """
    source = _characters(text[:MAX_SENT].split("\n"))
    for chain in _chains(_runs(reply.characters, source.characters)):
        shares = _shares(chain, reply, source)
        # the header above the quotation has names and dates of the sent text, too
        same = list(dropwhile(lambda at: label(lines[at]), (at for at in shares if shares[at] >= _SAME)))
        if not same or not (len(same) > 1 or any(_spans_lines(run, source) for run in chain)):
            continue
        first = same[0]
        start = introduction_start(lines, first, names)
        if start < first or is_quoted(lines[first]) or _is_framed(chain, source):
            yield _Quotation(start, first, same[-1], shares, names)


def _spans_lines(run: _Run, source: _Characters) -> bool:
    """Return whether a run is too long to be by chance, and more than one line of the sent text."""
    return run.length >= _MIN_RUN and _line_at(source, run.source_end - 1) > _line_at(source, run.source)


def _is_framed(chain: Sequence[_Run], source: _Characters) -> bool:
    """Return whether one of the first two lines of a sent text is quoted, or its last one."""
    filled = [at for at in range(len(source.starts) - 1) if source.length(at)]
    second, last = source.starts[filled[:2][-1]], source.starts[filled[-1]]
    return chain[0].source <= second or chain[-1].source_end > last


def _runs(reply: str, source: str) -> list[_Run]:
    """Return the parts that a reply has in common with a sent text, in the order of the reply."""
    places: dict[str, list[int]] = {}
    for at in range(0, len(source) - _KEY + 1, _STRIDE):
        known = places.setdefault(source[at : at + _KEY], [])
        if len(known) < _MAX_PLACES:
            known.append(at)
    runs: list[_Run] = []
    at = end = expected = 0
    while at <= len(reply) - _KEY:
        known = places.get(reply[at : at + _KEY], [])
        if not known:
            at += 1
            continue
        run = max(
            (_extended(reply, at, source, place, end) for place in known),
            key=lambda run: (run.length, -abs(run.source - expected)),
        )
        covering = _covering(reply, source, runs[-1], run) if runs else None
        runs[-1:] = [covering] if covering else [*runs[-1:], run]
        at, end, expected = run.end, run.end, run.source_end
    return runs


def _covering(reply: str, source: str, earlier: _Run, run: _Run) -> _Run | None:
    """Return the run with the characters of the earlier one, which are before it in the sent text, too.

    Names and dates are repeated there, so the earlier run may have been found at another place.
    """
    begin = run.source - earlier.length
    if begin < 0 or earlier.end != run.start or earlier.source_end == run.source:
        return None
    if reply[earlier.start : run.start] != source[begin : run.source]:
        return None
    return _Run(earlier.start, begin, run.length + earlier.length)


def _extended(reply: str, at: int, source: str, place: int, end: int) -> _Run:
    """Return the longest run around these positions that begins at `end` or later."""
    back = 0
    while (
        back < _STRIDE
        and at - back > end
        and back < place
        and reply[at - back - 1] == source[place - back - 1]
    ):
        back += 1
    length = _KEY
    while (piece := reply[at + length : at + length + 64]) and source.startswith(piece, place + length):
        length += len(piece)
    longest = min(len(reply) - at, len(source) - place)
    while length < longest and reply[at + length] == source[place + length]:
        length += 1
    return _Run(at - back, place - back, length + back)


def _chains(runs: Sequence[_Run]) -> list[list[_Run]]:
    """Join runs that follow each other in the sent text, or in the reply with little between them."""
    chains: list[list[_Run]] = []
    for run, following in zip_longest(runs, runs[1:]):
        last = chains[-1][-1] if chains else None
        if last and _follows(last, run):
            chains[-1].append(run)
        elif not (last and following and _is_stray(last, run, following)):
            chains.append([run])
    return chains


def _is_stray(earlier: _Run, run: _Run, later: _Run) -> bool:
    """Return whether a run is words of an answer that are elsewhere in the sent text, too."""
    is_short = run.length < min(earlier.length, later.length)
    return is_short and _continues(earlier, later) and not _continues(run, later)


def _follows(earlier: _Run, later: _Run) -> bool:
    near = later.start - earlier.end <= _MAX_ADDED
    return _continues(earlier, later) or (near and later.source >= earlier.source_end - _STRIDE)


def _continues(earlier: _Run, later: _Run) -> bool:
    return -_STRIDE <= later.source - earlier.source_end <= _MAX_JUMP


def _shares(chain: Sequence[_Run], reply: _Characters, source: _Characters) -> dict[int, float]:
    """Return the share of the characters of each line that a chain has."""
    borders = frozenset(source.starts)
    found: dict[int, int] = {}
    for run in chain:
        first, last = _line_at(reply, run.start), _line_at(reply, run.end - 1)
        for line in range(first, last + 1):
            length = min(run.end, reply.starts[line + 1]) - max(run.start, reply.starts[line])
            by_chance = length < _KEY and (
                (line == first and run.source not in borders)
                or (line == last and run.source_end not in borders)
            )
            found[line] = found.get(line, 0) + (0 if by_chance else length)
    return {line: length / reply.length(line) for line, length in found.items() if reply.length(line)}


def _line_at(text: _Characters, position: int) -> int:
    return bisect_right(text.starts, position) - 1


def _quoted_lines(
    lines: Sequence[str], reply: _Characters, found: Sequence[_Quotation], *, structured: bool
) -> set[int]:
    """Return the numbers of the lines that are quoted, with their introductions."""
    quoted: set[int] = set()
    for quotation in found:
        quoted.update(range(quotation.start, quotation.first))
        quoted.update(at for at, share in quotation.shares.items() if _is_same(lines[at], share))
    for quotation in found:
        _add_lines_between(quoted, lines, reply, quotation, structured=structured)
    if any(lines[at].startswith("|") for at in quoted):
        _add_bars(quoted, lines, reply)
    return quoted


def _add_bars(quoted: set[int], lines: Sequence[str], reply: _Characters) -> None:
    """Add the lines that have nothing but "|" and rules, above quoted lines and at the end."""
    quotation_follows = True
    for at in reversed([at for at, line in enumerate(lines) if line.strip()]):
        bare = lines[at].startswith("|") and not reply.length(at) and not _EMOJI.search(lines[at])
        if bare and quotation_follows:
            quoted.add(at)
        quotation_follows = at in quoted


def _is_same(line: str, share: float) -> bool:
    """Return whether a line is quoted; a command line must be the same to its last character."""
    return share >= (1 if _COMMAND.match(line) else _SAME)


def _add_lines_between(
    quoted: set[int], lines: Sequence[str], reply: _Characters, quotation: _Quotation, *, structured: bool
) -> None:
    """Add the lines that programs change or add between quoted lines: marks, links, pictures."""
    filled = [at for at in range(quotation.first, len(lines)) if lines[at].strip()]
    for before, at, after in zip(filled, filled[1:], [*filled[2:], -1], strict=False):
        inside = at < quotation.last
        if inside and after in quoted and not lines[at].strip("> |"):
            quoted.add(at)
        if before not in quoted:
            continue
        marked = (is_quoted(lines[at]) or _INITIALS.fullmatch(lines[at].rstrip())) and not structured
        kept = not inside and lines[at].strip() not in _EMPTY_LINE
        without_characters = not (kept or reply.length(at) or _EMOJI.search(lines[at]))
        similar = _PLACEHOLDER.match(lines[at]) or quotation.shares.get(at, 0) > _DIFFERENT
        if marked or without_characters or (similar and after in quoted):
            quoted.add(at)


def _unmark_answers(lines: list[str], found: Sequence[_Quotation], quoted: set[int]) -> None:
    """Remove the mark of lines between and below quoted lines that are not of the sent mail.

    In a thread the quotation may contain such lines of an earlier reply, below its own lines.
    """
    for quotation in found:
        if any(is_quoted(line) and line.strip("> ") for line in _unquoted(lines[: quotation.start], quoted)):
            continue
        for at in range(quotation.first, len(lines)):
            if at not in quoted and quotation.shares.get(at, 0) <= _DIFFERENT:
                lines[at] = _MARKED_ONCE.sub("", lines[at], count=1)


def _unquoted(lines: Sequence[str], quoted: set[int]) -> Iterator[str]:
    return (line for at, line in enumerate(lines) if at not in quoted)


def _without_marked(parts: SplitText) -> SplitText:
    """Return the parts without marks; quoted lines stay in the text only above answers between them."""
    below = _MARK in parts.quoted
    answers: list[tuple[list[str], list[str]]] = [([], [])]
    dropped: list[str] = []
    for line in parts.text.split("\n"):
        if _MARK in line:
            dropped.append(_unmarked(line))
            if any(answers[-1][1]):
                answers.append(([], []))
            answers[-1][0].append(dropped[-1])
        elif not line and not any(answers[-1][1]):
            answers[-1][0].append(line)
        else:
            answers[-1][1].append(line)
    return SplitText(
        _joined(answers, below=below),
        _unmarked(parts.signature),
        "\n".join(filter(None, ("\n".join(dropped), _unmarked(parts.quoted)))),
        parts.forwarded,
    )


def _joined(answers: Sequence[tuple[list[str], list[str]]], *, below: bool) -> str:
    """Join the answers; each of several between quoted lines keeps the lines above it.

    `below`: quoted lines follow after the last answer.
    """
    texts = []
    for number, (above, own) in enumerate(answers, 1):
        between = len(answers) > 1 and (below or number < len(answers))
        context = _paragraph(above) if between else []
        texts.append("\n".join([*context, *own]).strip("\n"))
    return "\n\n".join(texts)


def _paragraph(lines: Sequence[str]) -> list[str]:
    """Return the last paragraph of quoted lines, with marks."""
    bare = [line.lstrip("> ").strip() for line in lines]
    while bare and not bare[-1]:
        bare.pop()
    kept = takewhile(bool, reversed(bare[-_MAX_CONTEXT:]))
    return [f"> {line}" for line in reversed(list(kept))]


def _unmarked(text: str) -> str:
    return _MARKED.sub("", text)
