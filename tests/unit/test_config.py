"""A configuration becomes settings, or all its mistakes are reported."""
# ruff: noqa: E501 - the table of mistakes has one line for each

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, find, load
from mailbot.config.loader import evaluate
from mailbot.config.sources import merge_sources
from mailbot.core.model.calendar import END_OF_DAY
from mailbot.core.model.policy import Limits, Member, Times

PASSWORD = "s3cr3t-Pässword"
GOOD = """
[bot]
name = "Schul-Support"
state_dir = "state"
operators = ["edv@stadt.example"]

[smtp]
host = "mail.example"
username = "bot@example"
password_file = "smtp"

[imap]
host = "mail.example"

[[school]]
key = "GYM"
name = "Gymnasium"
address = "support-gym@schule.example"
imap = { username = "gym", password_file = "gym" }
team = { name = "Team G", members = ["m@support.example"] }

[[school]]
key = "RS2"
name = "Realschule"
address = "support-rs@schule.example"
imap = { username = "rs", password_env = "RS_PASSWORD" }
team = { name = "Team R", members = ["r@support.example"] }

[second_level]
name = "Second Level"
members = ["technik@stadt.example"]
"""
ENVIRON = {"RS_PASSWORD": PASSWORD}
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write GOOD with changes, and the password files that it names."""
    for name in ("smtp", "gym"):
        (tmp_path / name).write_text(PASSWORD + "\n")
        (tmp_path / name).chmod(0o600)

    def written(*changes: tuple[str, str]) -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text, f"nothing to change: {old}"
            text = text.replace(old, new)
        (tmp_path / "mailbot.toml").write_text(text)
        return tmp_path / "mailbot.toml"

    return written


def problems(path: Path, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    """Return the lines of what is wrong, without the file in front of each."""
    with pytest.raises(ConfigurationError) as raised:
        load(path, environ)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(raised.value.problems)
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


SECOND_LEVEL = '[second_level]\nname = "Second Level"\nmembers = ["technik@stadt.example"]\n'
GYM_IMAP = '{ username = "gym", password_file = "gym" }'
WRONG = [
    # name, (what is changed, into what), the only line, or how it begins
    ("no TOML", ('name = "Schul-Support"', "name = "), "is not TOML: Invalid value (at line 3, column 8)"),
    ("a section is missing", (SECOND_LEVEL, ""), "[second_level]: missing; expected the team over all schools"),
    ("a key is missing", ('name = "Schul-Support"\n', ""), "[bot] name: missing; expected the name"),
    ("a school's key is missing", ('key = "GYM"\n', ""), "[[school]] no. 1: key: missing"),
    ("a team is without members", (', members = ["m@support.example"]', ""), "[[school]] GYM: team.members: missing"),
    ("a host is missing", ('[imap]\nhost = "mail.example"', "[imap]"), "[imap] host: missing; expected the server's"),
    ("a username is missing", ('username = "gym", ', ""), "[[school]] GYM: imap.username: missing"),
    ("a password is missing", (', password_file = "gym"', ""), "[[school]] GYM: imap.password_file: missing"),
    ("SMTP's password is missing", ('password_file = "smtp"\n', ""), "[smtp] password_file: missing"),
    ("SMTP's username is missing", ('username = "bot@example"\n', ""), "[smtp] username: missing; the password is"),
    ("an unknown section", ("[second_level]", "[limit]\n[second_level]"), "[limit]: unknown; did you mean limits?"),
    ("an unknown key", ("[imap]", "[imap]\npol_seconds = 9"), "[imap] pol_seconds: unknown; did you mean poll_seconds?"),
    ("a key like no other", ("[imap]", "[imap]\nxyz = 9"), "[imap] xyz: unknown; known are host, port"),
    ("a school's unknown key", (GYM_IMAP, GYM_IMAP[:-1] + ", prt = 9 }"), "[[school]] GYM: imap.prt: unknown; did you"),
    ("a number for a text", ('name = "Gymnasium"', "name = 7"), "[[school]] GYM: name = 7: must be a text in quot"),
    ("a text for a number", ("[imap]", '[imap]\nport = "993"'), '[imap] port = "993": must be a whole number'),
    ("true for a number", ("[imap]", "[imap]\npoll_seconds = true"), "[imap] poll_seconds = true: must be a whole"),
    ("a text for a list", ('["edv@stadt.example"]', '"edv"'), '[bot] operators = "edv": must be a list [ … ]'),
    ("a text for a table", ('{ name = "Team G", members = ["m@support.example"] }', '"G"'), '[[school]] GYM: team = "G"'),
    ("no port", ("[imap]", "[imap]\nport = 99999"), "[imap] port = 99999: must be at most 65535"),
    ("no host", ('[imap]\nhost = "', '[imap]\nhost = "imaps://'), '[imap] host = "imaps://mail.example": must be only a server\'s name'),
    ("no security", ("[imap]", '[imap]\nsecurity = "ssl"'), '[imap] security = "ssl": must be "tls", "starttls" or'),
    ("a whole field for the server's name", ("[imap]", '[imap]\nauthserv_id = "mx.schule.example; dmarc=pass"'), '[imap] authserv_id = "mx.schule.example; dmarc=pass": must be only the name'),
    ("no language", ('key = "GYM"', 'key = "GYM"\nlanguage = "la"'), '[[school]] GYM: language = "la": must be "de"'),
    ("an abbreviation of a time zone", ("[bot]", '[bot]\ntimezone = "MEZ"'), '[bot] timezone = "MEZ": must be a time zone such as Europe/Berlin'),
    ("a city for a time zone", ("[bot]", '[bot]\ntimezone = "Vienna"'), '[bot] timezone = "Vienna": must be a time zone such as Europe/Vienna'),
    ("no time zone", ("[bot]", '[bot]\ntimezone = "Europe/Berln"'), '[bot] timezone = "Europe/Berln": must be a time zone such as Europe/Berlin'),
    ("no time", ("[imap]", "[imap]\npoll_seconds = 0"), "[imap] poll_seconds = 0: must be at least 1"),
    ("a number for a size", ("[imap]", '[health]\ndisk_free = 0.5\n[imap]'), "[health] disk_free = 0.5: must be a size such as"),
    ("a size without a unit", ("[imap]", '[limits]\nmail = "10 apples"\n[imap]'), '[limits] mail = "10 apples": must be a size such'),
    ("a size of nothing", ("[imap]", '[limits]\nmail = "0 MB"\n[imap]'), '[limits] mail = "0 MB": must be at least 1'),
    ("a number for a yes", ("[bot]", "[bot]\ninvitations = 1"), "[bot] invitations = 1: must be true or false"),
    ("a text for a day", ("[imap]", '[oauth2]\nexpires = "2027-11-30"\n[imap]'), '[oauth2] expires = "2027-11-30": must be a day such as 2027-11-30, without'),
    ("a number for hours", ("[imap]", "[hours]\nmon = 8\n[imap]"), '[hours] mon = 8: must be times such as "07:30-16:00"'),
    ("a number for a time", ("[imap]", "[times]\ndigest = 7\n[imap]"), '[times] digest = 7: must be a time such as "07:30"'),
    ("no URL", ("[imap]", '[oauth2]\nauthority = "https://["\n[imap]'), '[oauth2] authority = "https://[": must be a URL that begins'),
    ("a secret for the variable's name", ("[imap]", '[oauth2]\nsecret_env = "geh eim"\n[imap]'), "[oauth2] secret_env: must be the name"),
    ("no size", ("[imap]", '[limits]\nmail = "10 Mb/s"\n[imap]'), '[limits] mail = "10 Mb/s": must be a size such as'),
    ("no address", ("support-gym@schule.example", "support-gym"), '[[school]] GYM: address = "support-gym": must be an'),
    ("no member's address", ("m@support.example", "M <m@>"), '[[school]] GYM: team.members[1].address = "m@": must be'),
    ("no member", ('"m@support.example"', "7"), "[[school]] GYM: team.members[1] = 7: must be a table"),
    ("no domain", ('key = "GYM"', 'key = "GYM"\ndomains = ["a b"]'), '[[school]] GYM: domains[1] = "a b": must be a domain'),
    ("no school key", ('"GYM"', '"Gymnasium-1"'), '[[school]] no. 1: key = "Gymnasium-1": must be 2 to 12 characters'),
    ("an empty name", ('name = "Gymnasium"', 'name = " "'), '[[school]] GYM: name = " ": must not be empty'),
    ("a name of two lines", ('name = "Gymnasium"', r'name = "a\nb"'), r'[[school]] GYM: name = "a\u000ab": must be one'),
    ("a team of nobody", ('["technik@stadt.example"]', "[]"), "[second_level] members: needs at least one entry"),
    ("no database", ("[bot]", '[bot]\ndatabase = "mysql://u:geheim@h/d"'), '[bot] database: must be "sqlite", "sqlite:///'),
    ("no port of the database", ("[bot]", '[bot]\ndatabase = "postgresql://u:geheim@h:a/d"'), '[bot] database: must be "sqlite", "sqlite:///'),
    ("an @ in the password of the database", ("[bot]", '[bot]\ndatabase = "postgresql://u:ge@heim@h/d"'), '[bot] database: must have "@" in the password as "%40"'),
    ("a key with characters that a terminal obeys", ("[imap]", r'[imap]NL"a\u001b\nb" = 1'.replace("NL", "\n")), r"[imap] a\u001b\u000ab: unknown"),
    ("no file in the database", ("[bot]", '[bot]\ndatabase = "sqlite://"'), '[bot] database: must be "sqlite", "sqlite'),
    ("no password file", ('password_file = "gym"', 'password_file = "x"'), '[[school]] GYM: imap.password_file = "x": must be a readable file; '),
    ("a directory for a password file", ('password_file = "gym"', 'password_file = "/"'), '[[school]] GYM: imap.password_file = "/": must be a readable file; /: Is a directory'),
    ("a password for the variable's name", ("RS_PASSWORD", "geh eim"), "[[school]] RS2: imap.password_env: must be the name"),
    ("a variable that is not set", ("RS_PASSWORD", "NO_SUCH"), '[[school]] RS2: imap.password_env = "NO_SUCH": must be the name of an environment variable that is set'),
    ("two passwords", ('password_file = "gym"', 'password_file = "gym", password_env = "RS_PASSWORD"'), "[[school]] GYM: imap.password_env: must not be set together with password_file"),
    ("a readable password on the wire", ("[imap]", '[imap]\nsecurity = "none"'), '[imap] security = "none": must be "tls" or "starttls": without encryption everyone on the way to mail.example can read the password'),
    ("no certificates", ("[imap]", '[imap]\nca_file = "gym"'), '[imap] ca_file = "gym": must be a file of certificates in PEM form; '),
    ("no file of certificates", ("[imap]", '[imap]\nca_file = "ca.pem"'), '[imap] ca_file = "ca.pem": must be a readable file; '),
    ("no Land", ("[bot]", '[bot]\nland = "NRW"'), '[bot] land = "NRW": must be one of BB, BE, BW'),
    ("no hours", ("[imap]", '[hours]\nmon = "8-16"\n[imap]'), '[hours] mon = "8-16": must be times such as "07:30-16:00"'),
    ("hours that end before they begin", ("[imap]", '[hours]\nmon = "16:00-08:00"\n[imap]'), "[hours] mon = "),
    ("hours that overlap", ("[imap]", '[hours]\nmon = "08:00-12:00, 11:00-13:00"\n[imap]'), "[hours] mon = "),
    ("hours of no clock", ("[imap]", '[hours]\nmon = "08:00-24:01"\n[imap]'), "[hours] mon = "),
    ("a team's hours", ('members = ["m@support.example"]', 'members = ["m@support.example"], hours = { fr = "" }'), "[[school]] GYM: team.hours.fr: unknown; did you mean fri"),
    ("a team that never works", ("[imap]", '[hours]\nmon=""\ntue=""\nwed=""\nthu=""\nfri=""\n[imap]'), "[hours]: must have working hours on at least one"),
    ("no day off", ("[imap]", '[hours]\nclosed = ["2026-02-30"]\n[imap]'), '[hours] closed[1] = "2026-02-30": must be a day such as'),
    ("days off that end before they begin", ("[imap]", '[hours]\nclosed = ["2026-12-24..2026-12-23"]\n[imap]'), "[hours] closed[1] = "),
    ("days off for years", ("[imap]", '[hours]\nclosed = ["2026-01-01..9999-12-31"]\n[imap]'), "[hours] closed[1] = "),
    ("no morning", ("[imap]", '[times]\ndigest = "früh"\n[imap]'), '[times] digest = "früh": must be a time such as "07:30"'),
    ("overdue before it is reminded of", ("[imap]", "[times]\noverdue_hours = 8\n[imap]"), "[times] overdue_hours = 8: must be more than reminder_hours"),
    ("closed before it is asked for again", ("[imap]", "[times]\nwait_close_days = 3\n[imap]"), "[times] wait_close_days = 3: must be more than wait_rem"),
    ("no templates", ("[bot]", '[bot]\ntemplates = "my"'), '[bot] templates = "my": must be a directory that can be read; '),
    ("mails are moved to where they are", ("[imap]", '[imap]\ndone = "inbox"'), '[imap] done = "inbox": must be another folder'),
    ("one key twice", ('"RS2"', '"gym"'), '[[school]] gym (no. 2): key = "GYM": must be the key of one school only; no. 1 has'),
    ("one address twice", ("support-rs@", "Support-GYM@"), '[[school]] RS2: address = "support-gym@schule.example": must be'),
    ("one mailbox twice", ('username = "rs"', 'username = "Gym"'), "[[school]] RS2: imap: must be the mailbox (host, username"),
    ("one member twice", ('["m@support.example"]', '["m@support.example", "M@support.example"]'), '[[school]] GYM: team.members[2] = "m@support.example": must be in a team only once; no. 1'),
    ("a support address as member", ("m@support.example", "support-rs@schule.example"), '[[school]] GYM: team.members[1] = "support-rs@schule.example": must be a person\'s own'),
    ("a support address as operator", ("edv@stadt.example", "support-rs@schule.example"), "[bot] operators[1] = "),
]  # fmt: skip


def test_each_mistake_is_reported_in_one_line_with_its_key(subtests: pytest.Subtests, write: Write) -> None:
    for name, change, expected in WRONG:
        with subtests.test(name):
            lines = problems(write(change))
            assert len(lines) == 1, lines
            assert lines[0].startswith(expected)


def keys(path: Path) -> list[str]:
    """Return the keys of all problems."""
    with pytest.raises(ConfigurationError) as raised:
        load(path, ENVIRON)
    return [problem.key for problem in raised.value.problems]


FORM = (
    ('name = "Schul-Support"\n', 'langauge = "de"\n'),
    ("[imap]\n", '[imap]\nport = "993"\n'),
    ('key = "RS2"\nname = "Realschule"', 'key = "GYM"'),
)
MEANING = (
    ("[bot]", '[bot]\ntemplates = "none"'),
    ("[imap]\n", '[times]\noverdue_hours = 8\n[imap]\nca_file = "none"\n'),
    ('key = "RS2"', 'key = "GYM"'),
    ('password_file = "gym"', 'password_file = "missing"'),
    ('username = "rs"', 'username = "gym"'),
)


def test_all_problems_of_form_are_reported_at_once_in_the_order_of_the_file(write: Write) -> None:
    assert keys(write(*FORM)) == [
        "[bot] name",
        "[bot] langauge",
        "[imap] port",
        "[[school]] GYM (no. 2): name",
    ]


def test_all_problems_of_meaning_are_reported_at_once_in_the_order_of_the_file(write: Write) -> None:
    assert keys(write(*MEANING)) == [
        "[bot] templates",
        "[times] overdue_hours",
        "[imap] ca_file",
        "[[school]] GYM (no. 1): imap.password_file",
        "[[school]] GYM (no. 2): key",
        "[[school]] GYM (no. 2): imap",
    ]


def test_meaning_is_checked_when_the_form_is_correct(write: Write) -> None:
    both = write(("[bot]", '[bot]\ntemplates = "none"\nlangauge = "de"'))
    assert keys(both) == ["[bot] langauge"]


def test_problems_do_not_show_passwords(write: Write, tmp_path: Path) -> None:
    (tmp_path / "gym").write_text(f"{PASSWORD}\n{PASSWORD}\n")
    form = write(
        ("[bot]", f'[bot]\ndatabase = "postgresql://mailbot:{PASSWORD}@host:port/"'),
        ('password_file = "smtp"', f'password = "{PASSWORD}"'),
        ('password_env = "RS_PASSWORD"', f'password_env = "{PASSWORD}"'),
        ('[imap]\nhost = "', f'[imap]\nhost = "imap://rs:{PASSWORD}@'),
    )
    not_shown(form, problems=4)
    not_shown(write(('"RS_PASSWORD"', '"PATH"')), problems=2)


def not_shown(path: Path, *, problems: int) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(path, {"RS_PASSWORD": PASSWORD})
    assert len(raised.value.problems) == problems
    assert PASSWORD not in f"{raised.value} {raised.value!r} {raised.value.problems!r}"


def test_settings_do_not_show_their_passwords(write: Write) -> None:
    settings = load(write(("[bot]", f'[bot]\ndatabase = "postgresql://m:{PASSWORD}@h/d"')), ENVIRON)
    assert PASSWORD not in f"{settings} {settings!r} {settings.imap['GYM']} {settings.smtp['GYM'].password}"


def test_error_has_no_cause_that_could_show_a_value(write: Write) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(write(("[imap]", f'[imap]\npassword = "{PASSWORD}"')), ENVIRON)
    assert raised.value.__context__ is None


def test_missing_file_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path / "no.toml") == ["does not exist; `mailbot init` writes a configuration"]


def test_directory_instead_of_a_file_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["cannot be read: Is a directory"]


def test_file_that_is_nested_too_deep_or_too_large_is_reported(write: Write, tmp_path: Path) -> None:
    path = write(("[bot]", f"a = {'[' * 5_000}{']' * 5_000}\n[bot]"))
    assert problems(path) == ["is not TOML that can be read: its lists or tables are nested too deep"]
    path = write(("[bot]", 'include = "large"\n[bot]'))
    with (tmp_path / "large").open("wb") as large:
        large.truncate(10_000_001)
    with pytest.raises(ConfigurationError, match="large: cannot be read: File too large"):
        load(path, ENVIRON)


def test_fifo_or_device_in_place_of_a_file_is_reported_and_never_read(
    subtests: pytest.Subtests, write: Write, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)  # without a writer, opening it would block
    for name in ("fifo", "/dev/zero"):
        for line, use in (
            ('password_file = "gym"', f'password_file = "{name}"'),
            ("[smtp]", f'[smtp]\nca_file = "{name}"'),
            ("[bot]", f'include = "{name}"\n[bot]'),
        ):
            with subtests.test(use=use), pytest.raises(ConfigurationError) as raised:
                load(write((line, use)), ENVIRON)
            assert re.search(rf"{name}.*: Not a regular file", str(raised.value))
    assert problems(tmp_path / "fifo") == ["cannot be read: Not a regular file"]


def test_templates_that_cannot_be_read_are_reported(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mails" / "de").mkdir(parents=True)
    path = write(("[bot]", '[bot]\ntemplates = "mails"'))
    monkeypatch.setattr("os.access", lambda folder, _: folder.name != "de")  # root may read all
    expected = f"must be a directory that can be read; {tmp_path / 'mails' / 'de'} is not"
    assert problems(path) == [f'[bot] templates = "mails": {expected}']


def test_wrong_encoding_is_reported_with_its_line(write: Write) -> None:
    path = write()
    path.write_bytes(GOOD.replace("Gymnasium", "Schüler").encode("latin-1"))
    assert problems(path) == ["is not in UTF-8 (line 17); save it in this encoding"]


def test_byte_order_mark_is_ignored(write: Write) -> None:
    path = write()
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert load(path, ENVIRON).policy.name == "Schul-Support"


DOCUMENTS = [
    "",
    "school = 3",
    "[school]",
    "school = [1]",
    "bot = []",
    "[[bot]]",
    "imap = [[1]]",
    "[[school]]\nimap = 3\n[[school]]",
]


def test_any_toml_document_gives_settings_or_a_list_of_problems(
    subtests: pytest.Subtests, tmp_path: Path
) -> None:
    for text in DOCUMENTS:
        with subtests.test(text=text):
            path = tmp_path / "mailbot.toml"
            path.write_text(text)
            assert problems(path)


VALUES = [
    "true",
    "-1",
    "1e400",
    "nan",
    "1979-05-27",
    '""',
    '"\\u0000"',
    '"{0} %s"',
    '"~x/y"',
    '"//a@b:c[/"',
    "[]",
    "[[]]",
    "{}",
    "{ a.b = 1 }",
]
VALUES += [
    f'"{"x" * 5000}"',
    f'"{"../" * 2000}"',
    '["{x}"]',
    "[{}]",
    '[{ address = "{0}", aliases = [1] }]',
]


def test_any_value_at_any_key_gives_settings_or_problems_without_passwords(
    subtests: pytest.Subtests, write: Write
) -> None:
    path = write()
    for value in VALUES:
        with subtests.test(value=value):
            for key in re.finditer(r" = (?=([^\[{].*?|\[.*?\]|\{.*\})( \}|,|$))", GOOD, re.MULTILINE):
                text = GOOD[: key.end()] + value + GOOD[key.end(1) :]
                sources = merge_sources({path: tomllib.loads(text)})
                settings, problems = evaluate(path, sources, ENVIRON)
                shown = repr(settings) if settings else str(sources.error(problems))
                assert shown
                assert PASSWORD not in shown


def test_number_with_too_many_digits_is_a_problem_of_the_file(write: Write) -> None:
    (line,) = problems(write(('"state"', "9" * 5000)))
    assert "is not TOML" in line


def test_last_line_break_of_a_password_file_is_not_part_of_the_password(write: Write, tmp_path: Path) -> None:
    path = write()
    (tmp_path / "gym").write_bytes(f" {PASSWORD} \r\n".encode())
    assert load(path, ENVIRON).imap["GYM"].password.get() == f" {PASSWORD} "


def test_password_file_with_several_lines_is_refused(
    subtests: pytest.Subtests, write: Write, tmp_path: Path
) -> None:
    for content, expected in [(b"", "empty"), (b"\n", "empty"), (b"a\nb\n", "only line"), (b"\xff", "UTF-8")]:
        with subtests.test(content=content):
            path = write()
            (tmp_path / "gym").write_bytes(content)
            (line,) = problems(path)
            assert line.startswith('[[school]] GYM: imap.password_file = "gym": must ')
            assert expected in line


def test_byte_order_mark_is_not_part_of_the_password(write: Write, tmp_path: Path) -> None:
    path = write()
    (tmp_path / "gym").write_bytes(f"\ufeff{PASSWORD}\n".encode())
    assert load(path, ENVIRON).imap["GYM"].password.get() == PASSWORD


def test_password_file_is_found_by_name_in_the_credential_directory(write: Write, tmp_path: Path) -> None:
    path = write(('password_file = "gym"', 'password_file = "passwords/gym"'))
    (tmp_path / "credentials").mkdir()
    environ = {**ENVIRON, "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    (line,) = problems(path, environ)
    assert line.endswith("systemctl restart mailbot"), "systemd copies new files at the next start"
    (tmp_path / "credentials" / "passwords_gym").write_text("from systemd\n")
    assert load(path, environ).imap["GYM"].password.get() == "from systemd"


def test_empty_environment_variable_is_not_a_password(write: Write) -> None:
    assert problems(write(), {"RS_PASSWORD": ""}) == [
        '[[school]] RS2: imap.password_env = "RS_PASSWORD": must not be empty'
    ]


def test_systemd_credentials_take_precedence_over_the_folder_of_the_configuration(
    write: Write, tmp_path: Path
) -> None:
    path = write()
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "gym").write_text("from systemd")
    settings = load(path, ENVIRON | {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")})
    assert settings.imap["GYM"].password.get() == "from systemd"
    assert settings.smtp["GYM"].password is not None
    assert settings.smtp["GYM"].password.get() == PASSWORD


def test_a_school_overrides_every_key_of_imap_and_smtp(write: Write, tmp_path: Path) -> None:
    import trustme  # not at the top: each process of the tests would import cryptography

    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    imap = 'host = "h", port = 1, security = "starttls", username = "u", password_env = "RS_PASSWORD", folder = "F", done = "", poll_seconds = 5, ca_file = "ca.pem", authserv_id = "mx"'
    smtp = 'host = "s", port = 2, security = "tls", username = "v", password_env = "RS_PASSWORD", ca_file = "ca.pem", connections = 3'
    settings = load(write((GYM_IMAP, f"{{ {imap} }}\nsmtp = {{ {smtp} }}")), ENVIRON)
    mailbox, sender = settings.imap["GYM"], settings.smtp["GYM"]
    assert (mailbox.host, mailbox.port, mailbox.security, mailbox.username) == ("h", 1, "starttls", "u")
    assert (mailbox.folder, mailbox.done, mailbox.poll_seconds) == ("F", "", 5)
    assert mailbox.ca_file == sender.ca_file == tmp_path / "ca.pem"
    assert (sender.host, sender.port, sender.security, sender.username) == ("s", 2, "tls", "v")
    assert [settings.smtp[key].connections for key in ("GYM", "RS2")] == [3, 1]
    assert [school.authserv_id for school in settings.policy.schools] == ["mx", ""]


def test_keys_that_a_school_does_not_override_come_from_the_common_sections(write: Write) -> None:
    settings = load(write(("[imap]", '[imap]\nsecurity = "starttls"\nfolder = "Inbox/Support"')), ENVIRON)
    mailbox, sender = settings.imap["RS2"], settings.smtp["RS2"]
    assert (mailbox.host, mailbox.port, mailbox.folder) == ("mail.example", 143, "Inbox/Support")
    assert (sender.host, sender.port, sender.security, sender.username) == (
        "mail.example",
        587,
        "starttls",
        "bot@example",
    )


def test_smtp_without_a_username_has_no_login(write: Write) -> None:
    settings = load(write(('username = "bot@example"\npassword_file = "smtp"\n', "")), ENVIRON)
    assert (settings.smtp["GYM"].username, settings.smtp["GYM"].password) == ("", None)


def test_school_can_turn_off_the_common_smtp_login(write: Write) -> None:
    settings = load(write((GYM_IMAP, GYM_IMAP + '\nsmtp = { username = "" }')), ENVIRON)
    assert (settings.smtp["GYM"].username, settings.smtp["GYM"].password) == ("", None)
    assert settings.smtp["RS2"].username == "bot@example"


def test_password_may_be_sent_unencrypted_to_the_local_machine(
    subtests: pytest.Subtests, write: Write
) -> None:
    for host in ["localhost", "127.0.0.1", "127.8.8.8", "::1"]:
        with subtests.test(host=host):
            settings = load(write(("mail.example", host), ("[imap]", '[imap]\nsecurity = "none"')), ENVIRON)
            assert settings.imap["GYM"].security == "none"


def test_connection_without_a_login_may_be_unencrypted(write: Write) -> None:
    settings = load(write((GYM_IMAP, GYM_IMAP + '\nsmtp = { username = "", security = "none" }')), ENVIRON)
    assert (settings.smtp["GYM"].security, settings.smtp["GYM"].port) == ("none", 25)


def test_wrong_host_is_reported_once_and_causes_no_other_problem(write: Write) -> None:
    lines = problems(write(('[imap]\nhost = "mail.example"', '[imap]\nhost = 7\nsecurity = "none"')))
    assert lines == ['[imap] host = 7: must be a text in quotation marks "…"']


def test_member_is_an_address_a_name_with_address_or_a_table(write: Write) -> None:
    members = '"A@Support.Example", "Bea <b@x.example>", { address = "c@x.example", name = "Cem", aliases = ["C2@x.example"] }'
    settings = load(write(('"m@support.example"', members)), ENVIRON)
    assert settings.policy.schools[0].team.members == (
        Member("a@support.example"),
        Member("b@x.example", "Bea"),
        Member("c@x.example", "Cem", ("c2@x.example",)),
    )


def test_operators_are_written_as_members_are_but_without_aliases(write: Write) -> None:
    operators = (
        '"EDV@Stadt.Example", "Ida Muster <ida@stadt.example>", { address = "b@stadt.example", name = "Bo" }'
    )
    found = load(write(('"edv@stadt.example"', operators)), ENVIRON).policy.operators
    assert [(o.email, o.name) for o in found] == [
        ("edv@stadt.example", ""),
        ("ida@stadt.example", "Ida Muster"),
        ("b@stadt.example", "Bo"),
    ]
    wrong = write(('"edv@stadt.example"', '"Ida", { address = "b@stadt.example", aliases = [] }'))
    assert problems(wrong) == [
        '[bot] operators[1].address = "Ida": must be an address such as name@schule.example',
        "[bot] operators[2].aliases: unknown; known are address, name",
    ]


def test_hours_may_end_at_midnight(write: Write) -> None:
    monday = load(write(("[imap]", '[hours]\nmon = "06:00-24:00"\n[imap]')), ENVIRON).policy
    assert monday.second_level.calendar.hours[0] == ((time(6), END_OF_DAY),)


def test_key_of_a_school_is_stored_in_capitals(write: Write) -> None:
    settings = load(write(('"GYM"', '"gym"')), ENVIRON)
    assert [school.key for school in settings.policy.schools] == ["GYM", "RS2"]
    assert list(settings.imap) == list(settings.smtp) == ["GYM", "RS2"]


def test_domain_with_umlauts_is_stored_in_its_ascii_form(write: Write) -> None:
    school = load(
        write(("support-gym@schule.example", "Support@Straße-Köln.example")), ENVIRON
    ).policy.schools[0]
    assert school.address == "support@xn--strae-kln-j1a0x.example"
    assert school.domains == ("xn--strae-kln-j1a0x.example",)


def test_language_and_domains_of_a_school_default_to_the_bot_and_its_address(write: Write) -> None:
    own = 'key = "RS2"\nlanguage = "de"\ndomains = ["A.example", "b.example"]'
    first, second = load(
        write(("[bot]", '[bot]\nlanguage = "en"'), ('key = "RS2"', own)), ENVIRON
    ).policy.schools
    assert (first.language, first.domains) == ("en", ("schule.example",))
    assert (second.language, second.domains) == ("de", ("a.example", "b.example"))


def test_limits_default_to_those_of_the_core_and_sizes_are_written_in_words(write: Write) -> None:
    limits = '[limits]\nattachments = "2 MiB"\nmail = 1000\nreopen_days = 0\n[imap]'
    assert load(write(), ENVIRON).policy.limits == Limits()
    assert load(write(("[imap]", limits)), ENVIRON).policy.limits == Limits(2 * 2**20, 1000, reopen_days=0)


DATABASES = [
    ("sqlite", "sqlite:///{folder}/state/mailbot.db"),
    ("sqlite:///desk.db", "sqlite:///{folder}/state/desk.db"),
    ("sqlite:////srv/desk.db", "sqlite:////srv/desk.db"),
    ("postgresql:///desk?host=/run/postgresql", "postgresql:///desk?host=/run/postgresql"),
]


def test_database_is_a_file_in_the_state_directory_or_a_server(
    subtests: pytest.Subtests, write: Write, tmp_path: Path
) -> None:
    for given, url in DATABASES:
        with subtests.test(given=given):
            settings = load(write(("[bot]", f'[bot]\ndatabase = "{given}"')), ENVIRON)
            assert settings.database == url.format(folder=tmp_path)


def test_relative_directories_are_relative_to_the_configuration(write: Write, tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    settings = load(write(("[bot]", '[bot]\ntemplates = "mails"')), ENVIRON)
    assert (settings.state_dir, settings.templates) == (tmp_path / "state", tmp_path / "mails")


def test_file_on_the_command_line_takes_precedence_over_variables(tmp_path: Path) -> None:
    environ = {"MAILBOT_CONFIG": "b.toml"}
    assert find(Path("a.toml"), environ) == Path("a.toml")
    assert find(None, environ) == Path("b.toml")


def test_without_a_name_the_file_is_searched_in_the_usual_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = (tmp_path / "first.toml", tmp_path / "second.toml")
    monkeypatch.setattr("mailbot.config.loader.STANDARD_FILES", places)
    with pytest.raises(
        ConfigurationError, match=r"first\.toml or .*second\.toml; write one with `mailbot init`"
    ):
        find(None, {})
    places[1].touch()
    assert find(None, {}) == places[1]
    places[0].touch()
    assert find(None, {}) == places[0]


def test_an_unreadable_working_directory_does_not_hide_the_file_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "system.toml"
    system.touch()

    class Unreadable(type(Path())):  # type: ignore[misc]
        def is_file(self) -> bool:
            raise PermissionError

    monkeypatch.setattr("mailbot.config.loader.STANDARD_FILES", (Unreadable("config/mailbot.toml"), system))
    assert find(None, {}) == system


def test_minimum_of_free_disk_space_may_be_zero(write: Write) -> None:
    assert load(write(("[imap]", "[health]\ndisk_free = 0\n[imap]")), ENVIRON).health.disk_free == 0


def test_team_without_hours_of_its_own_has_the_common_ones(write: Write) -> None:
    path = write(
        ("[imap]", '[hours]\nwed = "08:00-12:00, 13:00-15:00"\nclosed = ["2026-12-07..2026-12-08"]\n[imap]'),
        ('["r@support.example"]', '["r@support.example"], hours = { fri = "", closed = ["2026-12-09"] }'),
    )
    gym, rs = (school.team.calendar for school in load(path, ENVIRON).policy.schools)
    assert gym.hours[2] == rs.hours[2] == ((time(8), time(12)), (time(13), time(15)))
    assert (gym.hours[4], rs.hours[4]) == (((time(7, 30), time(16)),), ())
    assert sorted(day.day for day in gym.closed) == [7, 8]
    assert sorted(day.day for day in rs.closed) == [7, 8, 9]
    assert str(gym.timezone) == "Europe/Berlin"


def test_schools_keep_the_holidays_of_the_land_and_second_level_only_the_public_ones(write: Write) -> None:
    policy = load(write(("[bot]", '[bot]\nland = "nw"')), ENVIRON).policy
    school, office = policy.schools[0].team.calendar, policy.second_level.calendar
    summer, corpus_christi, weekday = date(2026, 7, 22), date(2026, 6, 4), date(2026, 11, 25)
    assert [school.is_workday(day) for day in (summer, corpus_christi, weekday)] == [False, False, True]
    assert [office.is_workday(day) for day in (summer, corpus_christi, weekday)] == [True, False, True]


def test_times_default_to_those_of_the_core(write: Write) -> None:
    assert load(write(), ENVIRON).policy.times == Times()
    path = write(("[imap]", '[times]\nescalate_hours = 40\ndigest = ""\n[imap]'))
    assert load(path, ENVIRON).policy.times == Times(escalate_hours=40, digest=None)


MEMBER = '{ address = "m@support.example", also = ["m@x.example"] }'
TECHNICIAN = '{ address = "technik@stadt.example", also = ["t@x.example"] }'


def test_old_names_of_keys_work_and_warnings_give_the_new_ones(write: Write) -> None:
    changes = (
        ("[imap]", "[guard]\nmailbox_minutes = 7\n[imap]"),
        ('"m@support.example"', MEMBER),
        ('"technik@stadt.example"', TECHNICIAN),
    )
    settings = load(write(*changes), ENVIRON)
    assert settings.health.mailbox_minutes == 7
    assert settings.policy.schools[0].team.members[0].aliases == ("m@x.example",)
    assert settings.policy.second_level.members[0].aliases == ("t@x.example",)
    assert settings.renamed_keys == (
        "[guard] is now [health]; rename it",
        "[[school]] GYM: team.members[1].also is now aliases; rename it",
        "[second_level] members[1].also is now aliases; rename it",
    )


def test_file_with_both_names_of_a_key_is_refused(write: Write) -> None:
    both = MEMBER.replace(" }", ', aliases = ["m@y.example"] }')
    path = write(("[imap]", "[guard]\n[health]\n[imap]"), ('"m@support.example"', both))
    assert problems(path) == [
        "[guard]: is the old name of [health], which is set too; remove the old one",
        "[[school]] GYM: team.members[1].also: is the old name of aliases, which is set too; remove the old one",
    ]


RENAMED = [
    ((("[bot]", "guard = 5\n[bot]"),), "health = 5: must be a table"),
    (
        (("[imap]", "[guard]\nmailbox_minutes = 9999\n[imap]"),),
        "[health] mailbox_minutes = 9999: must be at most 1440",
    ),
    (
        (('"m@support.example"', MEMBER.replace('["m@x.example"]', "7")),),
        "[[school]] GYM: team.members[1].aliases = 7",
    ),
]


def test_mistake_under_an_old_name_is_reported_under_the_new_one(
    subtests: pytest.Subtests, write: Write
) -> None:
    for changes, expected in RENAMED:
        with subtests.test(changes=changes):
            (line,) = problems(write(*changes))
            assert line.startswith(expected)
