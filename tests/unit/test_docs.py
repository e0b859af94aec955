"""Commands, notifications and calls are documented, and what the documents name exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from mailbot.cli import app
from mailbot.cli.common import GROUPS
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


def test_calls_are_documented_in_the_groups_and_the_order_of_the_help() -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    documented = {}
    for section in page.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        if calls := re.findall(r"^\| `mailbot ([a-z-]+)` \|", text, re.MULTILINE):
            documented[heading] = tuple(calls)
    root: Any = get_command(app)
    shown = {name for name, call in root.commands.items() if not call.hidden}
    assert list(documented.items()) == list(GROUPS.items())
    assert shown == {name for names in GROUPS.values() for name in names}


def test_every_option_of_a_call_is_documented() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in DOCS.glob("*.md"))
    root: Any = get_command(app)
    calls = list(root.commands.items())
    calls += [
        (f"{name} {inner}", c) for name, call in calls for inner, c in getattr(call, "commands", {}).items()
    ]
    params = [(name, param) for name, call in calls if not call.hidden for param in call.params]
    options = {(name, o) for name, param in params if not getattr(param, "hidden", False) for o in param.opts}
    assert (
        sorted(o for o in options if o[1].startswith("--") and not re.search(rf"{o[1]}(?![\w-])", pages))
        == []
    )


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
