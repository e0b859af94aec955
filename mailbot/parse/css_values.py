"""Read numbers, lengths and colours of CSS (CSS Values 4, CSS Color 4)."""

import colorsys
import re

_NUMBER = r"[+-]?(?:\d{1,20}(?:\.\d{0,9})?|\.\d{1,9})(?:e[+-]?\d{1,2})?"
_LENGTH = re.compile(rf"({_NUMBER})([a-z]{{1,5}}|%)?\s*(?:$|[!,)])")
_MATH = ("calc(", "min(", "max(", "clamp(")
_GROUP = re.compile(r"(calc|min|max|clamp|)\(([^()]{0,100})\)")
_PLUS_OR_MINUS = re.compile(r"\s([+-])\s")
_TIMES_OR_OVER = re.compile(r"([*/])")
_FACTOR = re.compile(rf"\s{{0,9}}({_NUMBER})([a-z]{{1,5}}|%)?\s{{0,9}}")
_ARGUMENT = re.compile(rf"({_NUMBER})(%|[a-z]{{2,4}})?|(none)\b")
_HEX = re.compile(r"#?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![0-9a-z])")
_FUNCTION = re.compile(r"(rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(([^()]{0,100})\)")
_IN_GRADIENT = re.compile(r"#[0-9a-f]{3,8}|(?:rgb|hsl)a?\([^()]{0,60}\)|[a-z]{3,20}")
_WORD = re.compile(r"[a-z]+")
_WINDOW = ("vw", "vh", "vmin", "vmax", "svw", "svh", "lvw", "lvh", "dvw", "dvh")
_RELATIVE = frozenset(["%", *_WINDOW])
_UNITS = {
    "em": 16.0,
    "rem": 16,
    "ex": 8,
    "ch": 8,
    "mm": 4,
    "cm": 40,
    "in": 96,
    "pc": 16,
    "q": 1,
    "px": 1,
    "pt": 1,
    **dict.fromkeys(_WINDOW, 10.0),
}
_TURNS = {"turn": 1.0, "deg": 1 / 360, "grad": 1 / 400, "rad": 0.159155, "": 1 / 360}
FAINT = 0.05  # opacity
TINY = 2.0  # points or pixels
_MAX_MATH = 200  # characters
_MAX_GROUPS = 8
_MAX_PRODUCT = 1e15

Colour = tuple[int, ...] | None
TRANSPARENT: tuple[int, ...] = ()
OF_TEXT: tuple[int, ...] = (-1, -1, -1)
"""The colour of the text, as a background."""


def length(value: str, percent: float = 10.0) -> float | None:
    """Return a length in pixels or points, None for another value; relative ones are estimated.

    `percent` is how many pixels a percent counts.
    """
    found = measure(value)
    if found is None:
        return None
    number, unit = found
    return number * (percent if unit == "%" else _UNITS.get(unit, 16.0)) if unit else number


def share(value: str) -> float | None:
    """Return a number or percentage as a share, None for another value."""
    found = measure(value)
    return None if found is None else found[0] / 100 if found[1] == "%" else found[0]


def measure(value: str) -> tuple[float, str] | None:
    """Return the number and the unit of a value, also of simple mathematics; None for another value."""
    value = value.strip()
    match = _LENGTH.match(_computed(value) if value.startswith(_MATH) else value)
    return (float(match[1]), match[2] or "") if match else None


def _computed(value: str) -> str:
    """Return a value with its mathematics (CSS Values 4, 10) computed, the innermost first; "" if unknown."""
    value = value[:_MAX_MATH]
    for _ in range(_MAX_GROUPS):
        group = _GROUP.search(value)
        if group is None:
            break
        result = _choice(group[1], group[2]) if group[1] not in ("", "calc") else _sum(group[2])
        if result is None:
            return ""
        value = f"{value[: group.start()]}{result[0]:.6f}{result[1]}{value[group.end() :]}"
        if not value.startswith((*_MATH, "(")):
            break
    return value


def _choice(name: str, written: str) -> tuple[float, str] | None:
    sizes = [size for one in written.split(",") if (size := length(one)) is not None]
    sizes = sizes if name != "clamp" or len(sizes) != 3 else [max(sizes[0], min(sizes[1:]))]
    return None if not sizes else (min(sizes) if name == "min" else max(sizes), "")


def _sum(written: str) -> tuple[float, str] | None:
    """Return a sum of products; None if some depend on the window or the parent, and others do not."""
    parts = _PLUS_OR_MINUS.split(written)
    totals: dict[str, float] = {}
    for sign, term in zip(("+", *parts[1::2]), parts[::2], strict=True):
        product = _product(term)
        if product is None:
            return None
        number, unit = product
        totals[unit] = totals.get(unit, 0) + (number if sign == "+" else -number)
    if len(totals) == 1:
        (unit, total), *_ = totals.items()
        return total, unit
    sums = {True: 0.0, False: 0.0}
    for unit, total in totals.items():
        sums[unit in _RELATIVE] += length(f"{total:.6f}{unit}") or 0
    return None if all(sums.values()) else (sum(sums.values()), "")


