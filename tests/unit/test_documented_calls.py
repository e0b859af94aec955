"""The command line parses every call of mailbot in the documents, without running it."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from mailbot.cli import app

ROOT = Path(__file__).parents[2]
# The changelog and the decisions also name calls of other versions.
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(ROOT / "docs").glob("*.md"),
    ROOT / "mailbot.service",
]

CALL = re.compile(r"(?<![\w.@=-])mailbot (?!mailbot\b)((?:[a-z]|--?\w|\[).*)")
RUNS = re.compile(
    r"(?:^|\b(?:sudo|env|sh|su|systemd-run|runuser|podman|docker|nice|timeout)\b.*|=|[;&|])[\s$\"'/\w]*$"
)
NAMES_A_UNIT = re.compile(
    r"\b(?:systemctl|journalctl|edit|reload|restart|start|status|stop|clone|--user|--unit|-\w)\s$|--now $"
)
SPAN = re.compile(r"`(?:sudo )?mailbot ([^`]+)`")
END = re.compile(r"\s[|&<>]|;|\s2>|\s#\s|'$")  # of a call on a line of a shell
PLACEHOLDERS = {"N": "1", "NUMBER": "1", "CALL": "check"}
NO_SUCH_FILE = re.compile(r"BadParameter: (?:file|path) '.*' does not exist")


def on_code_lines(text: str) -> Iterator[str]:
    """Yield the arguments of each call on a line of code: fenced, indented, or of a unit file."""
    fenced = False
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith(("    ", "Exec")):
            found = CALL.search(line)
            before = line[: found.start()].strip() + " " if found and line[: found.start()].strip() else ""
            if found and not NAMES_A_UNIT.search(before) and RUNS.search(before):
                yield found[1]


def in_text(text: str) -> Iterator[str]:
    """Yield the arguments of each call that a sentence names; these may be incomplete."""
    yield from SPAN.findall(" ".join(text.split()))


def words_of(call: str) -> list[str]:
    """Return the arguments of a call, with values for placeholders, and without marks of optional ones."""
    plain = re.sub(r"[\[\]…]", "", END.split(call)[0])
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(plain)]


def parse(command: Any, args: list[str], parent: Any = None) -> None:
    """Parse arguments as the command line does; raise its UsageError."""
    context = command.make_context(command.name or "mailbot", args, parent=parent)
    left = [*getattr(context, "_protected_args", ()), *context.args]
    if hasattr(command, "resolve_command") and left:
        _, inner, rest = command.resolve_command(context, left)
        parse(inner, rest, context)


COMMAND_LINE = get_command(app)


@cache
def problem_of(call: str) -> str:
    """Return why a call cannot be parsed, or ""."""
    if call == "--install-completion":  # parsing it installs the completion
        return ""
    try:
        parse(COMMAND_LINE, words_of(call))
    except typer.Exit:  # of --version and --help
        return ""
    except Exception as error:  # noqa: BLE001 - also an error of shlex
        problem = f"{type(error).__name__}: {getattr(error, 'message', None) or error}"
        return "" if NO_SUCH_FILE.match(problem) else problem
    return ""


def test_the_command_line_parses_every_call_in_the_documents() -> None:
    lines = {(page.name, call) for page in PAGES for call in on_code_lines(page.read_text("utf-8"))}
    named = {(page.name, call) for page in PAGES for call in in_text(page.read_text("utf-8"))}
    assert len(lines) > 8
    assert len(named) > 30
    assert [(*found, problem) for found in sorted(lines) if (problem := problem_of(found[1]))] == []
    problems = [(*found, problem_of(found[1])) for found in sorted(named)]
    incomplete = ("", "MissingParameter", "NoArgsIsHelpError")
    assert [problem for problem in problems if problem[2].partition(":")[0] not in incomplete] == []


def test_calls_are_found_on_lines_of_code(subtests: pytest.Subtests) -> None:
    for text, expected in [
        ("    sudo mailbot outbx", ["outbx"]),
        ("    $ mailbot --config FILE once # now", ["--config FILE once # now"]),
        ("```\nsudo -u mailbot mailbot check --now\n```", ["check --now"]),
        ("ExecStart=/usr/bin/env mailbot run", ["run"]),
        ("    sudo systemd-run -p User=mailbot \\\n        /usr/bin/mailbot check", ["check"]),
        ("    sh -c 'cd /srv; mailbot backup \"$(date).db\"; ls'", ['backup "$(date).db"; ls\'']),
        ("    sudo systemctl stop mailbot  # now\n    journalctl -u mailbot -f", []),
        ("    git clone URL mailbot && cd mailbot\nRun mailbot often.", []),
    ]:
        with subtests.test(text=text):
            assert list(on_code_lines(text)) == expected


def test_a_call_that_does_not_exist_is_a_problem() -> None:
    for call in ("outbx", "once --jsn", "show GYM-1 GYM-2", "outbox retry TEN", "show"):
        assert problem_of(call), call
