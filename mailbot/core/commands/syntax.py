"""How a command looks in a mail: its sign, its word, and the marks that mail programs and people add."""

import re

_INVISIBLE = "\u00ad\u200b-\u200f\u2060-\u2069\u202a-\u202e\ufe0f\u20e3\ufeff"
"""Characters without a width of their own: editors leave them at the ends of words."""
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_CLOSING = r"*_~\"'`´“”‘’»«›‹)\]}"
_COMBINING = "\u0300-\u036f"  # macOS writes an umlaut as a letter and a mark
_BETWEEN = rf"[\s{_INVISIBLE}*_~\"'„“»«‚‘’›‹(\[:.!–—-]{{0,10}}"
TRAILING = " \t\r\n\f\v\u00a0\u2007\u2009\u202f!.?\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"

SIGNS = "#＃﹟"
LEAD_MOST = 60
"""Characters before the sign of a command line."""
_SIGN = rf"[{SIGNS}]{{1,6}}{_BETWEEN}"
_WORD = rf"[^\W\d_][\w{_COMBINING}-]{{0,40}}"

# "*#close*", "- #close", "1. #close", "„#close“", "# close". The mark of a quotation, ">", is none of these.
LINE = re.compile(
    rf"(?P<lead>(?:\s{{0,20}}\d{{1,2}}[.)]\s)?(?:[^\w{SIGNS}<>|@]|_){{0,{LEAD_MOST}}})"
    rf"(?P<sign>{_SIGN})"
    rf"(?P<word>{_WORD})"
    rf"(?:[{_CLOSING}…:;,.!?{_INVISIBLE}{_EMOJI}]*[…:;,.!?{_INVISIBLE}{_EMOJI}]|[{_CLOSING}]*(?=\s|$))"
    r"(?P<rest>.*)",
    re.DOTALL,
)
WITHIN = re.compile(rf"(?<![^\W_])(?<![&{SIGNS}]){_SIGN}(?P<word>{_WORD})(?!\(|\.\w)")
"""A word with its sign within a text; "C#", "&#close;", "#list()" and "#help.html" are none."""

_EMPHASIS = re.compile(r"[*_~]{1,3}$")
_TYPED = re.compile(rf"[\s{_INVISIBLE}*_~\"'„“”»«]*[{SIGNS}][{_INVISIBLE}*_~]*")


def is_typed(found: re.Match[str]) -> bool:
    """Tell whether the sign of a `LINE` was typed as such; "# word" is a heading, "- #word" a list."""
    return _TYPED.fullmatch(found["lead"] + found["sign"]) is not None


def is_marked(found: re.Match[str]) -> bool:
    """Tell whether marks stand around the sign of a `LINE`."""
    return bool(found["lead"].strip(TRAILING)) or found["sign"] != "#"


def without_emphasis(text: str, before: str) -> str:
    """Return a text without the end of an emphasis that begins before its command: "*#note it is his*"."""
    lead, _, word = before.partition("#")
    emphasis = _EMPHASIS.search(lead)
    return text.removesuffix(emphasis[0]) if emphasis and not word.endswith(emphasis[0]) else text
