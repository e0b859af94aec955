"""Texts for Hypothesis of characters of all kinds."""

from unicodedata import category

from hypothesis import strategies as st

# The alphabet of Hypothesis, all of Unicode, takes seconds to build. Few ranges are fast: scripts with their
# marks and spaces, ideographs, syllables, other forms of these, emoji, tags, and the ends of planes.
_RANGES = (
    (0, 0x3000), (0x4E00, 0x4E80), (0xAC00, 0xAC80), (0xE000, 0xE010), (0xFB00, 0x10010), (0x1D400, 0x1D480),
    (0x1F300, 0x1F650), (0xE0000, 0xE0080), (0x10FFF0, 0x110000),
)  # fmt: skip
_CHARACTERS = [chr(number) for begin, end in _RANGES for number in range(begin, end)]


def any_text(
    min_size: int = 0, max_size: int | None = None, *, without: str = "", categories: str = ""
) -> st.SearchStrategy[str]:
    """Return a strategy for texts without surrogates, the given characters and classes of categories."""
    alphabet = (c for c in _CHARACTERS if c not in without and category(c)[0] not in categories)
    return st.text("".join(alphabet), min_size=min_size, max_size=max_size)
