"""The example and the documentation list every key, and `mailbot init` writes a working configuration."""

import os
import pty
import re
import select
import stat
import subprocess
import sys
import termios
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

from mailbot.config import load
from mailbot.config.model import (
    Bot,
    Document,
    Health,
    ImapSection,
    Limits,
    Login,
    Member,
    Metrics,
    OAuth2,
    Retention,
    School,
    Smtp,
    Table,
    Team,
    Times,
    WorkingHours,
)
from mailbot.core.model.mail import Address
from mailbot.init import QUESTIONS, configuration, example, write_configuration, write_passwords
from tests.support.forked import run_forked
from tests.support.servers.process import wait_until

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "configuration.md"
COMMENTED = re.compile(r"^# (?=\[|\w+ = |  [{\"]|\])", re.MULTILINE)
BOTH = [*Login.model_fields, "security"]
SMTP_ONLY, IMAP_ONLY = (
    [key for key in table.model_fields if key not in BOTH] for table in (Smtp, ImapSection)
)
CHAPTERS: list[tuple[str, type[Table], list[str]]] = [
    ("`[bot]`", Bot, list(Bot.model_fields)),
    ("`[smtp]` and `[imap]`: both", Smtp, BOTH),
    ("`[smtp]` only", Smtp, SMTP_ONLY),
    ("`[imap]` only", ImapSection, IMAP_ONLY),
    ("`[limits]`", Limits, list(Limits.model_fields)),
    ("`[hours]`", WorkingHours, list(WorkingHours.model_fields)),
    ("`[times]`", Times, list(Times.model_fields)),
    ("`[health]`", Health, list(Health.model_fields)),
    ("`[metrics]`", Metrics, list(Metrics.model_fields)),
    ("`[oauth2]`", OAuth2, list(OAuth2.model_fields)),
    ("`[retention]`", Retention, list(Retention.model_fields)),
    ("`[[school]]`", School, list(School.model_fields)),
    ("Teams: `team` of a school, and `[second_level]`", Team, list(Team.model_fields)),
    ("A member as a table", Member, list(Member.model_fields)),
]

TEAM = {"name": "Team", "members": ["m@support.example"]}
REQUIRED: dict[str, object] = {**TEAM, "key": "GYM", "address": "a@schule.example", "team": TEAM}


def rows(chapter: str) -> Iterator[tuple[str, str]]:
    """Yield key and default of each row in a chapter of the documentation."""
    text = DOCUMENTATION.read_text(encoding="utf-8")
    body = text.split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    yield from re.findall(r"^\| `(\w+)` \|[^|]*\| ([^|]*) \|", body, re.MULTILINE)


def tables(data: dict[str, object], model: type[Table]) -> Iterator[tuple[type[Table], dict[str, object]]]:
    """Yield every table of a document with its model."""
    yield model, data
    inner: dict[str, type[Table]] = {
        "bot": Bot,
        "smtp": Smtp,
        "imap": ImapSection,
        "limits": Limits,
        "hours": WorkingHours,
        "times": Times,
        "retention": Retention,
        "oauth2": OAuth2,
        "health": Health,
        "metrics": Metrics,
        "school": School,
    }
    inner |= {"team": Team, "second_level": Team, "members": Member}
    for key, value in data.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from tables(item, inner[key])


def test_documentation_has_a_row_for_every_key_and_for_no_other(subtests: pytest.Subtests) -> None:
    for chapter, _, keys in CHAPTERS:
        with subtests.test(chapter=chapter):
            assert sorted(key for key, _ in rows(chapter)) == sorted(keys)


def test_documentation_has_the_defaults_of_the_model(subtests: pytest.Subtests) -> None:
    for chapter, model, _ in CHAPTERS:
        with subtests.test(chapter=chapter):
            documented = {
                key: tomllib.loads(f"_ = {cell[1:-1]}")["_"] for key, cell in rows(chapter) if code(cell)
            }
            needed = {key: REQUIRED[key] for key, field in model.model_fields.items() if field.is_required()}
            table, defaults = model.model_validate(needed | documented), model.model_validate(needed)
            assert {key: getattr(table, key) for key in documented} == {
                key: getattr(defaults, key) for key in documented
            }


def code(cell: str) -> bool:
    """Return whether a cell is one piece of code and nothing else."""
    return re.fullmatch(r"`[^`]+`", cell) is not None


def test_documentation_has_a_chapter_for_every_section() -> None:
    headings = re.findall(r"^## .*", DOCUMENTATION.read_text("utf-8"), re.MULTILINE)
    named = set(re.findall(r"`\[*(\w+)\]*`", " ".join(headings)))
    assert set(Document.model_fields) <= named


def test_example_shows_every_key_commented_or_not() -> None:
    shown: dict[type[Table], set[str]] = {}
    for model, table in tables(tomllib.loads(COMMENTED.sub("", example())), Document):
        shown.setdefault(model, set()).update(table)
    assert shown == {model: set(model.model_fields) for model in shown}
    assert set(shown) == {Document, *(model for _, model, _ in CHAPTERS)}


def test_example_loads_when_its_password_files_exist(tmp_path: Path) -> None:
    path = tmp_path / "mailbot.toml"
    write_configuration(path, {})
    write_passwords(tmp_path / "passwords", {"gym": "a password"})
    settings = load(path, {})
    assert settings.smtp["GYM"].username == "support-gym@schule.example", "most servers refuse other senders"
    assert settings.policy.schools[0].key == "GYM"
    assert settings.imap["GYM"].done == "Mailbot/Done"


