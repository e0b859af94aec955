"""Names and types of attached files. The only module that knows filetype."""

import mimetypes
import re
import unicodedata
from html import unescape
from urllib.parse import unquote_to_bytes

import filetype

from mailbot.core.model.mail import Part
from mailbot.parse import mime
from mailbot.parse.encoded_words import decode_words
from mailbot.parse.mime import Entity, decoded

_BIDI = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONGEST = 180
_PERCENT_ENCODED = re.compile(r"(?:[!-$&-~]|%[0-9A-Fa-f]{2})*+")
_PERCENT_SIGN = re.compile(r"%(?:20|[C-F][0-9A-F]%[89AB][0-9A-F])", re.I)  # a blank, or a UTF-8 sequence
_ENTITY = re.compile(r"&(?:#\d{2,5}|#x[0-9A-Fa-f]{2,4}|[A-Za-z](?:uml|acute|grave|circ)|szlig|amp);")
_UTF_8_AS_LATIN = re.compile("[\u00c3\u00c5\u00c4\u00e2][\u0080-\u00bf\u0152-\u0178\u02c6-\u2122]")
_EXTENSION = re.compile(r"\.(?=\w*[A-Za-z])\w{2,5}$")
_CID_NAME = re.compile(r"([\w][\w .()+-]{0,150}\.[A-Za-z0-9]{2,5})(?:@|$)")
# Brands of pictures in HEVC (ISO/IEC 23008-12, annex B) other than "heic", which filetype knows.
_HEIC = re.compile(rb".{4}ftyphe(?:i[xms]|v[cx])", re.S)
_EXTENSIONS = {
    "message/rfc822": ".eml",
    "text/calendar": ".ics",
    "text/plain": ".txt",
    "text/html": ".html",
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "application/pkcs7-signature": ".p7s",
    "application/pgp-signature": ".asc",
    "text/rfc822-headers": ".txt",
}
# Containers that say little by themselves: what the sender says is more exact.
_VAGUE = frozenset(
    {"application/zip", "application/x-tar", "application/gzip", "application/x-ole-storage", "video/mp4"}
)


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_BLANKS = re.compile(r" {2,}")


def safe_name(raw: str) -> str:
    """Return the last component of a file name without controls and marks that turn its direction."""
    name = _BIDI.sub("", unicodedata.normalize("NFC", _repaired(decode_words(raw))))
    name = _CONTROLS.sub(" ", name).replace("\\", "/").rpartition("/")[2].strip(" '\"")
    name = _BLANKS.sub(" ", name)
    if name.strip(". ") == "":
        return ""
    stem, dot, extension = name.rpartition(".")
    if len(name) > _LONGEST and dot and len(extension) <= 10:
        return stem[: _LONGEST - len(extension) - 1] + dot + extension
    return name[:_LONGEST]


def _repaired(name: str) -> str:
    """Return a file name without the percent or HTML encoding, or the wrong charset, of a broken program."""
    if "&" in name and _ENTITY.search(name):
        name = _ENTITY.sub(lambda entity: unescape(entity[0]), name)
    try:
        if _PERCENT_SIGN.search(name) and _PERCENT_ENCODED.fullmatch(name):
            return unquote_to_bytes(name).decode()
        return name.encode("cp1252").decode() if _UTF_8_AS_LATIN.search(name) else name
    except UnicodeError:
        return name


def sniff_type(data: bytes, claimed: str) -> str:
    """Return the media type that the content shows, else the claimed one, in lower case."""
    head = data[:8192]
    if _HEIC.match(head):
        return "image/heic"
    found = filetype.guess_mime(head) if head else None
    if not isinstance(found, str) or found in _VAGUE:
        return claimed or "application/octet-stream"
    if claimed.partition("/")[0] == found.partition("/")[0] and claimed.startswith(("audio/", "video/")):
        return claimed
    return found


def claimed_name(entity: Entity) -> str:
    """Return the file name in any header field of an entity, or ""."""
    disposition = entity.disposition_parameters
    for raw in (
        disposition.get("filename", ""),
        entity.parameters.get("name", ""),
        disposition.get("name", ""),
        entity.parameters.get("filename", ""),
    ):
        if raw and (name := safe_name(raw)):
            return name
    return _with_extension(entity.field("content-location").split("?")[0])


def _with_extension(said: str) -> str:
    return safe_name(said) if _EXTENSION.search(said) else ""


def part(entity: Entity, data: bytes) -> Part:
    """Return an entity as attachment, with a name made up where it has none."""
    kind = entity.content_type
    if not kind.startswith(("message/", "text/")):
        kind = sniff_type(data, kind)
    elif kind.startswith("text/") and b"\0" in data[:1000]:
        kind = sniff_type(data, "application/octet-stream")
    cid = entity.field("content-id").strip(" <>")
    name = claimed_name(entity) or _named_inside(cid, kind, data)
    name = name or _with_extension(entity.field("content-description")) or default_name(entity.path, kind)
    return Part(entity.path or "1", name, kind, len(data), content_id=cid)


def _named_inside(cid: str, kind: str, data: bytes) -> str:
    """Return the subject of an attached mail, or the file name in a Content-ID of Outlook, or ""."""
    if kind in ("message/rfc822", "message/global"):
        subject = next((value for name, value in mime.read_header(data) if name == "subject"), "")
        subject = safe_name(re.sub(r"[\\/:]+", " ", decoded(subject)))
        return f"{subject[: _LONGEST - 4].rstrip(' .')}.eml" if subject else ""
    match = _CID_NAME.match(cid)
    return safe_name(match[1]) if match and mimetypes.guess_type(match[1])[0] else ""


def default_name(path: str, kind: str) -> str:
    """Return a name for a nameless file by its place in the mail and its type."""
    extension = _EXTENSIONS.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    return f"attachment-{(path or '1').replace('/', '-')}{extension}"
