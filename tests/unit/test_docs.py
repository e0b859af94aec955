"""Commands, notifications and calls are documented, and what the documents name exists."""

import re
from collections.abc import Iterator
from pathlib import Path

from typer.main import get_command

from mailbot.cli import app
from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.notification_kind import NotificationKind

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_every_command_is_documented_with_all_its_words() -> None:
    lines = (DOCS / "commands.md").read_text("utf-8").splitlines()
    begins = {c.name: re.compile(rf"\| `#{c.name}\b") for c in COMMANDS}
    rows = {name: next(filter(begin.match, lines), "") for name, begin in begins.items()}
    assert [(c.name, word) for c in COMMANDS for word in c.all_words if f"#{word}" not in rows[c.name]] == []


def test_every_notification_kind_is_documented() -> None:
    page = (DOCS / "notifications.md").read_text("utf-8")
    assert [kind.value for kind in NotificationKind if f"`{kind.value}`" not in page] == []


def test_every_call_of_the_command_line_is_documented() -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    calls = get_command(app).commands  # type: ignore[attr-defined]
    shown = sorted(name for name, call in calls.items() if not call.hidden)
    assert [name for name in shown if f"| `mailbot {name}` |" not in page] == []


PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]


def test_every_page_is_linked_from_another_page() -> None:
    texts = {page: page.read_text("utf-8") for page in PAGES}
    linked = {page for page in texts for other in PAGES if other != page and f"{page.name})" in texts[other]}
    assert [page.name for page in DOCS.rglob("*.md") if page not in linked] == []


def test_every_relative_link_leads_to_a_file_and_a_heading() -> None:
    broken = [f"{page.name}: {link}" for page in PAGES for link in _broken_links(page)]
    assert broken == []


def _broken_links(page: Path) -> Iterator[str]:
    links = re.findall(r"\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8"))
    for file, heading in links:
        target = page.parent / file if file else page
        if not target.exists() or (heading and heading not in _anchors(target.read_text("utf-8"))):
            yield f"{file}#{heading}"


def _anchors(text: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


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
