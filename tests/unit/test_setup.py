"""The first lines of the daemon name what a configuration leaves open."""

from dataclasses import replace
from pathlib import Path

from mailbot.check.setup import open_points
from mailbot.config import ImapAccount, Secret, Settings, SmtpAccount
from tests.support.scenario import GYM, POLICY

SETTINGS = Settings(
    file=Path("mailbot.toml"),
    policy=replace(POLICY, schools=(GYM,)),
    state_dir=Path("state"),
    database="sqlite:///mailbot.db",
    imap={"GYM": ImapAccount("mail.example", 993, "tls", "gym", Secret("x"))},
    smtp={"GYM": SmtpAccount("mail.example", 587, "starttls")},
)


def points(settings: Settings) -> str:
    return "\n".join(f"{what}: {todo}" for what, todo in open_points(settings, 2026))


def test_a_new_configuration_says_what_is_missing_and_how_to_get_it() -> None:
    policy = replace(POLICY, operators=(), schools=(replace(GYM, authserv_id=""),))
    said = points(replace(SETTINGS, policy=policy))
    for todo in ("set bot.operators", "proposes imap.authserv_id", "set bot.land", "check --as-service"):
        assert todo in said


def test_a_complete_configuration_has_only_its_servers_to_try() -> None:
    policy = replace(POLICY, operators=("edv@stadt.example",), schools=(replace(GYM, authserv_id="mx"),))
    (line,) = points(replace(SETTINGS, policy=policy, land="NW")).splitlines()
    assert line.startswith("servers are tried now")
