"""Words as they are compared."""

import unicodedata


def fold(word: str) -> str:
    """Return a word as it is compared: lower case, ä as ae, ß as ss, other marks dropped."""
    word = unicodedata.normalize("NFKC", word).casefold()
    word = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
