"""The demonstration's mails can be read on every terminal, and in a file."""

from email.message import EmailMessage
from io import StringIO

import pytest
from rich.console import Console

from mailbot.demo.scenario import PHOTO
from mailbot.demo.screen import Screen

LINK = "mailto:support@schule.example?subject=" + 40 * "%5B%23GYM-104%5D"


def teachers_mail(text: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Lena Lehrerin <lehrerin@schule.example>"
    mail["To"] = "support@schule.example"
    mail["Subject"] = "Beamer in Raum 204 defekt"
    mail.set_content(text)
    mail.add_attachment(PHOTO.read_bytes(), maintype="image", subtype="png", filename="beamer.png")
    return mail.as_bytes()


def shown(mail: bytes, width: int = 80) -> str:
    out = StringIO()
    Screen(Console(file=out, width=width)).show(mail, "Lena Lehrerin", "schreibt an den Support")
    return out.getvalue()


def test_mail_fits_into_any_terminal(subtests: pytest.Subtests) -> None:
    for width in [24, 40, 80, 200]:
        with subtests.test(width=width):
            lines = shown(
                teachers_mail("Guten Morgen,\n\nder Beamer zeigt nur Streifen.\n" + LINK), width
            ).splitlines()
            assert max(len(line) for line in lines) <= width


def test_sender_recipient_and_text_are_shown() -> None:
    text = shown(teachers_mail("Guten Morgen,\n\nder Beamer zeigt nur Streifen."))
    for words in (
        "Lena Lehrerin: schreibt an den Support",
        "Lena Lehrerin <lehrerin@schule.example>",
        "Beamer in Raum 204 defekt",
        "der Beamer zeigt nur Streifen.",
        "[Bild: beamer.png, 2,5 kB]",
    ):
        assert words in text


def test_no_colours_are_used_without_a_terminal() -> None:
    assert "\x1b" not in shown(teachers_mail("Guten Morgen"))


def test_long_mail_shows_how_much_is_omitted() -> None:
    assert "… und 10 weitere Zeilen" in shown(teachers_mail("\n".join(f"Zeile {n}" for n in range(50))))


def test_one_tap_links_are_buttons_side_by_side() -> None:
    links = "".join(f"{label} – #befehl\n\n<{LINK}>\n\n" for label in ("Übernehmen", "Liste", "Hilfe"))
    text = shown(teachers_mail(f"Mit einem Klick:\n\n{links}"), 60)
    _, between, buttons, *_ = text.partition("Mit einem Klick:")[2].splitlines()
    assert between.strip(" │") == ""
    assert buttons.strip(" │") == "[ Übernehmen ]  [ Liste ]  [ Hilfe ]"
    assert "mailto:" not in text


def test_quotation_is_shown_in_one_line() -> None:
    text = shown(teachers_mail("Ja.\n\nAm Montag schrieb er:\n> Leuchtet\n> die Lampe?\n"))
    assert "> …" in text
    assert "Leuchtet" not in text


def test_control_characters_of_a_mail_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in shown(teachers_mail("Guten Morgen\x1b[2J\x9b2J"))
    assert "[bold]" in shown(teachers_mail("[bold]fett[/bold]"))
