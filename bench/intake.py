"""A full mailbox becomes tickets, messages and letters: the daemon against the floor, in turns."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from bench.environment import Site, site
from bench.mails import letters_of, mix
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, ROOT, SchoolEnv
from tests.support.servers.dovecot import PASSWORD


def figures(mails: int, rounds: int) -> Iterator[Figure]:
    """Handle so many mails in turns by the floor and by the daemon; yield their medians."""
    floors, bots = [], []
    octets = mix(mails)
    with site(login=False) as place:
        for _ in range(rounds):
            floors.append(mails / floor_seconds(place, octets))
            bots.append(mails / handled_seconds(place.env(team=(MAX,)), octets))
    floor, bot = median(floors), median(bots)
    letters = letters_of(octets)
    yield Figure("intake, floor: one notification a mail", f"{floor:.0f} mails/s")
    yield Figure(f"intake, mailbot: {letters / mails:.1f} letters a mail", f"{bot:.0f} mails/s", bot / floor)


def floor_seconds(place: Site, octets: list[bytes]) -> float:
    """Return how long the floor takes for these mails, from when it is loaded to its last notification."""
    user = place.env().address
    place.dovecot.deliver(user, *octets)
    before = len(place.smtp.received)
    ports = [str(place.dovecot.tls_port), user, PASSWORD, str(place.smtp.port)]
    files = [str(place.authority.ca_file), str(place.directory / f"{user}.db")]
    command = [sys.executable, "-m", "bench.baseline", *ports, *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        if process.stdout is not None:
            process.stdout.readline()
        begin = datetime.now(UTC)
    handed_in = place.smtp.received[before:]
    if process.returncode or len(handed_in) != len(octets):
        raise RuntimeError(f"the floor handed in {len(handed_in)} of {len(octets)} notifications")
    return (handed_in[-1].at - begin).total_seconds()


def handled_seconds(env: SchoolEnv, octets: list[bytes]) -> float:
    """Return how long a daemon takes for these mails, from when it is ready to the last of all letters."""
    env.deliver(*octets)
    sent, letters = env.smtp.received, letters_of(octets)
    before = len(sent)
    with Daemon(env) as daemon:
        begin = datetime.now(UTC)
        daemon.wait(lambda: len(sent) - before >= letters, f"{letters} letters", seconds=1800)
        daemon.stop()
    return (sent[before + letters - 1].at - begin).total_seconds()
