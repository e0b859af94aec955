"""What people can do is documented; these tests fail when it is not."""

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
    assert all(f"#{word}" in row for word in command.all_words), row


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_letter_is_documented(kind: NotificationKind) -> None:
    assert f"`{kind.value}`" in (DOCS / "letters.md").read_text("utf-8")


@pytest.mark.parametrize("call", sorted(get_command(app).commands))  # type: ignore[attr-defined]
def test_every_call_is_documented(call: str) -> None:
    assert f"| `mailbot {call}` |" in (DOCS / "command-line.md").read_text("utf-8")


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_every_page_is_linked_from_the_readme_or_another_page(page: Path) -> None:
    others = [DOCS.parent / "README.md", *(other for other in DOCS.glob("*.md") if other != page)]
    assert any(page.name in other.read_text("utf-8") for other in others)


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
