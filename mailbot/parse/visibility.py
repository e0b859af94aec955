"""Which elements of an HTML mail a reader can see, by their attributes and simple style rules (CSS 2.1).

Only what a person reads in the mail is their text. Senders of newsletters, and attackers, hide other text.
"""

import colorsys
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lxml.html

_MAX_STYLE, _MAX_SHEET, _MAX_RULES, _MAX_COLOUR = 4_000, 200_000, 2_000, 200
_DECLARATION = re.compile(r"([a-z-]{2,40})\s*:\s*([^;]{1,200})")
_COMMENT_OR_STRING = re.compile(
    r"/\*(?:(?!\*/).)*(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?", re.S
)
_OF_NAME = re.compile(r"[a-z0-9#%.-]")
_UNCONDITIONAL = re.compile(r"@media\s{1,9}(?:only\s{1,9})?(?:all|screen)")
_SELECTOR = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?[.#][\w-]+")
_LENGTH = re.compile(r"(-?\d{0,6}(?:\.\d{1,6})?)\s*(px|pt|em|rem|%|ex|mm|cm|)\s*(?:$|!)")
_MAY_HIDE = re.compile(
    r"display\s*:\s*none|visibility\s*:|opacity\s*:|mso-hide|\shidden\b|font-size\s*:\s*[01.]|overflow\s*:"
    r"|color\s*[:=]|<style",
    re.I,
)
_NAMED = {
    "white": "ffffff", "black": "000000", "red": "ff0000", "green": "008000", "blue": "0000ff",
    "yellow": "ffff00", "gray": "808080", "grey": "808080", "silver": "c0c0c0", "navy": "000080",
    "snow": "fffafa", "ivory": "fffff0", "whitesmoke": "f5f5f5", "ghostwhite": "f8f8ff", "lime": "00ff00",
}  # fmt: skip
_HEX = re.compile(r"#?([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![0-9a-z])")
_FUNCTION = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]{1,6})(%?))?\s*\)")
_HSL = re.compile(r"hsla?\(\s*(\d{1,3})(?:deg)?[\s,]+(\d{1,3})%?[\s,]+(\d{1,3})%?\s*\)")
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.S)
_FONT_SIZE = re.compile(r"(?:^|\s)(0(?=[\s/])|\d{0,4}(?:\.\d{1,4})?(?:px|pt|r?em|ex|mm|cm|%))")
_HALF, _INSET = r"(?:[5-9]\d|100)(?:\.\d{1,4})?%", r"[\d.]{1,8}(?:px|%)?"
_CLIPPED = re.compile(  # from above, and from below as well
    rf"inset\(\s*(?:100%|{_HALF}\s*(?:\s{_INSET}\s*)?\)|{_HALF}\s+{_INSET}\s+{_HALF})"
    r"|(?:circle|ellipse)\(\s*0(?:px|%)?[\s)]"
)
_CLEARED = re.compile(r"opacity\(\s*(?:0|0?\.0\d{0,4})%?\s*\)")
_HIDING = (
    *(("display", "none"), ("visibility", "hidden"), ("visibility", "coll"), ("mso-hide", "all")),
    ("content-visibility", "hidden"),
)
_SIZES = ("height", "max-height", "width", "max-width")
_SAME = 12  # difference of a colour's components that no one sees
_TRANSPARENT: tuple[int, ...] = ()
_FAINT = 0.05
_TINY = 2.0  # points or pixels

Colour = tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Look:
    """What an element inherits: whether it is hidden, the size of its text is tiny, and its colours."""

    hidden: bool = False
    tiny: bool = False
    colour: Colour = None
    background: Colour = None

    @property
    def unseen(self) -> bool:
        """Return whether text with this look is invisible."""
        if self.hidden or self.tiny or self.colour == _TRANSPARENT:
            return True
        if not self.colour or not self.background:
            return False
        pairs = zip(self.colour, self.background, strict=True)
        return all(abs(one - other) <= _SAME for one, other in pairs)


VISIBLE = Look()


def may_hide(markup: str) -> bool:
    """Return whether HTML may have text that a reader does not see."""
    return bool(_MAY_HIDE.search(markup))


@dataclass(frozen=True, slots=True)
class StyleSheet:
    """The declarations of a page by selector, and those that were already found for an element."""

    rules: dict[str, str] = field(default_factory=dict)
    _found: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def declared(self, element: "lxml.html.HtmlElement") -> str:
        """Return the declarations for an element by its tag, its classes and its id."""
        key = str(element.tag), element.get("class", ""), element.get("id", "")
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, tag: str, classes: str, identity: str) -> str:
        marks = [f".{name}" for name in classes.lower().split()[:20]]
        if identity:
            marks.append(f"#{identity.lower()}")
        keys = (tag, *(key for mark in marks for key in (mark, tag + mark)))
        return ";".join(self.rules[key] for key in keys if key in self.rules)


def style_sheet(root: "lxml.html.HtmlElement") -> StyleSheet:
    """Return the declarations by selector of the rules for one tag, class or id, outside of conditions."""
    css = _plain_css("\n".join(style.text or "" for style in root.iter("style"))[:_MAX_SHEET].lower())
    rules: dict[str, str] = {}
    depth = skipped = 0
    selectors = ""
    for piece in re.split(r"([{}])", css):
        if piece == "{" and _UNCONDITIONAL.fullmatch(selectors.strip()):
            selectors = ""  # its rules are read like others, and its closing brace changes nothing
        elif piece == "{":
            depth += 1
            skipped = skipped or (depth if selectors.strip().startswith("@") else 0)
        elif piece == "}":
            depth = max(0, depth - 1)
            skipped = 0 if depth < skipped else skipped
            selectors = ""
        elif depth == 0:
            selectors = piece.rpartition(";")[2].replace("<!--", "").replace("-->", "")
        elif not skipped and len(rules) < _MAX_RULES:
            for selector in map(str.strip, selectors.split(",")):
                if _SELECTOR.fullmatch(selector):
                    rules[selector] = f"{rules.get(selector, '')};{piece}"[:_MAX_STYLE]
    return StyleSheet(rules)


