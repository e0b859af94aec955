"""The first lines of the daemon name what a configuration leaves open."""

import os
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailbot import check, holidays, systemd
from mailbot.check import open_points
from mailbot.cli import app
from mailbot.config import ImapAccount, Secret, Settings, SmtpAccount
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Policy, Team
from tests.support.scenario import EDV, GYM, POLICY

SETTINGS = Settings(
    file=Path("mailbot.toml"),
    policy=replace(POLICY, schools=(GYM,)),
    state_dir=Path("state"),
    database="sqlite:///mailbot.db",
    imap={"GYM": ImapAccount("mail.example", 993, "tls", "gym", Secret("x"))},
    smtp={"GYM": SmtpAccount("mail.example", 587, "starttls")},
)


def points(settings: Settings, *, service: bool = True) -> str:
    return "\n".join(f"{what}: {todo}" for what, todo in open_points(settings, 2026, service=service))


def test_a_new_configuration_says_what_is_missing_and_how_to_get_it() -> None:
    policy = replace(POLICY, operators=(), schools=(replace(GYM, authserv_id=""),))
    said = points(replace(SETTINGS, policy=policy))
    for todo in ("set bot.operators", "proposes imap.authserv_id", "set bot.land", "check --as-service"):
        assert todo in said


def test_a_complete_configuration_has_only_its_servers_to_try() -> None:
    policy = replace(POLICY, operators=(Address(EDV),), schools=(replace(GYM, authserv_id="mx"),))
    (line,) = points(replace(SETTINGS, policy=policy, land="NW")).splitlines()
    assert line.startswith("servers are tried now")
    assert line.endswith(": mailbot check --as-service")
    complete = replace(SETTINGS, policy=policy, land="NW")
    assert points(complete, service=False).endswith(": mailbot check"), "a container has no systemd"


def in_land(land: str, *closed: date) -> Settings:
    calendar = Calendar(closed=frozenset({*closed, *(holidays.school(land) if land else ())}))
    team = Team("Team", (), calendar)
    policy = Policy("Support", (replace(GYM, team=team),), team)
    return replace(SETTINGS, policy=policy, land=land)


def test_check_reports_that_no_land_is_set() -> None:
    found = check.school_holidays(in_land(""), 2026)
    assert found.ok
    assert "bot.land is not set" in found.text


def test_check_reports_missing_years_until_days_off_are_configured() -> None:
    assert check.school_holidays(in_land("NW"), 2027).ok
    missing = check.school_holidays(in_land("NW"), 2029)
    assert not missing.ok
    assert "of NW in 2029 and 2030 are not all known" in missing.text
    given = in_land("NW", date(2029, 12, 21), date(2030, 12, 23))
    assert check.school_holidays(given, 2029).ok


def test_systemd_runs_a_process_only_if_it_names_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, expected in ((str(os.getpid()), True), ("1", False), ("", False)):
        monkeypatch.setenv("SYSTEMD_EXEC_PID", number)  # a shell below a service inherits it
        assert systemd.is_service() is expected


UNIT = """\
# /usr/lib/systemd/system/mailbot.service
[Service]
User=mailbot
ExecStart=/usr/bin/env mailbot run
# DynamicUser=yes \\
Environment=MAILBOT_CONFIG=/etc/mailbot/mailbot.toml \\
; Group=mail
    LANG=C.UTF-8
# /etc/systemd/system/mailbot.service.d/override.conf
EnvironmentFile=/etc/mailbot/passwords.env
"""


def test_a_check_as_the_service_asks_systemd_to_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []

    def cat(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 0, UNIT, "")

    def call(command: list[str]) -> int:
        called.append(command)
        return 7

    monkeypatch.setattr(subprocess, "run", cat)
    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    result = CliRunner().invoke(app, ["check", "--as-service", "--roundtrip"])
    assert result.exit_code == 7, "the status of the check"
    assert called[0] == ["systemctl", "cat", "mailbot"]
    environment = "Environment=MAILBOT_CONFIG=/etc/mailbot/mailbot.toml      LANG=C.UTF-8"
    expected = [
        "systemd-run",
        "--pipe",
        "--wait",
        "--collect",
        "--quiet",
        "-p",
        "User=mailbot",
        "-p",
        environment,
    ]
    expected += ["-p", "EnvironmentFile=/etc/mailbot/passwords.env"]
    assert called[1] == [*expected, "/usr/bin/env", "mailbot", "check", "--roundtrip"]

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    result = CliRunner().invoke(app, ["check", "--as-service"])
    assert result.exit_code == 1
    assert result.stderr.startswith("run this as root: systemd-run --pipe --wait")
    assert "'Environment=MAILBOT_CONFIG=" in result.stderr, "quoted for a shell"
    assert len(called) == 3


def test_a_check_as_the_service_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[tuple[OSError | subprocess.CalledProcessError, str]] = [
        (FileNotFoundError(2, "No such file or directory", "systemctl"), "--as-service needs systemd"),
        (
            subprocess.CalledProcessError(1, "systemctl", stderr="No files found."),
            "is not installed: No files",
        ),
    ]
    for failure, expected in failures:

        def fail(*_: object, failure: Exception = failure, **__: object) -> None:
            raise failure

        monkeypatch.setattr(subprocess, "run", fail)
        result = CliRunner().invoke(app, ["check", "--as-service"])
        assert (result.exit_code, expected in result.stderr) == (1, True)
