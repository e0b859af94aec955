"""Rules for all outgoing mails: form of address, colour, size and preview line."""

import re
from dataclasses import replace
from datetime import time

import pytest

from mailbot import samples
from mailbot.colour import DARK, READABLE, WHITE, contrast, lighten_for_dark_mode
from mailbot.core.model.calendar import Calendar
from mailbot.preview import sample
from mailbot.render import Templates
from mailbot.render.formats import working_hours
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import every_sample, rendered

pytestmark = pytest.mark.xdist_group("all samples")  # one process renders them

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
    assert "Hier ausgelassene Nachrichten: " in text


def test_no_mail_hides_text_because_roundcube_quotes_it() -> None:
    assert [key for key, mail in every_sample() if "display:none" in mail.html] == []


def test_configured_colour_is_used_for_buttons_and_links() -> None:
    html = sample(samples.notifications("de")["new_ticket"], "de", Templates(colour="#7a1fa2")).html
    assert "background-color:#7a1fa2" in html
    assert "#1a5f8f" not in html
    assert lighten_for_dark_mode("#7a1fa2") in html


def test_colour_is_readable_on_white_and_on_dark_background(subtests: pytest.Subtests) -> None:
    for colour in ["#000000", "#1a5f8f", "#7a1fa2", "#b3261e", "#00695c"]:
        with subtests.test(colour=colour):
            assert contrast(colour, WHITE) >= READABLE
            assert contrast(lighten_for_dark_mode(colour), DARK) >= READABLE


def test_contrast_matches_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


TO_TEACHERS: dict[str, tuple[str, ...]] = {
    "receipt": (
        "Ihre Nachricht ist angekommen (Nummer GYM-104). Das Team Marienschule kümmert sich darum.",
        "Jemand ist da: Mo–Fr 7:30–16 Uhr.",
    ),
    "receipt_split": ("betrifft ein anderes Anliegen",),
    "closed": ("Damit ist Ihre Meldung GYM-104 abgeschlossen.", "Problem besteht noch: #öffnen"),
    "escalated_requester_silent": (
        "\n\nwir haben Ihre Meldung",
        "darum kümmert sich jetzt: Second-Level-Support",
    ),
    "undone_requester": (
        "Guten Tag Lena Lehrerin,",
        "ist wieder offen. Die vorige Mail dazu war ein Versehen.",
    ),
    "overview_found": ("hier ist das Ergebnis Ihrer Suche", "Treffer für „Beamer 204“"),
    "reminder_due": ("Sie wollten heute an dieses Ticket erinnert werden",),
    "digest_second_level": ("dieses Ticket wartet",),
    "new_ticket": ("23. November 2026, 13:47 Uhr",),
    "merged_requester": ("GYM-104",),
}


def test_mails_say_what_their_readers_say() -> None:
    for name, phrases in TO_TEACHERS.items():
        assert [phrase for phrase in phrases if phrase not in rendered(name).text] == [], name
    assert "Kopie: Dr. Rainer" not in rendered("merged_requester").text  # it is sent to that person


def test_working_hours_are_one_line() -> None:
    half, full = ((time(8), time(12)),), ((time(8), time(12)), (time(13), time(16, 30)))
    calendar = Calendar((full, full, full, full, half, (), ()))
    days = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
    assert working_hours(calendar, days) == "Mo–Do 8–12 + 13–16:30, Fr 8–12"
