"""Measure the memory and the time that a mail with large attachments takes."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

from bench.environment import site
from bench.idle import memory
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, SchoolEnv, problem

FILES = 5
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1048576"}  # as in mailbot.service
LIMITS = 'mail = "100 MB"\nattachments = "100 MB"'
MB = 1 << 20


def figures(megabytes: int) -> Iterator[Figure]:
    """Process a mail without and one with attachments of that size in total, and send them to the team."""
    rng = Random(1)
    small = problem("Beamer", "anna@schule.example").text("Er bleibt dunkel.\n")
    large = problem("Formulare", "bert@schule.example").text("Anbei die Formulare.\n")
    for number in range(FILES):
        large.attach(
            f"{number}.pdf", b"%PDF-1.7\n" + rng.randbytes(megabytes * MB // FILES), "application/pdf"
        )
    os.environ |= MALLOC
    with site(login=False) as servers:
        env = servers.env(team=(MAX,))
        text = env.config.read_text("utf-8")
        env.config.write_text(text.replace("[limits]", f"[limits]\n{LIMITS}", 1), "utf-8")
        with Daemon(env) as daemon:
            _seconds(env, daemon, small.build())
            before = memory(daemon.pid, "VmHWM")
            raw = large.build()
            seconds = _seconds(env, daemon, raw)
            used = memory(daemon.pid, "VmHWM") - before
            daemon.stop()
    size = len(raw) / MB
    said = f"{used:.0f} MB of memory for {size:.0f} MB, sent after {seconds:.1f} s"
    yield Figure(f"a mail with {megabytes} MB of attachments", said, used / size)


def _seconds(env: SchoolEnv, daemon: Daemon, raw: bytes) -> float:
    """Deliver a mail; return the seconds until the receipt and the notification were sent."""
    sent = len(env.smtp.received) + 2
    env.deliver(raw)
    begin = datetime.now(UTC)
    daemon.wait(lambda: len(env.smtp.received) >= sent, "receipt and notification", seconds=300)
    return (env.smtp.received[-1].at - begin).total_seconds()
