"""Builds OLE files (MS-CFB, version 3): storages as dictionaries, streams as bytes."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Storage = Mapping[str, "bytes | Storage"]

_SECTOR, _MINI_SECTOR, _CUTOFF = 512, 64, 4_096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass
class _Writer:
    sectors: list[bytes] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)
    mini: bytearray = field(default_factory=bytearray)
    mini_chain: list[int] = field(default_factory=list)
    entries: list[list[object]] = field(default_factory=list)

    def write(self, content: bytes) -> int:
        """Append sectors with this content; return the first one."""
        start, count = len(self.sectors), -(-len(content) // _SECTOR)
        if not count:
            return _END
        self.sectors += [
            content[at : at + _SECTOR].ljust(_SECTOR, b"\0") for at in range(0, len(content), _SECTOR)
        ]
        self.chain += [*range(start + 1, start + count), _END]
        return start

    def write_mini(self, content: bytes) -> int:
        """Append mini sectors with this content; return the first one."""
        start, count = len(self.mini) // _MINI_SECTOR, -(-len(content) // _MINI_SECTOR)
        self.mini += content.ljust(count * _MINI_SECTOR, b"\0")
        self.mini_chain += [*range(start + 1, start + count), _END] if count else []
        return start if count else _END

    def add(self, storage: Storage) -> int:
        """Append the directory entries of a storage's children; return the first one."""
        numbers = []
        for name, content in storage.items():
            number = len(self.entries)
            numbers.append(number)
            if not isinstance(content, bytes):
                self.entries.append([name, 1, _FREE, 0, 0])
                self.entries[number].append(self.add(content))
            else:
                start = self.write(content) if len(content) >= _CUTOFF else self.write_mini(content)
                self.entries.append([name, 2, start, len(content), 0, _FREE])
        for number, right in zip(numbers, [*numbers[1:], _FREE], strict=True):
            self.entries[number][4] = right
        return numbers[0] if numbers else _FREE


def compound_file(storage: Storage, class_id: bytes = bytes(16)) -> bytes:
    """Return an OLE file; `class_id` is that of its root storage."""
    writer = _Writer(entries=[["Root Entry", 5, _END, 0, _FREE, _FREE]])
    writer.entries[0][5] = writer.add(storage)
    writer.entries[0][2:4] = [writer.write(bytes(writer.mini)), len(writer.mini)]
    mini_fat = struct.pack(f"<{len(writer.mini_chain)}I", *writer.mini_chain)
    mini_start = writer.write(mini_fat.ljust(-(-len(mini_fat) // _SECTOR) * _SECTOR, b"\xff"))
    directory = writer.write(b"".join(_entries(writer, class_id)))
    needed = len(writer.sectors) + 1
    fat_sectors = -(-needed // 127)
    first = len(writer.sectors)
    chain = [*writer.chain, *[_FAT] * fat_sectors]
    fat = struct.pack(f"<{len(chain)}I", *chain).ljust(fat_sectors * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16x5H6x9I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, fat_sectors, directory, 0, _CUTOFF, mini_start, -(-len(mini_fat) // _SECTOR), _END, 0),
    )
    difat = [*range(first, first + fat_sectors)] + [_FREE] * (109 - fat_sectors)
    return header + struct.pack("<109I", *difat) + b"".join(writer.sectors) + fat


def _entries(writer: _Writer, class_id: bytes) -> Iterator[bytes]:
    for name, kind, start, size, right, child in writer.entries:
        encoded = f"{name}\0".encode("utf-16-le")
        identifier = class_id if kind == 5 else bytes(16)
        yield struct.pack(
            "<64sHBBIII16s20xIQ", encoded, len(encoded), kind, 1, _FREE, right, child, identifier, start, size
        )
