"""Subject tags and action keys: marks by which a mail refers to a ticket or to a sent mail."""

import re
from itertools import islice

_TAG = re.compile(r"\[\s*#\s*([A-Za-z][A-Za-z0-9]{0,15})\s*-\s*(\d{1,9})\s*\]")
_OLD_TAG = re.compile(r"\[\s*#\s*(\d{1,20})\s*\]")
_KEY = re.compile(r"\[\s*mailbot:\s*((?:[a-z2-7]\s*){26})\]", re.I)
_BREAK = r"(?:[\s>]|=\n)*"
_SHOWN_KEY = re.compile(  # plain, or percent-encoded once or twice in the links of a mail
    rf"(?:\[|%(?:25)?5B){_BREAK}mailbot(?::|%(?:25)?3A){_BREAK}(?:[a-z2-7]{_BREAK}){{26}}(?:\]|%(?:25)?5D)",
    re.I,
)
_LINKED_KEY = re.compile(r"%(?:25)?5Bmailbot%(?:25)?3A([a-z2-7]{26})%(?:25)?5D", re.I)
_MARK = re.compile(r"mailbot(?::|%(?:25)?3A)", re.I)
_MAX_LINKED = 200
_QUOTED_BREAK = re.compile(r"\n[> ]*")


def subject_tag(subject: str) -> str | None:
    """Return the ticket key of the tag in a subject ("GYM-104" for `[#GYM-104]`); None without a tag.

    A tag without a school, `[#123456]`, belongs to the former help desk and yields "#123456".
    """
    line = " ".join(subject.split())
    if match := _TAG.search(line):
        return f"{match[1].upper()}-{int(match[2])}"
    old = _OLD_TAG.search(line)
    return f"#{old[1]}" if old else None


def action_key(text: str) -> str | None:
    """Return the 26 characters of the first `[mailbot:…]` in a text, or None; it may contain line breaks."""
    match = _KEY.search(_unbroken(text))
    return "".join(match[1].split()).lower() if match else None


def linked_action_keys(text: str) -> tuple[str, ...]:
    """Return the action keys in the links of a text, three at most: those of quoted mails."""
    keys = (match[1].lower() for match in _LINKED_KEY.finditer(text))
    return tuple(islice(dict.fromkeys(islice(keys, _MAX_LINKED)), 3))


def without_action_key(text: str) -> str:
    """Return the text without action keys, also in links, and without lines that had nothing else."""
    if not _MARK.search(text):
        return text
    text = re.sub(r"[^\S\n>]*" + _SHOWN_KEY.pattern + r"[^\S\n]*", "\0", text, flags=re.I)
    return re.sub(r"(?m)^[> ]*\0\n?|\0", "", text).rstrip("\n") if "\0" in text else text


def _unbroken(text: str) -> str:
    """Return the text without quotation marks at line breaks; "" if it has no action key."""
    return _QUOTED_BREAK.sub("\n", text) if _MARK.search(text) else ""
