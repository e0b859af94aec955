"""Find the elements of an HTML mail that a reader sees, by attributes and simple style rules (CSS 2.1).

Only what a person reads in the mail is their text. Senders of newsletters, and attackers, hide other text.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from mailbot.parse import limits
from mailbot.parse.css_boxes import MARGINS, PLACES, is_clipped, is_far, is_rect_of_nothing, is_turned
from mailbot.parse.css_values import (
    FAINT,
    OF_TEXT,
    TINY,
    TRANSPARENT,
    Colour,
    colour,
    is_transparent,
    length,
    measure,
    share,
)

if TYPE_CHECKING:
    import lxml.html

_MAX_STYLE, _MAX_SHEET, _MAX_RULES, _MAX_COLOUR, _MAX_VALUE = 4_000, 200_000, 2_000, 200, 200
# What each step costs, measured in characters of declarations: to compute a look, to apply a declaration of a
# rule to it, and to read a style attribute. Within the attribute: a character at which it is split, and an
# escape. `_PASSED` other characters cost as much as one.
_LOOK_WORK, _RULE_WORK, _STYLE_WORK, _PART_WORK, _ESCAPE_WORK, _PASSED = 100, 5, 20, 3, 8, 8
_VARIABLE_WORK = 100
_PARTS = re.compile(r"[;\\'\"/]")
_COMMENT_OR_STRING = re.compile(
    r"/\*(?:(?!\*/).)*(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?", re.S
)
_OF_NAME = re.compile(r"[a-z0-9#%.-]")
# What holds for the window of a computer.
_UNCONDITIONAL = re.compile(
    r"@media\s{1,9}(?:(?:only\s{1,9})?(?:all|screen)|not\s{1,9}print)?(?:\s{1,9}and)?\s{0,9}"
    r"(?:\(min-(?:device-)?width\s?:\s?(?:\d{1,3}(?:\.\d{1,4})?(?:px|pt)?|\d{1,2}(?:\.\d{1,4})?r?em)\s?\))?"
    r"|@layer(?:\s[\w.-]{1,50})?"
)
_WHOLE_PAGE = re.compile(r"(?:(?:html|body|:root)\s{1,9}(?:>\s{0,9})?|\*(?=[.#]))")
_SELECTOR = re.compile(r"\*|[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?[.#][\w-]+")
_TAG_AND_MARK = re.compile(r"(?=[.#])|$")
_MAY_HIDE = re.compile(
    r"display\s*:\s*none|visibility\s*:|opacity\s*:|mso-hide|\shidden\b|font-size\s*:\s*[01.]|overflow\s*:"
    r"|color\s*[:=]|<style|clip|transform|mask|position\s*:|<details|<dialog|popover",
    re.I,
)
_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.S)
_FONT_SIZE = re.compile(
    r"(?:^|\s)(0(?=[\s/])|\d{0,4}(?:\.\d{1,4})?(?:px|pt|r?em|ex|mm|cm|pc|in|v[wh]|%)|(?:x{1,3}-)?(?:small|large)"
    r"|medium)"
)
_WORDS_OF_SIZE = re.compile(r"(?:x{1,3}-)?(?:small|large)(?!e)|medium|initial|revert")
_VARIABLE = re.compile(r"(?<![\w-])(--[\w-]{1,60})\s{0,9}:([^;{}]{1,200})")
_USE = re.compile(r"var\(\s{0,9}(--[\w-]{1,60})\s{0,9}(?:,((?:[^()]|\([^()]{0,60}\)){0,99}))?\)")
_MAX_VARIABLES, _DEPTH = 200, 4
_CLEARED = re.compile(r"opacity\(\s*(?:0|0?\.0\d{0,4})%?\s*\)")
_HIDING = (
    *(("display", "none"), ("visibility", "hidden"), ("visibility", "coll"), ("mso-hide", "all")),
    ("content-visibility", "hidden"),
)
_SIZES = (
    (("height", "max-height", "block-size", "max-block-size"), ("min-height", "min-block-size")),
    (("width", "max-width", "inline-size", "max-inline-size"), ("min-width", "min-inline-size")),
)
_OVERFLOWS = ("overflow", "overflow-x", "overflow-y")
_CUTTING = ("hidden", "clip", "scroll", "auto")
_SHAPES = ("clip-path", "-webkit-clip-path")
_MASKS = ("mask", "mask-image", "-webkit-mask", "-webkit-mask-image")
_PROPERTIES = frozenset((
    *(name for name, _ in _HIDING), *(name for pair in _SIZES for names in pair for name in names),
    *_OVERFLOWS, *PLACES, *MARGINS, *_SHAPES, *_MASKS, "opacity",
    "zoom", "filter", "clip", "transform", "scale", "contain", "letter-spacing", "font-size", "font",
    "background-color", "background", "background-image", "color", "background-clip",
    "-webkit-background-clip", "-webkit-text-fill-color",
))  # fmt: skip
_HINTS = (("bgcolor", "background"), ("text", "color"), ("color", "color"))
_CELLS = frozenset(["td", "th"])
_OF_CELL = {"min-height": "1em"}  # a cell is as high as its text, whatever is declared
_MEDIUM = 16.0  # pixels
_SAME = 16  # difference of a colour's components that no one sees


class OwnLook(NamedTuple):
    """What the declarations and attributes of an element say of its look; None if they do not say it.

    `size` is that of its text: a length, or a share of its parent's if it is `relative`.
    """

    hidden: bool
    opacity: float
    size: float | None
    relative: bool
    colour: Colour
    background: Colour
    picture: bool  # behind the text: its colours are unknown


@dataclass(frozen=True, slots=True)
class Look:
    """What an element inherits: whether it is hidden, its opacity, the size of its text, and its colours.

    `collapsed`: how many elements around it show only their summary.
    """

    hidden: bool = False
    opacity: float = 1
    size: float = 16
    colour: Colour = None
    background: Colour = None
    collapsed: int = 0

    def within(self, own: OwnLook) -> "Look":
        """Return the look of an element in an element with this one."""
        size = own.size if own.size is not None else self.size
        if own.relative:  # quotations in quotations may become small step by step
            size = max(self.size * size, TINY if size > 0.5 and self.size >= TINY else 0)
        colour = self.colour if own.colour in (None, OF_TEXT) else own.colour
        background = colour if own.background == OF_TEXT else own.background or self.background
        return Look(
            self.hidden or own.hidden,
            self.opacity * own.opacity,
            size,
            colour,
            None if own.picture else background,
            self.collapsed,
        )

    def of_tag(self, tag: str, attributes: "Attributes") -> "Look":
        """Return the look of an element in one with this look, as far as its tag says."""
        if tag == "summary" and self.collapsed:
            return replace(self, collapsed=self.collapsed - 1)
        closed = tag in ("details", "dialog") and "open" not in attributes
        if closed and tag == "details":
            return replace(self, collapsed=self.collapsed + 1)
        return replace(self, hidden=True) if closed or "popover" in attributes else self

    @property
    def unseen(self) -> bool:
        """Return whether text with this look is invisible."""
        if self.hidden or self.collapsed or self.opacity < FAINT or self.size < TINY:
            return True
        if self.colour == TRANSPARENT:
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
    class names and declarations that were looked at, each distinct one once. It also counts a share of the
    characters of the other declarations in attributes.
    Beyond `limits.STYLE_WORK` nothing more is looked at: `exhausted`.
    """

    rules: dict[str, dict[str, Declarations]] = field(default_factory=dict)
    work: int = 0
    variables: dict[str, str] = field(default_factory=dict)
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
        parent = parent.of_tag(tag, attributes)
        matching = self._matching(tag, attributes) if self.rules else ()
        style = attributes.get("style", "")[:_MAX_STYLE]
        hints = _hints(tag, attributes)
        if not (matching or style or hints):
            return parent
        # rules are stored once, so their identity tells them apart without comparing what they say
        declared = self._declared(style)
        key = tuple(map(id, matching)), tuple(declared.items()), tuple(hints.items()), tag in _CELLS
        if key not in self._looks:
            said = sum(len(name) + len(value) for name, value in declared.items())
            self.work += _LOOK_WORK + _RULE_WORK * sum(map(len, matching)) + said
            found = _cascade([hints, _OF_CELL if tag in _CELLS else {}, *matching, declared])
            variable = any("var(" in value for value in found.values())
            look = _own_look(self._resolved(found) if variable else found)
            if variable:  # what it says depends on what is declared so far
                return parent.within(look)
            self._looks[key] = look
        return parent.within(self._looks[key])

    def _resolved(self, found: Declarations) -> Declarations:
        """Return declarations with the values of variables, or what stands for one without a value."""
        return {name: self._value(value) if "var(" in value else value for name, value in found.items()}

    def _value(self, written: str) -> str:
        value = written
        for _ in range(_DEPTH):
            self.work += _VARIABLE_WORK
            value = _USE.sub(lambda use: self.variables.get(use[1], use[2] or "").strip(), value)[:_MAX_VALUE]
        return "" if "var(" in value else value

    def declare(self, css: str) -> None:
        """Note the variables that are declared somewhere; of several values the last one counts."""
        found = dict(_VARIABLE.findall(css)) if "--" in css else {}
        if len(self.variables) + len(found) <= _MAX_VARIABLES:
            self.variables |= found

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
            css = _plain_css(style.lower())
            self.declare(css)
            self._attributes[style] = _declarations(css)
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
        elif not skipped:
            sheet.declare(piece)
            declared = _declarations(piece) if count < _MAX_RULES else {}
            for written in map(str.strip, selectors.split(",")):
                selector = _WHOLE_PAGE.sub("", written, count=1)
                if declared and _SELECTOR.fullmatch(selector):
                    count += 1
                    tag, mark = _TAG_AND_MARK.split(selector.removeprefix("*"), 1)
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


