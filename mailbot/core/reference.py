"""Names of tickets and action keys within a mail's subject and text."""

import re

_TAG = re.compile(r"\[\s*#\s*([A-Za-z][A-Za-z0-9]{1,11})\s*-\s*(\d{1,9})\s*\]")
_KEY = re.compile(r"\[mailbot:\s*([a-z2-7]{26})\s*\]", re.IGNORECASE)


def subject_tag(subject: str) -> str | None:
    """Return the ticket's name of the first subject tag: "GYM-104" for "Re: [#GYM-104] Beamer"."""
    found = _TAG.search(subject)
    return f"{found[1].upper()}-{int(found[2])}" if found else None


def action_key(text: str) -> str | None:
    """Return the first action key in a text."""
    found = _KEY.search(text)
    return found[1].lower() if found else None


def without_action_key(text: str) -> str:
    """Return the text without its action keys, so that they reach no other reader."""
    return _KEY.sub("", text)
