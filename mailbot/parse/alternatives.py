"""Choose one of the texts of a mail that are said to be the same (multipart/alternative, RFC 2046, 5.1.4).

Programs make the plain text out of the page that its author wrote and sees, also out of what that page
hides. A command that stands only in the plain text was not written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import normalize

_LETTER = re.compile(r"[^\W_]")
_SIGNED = re.compile(r"[^\w>#]*#\W{0,5}(\S+)")
_MAX_LINES = 500


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text in the order of the mail, plain or HTML."""

    text: str
    is_html: bool = False


def best(alternatives: Sequence[list[Block]]) -> list[Block]:
    """Return the alternative that is plain text if it says anything, else the last that says something.

    If the plain text has a command that a reader of the page does not see, the page is taken.
    """
    filled = [blocks for blocks in alternatives if any(_LETTER.search(block.text) for block in blocks)]
    pages = [blocks for blocks in filled if any(block.is_html for block in blocks)]
    plain = [blocks for blocks in filled if blocks not in pages]
    if plain and pages and _hides_a_command(plain[0], pages[-1]):
        return pages[-1]
    return (plain or filled[-1:] or alternatives[-1:] or [[]])[0]


def _hides_a_command(plain: list[Block], page: list[Block]) -> bool:
    """Return whether a line of the plain text begins with a word behind "#" that the page does not show."""
    written = {word for block in plain for word in _first_words(block.text)}
    if not written:
        return False
    from mailbot.parse import html  # noqa: PLC0415 - lxml takes its time to load, and most mails need it not

    shown = [html.to_text(block.text) if block.is_html else html.HtmlText(block.text) for block in page]
    seen = "#".join(_plain(text.text) for text in shown if not text.unseen)
    return not all(word in seen for word in written)


def _first_words(text: str) -> Iterator[str]:
    """Yield the word behind "#" of each line that begins with one and is no quotation."""
    lines = (line for line in normalize("NFKC", text).split("\n") if "#" in line)
    for _, line in zip(range(_MAX_LINES), lines, strict=False):
        if found := _SIGNED.match(line):
            yield f"#{_plain(found[1])}"


def _plain(text: str) -> str:
    """Return a text as "#" and characters of words, without what programs change in it."""
    return "".join(char for char in normalize("NFKC", text).casefold() if char.isalnum() or char == "#")
