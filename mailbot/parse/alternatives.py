"""Choose one of the texts of a mail that are said to be the same (multipart/alternative, RFC 2046, 5.1.4).

Programs make the plain text out of the page that its author wrote and sees, also out of what that page
hides. A command that stands only in the plain text was not written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from unicodedata import normalize

from mailbot.parse import limits

_LETTER = re.compile(r"[^\W_]")
_SIGN = re.compile("[＃﹟♯]")
_SIGNED = re.compile(r"[^\w>#]{0,80}#\W{0,9}(\S{1,60})")
_MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text in the order of the mail, plain or HTML."""

    text: str
    is_html: bool = False


def best(alternatives: Sequence[list[Block]], *, looks: bool = True) -> list[Block]:
    """Return the alternative that is plain text if it says anything, else the last that says something.

    If the plain text has a command that a reader of the page does not see, the page is taken; without a look
    at the page (`looks`), if it has any.
    """
    filled = [blocks for blocks in alternatives if any(_LETTER.search(block.text) for block in blocks)]
    pages = [blocks for blocks in filled if any(block.is_html for block in blocks)]
    plain = [blocks for blocks in filled if blocks not in pages]
    if plain and pages and (words := _first_words(plain[0])) and not (looks and _shows(pages[-1], words)):
        return pages[-1]
    return (plain or filled[-1:] or alternatives[-1:] or [[]])[0]


def _shows(page: list[Block], words: frozenset[str]) -> bool:
    """Return whether a reader of the page sees all these words."""
    from mailbot.parse import html  # noqa: PLC0415 - lxml takes its time to load, and most mails need it not

    shown = [html.to_text(block.text) if block.is_html else html.HtmlText(block.text) for block in page]
    seen = "#".join(_plain(text.text[: limits.TEXT]) for text in shown if not text.unseen)
    return all(word in seen for word in words)


def _first_words(blocks: list[Block]) -> frozenset[str]:
    """Return the word behind "#" of each line that begins with one and is no quotation."""
    text = _SIGN.sub("#", "\n".join(block.text for block in blocks)[: limits.TEXT])
    lines = (line for line in text.split("\n") if "#" in line)
    found = map(_SIGNED.match, islice(lines, _MAX_LINES))
    return frozenset(f"#{_plain(match[1])}" for match in found if match)


def _plain(text: str) -> str:
    """Return a text as "#" and characters of words, without what programs change in it."""
    folded = normalize("NFC", _SIGN.sub("#", text)).casefold()
    return "".join(char for char in folded if char.isalnum() or char == "#")
