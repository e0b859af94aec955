"""Measure how fast the daemon processes a full mailbox, beside the baseline, in alternation."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median

from bench.environment import Site, site
from bench.mails import mix, notifications_of
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, ROOT, SchoolEnv
from tests.support.servers.dovecot import PASSWORD


def figures(mails: int, rounds: int) -> Iterator[Figure]:
    """Process `mails` mails by the baseline and by the daemon in alternation; yield the medians."""
    baselines, bots = [], []
    raw = mix(mails)
    with site(login=False) as servers:
        for _ in range(rounds):
            baselines.append(mails / baseline_seconds(servers, raw))
            bots.append(mails / daemon_seconds(servers.env(team=(MAX,)), raw))
    baseline, bot = median(baselines), median(bots)
    sent_mails = notifications_of(raw)
    yield Figure("intake, baseline: one notification a mail", f"{baseline:.0f} mails/s")
    yield Figure(
        f"intake, mailbot: {sent_mails / mails:.1f} notifications per mail",
        f"{bot:.0f} mails/s",
        bot / baseline,
    )


def baseline_seconds(servers: Site, raw: list[bytes]) -> float:
    """Return the seconds of the baseline from the end of its imports to its last notification."""
    user = servers.env().address
    servers.dovecot.deliver(user, *raw)
    before = len(servers.smtp.received)
    file = str(servers.directory / f"{user}.db")
    database = servers.postgres.new_database() if servers.postgres else file
    ports = [str(servers.dovecot.tls_port), user, PASSWORD, str(servers.smtp.port)]
    files = [str(servers.authority.ca_file), database]
    command = [sys.executable, "-m", "bench.baseline", *ports, *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        if process.stdout is not None:
            process.stdout.readline()
        begin = datetime.now(UTC)
    handed_in = servers.smtp.received[before:]
    if process.returncode or len(handed_in) != len(raw):
        raise RuntimeError(f"the baseline sent {len(handed_in)} of {len(raw)} notifications")
    return (handed_in[-1].at - begin).total_seconds()


def daemon_seconds(env: SchoolEnv, raw: list[bytes]) -> float:
    """Return the seconds of a daemon from READY=1 to the last notification."""
    env.deliver(*raw)
    sent, sent_mails = env.smtp.received, notifications_of(raw)
    before = len(sent)
    with Daemon(env) as daemon:
        begin = datetime.now(UTC)
        daemon.wait(lambda: len(sent) - before >= sent_mails, f"{sent_mails} mails", seconds=1800)
        daemon.stop()
    return (sent[before + sent_mails - 1].at - begin).total_seconds()
