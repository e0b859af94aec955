"""What people can do is documented; these tests fail when it is not."""

from pathlib import Path

import pytest
from typer.main import get_command

from mailbot.cli import app
from mailbot.core.commands.command import Command
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.notification import NotificationKind

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_is_documented_with_all_its_words(command: Command) -> None:
    lines = (DOCS / "commands.md").read_text("utf-8").splitlines()
    row = next((line for line in lines if line.startswith(f"| `#{command.name}")), "")
    assert all(f"#{word}" in row for word in command.spoken), row


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
