"""A letter becomes octets that every server passes on and every mail program reads back the same."""

import email
import re
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

from mailbot import samples
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Attachment
from mailbot.mime_writer import to_bytes
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.preview import sample
from mailbot.render import Templates
from mailbot.sanitize import clean, one_line

DATE = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
LETTER = OutgoingMail(
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


def compose(letter: OutgoingMail, references: tuple[str, ...] = ()) -> bytes:
    return to_bytes(letter, references, DATE, lambda _: CONTENT)


def read(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def header(octets: bytes, name: str) -> str:
    head = octets.partition(b"\r\n\r\n")[0].decode("ascii").replace("\r\n ", " ")
    return next((line.partition(": ")[2] for line in head.split("\r\n") if line.startswith(f"{name}:")), "")


LONG = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1, max_size=150)
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
    letter = replace(LETTER, subject=subject, sender=sender, recipient=recipient)
    head = compose(letter).partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if b"=?" in line]
    words = [word for line in lines for word in _ENCODED_WORD.findall(line)]
    assert max(map(len, words), default=0) <= 75
    assert max(map(len, lines), default=0) <= 76
    assert [line for line in lines if b"=?" in _ENCODED_WORD.sub(b"", line)] == [], "a word is broken"


@pytest.mark.parametrize("name", samples.notifications("de"))
def test_every_letter_is_read_back_without_a_defect(name: str) -> None:
    letter = sample(samples.notifications("de")[name], "de", Templates())
    message = read(compose(letter))
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert [part.defects for part in message.walk() if part.defects] == []
    assert [value.defects for value in message.values() if value.defects] == []
    assert plain.get_content().replace("\r\n", "\n") == letter.text
    assert html.get_content().replace("\r\n", "\n") == letter.html
    assert message["Subject"] == letter.subject


def test_lines_end_with_crlf_and_none_is_longer_than_the_limit() -> None:
    octets = compose(
        replace(LETTER, text="x" * 5000, html="ü" * 5000, subject="w" * 3000, attachments=(PDF,))
    )
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998


def test_the_same_letter_gives_the_same_octets() -> None:
    assert compose(replace(LETTER, attachments=(PDF,))) == compose(replace(LETTER, attachments=(PDF,)))


def test_long_references_stay_as_they_are() -> None:
    thread = tuple(f"<{number}.{'x' * 200}@mail.schule.example>" for number in range(30))
    octets = compose(replace(LETTER, in_reply_to=thread[-1]), thread)
    assert header(octets, "References").split() == list(thread)
    assert header(octets, "In-Reply-To") == thread[-1]
    assert header(octets, "Message-ID") == LETTER.message_id
    assert b"=?" not in octets.partition(b"Message-ID:")[2].partition(b"MIME-Version")[0]


def test_the_mail_that_is_answered_ends_the_references() -> None:
    octets = compose(replace(LETTER, in_reply_to="<b@x>"), ("<a@x>",))
    assert header(octets, "References") == "<a@x> <b@x>"


def test_a_letter_that_answers_no_mail_follows_the_last_one_of_its_thread() -> None:
    assert header(compose(LETTER, ("<a@x>", "<b@x>")), "In-Reply-To") == "<b@x>"


def test_the_references_of_an_endless_thread_keep_the_first_and_the_last() -> None:
    thread = tuple(f"<{number}@x>" for number in range(500))
    kept = header(compose(LETTER, thread), "References").split()
    assert kept == [thread[0], *thread[-50:]]


@pytest.mark.parametrize(
    "hostile", ["<a b@x>", "<a@x>\r\nBcc: all@x", "a@x", "<>", "<ü@x>", f"<{'x' * 901}>", "<a@x> <b@x>", ""]
)
def test_what_is_no_message_id_is_left_out(hostile: str) -> None:
    octets = compose(replace(LETTER, in_reply_to=hostile), (hostile,))
    assert header(octets, "References") == ""
    assert header(octets, "In-Reply-To") == ""


EVIL = "x\r\nBcc: victim@evil.example\r\n\r\nbody\0\x1b[31m\u2028y\udc80"
INJECTIONS: dict[str, Callable[[OutgoingMail], OutgoingMail]] = {
    "subject": lambda letter: replace(letter, subject=EVIL),
    "sender's name": lambda letter: replace(letter, sender=replace(letter.sender, name=EVIL)),
    "recipient's name": lambda letter: replace(letter, recipient=replace(letter.recipient, name=EVIL)),
    "recipient's address": lambda letter: replace(letter, recipient=Address(f"{EVIL}@x.example")),
    "file name": lambda letter: replace(letter, attachments=(replace(PDF, filename=EVIL),)),
    "content type": lambda letter: replace(letter, attachments=(replace(PDF, content_type=EVIL),)),
    "text": lambda letter: replace(letter, text=EVIL, html=EVIL),
}


@pytest.mark.parametrize("place", INJECTIONS)
def test_no_value_can_add_a_header_field(place: str) -> None:
    octets = compose(INJECTIONS[place](LETTER))
    message = read(octets)
    assert message["Bcc"] is None
    assert b"\0" not in octets
    plain = message.get_body(("plain",))
    assert plain is not None
    assert all(part["Bcc"] is None for part in message.walk())


