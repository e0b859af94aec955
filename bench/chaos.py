"""Harm the environment of a daemon that processes many mails, and check their effects.

    make chaos-test PART=read-only [MAILS=60] [SECONDS=60] [SEED=1]
    make chaos-test PART=clock LIBFAKETIME=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1

`read-only` makes the state directory immutable for a while; it needs root and ext4. `clock` sets the daemon's
clock by an hour forwards and backwards, by the library libfaketime. `bench.cluster` restarts PostgreSQL under
its workers. Exit status 0 only if every promise held.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.environment import fresh_school, number
from mailbot.service.operations import OperationError
from tests.support.daemon import Daemon
from tests.support.school import SchoolEnv
from tests.support.workload import Workload, audit, deliver, make_workload

JUMPS = ("+1h", "+0", "-1h", "+0")
STUCK_SECONDS = 300


def main() -> int:
    """Run one part; return the exit status."""
    part, mails, seed = os.environ.get("PART", "read-only"), number("MAILS", 60), number("SEED", 1)
    workload = make_workload(mails, seed)
    with fresh_school() as env:
        begin = time.monotonic()
        PARTS[part](env, workload)
        seconds = time.monotonic() - begin
        found = audit(env, workload, kills=len(JUMPS))
    for line in found.broken:
        print(f"BROKEN: {line}")
    print(
        f"{part}: {mails} mails, seed {seed}, {seconds:.0f} s: {found.tickets} tickets of"
        f" {len(workload.threads)}, {found.messages} messages of {mails}, {found.sent} mails sent of"
        f" {workload.expected_mails()}, {found.sent_twice} sent twice, {len(found.broken)} promises broken"
    )
    return 1 if found.broken else 0


def _read_only(env: SchoolEnv, workload: Workload) -> None:
    state, half = env.directory / "state", len(workload.mails) // 2
    with Daemon(env) as daemon:
        deliver(env, workload.mails[:half])
        daemon.wait_logged("outcome=opened")
        with _immutable(state):
            deliver(env, workload.mails[half:])
            time.sleep(number("SECONDS", 60))
        _wait_until_sent(env, daemon, workload)
        daemon.stop()


@contextmanager
def _immutable(directory: Path) -> Iterator[None]:
    """Refuse every write to the files of a directory, also by descriptors that are open.

    SQLite maps the -shm file into memory: without it, the kernel would end the process by SIGBUS.
    """
    files = [directory, *(file for file in directory.iterdir() if not file.name.endswith("-shm"))]
    subprocess.run(["chattr", "+i", *files], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", *files], check=True)


def _clock(env: SchoolEnv, workload: Workload) -> None:
    env.directory.mkdir(parents=True, exist_ok=True)
    offset = env.directory / "offset"
    offset.write_text("+0")
    settings = {
        "LD_PRELOAD": os.environ["LIBFAKETIME"],
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    within = ["env", *(f"{name}={value}" for name, value in settings.items())]
    with Daemon(env, within=within) as daemon:
        for jump, mails in zip(JUMPS, _parts(workload.mails, len(JUMPS)), strict=True):
            deliver(env, mails)
            time.sleep(1)
            offset.write_text(jump)
            time.sleep(5)
        with suppress(OperationError):  # it was sent meanwhile
            env.make_due()  # mails that were written an hour ahead
        _wait_until_sent(env, daemon, workload)
        daemon.stop()


def _parts(mails: Sequence[bytes], count: int) -> Iterator[Sequence[bytes]]:
    size = -(-len(mails) // count)
    return (mails[at * size : (at + 1) * size] for at in range(count))


def _wait_until_sent(env: SchoolEnv, daemon: Daemon, workload: Workload) -> None:
    """Wait until all notifications are sent; fail with the log of the daemon."""

    def sent() -> bool:
        daemon.notifications()  # drain the notify socket: a full one blocks the daemon
        outbox: dict[str, int] = env.status()["outbox"]
        return outbox.keys() == {"sent"} and outbox["sent"] >= workload.expected_mails()

    daemon.wait(sent, "everything is sent", STUCK_SECONDS)


PARTS = {"read-only": _read_only, "clock": _clock}

if __name__ == "__main__":
    sys.exit(main())
