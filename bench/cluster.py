"""Run several workers on one PostgreSQL with many mailboxes, and kill them at random moments.

    make cluster-test [WORKERS=2] [MAILBOXES=200] [MAILS=2000] [KILLS=10] [RESTARTS=0] [SEED=1]

RESTARTS is how often PostgreSQL is restarted under the workers.

The exit status is 0 only if every promise held. The speed is printed last.
"""

import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from bench.environment import UNLIMITED, Site, number, site
from mailbot.monitoring.status import status
from mailbot.service.desk import Desk
from tests.support.daemon import Daemon
from tests.support.school import ERIKA, MAX, SchoolEnv
from tests.support.workload import Workload, audit, make_workload

STUCK_SECONDS = 60


def main() -> int:
    """Run the cluster; return the exit status."""
    os.environ["DATABASE"] = "postgresql"
    workers, mailboxes = number("WORKERS", 2), number("MAILBOXES", 200)
    mails, kills, seed = number("MAILS", 2000), number("KILLS", 10), number("SEED", 1)
    restarts = number("RESTARTS", 0)
    workload = make_workload(mails, seed)
    with site() as servers:
        envs = list(_environments(servers, workers, mailboxes))
        boxes = [_address(key) for key in _keys(mailboxes)]
        for box, raw in zip(_boxes_of(workload, boxes), workload.mails, strict=True):
            servers.dovecot.deliver(box, raw)
        events = _events(workload, kills, restarts, random.Random(seed))
        seconds = _handled(servers, envs, workload, events)
        found = audit(envs[0], workload, kills + restarts * workers, boxes)
    for line in found.broken:
        print(f"BROKEN: {line}")
    sent_mails = (
        f"{found.sent} mails sent of {workload.expected_mails()}, {found.sent_twice} mails sent twice"
    )
    print(f"{workers} workers, {mailboxes} mailboxes, {mails} mails, seed {seed},")
    print(f"{kills} kills, {restarts} restarts of PostgreSQL:")
    print(
        f"{seconds:.0f} s, {mails / seconds:.0f} mails/s; {found.tickets} tickets of {len(workload.threads)},"
    )
    print(f"{found.messages} messages of {mails}, {sent_mails}, {len(found.broken)} promises broken")
    return 1 if found.broken else 0


def _keys(mailboxes: int) -> list[str]:
    return ["GYM", *(f"S{index}" for index in range(mailboxes - 1))]


def _address(key: str) -> str:
    return f"support-{key.lower()}@schule.example"


def _environments(servers: Site, workers: int, mailboxes: int) -> Iterator[SchoolEnv]:
    """Yield an environment for each worker, all with the same configuration."""
    database = servers.postgres.new_database() if servers.postgres else ""
    team = f'{{ name = "Team", members = ["{MAX}", "{ERIKA}"] }}'
    schools = [
        f'[[school]]\nkey = "{key}"\nname = "Schule {key}"\naddress = "{_address(key)}"\n'
        f'domains = ["schule.example"]\nimap = {{ username = "{_address(key)}" }}\nteam = {team}\n'
        for key in _keys(mailboxes)[1:]
    ]
    for index in range(workers):
        yield SchoolEnv(
            servers.directory / f"worker{index}",
            servers.dovecot,
            servers.smtp,
            _address("GYM"),
            database=database,
            more="\n".join((UNLIMITED, *schools)),
        )


def _boxes_of(workload: Workload, boxes: Sequence[str]) -> Iterator[str]:
    """Yield the mailbox of each mail; all mails of a thread go to the same mailbox."""
    box_of = {
        message_id: boxes[index % len(boxes)]
        for index, thread in enumerate(workload.threads)
        for message_id in thread
    }
    for index in range(len(workload.mails)):
        yield box_of[f"<mail{index}@schule.example>"]


def _all_sent(outbox: dict[str, int], sent_mails: int) -> bool:
    """Return whether every mail is sent; alerts to operators may be there as well."""
    return outbox.keys() == {"sent"} and outbox["sent"] >= sent_mails


@dataclass(frozen=True, order=True)
class _Event:
    """A kill of a worker, or a restart of PostgreSQL, after `moment` mails were sent.

    `worker` is the share of the workers before the killed one; None for a restart.
    """

    moment: int
    worker: float | None = field(compare=False)


def _events(workload: Workload, kills: int, restarts: int, rng: random.Random) -> list[_Event]:
    moments = rng.sample(range(1, int(workload.expected_mails() * 0.9)), kills + restarts)
    return sorted(_Event(moment, rng.random() if n < kills else None) for n, moment in enumerate(moments))


def _outbox(desk: Desk) -> dict[str, int]:
    """Return the counts of the outbox; nothing if the connection was lost by a restart."""
    try:
        outbox: dict[str, int] = status(desk)["outbox"]
    except OperationalError:
        return {}
    return outbox


def _handled(servers: Site, envs: Sequence[SchoolEnv], workload: Workload, events: list[_Event]) -> float:
    """Run a daemon for each environment until all is sent, with kills and restarts at their moments."""
    sent_mails = workload.expected_mails()
    received, begun = envs[0].smtp.received, time.monotonic()
    restarts = sum(event.worker is None for event in events)
    limit = STUCK_SECONDS * (1 + 2 * restarts) + len(workload.mails) / 5
    with ExitStack() as stack, envs[0].open() as (desk, _):
        daemons = [Daemon(env) for env in envs]
        for daemon in daemons:
            daemon.launch()
            stack.push(daemon)
        while len(received) < sent_mails or not _all_sent(_outbox(desk), sent_mails):
            for daemon in daemons:
                daemon.notifications()  # drain the notify socket: a full one blocks the daemon
            while events and len(received) >= events[0].moment:
                _harm(servers, daemons, events.pop(0))
            if time.monotonic() - begun > limit:
                raise RuntimeError(f"{_outbox(desk)}, {len(received)} of {sent_mails} mails")
            time.sleep(0.1)
        seconds = time.monotonic() - begun
        for daemon in daemons:
            daemon.stop()
    return seconds


def _harm(servers: Site, daemons: Sequence[Daemon], event: _Event) -> None:
    if event.worker is not None:
        victim = daemons[int(event.worker * len(daemons))]
        victim.kill()
        victim.launch()
    elif servers.postgres is not None:
        servers.postgres.stop()
        servers.postgres.start()


if __name__ == "__main__":
    sys.exit(main())
