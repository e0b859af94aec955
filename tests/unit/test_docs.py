"""Commands, notifications and calls are documented, and what the documents name exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from mailbot.cli import app
from mailbot.core.commands.command import Command
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.notification import NotificationKind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_is_documented_with_all_its_words(command: Command) -> None:
    lines = (DOCS / "commands.md").read_text("utf-8").splitlines()
    row = next((line for line in lines if line.startswith(f"| `#{command.name}")), "")
    assert all(f"#{word}" in row for word in command.spoken), row


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_notification_is_documented(kind: NotificationKind) -> None:
    assert f"`{kind.value}`" in (DOCS / "letters.md").read_text("utf-8")


CALLS = get_command(app).commands  # type: ignore[attr-defined]


@pytest.mark.parametrize("call", sorted(name for name, call in CALLS.items() if not call.hidden))
def test_every_call_is_documented(call: str) -> None:
    assert f"| `mailbot {call}` |" in (DOCS / "command-line.md").read_text("utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.name)
def test_every_page_is_linked_from_another_page(page: Path) -> None:
    others = [*ROOT.glob("*.md"), *(other for other in DOCS.rglob("*.md") if other != page)]
    assert any(f"{page.name})" in other.read_text("utf-8") for other in others)


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *DOCS.rglob("*.md")], ids=lambda page: page.name)
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8"))
    for file, heading in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not heading or heading in _anchors(target.read_text("utf-8")), f"{file}#{heading}"


def _anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_file_named_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = re.findall(r"`((?:bench|config|docs|mailbot|templates|tests)/[\w/*.]+)`", text)
    examples = ("it/", "KIND")
    assert len(named) > 30
    assert [n for n in named if not any(e in n for e in examples) and not any(ROOT.glob(n))] == []


def test_each_sentence_of_what_always_holds_names_a_test_that_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    section = text.partition("## What always holds")[2].partition("\n## ")[0]
    sentences = [" ".join(item.split()) for item in section.split("\n- ")[1:]]
    assert len(sentences) > 10
    for sentence in sentences:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", sentence)
        assert named, sentence
        for file, test in named:
            assert f"def {test or 'test_'}" in (ROOT / file).read_text("utf-8"), sentence
