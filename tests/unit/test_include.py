"""A configuration includes files; its problems name the file and the key."""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, Settings, load

MAIN = """
include = "schools.d/*.toml"
[bot]
name = "Support"
state_dir = "state"
[smtp]
host = "mail.example"
[imap]
host = "mail.example"
password_env = "IMAP"
[[school]]
key = "AAA"
name = "A"
address = "a@schule.example"
imap = { username = "a" }
team = { name = "T", members = ["m@support.example"] }
[second_level]
name = "Second"
members = ["t@stadt.example"]
"""


def school(school_key: str, **other: str) -> str:
    """Return the table of a school; `other` replaces or adds TOML values by key."""
    name = school_key.lower()
    values = {
        "key": f'"{school_key}"',
        "name": f'"{name}"',
        "address": f'"{name}@schule.example"',
        "imap": f'{{ username = "{name}" }}',
        "team": '{ name = "T", members = ["m@support.example"] }',
    }
    return "[[school]]\n" + "".join(f"{k} = {v}\n" for k, v in (values | other).items())


Write = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files; return the path of the main one."""

    def written(files: Mapping[str, str]) -> Path:
        for name, text in {"mailbot.toml": MAIN, **files}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / "mailbot.toml"

    return written


def loaded(path: Path) -> Settings:
    return load(path, {"IMAP": "secret"})


def keys(path: Path) -> list[str]:
    return [s.key for s in loaded(path).policy.schools]


def problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        loaded(path)
    return [line.replace(f"{path.parent}/", "") for line in str(raised.value).splitlines()]


def test_schools_of_included_files_come_in_the_order_of_the_file_names(write: Write) -> None:
    files = {"b": school("BBB") + school("BB2"), "a": "\ufeff" + school("CCC"), ".hidden": "no TOML"}
    path = write({f"schools.d/{name}.toml": text for name, text in files.items()})
    assert keys(path) == ["AAA", "CCC", "BBB", "BB2"]
    assert [file.name for file in loaded(path).included] == ["a.toml", "b.toml"]


def test_a_list_of_patterns_includes_each_file_once_and_never_the_main_file(write: Write) -> None:
    main = MAIN.replace('"schools.d/*.toml"', '["z.toml", "*.toml"]')
    path = write({"mailbot.toml": main, "z.toml": school("ZZZ"), "b.toml": school("BBB")})
    assert keys(path) == ["AAA", "ZZZ", "BBB"]


def test_a_pattern_without_a_match_is_fine_but_a_name_must_exist(write: Write) -> None:
    assert keys(write({})) == ["AAA"]
    named = write({"mailbot.toml": MAIN.replace("schools.d/*.toml", "schools.toml")})
    assert problems(named) == ["schools.toml: does not exist; `mailbot init` writes a configuration"]


def test_a_directory_that_cannot_be_read_is_no_empty_one(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(directory: Path) -> Iterator[Path]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(directory))

    path = write({"schools.d/b.toml": school("BBB")})
    monkeypatch.setattr(Path, "iterdir", refuse)  # root reads a directory of any mode
    [line] = problems(path)
    assert line.startswith('mailbot.toml: include = "schools.d/*.toml": schools.d cannot be read: ')


def test_a_main_file_without_schools_may_include_all(write: Write) -> None:
    main = MAIN[: MAIN.index("[[school]]")] + MAIN[MAIN.index("[second_level]") :]
    assert keys(write({"mailbot.toml": main, "schools.d/b.toml": school("BBB")})) == ["BBB"]


def test_a_section_may_be_in_an_included_file(write: Write) -> None:
    main, _, second = MAIN.partition("[second_level]")
    path = write({"mailbot.toml": main, "schools.d/second.toml": f"[second_level]{second}"})
    assert loaded(path).policy.second_level.name == "Second"


B = "schools.d/b.toml"
ALIKE = "must be the {} of one school only; no. 1"
TWO_NAMES = '{ name = "T", members = [{ address = "b@x.example", also = [], aliases = [] }] }'
WRONG = (
    # the content of schools.d/b.toml, and the only line of the report
    (school("BBB", prt="9"), f"{B}: [[school]] BBB: prt: unknown; known are "),
    (school("BBB") + school("BB2", key="7"), f"{B}: [[school]] no. 2: key = 7: must be a text in quotation"),
    (
        school("aaa", address='"x@schule.example"', imap='{ username = "x" }'),
        f'{B}: [[school]] aaa: key = "AAA": {ALIKE.format("key")} of mailbot.toml has it already',
    ),
    (
        school("BBB") + school("CCC", address='"BBB@schule.example"'),
        f'{B}: [[school]] CCC: address = "bbb@schule.example": {ALIKE.format("address")} has it already',
    ),
    ("[imap]\nport = 993", f"{B}: [imap]: is in mailbot.toml too; keep one of them"),
    ('include = "c"', f"{B}: include: must be in mailbot.toml only"),
    ("school = 7", f"{B}: [[school]]: must be written [[school]], one table for"),
    ("[[school]", f"{B}: is not TOML: "),
    ("[times]\nreminder_hours = -1", f"{B}: [times] reminder_hours = -1: must be at least 0"),
    (
        school("BBB", imap='{ username = "b", password_file = "none" }'),
        f'{B}: [[school]] BBB: imap.password_file = "none": must be a readable file; none: No such',
    ),
    (
        school("BBB", team=TWO_NAMES),
        f"{B}: [[school]] BBB: team.members[1].also: is the old name of aliases, which is set too",
    ),
)


def test_each_problem_names_the_file_and_the_key(subtests: pytest.Subtests, write: Write) -> None:
    for text, expected in WRONG:
        with subtests.test(expected=expected):
            lines = problems(write({B: text}))
            assert len(lines) == 1, lines
            assert lines[0].startswith(expected)


def test_a_wrong_value_of_include_is_a_problem_of_the_form(write: Write) -> None:
    for value in ("7", '""', '["a.toml", 7]', "{}"):
        path = write({"mailbot.toml": MAIN.replace('"schools.d/*.toml"', value)})
        (path.parent / "a.toml").touch()
        [line] = problems(path)
        assert "include" in line
        assert line.endswith(
            'must be a file name or a pattern such as "schools.d/*.toml", or a list of these'
        )


def test_an_old_name_of_a_key_is_reported_with_its_file(write: Write) -> None:
    path = write({"schools.d/b.toml": "[guard]\noutbox_minutes = 7"})
    assert loaded(path).health.outbox_minutes == 7
    assert loaded(path).renamed_keys == (
        f"{path.parent}/schools.d/b.toml: [guard] is now [health]; rename it",
    )