def _hints(tag: str, attributes: Attributes) -> Declarations:
    """Return the attributes of an element as declarations that all others outweigh (HTML, 15.2)."""
    found = {
        name: value[:_MAX_COLOUR].partition("!")[0]
        for attribute, name in _HINTS
        if (value := attributes.get(attribute, ""))
    }
    if "hidden" in attributes:
        found["display"] = "none"
    if attributes.get("background"):
        found["background-image"] = "url()"
    if tag == "font" and "size" in attributes:
        found["font-size"] = "medium"
    return found


def _own_look(found: Declarations) -> OwnLook:
    """Return what these declarations say."""
    written = found.get("font-size") or _font_size(found.get("font", ""))
    size = (_MEDIUM, "px") if _WORDS_OF_SIZE.match(written) else measure(written)
    relative = size is not None and size[1] in ("em", "%")
    pixels = length(f"{size[0]}{size[1]}") if size is not None else None
    if size is not None and relative:
        pixels = size[0] / (100 if size[1] == "%" else 1)
    image = f"{found.get('background-image', '')} {found.get('background', '')}"
    gradient = image if "gradient(" in image else ""
    background = colour(gradient or found.get("background-color") or found.get("background"))
    text = colour(found.get("-webkit-text-fill-color") or found.get("color"))
    if "text" in found.get("-webkit-background-clip", "") + found.get("background-clip", ""):
        text, background = background or None, None  # the background is the colour of the text
    picture = "url(" in image or bool(gradient and background is None)
    shares = (share(found.get(name, "")) for name in ("opacity", "zoom"))
    opacity = min([1, *(max(one, 0) for one in shares if one is not None)])
    return OwnLook(_is_hidden(found), opacity, pixels, relative, text, background, picture)


def _is_hidden(found: Declarations) -> bool:
    """Return whether declarations hide an element, however its content is declared."""
    if not found:
        return False
    if any(found.get(name, "").startswith(value) for name, value in _HIDING):
        return True
    cut = any(found.get(name, "").startswith(_CUTTING) for name in _OVERFLOWS)
    cut = cut or any(word in found.get("contain", "") for word in ("paint", "strict", "content"))
    if cut and any(_is_cut(found, *names) for names in _SIZES):
        return True
    if any(is_clipped(found[name]) for name in _SHAPES if name in found):
        return True
    if any(is_transparent(found[name]) for name in _MASKS if name in found):
        return True
    if _CLEARED.search(found.get("filter", "")) or is_far(found, cut=cut):
        return True
    return is_rect_of_nothing(found.get("clip", "")) or is_turned(found)


def _is_cut(found: Declarations, sizes: tuple[str, ...], least: tuple[str, ...]) -> bool:
    """Return whether an element has no height, or no width, and no minimum of it."""
    lengths = (length(found.get(name, "")) for name in sizes)
    minimum = max((length(found.get(name, "")) or 0) for name in least)
    return minimum < TINY and any(size is not None and size < TINY for size in lengths)


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
