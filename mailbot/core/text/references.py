"""Subject tags and action keys: marks by which a mail refers to a ticket or to a sent mail."""

import re
from collections.abc import Callable
from itertools import islice

from mailbot.core.model.mail import PREFIX

_KEY_AND_NUMBER = r"([A-Za-z][A-Za-z0-9]{0,15})\s*[-\u00ad\u2010-\u2015\u2212\ufe58\ufe63\uff0d]\s*(\d{1,9})"
_OPEN, _CLOSE = r"[\[(\uff3b\uff08\u3010]\s*", r"\s*[\])\uff3d\uff09\u3011]"
# "[#GYM-104]", "(#GYM-104)", "[GYM-104]", "#GYM-104"; "[#123456]" of the former help desk
_TAG = re.compile(
    rf"{_OPEN}[#\uff03]?\s*{_KEY_AND_NUMBER}{_CLOSE}|(?<![\w&/])[#\uff03]{_KEY_AND_NUMBER}(?!\w)"
    rf"|{_OPEN}[#\uff03]\s*(\d{{1,20}}){_CLOSE}"
)
_PREFIXES = rf"(?:\s*{PREFIX})"
_BARE_TAG = re.compile(rf"{_PREFIXES}{{0,9}}\s*{_KEY_AND_NUMBER}(?![\w-])", re.I)
_PREFIX = re.compile(rf"{_PREFIXES}+\s*", re.I)
# Characters of no width, without the joiners (U+200C, U+200D): emoji and words in Persian consist of them.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MAX_TAGS = 10
# Outlook marks a forwarded mail by the subject only; the prefix is known in many languages.
FORWARD_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:wg|fwd?|wtr|tr|rv|enc|i|doorst|vs|vb|vl|pd|ilt|i̇lt|továbbítás)\s*:", re.I
)
_KEY = re.compile(r"\[\s*mailbot:\s*((?:[a-z2-7]\s*){26})\]", re.I)
_BREAK = r"(?:[\s>]|=\n)*"
_SHOWN_KEY = re.compile(  # plain, or percent-encoded once or twice in the links of a mail
    rf"(?:\[|%(?:25)?5B){_BREAK}mailbot(?::|%(?:25)?3A){_BREAK}(?:[a-z2-7]{_BREAK}){{26}}(?:\]|%(?:25)?5D)",
    re.I,
)
KEEP_HINT = {
    "de": "← bitte stehen lassen",
    "en": "← please keep this",
    "fr": "← merci de laisser ceci",
}
"""Text after the action key in ready-made mails; with it, people do not delete the key."""
_HINT = "|".join(rf"{_BREAK}".join(hint.split()[1:]) for hint in KEEP_HINT.values())
# Programs write the arrow in other ways. Only the words of the hint are removed: people write after them.
_WITH_HINT = rf"(?:{_BREAK}(?:(?:←|&larr;|<-+|\?){_BREAK})?(?:{_HINT}))?"
_LINKED_KEY = re.compile(r"%(?:25)?5Bmailbot%(?:25)?3A([a-z2-7]{26})%(?:25)?5D", re.I)
_REMOVED_KEY = re.compile(rf"(?<![^\S\n>])[^\S\n>]*+{_SHOWN_KEY.pattern}{_WITH_HINT}[^\S\n]*", re.I)
_MARK = re.compile(r"mailbot(?::|%(?:25)?3A)", re.I)
_MAX_LINKED = 200
_QUOTED_BREAK = re.compile(r"\n[> ]*")


def subject_tags(subject: str) -> tuple[str, ...]:
    """Return the ticket keys of the tags in a subject, such as "GYM-104" for `[#GYM-104]`.

    A tag without a school, `[#123456]`, belongs to the former help desk and yields "#123456". Other help
    desks write tags of the same forms.
    """
    line = _on_one_line(subject)
    names = [_name(match) for match in _TAG.finditer(line)]
    if bare := _BARE_TAG.match(line):
        names.append(_name(bare))
    return tuple(dict.fromkeys(sorted(names, key=lambda name: name[0] == "#")))[:_MAX_TAGS]


def subject_tag(subject: str) -> str | None:
    """Return the first ticket key that a subject names; None without a tag."""
    return next(iter(subject_tags(subject)), None)


def without_subject_tags(subject: str, is_ours: Callable[[str], bool]) -> str:
    """Return a subject without our own tags, and if it had one, also without "Re:" prefixes."""
    line = _on_one_line(subject)
    text = _TAG.sub(lambda match: " " if is_ours(_name(match)) else match[0], line)
    return _PREFIX.sub("", " ".join(text.split()), count=1) if text != line else line


def _on_one_line(subject: str) -> str:
    return " ".join(_INVISIBLE.sub("", subject).split())


def _name(match: re.Match[str]) -> str:
    found = [group for group in match.groups() if group]
    return f"{found[0].upper()}-{int(found[1])}" if len(found) > 1 else f"#{found[0]}"


def action_key(text: str) -> str | None:
    """Return the 26 characters of the first `[mailbot:…]` in a text, or None; it may contain line breaks."""
    match = _KEY.search(_unbroken(text))
    return "".join(match[1].split()).lower() if match else None


def linked_action_keys(text: str) -> tuple[str, ...]:
    """Return the action keys in the links of a text, three at most: those of quoted mails."""
    keys = (match[1].lower() for match in _LINKED_KEY.finditer(text))
    return tuple(islice(dict.fromkeys(islice(keys, _MAX_LINKED)), 3))


def without_action_key(text: str) -> str:
    """Return the text without action keys and their hints, and without lines that had nothing else.

    Action keys in links are removed, too.
    """
    if not _may_have_key(text):
        return text
    text = _REMOVED_KEY.sub("\0", text)
    return re.sub(r"(?m)^[> ]*\0\n?|\0", "", text).rstrip("\n") if "\0" in text else text


def _unbroken(text: str) -> str:
    """Return the text without quotation marks at line breaks; "" if it has no action key."""
    return _QUOTED_BREAK.sub("\n", text) if _may_have_key(text) else ""


def _may_have_key(text: str) -> bool:
    return "mailbot" in text.lower() and bool(_MARK.search(text))
