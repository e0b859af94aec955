"""Kill the bot at random moments and restart it, until all mails are processed."""

import random
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.support.school import ROOT, SchoolEnv
from tests.support.workload import Workload, deliver

NEAR_THE_END = 0.9
LATEST_SECONDS = 0.05
STUCK_SECONDS = 120

Call = Literal["run", "once"]


@dataclass(frozen=True, slots=True)
class Kill:
    """One SIGKILL: the call, the number of log lines before it, and the seconds after that line."""

    call: Call
    moment: int
    seconds: float


def plan(kills: int, work: int, rng: random.Random) -> list[Kill]:
    """Spread the kills at random over the work, counted in log lines: one per mail in either direction."""
    moments = sorted(rng.sample(range(1, int(work * NEAR_THE_END)), kills))
    calls: tuple[Call, ...] = ("run", "once")
    return [Kill(rng.choice(calls), moment, rng.uniform(0, LATEST_SECONDS)) for moment in moments]


def run_until_done(env: SchoolEnv, workload: Workload, kills: int, seed: int) -> None:
    """Process a workload while the bot is killed `kills` times at random moments.

    Half of the mails are there at the start; the others arrive while the bot runs.
    """
    half = len(workload.mails) // 2
    deliver(env, workload.mails[:half], seed)
    others = iter([workload.mails[half:]])
    work = len(workload.mails) + workload.expected_mails()
    heard = 0
    for kill in plan(kills, work, random.Random(seed)):
        died = False
        while not died:
            lines, died = _live(env, kill, heard, lambda: deliver(env, next(others, ()), seed))
            heard += lines
    deliver(env, next(others, ()), seed)
    env.call("once")


def _live(env: SchoolEnv, kill: Kill, heard: int, begun: Callable[[], None]) -> tuple[int, bool]:
    """Start the bot and kill it at its moment; return the number of lines it wrote and whether it died.

    Lines between the chosen line and the kill count, too. A call of `once` may
    end earlier; a call that finds nothing to do would repeat indefinitely, so it is an error.
    """
    lines, said = 0, []
    with subprocess.Popen(
        env.command(kill.call), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        stuck = threading.Timer(STUCK_SECONDS, process.kill)
        stuck.start()
        died = False
        for line in process.stderr:
            said.append(line)
            lines += "outcome=" in line or "state=" in line
            begun()
            if lines and heard + lines >= kill.moment and not died:
                threading.Event().wait(kill.seconds)
                process.kill()
                died = True
        stuck.cancel()
        status = process.wait()
    finished = kill.call == "once" and status == 0 and lines > 0
    assert died or finished, f"{kill} ended: {status}\n{''.join(said)}"
    return lines, died
