"""HTML to text, quotations told by structure. The only module that knows inscriptis (and its lxml)."""

import html as entities
import re

import lxml.html
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree

from mailbot.core.quotation import SIGNATURE_BEGINS, SIGNATURE_ENDS
from mailbot.parse import limits

OPEN, CLOSE, CUT = "\ue000", "\ue001", "\ue002"
_MARKS = re.compile(f"[{OPEN}{CLOSE}{CUT}{SIGNATURE_BEGINS}{SIGNATURE_ENDS}]")
_MARK = re.compile(f"([{OPEN}{CLOSE}{CUT}{SIGNATURE_BEGINS}{SIGNATURE_ENDS}])")
_DROPPED = (
    "script",
    "style",
    "head",
    "title",
    "noscript",
    "template",
    "object",
    "svg",
    "meta",
    "link",
    "base",
)
_CONFIG = ParserConfig(css=CSS_PROFILES["strict"])
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

    Very long or deep HTML is only stripped of its tags.
    """
    markup = _MARKS.sub("", markup[: limits.TEXT * 2])
    if len(markup) <= limits.MARKUP:
        tree = _tree(markup)
        if tree is not None:
            _mark(tree)
            return quoted_lines(Inscriptis(tree, _CONFIG).get_text())
    return stripped(markup)


def _tree(markup: str) -> "lxml.html.HtmlElement | None":
    markup = re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", markup)
    try:
        tree = lxml.html.document_fromstring(
            markup, parser=lxml.html.HTMLParser(huge_tree=False, recover=True)
        )
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    depth = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > limits.MARKUP_DEPTH:
            return None
    etree.strip_elements(tree, *_DROPPED, etree.Comment, etree.ProcessingInstruction, with_tail=False)
    return tree


def stripped(markup: str) -> str:
    """Return HTML without its tags, in one pass; for what is too large to be laid out."""
    text = _TAG.sub("", _BREAK.sub("\n", _UNSEEN.sub("", markup)))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\xa0]+", " ", entities.unescape(text)))


def _mark(tree: "lxml.html.HtmlElement") -> None:
    """Put marks around what is quoted, and before what begins a quotation that has no end."""
    for element in list(tree.iter("div", "blockquote", "p", "hr", "table", "span", "pre")):
        if _begins_quotation(element):
            _insert(element, CUT)
        elif _is_quotation(element):
            _enclose(element, OPEN, CLOSE)
        elif _is_signature(element):
            _enclose(element, SIGNATURE_BEGINS, SIGNATURE_ENDS)
        elif element.tag == "hr":
            _insert(element, "-----")


def _insert(element: "lxml.html.HtmlElement", mark: str) -> None:
    opening = etree.Element("p")
    opening.text = mark
    element.addprevious(opening)


def _enclose(element: "lxml.html.HtmlElement", begins: str, ends: str) -> None:
    _insert(element, begins)
    closing = etree.Element("p")
    closing.text = ends
    closing.tail, element.tail = element.tail, None
    element.addnext(closing)


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


def quoted_lines(marked: str) -> str:
    """Return text whose marks are turned into "> " before each line that stands between them."""
    depth, cut, out = 0, False, []
    for line in marked.split("\n"):
        for piece in _MARK.split(line) if _MARKS.search(line) else (line,):
            depth += {OPEN: 1, CLOSE: -1}.get(piece, 0)
            cut = cut or piece == CUT
            prefix = "> " * min(max(depth, int(cut)), 9)
            if piece in (OPEN, CLOSE, CUT) or (prefix and piece in (SIGNATURE_BEGINS, SIGNATURE_ENDS)):
                continue
            if piece.strip() or piece is line:
                out.append((prefix + piece.strip()) if prefix else piece.rstrip())
    return "\n".join(out)
