"""Addresses, dates and Message-IDs of a header. The only module that knows mail-parser."""

import logging
import re
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime
from unicodedata import normalize

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from mailbot.addresses import ascii_domain, canonical_address
from mailbot.core.model.mail import LIST_ADDRESS_FIELDS, Address
from mailbot.parse import limits
from mailbot.parse.mime import Field, decoded
from mailbot.parse.names import given_name_first
from mailbot.sanitize import one_line

logging.getLogger("mailparser").setLevel(logging.CRITICAL)  # it logs the content of odd mails

SENDER_FIELDS = ("from", "sender", "reply-to", "return-path", "x-sender")  # the first that names somebody
# One mailbox without anything that could be read in two ways; all others are left to mail-parser.
_PLAIN_MAILBOX = re.compile(
    r'(?:(?:([A-Za-z][A-Za-z0-9 _-]{0,80})|"([A-Za-z0-9 ,._-]{1,80})") {0,2})?'
    r"<([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{0,199}[A-Za-z0-9])>"
    r"|([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{0,199}[A-Za-z0-9])"
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,990}>")
_FOLDED_ID = re.compile(r"<[^<>\s@]{1,200}\s{1,9}[^<>\s@]{1,200}@[^<>\s@]{1,255}>")
_BARE_ID = re.compile(r"(?<![^\s<>,;\"()])[^\s<>,;\"()]{1,500}@[^\s<>,;\"()]{1,400}")
_EMAIL = re.compile(r"(?!.*=\?)(?:[^\s\"]{1,320}|\"[^\n]{1,100}\"@[^\s]{1,255})")
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]\\@=?]{1,100}@[^\s<>,;:\"'()\[\]\\@=?]{1,200}")
_NAME_OR_DOMAIN = re.compile(r"[\w.\x80-\U0010ffff-]+")
_APOSTROPHES = re.compile(r"'([^\s'<>,;@]{1,64}@[^\s'<>,;@]{1,255})'")  # Outlook, around recipients
_ROOT_DOT = re.compile(r"(@[^\s<>,;@\"]{0,255}[^\s<>,;@\".])\.(?=\s*(?:[>,;]|$))")  # mail-parser refuses it
_SEMICOLON = re.compile(r"(@[^\s<>,;@\"]{1,255}>?) ?;")  # as in the fields of Outlook; not the end of a group
# A name with a comma, without quotation marks: two mailboxes by RFC 5322, one in practice.
_UNQUOTED_COMMA = re.compile(
    r'(^|[,;]\s*)([^\s<>@",;:()\[\]][^<>@",;:()\[\]]{0,60}, ?[^<>@",;:()\[\]]{1,60}?) ?(?=<)'
)
# Programs that copy an address from a field with a direction leave these marks around it, never within it.
_MARKS = "\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_AROUND = f" <>{_MARKS}"
_MARKED = re.compile(rf"(?<=<)[{_MARKS}]{{1,9}}|(?<![{_MARKS}])[{_MARKS}]{{1,9}}(?=>)")
# A display name in quotation marks.
_QUOTED_NAME = re.compile(r'"[^"\\]{0,200}"(?=\s{0,9}<[^<>\s]{1,330}>)')
# A character that is invisible or a special kind of space, within a local part or at its ends. Without it,
# the address would be another person's. An "@" before the "<" of an address belongs to its display name.
_DISGUISED = re.compile(
    "[\\x0b\\x0c\\x1c-\\x1f\\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    "\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U000e0fff]"
    '[^ \t<>,;:"]{0,320}@(?![^<>,;:]{0,200}<[^<>\\s@]{1,100}@[^<>\\s@]{1,255}>)'
)
_ROUTE_FIELDS = frozenset(
    {"delivered-to", "x-delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to"}
    | LIST_ADDRESS_FIELDS
)
_BOUNCE_FIELDS = frozenset({"sender", "errors-to", "return-path"})
_MAX_ROUTE, _MAX_ROUTES = 2_000, 50  # characters of a field, addresses of a mail
_LIST_ID = re.compile(r"<([^\s<>@.]{1,64})\.([^\s<>@]{1,255})>\s*$")  # RFC 2919, 2
_LIST_BOUNCES = re.compile(
    r"([^\s<>,;:@]{1,64})-(?:bounces?|owner)(?:\+[^\s<>@]{0,200})?@([^\s<>,;@]{1,255})"
)
_GERMAN = {"mär": "mar", "mrz": "mar", "mai": "may", "okt": "oct", "dez": "dec"}
_DATE = re.compile(
    r"(\d{1,2})\.?[ -]+([A-Za-zä]{3})[a-zä]*\.?,?[ -]+(\d{2,4})[ ,]+(\d{1,2}:\d{2}(?::\d{2})?)\s*([+-]\d{4})?"
)


