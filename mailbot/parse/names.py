"""Names of people as mail programs show them."""

import re

_MAX_LENGTH = 120
# Exchange shows people as "Kowalski, Jörg (Marienschule)".
_WORD = r"[^\W\d_][\w.'’-]*"
_SURNAME_FIRST = re.compile(
    rf"({_WORD}(?: {_WORD}){{0,3}}) ?, ?({_WORD}(?: {_WORD}){{0,3}})( ?[(\[|/].*| [–-] .*)?"
)
_TITLES = re.compile(r"(?:(?:dr|prof|dipl|mag|ing)\.?(?:-ing\.)?|frau|herr)(?: |$)", re.I)
# Words after the comma, or of organisations, that show that this is no person's name in reverse.
_NO_NAME = re.compile(
    r"\b(?:jr|sr|junior|senior|ph\.?d|m\.?a|b\.?a|m\.?sc|ll\.m|mba|std|ostr|ostd|inc|ltd|llc|gmbh|ag|ev|co|und|and"
    r"|\w*(?:schule|gymnasium|kolleg|sekretariat|leitung|verwaltung|abteilung|kollegium|zentrum|team|support|service|amt|büro))\b",
    re.I,
)


def given_name_first(name: str) -> str:
    """Return "Jörg Kowalski" for "Kowalski, Jörg"; other names remain as they are."""
    found = _SURNAME_FIRST.fullmatch(name[:_MAX_LENGTH])
    if not found or _NO_NAME.search(f"{found[1]}, {found[2]}"):
        return name
    titles, surname = _split_titles(found[1])
    given_titles, given = _split_titles(found[2])
    return f"{titles}{given_titles}{given} {surname}".replace("  ", " ").strip() + (found[3] or "")


def _split_titles(words: str) -> tuple[str, str]:
    """Return the titles before a name, each with a space after it, and the name."""
    end = 0
    while title := _TITLES.match(words, end):
        end = title.end()
    titles = words[:end].strip()
    return f"{titles} " if titles else "", words[end:]
