"""Rules for all outgoing mails: form of address, colour, size and preview line."""

import re
from dataclasses import replace

import pytest

from mailbot import samples
from mailbot.colour import DARK, READABLE, WHITE, contrast, lighten_for_dark_mode
from mailbot.preview import sample
from mailbot.render import Templates
from tests.support.rendered_samples import TEMPLATES, every_sample, rendered

GERMAN = list(samples.notifications("de"))
WRITTEN = "Guten Tag Frau Lehrerin"  # by a person, therefore unchanged
CLIPPED = 102_000  # bytes of HTML; Gmail hides the rest


def test_informal_mails_contain_no_formal_address() -> None:
    formal = re.compile(r"\b(?:Sie|Ihr|Ihre[mnrs]?|Ihnen)\b|Guten Tag")
    mails = {name: rendered(name, informal=True) for name in GERMAN}
    texts = {name: "\n".join((mail.subject, mail.text, mail.html)) for name, mail in mails.items()}
    assert {
        n: found for n, text in texts.items() if (found := formal.findall(text.replace(WRITTEN, "")))
    } == {}


def test_formal_mails_contain_no_informal_address() -> None:
    informal = re.compile(r"\b(?:[Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b")
    texts = {name: rendered(name).subject + rendered(name).text for name in GERMAN}
    assert {name: found for name, text in texts.items() if (found := informal.findall(text))} == {}


def test_informal_address_leaves_the_text_of_people_unchanged() -> None:
    notice = replace(samples.notifications("de")["answer"], text="Möchten Sie das? Ihre Lampe.")
    assert "Möchten Sie das? Ihre Lampe." in sample(notice, "de", TEMPLATES, informal=True).text


def test_gmail_clips_no_mail() -> None:
    sizes = {key: len(mail.html.encode()) for key, mail in every_sample()}
    assert {key: size for key, size in sizes.items() if size >= CLIPPED} == {}


def test_long_history_shows_its_first_and_last_messages_and_says_what_is_omitted() -> None:
    text = rendered("ticket_details_endless").text
    assert "1. Liebes Team," in text
    assert "200. Liebes Team," in text
    assert "\n100. Liebes Team," not in text
    assert "weitere Nachrichten sind hier ausgelassen" in text


def test_every_mail_has_a_preview_line_for_the_list_of_mails() -> None:
    preview = re.compile(r"overflow:hidden[^>]*>([^<]*)</div>")
    lines = {key: preview.search(mail.html) for key, mail in every_sample()}
    assert [key for key, found in lines.items() if not found or len(found[1].strip()) <= 10] == []


def test_configured_colour_is_used_for_buttons_and_links() -> None:
    html = sample(samples.notifications("de")["new_ticket"], "de", Templates(colour="#7a1fa2")).html
    assert "background-color:#7a1fa2" in html
    assert "#1a5f8f" not in html
    assert lighten_for_dark_mode("#7a1fa2") in html


@pytest.mark.parametrize("colour", ["#000000", "#1a5f8f", "#7a1fa2", "#b3261e", "#00695c"])
def test_colour_is_readable_on_white_and_on_dark_background(colour: str) -> None:
    assert contrast(colour, WHITE) >= READABLE
    assert contrast(lighten_for_dark_mode(colour), DARK) >= READABLE


def test_contrast_matches_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
