"""A release is refused when its version is not the same everywhere; package and site contain everything."""

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from mailbot.cli import app
from mailbot.cli.run import demo
from release.manual import page
from release.versions import problems

ROOT = Path(__file__).parents[2]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n{}\n## [1.2.0] - {}\n\n- A line.\n\n## [1.1.0] - 2026-01-01\n"


def test_a_release_needs_one_version_a_date_a_tag_and_a_clean_tree(subtests: pytest.Subtests) -> None:
    for version, unreleased, day, tags, changed, words in [
        ("1.2.0", "", "2026-02-01", ["v1.2.0"], [], []),
        ("1.3.0", "", "2026-02-01", ["v1.3.0"], [], ["mailbot/__init__.py has 1.3.0"]),
        ("1.2.0", "", "soon", ["v1.2.0"], [], ["needs its date"]),
        ("1.2.0", "- New.\n", "2026-02-01", ["v1.2.0"], [], ["[Unreleased]"]),
        ("1.2.0", "", "2026-02-01", ["v1.1.0"], [], ["no tag v1.2.0"]),
        ("1.2.0", "", "2026-02-01", ["v1.2.0"], ["Makefile"], ["differs from the commit: Makefile"]),
    ]:
        with subtests.test(version=version):
            found = problems(version, CHANGELOG.format(unreleased, day), tags, changed)
            assert len(found) == len(words)
            assert all(word in problem for word, problem in zip(words, found, strict=True))


def test_the_man_page_has_every_call_and_no_line_that_roff_takes_for_a_request() -> None:
    text = page()
    plain = text.replace("\\-", "-")
    group = get_command(app).commands  # type: ignore[attr-defined]
    assert [
        name for name, call in group.items() if not call.hidden and f".SS mailbot {name}" not in plain
    ] == []
    requests = {line.split()[0] for line in text.splitlines() if line.startswith((".", "'"))}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".BR", ".I"}


def test_the_navigation_of_the_site_has_every_page() -> None:
    settings = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))
    pages = {
        page.relative_to(ROOT).as_posix() for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    }
    assert pages - set(_leaves(settings["project"]["nav"])) == set()


def _leaves(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            if isinstance(value, list):
                yield from _leaves(value)
            else:
                yield value


def test_a_production_installation_says_how_to_get_the_demonstration(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mailbot.demo.runner", None)
    with pytest.raises(typer.Exit) as ended:
        demo()
    assert ended.value.exit_code == 1
    assert "make demo" in (error := capsys.readouterr().err)
    assert error.count("\n") == 1


def test_a_production_installation_has_every_extra_but_the_demonstration() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    for extra, libraries in project["optional-dependencies"].items():
        for library in libraries:
            name = library.split(">")[0].split("[")[0]
            assert (f"\n{name}==" in f"\n{lock}") == (extra != "demo"), name
