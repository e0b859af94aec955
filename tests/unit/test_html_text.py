"""The text of an HTML mail is what a reader sees; indentation is no quotation, a marked signature is none."""

import pytest

from mailbot.parse import parse
from mailbot.parse.html import to_text
from tests.support.mail_builder import MailBuilder, mail

_SEEN = "<p>Danke, ich schaue.</p>"


def _answer(markup: str) -> MailBuilder:
    return mail().subject("AW: Beamer").reply_to("<q@support.example>").html(markup)


def test_text_that_a_reader_does_not_see_is_left_out_unless_it_is_all(subtests: pytest.Subtests) -> None:
    for hidden in [
        '<div style="display:none">#close</div>',
        '<div style="DISPLAY: NONE !important"><div style="display:block"><b>#close</b></div></div>',
        "<p style='color:#fff;font-size:1px'>#close</p>",
        '<p style="font-size:0">#close</p>',
        "<p hidden>#close</p>",
        '<span style="visibility:hidden">#close</span>',
        '<span style="opacity:0.0">#close</span>',
        '<span style="mso-hide:all">#close</span>',
        '<div style="background:#fff"><span style="color:white">#close</span></div>',
        '<div style="background-color:rgb(0,0,0);color:#010101">#close</div>',
        '<table bgcolor="#ffffff"><tr><td><font color="#FFF">#close</font></td></tr></table>',
        '<div style="color:transparent">#close</div><p style="color:rgba(9,9,9,0)">#close</p>',
        '<div style="max-height:0;overflow:hidden">#close</div>',
        '<div style="position:absolute;left:-9999px">#close</div>',
        "<style>.x, .z { display : none }</style><div class='a z'>#close</div>",
        "<style>@media print{.y{color:red}} #w{visibility:hidden}</style><div id=w>#close</div>",
        "<div style='display:/* */none'>#close</div><div style='d\\69splay:none'>#close</div>",
        "<div style='clip-path:inset(50%)'>#close</div><div style='clip-path:circle(0)'>#close</div>",
        "<div style='color:hsl(0, 0%, 100%);background:#fff'>#close</div>",
        "<div style='filter:opacity(0)'>#close</div><div style='content-visibility:hidden'>#close</div>",
        "<div style='-webkit-text-fill-color:transparent;color:#000'>#close</div>",
        "<div style='font:0/0 a'>#close</div><div style='font:bold 0.1px Arial'>#close</div>",
        "<div style='max-height:0px;overflow-y:hidden'>#close</div><p style='zoom:0'>#close</p>",
        "<Style>.y{display:none}</Style><div class=y>#close</div>",
        "<style>@media only screen{.y{display:none}} .z{color:red}</style><div class=y>#close</div>",
        "<style>div.y, i.z{display:none} b#w{font-size:0}</style><div class=y>#close</div><b id=w>x</b>",
        "<p style='display:none;display:'>#close</p>",
        "<style>.y{display:none;display: ;display:!important}</style><div class=y>#close</div>",
        "<style>.y{display:none!important}</style><div class=y style='display:block'>#close</div>",
        """<p style='display:none;font-family:"\\3b display:block"'>#close</p>""",
        """<p style='display:none;font-family:";display:block"'>#close</p>""",
        "<style>.q{font-family:'\\7d .y{display:none'} .y{display:none}</style><div class=y>#close</div>",
        *(
            f"<p style='{style}'>#close</p>"
            for style in (
                *(
                    "clip-path:polygon(0 0,0 0)",
                    "clip-path:inset(0 50% 0 50%)",
                    "-webkit-clip-path:circle(0)",
                ),
                *("clip-path:rect(0 0 0 0)", "clip-path:xywh(0 0 0 9px)", "clip:rect(0 auto 0 auto)"),
                *("opacity:4%", "opacity:1e-3", "opacity:calc(0)", "opacity:-1", "opacity:var(--none,0)"),
                *("font-size:calc(1px - 1px)", "font-size:clamp(0px,0px,0px)", "font-size:0vw", "font:0in a"),
                *("font-size:calc(0 * 1px)", "font-size:calc(10px/9999)", "opacity:calc(0.1 * 0.2)"),
                *("font-size:calc((3px - 1px) * 0 * 2)", "font-size:max(calc(1px * 0), 0px)"),
                *("height:0;overflow:clip", "max-inline-size:0;overflow:auto", "height:0;contain:paint"),
                *("left:-100vw", "left:-300%", "left:9999px", "top:-200vh", "bottom:-9999px"),
                *(
                    "inset:0 0 0 -9999px",
                    "inset-inline-start:-999em",
                    "margin:0 0 0 -9999px",
                    "margin-top:-1e4px",
                ),
                *(
                    "text-indent:100%;overflow:hidden",
                    "letter-spacing:-99px",
                    "translate:-9999px 0",
                    "scale:0",
                ),
                *("transform:scaleY(0)", "transform:scale3d(0,0,0)", "transform:rotateY(90deg)"),
                *("transform:rotate(9deg) translateX(-9999px)", "transform:matrix(0,0,0,0,0,0)"),
                *(
                    "mask-image:linear-gradient(transparent,transparent)",
                    "color:#00000003",
                    "color:rgb(0 0 0 / 0)",
                ),
                *(
                    "color:hsl(0 0% 0% / 0)",
                    "color:azure;background:azure",
                    "color:#333;background:currentColor",
                ),
                *(
                    "color:var(--c);--c:transparent",
                    "--d:none;display:var(--d)",
                    "display:var(--x,var(--y,none))",
                ),
                *(
                    "background:linear-gradient(#fff,#fff);color:white",
                    "color:color(srgb 1 1 1);background:#fff",
                ),
                *(
                    "color:hwb(0 100% 0%);background:#fff",
                    "color:oklch(1 0 0);background:rgb(100%,100%,100%)",
                ),
                *("color:lab(0 0 0);background:#000", "color:floralwhite;background:white"),
            )
        ),
        "<div style='opacity:.2'><div style='opacity:.2'><p style='opacity:.2'>#close</p></div></div>",
        "<div style='font-size:.3em'><p style='font-size:.3em'>#close</p></div>",
        "<div style='overflow:hidden;height:calc(0px + 0%);min-height:0'>#close</div>",
        "<p style='mask:linear-gradient(transparent, rgba(0,0,0,0))'>#close</p>",
        "<div hidden bgcolor=#fff>#close</div><td style='max-width:0;overflow:hidden'>#close</td>",
        "<details><p>#close</p></details><dialog>#close</dialog><div popover>#close</div>",
        "<details open><details><summary></summary>#close</details></details>",
        "<details><details><summary>#close</summary></details></details>",
        "<style>:root{--c:#fff}</style><div style='background:#fff;color:var(--c)'>#close</div>",
        "<style>html .y, body > .z{display:none}</style><p class=y>#close</p><p class=z>#close</p>",
        "<style>@layer a{.y{display:none}}</style><p class=y>#close</p>",
        *(
            f"<style>@media {window}{{.z{{display:none}}}}</style><p class=z>#close</p>"
            for window in ("(min-width:1px)", "screen and (min-width: 600px)", "(min-device-width:37.5em)")
        ),
    ]:
        with subtests.test(hidden=hidden):
            got = to_text(f"<html><body>{_SEEN}{hidden}<p>Bis gleich</p></body></html>")
            assert got.text == "Danke, ich schaue.\n\nBis gleich"
            alone = parse(_answer(f"<html><body>{hidden}</body></html>").build())
            assert alone.unseen
            assert "#close" in alone.text


