"""Resolve the character references of HTML in linear time."""

import html
import re

_ZEROS = re.compile(r"(?<=&#)0+(?=[0-9])")
_NO_CHARACTER = re.compile(r"&#[0-9]{8,};?")  # `html.unescape` raises ValueError from 4,300 digits on


def unescape(text: str) -> str:
    """Return HTML text with characters instead of references to them."""
    return html.unescape(_NO_CHARACTER.sub("\ufffd", _ZEROS.sub("", text)))