def test_commented_settings_of_the_example_load(tmp_path: Path) -> None:
    text = re.sub(r"^password_env.*\n", "", COMMENTED.sub("", example()), flags=re.MULTILINE)
    (tmp_path / "mailbot.toml").write_text(text)
    write_passwords(tmp_path / "passwords", dict.fromkeys(("smtp", "imap", "gym"), "a password"))
    (tmp_path / "templates").mkdir()
    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    settings = load(tmp_path / "mailbot.toml", {"MAILBOT_GS1": "a password"})
    assert [school.key for school in settings.policy.schools] == ["GYM", "GS1"]


def test_new_configuration_is_writable_by_its_owner_only(tmp_path: Path) -> None:
    write_configuration(tmp_path / "new" / "mailbot.toml", {})
    assert stat.S_IMODE((tmp_path / "new" / "mailbot.toml").stat().st_mode) == 0o644


def test_existing_configuration_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mailbot.toml"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_configuration(path, {})
    assert path.read_text() == "mine"


ANSWERS = {
    "desk": 'Hilfe "am" Berg',
    "land": "BY",
    "host": "mx.berg.example",
    "sender": "bot@berg.example",
    "operator": "it@berg.example",
    "key": "MSB",
    "school": "Mittelschule Berg",
    "address": "hilfe@msb.example",
    "supporter": "paul@berg.example",
    "second_level": "amt@berg.example",
}


def test_each_question_of_init_is_about_a_setting_of_the_example() -> None:
    assert ANSWERS.keys() == {question.name for question in QUESTIONS}
    for question in QUESTIONS:
        assert f'"{question.example}"' in example(), question
        assert f'"{question.example}"' not in configuration(ANSWERS), question


def test_answers_to_init_give_a_configuration_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "mailbot.toml"
    write_configuration(path, ANSWERS)
    folder = tmp_path / "passwords"
    assert write_passwords(folder, {"smtp": "one", "msb": "two"}) == [folder / "smtp", folder / "msb"]
    settings = load(path, {})
    (school,) = settings.policy.schools
    assert (school.key, school.name, school.address) == ("MSB", "Mittelschule Berg", "hilfe@msb.example")
    assert [member.address for member in school.team.members] == ["paul@berg.example"]
    assert settings.policy.name == 'Hilfe "am" Berg'
    assert settings.policy.operators == (Address("it@berg.example"),)
    assert (settings.imap["MSB"].host, settings.smtp["MSB"].host) == ("mx.berg.example", "mx.berg.example")
    assert settings.imap["MSB"].password.get() == "two"
    assert settings.smtp["MSB"].username == "bot@berg.example"


def test_password_files_are_readable_by_their_owner_only_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("mine")
    assert write_passwords(tmp_path, {"smtp": "other", "gym": ""}) == [tmp_path / "gym"]
    assert (tmp_path / "smtp").read_text() == "mine"
    assert stat.S_IMODE((tmp_path / "gym").stat().st_mode) == 0o600


def init(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Call `mailbot init` without a terminal."""
    return run_forked("init", str(folder / "mailbot.toml"), *args)


def test_init_writes_the_files_and_prints_the_next_step(tmp_path: Path) -> None:
    done = init(tmp_path, *(f"--set={name}={value}" for name, value in ANSWERS.items()))
    assert done.returncode == 0, done.stderr
    assert f"LoadCredential=passwords:{tmp_path / 'passwords'}" in done.stdout
    assert sorted(path.name for path in (tmp_path / "passwords").iterdir()) == ["msb", "smtp"]
    assert stat.S_IMODE((tmp_path / "passwords").stat().st_mode) == 0o700
    assert "check" in done.stdout.splitlines()[-1]


def test_init_refuses_unknown_answers_and_existing_files(tmp_path: Path) -> None:
    assert "host" in init(tmp_path, "--set=hots=x").stderr
    assert "letters and digits" in init(tmp_path, "--set=key=../etc").stderr
    assert list(tmp_path.iterdir()) == []
    assert init(tmp_path).returncode == 0
    assert "already exists" in init(tmp_path).stderr


def test_init_asks_on_a_terminal(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    printed = bytearray()

    def asked(text: str, *, hidden: bool) -> bool:
        while select.select([ours], [], [], 0)[0]:
            printed.extend(os.read(ours, 4096))
        echoes = bool(termios.tcgetattr(ours)[3] & termios.ECHO)
        return text.encode() in printed and echoes != hidden

    command = [sys.executable, "-m", "mailbot", "init", str(tmp_path / "mailbot.toml")]
    replies = [(question.text, ANSWERS[question.name], False) for question in QUESTIONS]
    replies += [("Password for SMTP", "one-secret", True), ("school's login", "two-secret", True)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        for text, reply, hidden in replies:
            wait_until(partial(asked, text, hidden=hidden), 60)
            os.write(ours, f"{reply}\n".encode())
        wait_until(partial(asked, " check", hidden=False), 60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    assert b"-secret" not in printed
    assert load(tmp_path / "mailbot.toml", {}).imap["MSB"].password.get() == "two-secret"
