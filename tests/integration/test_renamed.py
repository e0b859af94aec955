"""Old names of calls and configuration keys work for one release, and a warning says the new name."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from mailbot.cli import app
from mailbot.cli.run import demo
from tests.support.forked import run_forked

ROOT = Path(__file__).parents[2]
OLD_CONFIGURATION = """
[bot]
name = "Schul-Support"
state_dir = "state"
[smtp]
host = "127.0.0.1"
port = 1
[imap]
host = "127.0.0.1"
port = 1
password_file = "imap"
[guard]
mailbox_minutes = 7
[[school]]
key = "GYM"
name = "Gymnasium"
address = "support-gym@schule.example"
imap = { username = "gym" }
team = { name = "Team G", members = [{ address = "erika@support.example", also = ["erika@privat.example"] }] }
[second_level]
name = "Second Level"
members = ["technik@stadt.example"]
"""
KEYS = ["[guard] is now [health]", "[[school]] GYM: team.members[1].also is now aliases"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Write a configuration with old names of keys."""
    (tmp_path / "imap").write_text("a password\n")
    (tmp_path / "imap").chmod(0o600)
    (tmp_path / "mailbot.toml").write_text(OLD_CONFIGURATION)
    return tmp_path / "mailbot.toml"


def call(config: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run_forked("--config", str(config), *args)


def test_an_old_configuration_works_and_the_log_says_what_to_rename(old: Path) -> None:
    done = call(old, "tickets", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    for key in KEYS:
        assert f"{key}; rename it" in done.stderr
    assert done.stderr.count("configuration key renamed") == len(KEYS)


def test_check_says_what_to_rename_and_finds_nothing_wrong_in_it(old: Path) -> None:
    lines = call(old, "check").stdout.splitlines()
    for key in KEYS:
        assert f"ok      configuration: {key}; rename it" in lines


def test_a_new_configuration_draws_no_warning(old: Path) -> None:
    old.write_text(OLD_CONFIGURATION.replace("[guard]", "[health]").replace("also =", "aliases ="))
    done = call(old, "tickets", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "rename" not in call(old, "check").stdout


def test_the_old_name_of_a_call_does_the_same_and_says_the_new_one(old: Path) -> None:
    old.write_text(OLD_CONFIGURATION.replace("[guard]", "[health]").replace("also =", "aliases ="))
    before, after = call(old, "trail", "--json"), call(old, "audit", "--json")
    assert (before.returncode, before.stdout) == (0, after.stdout)
    assert (before.stderr, after.stderr) == ("mailbot trail is now mailbot audit\n", "")


def test_the_old_name_of_an_option_says_the_new_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    written = list[Path]()

    def play(*, serve: bool, pages: Path) -> int:
        written.append(pages)
        return int(serve)

    monkeypatch.setattr("mailbot.demo.runner.play", play)
    with pytest.raises(typer.Exit) as ended:
        demo(open_=tmp_path)
    assert (ended.value.exit_code, written) == (0, [tmp_path])
    assert capsys.readouterr().err == "mailbot demo --open is now mailbot demo --output\n"


def test_help_and_documentation_name_old_calls_only_on_the_page_about_upgrades() -> None:
    hidden = [name for name, call in get_command(app).commands.items() if call.hidden]  # type: ignore[attr-defined]
    assert hidden == ["trail"]
    pages = [
        page for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if page.name != "upgrading.md"
    ]
    for page in pages:
        assert not re.search(r"mailbot trail\b|\[guard\]", page.read_text("utf-8")), page
    upgrading = (ROOT / "docs" / "upgrading.md").read_text("utf-8")
    for old_name in ("`mailbot trail`", "`mailbot demo --open DIR`", "`[guard]`", "`also`"):
        assert f"| {old_name}" in upgrading
