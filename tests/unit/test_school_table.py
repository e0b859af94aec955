"""The schools of a configuration as a table: an import keeps files as they are, an export is its inverse."""

import errno
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailbot.cli import app
from mailbot.config.model import School
from mailbot.school_table import TableError, write_plan
from mailbot.school_table.columns import COLUMNS, FIELDS, value_of
from tests.support.school_tables import MAIN, planned


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """Return the main file of a configuration with two schools."""
    path = tmp_path / "mailbot.toml"
    path.write_text(MAIN, "utf-8")
    return path


def changed_lines(main: Path, table: str) -> list[str]:
    """Return the lines that an import removes and adds."""
    diffs = "".join(file.diff() for file in planned(main, table).files)
    return [line for line in diffs.splitlines() if line[:1] in "+-" and line[:3] not in ("---", "+++")]


def problems(main: Path, table: str | bytes) -> list[str]:
    with pytest.raises(TableError) as raised:
        planned(main, table)
    return list(raised.value.problems)


def test_a_row_changes_only_its_values_and_keeps_comments_and_order(
    main: Path, subtests: pytest.Subtests
) -> None:
    cases: Mapping[str, list[str]] = {
        "key;name\nrgs;Realschule am Tor": [
            '-name = "Realschule"     # since 1905',
            '+name = "Realschule am Tor"     # since 1905',
        ],
        "key,name\nRGS,": [],
        "key\tlogin\nRGS\tneu": [
            '-imap = { username = "rgs", password_env = "RGS" }   # login',
            '-smtp.username = "rgs"',
            '+imap = { username = "neu", password_env = "RGS" }   # login',
            '+smtp.username = "neu"',
        ],
        "key;login;imap.done;imap.port\nOHG;neu;;143": [
            '-imap = { username = "ohg", password_env = "RGS", done = "" }',
            '+imap = { username = "neu", password_env = "RGS", done = "", port = 143 }',
        ],
        "key;password_file\nRGS;passwords/rgs": [
            '-imap = { username = "rgs", password_env = "RGS" }   # login',
            '+imap = { username = "rgs", password_file = "passwords/rgs" }   # login',
            '-smtp.password_env = "RGS"',
            '+smtp.password_file = "passwords/rgs"',
        ],
        'key;members\nRGS;"cem@support.example; BO@support.example\nDora, Dr. <dora@support.example>"': [
            '-    "ada@support.example",                      # until summer',
            '+    "Dora, Dr. <dora@support.example>",',
        ],
        "key;members\nRGS;eva@support.example": [
            '-    "ada@support.example",                      # until summer',
            '-    { address = "bo@support.example", name = "Bo", aliases = ["bo@privat.example"] },',
            '+    "eva@support.example",',
            '-    "Cem Demir <cem@support.example>",',
        ],
        'key;members\nRGS;"Ada A. <ada@support.example>; BO@support.example; cem@support.example"': [
            '-    "ada@support.example",                      # until summer',
            '+    "Ada A. <ada@support.example>",                      # until summer',
        ],
        "key;imap.done;domains\nOHG;Fertig;a.example, b.example": [
            '-imap = { username = "ohg", password_env = "RGS", done = "" }',
            '+imap = { username = "ohg", password_env = "RGS", done = "Fertig" }',
            '+domains = ["a.example", "b.example"]',
        ],
    }
    for table, expected in cases.items():
        with subtests.test(table=table):
            assert changed_lines(main, table) == expected


def test_new_schools_go_to_the_file_of_the_include_pattern(main: Path) -> None:
    table = (
        "key;name;address;login;password_env;team;members;team.hours.fri\n"
        "NEU;Neue Schule;neu@schule.example;neu;RGS;Team Neu;Eva <eva@support.example>;07:30-13:00\n"
        "ohg;Otto-Hahn-Gymnasium;;;;;;\n"
    )
    plan = planned(main, table)
    assert (plan.added, plan.updated, plan.passwords) == (("NEU",), ("OHG",), ())
    main.parent.chmod(0o710)
    write_plan(plan)
    target = main.parent / "schools.d" / "schools.toml"
    assert target.parent.stat().st_mode & 0o777 == 0o710, "the mode of the directory of the main file"
    assert target.read_text("utf-8").partition("\n\n")[2] == (
        '[[school]]\nkey = "NEU"\nname = "Neue Schule"\naddress = "neu@schule.example"\n'
        'imap = { username = "neu", password_env = "RGS" }\n'
        'smtp = { username = "neu", password_env = "RGS" }\n'
        '[school.team]\nname = "Team Neu"\nmembers = ["Eva <eva@support.example>"]\n'
        'hours = { fri = "07:30-13:00" }\n'
    )
    assert planned(main, table).files == ()
    main.write_text(MAIN.replace("[smtp]\n", '[smtp]\nusername = "all"\npassword_env = "RGS"\n'), "utf-8")
    other = planned(main, table.replace("NEU;", "ZWO;").replace("neu", "zwo")).files[-1]
    assert other.after.count(b"smtp") == 1, "[smtp] has a common login"


