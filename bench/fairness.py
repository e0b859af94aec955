"""How long a school waits for its single mail while another school has thousands in its mailbox."""

from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from bench.environment import Site, further_schools, site
from bench.mails import mix
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, ReceivedMail, SchoolEnv, problem

OTHER = "support-s0@schule.example"
SINGLE_MAILS = 10
FLOWING = 50  # letters, from which on the flood is being handled


def figures(mails: int) -> Iterator[Figure]:
    """Let a school with a few mails be alone, and then beside one with so many."""
    with site(login=False) as place:
        alone = median(_waited(place, 0))
        flooded = _waited(place, mails)
    beside = f"median {median(flooded):.2f} s, longest {max(flooded):.2f} s"
    yield Figure("fairness, a single mail of a school alone", f"median {alone:.2f} s")
    yield Figure(f"fairness, beside a school with {mails:,} mails", beside, median(flooded) / alone)


def _waited(place: Site, mails: int) -> list[float]:
    """Return how long the team waited for each of a few mails, delivered one after the other."""
    env = place.env(team=(MAX,), more=further_schools(1))
    env.deliver(*mix(mails))
    before = len(place.smtp.received)
    with Daemon(env) as daemon:
        if mails:
            daemon.wait(lambda: len(place.smtp.received) > before + FLOWING, "the flood flows")
        taken = [_wait(env, daemon, f"einzeln{mails}-{number}") for number in range(SINGLE_MAILS)]
        daemon.kill()
    return taken


def _wait(env: SchoolEnv, daemon: Daemon, name: str) -> float:
    """Deliver a mail to the other school; return after how many seconds its team was told."""
    begin, seen = datetime.now(UTC), len(env.smtp.received)
    mail = problem(f"Beamer ({name})", f"{name}@schule.example").text("Er bleibt dunkel.\n")
    env.dovecot.deliver(OTHER, mail.build())
    found: list[datetime] = []

    def told() -> bool:
        nonlocal seen
        for received in env.smtp.received[seen:]:
            seen += 1
            if received.recipients == (MAX,) and f"({name})" in ReceivedMail(received.octets).subject:
                found.append(received.at)
        return bool(found)

    daemon.wait(told, f"the team was told of {name}", seconds=120)
    return (found[0] - begin).total_seconds()
