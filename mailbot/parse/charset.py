"""Decode bytes of any claimed charset (RFC 2978); never fails."""

import codecs
import re

import webencodings

# Codecs of labels that the WHATWG Encoding standard does not have or that mails use in another meaning.
_IN_MAILS = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "utf-16": "utf-16",  # a byte order mark may say "big endian"
    "unicode": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "x-user-defined": "utf-8",
    "default": "utf-8",
    "iso-8859-1-i": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "ks_c_5601": "cp949",
}
# Python's codecs that decode more than its codecs of the WHATWG's names.
_SUPERSETS = {"gbk": "gb18030", "iso-2022-jp": "iso2022_jp_ext"}
# Python's codecs that are not charsets of mails; some of them take quadratic time.
_NO_CHARSET = frozenset(
    {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
)
_IN_ASCII = frozenset(
    {"utf-7", "hz", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
) | {
    f"iso2022_{variant}" for variant in ("jp", "jp_1", "jp_2", "jp_2004", "jp_3", "jp_ext", "kr")
}  # charsets whose ASCII bytes can mean other characters
TWO_BYTES = frozenset({"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp", "johab"})
"""The codecs in which most characters of Chinese, Korean and Japanese have two bytes."""
_SINGLE_BYTE = re.compile(r"cp1252|cp125\d|iso8859.*|latin.*")
_NOT_IN_LABEL = re.compile(r"[^a-z0-9_.:+-]")
SUBSTITUTE = "\x1a"  # ASCII's, for a NUL that must not just disappear
_REFUSED = re.compile("[\x00\ud800-\udfff]")


def codec_name(label: str) -> str:
    """Return the codec for a charset label, or "" for an unknown one."""
    label = _NOT_IN_LABEL.sub("", label.lower())[:40]
    if codec := _known_codec(label):
        return codec
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    return "" if name.replace("_", "-") in _NO_CHARSET else _known_codec(name) or name


def _known_codec(label: str) -> str:
    """Return the codec that mails or browsers use for a label, or "".

    Browsers refuse the charsets that the standard calls "replacement"; mails may still use them.
    """
    if label in _IN_MAILS:
        return _IN_MAILS[label]
    encoding = webencodings.lookup(label)
    if encoding is None or encoding.name == "replacement":
        return ""
    codec: str = encoding.codec_info.name
    return _SUPERSETS.get(encoding.name, codec)


def decode(data: bytes, label: str = "", nul: str = "") -> str:
    """Return the cleaned text of bytes that claim the charset `label`, with `nul` instead of NUL.

    Valid UTF-8 wins over a single-byte label, because other text is hardly ever valid UTF-8 by chance. Bytes
    that fit neither are decoded as Windows-1252, which German mail programs mean if they name no charset.
    """
    codec = codec_name(label) if label else ""
    if data.isascii() and codec not in _IN_ASCII:
        return data.decode("ascii").replace("\0", nul)
    for attempt in _attempts(codec):
        try:
            return clean(data.decode(attempt), nul)
        except (UnicodeError, LookupError, ValueError):
            continue
    return clean(_forced(data, codec), nul)


def _attempts(codec: str) -> tuple[str, ...]:
    if not codec:
        return ("utf-8",)
    if _SINGLE_BYTE.fullmatch(codec):
        return ("utf-8", codec)
    return (codec, "utf-8")


def _forced(data: bytes, codec: str) -> str:
    if codec and codec != "utf-8" and not _SINGLE_BYTE.fullmatch(codec):
        try:
            return data.decode(codec, "replace")
        except (UnicodeError, LookupError, ValueError):
            return data.decode("utf-8", "replace")
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    valid = len(data) - len(text)  # every decoded multi-byte sequence makes the text shorter
    # More valid sequences than errors: UTF-8 that was cut or mixed, and no other charset.
    if broken <= valid:
        return text
    # cp1252 leaves five bytes undefined; chr() decodes them as the control characters of Latin-1
    return (
        "".join(data[at : at + 1].decode("cp1252", "ignore") or chr(data[at]) for at in range(len(data)))
        if (len(data) < 1000)
        else data.decode("cp1252", "replace")
    )


def clean(text: str, nul: str = "") -> str:
    """Return the text without NUL and lone surrogates, which PostgreSQL and SQLite reject."""
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _REFUSED.sub(lambda match: nul if match[0] == "\x00" else "\ufffd", text)
