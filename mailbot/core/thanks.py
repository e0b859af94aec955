"""A mere "Danke!" asks for nothing: it is filed, and a closed ticket stays closed."""

import re

from mailbot.core.closing import is_mobile_signature, is_signoff

LONGEST = 12  # words

_THANKS = re.compile(r"dank|merci|thank|thx|cheers", re.I)
_ASKS = re.compile(
    r"\?|\b(?:aber|leider|noch|nicht|nichts|kein\w*|wieder|immer|trotzdem|allerdings|nur|bitte|jedoch"
    r"|but|still|not|again|however|unfortunately|only|no|please|n't)\b|n't\b",
    re.I,
)


def is_thanks(text: str) -> bool:
    """Tell whether a text only says thank you, perhaps with a greeting below."""
    lines = [line for line in text.splitlines() if line.strip()][:20]
    while (
        len(lines) > 1
        and not _THANKS.search(lines[-1])
        and (is_mobile_signature(lines[-1]) or is_signoff(lines[-1]) or is_signoff(lines[-2]))
    ):
        lines.pop()
    words = " ".join(lines)
    return bool(_THANKS.search(words)) and len(words.split()) <= LONGEST and not _ASKS.search(words)
