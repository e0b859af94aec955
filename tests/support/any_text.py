"""Texts for Hypothesis of characters of all kinds."""

from unicodedata import category

from hypothesis import strategies as st

# All of the first blocks and of punctuation, one in a hundred of the others. The alphabet of Hypothesis is
# a table of Unicode that takes seconds to build.
_NUMBERS = {*range(0x500), *range(0x2000, 0x2070), 0xFEFF, 0xFFFD, *range(0, 0x110000, 97)}
_CHARACTERS = "".join(map(chr, sorted(_NUMBERS - {*range(0xD800, 0xE000)})))


def any_text(
    min_size: int = 0, max_size: int | None = None, *, without: str = "", categories: str = ""
) -> st.SearchStrategy[str]:
    """Return a strategy for texts without surrogates, the given characters and classes of categories."""
    alphabet = (c for c in _CHARACTERS if c not in without and category(c)[0] not in categories)
    return st.text("".join(alphabet), min_size=min_size, max_size=max_size)
