"""Whether a mail comes from the address in its From: that address alone proves nothing.

A first-match table of signs: the mail that it answers, the action key in it, or what the receiving
mail server found (Authentication-Results, RFC 8601).
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from mailbot.core.model.facts import SentMail
from mailbot.core.model.mail import Mail


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a mail is believed to be its sender's, and the sign that says so."""

    trusted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against a mail's From.

    `own` are all addresses of who has that one. `parents` are the domains that may vouch for those below
    them, as `schule.example` for `mail.schule.example`: those of the house. Of others it is not known whether
    strangers share them, as they do co.uk or github.io; for those the receiving server may say dmarc=pass.
    """

    mail: Mail
    authserv_id: str = ""
    answered: SentMail | None = None
    by_action_key: SentMail | None = None
    support_addresses: Collection[str] = ()
    trusted_parents: Collection[str] = ()


def trust(evidence: Evidence) -> Trust:
    """Decide whether From is who wrote this mail: the first sign that is there."""
    return next(Trust(trusted, reason) for trusted, sign in _RULES if (reason := sign(evidence)))


def _several_or_no_from(evidence: Evidence) -> str:
    """Tell of a From that programs read in several ways: RFC 5322, 3.6, wants one field, we one address."""
    fields = sum(1 for _ in evidence.mail.all_headers("from"))
    if fields != 1:
        return f"there are {fields} From fields"
    addresses = len(evidence.mail.senders)
    return f"From has {addresses} addresses" if addresses != 1 else ""


def _answers_own_letter(evidence: Evidence) -> str:
    own = _sent_to(evidence.answered, evidence)
    return "answers a letter that was sent to this person" if own else ""


def _bears_own_key(evidence: Evidence) -> str:
    own = _sent_to(evidence.by_action_key, evidence)
    return "bears the action key of a letter that was sent to this person" if own else ""


def _sent_to(letter: SentMail | None, evidence: Evidence) -> bool:
    return letter is not None and letter.recipient in {
        evidence.mail.senders[0].email,
        *evidence.support_addresses,
    }


def _authenticated(evidence: Evidence) -> str:
    """Return the sign of the topmost header field of our own receiving server, or ""."""
    wanted = evidence.authserv_id.casefold()
    for value in evidence.mail.all_headers("authentication-results"):
        if not wanted or authserv_id(value) != wanted:
            continue
        if len(value) > _MAX_FIELD:
            return ""
        methods = _statements(value)[1:]
        results = (dict(_pairs(method)) for method in methods)
        return next((sign for result in results if (sign := _aligned(result, evidence))), "")
    return ""


def authserv_id(value: str) -> str:
    """Return who wrote a field Authentication-Results, in lower case, or "" (RFC 8601, 2.5)."""
    name = (_statements(value[:_MAX_FIELD])[0].split() or [""])[0].strip('"').casefold()
    return "" if "=" in name else name  # Microsoft names nobody and begins with a result


def _answers_foreign_letter(evidence: Evidence) -> str:
    foreign = evidence.answered is not None or evidence.by_action_key is not None
    return "answers a letter or bears a key that was sent to another address" if foreign else ""


def _unproven(_: Evidence) -> str:
    return "nothing proves that this mail is from its From address"


_RULES: tuple[tuple[bool, Callable[[Evidence], str]], ...] = (
    (False, _several_or_no_from),
    (True, _answers_own_letter),
    (True, _bears_own_key),
    (True, _authenticated),
    (False, _answers_foreign_letter),
    (False, _unproven),
)
"""Whether the mail is believed where a sign gives a reason; read from top to bottom."""

_MAX_FIELD = 8_000
"""Characters of a field Authentication-Results. Servers write a few hundred; a longer one proves nothing."""

# The lookbehind makes it linear: a name is tried from its first character only.
_PAIR = re.compile(r'(?<![\w.-])([\w.-]+)(?:\s*/\s*\d+)?\s*=\s*("(?:[^"\\]|\\.)*"\S*|[^\s;]+)')


def _statements(value: str) -> list[str]:
    """Split a field at its semicolons and drop its comments (RFC 8601, 2.2).

    Strangers choose what stands in quotation marks and comments: a semicolon in there separates nothing.
    """
    found: list[list[str]] = [[]]
    depth, quoted, escaped = 0, False, False
    for char in value:
        plain = not escaped
        escaped = plain and char == "\\" and (quoted or depth > 0)
        if plain and char == '"' and depth == 0:
            quoted = not quoted
        elif plain and not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            found[-1].append(" ")
            continue
        if plain and char == ";" and not quoted and depth == 0:
            found.append([])
        elif depth == 0:
            found[-1].append(char)
    return ["".join(statement) for statement in found]


def _pairs(method: str) -> Iterator[tuple[str, str]]:
    """Yield the method, its result and its properties; of one that is there twice, the first counts."""
    pairs = [(name.casefold(), value.strip('"').casefold()) for name, value in _PAIR.findall(method)]
    yield from reversed(pairs[1:])
    if pairs:
        yield "method", pairs[0][0]
        yield "result", pairs[0][1]


def _aligned(result: dict[str, str], evidence: Evidence) -> str:
    """Return the sign if this result passed for the domain of From (RFC 7489, 3.1), or ""."""
    domain = evidence.mail.senders[0].domain
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
    above = claimed in evidence.trusted_parents and domain.endswith("." + claimed)
    if claimed == domain or above:
        return f"Authentication-Results: {result['method']}=pass for {claimed}"
    return ""
