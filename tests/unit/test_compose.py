"""The MIME writer: mails that servers accept and mail programs read back unchanged."""

import email
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Attachment
from mailbot.mime_writer import to_bytes
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.sanitize import clean, one_line
from tests.support.any_text import any_text

DATE = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
OUTGOING = OutgoingMail(
    message_id="<own@schule.example>",
    kind=NotificationKind.ANSWER,
    recipient=Address("lena@schule.example", "Lena Lehrerin"),
    sender=Address("support@schule.example", "Max Müller (Schul-Support)"),
    subject="[#GYM-104] Übertragung gestört",
    text="Grüße aus Köln 😀\n",
    html="<p>Grüße aus Köln 😀</p>\n",
    automatic=False,
)
PICTURE = Attachment("2", "Foto.png", "image/png", 4)
PDF = Attachment(
    "3", "Geräteliste für das Übergangsgebäude – Stand November 2026, bitte prüfen.pdf", "application/pdf", 4
)
CONTENT = b"\x89PNG"


def compose(outgoing: OutgoingMail, references: tuple[str, ...] = ()) -> bytes:
    return to_bytes(outgoing, references, DATE, lambda _: CONTENT)


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def header(raw: bytes, name: str) -> str:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n ", " ")
    return next((line.partition(": ")[2] for line in head.split("\r\n") if line.startswith(f"{name}:")), "")


LONG = any_text(min_size=1, max_size=150, without="\r\n")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bq]\?[^?\s]*\?=", re.I)


@given(LONG, LONG)
@example("Ä" * 120, "Ü" * 500)
@example("Oberstudiendirektorin Änne-Sophie Freifrau von Übelacker (Förderverein Köln-Süd)" * 2, "😀" * 200)
@example("校長" * 60, "Übertragungsgeschwindigkeitsmessgerät" * 20)
def test_no_encoded_word_is_longer_than_75_characters_and_none_of_their_lines_than_76(
    name: str, subject: str
) -> None:
    """RFC 2047, 2."""
    sender, recipient = Address("a@b.example", name), Address("b@b.example", name)
    outgoing = replace(OUTGOING, subject=subject, sender=sender, recipient=recipient)
    head = compose(outgoing).partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if b"=?" in line]
    words = [word for line in lines for word in _ENCODED_WORD.findall(line)]
    assert max(map(len, words), default=0) <= 75
    assert max(map(len, lines), default=0) <= 76
    assert [line for line in lines if b"=?" in _ENCODED_WORD.sub(b"", line)] == [], "a word is broken"


def test_lines_end_with_crlf_and_are_not_longer_than_the_limit() -> None:
    raw = compose(replace(OUTGOING, text="x" * 5000, html="ü" * 5000, subject="w" * 3000, attachments=(PDF,)))
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_same_mail_gives_the_same_bytes() -> None:
    assert compose(replace(OUTGOING, attachments=(PDF,))) == compose(replace(OUTGOING, attachments=(PDF,)))


def test_long_references_are_unchanged() -> None:
    thread = tuple(f"<{number}.{'x' * 200}@mail.schule.example>" for number in range(30))
    raw = compose(replace(OUTGOING, in_reply_to=thread[-1]), thread)
    assert header(raw, "References").split() == list(thread)
    assert header(raw, "In-Reply-To") == thread[-1]
    assert header(raw, "Message-ID") == OUTGOING.message_id
    assert b"=?" not in raw.partition(b"Message-ID:")[2].partition(b"MIME-Version")[0]


def test_references_end_with_the_answered_mail() -> None:
    raw = compose(replace(OUTGOING, in_reply_to="<b@x>"), ("<a@x>",))
    assert header(raw, "References") == "<a@x> <b@x>"


def test_mail_that_answers_no_mail_follows_the_last_mail_of_its_thread() -> None:
    assert header(compose(OUTGOING, ("<a@x>", "<b@x>")), "In-Reply-To") == "<b@x>"


def test_references_of_a_long_thread_keep_the_first_and_the_last_ones() -> None:
    thread = tuple(f"<{number}@x>" for number in range(500))
    kept = header(compose(OUTGOING, thread), "References").split()
    assert kept == [thread[0], *thread[-50:]]


