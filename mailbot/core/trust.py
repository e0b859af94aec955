"""Whether a mail comes from the address in its From: that address alone proves nothing.

A first-match table of signs: the letter that it answers, the action key that it bears, or what the receiving
mail server found (Authentication-Results, RFC 8601).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.core.mail import Mail
from mailbot.core.notice import NoticeKind
from mailbot.core.ticket import Role


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of ours that a mail answers or whose action key it bears."""

    recipient: str
    role: Role
    kind: NoticeKind
    ticket: str | None = None
    internal: bool = False
    held: int | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a mail is believed to be its sender's, and the sign that says so."""

    trusted: bool
    reason: str


_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_PAIR = re.compile(r'([\w.-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)')


def trust(
    mail: Mail, authserv_id: str, answered: Letter | None, keyed: Letter | None, *, person: str = ""
) -> Trust:
    """Decide whether From is who wrote this mail; letters to that person are sent to `person`."""
    if len(mail.senders) != 1:
        return Trust(False, f"From has {len(mail.senders)} addresses")
    sender = person or mail.senders[0].email
    if answered is not None and answered.recipient == sender:
        return Trust(True, "answers a letter that was sent to this address")
    if keyed is not None and keyed.recipient == sender:
        return Trust(True, "bears the action key of a letter that was sent to this address")
    if authserv_id and (sign := _authenticated(mail, authserv_id)):
        return Trust(True, sign)
    if answered is not None or keyed is not None:
        return Trust(False, "answers a letter or bears a key that was sent to another address")
    return Trust(False, "nothing proves that this mail is from its From address")


def _authenticated(mail: Mail, authserv_id: str) -> str:
    """Return the sign of the topmost header field of our own receiving server, or ""."""
    for value in mail.all_headers("authentication-results"):
        server, results = _results(value)
        if server != authserv_id.casefold():
            continue
        return next((sign for r in results if (sign := _aligned(r, mail.senders[0].domain))), "")
    return ""


def _results(value: str) -> tuple[str, list[dict[str, str]]]:
    """Split a field into the authserv-id and one mapping a method; comments are dropped (RFC 8601, 2.2)."""
    for _ in range(4):  # comments nest
        value = _COMMENT.sub(" ", value)
    head, *methods = value.split(";")
    server = (head.split() or [""])[0].strip('"').casefold()
    return server, [dict(_pairs(method)) for method in methods]


def _pairs(method: str) -> Iterator[tuple[str, str]]:
    for number, (name, value) in enumerate(_PAIR.findall(method)):
        clean = value.strip('"').casefold()
        if number == 0:
            yield "method", name.casefold()
            yield "result", clean
        else:
            yield name.casefold(), clean


def _aligned(result: dict[str, str], domain: str) -> str:
    """Return the sign if this result passed for the domain of From (RFC 7489, 3.1), or ""."""
    if result.get("result") != "pass":
        return ""
    match result.get("method"):
        case "dmarc":
            claimed = result.get("header.from", domain)
        case "dkim":
            claimed = result.get("header.d") or result.get("header.i", "").rpartition("@")[2]
        case "spf":
            claimed = result.get("smtp.mailfrom", "").rpartition("@")[2]
        case _:
            return ""
    if claimed == domain or ("." in claimed and domain.endswith("." + claimed)):
        return f"Authentication-Results: {result['method']}=pass for {claimed}"
    return ""
