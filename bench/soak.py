"""Simulate a week of mail while network and servers fail at random; check that resource use stays flat.

    make soak-test [MAILS=350] [SEED=1]

A day is a seventh of the mails, delivered in bursts. The exit status is 0 only if every mail had its expected
effect. Memory, descriptors and threads of the last day must also equal those of the second day.
"""

import random
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.environment import fresh_school, number
from tests.support.daemon import Daemon
from tests.support.school import SchoolEnv
from tests.support.servers.fault_proxy import Fault, FaultProxy
from tests.support.servers.process import wait_until
from tests.support.workload import Workload, audit, make_workload

DAYS = 7
BURST = 10
FAULTS = (
    Fault("cut", "to client", 1_000),
    Fault("cut", "to server", 700),
    Fault("cut", "to client", 9_000),
    Fault("split", "to client", 3_000),
    Fault("corrupt", "to client", 6_000),
    Fault("delay", "to client", 0),
)
FLAT = 1.15  # the last day may use this many times as much as the second
SPARE = 2  # additional threads and descriptors: the pool that resolves host names grows slowly


@dataclass(frozen=True, slots=True)
class Usage:
    """The resources of a process: resident kilobytes, open descriptors, threads."""

    kilobytes: int
    descriptors: int
    threads: int


def usage(pid: int) -> Usage:
    """Return the present resource use of a process."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Usage(int(fields["VmRSS"].split()[0]), descriptors, int(fields["Threads"]))


def main() -> int:
    """Run the simulation; return the exit status."""
    mails, seed = number("MAILS", 350), number("SEED", 1)
    workload = make_workload(mails, seed, pause=2 * -(-mails // DAYS))
    with (
        fresh_school("poll_seconds = 5") as env,
        FaultProxy(env.dovecot.tls_port) as imap,
        FaultProxy(env.smtp.port) as smtp,
    ):
        env.use_ports(imap.port, smtp.port)
        with Daemon(env) as daemon:
            used = list(days(env, workload, (imap, smtp), daemon.pid, random.Random(seed)))
            daemon.stop()
        env.make_due()
        env.call("once")
        found = audit(env, workload, kills=mails)
    for day, one in enumerate(used, 1):
        print(f"day {day}: {one.kilobytes // 1024} MB, {one.descriptors} descriptors, {one.threads} threads")
    grown = [
        name
        for name in Usage.__slots__
        if getattr(used[-1], name) > FLAT * getattr(used[1], name) + (SPARE if name != "kilobytes" else 0)
    ]
    for line in (*found.broken, *(f"{name} grew" for name in grown)):
        print(f"BROKEN: {line}")
    print(
        f"{mails} mails, {imap.harmed + smtp.harmed} connections broken: {found.tickets} tickets of"
        f" {len(workload.threads)}, {found.messages} messages of {mails}, {found.sent} mails sent of"
        f" {workload.expected_mails()}, {found.sent_twice} mails sent twice"
    )
    return 1 if found.broken or grown else 0


def days(
    env: SchoolEnv, workload: Workload, proxies: tuple[FaultProxy, FaultProxy], pid: int, rng: random.Random
) -> Iterator[Usage]:
    """Run each day; yield the resource use of the daemon at its end."""
    each = -(-len(workload.mails) // DAYS)
    for start in range(0, len(workload.mails), each):
        today = workload.mails[start : start + each]
        for at in range(0, len(today), BURST):
            env.dovecot.deliver(env.address, *today[at : at + BURST])
            trouble(proxies, rng)
        wait_until(partial(_is_filed, env, start + len(today)), seconds=300)
        yield usage(pid)


def trouble(proxies: tuple[FaultProxy, FaultProxy], rng: random.Random) -> None:
    """Inject one fault for a moment."""
    proxy = rng.choice(proxies)
    proxy.fault = rng.choice(FAULTS)
    if rng.random() < 0.2:
        proxy.cut_all()
    threading.Event().wait(rng.uniform(0.5, 2))
    proxy.fault = None


def _is_filed(env: SchoolEnv, mails: int) -> bool:
    return filed(env) >= mails


def filed(env: SchoolEnv) -> int:
    """Count the mails that were processed and filed."""
    try:
        return len(env.dovecot.mails(env.address, "Mailbot/Done"))
    except LookupError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