def test_malformed_message_ids_are_omitted(subtests: pytest.Subtests) -> None:
    for hostile in [
        "<a b@x>",
        "<a@x>\r\nBcc: all@x",
        "a@x",
        "<>",
        "<ü@x>",
        f"<{'x' * 901}>",
        "<a@x> <b@x>",
        "",
    ]:
        with subtests.test(hostile=hostile):
            raw = compose(replace(OUTGOING, in_reply_to=hostile), (hostile,))
            assert header(raw, "References") == ""
            assert header(raw, "In-Reply-To") == ""


EVIL = "x\r\nBcc: victim@evil.example\r\n\r\nbody\0\x1b[31m\u2028y\udc80"
INJECTIONS: dict[str, Callable[[OutgoingMail], OutgoingMail]] = {
    "subject": lambda outgoing: replace(outgoing, subject=EVIL),
    "sender's name": lambda outgoing: replace(outgoing, sender=replace(outgoing.sender, name=EVIL)),
    "recipient's name": lambda outgoing: replace(outgoing, recipient=replace(outgoing.recipient, name=EVIL)),
    "recipient's address": lambda outgoing: replace(outgoing, recipient=Address(f"{EVIL}@x.example")),
    "file name": lambda outgoing: replace(outgoing, attachments=(replace(PDF, filename=EVIL),)),
    "content type": lambda outgoing: replace(outgoing, attachments=(replace(PDF, content_type=EVIL),)),
    "text": lambda outgoing: replace(outgoing, text=EVIL, html=EVIL),
}


def test_hostile_value_adds_no_header_field(subtests: pytest.Subtests) -> None:
    for place, inject in INJECTIONS.items():
        with subtests.test(place=place):
            raw = compose(inject(OUTGOING))
            message = read(raw)
            assert message["Bcc"] is None
            assert b"\0" not in raw
            plain = message.get_body(("plain",))
            assert plain is not None
            assert all(part["Bcc"] is None for part in message.walk())


def test_display_name_is_read_back_unchanged(subtests: pytest.Subtests) -> None:
    for name in [
        'Müller, "Max" (Schul-Support)',
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenträger zu Überlingen (Schul-Support)",
        "O'Neill; <b>",
        "😀 Emoji",
        "",
    ]:
        with subtests.test(name=name):
            raw = compose(replace(OUTGOING, sender=Address("support@schule.example", name)))
            shown, address = parseaddr(header(raw, "From"))
            assert (str(make_header(decode_header(shown))), address) == (name, "support@schule.example")


def test_subject_is_read_back_unchanged(subtests: pytest.Subtests) -> None:
    for subject in [
        "kurz",
        "ü",
        "x" * 2000,
        "wort " * 99 + "ende",
        "=?utf-8?q?x?=",
        "Schul-Support: " + "a" * 70,
        "",
    ]:
        with subtests.test(subject=subject):
            raw = compose(replace(OUTGOING, subject=subject))
            assert str(make_header(decode_header(header(raw, "Subject")))) == subject
            assert b"Subject: \r\n" not in raw or not subject


