"""The notifications to systemd, and the unit file."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from mailbot import systemd

UNIT = Path(__file__).parents[2] / "mailbot.service"
WITH_SYSTEMD = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: apt install systemd"
)


@pytest.fixture(params=["in the file system", "abstract"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """Listen where systemd would."""
    path = str(tmp_path / "notify") if request.param == "in the file system" else f"@mailbot-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(10)
        listener.bind(path.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        yield listener


def test_ready_and_its_status_are_sent_in_one_datagram(manager: socket.socket) -> None:
    assert systemd.ready("watching 3 mailboxes")
    assert manager.recv(4096) == b"READY=1\nSTATUS=watching 3 mailboxes"


def test_a_line_break_in_a_status_begins_no_assignment_of_its_own(manager: socket.socket) -> None:
    systemd.status("stuck\r\nMAINPID=1")
    assert manager.recv(4096) == b"STATUS=stuck MAINPID=1"


def test_the_watchdog_is_pinged(manager: socket.socket) -> None:
    systemd.alive()
    assert manager.recv(4096) == b"WATCHDOG=1"


def test_the_shutdown_is_reported(manager: socket.socket) -> None:
    systemd.stopping("finishing 2 mails")
    assert manager.recv(4096) == b"STOPPING=1\nSTATUS=finishing 2 mails"


def test_a_reload_says_when_it_began(manager: socket.socket) -> None:
    before = time.monotonic_ns() // 1000
    systemd.reloading()
    reloading, _, began = manager.recv(4096).decode().partition("\nMONOTONIC_USEC=")
    assert reloading == "RELOADING=1"
    assert before <= int(began) <= time.monotonic_ns() // 1000


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not systemd.ready("watching")


def test_a_missing_socket_of_systemd_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        systemd.alive()


def test_the_watchdog_is_pinged_twice_in_its_interval_if_it_is_ours(
    subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch
) -> None:
    for allowed, for_whom, seconds in [
        ("60000000", "", 30.0),
        ("60000000", "us", 30.0),
        ("60000000", "1", None),
        ("0", "", None),
        ("", "", None),
        ("soon", "", None),
    ]:
        with subtests.test(allowed=allowed, for_whom=for_whom):
            monkeypatch.setenv("WATCHDOG_USEC", allowed)
            monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if for_whom == "us" else for_whom)
            assert systemd.watchdog_seconds() == seconds


def test_a_call_as_the_service_has_its_user_its_state_and_its_passwords() -> None:
    drop_in = "\n# override.conf\n[Service]\nLoadCredential=gym:/etc/credstore/gym\n"
    command = systemd.as_service(UNIT.read_text("utf-8") + drop_in, ["check"])
    assert command[-3:] == ["/usr/bin/env", "mailbot", "check"]
    assert "--collect" in command
    given = [word for option, word in pairwise(command) if option == "-p"]
    assert {"DynamicUser=yes", "User=mailbot", "StateDirectory=mailbot"} <= set(given)
    assert [word for word in given if word.startswith("LoadCredential=")] == [
        "LoadCredential=passwords:/etc/mailbot/passwords",
        "LoadCredential=gym:/etc/credstore/gym",
    ]
    assert "Environment=MAILBOT_CONFIG=/etc/mailbot/mailbot.toml" in given
    assert not any(word.startswith(("ExecStart", "Restart")) for word in given)


@WITH_SYSTEMD
def test_systemd_reports_no_problem_of_the_unit() -> None:
    verify = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False)
    assert (verify.returncode, verify.stdout, verify.stderr) == (0, "", "")


@WITH_SYSTEMD
def test_the_unit_exposes_no_more_than_a_mail_client_needs() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=12", "--no-pager", str(UNIT)]
    security = subprocess.run(command, capture_output=True, text=True, check=False)
    assert security.returncode == 0, security.stdout + security.stderr
