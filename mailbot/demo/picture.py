"""The teacher's photo: a classroom whose projector shows stripes, drawn here and nobody's property."""

import struct
import zlib

Colour = tuple[int, int, int]

_WIDTH, _HEIGHT = 480, 320
_WALL, _FLOOR, _SKIRTING = (226, 218, 200), (133, 102, 76), (244, 240, 230)
_FRAME, _CANVAS, _BROKEN = (92, 96, 104), (250, 250, 246), (214, 56, 150)
_CASE, _SHADE, _LENS, _ALARM = (196, 200, 206), (120, 124, 132), (28, 32, 44), (236, 40, 30)
_STRIPES = (
    (40, 150, 210),
    _BROKEN,
    (250, 210, 70),
    (30, 34, 60),
    _BROKEN,
    (90, 190, 120),
    _BROKEN,
    (240, 240, 240),
)


def broken_projector() -> bytes:
    """Draw the photo; return it as PNG (RFC 2083)."""
    rows = [bytearray(bytes(_WALL) * _WIDTH) for _ in range(_HEIGHT)]
    _room(rows)
    _projection(rows)
    _projector(rows)
    return _png(rows)


def _room(rows: list[bytearray]) -> None:
    _rectangle(rows, (0, 272, _WIDTH, 48), _FLOOR)
    _rectangle(rows, (0, 264, _WIDTH, 8), _SKIRTING)
    _rectangle(rows, (84, 84, 312, 168), _FRAME)
    _rectangle(rows, (90, 90, 300, 156), _CANVAS)


def _projection(rows: list[bytearray]) -> None:
    # a picture that slides down to the right and falls apart into stripes
    for y in range(104, 232):
        slide = (y - 104) // 6
        for number, colour in enumerate(_STRIPES):
            torn = (y * 7 + number * 13) % 23 < 4
            _rectangle(rows, (108 + slide + number * 30, y, 30, 1), _LENS if torn else colour)
    _rectangle(rows, (108, 176, 282, 9), _LENS)


def _projector(rows: list[bytearray]) -> None:
    _rectangle(rows, (232, 0, 16, 18), _SHADE)
    _rectangle(rows, (176, 18, 128, 40), _CASE)
    _rectangle(rows, (176, 54, 128, 6), _SHADE)
    for slit in range(5):
        _rectangle(rows, (186, 26 + slit * 5, 28, 2), _SHADE)
    _disc(rows, 252, 38, 15, _SHADE)
    _disc(rows, 252, 38, 11, _LENS)
    _disc(rows, 290, 32, 5, _ALARM)


def _rectangle(rows: list[bytearray], place: tuple[int, int, int, int], colour: Colour) -> None:
    left, top, width, height = place
    for row in rows[top : top + height]:
        row[3 * left : 3 * (left + width)] = bytes(colour) * width


def _disc(rows: list[bytearray], x: int, y: int, radius: int, colour: Colour) -> None:
    for above in range(-radius, radius + 1):
        half = int((radius * radius - above * above) ** 0.5)
        _rectangle(rows, (x - half, y + above, 2 * half + 1, 1), colour)


def _png(rows: list[bytearray]) -> bytes:
    header = struct.pack(">IIBBBBB", _WIDTH, _HEIGHT, 8, 2, 0, 0, 0)  # eight bits, RGB
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