def look_of(element: "lxml.html.HtmlElement", parent: Look, sheet: StyleSheet) -> Look:
    """Return the look of an element within its parent."""
    style = _plain_css(element.get("style", "")[:_MAX_STYLE].lower())
    if sheet.rules:
        style = f"{sheet.declared(element)};{style}"
    background = (element.get("bgcolor") or "")[:_MAX_COLOUR]
    colour = (element.get("color") or element.get("text") or "")[:_MAX_COLOUR]
    hidden = element.get("hidden") is not None
    return (
        _look(parent, style, background, colour, hidden)
        if style or background or colour or hidden
        else parent
    )


@lru_cache(maxsize=64)  # the elements of a page have few styles
def _look(parent: Look, style: str, background_attribute: str, colour_attribute: str, hidden: bool) -> Look:
    found = dict(_DECLARATION.findall(style)) if ":" in style else {}
    hidden = parent.hidden or hidden or _is_hidden(found)
    size = _length(found.get("font-size") or _font_size(found.get("font", "")))
    background = _colour(found.get("background-color") or found.get("background") or background_attribute)
    colour = _colour(found.get("-webkit-text-fill-color") or found.get("color") or colour_attribute)
    if "text" in found.get("-webkit-background-clip", "") + found.get("background-clip", ""):
        colour = None  # the background is the colour of the text
    picture = "url(" in found.get("background", "") + found.get("background-image", "")
    behind = background or parent.background
    return Look(
        hidden,
        parent.tiny if size is None else size < _TINY,
        parent.colour if colour is None else colour,
        None if picture else behind,
    )


def _is_hidden(found: dict[str, str]) -> bool:
    """Return whether declarations hide an element, however its content is declared."""
    if not found:
        return False
    if any(found.get(name, "").startswith(value) for name, value in _HIDING):
        return True
    faint = (_length(found.get("opacity", "")), _length(found.get("zoom", "")))
    if any(value is not None and value < _FAINT for value in faint):
        return True
    sizes = (_length(found.get(name, "")) for name in _SIZES)
    cut = any("hidden" in found.get(name, "") for name in ("overflow", "overflow-x", "overflow-y"))
    if cut and any(size is not None and size < _TINY for size in sizes):
        return True
    if _CLIPPED.search(found.get("clip-path", "")) or _CLEARED.search(found.get("filter", "")):
        return True
    places = (_length(found.get(name, "")) for name in ("left", "top", "right", "text-indent", "margin-left"))
    if any(place is not None and place <= -900 for place in places):
        return True
    return bool(re.match(r"rect\(\s*[01](?:px)?[\s,]+[01]", found.get("clip", ""))) or "scale(0" in found.get(
        "transform", ""
    )


def _plain_css(css: str) -> str:
    """Return declarations without comments and strings, and with the characters that escapes stand for."""
    if "/*" in css or "'" in css or '"' in css:
        css = _COMMENT_OR_STRING.sub(lambda found: "" if found[0].startswith("/") else "''", css)
    return _ESCAPE.sub(_unescape, css) if "\\" in css else css


def _unescape(escape: re.Match[str]) -> str:
    """Return the character of a name that an escape stands for; an escaped semicolon ends no declaration."""
    code = int(escape[1] or "0", 16)
    character = escape[2] or chr(min(code, 0x7F)).lower()
    return character if _OF_NAME.match(character) else "?"


def _font_size(font: str) -> str:
    """Return the size in a value of the shorthand `font`, or ""."""
    found = _FONT_SIZE.search(font)
    return found[1] if found else ""


def _length(value: str) -> float | None:
    """Return a length in pixels or points, None for another value; relative ones count in lines of 16."""
    match = _LENGTH.match(value.strip()) if value else None
    if not match or not match[1].strip("-."):
        return None
    number = float(match[1])
    return number * {"em": 16, "rem": 16, "ex": 8, "%": 0.16, "mm": 4, "cm": 40}.get(match[2], 1)


def _colour(value: str | None) -> Colour:
    """Return the components of a colour; () if it is transparent, None if it is unknown."""
    value = (value or "").strip().lower()
    if not value or value.startswith(("inherit", "none", "initial", "unset", "var(")):
        return None
    if value.startswith("transparent"):
        return _TRANSPARENT
    if found := _FUNCTION.match(value):
        if found[4] and float(found[4].strip(".") or 0) == 0:
            return _TRANSPARENT
        return int(found[1]), int(found[2]), int(found[3])
    if found := _HSL.match(value):
        hue, saturation, light = (float(found[number]) for number in (1, 2, 3))
        shares = colorsys.hls_to_rgb(hue % 360 / 360, min(light, 100) / 100, min(saturation, 100) / 100)
        return tuple(round(255 * share) for share in shares)
    digits = _NAMED.get(re.split(r"[\s!;]", value)[0], "")
    if not digits:
        match = _HEX.match(value)
        digits = match[1] if match else ""
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) == 8 and digits[6:] == "00":
        return _TRANSPARENT
    return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)) if digits else None
