"""Recognise files that can do harm when a person opens them: by their content first, then by their names."""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO

from mailbot.core.model.mail import Danger, Part
from mailbot.parse import active_pages, contained, file_formats, limits
from mailbot.parse.character_references import unescape
from mailbot.parse.compound import SIGNATURE as OLE
from mailbot.parse.compound import CompoundFile

_VBA = "_VBA_PROJECT".encode("utf-16-le")
_EXCEL_4 = "Macros".encode("utf-16-le")
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_OBJECT = re.compile(
    b"|".join(map(re.escape, ("Ole10Native".encode("utf-16-le"), "_3701".encode("utf-16-le"))))
)
_INSTALLERS = frozenset(  # the classes of .msi, .mst and .msp
    bytes.fromhex(f"{first}0c0000000000c000000000000046") for first in ("8410", "8210", "8610")
)
_MACRO_MEMBER = re.compile(
    r"vbaProject\w{0,20}\.bin$|^xl/macrosheets/|^Basic/(?!.*script-l[bc]\.xml$).+\.xml$"
    r"|^Scripts/(?:python|beanshell|javascript|java)/.",
    re.I,
)
# Members of Office files that name its parts and what it fetches.
_DESCRIBES = re.compile(
    r"(?:^|/)(?:\[Content_Types\]\.xml|[^/]{0,200}\.rels|externalLink\d{0,9}\.(?:xml|bin))$", re.I
)
_MACRO_TYPE = re.compile(rb"macrosheet|vbaProject|macroEnabled|<(?:\w{1,20}:)?ddeLink\b", re.I)
_RELATIONSHIP = re.compile(rb"<(?:\w{1,20}:)?Relationship\b[^<>]{0,4000}", re.I)
_FETCHED = re.compile(rb"/(?:attachedTemplate|oleObject|frame|subDocument)[\"']", re.I)
_REMOTE = re.compile(rb"Target\s*=\s*[\"']\s*(?:https?|ftp|mhtml|mk):", re.I)
_ENCRYPTED_FLAG = 0x1
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENTRY = b"PK\x01\x02"  # of the central directory
_UNICODE_PATH = 0x7075  # kind of an extra field
_LOCAL_HEADER = 30  # bytes, without its name
# A step of bzip2 or LZMA may inflate 4 kB to 80 MB, and zipfile cannot stop it.
_METHODS = frozenset([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
_HEAD = 64
_ZIP_END = 65_557  # bytes that the end record can be away from the end
_MEMBER_COST = 4_096  # bytes that zipfile inflates of a member at least


@dataclass(slots=True)
class Budget:
    """How many bytes of archives may still be inflated for one mail, and of pages looked through."""

    left: int = limits.INFLATED
    pages: int = limits.PAGES

    def spend(self, size: int) -> None:
        """Count bytes before they are inflated; raises ValueError when there are too many."""
        self.left -= size
        if self.left < 0:
            raise ValueError("too much in the archives of one mail")

    def has_room(self, page: bytes) -> bool:
        """Count a page; return False when there are too many bytes of pages."""
        self.pages -= len(page)
        return self.pages >= 0


def with_danger(parts: Iterable[Part], contents: Iterable[bytes]) -> tuple[Part, ...]:
    """Return the parts of a mail, each with its danger; `contents` are theirs in the same order."""
    budget = Budget()
    return tuple(
        replace(part, danger=found) if (found := danger(part.filename, content, budget)) else part
        for part, content in zip(parts, contents, strict=True)
    )


def danger(name: str, content: bytes, budget: Budget, depth: int = 0) -> Danger:
    """Return what harm a file can do: the first row that fits. The budget is that of the whole mail."""
    if found := next((kind for kind, fits in _DANGERS if fits(name, content)), Danger.NONE):
        return found
    return next(filter(None, (look(name, content, budget, depth) for look in _LOOKS)), Danger.NONE)


_DANGERS: tuple[tuple[Danger, Callable[[str, bytes], bool]], ...] = (
    (Danger.PROGRAM, file_formats.is_program),
    (Danger.MACROS, file_formats.has_macros),
    (Danger.MACROS, file_formats.has_active_cells),
    (Danger.OPAQUE, file_formats.is_opaque),
)


def _in_page(name: str, content: bytes, budget: Budget, _: int) -> Danger:
    if not active_pages.is_page(name, content):
        return Danger.NONE
    if not budget.has_room(content):
        return Danger.OPAQUE
    return Danger.PROGRAM if active_pages.is_active(name, content) else Danger.NONE


def _in_archive(name: str, content: bytes, budget: Budget, depth: int) -> Danger:
    """Inspect the members of an archive within the limits on depth, number and size.

    An archive may begin behind other bytes. A broken file is an archive only by its name or its first bytes.
    """
    named = file_formats.suffix(name) == "zip" and not file_formats.is_harmless_head("", content)
    claimed = named or content.startswith(_ZIP)
    if not claimed and (content.startswith(OLE) or _ZIP[1] not in content[-_ZIP_END:]):
        return Danger.NONE
    broken = Danger.OPAQUE if claimed else Danger.NONE
    try:
        # Before zipfile reads the directory, which takes time and memory for each entry.
        budget.spend(content.count(_ENTRY) * _MEMBER_COST)
        with zipfile.ZipFile(BytesIO(content)) as archive:
            broken = Danger.OPAQUE
            members = archive.infolist()
            if (
                len(members) > limits.MEMBERS
                or not all(map(_readable, members))
                or _overlap(members)
                or (claimed and _is_second_archive(content, members))
            ):
                return Danger.OPAQUE
            found = (_member(archive, member, budget, depth) for member in members)
            return next(filter(None, found), Danger.NONE)
    except zipfile.BadZipFile:
        return broken
    except (NotImplementedError, RuntimeError, OSError, ValueError, EOFError, zlib.error):
        return Danger.OPAQUE


def _is_second_archive(content: bytes, members: list[zipfile.ZipInfo]) -> bool:
    """Return whether an archive is in front of the one that was read; programs differ in their choice."""
    first = min((member.header_offset for member in members), default=0)
    return any(sign in content[:first] for sign in _ZIP)


def _readable(member: zipfile.ZipInfo) -> bool:
    return not member.flag_bits & _ENCRYPTED_FLAG and member.compress_type in _METHODS


def _overlap(members: list[zipfile.ZipInfo]) -> bool:
    """Return whether members share data: a bomb that inflates the same bytes for each of them."""
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            return True
        end = member.header_offset + _LOCAL_HEADER + len(member.orig_filename) + member.compress_size
    return False


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget, depth: int) -> Danger:
    name = _name_of(member)
    if _MACRO_MEMBER.search(name):
        return Danger.MACROS
    with archive.open(member) as file:
        content = file.read(_HEAD)
        size = _needed(name, content)
        if size > _HEAD:
            # A byte more than is left, so that `spend` fails if there is more.
            content += file.read(min(size, budget.left + 1))
            budget.spend(len(content))
        if size == limits.MEMBER_BYTES and (depth >= limits.ARCHIVES or len(content) > size):
            return Danger.OPAQUE
    # Without the NULs of UTF-16, in which the part may be written.
    if _DESCRIBES.search(name) and _describes_danger(content.replace(b"\0", b"")):
        return Danger.MACROS
    return _inner(danger(name, content, budget, depth + 1))


def _name_of(member: zipfile.ZipInfo) -> str:
    """Return the name of a member, or the one in UTF-8 beside it if that is a program's (APPNOTE 4.6.9)."""
    names, extra = [member.filename], member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH:
            names.append(extra[9 : 4 + size].decode("utf-8", "replace"))
        extra = extra[4 + size :]
    return file_formats.most_dangerous(names)


def _describes_danger(content: bytes) -> bool:
    """Return whether a part of an Office file says that there are macros, or that more is fetched."""
    if b"&" in content:
        content = unescape(content.decode("latin-1")).encode("latin-1", "replace")
    return bool(_MACRO_TYPE.search(content)) or any(
        _FETCHED.search(found[0]) and _REMOTE.search(found[0]) for found in _RELATIONSHIP.finditer(content)
    )


def _needed(name: str, head: bytes) -> int:
    """Return how many bytes are needed to classify a member."""
    if head.startswith((*_ZIP, OLE, b"{\\rt")) or any(is_kind(name, head) for is_kind in _WHOLE):
        return limits.MEMBER_BYTES
    if _DESCRIBES.search(name):
        return limits.PAGES
    if file_formats.is_harmless_head(name, head):
        return _HEAD
    return limits.MEMBER_BYTES if file_formats.is_archive_name(name) else file_formats.IMAGE_HEAD


def _inner(found: Danger) -> Danger:
    """Return the danger of a file with such a file inside."""
    return found if found in (Danger.NONE, Danger.OPAQUE) else Danger.ARCHIVE


def _in_compound(_: str, content: bytes, budget: Budget, depth: int) -> Danger:
    """Look into an OLE file; in a corrupt one, only at what it seems to contain."""
    if not content.startswith(OLE):
        return Danger.NONE
    if _ENCRYPTED_OFFICE in content:
        return Danger.OPAQUE
    if _VBA in content or _EXCEL_4 in content:
        return Danger.MACROS
    if file_formats.HIDDEN_PROGRAM.search(content):
        return Danger.ARCHIVE
    try:
        file = CompoundFile(content)
        streams = list(file.streams())
    except ValueError:
        return Danger.OPAQUE if _OBJECT.search(content) else Danger.NONE
    if file.class_id in _INSTALLERS:
        return Danger.PROGRAM
    if contained.has_macro_sheet(streams):
        return Danger.MACROS
    found = _look_at(contained.in_compound(streams), len(content), budget, depth)
    return found or (Danger.OPAQUE if file.is_corrupt and _OBJECT.search(content) else Danger.NONE)


def _in_container(name: str, content: bytes, budget: Budget, depth: int) -> Danger:
    """Look at the files in a mail, a calendar or a notebook."""
    files = next((files_of(content) for is_kind, files_of in _CONTAINERS if is_kind(name, content)), None)
    return _look_at(files, len(content), budget, depth) if files else Danger.NONE


def _look_at(files: Iterable[contained.File], size: int, budget: Budget, depth: int) -> Danger:
    """Return the danger of files in a file of that size; no file is expected to be there twice."""
    left = 2 * size
    for name, content in files:
        left -= len(content)
        if left < -limits.MEMBER_BYTES or depth >= limits.ATTACHED_MAILS:
            return Danger.OPAQUE
        if found := danger(name, content, budget, depth + 1):
            return _inner(found)
    return Danger.NONE


_LOOKS: tuple[Callable[[str, bytes, Budget, int], Danger], ...] = (
    _in_page,
    _in_archive,
    _in_compound,
    _in_container,
)
_CONTAINERS: tuple[tuple[Callable[[str, bytes], bool], Callable[[bytes], Iterator[contained.File]]], ...] = (
    (contained.is_onenote, contained.in_onenote),
    (contained.is_calendar, contained.in_calendar),
    (contained.is_mail, contained.in_mail),
)
_WHOLE: tuple[Callable[[str, bytes], bool], ...] = (
    active_pages.is_page,
    *(is_kind for is_kind, _ in _CONTAINERS),
)
