"""Replies that quote an outgoing mail in the styles of many mail programs, with an answer at any place."""

import re
from collections.abc import Callable
from html import escape
from textwrap import wrap

from mailbot.outgoing import OutgoingMail
from tests.support.mail_builder import MailBuilder, mail

PLACES = ("above", "below", "between")
ADDRESS = "support-gym@schule.example"
_BLOCK = re.compile(r"(?<=</p>)\n|(?<=</div>)\n")
_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.S)


def _around(sent: str, answer: str, place: str, introduction: str, mark: str = "> ") -> str:
    """Return a plain text with an answer above, below or in the middle of the lines of a mail."""
    lines = [f"{mark}{line}".rstrip() for line in sent.strip().split("\n")]
    half = next(
        (at for at in range(len(lines) // 2, len(lines)) if not lines[at].strip("> |")), len(lines) // 2
    )
    top, quoted = lines[:half], lines[half:]
    parts = {
        "above": [answer, "", introduction, *top, *quoted],
        "below": [introduction, *top, *quoted, "", answer],
        "between": [introduction, *top, "", answer, "", *quoted],
    }
    return "\n".join(parts[place]) + "\n"


def _wrapped(text: str, width: int = 72, *, links: bool = True) -> str:
    lines = (
        wrap(line, width, break_long_words=links, break_on_hyphens=False) or [""] for line in text.split("\n")
    )
    return "\n".join(piece for line in lines for piece in line)


def _plain(introduction: str, mark: str = "> ", change: Callable[[str], str] = str) -> "Style":
    def build(sent: OutgoingMail, answer: str, place: str) -> MailBuilder:
        return mail().text(_around(change(sent.text), answer, place, introduction, mark))

    return build


def _html(above: str, opening: str, closing: str, *, split: bool = False) -> "Style":
    """Return a style that quotes the HTML part; `split`: an answer between is not within the quotation."""

    def build(sent: OutgoingMail, answer: str, place: str) -> MailBuilder:
        found = _BODY.search(sent.html)
        assert found is not None
        body, own = found[1], f"<p>{escape(answer)}</p>".replace("\n", "<br>")
        if place == "above":
            return mail().html(f"{own}{above}{opening}{body}{closing}")
        if place == "below":
            return mail().html(f"{above}{opening}{body}{closing}{own}")
        if split:
            own = f"{closing}{own}{opening}"
        blocks = [match.end() for match in _BLOCK.finditer(body)]
        half = blocks[len(blocks) // 2]
        return mail().html(f"{above}{opening}{body[:half]}{own}{body[half:]}{closing}")

    return build


Style = Callable[[OutgoingMail, str, str], MailBuilder]
_FIELDS = (
    f"Von: Schul-Support <{ADDRESS}>\nGesendet: Montag, 23. November 2026 14:02\n"
    "An: Max Mustermann\nBetreff: AW: [#GYM-104] Beamer\n"
)
_HTML_FIELDS = (
    f"<b>Von:</b> Schul-Support &lt;{ADDRESS}&gt;<br><b>Gesendet:</b> Montag, 23. November 2026 14:02<br>"
    "<b>An:</b> Max Mustermann<br><b>Betreff:</b> AW: [#GYM-104] Beamer"
)
STYLES: dict[str, Style] = {
    "thunderbird": _plain("Am 23.11.26 um 14:02 schrieb Schul-Support:"),
    "roundcube, wrapped": _plain("Am 2026-11-23 14:02, schrieb Schul-Support:", change=_wrapped),
    "apple mail": _plain(f"> Am 23.11.2026 um 14:02 schrieb Schul-Support <{ADDRESS}>:\n> "),
    "gmail, with stars": _plain(
        f"Am Mo., 23. Nov. 2026 um 14:02 Uhr schrieb Schul-Support <\n{ADDRESS}>:\n",
        change=lambda text: re.sub(r"(?m)^(Ticket|Betreff|Hallo)\b(.*)$", r"*\1*\2", text),
    ),
    "the bat": _plain("", "SS> "),
    "bars": _plain(f"Schul-Support <{ADDRESS}> schrieb am 23.11.2026 14:02:\n", "| "),
    "outlook": _plain(f"\n{_FIELDS}", ""),
    "outlook, wrapped": _plain(f"________________________________\n{_FIELDS}", "", _wrapped),
    "no introduction": _plain("", ""),
    "basque": _plain(
        f"Schul-Support ({ADDRESS}) erabiltzaileak hau idatzi du (2026 aza. 23, al. 14:02)\n", ""
    ),
    "maltese header": _plain(
        f"Mingħand: Schul-Support <{ADDRESS}>\nMibgħut: It-Tnejn 14:02\nLil: {ADDRESS}\nSuġġett: x\n", ""
    ),
    "entities": _plain("Am 23.11.2026 um 14:02 schrieb Schul-Support:\n", "", escape),
    "autocorrected": _plain(
        "Am 23.11.2026 um 14:02 schrieb Schul-Support:\n",
        "",
        lambda text: re.sub(r"[\"„“‚‘']", "’", text).replace("--", "—").replace("...", "…"),
    ),
    "damaged umlauts": _plain(
        "Am 23.11.2026 um 14:02 schrieb Schul-Support:\n", "", lambda text: re.sub(r"[^\x00-\x7f]", "?", text)
    ),
    "no links": _plain(
        "Am 23.11.2026 um 14:02 schrieb Schul-Support:\n", "", lambda text: re.sub(r"<mailto:\S+>", "", text)
    ),
    "thunderbird in html": _html(
        '<div class="moz-cite-prefix">Am 23.11.26 um 14:02 schrieb Schul-Support:<br></div>',
        '<blockquote type="cite" cite="mid:1">', "</blockquote>", split=True,
    ),
    "gmail in html": _html(
        '<div class="gmail_quote"><div class="gmail_attr">Am 23. Nov. 2026 um 14:02 schrieb X:</div>',
        '<blockquote class="gmail_quote" style="margin:0">', "</blockquote>", split=True,
    ),
    "apple mail in html": _html(
        "<div>Am 23.11.2026 um 14:02 schrieb Support:</div>", '<blockquote type="cite">', "</blockquote>"
    ),
    "outlook in html": _html(
        "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>"
        f"<p class=MsoNormal>{_HTML_FIELDS}</p></div></div>", "<div>", "</div>"
    ),
    "outlook on the web": _html(f'<hr><div id="divRplyFwdMsg">{_HTML_FIELDS}</div>', "<div>", "</div>"),
    "html table without marks": _html(f"<p>{_HTML_FIELDS}</p>", "<table><tr><td>", "</td></tr></table>"),
}  # fmt: skip
