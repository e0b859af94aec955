"""Authenticate the sender of a mail, since From can be forged.

The first matching rule decides. The receiving mail server may say that From is forged
(Authentication-Results, RFC 8601). Otherwise the mail that it replies to, the action key in it, or a pass of
that server authenticates the sender.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from mailbot.core.model.facts import SentMail
from mailbot.core.model.mail import Mail

_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the sender of a mail is authenticated, and the reason.

    `forged`: the receiving mail server says dmarc=fail, or its results are too long to find that
    (`unreadable`).
    """

    trusted: bool
    reason: str
    forged: bool = False
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for and against a mail's From.

    `sender_addresses` are all addresses of the sender. `trusted_parents` are the domains that may
    authenticate their subdomains, as `schule.example` does for `mail.schule.example`: those of the
    organisation. Other domains may be shared by strangers, like co.uk or github.io, and need an exact match
    or dmarc=pass.

    A sent mail proves its recipient for `tickets`, those that the mail changes, if it shows all of them and
    none was closed before `closed_after`. It proves nothing for a new ticket (`opens`).
    """

    mail: Mail
    authserv_id: str = ""
    answered: SentMail | None = None
    by_action_key: SentMail | None = None
    sender_addresses: Collection[str] = ()
    trusted_parents: Collection[str] = ()
    tickets: Collection[str] = ()
    opens: bool = False
    closed_after: datetime = _EVER


def trust(evidence: Evidence) -> Trust:
    """Return whether the sender is authenticated: the first rule that returns a reason decides."""
    denied, too_long = bool(_is_forged(evidence)), bool(_result_is_too_long(evidence))
    trusted, reason = next((trusted, found) for trusted, rule in _RULES if (found := rule(evidence)))
    return Trust(trusted, reason, denied or too_long, unreadable=too_long and not denied)


def _several_or_no_from(evidence: Evidence) -> str:
    """Reject an ambiguous From: RFC 5322, section 3.6, requires one field, mailbot one address."""
    fields = sum(1 for _ in evidence.mail.all_headers("from"))
    if fields != 1:
        return f"there are {fields} From fields"
    addresses = len(evidence.mail.senders)
    return f"From has {addresses} addresses" if addresses != 1 else ""


def _is_forged(evidence: Evidence) -> str:
    """Return the reason if the receiving server says dmarc=fail: the topmost result of DMARC decides."""
    for value in _own_fields(evidence):
        found = [result for result in _results(value[:_MAX_FIELD]) if result.get("method") == "dmarc"]
        # One field may have several results of DMARC: one failure suffices.
        if any(result["result"] == "fail" for result in found):
            return "Authentication-Results: dmarc=fail, so a reply or an action key proves nothing"
        if found:
            return ""
    return ""


def _result_is_too_long(evidence: Evidence) -> str:
    """Reject a mail if the results of the receiving server may hide dmarc=fail beyond the limit."""
    too_long = any(len(value) > _MAX_FIELD for value in _own_fields(evidence))
    return f"Authentication-Results has more than {_MAX_FIELD} characters" if too_long else ""


def _replies_to_sent_mail(evidence: Evidence) -> str:
    proves = _proves(evidence.answered, evidence)
    return "replies to a mail that was sent to this person" if proves else ""


def _has_action_key(evidence: Evidence) -> str:
    proves = _proves(evidence.by_action_key, evidence)
    return "has the action key of a mail that was sent to this person" if proves else ""


def _proves(sent: SentMail | None, evidence: Evidence) -> bool:
    if sent is None or evidence.opens or not _was_sent_to_sender(sent, evidence):
        return False
    return sent.proves(evidence.tickets, evidence.closed_after)


def _was_sent_to_sender(sent: SentMail | None, evidence: Evidence) -> bool:
    return sent is not None and sent.recipient in {
        evidence.mail.senders[0].email,
        *evidence.sender_addresses,
    }


def _author_is_not_from(evidence: Evidence) -> str:
    via = evidence.mail.via
    return f"From is {via.email}, the author is in another field" if via is not None else ""


def _authenticated_by_server(evidence: Evidence) -> str:
    """Return the reason from the topmost field of the configured receiving server, or ""."""
    topmost = next(_own_fields(evidence), "")
    return next((reason for result in _results(topmost) if (reason := _aligned(result, evidence))), "")


def _own_fields(evidence: Evidence) -> Iterator[str]:
    """Yield the fields of the configured receiving server from top to bottom."""
    wanted = evidence.authserv_id.lower()
    fields = evidence.mail.all_headers("authentication-results")
    return (value for value in fields if wanted and authserv_id(value) == wanted)


def _results(value: str) -> Iterator[dict[str, str]]:
    return (dict(_pairs(method)) for method in _statements(value)[1:])


def authserv_id(value: str) -> str:
    """Return the authserv-id of an Authentication-Results field in lower case, or "" (RFC 8601, 2.5)."""
    name = (_statements(value[:_MAX_FIELD])[0].split() or [""])[0].strip('"').lower()
    return "" if "=" in name else name  # Microsoft omits the authserv-id and begins with a result


def _does_not_show_tickets(evidence: Evidence) -> str:
    """Return the reason if a sent mail belongs to the sender, but not to what this mail changes."""
    sent = (evidence.answered, evidence.by_action_key)
    if not any(_was_sent_to_sender(one, evidence) for one in sent):
        return ""
    about = ", ".join(sorted(evidence.tickets)) or ("a new ticket" if evidence.opens else "this any more")
    return f"replies to a mail, or has an action key, that was sent to this person but does not prove {about}"


def _sent_to_another_address(evidence: Evidence) -> str:
    found = evidence.answered is not None or evidence.by_action_key is not None
    return "replies to a mail, or has an action key, that was sent to another address" if found else ""


def _not_authenticated(_: Evidence) -> str:
    return "nothing proves that this mail is from its From address"


_RULES: tuple[tuple[bool, Callable[[Evidence], str]], ...] = (
    (False, _several_or_no_from),
    # Reasons against the sender come first: a reply proves nothing if the server says that From is forged.
    (False, _result_is_too_long),
    (False, _is_forged),
    (True, _replies_to_sent_mail),
    (True, _has_action_key),
    # The server vouches for the domain of From, so not if the author is in another field.
    (False, _author_is_not_from),
    (True, _authenticated_by_server),
    (False, _does_not_show_tickets),
    (False, _sent_to_another_address),
    (False, _not_authenticated),
)
"""Pairs of result and rule; the first rule that returns a reason decides."""

_MAX_FIELD = 8_000
"""Maximum characters of an Authentication-Results field: servers write hundreds."""

# The lookbehind makes the search linear: a name is tried from its first character only.
_PAIR = re.compile(r'(?<![\w.-])([\w.-]+)(?:\s*/\s*\d+)?\s*=\s*("(?:[^"\\]|\\.)*"\S*|[^\s;]+)')


def _statements(value: str) -> list[str]:
    """Split a field at its semicolons and drop its comments (RFC 8601, 2.2).

    The sender can choose the content of quoted strings and comments, so a semicolon in them is no separator.
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
    """Yield the method, its result and its properties; of duplicate properties the first counts."""
    pairs = [(name.lower(), value.strip('"').lower()) for name, value in _PAIR.findall(method)]
    # Reversed, and the method last: in a dict, what comes later wins.
    yield from reversed(pairs[1:])
    if pairs:
        yield "method", pairs[0][0]
        yield "result", pairs[0][1]


def _aligned(result: dict[str, str], evidence: Evidence) -> str:
    """Return the reason if this result is a pass for the domain of From (RFC 7489, 3.1), or ""."""
    domain = evidence.mail.senders[0].domain
    if result.get("result") != "pass":
        return ""
    match result.get("method"):
        case "dmarc":
            # A result without header.from is about From itself, as DMARC always is.
            claimed = result.get("header.from", domain)
        case "dkim":
            claimed = result.get("header.d") or result.get("header.i", "").rpartition("@")[2]
        case "spf":
            claimed = result.get("smtp.mailfrom", "").rpartition("@")[2]
        case _:
            return ""
    # A fully qualified name may end with a dot.
    claimed = claimed.removesuffix(".")
    is_parent = claimed in evidence.trusted_parents and domain.endswith("." + claimed)
    if claimed == domain or is_parent:
        return f"Authentication-Results: {result['method']}=pass for {claimed}"
    return ""