def test_what_a_program_shows_instead_of_an_element_that_it_knows_is_no_text() -> None:
    elements = ("video", "audio", "canvas", "iframe", "noframes", "progress", "meter", "rp")
    for element in elements:
        assert to_text(f"{_SEEN}<{element}>#close</{element}>").text == "Danke, ich schaue.", element


def test_text_that_a_reader_sees_is_kept(subtests: pytest.Subtests) -> None:
    for shown in [
        "<style>i.y, p.x{display:none} b{font-size:0}</style><p class=y>Text</p>",
        "<style>.y{display:none}</style><p class=y style='display:block'>Text</p>",
        '<td style="font-size:0px"><span style="font-size:14px">Text</span></td>',
        '<div style="color:#fff;background:#000">Text</div>',
        '<div style="color:white">Text</div>',
        '<div style="font:700 14px/0 Arial;filter:opacity(0.9);clip-path:inset(0%)">Text</div>',
        '<div style="color:hsl(0,0%,10%);background:#fff;zoom:1;font:12pt a\\:b">Text</div>',
        "<style>@media (max-width:600px){.x{display:none}}</style><p class='x'>Text</p>",
        "<style>@media screen{.y{color:red}} @media print{.x{display:none}}</style><p class=x>Text</p>",
        '<div style="overflow:hidden;width:100%">Text</div>',
        """<p style='font-family:"x\\3b display:none\\3b"'>Text</p>""",
        '<div style="overflow:hidden;line-height:0"><p style="line-height:20px">Text</p></div>',
        '<p style="clip-path:inset(50% 0 0 0)">Text</p>',
        '<p style="-webkit-text-fill-color:transparent;-webkit-background-clip:text;color:red">Text</p>',
        '<div style="background:white url(x.png)"><span style="color:white">Text</span></div>',
        "<details open><summary>Text</summary></details>",
        "<details><summary>Text</summary>mehr</details>",
        '<p style="clip-path:inset(10px 20px);clip:rect(0, 200px, 100px, 0)">Text</p>',
        '<p style="clip-path:polygon(0 0, 100% 0, 100% 100%, 0 100%)">Text</p>',
        '<p style="overflow:auto;max-width:100%;width:1%;opacity:90%;letter-spacing:-1px">Text</p>',
        '<p style="margin-left:-100%;float:left;transform:translate(-50%) scale(.9) rotate(90deg)">Text</p>',
        '<div style="color:var(--theme);background:var(--page);font-size:var(--size)">Text</div>',
        '<div style="background:linear-gradient(#fff,#000);color:#fff;mask:none">Text</div>',
        '<div style="--c:#000;background:#fff;color:var(--c)">Text</div>',
        "<div style='font-size:.8em'>" * 12 + "Text",
        '<p aria-hidden="true" inert style="user-select:none">Text</p>',
        '<p style="color:rgba(255,255,255,.5);background:#1e1e1e;left:10px;text-indent:2em">Text</p>',
        '<p style="mask-image:linear-gradient(#000 80%,transparent)">Text</p>',
        "<style>:root{--c:#000} body{background:#fff;color:var(--c)} @media (prefers-color-scheme:dark)"
        "{:root{--c:#fff} body{background:#000}}</style><body>Text",
        *(
            f"<div style='font-size:0'>{size}Text"
            for size in (
                "<p style='font-size:medium'>",
                "<p style='font:small Arial'>",
                "<font size=2>",
                "<p style='font-size:1rem'>",
                "<p style='font-size:calc(12px * 1)'>",
                "<p style='font-size:calc(2px * (3 + 4))'>",
            )
        ),
        *(
            f"<body bgcolor=#ffffff>{dark}Text"
            for dark in (
                "<table background=x.jpg><td style='color:#fff'>",
                "<p bgcolor='#fff' style='background:#000;color:#fff'>",
                "<p style='background-color:#fff;background-image:linear-gradient(#000,#222);color:#fff'>",
                "<p style='background:#fff linear-gradient(#000,#000);color:#fff'>",
            )
        ),
        *(
            f"<p style='{style}'>Text"
            for style in (
                "opacity:calc(4% / 0.04)",
                "font-size:calc(0px * 1px)",
                "font-size:calc(1px / 0)",
                "font-size:calc(1e99px * 1e99 * 1e99 * 1e99)",
            )
        ),
        *(
            f"<div style='overflow:hidden;{size}'>Text"
            for size in (
                "height:0;min-height:100%",
                "width:calc(230400px - 48000%);min-width:50%",
                "max-width:calc(100vw - 2000px)",
                "width:calc((600px - 100%) * 999)",
            )
        ),
        "<table><td style='height:1px;overflow:hidden'>Text",
        "<style>.w{display:none} @media only screen and (min-width: 600px){.w{display:block}}</style>"
        "<div class=w>Text",
    ]:
        with subtests.test(shown=shown):
            got = to_text(shown)
            assert got.text == "Text"
            assert not got.unseen


