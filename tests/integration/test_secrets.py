"""Passwords are read from protected files only, and are shown nowhere."""

from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, load
from tests.support.forked import run_forked
from tests.support.school import LENA, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.support.servers.smtp import RecordingSmtpServer

WRONG = "Falsch-geraten-4711"


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school with servers that want logins."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_password_that_others_can_read_is_refused_with_the_cure(env: SchoolEnv, mode: int) -> None:
    file = env.directory / "smtp"
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {file}"):
        load(env.config, {})


def test_a_credential_of_systemd_may_have_any_mode(env: SchoolEnv, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smtp").write_text("from systemd")
    (credentials / "smtp").chmod(0o644)
    settings = load(env.config, {"CREDENTIALS_DIRECTORY": str(credentials)})
    password = settings.smtp["GYM"].password
    assert password is not None
    assert password.get() == "from systemd"
    assert "from systemd" not in repr(settings)


def test_a_whole_run_leaves_no_password_anywhere_whether_right_or_wrong(env: SchoolEnv) -> None:
    env.deliver(problem().text("dunkel"))
    said = run(env, "once")
    (env.directory / "imap").write_text(WRONG)
    said += run(env, "once") + run(env, "check") + run(env, "status", "--json")
    assert len(env.mails_to(LENA)) == 1, "the right password was used"
    assert "login" in said, "the wrong password was tried"
    files = [p for p in (env.directory / "state").rglob("*") if p.is_file()]
    haystack = [said.encode(), *(p.read_bytes() for p in files), *(r.raw for r in env.smtp.received)]
    for password in (SMTP_PASSWORD, WRONG):
        assert not [raw for raw in haystack if password.encode() in raw]


def run(env: SchoolEnv, *args: str) -> str:
    """Run mailbot; return all that it says, logs included."""
    done = run_forked(*env.arguments(*args))
    return done.stdout + done.stderr
