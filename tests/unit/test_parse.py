"""The parser turns bytes into a Mail."""

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
