"""Boxes of CSS that no one sees: far away, cut down to nothing, or turned away."""

import re

from mailbot.parse.css_values import FAINT, TINY, length, share

_SHAPE = re.compile(r"(inset|circle|ellipse|polygon|rect|xywh|path)\(([^()]{0,200})")
_TURNED = re.compile(r"(scale|translate|matrix|rotate)(3d|[xyz])?\(([^()]{0,100})\)")
_FAR, _FAR_RIGHT = -900, 2_000  # places that no window shows
PLACES = ("left", "top", "right", "bottom", "text-indent", "inset-inline-start", "inset-block-start")
# A percent of a margin is that of its parent, and layouts use minus hundred.
MARGINS = ("margin-left", "margin-top", "margin", "inset", "inset-inline", "inset-block", "translate")


def is_far(found: dict[str, str], *, cut: bool) -> bool:
    """Return whether an element, or its text, stands where no window shows it."""
    places = [length(found.get(name, "")) for name in PLACES]
    places += [length(one, 1) for name in MARGINS for one in found.get(name, "").split()]
    if any(place is not None and place <= _FAR for place in places):
        return True
    left, indent = length(found.get("left", ""), 1), length(found.get("text-indent", ""))
    if (left or 0) >= _FAR_RIGHT or (cut and (indent or 0) >= -_FAR):
        return True
    return (length(found.get("letter-spacing", "")) or 0) <= -10


def is_clipped(value: str) -> bool:
    """Return whether a clip path leaves nothing of an element."""
    found = _SHAPE.match(value)
    if found is None:
        return False
    shape, written = found[1], found[2].partition(" round ")[0]
    sizes = [length(one) for one in written.replace(",", " ").split()]
    edges = [1_000.0 if size is None else size for size in sizes]
    match shape:
        case "inset":
            top, right, below, left = _four_edges(edges or [0.0])
            return top + below >= 1_000 or right + left >= 1_000
        case "circle" | "ellipse":
            return bool(edges) and edges[0] < TINY
        case "polygon":
            return bool(edges) and (_spread(edges[::2]) < TINY or _spread(edges[1::2]) < TINY)
        case "rect":
            return is_rect_of_nothing(value)
        case "xywh":
            return any(edge < TINY for edge in edges[2:4])
    return shape == "path"


def _spread(places: list[float]) -> float:
    return max(places, default=0) - min(places, default=0)


def _four_edges(edges: list[float]) -> list[float]:
    """Return the four values that one to four stand for: above, right, below, left."""
    return {1: edges * 4, 2: edges * 2, 3: [*edges, *edges[1:2]]}.get(len(edges), edges[:4])


def is_rect_of_nothing(value: str) -> bool:
    """Return whether a rectangle, by the places of its edges, has no width or no height."""
    if not value.startswith("rect("):
        return False
    sizes = [length(one) for one in value[5:].partition(")")[0].replace(",", " ").split()]
    top, right, below, left = (sizes + [None] * 4)[:4]
    rows, columns = (top or 0, below), (left or 0, right)
    return any(end is not None and end - start < TINY for start, end in (rows, columns))


def is_turned(found: dict[str, str]) -> bool:
    """Return whether an element is made too small, turned away, or moved where no window shows it."""
    scaled = found.get("scale", "").split()
    if any(one is not None and abs(one) < FAINT for one in map(share, scaled)):
        return True
    for name, axis, written in _TURNED.findall(found.get("transform", "")):
        values = [one for one in (length(part, 1) for part in written.split(",")) if one is not None]
        small = [abs(one) < FAINT for one in values]
        if name == "scale" and axis != "z" and any(small[:2]):
            return True
        if name == "translate" and any(one <= _FAR or one >= _FAR_RIGHT for one in values):
            return True
        if name == "matrix" and not axis and (small[:2] == [True, True] or small[2:4] == [True, True]):
            return True
        if name == "rotate" and axis in ("x", "y") and written.strip() in ("90deg", "-90deg", "270deg"):
            return True
    return False
