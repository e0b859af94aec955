"""Whether a mail comes from the address in its From: that address alone proves nothing.

A first-match table of signs: the letter that it answers, the action key that it bears, or what the receiving
mail server found (Authentication-Results, RFC 8601).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mailbot.core.mail import Mail
from mailbot.core.notice import NoticeKind
from mailbot.core.ticket import Role


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter of ours that a mail answers or whose action key it bears.

    `held` is the mail about which it asks, as long as that waits. `bounced`: it came back before; `marked`:
    mail to its recipient came back before.
    """

    recipient: str
    role: Role
    kind: NoticeKind
    ticket: str | None = None
    internal: bool = False
    held: int | None = None
    message_id: str = ""
    author: str = ""
    subject: str = ""
    text: str = ""
    bounced: bool = False
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a mail is believed to be its sender's, and the sign that says so."""

    trusted: bool
    reason: str


_PAIR = re.compile(r'([\w.-]+)(?:\s*/\s*\d+)?\s*=\s*("(?:[^"\\]|\\.)*"\S*|[^\s;]+)')


def trust(
    mail: Mail,
    authserv_id: str,
    answered: Letter | None,
    keyed: Letter | None,
    addresses: Collection[str] = (),
) -> Trust:
    """Decide whether From is who wrote this mail; `addresses` are others of the same person."""
    if len(mail.senders) != 1:
        return Trust(False, f"From has {len(mail.senders)} addresses")
    own = {mail.senders[0].email, *addresses}
    if answered is not None and answered.recipient in own:
        return Trust(True, "answers a letter that was sent to this person")
    if keyed is not None and keyed.recipient in own:
        return Trust(True, "bears the action key of a letter that was sent to this person")
    if authserv_id and (sign := _authenticated(mail, authserv_id)):
        return Trust(True, sign)
    if answered is not None or keyed is not None:
        return Trust(False, "answers a letter or bears a key that was sent to another address")
    return Trust(False, "nothing proves that this mail is from its From address")


def _authenticated(mail: Mail, authserv_id: str) -> str:
    """Return the sign of the topmost header field of our own receiving server, or ""."""
    for value in mail.all_headers("authentication-results"):
        head, *methods = _statements(value)
        if (head.split() or [""])[0].strip('"').casefold() != authserv_id.casefold():
            continue
        results = (dict(_pairs(method)) for method in methods)
        return next((sign for r in results if (sign := _aligned(r, mail.senders[0].domain))), "")
    return ""


def _statements(value: str) -> list[str]:
    """Split a field at its semicolons and drop its comments (RFC 8601, 2.2).

    Strangers choose what stands in quotation marks and comments: a semicolon in there separates nothing.
    """
    found = [""]
    depth, quoted, escaped = 0, False, False
    for char in value:
        plain = not escaped
        escaped = plain and char == "\\" and (quoted or depth > 0)
        if plain and char == '"' and depth == 0:
            quoted = not quoted
        elif plain and not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            found[-1] += " "
            continue
        if plain and char == ";" and not quoted and depth == 0:
            found.append("")
        elif depth == 0:
            found[-1] += char
    return found


def _pairs(method: str) -> Iterator[tuple[str, str]]:
    """Yield the method, its result and its properties; of one that is there twice, the first counts."""
    pairs = [(name.casefold(), value.strip('"').casefold()) for name, value in _PAIR.findall(method)]
    yield from reversed(pairs[1:])
    if pairs:
        yield "method", pairs[0][0]
        yield "result", pairs[0][1]


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
