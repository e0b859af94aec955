"""Passwords come from where only their owner reads them, and are shown nowhere."""

import subprocess
from pathlib import Path

import pytest

from mailbot.config import ConfigurationError, load
from tests.house import LENA, ROOT, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import PASSWORD as SMTP_PASSWORD
from tests.servers.smtp import SmtpServer

WRONG = "Falsch-geraten-4711"


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school with servers that want logins."""
    return House(tmp_path, dovecot, smtp_server, user)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_password_that_others_can_read_is_refused_with_the_cure(house: House, mode: int) -> None:
    file = house.directory / "smtp"
    file.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {file}"):
        load(house.config, {})


def test_systemd_sees_to_its_credentials_itself(house: House, tmp_path: Path) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "smtp").write_text("from systemd")
    (credentials / "smtp").chmod(0o644)
    settings = load(house.config, {"CREDENTIALS_DIRECTORY": str(credentials)})
    password = settings.smtp["GYM"].password
    assert password is not None
    assert password.get() == "from systemd"
    assert "from systemd" not in repr(settings)


def test_a_whole_run_leaves_no_password_anywhere_whether_right_or_wrong(house: House) -> None:
    house.deliver(problem().text("dunkel"))
    said = run(house, "once")
    (house.directory / "imap").write_text(WRONG)
    said += run(house, "once") + run(house, "check") + run(house, "status", "--json")
    assert len(house.letters(LENA)) == 1, "the right password was used"
    assert "login" in said, "the wrong password was tried"
    files = [p for p in (house.directory / "state").rglob("*") if p.is_file()]
    haystack = [said.encode(), *(p.read_bytes() for p in files), *(r.octets for r in house.smtp.received)]
    for password in (SMTP_PASSWORD, WRONG):
        assert not [octets for octets in haystack if password.encode() in octets]


def run(house: House, *args: str) -> str:
    """Run mailbot; return all that it says, logs included."""
    done = subprocess.run(house.command(*args), capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout + done.stderr