@given(text=any_text() | st.text(alphabet="a =.\n\t-ü", max_size=300))
def test_any_text_is_read_back_unchanged(text: str) -> None:
    raw = compose(replace(OUTGOING, text=text))
    plain = read(raw).get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == clean(text)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_clean_text_has_neither_controls_nor_other_line_breaks_than_line_feeds() -> None:
    possible = [chr(code) for code in (*range(0x3000), *range(0xD7FF, 0xE001), *range(0xFDD0, 0x1_0010))]
    kept = {char for char in possible if clean(f"a{char}b") == f"a{char}b"}
    breaks = {char for char in possible if clean(f"a{char}b") == "a\nb"}
    assert breaks == set("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    dropped = set(possible) - kept - breaks
    assert {unicodedata.category(char) for char in dropped} == {"Cc", "Cs", "Cn"}
    assert {char for char in kept if unicodedata.category(char) in {"Cc", "Cs"}} == {"\t", "\n"}


@given(name=any_text(max_size=160))
def test_any_file_name_is_read_back_without_a_defect(name: str) -> None:
    raw = compose(replace(OUTGOING, attachments=(replace(PDF, filename=name),)))
    [part] = read(raw).iter_attachments()
    assert part["Content-Disposition"].defects == ()
    assert (  # get_filename() takes angle brackets for quotation marks
        part["Content-Disposition"].params["filename"]
        == (one_line(name).replace("/", "_").replace("\\", "_").strip(". ") or "attachment-1")[:150]
    )


@given(subject=any_text(max_size=400) | st.text(alphabet='a;, =?"<ü', max_size=400))
def test_any_subject_is_read_back_as_one_line(subject: str) -> None:
    raw = compose(replace(OUTGOING, subject=subject))
    assert str(make_header(decode_header(header(raw, "Subject")))) == one_line(subject)


def test_address_with_an_umlaut_before_the_at_is_written_in_utf8() -> None:
    raw = compose(replace(OUTGOING, recipient=Address("lehrkräfte@schule.example")))
    assert "To: lehrkräfte@schule.example\r\n".encode() in raw


def test_domain_with_umlauts_is_written_in_ascii() -> None:
    raw = compose(replace(OUTGOING, recipient=Address("lena@schule-köln.example")))
    assert header(raw, "To") == "lena@xn--schule-kln-lcb.example"


def test_pictures_are_inline_and_other_files_are_attached() -> None:
    cid = content_id(OUTGOING.message_id, 0)
    outgoing = replace(OUTGOING, html=f'<img src="cid:{cid}">', attachments=(PICTURE, PDF))
    message = read(compose(outgoing))
    types = [part.get_content_type() for part in message.walk()]
    assert types == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    picture, pdf = list(message.walk())[-2:]
    assert isinstance(pdf, EmailMessage)
    assert picture["Content-ID"] == f"<{cid}>"
    assert picture.get_content_disposition() == "inline"
    assert (pdf.get_filename(), pdf.get_content()) == (PDF.filename, CONTENT)


def test_picture_that_the_page_does_not_show_is_attached() -> None:
    assert [
        part.get_filename()
        for part in read(compose(replace(OUTGOING, attachments=(PICTURE,)))).iter_attachments()
    ] == ["Foto.png"]


def test_file_names_are_safe_and_read_back(subtests: pytest.Subtests) -> None:
    for name, sent in [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("Rechnung\u202efdp.exe", "Rechnungfdp.exe"),
        ("", "attachment-1"),
        ("ä" * 300 + ".pdf", "ä" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        ('a "b"; c=d\\e.txt', 'a "b"; c=d_e.txt'),
        ("Foto 😀.png", "Foto 😀.png"),
    ]:
        with subtests.test(name=name):
            raw = compose(replace(OUTGOING, attachments=(replace(PDF, filename=name),)))
            assert [part.get_filename() for part in read(raw).iter_attachments()] == [sent]


def test_content_type_that_would_change_the_structure_is_sent_as_octet_stream(
    subtests: pytest.Subtests,
) -> None:
    for content_type in ["message/rfc822", "multipart/mixed", "nonsense", "text/html; charset=x"]:
        with subtests.test(content_type=content_type):
            raw = compose(replace(OUTGOING, attachments=(replace(PDF, content_type=content_type),)))
            assert [part.get_content_type() for part in read(raw).iter_attachments()] == [
                "application/octet-stream"
            ]


AUTOMATIC = (
    (NotificationKind.RECEIPT, "<a@x>", "auto-replied"),
    (NotificationKind.REFUSAL, "<a@x>", "auto-replied"),
    (NotificationKind.RECEIPT, "", "auto-generated"),
    (NotificationKind.NEW_TICKET, "<a@x>", "auto-generated"),
)


def test_automatic_mails_declare_it_in_their_header(subtests: pytest.Subtests) -> None:
    for kind, in_reply_to, value in AUTOMATIC:
        with subtests.test(kind=kind, in_reply_to=in_reply_to):
            raw = compose(replace(OUTGOING, kind=kind, automatic=True, in_reply_to=in_reply_to))
            assert header(raw, "Auto-Submitted") == value
            assert header(raw, "X-Auto-Response-Suppress") == "All"


def test_answer_of_a_person_is_not_declared_automatic() -> None:
    raw = compose(OUTGOING)
    assert header(raw, "Auto-Submitted") == ""
    assert header(raw, "X-Auto-Response-Suppress") == ""
