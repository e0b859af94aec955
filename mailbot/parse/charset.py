"""Octets to text, whatever charset they claim (RFC 2978); never fails."""

import codecs
import re

# What mail programs write, and the superset that they mean by it (WHATWG Encoding, 4.2).
_MEANT = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "x-user-defined": "utf-8",
    "default": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "iso-8859-1-i": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "l1": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "x-cp1252": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
}
# Codecs of Python that are no charset of a mail; some of them take quadratic time.
_NO_CHARSET = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
_IN_ASCII = frozenset(
    {"utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
) | {
    f"iso2022_{variant}" for variant in ("jp", "jp_1", "jp_2", "jp_2004", "jp_3", "jp_ext", "kr")
}  # charsets that say other letters in octets of ASCII
_SINGLE_BYTE = re.compile(r"cp1252|cp125\d|iso8859.*|latin.*")
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def codec_name(label: str) -> str:
    """Return the codec that a charset label means, or "" where it means none that we know."""
    label = re.sub(r"[^a-z0-9_.:+-]", "", label.lower().strip(" \t\r\n\"'"))[:40]
    label = _MEANT.get(label, label)
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return "" if name.replace("_", "-") in _NO_CHARSET else name


def decode(octets: bytes, label: str = "") -> str:
    """Return the text of octets that claim the charset `label`, cleaned.

    UTF-8 that decodes strictly is believed even against a single-byte label, because other text hardly ever
    does so by chance; octets that fit neither are Windows-1252, what German mail programs mean when silent.
    """
    codec = codec_name(label) if label else ""
    if octets.isascii() and codec not in _IN_ASCII:
        return octets.decode("ascii").replace("\0", "")
    for attempt in _attempts(codec):
        try:
            return clean(octets.decode(attempt))
        except (UnicodeError, LookupError, ValueError):
            continue
    return clean(_forced(octets, codec))


def _attempts(codec: str) -> tuple[str, ...]:
    if not codec:
        return ("utf-8",)
    if _SINGLE_BYTE.fullmatch(codec):
        return ("utf-8", codec)
    return (codec, "utf-8")


def _forced(octets: bytes, codec: str) -> str:
    if codec and codec != "utf-8" and not _SINGLE_BYTE.fullmatch(codec):
        try:
            return octets.decode(codec, "replace")
        except (UnicodeError, LookupError, ValueError):
            return octets.decode("utf-8", "replace")
    text = octets.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    valid = len(octets) - len(text)  # every multi-octet sequence that decoded makes the text shorter
    if broken <= valid:
        return text
    # cp1252 leaves five octets undefined; latin-1 gives them the controls that they would be
    return (
        "".join(
            octets[at : at + 1].decode("cp1252", "ignore") or chr(octets[at]) for at in range(len(octets))
        )
        if (len(octets) < 1000)
        else octets.decode("cp1252", "replace")
    )


def clean(text: str) -> str:
    """Return the text without NUL and lone surrogates, which PostgreSQL and SQLite refuse."""
    return _REFUSED.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", text)
