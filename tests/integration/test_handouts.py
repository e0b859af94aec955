"""Handouts agree with the help mail, belong to one school and load no external content."""

import re
from dataclasses import replace
from html import escape, unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest
import segno

from mailbot import handouts, samples
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.ticket import Role
from mailbot.handouts import READERS, handout, write_handouts
from mailbot.preview import LANGUAGES, sample
from mailbot.render import Templates
from mailbot.samples import scene
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import rendered

HELP = {Role.REQUESTER: "help_requester", Role.SUPPORTER: "help_supporter"}
PAGES = [(role, language) for role in READERS for language in LANGUAGES]
OF_NO_PAGE = {"confirm", "register", "resend"}
"""Commands that people do not type: links in mails contain them."""
HELP_ALL = {
    Role.REQUESTER: "help_all_requester",
    Role.SUPPORTER: "help_all_supporter",
    Role.SECOND_LEVEL: "help_all_second_level",
}


def page(role: Role, language: str, templates: Templates = TEMPLATES, *, informal: bool = False) -> str:
    policy = scene.policy(language, informal=informal)
    return handout(role, policy.schools[0], policy, templates)


def commands(markup: str) -> set[str]:
    """Return the words of the commands that a page lists."""
    return set(re.findall(r"<dt>#(\S+?)(?: [^<]*)?</dt>", unescape(markup)))


def test_handout_lists_the_commands_of_the_help_mail(subtests: pytest.Subtests) -> None:
    for role, language in PAGES:
        with subtests.test(role=role, language=language):
            mail = rendered(HELP[role], language).text
            lines = re.findall(r"^• (.+)\n  (.+)$", mail, re.MULTILINE)
            assert lines
            missing = [line for line, _ in lines if f"<dt>{escape(line)}</dt>" not in page(role, language)]
            assert missing == []


def test_handout_lists_the_commands_of_the_short_help(subtests: pytest.Subtests) -> None:
    for role, language in PAGES:
        with subtests.test(role=role, language=language):
            short = [command for command in COMMANDS if role in command.roles and command.in_short_help]
            listed = commands(page(role, language))
            assert len(listed) == len(short)
            assert [command.name for command in short if not listed & set(command.all_words)] == []


def test_help_all_lists_every_command_that_people_write(subtests: pytest.Subtests) -> None:
    for role, language in product(HELP_ALL, LANGUAGES):
        with subtests.test(role=role, language=language):
            lines = re.findall(r"^• #(\S+)", rendered(HELP_ALL[role], language).text, re.MULTILINE)
            missing = [
                command.name
                for command in COMMANDS
                if role in command.roles and not set(lines) & set(command.all_words)
            ]
            assert set(missing) <= OF_NO_PAGE


def test_short_help_fits_a_screen_and_names_the_complete_one_last(subtests: pytest.Subtests) -> None:
    for name, language in product(HELP.values(), LANGUAGES):
        with subtests.test(name=name, language=language):
            lines = re.findall(r"^• (.+)$", rendered(name, language).text, re.MULTILINE)
            assert len(lines) <= 9
            assert lines[-1] in ("#help all", "#hilfe alles", "#aide tout")


def test_commands_of_the_german_handouts_address_no_one() -> None:
    for role in READERS:
        described = " ".join(re.findall(r"<dd>([^<]*)</dd>", page(role, "de")))
        assert described == " ".join(re.findall(r"<dd>([^<]*)</dd>", page(role, "de", informal=True)))
        assert re.findall(r"\b(?:Ihre?[nmrs]?|Sie|deine?[nmrs]?|du)\b", described) == []


def test_overridden_words_change_the_handout_and_the_help_mail(tmp_path: Path) -> None:
    words = (Path("templates") / "de" / "words.txt.j2").read_text("utf-8")
    (tmp_path / "de").mkdir()
    ours = words.replace('"Übernimmt das Ticket."', '"Das Ticket ist jetzt Ihres."')
    assert ours != words
    (tmp_path / "de" / "words.txt.j2").write_text(ours, "utf-8")
    templates = Templates(tmp_path)
    mail = sample(samples.notifications("de")["help_supporter"], "de", templates)
    assert "Das Ticket ist jetzt Ihres." in mail.text
    assert "Das Ticket ist jetzt Ihres." in page(Role.SUPPORTER, "de", templates)


class _Sources(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.frames: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.fetched += [value for name, value in attrs if name in ("src", "data", "poster") and value]
        self.fetched += [found["href"] or ""] if tag == "link" else []
        self.frames += [found] if tag == "iframe" else []


def test_handout_loads_no_external_content_and_its_mails_run_no_script(subtests: pytest.Subtests) -> None:
    for role, language in PAGES:
        with subtests.test(role=role, language=language):
            sources = _Sources()
            sources.feed(page(role, language))
            assert sources.fetched == []
            assert len(sources.frames) == len(handouts.PICTURED[role])
            assert all(frame.get("sandbox", "missing") is None for frame in sources.frames)
            inner = _Sources()
            for frame in sources.frames:
                inner.feed(frame["srcdoc"] or "")
            assert inner.fetched == []


def test_name_of_a_school_is_escaped_in_the_handout(subtests: pytest.Subtests) -> None:
    for role, language in PAGES:
        with subtests.test(role=role, language=language):
            policy = scene.policy(language)
            school = replace(policy.schools[0], name="<script>alert(1)</script>")
            assert "<script" not in handout(role, school, policy, TEMPLATES)


def test_mails_on_a_handout_are_those_of_its_school() -> None:
    policy = scene.policy("de")
    west = policy.schools[1]
    markup = handout(Role.SUPPORTER, west, policy, TEMPLATES)
    assert west.address in markup
    assert "[#RSW-104]" in markup
    assert "GYM" not in markup


def test_handouts_of_a_school_with_informal_address_contain_no_formal_address() -> None:
    shown = page(Role.REQUESTER, "de", informal=True).partition("<section>")[2]
    assert not re.search(r"\bSie\b|\bIhre?n?\b", shown)


def test_each_school_gets_both_handouts_in_every_language(tmp_path: Path) -> None:
    written = {path.name for path in write_handouts(tmp_path, scene.policy("de"), TEMPLATES)}
    assert written == {
        f"{key}-{readers}-{language}.html"
        for key in ("GYM", "RSW")
        for readers in READERS.values()
        for language in LANGUAGES
    }


def test_help_list_in_an_overridden_file_replaces_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    own = '{% set help_supporter = [("#schließen", "Macht zu.", "ticket")] %}'
    (tmp_path / "de" / "words.txt.j2").write_text(own, "utf-8")
    mail = sample(samples.notifications("de")["help_supporter"], "de", Templates(tmp_path))
    assert re.findall(r"^• (.+)\n  (.+)$", mail.text, re.MULTILINE) == [("#schließen", "Macht zu.")]


def test_handout_has_a_qr_code_of_the_address_and_warns_of_secrets(subtests: pytest.Subtests) -> None:
    for role, language in PAGES:
        with subtests.test(role=role, language=language):
            policy = replace(scene.policy(language), helpline_name="Medienzentrum", helpline_phone="0123 456")
            made = handout(role, policy.schools[0], policy, TEMPLATES)
            code = segno.make("mailto:support-gym@schule.example", error="m").svg_inline(scale=3, border=2)
            assert code in made
            words = TEMPLATES.words(language)
            assert str(words["no_secrets"]) in unescape(made)
            assert "Medienzentrum 0123 456" in made
            assert "Medienzentrum" not in page(role, language)
