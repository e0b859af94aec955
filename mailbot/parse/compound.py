"""Read the streams of OLE files: .doc, .xls, .ppt, .msg, .msi (MS-CFB).

Linear: no count or pointer of a file is trusted, and no more bytes are read than the file has.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFFA  # this and larger numbers are no sectors
_HEADER_ENTRIES = 109  # numbers of FAT sectors in the header
_ENTRY = 128
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the directory: a storage or a stream; `parent` is the number of its storage or -1."""

    parent: int
    kind: int
    name: str
    class_id: bytes
    start: int
    size: int


class CompoundFile:
    """The directory and the streams of an OLE file."""

    def __init__(self, content: bytes) -> None:
        """Read the directory; raise ValueError if the file is corrupt."""
        if not content.startswith(SIGNATURE) or len(content) < 512:
            raise ValueError("no OLE file")
        major, self._shift, mini_shift = struct.unpack_from("<26xH2xHH", content)
        if (major, self._shift) not in ((3, 9), (4, 12)) or mini_shift != 6:
            raise ValueError("unknown version of an OLE file")
        self._content = content
        self.is_corrupt = False
        self._left = 2 * len(content)  # FAT and directory, then the streams
        directory, self._cutoff, mini_fat = struct.unpack_from("<48xI4xII", content)
        self._fat = self._allocation_table()
        self.entries = tuple(self._entries(self._chain(directory)))
        root = next((entry for entry in self.entries if entry.kind == _ROOT), None)
        self.class_id = root.class_id if root else b""
        self._mini_fat = _numbers(self._chain(mini_fat))
        self._mini = self._chain(root.start) if root and root.size else b""

    def streams(self) -> Iterator[tuple[Entry, bytes]]:
        """Yield each stream with its content; skip corrupt ones and set `is_corrupt`."""
        for entry in self.entries:
            if entry.kind == _STREAM:
                try:
                    yield entry, self._read(entry)
                except ValueError:
                    self.is_corrupt = True

    def _allocation_table(self) -> "array[int]":
        first, count = struct.unpack_from("<68xII", self._content)
        sectors = list(struct.unpack_from(f"<{_HEADER_ENTRIES}I", self._content, 76))
        for _ in range(min(count, len(self._content) >> self._shift)):
            if first >= _END:
                break
            *more, first = _numbers(self._sector(first)) or [_END]
            sectors += more
        limit = len(self._content) >> self._shift
        used = islice((sector for sector in sectors if sector < _END), limit)
        return _numbers(b"".join(map(self._sector, used)))

    def _sector(self, number: int) -> bytes:
        size = 1 << self._shift
        start = (number + 1) << self._shift
        if start >= len(self._content):
            raise ValueError("a sector is beyond the end")
        self._spend(size)
        return self._content[start : start + size]

    def _spend(self, size: int) -> None:
        """Count bytes that are read; raise ValueError when streams share their data."""
        self._left -= size
        if self._left < 0:
            raise ValueError("streams share their data")

    def _chain(self, number: int, size: int | None = None) -> bytes:
        """Return the bytes of a chain of sectors."""
        found = []
        left = len(self._content) if size is None else size
        while number < _END and left > 0:
            found.append(self._sector(number))
            left -= 1 << self._shift
            if number >= len(self._fat):
                raise ValueError("a sector is beyond the allocation table")
            number = self._fat[number]
        return b"".join(found)[:size]

    def _read(self, entry: Entry) -> bytes:
        if entry.size >= self._cutoff:
            return self._chain(entry.start, entry.size)
        found, number = [], entry.start
        for _ in range(-(-entry.size // 64)):
            if number >= len(self._mini_fat):
                raise ValueError("a small sector is beyond the allocation table")
            self._spend(64)
            found.append(self._mini[number * 64 : number * 64 + 64])
            number = self._mini_fat[number]
        return b"".join(found)[: entry.size]

    def _entries(self, directory: bytes) -> Iterator[Entry]:
        rows = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
        parents = _parents(rows)
        for number, row in enumerate(rows):
            length, kind = struct.unpack_from("<64xHB", row)
            name = row[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<116xIQ", row)
            if self._shift == 9:
                size &= 0xFFFFFFFF  # the upper half may be uninitialised in version 3
            yield Entry(parents[number], kind, name, row[80:96], start, min(size, len(self._content)))


def _parents(rows: list[bytes]) -> list[int]:
    """Return the number of the storage of each entry, or -1; the entries of a storage are a binary tree."""
    parents = [-1] * len(rows)
    for number, row in enumerate(rows):
        (kind,) = struct.unpack_from("<66xB", row)
        if kind not in (_STORAGE, _ROOT):
            continue
        (child,) = struct.unpack_from("<76xI", row)
        waiting = [child]
        while waiting:
            entry = waiting.pop()
            if entry < len(rows) and parents[entry] < 0:
                parents[entry] = number
                waiting += struct.unpack_from("<68xII", rows[entry])
    return parents


def _numbers(data: bytes) -> "array[int]":
    return array("I", struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))