def _product(written: str) -> tuple[float, str] | None:
    """Return a product or quotient; None unless one factor at most has a unit, and no divisor has one."""
    product, unit, operator = 1.0, "", "*"
    for part in _TIMES_OR_OVER.split(written):
        if part in ("*", "/"):
            operator = part
            continue
        factor = _FACTOR.fullmatch(part)
        if factor is None or (factor[2] and (unit or operator == "/")):
            return None
        number, unit = float(factor[1]), unit or factor[2] or ""
        if operator == "/" and not number:
            return None
        product = product / number if operator == "/" else product * number
    return (product, unit) if abs(product) < _MAX_PRODUCT else None


def colour(value: str | None) -> Colour:
    """Return the components of a colour; TRANSPARENT, or None if it is unknown."""
    value = (value or "").strip().lower()
    if value.startswith("transparent"):
        return TRANSPARENT
    if value.startswith("currentcolor"):
        return OF_TEXT
    if found := _FUNCTION.match(value):
        return _of_function(found[1], found[2])
    if "gradient(" in value:
        stops = {known for stop in _IN_GRADIENT.findall(value) if (known := colour(stop))}
        return stops.pop() if len(stops) == 1 else None
    word = _WORD.match(value)
    digits = _NAMED.get(word[0], "") if word else ""
    if not digits:
        match = _HEX.match(value)
        digits = match[1] if match else ""
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) == 8 and int(digits[6:], 16) < 255 * FAINT:
        return TRANSPARENT
    return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if digits else None


def is_transparent(picture: str) -> bool:
    """Return whether a gradient has a transparent colour, and no other."""
    stops = {known for stop in _IN_GRADIENT.findall(picture) if (known := colour(stop)) is not None}
    return stops == {TRANSPARENT}


def _of_function(name: str, written: str) -> Colour:
    """Return the colour that a function of CSS names; of lab, lch and their kind only greys are known."""
    if name == "color":
        space, _, written = written.strip().partition(" ")
        name = "color" if space == "srgb" else ""
    found = [(float(m[1] or 0), m[2] or "") for m in _ARGUMENT.finditer(written)]
    if len(found) < 3:
        return None
    if len(found) > 3 and found[3][0] / (100 if found[3][1] == "%" else 1) < FAINT:
        return TRANSPARENT
    parts = [number / 100 if unit == "%" else number for number, unit in found[:3]]
    shares: tuple[float, ...] | None
    match name:
        case "rgb" | "rgba":
            shares = tuple(number / (100 if unit == "%" else 255) for number, unit in found[:3])
        case "color":
            shares = tuple(parts)
        case "hsl" | "hsla":
            shares = colorsys.hls_to_rgb(_turn(found[0]), _percent(found[2]), _percent(found[1]))
        case "hwb":
            shares = _of_hwb(_turn(found[0]), _percent(found[1]), _percent(found[2]))
        case "lab" | "lch" | "oklab" | "oklch":
            shares = _grey(name, found)
        case _:
            shares = None
    return None if shares is None else tuple(round(255 * min(max(one, 0), 1)) for one in shares)


def _turn(hue: tuple[float, str]) -> float:
    return hue[0] * _TURNS.get(hue[1], 0) % 1


def _percent(part: tuple[float, str]) -> float:
    return min(max(part[0] / 100, 0), 1)


def _of_hwb(hue: float, white: float, black: float) -> tuple[float, ...]:
    if white + black >= 1:
        return (white / (white + black),) * 3
    return tuple(one * (1 - white - black) + white for one in colorsys.hls_to_rgb(hue, 0.5, 1))


def _grey(name: str, found: list[tuple[float, str]]) -> tuple[float, ...] | None:
    """Return the grey of a colour by its lightness; None if it has a hue."""
    whole = 1 if name.startswith("ok") else 100
    (light, unit), chroma = found[0], found[1:2] if name.endswith("lch") else found[1:3]
    if any(abs(number) / (100 if one == "%" else 1.25 * whole) > 0.02 for number, one in chroma):
        return None
    light = min(max(light / (100 if unit == "%" else whole), 0), 1)
    linear = light**3 if whole == 1 else ((light * 100 + 16) / 116) ** 3 if light > 0.08 else light / 9.033
    return ((1.055 * linear ** (1 / 2.4) - 0.055) if linear > 0.0031308 else 12.92 * linear,) * 3


_LIST = (
    " aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc"
    " bisque ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a"
    " burlywood deb887 cadetblue 5f9ea0 canvas ffffff canvastext 000000 chartreuse 7fff00"
    " chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff"
    " darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400"
    " darkgrey a9a9a9 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00"
    " darkorchid 9932cc darkred 8b0000 darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b"
    " darkslategray 2f4f4f darkslategrey 2f4f4f darkturquoise 00ced1 darkviolet 9400d3"
    " deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff"
    " firebrick b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc"
    " ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 greenyellow adff2f"
    " grey 808080 honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0"
    " khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd"
    " lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2"
    " lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a"
    " lightseagreen 20b2aa lightskyblue 87cefa lightslategray 778899 lightslategrey 778899"
    " lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6"
    " magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3"
    " mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a"
    " mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 mintcream f5fffa"
    " mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000"
    " olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa"
    " palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9"
    " peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399"
    " red ff0000 rosybrown bc8f8f royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460"
    " seagreen 2e8b57 seashell fff5ee sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd"
    " slategray 708090 slategrey 708090 snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c"
    " teal 008080 thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3"
    " white ffffff whitesmoke f5f5f5 window ffffff windowtext 000000 yellow ffff00 yellowgreen 9acd32"
)
_NAMED = dict(zip(_LIST.split()[::2], _LIST.split()[1::2], strict=True))
