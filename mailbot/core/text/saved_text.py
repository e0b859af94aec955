"""Remove from an answer what belongs to one mail only, so that it can be used again."""

from collections.abc import Collection

from mailbot.core.text.signatures import is_only_greeting, is_salutation, is_signoff, without_salutation
from mailbot.core.text.words import words

_MAX_TAIL = 6


def saved_text(answer: str, writer: str) -> str:
    """Return an answer without its salutation, its closing formula and the name of its writer.

    A salutation with a placeholder stays, such as "Hallo {name},".
    """
    lines = answer.strip().splitlines()
    if lines and is_salutation(lines[0]) and "{" not in lines[0]:
        del lines[0]
    for at in range(max(0, len(lines) - _MAX_TAIL), len(lines)):
        if is_signoff(lines[at]) and is_only_greeting("\n".join(lines[at:]), writer):
            lines = lines[:at]
            break
    return "\n".join(lines).strip()


def tip_text(answer: str, names: Collection[str]) -> str:
    """Return an answer as it is shown to people whom its author does not know.

    It has no salutation, also before other text in its line, no closing formula, and no line at its end that
    consists of names of the staff.
    """
    text = without_salutation(saved_text(answer, ""))
    known = {word for name in names for word in words(name)}
    lines = text.splitlines()
    while lines and (not lines[-1].strip() or known.issuperset(words(lines[-1]))):
        lines.pop()
    return _capitalised(saved_text("\n".join(lines), ""))


def _capitalised(text: str) -> str:
    """Return a text that begins in upper case, as it may not after a salutation; a name as "iPad" stays."""
    word = text.split(maxsplit=1)[0] if text.strip() else ""
    return text[:1].upper() + text[1:] if word.isalpha() and word.islower() else text
