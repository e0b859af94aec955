"""Files that root creates in the state directory belong to the owner of the directory.

Without root there is one user only; then these tests say that the calls work.
"""

import os
import shutil
from pathlib import Path

import pytest

from mailbot.store.state_files import restore_ownership
from tests.support.daemon import Daemon
from tests.support.school import SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

SERVICE = 12_345 if os.geteuid() == 0 else os.geteuid()


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school whose state directory is that of the service, and empty."""
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    shutil.rmtree(tmp_path / "state")
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", SERVICE, -1)
    return env


def owners(env: SchoolEnv) -> dict[str, int]:
    """Return the owner of each file in the state directory, by name."""
    return {path.name: path.stat().st_uid for path in (env.directory / "state").rglob("*")}


def foreign(env: SchoolEnv) -> list[str]:
    """Return the files that the service does not own."""
    found = owners(env)
    assert found
    return [name for name, owner in found.items() if owner != SERVICE]


@pytest.mark.parametrize(
    "call",
    [
        "once",
        "status",
        "status --probe",
        "tickets",
        "show GYM-1",
        "audit",
        "report",
        "invite",
        "outbox",
        "outbox show 1",
        "quarantine",
        "blocked",
        "disclose lena@schule.example",
        "forget lena@schule.example",
        "explain --config {directory}/mailbot.toml {directory}/mail.eml",
        "backup {directory}/state/copy.db",
    ],
)
def test_files_created_by_root_belong_to_the_service_user(
    env: SchoolEnv, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(env.directory)  # `disclose` writes to the current directory
    (env.directory / "mail.eml").write_bytes(problem().text("dunkel").build())
    done = env.run(*call.format(directory=env.directory).split())
    assert "Traceback" not in done.stderr
    assert done.exit_code in (0, 1, 2), done.stderr  # 2: the probe says that nothing was read
    assert foreign(env) == []


def test_check_by_root_creates_nothing(env: SchoolEnv) -> None:
    state = env.directory / "state"
    assert "database: none yet: the daemon creates it" in env.call("check")
    assert list(state.iterdir()) == []
    state.rmdir()
    assert "database: none yet: the daemon creates it" in env.call("check")
    assert not state.exists()


def test_files_restored_by_root_belong_to_the_service_user(env: SchoolEnv) -> None:
    file = env.directory / "backup"
    env.call("backup", str(file))
    env.call("restore", str(file))
    assert foreign(env) == []


def test_files_of_a_killed_root_daemon_belong_to_the_service_user(env: SchoolEnv) -> None:
    with Daemon(env, forked=True) as daemon:
        daemon.kill()
    assert {"lock", "worker", "mailbot.db", "mailbot.db-wal", "mailbot.db-shm"} <= owners(env).keys()
    assert foreign(env) == []


def test_ownership_is_restored_for_directories_and_not_for_link_targets(env: SchoolEnv) -> None:
    state, outside = env.directory / "state", env.directory / "outside"
    outside.write_text("")
    (state / "tokens").mkdir()
    (state / "tokens" / "token.json").write_text("")
    (state / "symbolic").symlink_to(outside)
    os.link(outside, state / "hard")
    restore_ownership(state)
    assert (state / "tokens").stat().st_uid == SERVICE
    assert (state / "tokens" / "token.json").stat().st_uid == SERVICE
    assert outside.stat().st_uid == os.geteuid()
