"""Read a subject as its author wrote it, without the tags of gateways and spam filters."""

import re
from functools import lru_cache

from mailbot.core.model.mail import REPLY_PREFIX, Mail

_GATEWAY_TAG = re.compile(
    r"\s*(?:\[[^\]\[]{1,60}\]|\([^()]{1,30}\)|\{[^{}]{1,30}\}|\*{2,5}[^*]{1,40}\*{2,5}"
    r"|<(?:extern\w{0,3}|spam)>|(?:extern(?:e|al)?(?: (?:e-?mail|mail|email|absender|sender))?|ext|spam"
    r"|verdacht|caution|achtung)\s*[:|>])\s*",
    re.I,
)
_REPLY = re.compile(
    rf"\s*(?:\[[^\]]{{0,60}}\]\s*)?(?:{REPLY_PREFIX}|r|fwd?|wg|wtr|tr|i|enc|rv"
    r"|doorst|ilt|i̇lt|pd|továbbítás|továbbított)"
    r"(?:\[\d+\])?\s*:",
    re.I,
)
_WORD = re.compile(r"[^\W_]+")
_MOST_TAGS = 4


def answers_mail(mail: Mail) -> bool:
    """Return whether a mail names another one that it answers."""
    return bool(mail.in_reply_to or mail.references)


@lru_cache(maxsize=16)  # most rules for one mail look at its subject
def is_reply_subject(subject: str) -> bool:
    """Return whether the subject begins with the prefix of a reply or a forwarded mail."""
    return bool(_REPLY.match(subject) or _REPLY.match(bare_subject(subject)))


def names_sender(name: str | None, mail: Mail) -> bool:
    """Return whether a subject names no one but the sender: "Der Server ist nicht da" names a thing."""
    own = f"{mail.sender.name} {mail.sender.email.partition('@')[0]}" if mail.sender else ""
    return not name or set(_WORD.findall(name.casefold())) <= set(_WORD.findall(own.casefold()))


@lru_cache(maxsize=16)
def bare_subject(subject: str) -> str:
    """Return the subject without the tags in front of it, such as "[EXTERN]"; a tag alone stays."""
    rest = subject
    for _ in range(_MOST_TAGS):
        found = _GATEWAY_TAG.match(rest)
        if found is None or found.end() == len(rest):
            break
        rest = rest[found.end() :]
    return rest
