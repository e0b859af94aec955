"""Several workers on one PostgreSQL handle a flood in many mailboxes, and are killed at random moments.

    make cluster-test [WORKERS=2] [MAILBOXES=200] [MAILS=2000] [KILLS=10] [SEED=1]

Exit status 0 only if every promise held; how fast it went is printed last.
"""

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from bench.environment import UNLIMITED, Site, number, site
from mailbot.monitoring.status import status
from tests.support.daemon import Daemon
from tests.support.school import ERIKA, MAX, SchoolEnv
from tests.support.workload import Workload, audit, make_workload

STUCK_SECONDS = 60


def main() -> int:
    """Let the workers work; return the exit status."""
    os.environ["DATABASE"] = "postgresql"
    workers, mailboxes = number("WORKERS", 2), number("MAILBOXES", 200)
    mails, kills, seed = number("MAILS", 2000), number("KILLS", 10), number("SEED", 1)
    wave = make_workload(mails, seed)
    with site() as place:
        envs = list(_houses(place, workers, mailboxes))
        boxes = [_address(key) for key in _keys(mailboxes)]
        for box, octets in zip(_boxes_of(wave, boxes), wave.mails, strict=True):
            place.dovecot.deliver(box, octets)
        seconds = _handled(envs, wave, kills, random.Random(seed))
        found = audit(envs[0], wave, kills, boxes)
    for line in found.broken:
        print(f"BROKEN: {line}")
    letters = f"{found.sent} letters of {wave.expected_mails()}, {found.sent_twice} letters twice"
    print(f"{workers} workers, {mailboxes} mailboxes, {mails} mails, {kills} kills, seed {seed}:")
    print(f"{seconds:.0f} s, {mails / seconds:.0f} mails/s; {found.tickets} tickets of {len(wave.threads)},")
    print(f"{found.messages} messages of {mails}, {letters}, {len(found.broken)} promises broken")
    return 1 if found.broken else 0


def _keys(mailboxes: int) -> list[str]:
    return ["GYM", *(f"S{index}" for index in range(mailboxes - 1))]


def _address(key: str) -> str:
    return f"support-{key.lower()}@schule.example"


def _houses(place: Site, workers: int, mailboxes: int) -> Iterator[SchoolEnv]:
    """Give each worker a directory and the same configuration."""
    database = place.postgres.new_database() if place.postgres else ""
    team = f'{{ name = "Team", members = ["{MAX}", "{ERIKA}"] }}'
    schools = [
        f'[[school]]\nkey = "{key}"\nname = "Schule {key}"\naddress = "{_address(key)}"\n'
        f'domains = ["schule.example"]\nimap = {{ username = "{_address(key)}" }}\nteam = {team}\n'
        for key in _keys(mailboxes)[1:]
    ]
    for index in range(workers):
        yield SchoolEnv(
            place.directory / f"worker{index}",
            place.dovecot,
            place.smtp,
            _address("GYM"),
            database=database,
            more="\n".join((UNLIMITED, *schools)),
        )


def _boxes_of(wave: Workload, boxes: Sequence[str]) -> Iterator[str]:
    """Yield the mailbox of each mail: all mails of a thread go to the same one."""
    box_of = {
        message_id: boxes[index % len(boxes)]
        for index, thread in enumerate(wave.threads)
        for message_id in thread
    }
    for index in range(len(wave.mails)):
        yield box_of[f"<mail{index}@schule.example>"]


def _all_sent(outbox: dict[str, int], letters: int) -> bool:
    """Tell whether nothing is left to be sent; what operators are told of the trouble comes besides."""
    return outbox.keys() == {"sent"} and outbox["sent"] >= letters


def _handled(envs: Sequence[SchoolEnv], wave: Workload, kills: int, chance: random.Random) -> float:
    """Run a daemon for each house until all is handled; kill one after so many letters and start it again."""
    letters = wave.expected_mails()
    moments = sorted(chance.sample(range(1, int(letters * 0.9)), kills))
    received, begun = envs[0].smtp.received, time.monotonic()
    with ExitStack() as stack, envs[0].open() as (desk, _):
        daemons = [Daemon(env) for env in envs]
        for daemon in daemons:
            daemon.launch()
            stack.push(daemon)
        while len(received) < letters or not _all_sent(status(desk)["outbox"], letters):
            for daemon in daemons:
                daemon.told()  # else what nobody hears fills the socket, and the daemon waits to be heard
            while moments and len(received) >= moments[0]:
                moments.pop(0)
                victim = chance.choice(daemons)
                victim.kill()
                victim.launch()
            if time.monotonic() - begun > STUCK_SECONDS + len(wave.mails) / 5:
                raise RuntimeError(f"{status(desk)}, {len(received)} of {letters} letters")
            time.sleep(0.1)
        seconds = time.monotonic() - begun
        for daemon in daemons:
            daemon.stop()
    return seconds


if __name__ == "__main__":
    sys.exit(main())
