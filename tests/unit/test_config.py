"""A configuration becomes settings, or all its mistakes are reported."""

# ruff: noqa: E501 - the table of mistakes has one line for each

from datetime import date, time
from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, find, load
from mailbot.core.model.calendar import END_OF_DAY
from mailbot.core.model.policy import Limits, Member, Times
from tests.support.config_files import ENVIRON, GYM_IMAP, Write, problems


def test_a_school_overrides_every_key_of_imap_and_smtp(write_config: Write, tmp_path: Path) -> None:
    import trustme  # not at the top: each process of the tests would import cryptography

    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    imap = 'host = "h", port = 1, security = "starttls", username = "u", password_env = "RS_PASSWORD", folder = "F", done = "", poll_seconds = 5, ca_file = "ca.pem", authserv_id = "mx"'
    smtp = 'host = "s", port = 2, security = "tls", username = "v", password_env = "RS_PASSWORD", ca_file = "ca.pem", connections = 3'
    settings = load(write_config((GYM_IMAP, f"{{ {imap} }}\nsmtp = {{ {smtp} }}")), ENVIRON)
    mailbox, sender = settings.imap["GYM"], settings.smtp["GYM"]
    assert (mailbox.host, mailbox.port, mailbox.security, mailbox.username) == ("h", 1, "starttls", "u")
    assert (mailbox.folder, mailbox.done, mailbox.poll_seconds) == ("F", "", 5)
    assert mailbox.ca_file == sender.ca_file == tmp_path / "ca.pem"
    assert (sender.host, sender.port, sender.security, sender.username) == ("s", 2, "tls", "v")
    assert [settings.smtp[key].connections for key in ("GYM", "RS2")] == [3, 1]
    assert [school.authserv_id for school in settings.policy.schools] == ["mx", ""]


def test_keys_that_a_school_does_not_override_come_from_the_common_sections(write_config: Write) -> None:
    settings = load(
        write_config(("[imap]", '[imap]\nsecurity = "starttls"\nfolder = "Inbox/Support"')), ENVIRON
    )
    mailbox, sender = settings.imap["RS2"], settings.smtp["RS2"]
    assert (mailbox.host, mailbox.port, mailbox.folder) == ("mail.example", 143, "Inbox/Support")
    assert (sender.host, sender.port, sender.security, sender.username) == (
        "mail.example",
        587,
        "starttls",
        "bot@example",
    )


def test_wrong_host_is_reported_once_and_causes_no_other_problem(write_config: Write) -> None:
    lines = problems(write_config(('[imap]\nhost = "mail.example"', '[imap]\nhost = 7\nsecurity = "none"')))
    assert lines == ['[imap] host = 7: must be a text in quotation marks "…"']


def test_member_is_an_address_a_name_with_address_or_a_table(write_config: Write) -> None:
    members = '"A@Support.Example", "Bea <b@x.example>", { address = "c@x.example", name = "Cem", aliases = ["C2@x.example"] }'
    settings = load(write_config(('"m@support.example"', members)), ENVIRON)
    assert settings.policy.schools[0].team.members == (
        Member("a@support.example"),
        Member("b@x.example", "Bea"),
        Member("c@x.example", "Cem", ("c2@x.example",)),
    )


def test_operators_are_written_as_members_are_but_without_aliases(write_config: Write) -> None:
    operators = (
        '"EDV@Stadt.Example", "Ida Muster <ida@stadt.example>", { address = "b@stadt.example", name = "Bo" }'
    )
    found = load(write_config(('"edv@stadt.example"', operators)), ENVIRON).policy.operators
    assert [(o.email, o.name) for o in found] == [
        ("edv@stadt.example", ""),
        ("ida@stadt.example", "Ida Muster"),
        ("b@stadt.example", "Bo"),
    ]
    wrong = write_config(('"edv@stadt.example"', '"Ida", { address = "b@stadt.example", aliases = [] }'))
    assert problems(wrong) == [
        '[bot] operators[1].address = "Ida": must be an address such as name@schule.example',
        "[bot] operators[2].aliases: unknown; known are address, name",
    ]


def test_hours_may_end_at_midnight(write_config: Write) -> None:
    monday = load(write_config(("[imap]", '[hours]\nmon = "06:00-24:00"\n[imap]')), ENVIRON).policy
    assert monday.second_level.calendar.hours[0] == ((time(6), END_OF_DAY),)


def test_key_of_a_school_is_stored_in_capitals(write_config: Write) -> None:
    settings = load(write_config(('"GYM"', '"gym"')), ENVIRON)
    assert [school.key for school in settings.policy.schools] == ["GYM", "RS2"]
    assert list(settings.imap) == list(settings.smtp) == ["GYM", "RS2"]


