"""HTML to text, quotations and signatures told by structure. The only module that knows lxml."""

import re
from dataclasses import dataclass, field

import lxml.html
from lxml import etree

from mailbot.core.text.quotation import SIGNATURE_BEGINS, SIGNATURE_ENDS
from mailbot.parse import limits
from mailbot.parse.character_references import unescape

OPEN, CLOSE, CUT = "\ue000", "\ue001", "\ue002"
_MARKS = frozenset({OPEN, CLOSE, CUT, SIGNATURE_BEGINS, SIGNATURE_ENDS})
_MARK = re.compile(f"[{''.join(sorted(_MARKS))}]")
_DROPPED = frozenset({
    "script", "style", "head", "title", "noscript", "template", "object", "svg", "meta", "link", "base",
    "select", "textarea", "map"
})  # fmt: skip
_BLOCKS = frozenset({
    "p", "div", "table", "tr", "ul", "ol", "li", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "address", "section", "article", "header", "footer", "center", "form",
    "fieldset", "figure", "hr", "body", "html", "caption", "thead", "tbody", "nav", "main", "aside",
    "details", "summary"
})  # fmt: skip
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "blockquote"])
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_TAG = re.compile(r"<[^<>]{0,4000}>")
_UNSEEN = re.compile(
    r"<(script|style|head|title)\b[^<]*(?:<(?!/\1)[^<]*)*(?:</\1[^<>]*>?|\Z)|<!--(?:(?!-->).)*(?:-->|\Z)",
    re.I | re.S,
)
_BREAK = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/?blockquote)\b[^<>]{0,4000}>", re.I)

# What mail programs put around the mail that is answered.
_QUOTED_CLASS = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_quote|gmail_quote_container|yahoo_quoted|protonmail_quote"
    r"|tutanota_quote|zmail_extra|moz-cite-prefix"
    r"|mail_android_quote|gmx_quote|quoted-message|OutlookMessageHeader|k9mail-quote|gmail_attr"
    r"|AOLWebSuite)(?=\s|$)"
)
_QUOTED_ID = re.compile(
    r"(?:x_)*(?:reply-intro|OLK_SRC_BODY_SECTION.*|mail-editor-reference-message-container"
    r"|isForwardContent|yiv\d+gmail_quote)"
)
_SIGNATURE_CLASS = re.compile(
    r"(?:^|\s)(?:x_)*(?:gmail_signature|moz-signature|protonmail_signature_block)(?=\s|$)"
)
_SIGNATURE_ID = re.compile(
    r"(?:x_)*(?:Signature|ms-outlook-mobile-signature|AppleMailSignature|composer_signature)"
)
# What stands at the head of it: all that follows is quotation.
_HEAD_ID = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling|zwchr|ms-outlook-mobile-reference-message)"
)
_HEAD_CLASS = re.compile(r"(?:^|\s)(?:x_)*OutlookMessageHeader(?=\s|$)")
_OUTLOOK_RULE = re.compile(r"border:\s*none;\s*border-top:\s*solid\s+#(?:E1E1E1|B5C4DF)\s+1\.0pt", re.I)
_GMX_RULE = re.compile(r"border-left:\s*2px solid #c3d9e5", re.I)


def to_text(markup: str) -> str:
    """Return HTML as text; lines of a quoted mail begin with "> ", as in plain text.

    What lxml cannot read, and elements nested too deep, are only stripped of their tags.
    """
    markup = _MARK.sub("", markup[: limits.MARKUP])
    tree = _tree(markup)
    if tree is None:
        return stripped(markup)
    page = _Page()
    page.write(tree)
    return page.text()


def _tree(markup: str) -> "lxml.html.HtmlElement | None":
    markup = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", markup)
    # a thread of many answers nests deeper than the 256 elements that lxml allows by default
    parser = lxml.html.HTMLParser(recover=True, huge_tree=True)
    try:
        tree = lxml.html.document_fromstring(markup, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    given_up = any(entry.level == etree.ErrorLevels.FATAL for entry in list(parser.error_log)[-1:])
    return None if given_up else tree


@dataclass(slots=True)
class _Page:
    """Writes the elements of an HTML tree as lines of text, in one pass."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    depth: int = 0
    cut: bool = False
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
            if self.elements > limits.ELEMENTS:
                self.put(" […]")
                return

    def begin(self, element: "lxml.html.HtmlElement") -> None:
        """Write what comes before an element's content, and its own text."""
        tag = element.tag
        if tag in _DROPPED:
            for inner in list(element):
                element.remove(inner)
            return
        if tag in _BLOCKS:
            self.end_line(blank=tag in _PARAGRAPHS)
        if _begins_quotation(element):
            self.cut = True
        self.depth += _is_quotation(element)
        if _is_signature(element):
            self.mark(SIGNATURE_BEGINS)
        self.literal += tag == "pre"
        if (written := _WRITTEN.get(tag)) is not None:
            self.line.append(written)
        if tag in ("br", "hr"):
            self.end_line(always=True)
        self.put(element.text)

    def end(self, element: "lxml.html.HtmlElement") -> None:
        """Write what comes after an element's content."""
        tag = element.tag
        if tag in _DROPPED:
            return
        if tag in ("td", "th"):
            self.line.append(" ")
        if tag in _BLOCKS or _is_quotation(element) or _is_signature(element):
            self.end_line(blank=tag in _PARAGRAPHS)
        self.depth -= _is_quotation(element)
        if _is_signature(element):
            self.mark(SIGNATURE_ENDS)
        self.literal -= tag == "pre"

    def put(self, text: str | None) -> None:
        """Write text: as it is inside <pre>, else with white space run together."""
        if not text:
            return
        if not self.literal:
            self.line.append(_SPACE.sub(" ", text))
            return
        first, *rest = text.replace("\r\n", "\n").split("\n")
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
        prefix = "> " * min(max(self.depth, int(self.cut)), limits.QUOTATION_DEPTH)
        if text or always:
            self.lines.append(prefix + text)
        if blank and self.lines and self.lines[-1].strip("> "):
            self.lines.append(prefix.rstrip())


_WRITTEN = {"li": "* ", "hr": "-----"}


def stripped(markup: str) -> str:
    """Return HTML without its tags, in one pass; for what is too large to be laid out."""
    text = _TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub("", markup)))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]+", " ", unescape(text)))


def _is_signature(element: "lxml.html.HtmlElement") -> bool:
    return bool(
        _SIGNATURE_CLASS.search(element.get("class", "")) or _SIGNATURE_ID.fullmatch(element.get("id", ""))
    )


def _begins_quotation(element: "lxml.html.HtmlElement") -> bool:
    return bool(
        _HEAD_ID.fullmatch(element.get("id", ""))
        or _HEAD_CLASS.search(element.get("class", ""))
        or (element.tag == "div" and _OUTLOOK_RULE.search(element.get("style", "")))
    )


def _is_quotation(element: "lxml.html.HtmlElement") -> bool:
    return bool(
        element.tag == "blockquote"
        or _QUOTED_CLASS.search(element.get("class", ""))
        or _QUOTED_ID.fullmatch(element.get("id", ""))
        or (element.get("name") == "quote" and element.tag == "div")
        or (element.tag == "div" and _GMX_RULE.search(element.get("style", "")))
    )
