"""Kill the bot at random moments and restart it, until all mails are processed."""

import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.forked import ForkedProcess
from tests.support.school import SchoolEnv
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
    lines, said, died = 0, [], False
    log = env.directory / "crash.log"
    log.write_text("")
    process = ForkedProcess(env.arguments(kill.call), Path(os.devnull), errors=log)
    stuck = threading.Timer(STUCK_SECONDS, process.kill)
    stuck.start()
    for line in _lines_until_the_end(process, log):
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
    assert died or finished, f"{kill} ended: {status}\n{chr(10).join(said)}"
    return lines, died


def _lines_until_the_end(process: ForkedProcess, log: Path) -> Iterator[str]:
    """Yield the lines of a log while a process writes it, and those that are there after its end."""
    pause = threading.Event()
    with log.open(encoding="utf-8") as file:
        ended, rest = False, ""
        while not ended:
            ended = process.poll() is not None
            *lines, rest = (rest + file.read()).split("\n")
            yield from lines
            pause.wait(0.005)
