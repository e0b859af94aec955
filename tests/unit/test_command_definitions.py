"""Receipts, help texts and buttons agree with the definitions of the commands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.commands.definition import Annotation, AnswerCommand, MemberCommand, TicketCommand
from mailbot.core.commands.parse import COMMANDS, parse
from mailbot.preview import LANGUAGES
from tests.support.packaged_templates import TEMPLATES

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

SOURCES = Path(__file__).parents[2] / "mailbot"
# Parsing all files takes a second. A file without this cannot have a comparison of a name.
COMPARES_NAME = re.compile(r"\.name\b[^=!<>]{0,80}?(?:==|!=|\bin\b)")


def test_every_command_has_a_receipt_text_in_every_language() -> None:
    wanted = {"spam_forged", "undo_saved", "save_for_all"}  # a forged sender, #undo of #save, second level
    wanted |= {"answer_alone", "text_alone", "files_alone"}  # for one of a bundle only
    wanted |= {"bundle_closed"}  # a ticket left out
    wanted |= {
        "tip_proposed",
        "tip_proposed_for_all",
        "save_ends_tip",
        "save_for_all_ends_tip",
        "unsave_ends_tip",
    }
    wanted |= {f"{c.name}_why" for c in COMMANDS if isinstance(c, TicketCommand) and c.asks_why}
    wanted |= {c.name for c in COMMANDS if isinstance(c, TicketCommand | AnswerCommand | Annotation)}
    wanted |= {c.name for c in COMMANDS if isinstance(c, MemberCommand) and c.name != "register"}
    for language in LANGUAGES:
        receipts = TEMPLATES.words(language)["done"]
        assert isinstance(receipts, dict)
        assert set(receipts) == wanted, language


def test_texts_about_the_progress_say_nothing_wrong_to_their_reader() -> None:
    for language in LANGUAGES:
        progress = TEMPLATES.words(language)["progress"]
        assert isinstance(progress, dict)
        assert (
            language == "de" or progress["lead"][0].isupper()
        )  # German continues in lower case after a comma
        assert not re.search(r"\b(?:you|vous|Ihnen|dir|Ihre?)\b", progress["open_staff"])
        assert not re.search(r"\b(?:two|zwei|deux)\b", progress["asked_again"])
        assert not re.search(r"\b(?:team|équipe)\b", progress["reminded"], re.I)


def test_example_in_the_help_is_a_line_of_the_explained_command() -> None:
    for language in LANGUAGES:
        texts = TEMPLATES.words(language)["help"]
        assert isinstance(texts, dict)
        for name, by_role in texts.items():
            for line, _ in by_role.values():
                assert [c.name for c in parse(line).commands] == [name], (language, line)


def test_button_sends_a_command_of_the_language_of_the_mail() -> None:
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
        source = file.read_text("utf-8")
        for node in ast.walk(ast.parse(source)) if COMPARES_NAME.search(source) else ():
            if isinstance(node, ast.Compare):
                compared = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)}
                if compared & names and ".name" in ast.unparse(node.left):
                    yield f"{file.name}:{node.lineno}: {ast.unparse(node)}"
