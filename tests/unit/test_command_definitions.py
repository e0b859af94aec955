"""A command is defined once: what is said of it elsewhere agrees with its definition."""

import ast
from collections.abc import Iterator
from pathlib import Path

from mailbot.core.commands.definition import Annotation, MemberCommand, TicketCommand
from mailbot.core.commands.parse import COMMANDS, parse
from mailbot.preview import LANGUAGES
from mailbot.render import Templates

SOURCES = Path(__file__).parents[2] / "mailbot"
TEMPLATES = Templates()


def test_the_receipt_of_every_command_has_a_text_in_every_language() -> None:
    wanted = {c.name for c in COMMANDS if isinstance(c, TicketCommand | Annotation)}
    wanted |= {c.name for c in COMMANDS if isinstance(c, MemberCommand) and c.name != "register"}
    for language in LANGUAGES:
        receipts = TEMPLATES.words(language)["done"]
        assert isinstance(receipts, dict)
        assert set(receipts) == wanted, language


def test_the_help_shows_a_line_of_the_command_that_it_explains() -> None:
    for language in LANGUAGES:
        texts = TEMPLATES.words(language)["help"]
        assert isinstance(texts, dict)
        for name, by_role in texts.items():
            for line, _ in by_role.values():
                assert [c.name for c in parse(line).commands] == [name], (language, line)


def test_the_line_that_a_button_sends_is_a_command_of_the_language() -> None:
    for language in LANGUAGES:
        actions = TEMPLATES.words(language)["actions"]
        assert isinstance(actions, dict)
        for name, (_, line, _) in actions.items():
            for command in parse(line).commands:
                word = line.removeprefix("#").split()[0]
                assert word in command.words.get(language, (command.name,)), (language, name)


def test_no_code_compares_the_name_of_a_command() -> None:
    assert list(_comparisons()) == []


def _comparisons() -> Iterator[str]:
    names = {command.name for command in COMMANDS}
    for file in sorted(SOURCES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and ".name" in ast.unparse(node.left):
                compared = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
                if compared & names:
                    yield f"{file.name}:{node.lineno}: {ast.unparse(node)}"
