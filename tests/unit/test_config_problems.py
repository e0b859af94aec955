"""Each mistake in a configuration is reported with its key and without passwords."""

# ruff: noqa: E501 - the table of mistakes has one line for each

import os
import re
import tomllib
from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, load
from mailbot.config.loader import evaluate
from mailbot.config.sources import merge_sources
from tests.support.config_files import ENVIRON, GOOD, GYM_IMAP, PASSWORD, Write, problems

SECOND_LEVEL = '[second_level]\nname = "Second Level"\nmembers = ["technik@stadt.example"]\n'
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


def test_each_mistake_is_reported_in_one_line_with_its_key(
    subtests: pytest.Subtests, write_config: Write
) -> None:
    for name, change, expected in WRONG:
        with subtests.test(name):
            lines = problems(write_config(change))
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


def test_all_problems_of_form_are_reported_at_once_in_the_order_of_the_file(write_config: Write) -> None:
    assert keys(write_config(*FORM)) == [
        "[bot] name",
        "[bot] langauge",
        "[imap] port",
        "[[school]] GYM (no. 2): name",
    ]


def test_all_problems_of_meaning_are_reported_at_once_in_the_order_of_the_file(write_config: Write) -> None:
    assert keys(write_config(*MEANING)) == [
        "[bot] templates",
        "[times] overdue_hours",
        "[imap] ca_file",
        "[[school]] GYM (no. 1): imap.password_file",
        "[[school]] GYM (no. 2): key",
        "[[school]] GYM (no. 2): imap",
    ]


def test_meaning_is_checked_when_the_form_is_correct(write_config: Write) -> None:
    both = write_config(("[bot]", '[bot]\ntemplates = "none"\nlangauge = "de"'))
    assert keys(both) == ["[bot] langauge"]


def test_problems_do_not_show_passwords(write_config: Write, tmp_path: Path) -> None:
    (tmp_path / "gym").write_text(f"{PASSWORD}\n{PASSWORD}\n")
    form = write_config(
        ("[bot]", f'[bot]\ndatabase = "postgresql://mailbot:{PASSWORD}@host:port/"'),
        ('password_file = "smtp"', f'password = "{PASSWORD}"'),
        ('password_env = "RS_PASSWORD"', f'password_env = "{PASSWORD}"'),
        ('[imap]\nhost = "', f'[imap]\nhost = "imap://rs:{PASSWORD}@'),
    )
    not_shown(form, problems=4)
    not_shown(write_config(('"RS_PASSWORD"', '"PATH"')), problems=2)


def not_shown(path: Path, *, problems: int) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(path, {"RS_PASSWORD": PASSWORD})
    assert len(raised.value.problems) == problems
    assert PASSWORD not in f"{raised.value} {raised.value!r} {raised.value.problems!r}"


def test_settings_do_not_show_their_passwords(write_config: Write) -> None:
    settings = load(write_config(("[bot]", f'[bot]\ndatabase = "postgresql://m:{PASSWORD}@h/d"')), ENVIRON)
    assert PASSWORD not in f"{settings} {settings!r} {settings.imap['GYM']} {settings.smtp['GYM'].password}"


def test_error_has_no_cause_that_could_show_a_value(write_config: Write) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(write_config(("[imap]", f'[imap]\npassword = "{PASSWORD}"')), ENVIRON)
    assert raised.value.__context__ is None


def test_missing_file_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path / "no.toml") == ["does not exist; `mailbot init` writes a configuration"]


def test_directory_instead_of_a_file_is_reported(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["cannot be read: Is a directory"]


def test_file_that_is_nested_too_deep_or_too_large_is_reported(write_config: Write, tmp_path: Path) -> None:
    path = write_config(("[bot]", f"a = {'[' * 5_000}{']' * 5_000}\n[bot]"))
    assert problems(path) == ["is not TOML that can be read: its lists or tables are nested too deep"]
    path = write_config(("[bot]", 'include = "large"\n[bot]'))
    with (tmp_path / "large").open("wb") as large:
        large.truncate(10_000_001)
    with pytest.raises(ConfigurationError, match="large: cannot be read: File too large"):
        load(path, ENVIRON)


def test_fifo_or_device_in_place_of_a_file_is_reported_and_never_read(
    subtests: pytest.Subtests, write_config: Write, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)  # without a writer, opening it would block
    for name in ("fifo", "/dev/zero"):
        for line, use in (
            ('password_file = "gym"', f'password_file = "{name}"'),
            ("[smtp]", f'[smtp]\nca_file = "{name}"'),
            ("[bot]", f'include = "{name}"\n[bot]'),
        ):
            with subtests.test(use=use), pytest.raises(ConfigurationError) as raised:
                load(write_config((line, use)), ENVIRON)
            assert re.search(rf"{name}.*: Not a regular file", str(raised.value))
    assert problems(tmp_path / "fifo") == ["cannot be read: Not a regular file"]


def test_templates_that_cannot_be_read_are_reported(
    write_config: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mails" / "de").mkdir(parents=True)
    path = write_config(("[bot]", '[bot]\ntemplates = "mails"'))
    (tmp_path / "mails" / "lost+found").mkdir()  # has no templates
    monkeypatch.setattr("os.access", lambda folder, _: folder.name in ("mails", "fr"))  # root may read all
    expected = f"must be a directory that can be read; {tmp_path / 'mails' / 'de'} is not"
    assert problems(path) == [f'[bot] templates = "mails": {expected}']
    (tmp_path / "mails" / "de").rename(tmp_path / "mails" / "fr")
    load(path, ENVIRON)


def test_wrong_encoding_is_reported_with_its_line(write_config: Write) -> None:
    path = write_config()
    path.write_bytes(GOOD.replace("Gymnasium", "Schüler").encode("latin-1"))
    assert problems(path) == ["is not in UTF-8 (line 17); save it in this encoding"]


def test_byte_order_mark_is_ignored(write_config: Write) -> None:
    path = write_config()
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
    subtests: pytest.Subtests, write_config: Write
) -> None:
    path = write_config()
    for value in VALUES:
        with subtests.test(value=value):
            for key in re.finditer(r" = (?=([^\[{].*?|\[.*?\]|\{.*\})( \}|,|$))", GOOD, re.MULTILINE):
                text = GOOD[: key.end()] + value + GOOD[key.end(1) :]
                sources = merge_sources({path: tomllib.loads(text)})
                settings, problems = evaluate(path, sources, ENVIRON)
                shown = repr(settings) if settings else str(sources.error(problems))
                assert shown
                assert PASSWORD not in shown


def test_number_with_too_many_digits_is_a_problem_of_the_file(write_config: Write) -> None:
    (line,) = problems(write_config(('"state"', "9" * 5000)))
    assert "is not TOML" in line
