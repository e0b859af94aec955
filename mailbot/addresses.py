"""The one form in which addresses are stored and compared. The only module that knows idna.

Domains are A-labels (RFC 5890, 2.3.2.1): two spellings of one domain are equal, and two domains never are.
Under IDNA 2008 `ß` is a character of its own and not `ss`.
"""

import re
from unicodedata import normalize

_MAX_DOMAIN = 255  # characters: RFC 5321, 4.5.3.1.2
_MAX_LOCAL = 64  # bytes: RFC 5321, 4.5.3.1.1
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_LITERAL = re.compile(r"\[[0-9a-z.:]{3,60}\]")  # RFC 5321, 4.1.3
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_ATOM = r"[^\s\"(),.:;<>@\[\]\\]++"
_ATOMS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*+")  # RFC 5322, 3.2.3
_SPACE = " \t\r\n"  # white space of headers (RFC 5322, 2.2.2); any other character belongs to the address


def ascii_domain(domain: str) -> str | None:
    """Return a domain in lower case as A-labels, without the root dot; None if it is not a domain.

    Upper case, wide characters and other full stops are mapped first (UTS 46, non-transitional).
    """
    if len(domain) > _MAX_DOMAIN:
        return None
    if not domain.isascii():
        import idna  # noqa: PLC0415 - takes 20 ms to load, and few mails need it

        try:
            mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
            labels = [
                label if label.isascii() else idna.alabel(label).decode() for label in mapped.split(".")
            ]
        except UnicodeError:
            return None
        domain = ".".join(labels)
    domain = domain.lower().removesuffix(".")
    return domain if _DOMAIN.fullmatch(domain) else None


def canonical_address(address: str) -> str | None:
    """Return an address as it is stored and compared; None if no mail can be sent to it.

    The local part is in lower case, although RFC 5321, 2.4, allows servers to distinguish case. It is quoted
    only if necessary (RFC 5322, 3.2.4). Apostrophes belong to it; an invisible character makes it unreadable,
    since without that character it would be another person's.
    """
    local, _, domain = address.strip(_SPACE).rpartition("@")
    literal = domain.lower()
    canonical_domain = literal if _LITERAL.fullmatch(literal) else ascii_domain(domain)
    canonical_local = _canonical_local_part(local)
    return f"{canonical_local}@{canonical_domain}" if canonical_local and canonical_domain else None


def stored_address(address: str) -> str:
    """Return the canonical address; a text that is not an address is stored in lower case."""
    return canonical_address(address) or address.strip().lower()


def _canonical_local_part(local: str) -> str:
    """Return the local part in its shortest form; "" if no header can contain it."""
    if not local.isascii():
        local = normalize("NFC", local)
    local = local.lower()
    if not local.isprintable() or len(local.encode()) > _MAX_LOCAL:
        return ""
    if quoted := _QUOTED.fullmatch(local):
        local = _ESCAPED.sub(r"\1", quoted[1])
    elif "@" in local:  # a typing mistake, and not a quoted local part without its quotation marks
        return ""
    if not local or _ATOMS.fullmatch(local):
        return local
    escaped = local.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
