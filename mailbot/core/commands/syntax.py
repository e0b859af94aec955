"""The syntax of a command in a mail: its sign, its word, its arguments, and marks added by programs."""

import re
from collections.abc import Mapping

from mailbot.core.model.mail import Address
from mailbot.core.text.words import fold

_INVISIBLE = "\u00ad\u200b-\u200f\u2060-\u2069\u202a-\u202e\ufe0f\u20e3\ufeff"
"""Zero-width characters, which editors leave within words and at their ends."""
INVISIBLE = re.compile(f"[{_INVISIBLE}]")
_IN_LINKS = str.maketrans({"＋": "+", "％": "%"})  # what one-tap links have in their place
_PASTED = re.compile("[\u00ad\u200b\u2060\ufeff]")
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_CLOSING = r"*_~\"'`´“”‘’»«›‹)\]}"
_COMBINING = "\u0300-\u036f"  # macOS writes an umlaut as a letter and a mark
_BETWEEN = rf"[\s{_INVISIBLE}\\*_~\"'„“»«‚‘’›‹(\[:.!–—-]{{0,10}}"
TRAILING = " \t\r\n\f\v\u00a0\u2007\u2009\u202f!.?\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

SIGNS = "#＃﹟♯"
MAX_LEAD = 60
"""Maximum number of characters before the sign of a command line."""
_SIGN = rf"[{SIGNS}]{{1,6}}{_BETWEEN}"
_WORD = rf"[^\W\d_][\w{_COMBINING}{_INVISIBLE}-]{{0,40}}"

# Matches "*#close*", "- #close", "1. #close", "„#close“", "# close", but not a quoted line ("> #close").
LINE = re.compile(
    rf"(?P<lead>(?:\s{{0,20}}\d{{1,2}}[.)]\s)?(?:[^\w{SIGNS}<>|@]|_){{0,{MAX_LEAD}}})"
    rf"(?P<sign>{_SIGN})"
    rf"(?P<word>{_WORD})"
    rf"(?:[{_CLOSING}…:;,.!?{_INVISIBLE}{_EMOJI}]*(?:(?=\s|$)|[…:;,.!?{_INVISIBLE}{_EMOJI}]))"
    r"(?P<rest>.*)",
    re.DOTALL,
)
WITHIN = re.compile(rf"(?<![^\W_])(?<![&{SIGNS}]){_SIGN}(?P<word>{_WORD})(?!\(|\.\w)")
"""A word with its sign within a text, but not "C#", "&#close;", "#list()" or "#help.html"."""

_EMPHASIS = re.compile(r"[*_~]{1,3}$")
_TYPED = re.compile(rf"[\s{_INVISIBLE}*_~\"'„“”»«]*[{SIGNS}][{_INVISIBLE}*_~]*")


def is_typed(found: re.Match[str]) -> bool:
    """Return whether the sign of a `LINE` was typed; "# word" is a heading, and "- #word" a list item."""
    return _TYPED.fullmatch(found["lead"] + found["sign"]) is not None


def is_marked(found: re.Match[str]) -> bool:
    """Return whether there are marks around the sign of a `LINE`."""
    return bool(found["lead"].strip(TRAILING)) or found["sign"] != "#"


def without_emphasis(text: str, before: str) -> str:
    """Return a text without the end of an emphasis that begins before its command: "*#note it is theirs*".

    `before` is the command as written.
    """
    lead, _, word = before.partition("#")
    emphasis = _EMPHASIS.search(lead)
    return text.removesuffix(emphasis[0]) if emphasis and not word.endswith(emphasis[0]) else text


TICKET_NAME = re.compile(r"\W*(?:([A-Za-z][A-Za-z0-9]{1,11})-)?(\d{1,9})\W*")
_EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}@[\w.-]{1,190}\.(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})")
_AND = frozenset({"und", "and", "et", "&", "+"})


def ticket_name(argument: str, school: str) -> str | None:
    """Return the ticket's key ("GYM-104") for "104", "#104" or "GYM-104" written within a school."""
    found = TICKET_NAME.fullmatch(argument)
    return f"{(found[1] or school).upper()}-{int(found[2])}" if found else None


def ticket_names(args: tuple[str, ...], school: str) -> tuple[str, ...]:
    """Return the keys of the tickets among these words."""
    return tuple(name for arg in args if (name := ticket_name(arg, school)))


def phrase(args: tuple[str, ...], school: str) -> tuple[str, tuple[str, ...]]:
    """Split words into a day or name, as written, and the tickets among them ("#104" or "GYM-104")."""
    named = tuple(arg for arg in args if not arg[0].isdigit() and ticket_name(arg, school))
    words = tuple(arg for arg in args if arg not in named)
    return " ".join(numbers(words) if named else words), named


def numbers(args: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words without conjunctions, as in "12, 14 und 15"."""
    return tuple(arg for arg in args if fold(arg) not in _AND)


def written_address(arg: str) -> str:
    """Return an address without the marks around it, and those that come with it from a page or a PDF."""
    return _PASTED.sub("", arg).translate(_IN_LINKS).strip("<>()[]\"'.").removeprefix("mailto:").lower()


def people(args: tuple[str, ...], canonical: Mapping[str, str]) -> tuple[Address, ...]:
    """Return the people in a list such as "a@b, Name <a@b>"; () if a word belongs to no address.

    `canonical` are the canonical forms of addresses that are not ASCII.
    """
    found: dict[str, Address] = {}
    name: list[str] = []
    for arg in numbers(args):
        email = written_address(arg)
        email = email if email.isascii() else canonical.get(email, "")
        if _EMAIL.fullmatch(email):
            found.setdefault(email, Address(email, " ".join(name).strip("\"'")))
            name = []
        else:
            name.append(arg)
    return () if name else tuple(found.values())
