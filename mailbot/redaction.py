"""Remove a password from the text of a server, in every form in which servers and libraries repeat it."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from html import escape
from urllib.parse import quote, quote_plus

REDACTED = "…"
_MIN_BASE64 = 4  # characters of a part of a password in base64 that are looked for
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}=*")
# SASL PLAIN (RFC 4616) and XOAUTH2: their decoded arguments.
_LOGIN = re.compile(rb"[^\0]*\0[^\0\r\n]+\0|(?:n,a=.*\x01|user=.*\x01)?auth=Bearer |user=[^\x01]*\x01", re.S)
_BEARER = re.compile(r"\bBearer\s+[^\s\"',;]+", re.I)


def redact_secret(text: str, secret: str) -> str:
    """Return a text without a secret: as it is, quoted, escaped, in base64 or hex, and over line breaks."""
    text = _BASE64.sub(lambda found: REDACTED if _decodes_to_login(found[0], secret) else found[0], text)
    # The longest first: a short variant may be a part of a longer one.
    for variant in sorted(set(_variants(secret)), key=len, reverse=True):
        # Servers wrap their replies, so white space may be anywhere in it.
        spread = r"\s*".join(re.escape(char) for char in variant if not char.isspace())
        text = re.sub(spread, REDACTED, text, flags=re.I if variant != secret else 0) if spread else text
    return _BEARER.sub(f"Bearer {REDACTED}", text)


def _variants(secret: str) -> Iterator[str]:
    """Yield the secret as different programs write it."""
    if not secret:
        return
    yield secret
    yield secret.replace("\\", "\\\\").replace('"', '\\"')  # a quoted string of IMAP
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    for charset in ("utf-8", "latin-1", "utf-16-le"):
        try:
            encoded = secret.encode(charset)
        except UnicodeEncodeError:
            continue
        yield encoded.hex()
        yield encoded.hex(":")
        yield binascii.b2a_qp(encoded, istext=False).decode()
        yield from _in_base64(encoded)


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield the base64 that a secret has behind zero, one or two other bytes; the ends depend on these."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret).decode().rstrip("=")
        part = whole[-(-8 * before // 6) : (before + len(secret)) * 8 // 6]
        if len(part) >= _MIN_BASE64:
            yield part
            yield part.translate(str.maketrans("+/", "-_"))


def _decodes_to_login(run: str, secret: str) -> bool:
    """Return whether base64 decodes to a login or to the secret, even if it was cut off."""
    plain = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    decoded = binascii.a2b_base64(plain[: len(plain) // 4 * 4])
    full = binascii.a2b_base64(plain + "=" * (-len(plain) % 4)) if len(plain) % 4 != 1 else decoded
    return bool(_LOGIN.match(decoded)) or bool(secret and secret.encode("utf-8", "replace") in full)
