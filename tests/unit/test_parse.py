"""The parser turns bytes into a Mail."""

from dataclasses import replace

import pytest

from mailbot.core.model.mail import Mail
from mailbot.parse import parse, part_contents
from tests.support.mail_builder import mail


def test_ordinary_mail_has_sender_subject_text_and_attachment() -> None:
    got = parse(mail().text("Der Beamer ist kaputt.\n").attach("foto.png", b"\x89PNG\r\n\x1a\n....").build())
    assert got.sender is not None
    assert (got.sender.email, got.sender.name) == ("lena@schule.example", "Lena Lehrerin")
    assert got.subject == "Beamer in Raum 204 defekt"
    assert got.text == "Der Beamer ist kaputt."
    assert [(p.filename, p.content_type, p.inline) for p in got.parts] == [("foto.png", "image/png", False)]
    assert got.defects == ()


def test_attachment_is_found_again_in_the_raw_mail_by_its_path() -> None:
    content = mail().text("Siehe Anhang").attach("a.txt", b"eins").attach("b.txt", b"zwei").build()
    paths = [part.path for part in parse(content).parts]
    assert part_contents(content) == dict(zip(paths, (b"eins", b"zwei"), strict=True))


def test_reference_is_read_in_the_forms_of_programs(subtests: pytest.Subtests) -> None:
    for value in (
        "<a.1@hgs.example>",
        "a.1@hgs.example",
        'Your message of "Mon, 23 Nov 2026" <a.1@hgs.example>',
        "=?utf-8?q?=3Ca=2E1=40hgs=2Eexample=3E?=",
        "=?us-ascii?B?PGEuMUBoZ3MuZXhhbXBsZT4=?=",
        "<a.\n 1@hgs.example>",
    ):
        with subtests.test(value=value):
            got = parse(mail().header("In-Reply-To", value).text("x").build())
            assert got.in_reply_to == ("<a.1@hgs.example>",)


def _mixed(*parts: bytes, charset: bytes = b"utf-8") -> bytes:
    head = b"From: a@hgs.example\r\nTo: b@hgs.example\r\nMIME-Version: 1.0\r\n"
    text = (
        b"Content-Type: text/html; charset=" + charset + b'\r\n\r\n<p>Anbei.<img src="cid:logo%40x"></p>\r\n'
    )
    inner = b"".join(b"--b\r\n" + part + b"\r\n" for part in (text, *parts))
    return head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + inner + b"--b--\r\n"


_PICTURE = b"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"


def test_nameless_file_is_named_by_its_subject_or_content_id() -> None:
    header = b"From: x@hgs.example\r\nSubject: =?utf-8?q?AW=3A_B=C3=BCcher?=\r\n"
    inner = b"Content-Type: message/rfc822\r\n\r\n" + header + b"\r\nHi"
    picture = b"Content-Type: image/png\r\nContent-ID: <Skizze 3.png@01DB.77>" + _PICTURE
    plain = b"Content-Type: image/png\r\nContent-ID: <part1.A7@hgs.example>" + _PICTURE
    got = parse(_mixed(inner, picture, plain)).parts
    assert [part.filename for part in got] == ["AW Bücher.eml", "Skizze 3.png", "attachment-4.png"]


def test_name_of_a_file_is_repaired_if_a_program_encoded_it_wrongly(subtests: pytest.Subtests) -> None:
    for written, name in (
        ("%C3%9Cbung%20R%C3%A4ume.pdf", "Übung Räume.pdf"),
        ("&Uuml;bung.pdf", "Übung.pdf"),
        ("&#220;bung.pdf", "Übung.pdf"),
        ("Ãœbung RÃ¤ume.pdf", "Übung Räume.pdf"),
        ("50% Rabatt.pdf", "50% Rabatt.pdf"),
        ("100%25.pdf", "100%25.pdf"),
        ("%E4.pdf", "%E4.pdf"),
        ("AT&T;neu.pdf", "AT&T;neu.pdf"),
        ("Ärger mit ÄÖÜ.pdf", "Ärger mit ÄÖÜ.pdf"),
    ):
        field = f'Content-Disposition: attachment; filename="{written}"\r\n\r\n%PDF-1.4'
        with subtests.test(written=written):
            part = b"Content-Type: application/pdf\r\n" + field.encode()
            assert parse(_mixed(part)).parts[0].filename == name
    for description, name in (("Plan.pdf", "Plan.pdf"), ("Plan Nr. 5", "attachment-2.pdf")):
        field = f"Content-Type: application/pdf\r\nContent-Description: {description}\r\n\r\n%PDF-1.4"
        assert parse(_mixed(field.encode())).parts[0].filename == name


