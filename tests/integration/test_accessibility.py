"""Pages can be read with a screen reader, on a phone, and as plain text."""

import re
from itertools import pairwise

import pytest

from mailbot import samples
from mailbot.colour import DARK, WHITE, contrast, lighten_for_dark_mode
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.render.templates import COLOUR
from tests.support.rendered_samples import every_sample, rendered

pytestmark = pytest.mark.xdist_group("all samples")  # one process renders them

MIN_TARGET = 44
TEXT_CONTRAST, FRAME_CONTRAST = 4.5, 3.0


def headings(html: str) -> list[int]:
    return [int(level) for level in re.findall(r"<h([1-6])\b", html)]


def test_every_page_has_one_title_and_skips_no_level_of_headings() -> None:
    for key, mail in every_sample():
        levels = headings(mail.html)
        assert levels[:1] == [1], key
        assert levels.count(1) == 1, key
        steps = [after - before for before, after in pairwise(levels)]
        assert all(step <= 1 for step in steps), key


def test_tables_with_facts_have_header_cells_and_others_are_marked_as_layout() -> None:
    for key, mail in every_sample():
        html = re.sub(r"<!--.*?-->", "", mail.html, flags=re.S)
        for attributes, content in re.findall(r"<table\b([^>]*)>((?:(?!<table).)*?)</table>", html, re.S):
            assert ("<th" in content) != ('role="presentation"' in attributes), key


def test_links_of_a_list_say_which_ticket() -> None:
    for name in ("overview", "digest", "overview_page"):
        texts = re.findall(r"<a [^>]*>([^<]*)</a>", rendered(name).html)
        assert len(set(texts)) == len(texts), name
        assert {"GYM-97 zeigen", "GYM-97 schließen"} <= set(texts) or name == "overview_page"


def test_buttons_are_tall_enough_for_a_finger() -> None:
    for style in re.findall(r'<a class="(?:main|tap)"[^>]*style="([^"]*)"', rendered("new_ticket").html):
        padding, line, border = (
            int(re.search(rf"{name}:(\d+)px", style)[1])  # type: ignore[index]
            for name in ("padding", "line-height", "border")
        )
        assert 2 * padding + line + 2 * border >= MIN_TARGET


def test_colours_have_enough_contrast_in_light_and_dark_mode() -> None:
    html = rendered("digest").html
    style, body = html.split("</style>")
    for colour in set(re.findall(r"[^-]color:(#[0-9a-f]{6})", body)) - {WHITE}:
        assert contrast(colour, WHITE) >= TEXT_CONTRAST, colour
    for frame in re.findall(r"border:1px solid (#[0-9a-f]{6});color", body):
        assert contrast(frame, WHITE) >= FRAME_CONTRAST, frame
    (dark_frame,) = re.findall(r"\.tap \{ border-color: (#[0-9a-f]{6})", style)
    assert contrast(dark_frame, DARK) >= FRAME_CONTRAST
    assert contrast(lighten_for_dark_mode(COLOUR), DARK) > 5


def test_basic_data_show_only_what_differs_from_a_new_ticket() -> None:
    new, escalated = rendered("new_ticket_split").text, rendered("escalated_second_level").text
    assert [word in new for word in ("Status", "Priorität", "Zuständig", "Bearbeitung")] == [False] * 4
    assert "Priorität: hoch" in escalated
    block = new.split("\n\n")[4].splitlines()
    assert block[:2] == ["Beamer in Raum 204 defekt", "Lena Lehrerin <lena.lehrerin@schule.example>"]
    assert block[2].endswith(" · GYM-104")


def test_plain_text_has_one_line_for_each_action_and_no_encoded_links() -> None:
    for key, mail in every_sample():
        assert "mailto:" not in mail.text, key
    lines = rendered("new_ticket").text.splitlines()
    assert lines.count("Antworten und schließen: #schließen") == 1


def test_words_of_a_person_are_quoted_in_notifications_of_others() -> None:
    own = {NotificationKind.ANSWER, NotificationKind.CLOSED, NotificationKind.WAITING}
    own |= {NotificationKind.ESCALATED_REQUESTER, NotificationKind.ALERT, NotificationKind.APPOINTMENT}
    own |= {NotificationKind.UNDONE}
    for name, notification in samples.notifications("de").items():
        line = notification.text.strip().split("\n")[0]
        if (
            notification.text
            and notification.kind not in own
            and notification.kind is not NotificationKind.REFUSAL
        ):
            assert f"> {line}" in rendered(name).text, name