def test_domain_with_umlauts_is_stored_in_its_ascii_form(write_config: Write) -> None:
    school = load(
        write_config(("support-gym@schule.example", "Support@Straße-Köln.example")), ENVIRON
    ).policy.schools[0]
    assert school.address == "support@xn--strae-kln-j1a0x.example"
    assert school.domains == ("xn--strae-kln-j1a0x.example",)


def test_language_and_domains_of_a_school_default_to_the_bot_and_its_address(write_config: Write) -> None:
    own = 'key = "RS2"\nlanguage = "de"\ndomains = ["A.example", "b.example"]'
    first, second = load(
        write_config(("[bot]", '[bot]\nlanguage = "en"'), ('key = "RS2"', own)), ENVIRON
    ).policy.schools
    assert (first.language, first.domains) == ("en", ("schule.example",))
    assert (second.language, second.domains) == ("de", ("a.example", "b.example"))


def test_limits_default_to_those_of_the_core_and_sizes_are_written_in_words(write_config: Write) -> None:
    limits = '[limits]\nattachments = "2 MiB"\nmail = 1000\nreopen_days = 0\n[imap]'
    assert load(write_config(), ENVIRON).policy.limits == Limits()
    assert load(write_config(("[imap]", limits)), ENVIRON).policy.limits == Limits(
        2 * 2**20, 1000, reopen_days=0
    )


DATABASES = [
    ("sqlite", "sqlite:///{folder}/state/mailbot.db"),
    ("sqlite:///desk.db", "sqlite:///{folder}/state/desk.db"),
    ("sqlite:////srv/desk.db", "sqlite:////srv/desk.db"),
    ("postgresql:///desk?host=/run/postgresql", "postgresql:///desk?host=/run/postgresql"),
]


def test_database_is_a_file_in_the_state_directory_or_a_server(
    subtests: pytest.Subtests, write_config: Write, tmp_path: Path
) -> None:
    for given, url in DATABASES:
        with subtests.test(given=given):
            settings = load(write_config(("[bot]", f'[bot]\ndatabase = "{given}"')), ENVIRON)
            assert settings.database == url.format(folder=tmp_path)


def test_relative_directories_are_relative_to_the_configuration(write_config: Write, tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    settings = load(write_config(("[bot]", '[bot]\ntemplates = "mails"')), ENVIRON)
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


def test_minimum_of_free_disk_space_may_be_zero(write_config: Write) -> None:
    assert load(write_config(("[imap]", "[health]\ndisk_free = 0\n[imap]")), ENVIRON).health.disk_free == 0


def test_team_without_hours_of_its_own_has_the_common_ones(write_config: Write) -> None:
    path = write_config(
        ("[imap]", '[hours]\nwed = "08:00-12:00, 13:00-15:00"\nclosed = ["2026-12-07..2026-12-08"]\n[imap]'),
        ('["r@support.example"]', '["r@support.example"], hours = { fri = "", closed = ["2026-12-09"] }'),
    )
    gym, rs = (school.team.calendar for school in load(path, ENVIRON).policy.schools)
    assert gym.hours[2] == rs.hours[2] == ((time(8), time(12)), (time(13), time(15)))
    assert (gym.hours[4], rs.hours[4]) == (((time(7, 30), time(16)),), ())
    assert sorted(day.day for day in gym.closed) == [7, 8]
    assert sorted(day.day for day in rs.closed) == [7, 8, 9]
    assert str(gym.timezone) == "Europe/Berlin"


def test_schools_keep_the_holidays_of_the_land_and_second_level_only_the_public_ones(
    write_config: Write,
) -> None:
    policy = load(write_config(("[bot]", '[bot]\nland = "nw"')), ENVIRON).policy
    school, office = policy.schools[0].team.calendar, policy.second_level.calendar
    summer, corpus_christi, weekday = date(2026, 7, 22), date(2026, 6, 4), date(2026, 11, 25)
    assert [school.is_workday(day) for day in (summer, corpus_christi, weekday)] == [False, False, True]
    assert [office.is_workday(day) for day in (summer, corpus_christi, weekday)] == [True, False, True]


def test_times_default_to_those_of_the_core(write_config: Write) -> None:
    assert load(write_config(), ENVIRON).policy.times == Times()
    path = write_config(("[imap]", '[times]\nescalate_hours = 40\ndigest = ""\n[imap]'))
    assert load(path, ENVIRON).policy.times == Times(escalate_hours=40, digest=None)
