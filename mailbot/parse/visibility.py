"""Find the elements of an HTML mail that a reader sees, by attributes and simple style rules (CSS 2.1).

Only what a person reads in the mail is their text. Senders of newsletters, and attackers, hide other text.
"""

import colorsys
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from mailbot.parse import limits

if TYPE_CHECKING:
    import lxml.html

_MAX_STYLE, _MAX_SHEET, _MAX_RULES, _MAX_COLOUR, _MAX_VALUE = 4_000, 200_000, 2_000, 200, 200
# The work of computing a look, of a declaration of a rule in it, of reading a style attribute, of a character
# at which the attribute is taken apart, and of an escape in it, in characters of declarations that are read
# in the same time; how many other characters are passed over in that of one.
_LOOK_WORK, _RULE_WORK, _STYLE_WORK, _PART_WORK, _ESCAPE_WORK, _PASSED = 100, 5, 20, 3, 8, 8
_PARTS = re.compile(r"[;\\'\"/]")
_COMMENT_OR_STRING = re.compile(
    r"/\*(?:(?!\*/).)*(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?", re.S
)
_OF_NAME = re.compile(r"[a-z0-9#%.-]")
_UNCONDITIONAL = re.compile(r"@media\s{1,9}(?:only\s{1,9})?(?:all|screen)")
_SELECTOR = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?[.#][\w-]+")
_TAG_AND_MARK = re.compile(r"(?=[.#])|$")
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
_OVERFLOWS = ("overflow", "overflow-x", "overflow-y")
_PLACES = ("left", "top", "right", "text-indent", "margin-left")
_PROPERTIES = frozenset((
    *(name for name, _ in _HIDING), *_SIZES, *_OVERFLOWS, *_PLACES, "opacity", "zoom", "clip-path", "filter",
    "clip", "transform", "font-size", "font", "background-color", "background", "background-image", "color",
    "background-clip", "-webkit-background-clip", "-webkit-text-fill-color",
))  # fmt: skip
_SAME = 12  # difference of a colour's components that no one sees
_TRANSPARENT: tuple[int, ...] = ()
_FAINT = 0.05
_TINY = 2.0  # points or pixels

Colour = tuple[int, ...] | None


class OwnLook(NamedTuple):
    """What the declarations and attributes of an element say of its look; None if they do not say it."""

    hidden: bool
    tiny: bool | None
    colour: Colour
    background: Colour
    picture: bool  # behind the text: its colours are unknown


@dataclass(frozen=True, slots=True)
class Look:
    """What an element inherits: whether it is hidden, the size of its text is tiny, and its colours."""

    hidden: bool = False
    tiny: bool = False
    colour: Colour = None
    background: Colour = None

    def within(self, own: OwnLook) -> "Look":
        """Return the look of an element in an element with this one."""
        return Look(
            self.hidden or own.hidden,
            self.tiny if own.tiny is None else own.tiny,
            self.colour if own.colour is None else own.colour,
            None if own.picture else own.background or self.background,
        )

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


Attributes = dict[str, str]
Declarations = dict[str, str]


@dataclass(slots=True)
class StyleSheet:
    """The rules of a page, what they and the attributes of its elements have led to, and the work so far.

    Rules are found by a class ("x"), an id ("# x") or neither (""), then by a tag or "". `work` counts the
    class names and declarations that were looked at, each distinct one once, and a share of the characters
    of the other declarations in attributes.
    Beyond `limits.STYLE_WORK` nothing more is looked at: `exhausted`.
    """

    rules: dict[str, dict[str, Declarations]] = field(default_factory=dict)
    work: int = 0
    _matches: dict[tuple[str, str, str], tuple[Declarations, ...]] = field(default_factory=dict)
    _attributes: dict[str, Declarations] = field(default_factory=dict)
    _looks: dict[tuple[object, ...], OwnLook] = field(default_factory=dict)

    @property
    def exhausted(self) -> bool:
        """Return whether the page has more styles than are looked at."""
        return self.work > limits.STYLE_WORK

    def look_of(self, tag: str, attributes: Attributes, parent: Look) -> Look:
        """Return the look of an element within its parent."""
        if parent.hidden or self.exhausted:
            return parent
        matching = self._matching(tag, attributes) if self.rules else ()
        style = attributes.get("style", "")[:_MAX_STYLE]
        background = attributes.get("bgcolor", "")[:_MAX_COLOUR]
        colour = (attributes.get("color") or attributes.get("text") or "")[:_MAX_COLOUR]
        hidden = "hidden" in attributes
        if not (matching or style or background or colour or hidden):
            return parent
        # rules are stored once, so their identity tells them apart without comparing what they say
        declared = self._declared(style)
        key = tuple(map(id, matching)), tuple(declared.items()), background, colour, hidden
        if key not in self._looks:
            said = sum(len(name) + len(value) for name, value in declared.items())
            self.work += _LOOK_WORK + _RULE_WORK * sum(map(len, matching)) + said
            self._looks[key] = _own_look(_cascade([*matching, declared]), background, colour, hidden)
        return parent.within(self._looks[key])

    def _matching(self, tag: str, attributes: Attributes) -> tuple[Declarations, ...]:
        """Return the rules for an element by its tag, its classes and its id, the most specific last."""
        key = tag, attributes.get("class", ""), attributes.get("id", "")
        if key not in self._matches:
            _, classes, identity = key
            names = classes.lower().split()
            self.work += 1 + len(names)
            marks = ("", *names, f"# {identity.lower()}")
            found = [self.rules[mark] for mark in marks if mark in self.rules]
            self._matches[key] = tuple(by_tag[one] for by_tag in found for one in ("", tag) if one in by_tag)
        return self._matches[key]

    def _declared(self, style: str) -> Declarations:
        """Return the declarations of a style attribute."""
        if style not in self._attributes:
            parts = _PART_WORK * len(_PARTS.findall(style)) + _ESCAPE_WORK * style.count("\\")
            self.work += _STYLE_WORK + len(style) // _PASSED + parts
            self._attributes[style] = _declarations(_plain_css(style.lower()))
        return self._attributes[style]


def style_sheet(root: "lxml.html.HtmlElement") -> StyleSheet:
    """Return the declarations by selector of the rules for one tag, class or id, outside of conditions."""
    css = _plain_css("\n".join(style.text or "" for style in root.iter("style"))[:_MAX_SHEET].lower())
    sheet = StyleSheet()
    depth = skipped = count = 0
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
        elif not skipped and count < _MAX_RULES and (declared := _declarations(piece)):
            for selector in map(str.strip, selectors.split(",")):
                if _SELECTOR.fullmatch(selector):
                    count += 1
                    tag, mark = _TAG_AND_MARK.split(selector, 1)
                    by_tag = sheet.rules.setdefault(mark.removeprefix(".").replace("#", "# "), {})
                    by_tag[tag] = _cascade([by_tag.get(tag, {}), declared])
    return sheet


def _declarations(css: str) -> Declarations:
    """Return the declarations that may hide text, the last one of each property."""
    found: Declarations = {}
    for piece in css.split(";"):
        name, _, value = piece.partition(":")
        # browsers ignore a declaration without a value
        if (name := name.strip()) in _PROPERTIES and (value := value.strip()) and value[0] != "!":
            _declare(found, name, value[:_MAX_VALUE])
    return found


def _cascade(rules: Iterable[Declarations]) -> Declarations:
    """Return declarations in which later ones take the place of earlier ones."""
    found: Declarations = {}
    for declared in rules:
        for name, value in declared.items():
            _declare(found, name, value)
    return found


def _declare(found: Declarations, name: str, value: str) -> None:
    """Note a declaration, unless it is outweighed by an important one (CSS 2.1, 6.4.2)."""
    if "!" not in found.get(name, "") or "!" in value:
        found[name] = value


def _own_look(found: Declarations, background_of: str, colour_of: str, hidden: bool) -> OwnLook:
    """Return what these declarations and colour attributes say."""
    size = _length(found.get("font-size") or _font_size(found.get("font", "")))
    background = _colour(found.get("background-color") or found.get("background") or background_of)
    colour = _colour(found.get("-webkit-text-fill-color") or found.get("color") or colour_of)
    if "text" in found.get("-webkit-background-clip", "") + found.get("background-clip", ""):
        colour = None  # the background is the colour of the text
    picture = "url(" in found.get("background", "") + found.get("background-image", "")
    tiny = None if size is None else size < _TINY
    return OwnLook(hidden or _is_hidden(found), tiny, colour, background, picture)


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
    cut = any("hidden" in found.get(name, "") for name in _OVERFLOWS)
    if cut and any(size is not None and size < _TINY for size in sizes):
        return True
    if _CLIPPED.search(found.get("clip-path", "")) or _CLEARED.search(found.get("filter", "")):
        return True
    places = (_length(found.get(name, "")) for name in _PLACES)
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
