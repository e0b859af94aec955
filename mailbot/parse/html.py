"""Convert HTML to text; find quotations and signatures by structure. No other module imports lxml."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

import lxml.html
from lxml import etree

from mailbot.core.text.quotation import INDENTED, SIGNATURE_BEGINS, SIGNATURE_ENDS
from mailbot.parse import limits
from mailbot.parse.character_references import unescape
from mailbot.parse.visibility import VISIBLE, Attributes, Look, StyleSheet, may_hide, style_sheet

OPEN, CLOSE, CUT = "\ue000", "\ue001", "\ue002"
_MARKS = frozenset({OPEN, CLOSE, CUT, SIGNATURE_BEGINS, SIGNATURE_ENDS, INDENTED})
_MARK = re.compile(f"[{''.join(sorted(_MARKS))}]")
_DROPPED = frozenset({
    "script", "style", "head", "title", "noscript", "template", "object", "svg", "meta", "link", "base",
    "select", "textarea", "map", "datalist", "noframes", "noembed", "iframe", "video", "audio", "canvas",
    "progress", "meter", "rp", "annotation", "annotation-xml"
})  # fmt: skip
_BLOCKS = frozenset({
    "p", "div", "table", "tr", "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "address", "section", "article", "header", "footer", "center", "form",
    "fieldset", "figure", "hr", "body", "html", "caption", "thead", "tbody", "nav", "main", "aside",
    "details", "summary"
})  # fmt: skip
_MARKED_BY_NAME = frozenset(["blockquote", "signature", "details", "summary", "dialog"])
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote"])
_LETTER = re.compile(r"[^\W_]")
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_TAG = re.compile(r"<[^<>]{0,4000}>")
# Without an end tag the rest is dropped (\Z): searching to the end for each start tag would be quadratic.
_UNSEEN = re.compile(
    r"<(script|style|head|title)\b[^<]*(?:<(?!/\1)[^<]*)*(?:</\1[^<>]*>?|\Z)|<!--(?:(?!-->).)*(?:-->|\Z)",
    re.I | re.S,
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/?blockquote)\b[^<>]{0,4000}>", re.I)

# What mail programs put around the mail that is answered.
_QUOTED_CLASS = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_quote|gmail_quote_container|(?:ydp\w+)?yahoo[_-]quoted|protonmail_quote"
    r"|tutanota_quote|zmail_extra|moz-cite-prefix|nylas-quote|bloop_original_html|quote|mb_quote"
    r"|mail_android_quote|gmx_quote|quoted-message|OutlookMessageHeader|k9mail-quote|gmail_attr"
    r"|AOLWebSuite)(?=\s|$)"
)
# A part of each of them, for a cheap test.
_QUOTED_STEMS = (
    *("uote", "zmail_extra", "moz-cite-prefix", "bloop_original_html", "OutlookMessageHeader", "gmail_attr"),
    "AOLWebSuite",
)
_QUOTED_ID = re.compile(
    r"(?:x_)*(?:reply-intro|mail-editor-reference-message-container|edo-original"
    r"|isForwardContent|yiv\d+gmail_quote)"
)
_QUOTED_NAME = frozenset({"quote", "messageReplySection"})
_MAX_MARK = 200  # characters of an attribute
_BETWEEN_MARKS = re.compile(r"[\s_-]")
_SIGNATURE_MARK = re.compile(r"[^\W_]*signature?(?:block|section|container)?", re.I)
_SIGNATURE_ID = re.compile(r"(?:x_)*(?:_rc_sig|bloop_sign.*|CanarySig|Zm-_Id_-Sgn\w*)")
_INDENTATION = re.compile(
    r"border(?:-width|-left)?\s*:\s*(?:none|0)|margin\s*:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px", re.I
)
_BORDER = re.compile(r"border(?:-left)?\s*:(?!\s*(?:none|0))", re.I)
_MAY_QUOTE = frozenset({"blockquote", "div"})
_LEFT_RULE = re.compile(r"border-left\s*:(?!\s*(?:none|0))", re.I)
# Marks of the header block of a quotation: all that follows is quotation.
_HEAD_ID = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling|zwchr|ms-outlook-mobile-reference-message"
    r"|OLK_SRC_BODY_SECTION.*)"
)
_HEAD_CLASS = re.compile(r"(?:^|\s)(?:x_)*OutlookMessageHeader(?=\s|$)")
_OUTLOOK_RULE = re.compile(
    r"border-top:\s*(?:(?:solid|1(?:\.0)?p[tx])\s+){0,2}#(?:E1E1E1|B5C4DF)(?:\s+(?:solid|1(?:\.0)?p[tx])){0,2}",
    re.I,
)
_GMX_RULE = re.compile(r"border-left:\s*2px solid #c3d9e5", re.I)


@dataclass(frozen=True, slots=True)
class HtmlText:
    """The text of an HTML document; `unseen`: a reader sees none of it."""

    text: str
    unseen: bool = False


def to_text(markup: str) -> HtmlText:
    """Return HTML as text; lines of a quoted mail begin with "> ", as in plain text.

    Text that a reader does not see is left out, unless there is no other text, or the page has too many
    styles to tell. Markup that lxml cannot read, and elements nested too deep, only lose their tags.
    """
    markup = _first_tags(_MARK.sub("", markup[: limits.MARKUP]))
    tree = _tree(markup)
    if tree is None:
        return HtmlText(stripped(markup), unseen=may_hide(markup))
    sheet = style_sheet(tree)
    page = _Page(sheet)
    page.write(tree)
    text = page.text()
    if sheet.exhausted or (page.skipped and not _LETTER.search(text)):
        page = _Page(sheet, everything=True)
        page.write(tree)
        return HtmlText(page.text(), unseen=True)
    return HtmlText(text)


def _first_tags(markup: str) -> str:
    """Return HTML up to the limit of tags, each of which takes time even if it closes nothing."""
    pieces = markup.split("<", limits.TAGS)
    return markup if len(pieces) <= limits.TAGS else "<".join(pieces[:-1]) + " […]"


def _tree(markup: str) -> "lxml.html.HtmlElement | None":
    markup = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", markup)
    # a thread of many answers nests deeper than the 256 elements that lxml allows by default
    parser = lxml.html.HTMLParser(recover=True, huge_tree=True)
    try:
        tree = lxml.html.document_fromstring(markup, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    # After a fatal error lxml returns the tree up to there, without the rest of the text.
    given_up = any(entry.level == etree.ErrorLevels.FATAL for entry in list(parser.error_log)[-1:])
    return None if given_up else tree


class _Inside(NamedTuple):
    """What an open element adds to the lines inside it."""

    look: Look = VISIBLE
    unseen: bool = False
    quoted: bool = False
    indented: bool = False
    signed: bool = False


@dataclass(slots=True)
class _Page:
    """Writes the elements of an HTML tree as lines of text, in one pass."""

    sheet: StyleSheet
    everything: bool = False
    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    inside: list[_Inside] = field(default_factory=lambda: [_Inside()])
    depth: int = 0
    indentation: int = 0
    cut: bool = False
    skipped: bool = False
    literal: int = 0
    elements: int = 0

    def text(self) -> str:
        """Return what was written, without blank lines at either end."""
        self.end_line()
        return "\n".join(self.lines).strip("\n")

    def write(self, root: "lxml.html.HtmlElement") -> None:
        """Write an element and all that it holds."""
        for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
            if event in ("comment", "pi"):
                self.put(element.tail)
            elif event == "start":
                self.elements += 1
                self.begin(element)
            else:
                self.end(element)
                self.put(element.tail)
            if self.elements > limits.ELEMENTS or len(self.lines) > limits.LINES:
                self.put(" […]")
                return
            if self.sheet.exhausted and not self.everything:
                return

    def begin(self, element: "lxml.html.HtmlElement") -> None:
        """Write what comes before an element's content, and its own text."""
        tag = element.tag
        if tag in _DROPPED:
            # Removed, so that the walk does not visit them.
            for inner in list(element):
                element.remove(inner)
            return
        if tag in _BLOCKS:
            self.end_line(blank=tag in _PARAGRAPHS)
        attributes = dict(element.items())
        if attributes and _begins_quotation(tag, attributes):
            self.cut = True
        if attributes or tag in _MARKED_BY_NAME or self.sheet.rules:
            self.enter(tag, attributes)
        else:
            self.inside.append(_Inside(self.inside[-1].look, self.inside[-1].unseen))
        self.literal += tag == "pre"
        if (written := _WRITTEN.get(tag)) is not None and not self.hides():
            self.line.append(written)
        if tag in ("br", "hr"):
            self.end_line(always=True)
        self.put(element.text)

    def enter(self, tag: str, attributes: Attributes) -> None:
        """Note what an element that begins adds to the lines inside it."""
        above = self.inside[-1]
        look = VISIBLE if self.everything else self.sheet.look_of(tag, attributes, above.look)
        unseen = above.unseen if look is above.look else look.unseen
        quoted = _is_quotation(tag, attributes) or (tag == "blockquote" and self.depth > 0)
        indented = tag in _MAY_QUOTE and not quoted and _may_be_quotation(tag, attributes)
        inside = _Inside(look, unseen, quoted, indented, _is_signature(tag, attributes))
        self.inside.append(inside)
        self.depth += inside.quoted
        self.indentation += inside.indented
        if inside.signed:
            self.mark(SIGNATURE_BEGINS)

    def end(self, element: "lxml.html.HtmlElement") -> None:
        """Write what comes after an element's content."""
        tag = element.tag
        if tag in _DROPPED:
            return
        inside = self.inside[-1]
        if tag in ("td", "th"):
            self.line.append(" ")
        if tag in _BLOCKS or inside.quoted or inside.signed:
            self.end_line(blank=tag in _PARAGRAPHS)
        self.inside.pop()
        self.depth -= inside.quoted
        self.indentation -= inside.indented
        if inside.signed:
            self.mark(SIGNATURE_ENDS)
        self.literal -= tag == "pre"

    def hides(self) -> bool:
        """Return whether a reader does not see what is written now."""
        return not self.everything and self.inside[-1].unseen

    def put(self, text: str | None) -> None:
        """Write text: as it is inside <pre>, else with white space run together."""
        if not text:
            return
        if self.hides():
            self.skipped = self.skipped or not text.isspace()
            return
        if not self.literal:
            self.line.append(_SPACE.sub(" ", text))
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")[: limits.LINES + 1]
        self.line.append(first)
        for following in rest:
            self.end_line(always=True)
            self.line.append(following)

    def mark(self, sign: str) -> None:
        """Put a mark on a line of its own, unless inside a quotation."""
        self.end_line()
        if not self.depth and not self.cut:
            self.lines.append(sign)

    def end_line(self, always: bool = False, blank: bool = False) -> None:
        """End the line that is being written; `blank`: leave one free behind it."""
        text = "".join(self.line)
        text = text.rstrip() if self.literal else _SPACE.sub(" ", text).strip()
        self.line.clear()
        if not (text or always or blank):
            return
        prefix = "> " * min(max(self.depth, int(self.cut)), limits.QUOTATION_DEPTH)
        if self.indentation:
            prefix = INDENTED * min(self.indentation, limits.QUOTATION_DEPTH) + prefix
        if text or always:
            self.lines.append(prefix + text)
        if blank and self.lines and self.lines[-1].strip(f"> {INDENTED}"):
            self.lines.append(prefix.rstrip())