def test_a_file_keeps_its_mode_its_line_ends_and_its_byte_order_mark(main: Path) -> None:
    content = b"\xef\xbb\xbf" + MAIN.replace("\n", "\r\n").encode()
    main.write_bytes(content)
    main.chmod(0o640)
    link = main.with_name("link.toml")
    link.symlink_to(main)
    write_plan(planned(link, "key;name\nRGS;Neu"))
    assert main.read_bytes() == content.replace(b'"Realschule" ', b'"Neu" ')
    assert (main.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)
    assert [path.name for path in main.parent.iterdir() if path.name.startswith(".")] == []


def test_a_file_that_was_changed_during_the_import_stays(main: Path) -> None:
    plan = planned(main, "key;name\nRGS;Neu")
    main.write_text(MAIN + "# edited\n", "utf-8")
    with pytest.raises(TableError, match="was changed during the import"):
        write_plan(plan)
    assert main.read_text("utf-8") == MAIN + "# edited\n"
    assert os.listdir(main.parent) == ["mailbot.toml"]  # noqa: PTH208 - the names are the point


def test_a_table_is_read_in_every_form_that_spreadsheet_programs_write(
    main: Path, subtests: pytest.Subtests
) -> None:
    lines = ["Key; Name ;", 'RGS;"Schule ""Süd"" – Straße";', ";;", ""]
    text = "\r\n".join(lines)
    for form, data in {
        "UTF-8": text.encode(),
        "UTF-8 with mark": text.encode("utf-8-sig"),
        "Windows-1252": text.encode("cp1252"),
        "UTF-16, as Unicode text": text.replace(";", "\t").encode("utf-16"),
        "commas": text.replace(";", ",").encode(),
        "sep": f"sep=;\r\n{text}".encode("cp1252"),
        "sep of another kind": f"sep=|\n{text}".replace(";", "|").replace("=|", "=|", 1).encode(),
        "line feeds": text.replace("\r\n", "\n").encode(),
    }.items():
        with subtests.test(form=form):
            (file,) = planned(main, data).files
            assert tomllib.loads(file.after.decode())["school"][0]["name"] == 'Schule "Süd" – Straße'