def test_extended_form_of_a_file_name_wins_over_the_plain_one() -> None:
    plain, extended = 'filename="Raume.pdf"', "filename*=UTF-8''R%C3%A4ume.pdf"
    for both in (f"{plain}; {extended}", f"{extended}; {plain}"):
        part = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {both}\r\n\r\n%PDF-1.4"
        assert parse(_mixed(part.encode())).parts[0].filename == "Räume.pdf"


def test_raw_octets_of_a_header_are_in_the_charset_of_the_text() -> None:
    for charset, name in (
        ("gbk", "教室.doc"),
        ("shift_jis", "図表.doc"),
        ("koi8-r", "план.doc"),
        ("big5", "課表.doc"),
        ("gb2312", "学校.doc"),  # its bytes are valid UTF-8, too
        ("gb2312", "通知.doc"),
    ):
        raw = b'Content-Type: application/msword; name="' + name.encode(charset) + b'"\r\n\r\nx'
        assert parse(_mixed(raw, charset=charset.encode())).parts[0].filename == name
    for name in ("Übung.doc", "学校.doc"):
        raw = b'Content-Type: application/msword; name="' + name.encode() + b'"\r\n\r\nx'
        assert parse(_mixed(raw, charset=b"gb2312")).parts[0].filename == name
    subject = "Subject: 课表\r\nContent-Type: text/plain; charset=gb2312\r\n\r\nx".encode("gb2312")
    assert parse(subject).subject == "课表"
    assert parse("Subject: Bücher\r\n\r\nx".encode("cp1252")).subject == "Bücher"


def test_file_marked_as_inline_is_an_attachment_unless_the_html_shows_it() -> None:
    form = b"Content-Type: application/pdf\r\nContent-Disposition: inline; filename=plan.pdf\r\n\r\n%PDF-1.4"
    logo = b"Content-Type: image/png\r\nContent-Disposition: inline\r\nContent-ID: <logo@x>" + _PICTURE
    screen = b"Content-Type: image/png\r\nContent-Disposition: inline; filename=bild.png" + _PICTURE
    got = parse(_mixed(form, logo, screen)).parts
    assert [part.inline for part in got] == [False, True, False]


def test_second_from_counts_if_the_first_has_no_address() -> None:
    content = b"From: [Kim]\r\nReply-To: form@web.example\r\nFrom: Kim <kim@hgs.example>\r\n\r\nHallo"
    sender = parse(content).sender
    assert sender is not None
    assert sender.email == "kim@hgs.example"


def test_plain_text_whose_page_shows_no_text_is_kept_without_commands() -> None:
    for page in ('<img src="cid:x">', "<p>...</p>", "<p style='display:none'>Drucker #close</p><hr>"):
        parsed = parse(mail().text("Drucker defekt\n#close").html(page).build())
        assert (parsed.text, parsed.unseen) == ("Drucker defekt\n#close", True), page


def test_plain_text_with_a_number_or_a_command_of_its_page_is_taken() -> None:
    for text, page in {
        "Ok\n#550 Fehler 5": "<p>Ok</p>",
        "Ok\n#close 12": "<p>Ok</p><p>#<b>close</b>&nbsp;12",
        'Ok\n#note Er sagt "ja" - gut...': "<p>Ok<p>#note Er sagt „ja“ – gut…",
        "Ok\n1. #Schließen": "<p>Ok<ol><li>#Schlie&szlig;en</ol>",
        "Ok\n> #close": "<p>Ok</p>",
    }.items():
        parsed = parse(mail().text(text).html(page).build())
        assert (parsed.whole_text, parsed.unseen) == (text, False), text


def test_page_is_taken_if_it_does_not_show_a_command_line_of_the_plain_text() -> None:
    shown, hidden = "<p>Ok</p><p>#close 12", "<i style='display:none'> 13</i>"
    many = "> #a\n" * 250
    for text in (
        "1. #note",
        "_#note_",
        " " * 20 + "7. " + " " * 50 + "#note",
        "#close 12 13",
        f"{many}#note",
        "Ok\u2028#note",
    ):
        parsed = parse(mail().text(f"Ok\n{text}").html(shown + hidden).build())
        assert (parsed.text, parsed.unseen) == ("Ok\n\n#close 12", False), text


def test_text_of_a_new_mail_has_its_quotation_and_that_of_a_reply_has_not() -> None:
    new = Mail(subject="Beamer", text="Der Beamer meldet:", quoted="> Lampe defekt")
    assert new.ticket_text == "Der Beamer meldet:\n\n> Lampe defekt"
    assert replace(new, subject="AW: Beamer").ticket_text == "Der Beamer meldet:"
