"""Every sample mail in every language: links, tags, bytes, and a reply that quotes it."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from mailbot import samples
from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.text.own_quote import split_reply
from mailbot.mime_writer import to_bytes
from mailbot.parse import parse
from mailbot.preview import LANGUAGES, write_gallery
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import every_sample, fields, hrefs, rendered, sent_text
from tests.support.reply_styles import PLACES, STYLES

pytestmark = pytest.mark.xdist_group("all samples")  # one process renders them

EVERY = [(language, name) for language in LANGUAGES for name in samples.notifications(language)]
VOID = {"meta", "br", "img", "wbr"}
DATE = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
ANSWERS = {
    "de": "Danke, das Kabel war es.\nIch melde mich morgen noch einmal.",
    "en": "Thanks, the cable was loose.\nI will write again tomorrow.",
    "fr": "Merci, le câble était débranché.\nJe réécris demain.",
}


def test_no_page_loads_external_content() -> None:
    external = re.compile(r'(?:src|href)="(?!cid:|mailto:)[^"]*"|url\(|@import')
    assert {key: found for key, mail in every_sample() if (found := external.findall(mail.html))} == {}


class Balance(HTMLParser):
    """Collects the open tags, to check that they are closed in reverse order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_every_page_closes_all_its_tags() -> None:
    unbalanced = {}
    for key, mail in every_sample():
        balance = Balance()
        balance.feed(mail.html)
        if balance.open or balance.wrong:
            unbalanced[key] = (balance.open, balance.wrong)
    assert unbalanced == {}


def test_every_link_opens_a_mail_to_the_school_that_contains_the_action_key() -> None:
    links = {(key, href) for key, mail in every_sample() for href in hrefs(mail.html)}
    assert len(links) > len(EVERY)
    for key, href in links:
        assert fields(href)["to"] == "support-gym@schule.example", key
        assert "\r\n\r\n[mailbot:abcdefghijklmnopqrstuvwxyz]  ← " in fields(href)["body"], key
        assert set("&+%<>").isdisjoint(unquote(href.partition("?")[2].replace("&body=", "", 1))), key


def test_links_of_a_page_differ() -> None:
    for key, mail in every_sample():
        links = hrefs(mail.html)
        assert len(set(links)) == len(links), key


def test_gallery_shows_every_sample_as_page_and_text(tmp_path: Path) -> None:
    index = write_gallery(tmp_path / "gallery", TEMPLATES)
    shown = set(re.findall(r'<iframe src="([^"]*)"', index.read_text()))
    friendly = {f"de-du.{name}.html" for name in samples.notifications("de")}
    assert shown == {f"{language}.{name}.html" for language, name in EVERY} | friendly
    assert all((index.parent / name).with_suffix(".txt").exists() for name in shown)
    assert "cid:" not in (index.parent / "de.new_ticket.html").read_text()


def test_every_sample_is_read_back_without_a_defect() -> None:
    for name in samples.notifications("de"):
        outgoing = rendered(name)
        message = message_from_bytes(to_bytes(outgoing, (), DATE, lambda _: b"\x89PNG"), policy=SMTP)
        assert isinstance(message, EmailMessage)
        plain, html = message.get_body(("plain",)), message.get_body(("html",))
        assert plain is not None, name
        assert html is not None, name
        assert [part.defects for part in message.walk() if part.defects] == [], name
        assert [value.defects for value in message.values() if value.defects] == [], name
        assert plain.get_content().replace("\r\n", "\n") == outgoing.text, name
        assert html.get_content().replace("\r\n", "\n") == outgoing.html, name
        assert message["Subject"] == outgoing.subject, name


@pytest.mark.parametrize(("language", "answer"), ANSWERS.items())
def test_answer_to_every_notification_comes_out_exactly(language: str, answer: str) -> None:
    """Each notification is quoted in three of the styles, with the answer at three places."""
    wrong = []
    for number, name in enumerate(samples.notifications(language)):
        for place, style in zip(PLACES, list(STYLES)[number % 7 :: 7], strict=True):
            mail = parse(STYLES[style](rendered(name, language), answer, place).build())
            sent = sent_text(name, language)
            found = split_reply(mail.whole_text, [sent], structured=mail.structured)
            if found is None or found.text != answer or find_commands(found.signature).lines:
                wrong.append((name, style, place, found and found.text))
    assert wrong == []
