"""Files that can do harm when somebody opens them: told by their content first, then by their names."""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from io import BytesIO

from mailbot.core.model.mail import Danger, Part
from mailbot.parse import limits

# Of Windows, Linux, macOS, Java; links and compiled help of Windows; scripts.
_PROGRAM = re.compile(
    rb"MZ[^\0]{0,60}\0|\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe"
    rb"|L\0\0\0\x01\x14\x02\0|ITSF|#!"
)
# Archives that we cannot look into: 7z, RAR, cabinets, gzip, bzip2, xz, ARJ, Zstandard.
_SEALED = re.compile(
    rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|MSCF\0|\x1f\x8b|BZh[1-9]1AY&SY|\xfd7zXZ\0|\x60\xea|\x28\xb5\x2f\xfd"
)
_SUFFIXES = frozenset({
    "exe", "com", "scr", "pif", "msi", "msp", "msc", "msix", "appx", "application", "gadget", "cpl", "dll",
    "sys", "xll", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta", "sh",
    "command", "jar", "apk", "lnk", "url", "reg", "scf", "inf", "chm", "iso", "img", "vhd", "vhdx", "app",
    "dmg", "pkg",
})  # fmt: skip
# Web pages and drawings are opened by the browser: a form for a password is enough to do harm.
_PAGES = frozenset(["htm", "html", "xhtml", "xht", "shtml", "mht", "mhtml", "svg", "svgz", "xsl", "xslt"])
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|svg|script|\?xml)\b", re.I)
_ACTIVE = re.compile(
    rb"<script|javascript:|[\s/\"']on[a-z]{3,20}\s*=|<form|<i?frame|<embed|<object|<foreignobject"
    rb"|http-equiv\s*=\s*(?:[\"']\s*)?refresh|data:text/html",
    re.I,
)
_WITH_MACROS = frozenset(["docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm", "sldm"])
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_VBA = "_VBA_PROJECT".encode("utf-16-le")
_EXCEL_4 = "Macros".encode("utf-16-le")
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_ENCRYPTED_FLAG = 0x1
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY = b"PK\x01\x02"  # of the central directory
_LOCAL_HEADER = 30  # bytes, without its name
# A step of bzip2 or LZMA may inflate 4 kB to 80 MB, and zipfile cannot stop it.
_METHODS = frozenset([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
_HEAD = 16
_MEMBER_COST = 4_096  # bytes that zipfile inflates of a member at least


@dataclass(slots=True)
class Budget:
    """How many bytes of archives may still be inflated for one mail."""

    left: int = limits.INFLATED

    def spend(self, size: int) -> None:
        """Count bytes before they are inflated; raises ValueError when there are too many."""
        self.left -= size
        if self.left < 0:
            raise ValueError("too much in the archives of one mail")


def with_danger(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts of a mail, each with its danger."""
    budget = Budget()
    return tuple(replace(part, danger=danger(part.filename, part.content, budget)) for part in parts)


def danger(name: str, content: bytes, budget: Budget, depth: int = 0) -> Danger:
    """Return what harm a file can do: the first row that fits. The budget is that of the whole mail."""
    found = next((kind for kind, fits in _SIGNS if fits(name, content)), Danger.NONE)
    return _in_archive(content, budget, depth) if not found and _is_zip(content) else found


def _suffix(name: str) -> str:
    return name.rstrip(". ").rpartition(".")[2].lower()


def _is_zip(content: bytes) -> bool:
    return content.startswith(_ZIP)


def _has_macros(name: str, content: bytes) -> bool:
    if _suffix(name) in _WITH_MACROS:
        return True
    if content.startswith(_OLE):
        return _VBA in content or _EXCEL_4 in content
    return content.startswith(b"{\\rt") and b"\\objdata" in content


def _is_active_page(name: str, content: bytes) -> bool:
    """Tell whether a page does more than show; in UTF-16 every other octet is a zero."""
    plain = content.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe")
    page = _suffix(name) in _PAGES or _PAGE.match(plain)
    return bool(page and (_ACTIVE.search(plain) or _suffix(name) in ("svgz", "mht", "mhtml")))


_SIGNS: tuple[tuple[Danger, Callable[[str, bytes], bool]], ...] = (
    (Danger.PROGRAM, lambda _, content: bool(_PROGRAM.match(content))),
    (Danger.PROGRAM, lambda name, _: _suffix(name) in _SUFFIXES),
    (Danger.PROGRAM, _is_active_page),
    (Danger.MACROS, _has_macros),
    (Danger.OPAQUE, lambda _, content: content.startswith(_OLE) and _ENCRYPTED_OFFICE in content),
    (Danger.OPAQUE, lambda _, content: bool(_SEALED.match(content))),
    (Danger.OPAQUE, lambda _, content: content[257:262] == b"ustar"),
)


def _in_archive(content: bytes, budget: Budget, depth: int) -> Danger:
    """Look at the members of an archive, no deeper, no more and no larger ones than the limits say."""
    try:
        budget.spend(content.count(_ENTRY) * _MEMBER_COST)
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > limits.MEMBERS or not all(map(_readable, members)) or _overlap(members):
                return Danger.OPAQUE
            found = (_member(archive, member, budget, depth) for member in members)
            return next(filter(None, found), Danger.NONE)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError, EOFError, zlib.error):
        return Danger.OPAQUE


def _readable(member: zipfile.ZipInfo) -> bool:
    return not member.flag_bits & _ENCRYPTED_FLAG and member.compress_type in _METHODS


def _overlap(members: list[zipfile.ZipInfo]) -> bool:
    """Tell whether members share data: a bomb that inflates the same bytes for each of them."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            return True
        end = member.header_offset + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size
    return False


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, depth: int) -> Danger:
    if member.filename.endswith("vbaProject.bin"):
        return Danger.MACROS
    with archive.open(member) as file:
        content = file.read(_HEAD)
        if _is_zip(content) or content.startswith(_OLE):
            content += file.read(min(limits.MEMBER_OCTETS, budget.left + 1))
            budget.spend(len(content))
            if depth >= limits.ARCHIVES or len(content) > limits.MEMBER_OCTETS:
                return Danger.OPAQUE
    found = danger(member.filename, content, budget, depth + 1)
    return found if found in (Danger.NONE, Danger.OPAQUE) else Danger.ARCHIVE