def test_indented_block_is_text_unless_an_attribution_is_above_it() -> None:
    for style in ("", ' style="margin:0 0 0 40px;border:none"', ' class="webkit-indent-blockquote"'):
        block = f"<blockquote{style}><div>Tablet 3</div><div>Maus</div></blockquote>"
        got = parse(mail().html(f"<div>Es fehlen:</div>{block}<div>Bis Freitag, bitte.</div>").build())
        assert "".join(got.text.split()) == "Esfehlen:Tablet3MausBisFreitag,bitte."
    said = (
        "<p>Läuft.</p><div>Am 12.05.2025 um 08:05 schrieb Kim Probst:</div><blockquote>Maus weg</blockquote>"
    )
    assert parse(_answer(said).build()).text == "Läuft."


def test_answer_and_quotation_inside_one_quotation_are_distinguished() -> None:
    inner = "Von: Kim &lt;kim@hgs.example&gt;<br>Datum: 12. Mai 2025 08:05<br>An: Hilfe<br>Betreff: Maus<br>"
    markup = (
        f"<blockquote class='gmail_quote'><div>Maus liegt im Sekretariat.</div>{inner}"
        "<blockquote class='gmail_quote'>Maus weg</blockquote></blockquote>"
    )
    assert parse(_answer(markup).build()).text == "Maus liegt im Sekretariat."


