"""Greetings that say nothing by themselves: with a command they are no answer for anybody."""

import re

from mailbot.core.text.signatures import is_mobile_signature, is_signoff

_GREETING = (
    r"(?:hallo|hi|hey|moin|servus|gr[üu](?:ß|ss) gott|guten? (?:tag|morgen|abend)|liebe[rs]?"
    r"|sehr geehrte[rs]?|dear|hello|good (?:morning|afternoon|evening|day)"
    r"|bonjour|bonsoir|ch[eè]re?s?)\b"
)
_TITLE = r"(?:frau|herrn?|dr\.?|prof\.?|mr\.?|ms\.?|mrs\.?|madame|monsieur|mme\.?|m\.)"
_NAMES = r"(?-i:(?: [A-ZÀ-Þ][\w.'’-]*){1,3})"
# Below a comma stands another greeting, or a name; whatever else stands there is an answer.
_SALUTATION = re.compile(
    rf"{_GREETING}[^.?!,]{{0,60}}(?:, (?:{_GREETING}[^.?!,]{{0,60}}|{_TITLE}{_NAMES}))*[,!.]?", re.I
)
_THANKS = re.compile(r"dank|thank|merci", re.I)
_SIGNED_LINES = 4


def is_only_greeting(text: str, writer: str) -> bool:
    """Tell whether a text is nothing but a salutation, a closing formula and the writer's name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and len(lines[0].split()) <= 6 and _SALUTATION.fullmatch(lines[0]):
        del lines[0]
    if lines and is_signoff(lines[0]) and not _THANKS.search(lines[0]):
        return len(lines) <= _SIGNED_LINES and not any(_says_more(line) for line in lines[1:])
    names = set(writer.casefold().split())
    return all(is_mobile_signature(line) or set(line.casefold().split()) <= names for line in lines)


def _says_more(line: str) -> bool:
    """Tell whether a line below the formula is a sentence and no name, role or school."""
    return len(line.split()) > 6 or line.endswith(("?", "!", ".")) or ":" in line


_POLITE = frozenset(
    {"bitte", "danke", "jetzt", "please", "thanks", "now", "merci", "svp", "maintenant", "ticket", "tickets"}
)


def without_politeness(words: list[str]) -> list[str]:
    """Return the words of a command's argument without polite words, emoji and the like at both ends."""
    said = [at for at, word in enumerate(words) if _letters(word) not in _POLITE | {""}]
    return words[said[0] : said[-1] + 1] if said else []


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))
