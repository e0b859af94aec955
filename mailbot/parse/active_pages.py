"""Find web pages and drawings that do more than show.

The browser opens them: a form for a password is enough to do harm.
"""

import re

from mailbot.parse.character_references import unescape
from mailbot.parse.file_formats import suffix, words

_SUFFIXES = words("htm html xhtml xht shtml mht mhtml svg svgz xsl xslt webarchive")
_ALWAYS_ACTIVE = words("svgz mht mhtml webarchive")
_PAGE = re.compile(
    rb"\s*(?:<!--[^>]{0,500}>\s*)?<(?:!doctype\s+html|html|head|body|svg|script|\?xml)\b", re.I
)
_XML = re.compile(rb"\s*<\?xml\b", re.I)
_SHOWN_XML = re.compile(
    rb"<html|<svg|1999/xhtml|2000/svg|xml-stylesheet|xmlns[\w:]{0,40}\s{0,9}=\s{0,9}[\"'][^\"'<>]{0,200}&",
    re.I,
)
_ELEMENT = re.compile(
    r"<(?:[\w-]{1,20}:)?(?:script|form|i?frame|frameset|embed|object|foreignobject|applet|portal|handler)\b"
)
_HANDLER = re.compile(r"[\s/\"']on[a-z]{3,20}\s*=")
_ENTITY = re.compile(r"<!entity\s[^>\"']{0,100}[\"'][^\"']{0,500}[<&]")
_FETCHED_STYLE = re.compile(r"<\?xml-stylesheet\b[^>]{0,500}href\s*=\s*[\"']\s*(?:https?:|//|data:)")
_REFRESH = re.compile(r"http-equiv\s*=\s*(?:[\"']\s*)?refresh")
_MAX_REFERENCES = 200_000  # a page with more of them is not read, since that takes seconds
# In addresses browsers ignore blanks and controls.
_IGNORED = bytes(range(0x21))
_ACTIVE_ADDRESSES = (
    b"javascript:", b"vbscript:", b"data:text/html", b"data:image/svg", b"data:application/x",
    b'attributename="href', b"attributename='href", b'attributename="xlink:', b"attributename='xlink:",
    b'attributename="on', b"attributename='on",
)  # fmt: skip
# A file in the page that a link saves, in a text without blanks; a style, a font or an icon is only shown.
_SAVED = re.compile(
    rb"href=[\"']?data:(?!image/|text/css|font/|,?[\"'>])|<(?:\w{1,20}:)?a(?!nimat)[^<>]{0,2000}href=[\"']?data:"
)


def is_page(name: str, content: bytes) -> bool:
    """Return whether a browser shows a file; of XML only what it names a page or a drawing."""
    if suffix(name) in _SUFFIXES:
        return True
    if not _PAGE.match(_plain(content[:2_000])):
        return False
    return not _XML.match(_plain(content[:2_000])) or bool(_SHOWN_XML.search(_plain(content)))


def is_active(name: str, content: bytes) -> bool:
    """Return whether a page does more than show."""
    if suffix(name) in _ALWAYS_ACTIVE:
        return True
    written = _plain(content).decode("latin-1")
    text = written.lower()
    if text.count("&") > _MAX_REFERENCES:
        return True
    shown = unescape(written).lower() if "&" in text else text
    addresses = shown.encode("ascii", "ignore").translate(None, _IGNORED)
    return bool(
        any(active in addresses for active in _ACTIVE_ADDRESSES)
        or _SAVED.search(addresses)
        or _REFRESH.search(shown)
        or any(pattern.search(text) for pattern in (_ELEMENT, _HANDLER, _ENTITY, _FETCHED_STYLE))
    )


def _plain(content: bytes) -> bytes:
    """Return the bytes of a page; in UTF-16 every other byte is a zero."""
    return content.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")