MARKED = [
    # Outlook for Mac
    '<span id="OLK_SRC_BODY_SECTION"></span><div style="BORDER-TOP: #B5C4DF 1pt solid"><span '
    'id="OLK_SRC_BODY_SECTION"><b>Von:</b> Kim<br></span></div><div>Maus weg</div>',
    '<div style="border:none;border-top:solid #B5C4DF 1.0pt"><b>Von: </b>Kim</div><div>Maus weg</div>',
    # Nextcloud Mail
    '<div class="quote">"K" k@hgs.example – 12. Mai 2025 8:05<br><blockquote>Maus weg</blockquote></div>',
    # Spark
    '<div name="messageReplySection">Am 12. Mai 2025 schrieb K:<blockquote>Maus weg</blockquote></div>',
]


def test_answers_within_the_element_around_a_quotation_are_kept() -> None:
    wrote = "<div>Am 12.05.2025 um 08:05 schrieb Kim &lt;kim@hgs.example&gt;:</div>"
    quotes = [
        ('<div class="gmail_quote">', '<blockquote class="gmail_quote">', "</blockquote>", "</div>"),
        ('<div class="protonmail_quote">', "<blockquote>", "</blockquote>", "</div>"),
        ('<div class="yahoo_quoted">', "<blockquote>", "</blockquote>", "</div>"),
        ('<div name="messageReplySection">', '<blockquote type="cite">', "</blockquote>", "</div>"),
        ("", '<div style="border-left: 1px solid #ccc">', "</div>", ""),
    ]
    for before, begin, end, after in quotes:
        one = f"{before}{wrote}{begin}<p>Welcher Raum?</p>{end}<p>Raum 12.</p>{after}"
        assert parse(_answer(one).build()).text == "Raum 12.", before
        # The author of the quoted mail answered below a quotation.
        older = f"{_SEEN}{before}{wrote}{begin}{wrote}{begin}<p>Alt.</p>{end}<p>Raum 12.</p>{end}{after}"
        assert "Raum" not in parse(_answer(older).build()).text, before
    framed = (
        f'<div style="border-left: 1px solid">{wrote}<blockquote>Welcher Raum?</blockquote>Raum 12.</div>'
    )
    assert parse(_answer(framed).build()).text == "Raum 12."
    callout = '<p>Es steht da:</p><div style="border-left: 1px solid #ccc">Fehler 17</div><p>Was nun?</p>'
    assert parse(_answer(callout).build()).text == "Es steht da:\n\nFehler 17\n\nWas nun?"