class Header:
    """Reads one header: mail-parser does the work, the stdlib what it cannot do."""

    def __init__(self, fields: tuple[Field, ...], defects: list[str]) -> None:
        self._defects = defects
        self._raw: dict[str, str] = {}
        for name, value in fields:
            # The topmost field counts, but a From without an address does not hide a second one.
            empty = name == "from" and "@" not in self._raw.get(name, "") and "@" in value
            if not self._raw.get(name) or empty:
                self._raw[name] = value

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the mailboxes of the topmost field of that name."""
        value = self._raw.get(name, "")[: limits.ADDRESS_FIELD]
        if not value.isascii():
            value = _MARKED.sub("", value.strip(f" {_MARKS}"))
        if not value:
            return ()
        if (plain := _PLAIN_MAILBOX.fullmatch(value)) and ".." not in value:
            address = _address(plain[1] or plain[2] or "", plain[3] or plain[4])
            return (address,) if address.email else ()
        if name not in SENDER_FIELDS:  # 'max@… is another mailbox than max@…
            value = _APOSTROPHES.sub(r"\1", value)
            value = value if ":" in value else _SEMICOLON.sub(r"\1,", value)
        elif _DISGUISED.search(_QUOTED_NAME.sub("", value)):
            self._defects.append(f"{name}: an address has an invisible character")
            return ()
        value = _UNQUOTED_COMMA.sub(r'\1"\2" ', _ROOT_DOT.sub(r"\1", value))
        try:
            pairs = get_addresses(value, defects=(problems := []), decode_names=True)
        except Exception as trouble:  # noqa: BLE001 - it raises what it likes on hostile headers
            pairs, problems = [], [{"reason": type(trouble).__name__}]
        self._defects.extend(f"{name}: {problem.get('reason', '')}" for problem in problems[:5])
        plausible = [(shown, email) for shown, email in pairs if _EMAIL.fullmatch(email)]
        found = [_address(shown, email) for shown, email in plausible or _salvaged(value)]
        good = tuple(address for address in found if address.email)
        lost = any("@" in problem.get("raw", "") and not problem.get("recovered") for problem in problems)
        # an address next to an unreadable one is not known to be the sender
        alone = len(good) == len(found) and not (lost and plausible)
        return good if alone or name not in SENDER_FIELDS else ()

    def date(self) -> datetime | None:
        """Return the instant in Date, in UTC, or None where there is none that can be read."""
        value = self._raw.get("date", "")[:200]
        found = parse_mail_date(value).value if value else None
        return found if isinstance(found, datetime) else _salvaged_date(value)

    def message_ids(self, name: str) -> tuple[str, ...]:
        """Return the Message-IDs of the topmost field of that name, with their angle brackets.

        Python's email package and others write long fields as encoded words, which RFC 2047, 5, forbids.
        """
        value = self._raw.get(name, "")
        if "=?" in value:
            value = decoded(value)
        found = tuple(_MESSAGE_ID.findall(value))
        folded = () if found else tuple("".join(one.split()) for one in _FOLDED_ID.findall(value))
        return found or folded or tuple(f"<{bare}>" for bare in _BARE_ID.findall(value))


def routes(fields: tuple[Field, ...]) -> frozenset[str]:
    """Return the addresses of the aliases and lists through which a mail came."""
    found: set[str] = set()
    for name, value in fields:
        if name in _ROUTE_FIELDS:
            found.update(_ADDRESS.findall(value[:_MAX_ROUTE]))
        elif name == "list-id" and (listed := _LIST_ID.search(value[:_MAX_ROUTE])):
            found.add(f"{listed[1]}@{listed[2]}")
        elif name in _BOUNCE_FIELDS:
            found.update(f"{m[1]}@{m[2]}" for m in _LIST_BOUNCES.finditer(value[:_MAX_ROUTE]))
        if len(found) > _MAX_ROUTES:
            break
    return frozenset(filter(None, map(canonical_address, found)))


def with_ascii_domains(value: str) -> str:
    """Return a field in which domains are A-labels; servers also write U-labels (RFC 8616, 5).

    A U-label has no character for another one, such as "ſ" for "s": it stays as written.
    """
    return value if value.isascii() else _NAME_OR_DOMAIN.sub(_as_a_labels, value)


def _as_a_labels(match: re.Match[str]) -> str:
    name = match[0]
    stands_for_ascii = any(not c.isascii() and normalize("NFKC", c).isascii() for c in name)
    return name if stands_for_ascii else ascii_domain(name) or name


def _salvaged(value: str) -> list[tuple[str, str]]:
    """Find mailboxes where mail-parser gives up: by the stdlib, else whatever looks like an address."""
    value = decoded(value)
    try:
        pairs = [(shown, email) for shown, email in getaddresses([value]) if _ADDRESS.fullmatch(email)]
    except (ValueError, IndexError, RecursionError):
        pairs = []
    if pairs:
        return pairs
    emails = _ADDRESS.findall(value)
    shown = value.partition("<")[0].strip(" \"'")
    return [(shown if shown not in emails else "", email) for email in emails[-1:]]


def _address(shown: str, email: str) -> Address:
    """Return a mailbox; its address is "" if no mail can be sent to it."""
    shown = one_line(decoded(shown)).strip(" \"'")
    email = email.strip(_AROUND)
    name = "" if shown.lower() == email.lower() else given_name_first(shown)
    return Address(canonical_address(email) or "", name)


def _salvaged_date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return _foreign_date(value)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _foreign_date(value: str) -> datetime | None:
    """Read a date with German names of days and months, as some scanners and old web mailers write it."""
    match = _DATE.search(value)
    if not match:
        return None
    month = match[2].lower()
    plain = f"{match[1]} {_GERMAN.get(month, month)} {match[3]} {match[4]} {match[5] or '+0000'}"
    try:
        return parsedate_to_datetime(plain).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
