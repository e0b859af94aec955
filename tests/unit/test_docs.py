"""Commands, notifications, calls and promises are documented."""

import re
from pathlib import Path

from typer.main import get_command

from mailbot.cli import app
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.notification import NotificationKind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_command_is_documented_with_all_its_words() -> None:
    lines = (DOCS / "commands.md").read_text("utf-8").splitlines()
    rows = {c.name: next((line for line in lines if line.startswith(f"| `#{c.name}")), "") for c in COMMANDS}
    assert [(c.name, word) for c in COMMANDS for word in c.spoken if f"#{word}" not in rows[c.name]] == []


def test_every_notification_kind_is_documented() -> None:
    page = (DOCS / "letters.md").read_text("utf-8")
    assert [kind.value for kind in NotificationKind if f"`{kind.value}`" not in page] == []


def test_every_call_of_the_command_line_is_documented() -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    calls = get_command(app).commands  # type: ignore[attr-defined]
    assert [call for call in calls if f"| `mailbot {call}` |" not in page] == []


def test_every_page_is_linked_from_the_readme_or_another_page() -> None:
    texts = {page.name: page.read_text("utf-8") for page in (ROOT / "README.md", *DOCS.glob("*.md"))}
    linked = {name for name in texts for other, text in texts.items() if other != name and name in text}
    assert texts.keys() - linked <= {"README.md"}


def test_each_promise_of_the_architecture_names_an_existing_test() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    section = text.partition("## What always holds")[2].partition("\n## ")[0]
    sentences = [" ".join(item.split()) for item in section.split("\n- ")[1:]]
    assert len(sentences) > 10
    for sentence in sentences:
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", sentence)
        assert named, sentence
        for file, test in named:
            assert f"def {test or 'test_'}" in (ROOT / file).read_text("utf-8"), sentence
