"""Kill the bot at random moments and start it again, until a flood of mails is handled."""

import random
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.flood import Flood, pour
from tests.house import ROOT, House

NEAR_THE_END = 0.9
LATEST_SECONDS = 0.05
STUCK_SECONDS = 120

Call = Literal["run", "once"]


@dataclass(frozen=True, slots=True)
class Murder:
    """One SIGKILL: of which call, after how many lines of its log, and how many seconds after that line."""

    call: Call
    lines: int
    seconds: float


def plan(kills: int, work: int, chance: random.Random) -> list[Murder]:
    """Spread the kills at random over the work, counted in lines of the log: one for a mail or a letter."""
    moments = sorted(chance.sample(range(1, int(work * NEAR_THE_END)), kills))
    calls: tuple[Call, ...] = ("run", "once")
    return [
        Murder(chance.choice(calls), moment - earlier, chance.uniform(0, LATEST_SECONDS))
        for earlier, moment in zip([0, *moments], moments, strict=False)
    ]


def torture(house: House, wave: Flood, kills: int, seed: int) -> None:
    """Have a flood handled while the bot is killed so often at random moments.

    Half of the mails lie there at the start, the others arrive at the running bot.
    """
    half = len(wave.mails) // 2
    pour(house, wave.mails[:half], seed)
    others = iter([wave.mails[half:]])
    work = len(wave.mails) + wave.expected_letters()
    for murder in plan(kills, work, random.Random(seed)):
        left = murder.lines
        while left > 0:
            left = _kill(house, murder, left, lambda: pour(house, next(others, ()), seed))
    pour(house, next(others, ()), seed)
    house.call("once")


def _kill(house: House, murder: Murder, left: int, begun: Callable[[], None]) -> int:
    """Start the bot and kill it after so many lines; return how many are left, for `once` may end before."""
    with subprocess.Popen(
        house.command(murder.call), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        stuck = threading.Timer(STUCK_SECONDS, process.kill)
        stuck.start()
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            left -= "outcome=" in line or "state=" in line
            begun()
            if left <= 0:
                threading.Event().wait(murder.seconds)
                process.kill()
                break
        stuck.cancel()
        status = process.wait()
    assert left <= 0 or (murder.call == "once" and status == 0), f"{murder} ended: {status}\n{''.join(said)}"
    return left
