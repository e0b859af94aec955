"""Run all benchmarks and print one table.

make bench [QUICK=1] [ONLY=intake,growth] [TICKETS=1000000] [DATABASE=postgresql]
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from bench import data_growth, fairness, idle, intake, large_mail, latency, smtp_throughput
from bench.environment import number
from bench.results import Figure, show

MAX_TICKETS = number("TICKETS", 1_000_000)

Parts = Mapping[str, Callable[[], Iterable[Figure]]]

FULL: Parts = {
    "intake": lambda: intake.figures(mails=1000, rounds=3),
    "latency": lambda: latency.figures(mails=100),
    "idle": lambda: idle.figures((1, 100, 500), seconds=300),  # each mailbox is polled once in this time
    "growth": lambda: data_growth.figures(1000, sorted({min(MAX_TICKETS, 100_000), MAX_TICKETS}), mails=300),
    "smtp": lambda: smtp_throughput.figures(mails=300),
    "large": lambda: large_mail.figures(megabytes=25),
    "fairness": lambda: fairness.figures(mails=5000),
}
QUICK: Parts = {
    "intake": lambda: intake.figures(mails=40, rounds=1),
    "latency": lambda: latency.figures(mails=5),
    "idle": lambda: idle.figures((1, 20), seconds=2),
    "growth": lambda: data_growth.figures(30, (3_000,), mails=20),
    "smtp": lambda: smtp_throughput.figures(mails=30),
    "large": lambda: large_mail.figures(megabytes=2),
    "fairness": lambda: fairness.figures(mails=300),
}


def main() -> int:
    """Measure what is asked for, and print it."""
    parts = QUICK if os.environ.get("QUICK") else FULL
    wanted = os.environ.get("ONLY", ",".join(parts)).split(",")
    if unknown := set(wanted) - parts.keys():
        print(f"ONLY: {', '.join(sorted(unknown))}: the parts are {', '.join(parts)}", file=sys.stderr)
        return 2
    return show(_figures(parts, wanted))


def _figures(parts: Parts, wanted: Iterable[str]) -> Iterator[Figure]:
    for part in wanted:
        yield from parts[part]()


if __name__ == "__main__":
    sys.exit(main())