def test_marked_quotations_of_programs_are_cut(subtests: pytest.Subtests) -> None:
    for quotation in MARKED:
        with subtests.test(quotation=quotation):
            got = parse(_answer(f"<div>Liegt hier.</div><div><br></div>{quotation}").build())
            assert got.text == "Liegt hier."
            assert "Maus weg" in got.quoted


def test_element_that_a_program_marks_as_signature_is_the_signature(subtests: pytest.Subtests) -> None:
    for mark in [
        'id="signature"',
        'class="signature"',
        'id="x_Signature"',
        'class="io-ox-signature"',
        'id="_rc_sig"',
        'name="messageSignatureSection"',
        'class="gmail_signature" dir="ltr"',
        'data-smartmail="gmail_signature"',
        'class="signatur"',
    ]:
        with subtests.test(mark=mark):
            signed = (
                f"<div {mark}>---<br><div class='pre'>Max Muster<br>Raum 007, Tel. 0123 45678</div></div>"
            )
            got = parse(_answer(f"<p>Liegt hier.</p>{signed}").build())
            assert got.text == "Liegt hier."
            assert got.signature.splitlines()[-1] == "Raum 007, Tel. 0123 45678"


def test_forwarded_mail_below_a_signature_alone_has_no_text_of_its_own() -> None:
    quoted = '<div name="quote"><b>Gesendet:</b> 12. Mai 2025 um 08:05<br><b>Von:</b> Kim<br>Maus weg</div>'
    signed = '<div class="signature">--&nbsp;<br>Max Muster<br>Hölderlin-Schule</div>'
    got = parse(mail().subject("Fw: Maus").html(f"<div><br></div>{signed}<div>{quoted}</div>").build())
    assert got.signature == "--\nMax Muster\nHölderlin-Schule"
    assert got.forwarded
    assert "Max Muster" not in got.ticket_text
    signed = (
        '<span class="gmail_signature_prefix">-- </span><br><div class="gmail_signature">Max Muster</div>'
    )
    got = parse(mail().subject("Fwd: Maus").html(f"<div><br></div>{signed}<div>{quoted}</div>").build())
    assert (got.text, got.signature) == ("", "--\nMax Muster")


def test_no_mark_of_a_signature_is_left_in_a_forwarded_mail() -> None:
    block = "-------- Weitergeleitete Nachricht --------<br>Von: Kim &lt;kim@hgs.example&gt;<br>Betreff: Maus"
    page = f"<p><br></p><div>{block}<br><br>Maus weg</div><div class='moz-signature'>-- <br>Max Muster</div>"
    got = parse(mail().subject("Fwd: Maus").html(page).build())
    shown = f"{got.text}{got.signature}{got.quoted}{got.ticket_text}"
    assert "Maus weg" in shown
    assert not any("\ue000" <= char <= "\uf8ff" for char in shown)


CELL = "border:none;border-bottom:solid windowtext 1.0pt;padding:0cm 3.5pt 0cm 3.5pt;height:15.0pt"
COMPUTED = "box-sizing:border-box;orphans:2;text-align:start;word-spacing:0px;white-space:normal;" * 7


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            "<table>"
            + "".join(
                f"<td style='width:48pt;background:#{number * 9973:06x};{CELL}'>"
                "<p style='color:black'><b style='font-size:9pt'>x</b></p>"
                for number in range(1000)
            )
            + "</table>",
            id="table with a scale of colours",
        ),
        pytest.param(
            "".join(
                f"<div style='{COMPUTED}color:#24292f;width:{number}px'>x</div>" for number in range(700)
            ),
            id="page copied from a browser",
        ),
    ],
)
def test_text_with_many_ordinary_styles_is_read_as_seen(page: str) -> None:
    assert not to_text("<style>.x{display:none}</style>" + page).unseen