def test_a_problem_names_file_line_column_and_what_to_do(main: Path, subtests: pytest.Subtests) -> None:
    row = "NEU;N;n@schule.example;n;RGS;T;m@support.example"
    header = "key;name;address;login;password_env;team;members"
    cases: list[tuple[str | bytes, list[str]]] = [
        ("", ["t.csv: is empty; expected a line with the names of the columns, such as key"]),
        ("name\nA", ["line 1, column key: missing; expected the short key of each school, such as GYM"]),
        (
            "key;Kennwort;imap.password;nmae;key\nRGS;hunter2;;;",
            [
                "line 1, column kennwort: a table must not contain passwords; write each one to a file,",
                "line 1, column imap.password: a table must not contain passwords",
                "line 1, column nmae: unknown; did you mean name?",
                "line 1, column key: must be there only once",
            ],
        ),
        (
            "sep=;\nkey;name\nRGS;A;B\n;C\nrgs;D\nRGS;E",
            [
                "line 3: has 3 cells, but the header 2; put a cell that contains the separator",
                "line 4, column key: missing; expected the short key of the school, such as GYM",
                'line 5, column key: "rgs" must be there only once; line 3 has it too',
                'line 6, column key: "RGS" must be there only once; line 3 has it too',
            ],
        ),
        ('key;name\nRGS;"A', ["line 2: cannot be read: unexpected end of data"]),
        (b"key;name\nRGS;\x81", ["line 2: byte 0x81: the file is neither in UTF-8 nor in Windows-1252"]),
        (
            f"{header}\n{row}\nB;;rgs@schule.example;rgs;RGS;T;Otto",
            [
                'line 3, column key: "B": must be 2 to 12 characters',
                "line 3, column name: missing; expected the school's name",
                'line 3, column members: "Otto": must be an address such as',
            ],
        ),
        (
            f"{header}\n{row}\nBB;B;n@schule.example;rgs;RGS;T;n@schule.example",
            [
                'line 3, column address: "n@schule.example": must be the address of one school only; line 2',
                "line 3, column login: must be the mailbox (host, username, folder) of one school only; "
                "school RGS has it already",
            ],
        ),
        (
            "key;password_file;password_env;imap.port\nRGS;a;b;viel",
            ['line 2, column imap.port: "viel": must be a whole number'],
        ),
    ]
    for table, expected in cases:
        with subtests.test(table=table):
            found = problems(main, table)
            assert len(found) >= len(expected)
            for line, sentence in zip(found, expected, strict=False):
                assert line.removeprefix("t.csv: ").startswith(sentence.removeprefix("t.csv: ")), found
            assert "hunter2" not in str(found)
    assert main.read_text("utf-8") == MAIN


def test_new_schools_need_an_include_with_a_file_for_them(main: Path) -> None:
    main.write_text(MAIN.replace("include =", "# include ="), "utf-8")
    row = "key;name;address;login;password_env;team;members\nNEU;N;n@schule.example;n;RGS;T;m@support.example"
    assert problems(main, row) == [
        f"{main}: includes no file for new schools; "
        'add the line include = "schools.d/*.toml" at its top, before the first section'
    ]


def test_a_password_that_cannot_be_read_yet_is_no_problem_but_left_to_do(main: Path) -> None:
    plan = planned(main, "key;password_env\nRGS;OTHER\n")
    assert plan.passwords == ("RGS: password_env must be the name of an environment variable that is set",)
    assert plan.restart


def test_the_calls_print_the_difference_the_numbers_and_the_problems(
    main: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RGS", "secret")
    table = main.with_name("t.csv")

    def call(*words: object) -> Result:
        return CliRunner().invoke(app, ["--config", str(main), "schools", *map(str, words)])

    assert call("export", table).exit_code == 0
    assert call("export", table).exit_code == 1, "the file exists"
    assert call("import", table).stdout == "2 schools: 0 new, 0 changed, 2 as before\n"
    text = table.read_text("utf-8-sig").replace("Otto-Hahn", "OHG")
    table.write_text(text, "utf-8")
    dry = call("import", "--dry-run", table)
    assert (dry.stdout.splitlines()[-5:-3], main.read_text("utf-8")) == (
        ['-name = "Otto-Hahn"', '+name = "OHG"'],
        MAIN,
    )
    assert "1 changed" in dry.stderr
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: 12345)
        patched.setattr(os, "chown", _refused)
        refused = call("import", table)
    assert (refused.exit_code, refused.stderr) == (1, f"{main}: Operation not permitted; run it with sudo\n")
    monkeypatch.setattr("mailbot.systemd.is_booted", lambda: True)
    written = call("import", table)
    assert (written.exit_code, "systemctl reload mailbot" in written.stdout) == (0, True)
    assert call("export").stdout.splitlines() == text.splitlines()
    table.write_text("key;name\nAB C;x\n", "utf-8")
    wrong = call("import", table)
    assert (wrong.exit_code, wrong.stderr[: len(f"{table}: line 2")]) == (2, f"{table}: line 2")


def _refused(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_each_setting_of_a_school_is_a_column(main: Path) -> None:
    assert set(COLUMNS.values()) == set(FIELDS)
    assert {"imap.port", "smtp.connections", "team.hours.sat", "machines"} <= COLUMNS.keys()
    assert {key.partition(".")[0] for key in map(".".join, FIELDS)} == set(School.model_fields)
    kinds = {path: value_of(path, "12") for path in FIELDS if path != ("team", "members")}
    assert kinds["imap", "port"] == 12
    assert kinds["domains",] == ["12"]
    assert kinds["name",] == "12"
