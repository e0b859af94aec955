"""Measure how long one mail of a school waits while another school has thousands of mails."""

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
FLOWING = 50  # sent mails, after which the other mailbox is being processed


def figures(mails: int) -> Iterator[Figure]:
    """Measure a school with a few mails alone, then beside a school with `mails` mails."""
    with site(login=False) as servers:
        alone = median(_waited(servers, 0))
        flooded = _waited(servers, mails)
    beside = f"median {median(flooded):.2f} s, longest {max(flooded):.2f} s"
    yield Figure("fairness, a single mail of a school alone", f"median {alone:.2f} s")
    yield Figure(f"fairness, beside a school with {mails:,} mails", beside, median(flooded) / alone)


def _waited(servers: Site, mails: int) -> list[float]:
    """Return the seconds for which the team waited for each of a few mails."""
    env = servers.env(team=(MAX,), more=further_schools(1))
    env.deliver(*mix(mails))
    before = len(servers.smtp.received)
    with Daemon(env) as daemon:
        if mails:
            daemon.wait(
                lambda: len(servers.smtp.received) > before + FLOWING, "the other mailbox is being processed"
            )
        taken = [
            wait_for_notification(env, daemon, f"einzeln{mails}-{number}") for number in range(SINGLE_MAILS)
        ]
        daemon.kill()
    return taken


def wait_for_notification(env: SchoolEnv, daemon: Daemon, name: str) -> float:
    """Deliver a mail to the other school; return the seconds until its team was notified."""
    begin, seen = datetime.now(UTC), len(env.smtp.received)
    mail = problem(f"Beamer ({name})", f"{name}@schule.example").text("Er bleibt dunkel.\n")
    env.dovecot.deliver(OTHER, mail.build())
    found: list[datetime] = []

    def notified() -> bool:
        nonlocal seen
        for received in env.smtp.received[seen:]:
            seen += 1
            if received.recipients == (MAX,) and f"({name})" in ReceivedMail(received.raw).subject:
                found.append(received.at)
        return bool(found)

    daemon.wait(notified, f"the team was notified of {name}", seconds=120)
    return (found[0] - begin).total_seconds()
