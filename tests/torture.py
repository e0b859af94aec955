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
    """One SIGKILL: of which call, after how many lines of all logs, and how many seconds after that line."""

    call: Call
    moment: int
    seconds: float


def plan(kills: int, work: int, chance: random.Random) -> list[Murder]:
    """Spread the kills at random over the work, counted in lines of the log: one for a mail or a letter."""
    moments = sorted(chance.sample(range(1, int(work * NEAR_THE_END)), kills))
    calls: tuple[Call, ...] = ("run", "once")
    return [Murder(chance.choice(calls), moment, chance.uniform(0, LATEST_SECONDS)) for moment in moments]


def torture(house: House, wave: Flood, kills: int, seed: int) -> None:
    """Have a flood handled while the bot is killed so often at random moments.

    Half of the mails lie there at the start, the others arrive at the running bot.
    """
    half = len(wave.mails) // 2
    pour(house, wave.mails[:half], seed)
    others = iter([wave.mails[half:]])
    work = len(wave.mails) + wave.expected_letters()
    heard = 0
    for murder in plan(kills, work, random.Random(seed)):
        died = False
        while not died:
            lines, died = _live(house, murder, heard, lambda: pour(house, next(others, ()), seed))
            heard += lines
    pour(house, next(others, ()), seed)
    house.call("once")


def _live(house: House, murder: Murder, heard: int, begun: Callable[[], None]) -> tuple[int, bool]:
    """Start the bot and kill it when its time has come; return how many lines it wrote and whether it died.

    What it writes between the line that is its death and the death itself counts, too. A call of `once` may
    end before; one that finds nothing to do any more would do so for ever, hence is an error.
    """
    lines, said = 0, []
    with subprocess.Popen(
        house.command(murder.call), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stderr is not None
        stuck = threading.Timer(STUCK_SECONDS, process.kill)
        stuck.start()
        died = False
        for line in process.stderr:
            said.append(line)
            lines += "outcome=" in line or "state=" in line
            begun()
            if lines and heard + lines >= murder.moment and not died:
                threading.Event().wait(murder.seconds)
                process.kill()
                died = True
        stuck.cancel()
        status = process.wait()
    finished = murder.call == "once" and status == 0 and lines > 0
    assert died or finished, f"{murder} ended: {status}\n{''.join(said)}"
    return lines, died
