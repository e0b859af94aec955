"""The daemon runs under the restrictions of the systemd unit: no privileges, few system calls."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.fixtures import require
from tests.support.school import LENA, MAX, ROOT, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import MissingError, find_program, wait_until
from tests.support.servers.smtp import RecordingSmtpServer

UNIT = ROOT / "mailbot.service"
# ProtectSystem=strict and StateDirectory=, CapabilityBoundingSet= and NoNewPrivileges=.
CONFINED = """
mount --make-rprivate /
mount --bind "$1" "$1"
awk '{print $2}' /proc/self/mounts | while read -r at; do
    test "$at" = "$1" || mount -o remount,bind,ro "$at" 2>/dev/null || true
done
shift
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
"""
# MemoryDenyWriteExecute=, as the kernel has it since 6.3: prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN).
NO_NEW_CODE = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def confinement() -> list[str | Path]:
    """Return the command that makes all but a directory unwritable, and runs another without privileges."""
    unshare = find_program("unshare", "util-linux")
    find_program("setpriv", "util-linux")
    apart: list[str | Path] = [unshare, "--user", "--map-root-user", "--mount"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        raise MissingError(
            "user namespaces are switched off on this machine (sysctl user.max_user_namespaces)"
        )
    return [*apart, "sh", "-ec", CONFINED, "sh"]


def test_the_daemon_works_where_it_may_write_to_its_state_directory_alone(env: SchoolEnv) -> None:
    state = env.directory / "state"
    confined = [*require(confinement), state, sys.executable, "-c", NO_NEW_CODE]
    for place, allowed in ((env.directory, False), (ROOT, False), (state, True)):
        touched = subprocess.run([*confined, "touch", place / "probe"], capture_output=True, check=False)
        assert (touched.returncode == 0) == allowed, place
    with Daemon(env, within=confined) as daemon:
        env.deliver(problem("Beamer").text("dunkel"))
        daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the team is told")
        assert daemon.stop() == 0
    assert len(env.mails_to(LENA)) == 1


def test_every_system_call_of_the_daemon_is_one_that_the_unit_allows(env: SchoolEnv) -> None:
    strace = require(partial(find_program, "strace", "strace"))
    allowed = allowed_calls()
    trace = env.directory / "trace"
    with Daemon(env, within=[strace, "-f", "-qq", "-o", trace]) as daemon:
        env.deliver(problem("Beamer").text("dunkel"))
        daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the team is told")
        env.call("status")
        (child,) = Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text("ascii").split()
        subprocess.run(["kill", child], check=True)
        wait_until(lambda: daemon.logged("stopped") > 0, 60)
    made = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text("utf-8", errors="replace"), re.M))
    assert {"openat", "sendto", "fdatasync"} & made, "the trace tells what was done"
    only_root_s = {"fchown"} if os.geteuid() == 0 else set()  # by which SQLite gives its files their owner
    assert made - allowed - only_root_s == set()


def allowed_calls() -> set[str]:
    """Return the system calls that the unit's SystemCallFilter= lines leave."""
    analyze = require(partial(find_program, "systemd-analyze", "systemd"))
    printed = subprocess.run([analyze, "syscall-filter"], capture_output=True, text=True, check=True).stdout
    sets: dict[str, list[str]] = {}
    members: list[str] = []
    for line in printed.splitlines():
        if line.startswith("@"):
            members = sets.setdefault(line.strip(), [])
        elif line.strip() and not line.strip().startswith("#"):
            members.append(line.strip())
    found: set[str] = set()
    for line in UNIT.read_text("utf-8").splitlines():
        if line.startswith("SystemCallFilter="):
            names = line.partition("=")[2]
            calls = set(expanded(names.removeprefix("~").split(), sets))
            found = found - calls if names.startswith("~") else found | calls
    return found


def expanded(names: Iterable[str], sets: dict[str, list[str]]) -> Iterable[str]:
    for name in names:
        yield from expanded(sets[name], sets) if name.startswith("@") else (name,)