_WRITTEN = {"li": "* ", "hr": "-----"}


def stripped(markup: str) -> str:
    """Return HTML without its tags, in one pass; for what is too large to be laid out."""
    text = _TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub("", markup)))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]+", " ", unescape(text)))


def _is_signature(tag: str, attributes: Attributes) -> bool:
    for name in ("class", "id", "name", "data-smartmail"):
        mark = attributes.get(name, "")
        if "ignatur" in mark and any(map(_SIGNATURE_MARK.fullmatch, _BETWEEN_MARKS.split(mark[:_MAX_MARK]))):
            return True
    return tag == "signature" or ("id" in attributes and bool(_SIGNATURE_ID.fullmatch(attributes["id"])))


def _begins_quotation(tag: str, attributes: Attributes) -> bool:
    return bool(
        ("id" in attributes and _HEAD_ID.fullmatch(attributes["id"]))
        or ("OutlookMessageHeader" in (mark := attributes.get("class", "")) and _HEAD_CLASS.search(mark))
        or (tag == "div" and _OUTLOOK_RULE.search(attributes.get("style", "")))
    )


def _is_quotation(tag: str, attributes: Attributes) -> bool:
    marks = attributes.get("class", "")
    if marks and any(map(marks.__contains__, _QUOTED_STEMS)) and _QUOTED_CLASS.search(marks):
        return True
    if "id" in attributes and _QUOTED_ID.fullmatch(attributes["id"]):
        return True
    if tag == "blockquote":
        cited = attributes.get("type") == "cite" or "cite" in attributes
        return cited or bool(_BORDER.search(attributes.get("style", "")))
    if tag != "div":
        return False
    return attributes.get("name") in _QUOTED_NAME or bool(_GMX_RULE.search(attributes.get("style", "")))


def _may_be_quotation(tag: str, attributes: Attributes) -> bool:
    """Return whether an element is a quotation below an attribution; an editor's indentation is none."""
    style = attributes.get("style", "")
    if tag == "div":
        return bool(_LEFT_RULE.search(style))
    return "indent" not in attributes.get("class", "") and not _INDENTATION.search(style)
