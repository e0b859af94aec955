"""Text that is safe to show and to send: no controls, no lone surrogates."""

import json
import re

_LINE_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# The characters of the two above.
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
# Also marks that only turn neutral characters, and tags that no terminal shows.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\uffff"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)
_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u206f\ufeff]")  # they make fdp.exe look like exe.pdf


def clean(text: str) -> str:
    """Return the text with line feeds only, and without what no mail may contain."""
    if text.isprintable() or _UNCLEAN.search(text) is None:  # most texts; to replace nothing takes longer
        return text
    return _CONTROLS.sub("", _LINE_BREAKS.sub("\n", text))


def one_line(text: str) -> str:
    """Return the text as one line that fits into a header: white space joined, no bidirectional tricks."""
    return " ".join(_DIRECTION.sub("", clean(text)).split())


def printable(text: str) -> str:
    """Return text as it may be printed: without controls (C0 and C1) and marks that turn its direction.

    Everything of a mail that reaches a terminal or a log passes here. Line feeds and tabs stay.
    """
    return _UNPRINTABLE.sub("", _LINE_BREAKS.sub("\n", text))


def escaped(document: str) -> str:
    """Return JSON in which characters that must not be printed are escaped; its values stay the same."""
    return _UNPRINTABLE.sub(lambda found: json.dumps(found[0])[1:-1], document)


_QUOTED = re.compile(r"""(['"])(?:\\.|(?!\1)[^\\])*\1""")
_ADDRESS = re.compile(r"(?<![^\s<>,;:()\"'])[^\s<>,;:()\"']+@[^\s<>,;:()\"']+")


def redact_for_log(reason: str) -> str:
    """Remove addresses and quoted text, which people wrote, from a reason before it is logged."""
    return _ADDRESS.sub("…", _QUOTED.sub("…", reason))
