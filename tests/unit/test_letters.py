"""What all letters have in common: how they address people, their colour, their weight."""

import re
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from mailbot import samples
from mailbot.colour import DARK, READABLE, WHITE, contrast, lighten_for_dark_mode
from mailbot.outgoing import OutgoingMail
from mailbot.preview import FORMS, sample
from mailbot.render import Templates

TEMPLATES = Templates()
GERMAN = list(samples.notifications("de"))
WRITTEN = "Guten Tag Frau Lehrerin"  # what people wrote stays as they wrote it
CLIPPED = 102_000  # octets of HTML, beyond which Gmail hides the rest
EVERY = [
    (language, informal, name) for language, informal in FORMS for name in samples.notifications(language)
]


def letter(name: str, language: str = "de", *, informal: bool = False) -> OutgoingMail:
    return sample(samples.notifications(language)[name], language, TEMPLATES, informal=informal)


@pytest.mark.parametrize("name", GERMAN)
def test_who_wants_du_reads_no_sie(name: str) -> None:
    written = letter(name, informal=True)
    said = "\n".join((written.subject, written.text, written.html)).replace(WRITTEN, "")
    assert re.findall(r"\b(?:Sie|Ihr|Ihre[mnrs]?|Ihnen)\b|Guten Tag", said) == []


@pytest.mark.parametrize("name", GERMAN)
def test_who_wants_sie_reads_no_du(name: str) -> None:
    written = letter(name)
    assert re.findall(r"\b(?:[Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b", written.subject + written.text) == []


@pytest.mark.parametrize("name", GERMAN)
def test_every_letter_reads_as_it_was_agreed_to_friends(name: str, snapshot: SnapshotAssertion) -> None:
    written = letter(name, informal=True)
    assert f"Subject: {written.subject}\n\n{written.text}" == snapshot


def test_du_changes_nothing_that_somebody_wrote() -> None:
    notice = replace(samples.notifications("de")["answer"], text="Möchten Sie das? Ihre Lampe.")
    assert "Möchten Sie das? Ihre Lampe." in sample(notice, "de", TEMPLATES, informal=True).text


@pytest.mark.parametrize(("language", "informal", "name"), EVERY)
def test_no_letter_is_so_long_that_gmail_clips_it(language: str, informal: bool, name: str) -> None:
    assert len(letter(name, language, informal=informal).html.encode()) < CLIPPED


def test_a_long_history_shows_its_begin_and_its_end_and_says_what_is_left_out() -> None:
    text = letter("ticket_details_endless").text
    assert "1. Liebes Team," in text
    assert "200. Liebes Team," in text
    assert "\n100. Liebes Team," not in text
    assert "weitere Nachrichten sind hier ausgelassen" in text


@pytest.mark.parametrize(("language", "informal", "name"), EVERY)
def test_the_first_line_in_a_list_of_mails_says_something(language: str, informal: bool, name: str) -> None:
    html = letter(name, language, informal=informal).html
    found = re.search(r"overflow:hidden[^>]*>([^<]*)</div>", html)
    assert found
    assert len(found[1].strip()) > 10


def test_the_colour_of_the_house_is_that_of_buttons_and_links() -> None:
    html = sample(samples.notifications("de")["new_ticket"], "de", Templates(colour="#7a1fa2")).html
    assert "background-color:#7a1fa2" in html
    assert "#1a5f8f" not in html
    assert lighten_for_dark_mode("#7a1fa2") in html


@pytest.mark.parametrize("colour", ["#000000", "#1a5f8f", "#7a1fa2", "#b3261e", "#00695c"])
def test_a_colour_can_be_read_on_white_and_on_dark_paper(colour: str) -> None:
    assert contrast(colour, WHITE) >= READABLE
    assert contrast(lighten_for_dark_mode(colour), DARK) >= READABLE


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