@pytest.mark.parametrize(
    "name",
    [
        'Müller, "Max" (Schul-Support)',
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenträger zu Überlingen (Schul-Support)",
        "O'Neill; <b>",
        "😀 Emoji",
        "",
    ],
)
def test_a_shown_name_is_read_back_the_same(name: str) -> None:
    octets = compose(replace(LETTER, sender=Address("support@schule.example", name)))
    shown, address = parseaddr(header(octets, "From"))
    assert (str(make_header(decode_header(shown))), address) == (name, "support@schule.example")


@pytest.mark.parametrize(
    "subject",
    ["kurz", "ü", "x" * 2000, "wort " * 99 + "ende", "=?utf-8?q?x?=", "Schul-Support: " + "a" * 70, ""],
)
def test_a_subject_is_read_back_the_same(subject: str) -> None:
    octets = compose(replace(LETTER, subject=subject))
    assert str(make_header(decode_header(header(octets, "Subject")))) == subject
    assert b"Subject: \r\n" not in octets or not subject


@given(text=st.text() | st.text(alphabet="a =.\n\t-ü", max_size=300))
def test_any_text_is_read_back_the_same(text: str) -> None:
    octets = compose(replace(LETTER, text=text))
    plain = read(octets).get_body(("plain",))
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == clean(text)
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998


@given(name=st.text(max_size=160))
def test_any_file_name_is_read_back_without_a_defect(name: str) -> None:
    octets = compose(replace(LETTER, attachments=(replace(PDF, filename=name),)))
    [part] = read(octets).iter_attachments()
    assert part["Content-Disposition"].defects == ()
    assert (  # get_filename() takes angle brackets for quotation marks
        part["Content-Disposition"].params["filename"]
        == (one_line(name).replace("/", "_").replace("\\", "_").strip(". ") or "attachment-1")[:150]
    )


@given(subject=st.text(max_size=400) | st.text(alphabet='a;, =?"<ü', max_size=400))
def test_any_subject_is_read_back_as_one_line(subject: str) -> None:
    octets = compose(replace(LETTER, subject=subject))
    assert str(make_header(decode_header(header(octets, "Subject")))) == one_line(subject)


def test_an_address_with_an_umlaut_before_the_at_is_left_to_the_server() -> None:
    octets = compose(replace(LETTER, recipient=Address("lehrkräfte@schule.example")))
    assert "To: lehrkräfte@schule.example\r\n".encode() in octets


def test_a_domain_with_umlauts_is_written_in_ascii() -> None:
    octets = compose(replace(LETTER, recipient=Address("lena@schule-köln.example")))
    assert header(octets, "To") == "lena@xn--schule-kln-lcb.example"


def test_pictures_are_shown_in_the_page_and_other_files_are_attached() -> None:
    cid = content_id(LETTER.message_id, 0)
    letter = replace(LETTER, html=f'<img src="cid:{cid}">', attachments=(PICTURE, PDF))
    message = read(compose(letter))
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


def test_a_picture_that_the_page_does_not_show_is_attached() -> None:
    assert [
        part.get_filename()
        for part in read(compose(replace(LETTER, attachments=(PICTURE,)))).iter_attachments()
    ] == ["Foto.png"]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("Rechnung\u202efdp.exe", "Rechnungfdp.exe"),
        ("", "attachment-1"),
        ("ä" * 300 + ".pdf", "ä" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        ('a "b"; c=d\\e.txt', 'a "b"; c=d_e.txt'),
        ("Foto 😀.png", "Foto 😀.png"),
    ],
)
def test_file_names_are_safe_and_read_back(name: str, sent: str) -> None:
    octets = compose(replace(LETTER, attachments=(replace(PDF, filename=name),)))
    assert [part.get_filename() for part in read(octets).iter_attachments()] == [sent]


@pytest.mark.parametrize(
    "content_type", ["message/rfc822", "multipart/mixed", "nonsense", "text/html; charset=x"]
)
def test_a_type_that_would_change_the_mails_structure_is_sent_as_octets(content_type: str) -> None:
    octets = compose(replace(LETTER, attachments=(replace(PDF, content_type=content_type),)))
    assert [part.get_content_type() for part in read(octets).iter_attachments()] == [
        "application/octet-stream"
    ]


AUTOMATIC = (
    (NotificationKind.RECEIPT, "<a@x>", "auto-replied"),
    (NotificationKind.REFUSAL, "<a@x>", "auto-replied"),
    (NotificationKind.RECEIPT, "", "auto-generated"),
    (NotificationKind.NEW_TICKET, "<a@x>", "auto-generated"),
)


@pytest.mark.parametrize(("kind", "in_reply_to", "value"), AUTOMATIC)
def test_automatic_letters_say_so(kind: NotificationKind, in_reply_to: str, value: str) -> None:
    octets = compose(replace(LETTER, kind=kind, automatic=True, in_reply_to=in_reply_to))
    assert header(octets, "Auto-Submitted") == value
    assert header(octets, "X-Auto-Response-Suppress") == "All"


def test_a_humans_answer_does_not_claim_to_be_automatic() -> None:
    octets = compose(LETTER)
    assert header(octets, "Auto-Submitted") == ""
    assert header(octets, "X-Auto-Response-Suppress") == ""
