"""Files of a mail arrive with the mail that follows from it, unchanged and with their names."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk_harness import DeskHarness, open_harness
from tests.support.mail_builder import MailBuilder, mail
from tests.support.mail_exchange import parsed, sent
from tests.support.scenario import LENA, MAX, NOW

PLAN = b"%PDF-1.7 " + bytes(range(256)) * 20
PHOTO = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"x" * 3000


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskHarness]:
    with open_harness(tmp_path) as harness:
        yield harness


def _received(desk: DeskHarness, person: str) -> list[tuple[str, str, bytes]]:
    """Return name, type and content of the files in the last mail to a person."""
    last = [raw for due, raw in sent(desk, NOW) if due.outgoing.recipient.email == person][-1]
    return [
        (str(part.get_filename()), part.get_content_type(), part.get_payload(decode=True))  # type: ignore[misc]
        for part in parsed(last).iter_attachments()
    ]


def _inline(built_mail: MailBuilder, person: str) -> bytes:
    """Return a mail as Apple Mail writes it: its file is inline, but no HTML shows it."""
    raw = built_mail.sender(person).attach("Plan.pdf", PLAN, "application/pdf").build()
    return raw.replace(b"Content-Disposition: attachment", b"Content-Disposition: inline")


def test_inline_file_below_a_command_alone_reaches_the_requester(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Wo steht der Beamer?"))
    notified = desk.outbox_of(MAX)[-1]
    answer = mail().subject(f"Re: {notified.subject}").message_id("<plan@zuhause.example>")
    assert desk.outcome(_inline(answer.reply_to(notified.message_id).text("#close"), MAX)) == "command"
    assert _received(desk, LENA) == [("Plan.pdf", "application/pdf", PLAN)]
    thanks = (
        mail().subject("Danke").reply_to(desk.outbox_of(LENA)[-1].message_id).message_id("<danke@x.example>")
    )
    assert desk.outcome(_inline(thanks.text("Danke!"), LENA)) == "reply"
    assert _received(desk, MAX) == [("Plan.pdf", "application/pdf", PLAN)]


def test_photo_of_a_phone_keeps_its_name_and_gets_the_type_of_its_content(desk: DeskHarness) -> None:
    ten_bit = PHOTO.replace(b"ftypheic", b"ftypheix")
    new = mail().text("So sieht die Tafel aus.").attach("IMG_7.HEIC", PHOTO).attach("Tafel.jpg", ten_bit)
    assert desk.outcome(new) == "opened"
    assert _received(desk, MAX) == [("IMG_7.HEIC", "image/heic", PHOTO), ("Tafel.jpg", "image/heic", ten_bit)]
