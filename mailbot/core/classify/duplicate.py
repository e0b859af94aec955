"""Recognise a mail that came twice: once directly, and once through a list or a gateway that changed it."""

import re
from dataclasses import dataclass

from mailbot.core.model.mail import Mail

_MAX_COMPARED = 20_000  # characters of a text
_NOT_COMPARED = re.compile(r"\[[^\[\]]{0,60}\]|\b(?:re|aw|antw|wg|fwd?|tr)\s?:|(?:[^\w\[]|_)+|\[", re.I)


@dataclass(frozen=True, slots=True)
class EarlierMail:
    """A message with the same Message-ID: its header, its text, and the name and size of its files."""

    header: Mail
    text: str
    files: tuple[tuple[str, int], ...]


def is_same_mail(earlier: EarlierMail, mail: Mail) -> bool:
    """Return whether a mail with the same Message-ID is the same mail.

    Lists and gateways add a footer, and "[List]" or "List:" to the subject, or put another address in From.
    Copiers use one Message-ID for all scans.
    """
    if mail.date is None or mail.date != earlier.header.date or not _people(mail) & _people(earlier.header):
        return False
    files = tuple(sorted((part.filename, part.size) for part in mail.parts))
    return (
        _ends_alike(mail.subject, earlier.header.subject)
        and files == tuple(sorted(earlier.files))
        and _continues(earlier.text, mail.text)
    )


def adds_text(earlier: EarlierMail, mail: Mail) -> bool:
    """Return whether a copy has text that the earlier mail does not have: a footer, or what a forger cut."""
    return len(_plain(mail.text)) > len(_plain(earlier.text))


def _people(mail: Mail) -> set[str]:
    return {address.email for address in (*mail.senders, *mail.reply_to, *mail.original_from)}


def _ends_alike(one: str, other: str) -> bool:
    """Return whether one subject is the end of the other: lists put their name in front of it."""
    shorter, longer = sorted((_plain(one), _plain(other)), key=len)
    return longer.endswith(shorter) if shorter else not longer


def _continues(one: str, other: str) -> bool:
    """Return whether one text is part of the other; an empty text is part of an empty one only."""
    shorter, longer = sorted((_plain(one[:_MAX_COMPARED]), _plain(other[:_MAX_COMPARED])), key=len)
    return shorter in longer if shorter else not longer


def _plain(text: str) -> str:
    return _NOT_COMPARED.sub("", text).casefold()
