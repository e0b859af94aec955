"""Measure the idle daemon with few and with many mailboxes under IDLE."""

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.environment import Site, further_schools, site
from bench.results import Figure
from tests.support.daemon import Daemon

SETTLES_SECONDS = 2
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def figures(sizes: Sequence[int], seconds: float) -> Iterator[Figure]:
    """Measure each number of mailboxes for `seconds`."""
    with site() as servers:
        least = 0.0
        for mailboxes in sizes:
            resident, processor = measure_idle(servers, mailboxes, seconds)
            least = least or resident
            said = f"{resident:.0f} MB, {processor:.2%} of a core"
            yield Figure(f"at rest, mailboxes under IDLE: {mailboxes}", said, resident / least)


def measure_idle(servers: Site, mailboxes: int, seconds: float) -> tuple[float, float]:
    """Return memory in MB and the share of one core while the daemon watches all mailboxes."""
    env = servers.env(more=further_schools(mailboxes - 1))

    def all_watched() -> bool:
        return all(box["last_success"] for box in env.status()["mailboxes"])

    with Daemon(env) as daemon:
        daemon.wait(all_watched, f"{mailboxes} mailboxes are watched", seconds=300)
        time.sleep(SETTLES_SECONDS)
        before = _processor_seconds(daemon.pid)
        time.sleep(seconds)
        share = (_processor_seconds(daemon.pid) - before) / seconds
        resident = memory(daemon.pid)
        daemon.stop()
    return resident, share


def memory(pid: int, which: str = "VmRSS") -> float:
    """Return the memory of a process in MB: resident, or with VmHWM the most so far (proc(5), status)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{which}:")) / 1024


def _processor_seconds(pid: int) -> float:
    """Return how long a process has run on a processor (proc(5), stat: utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
