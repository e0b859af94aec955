"""The suite: everything that is measured, side by side in one run, as one table.

make bench [QUICK=1] [ONLY=a,d] [TICKETS=1000000]
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping

from bench import fairness, growth, handing_in, intake, latency, rest
from bench.figures import Figure, show
from bench.setting import number

MOST = number("TICKETS", 1_000_000)

Parts = Mapping[str, Callable[[], Iterable[Figure]]]

FULL: Parts = {
    "a": lambda: intake.figures(mails=1000, rounds=3),
    "b": lambda: latency.figures(mails=100),
    "c": lambda: rest.figures((1, 100, 500), seconds=300),  # in which each is looked at
    "d": lambda: growth.figures(1000, sorted({min(MOST, 100_000), MOST}), mails=300),  # and f: the restart
    "e": lambda: handing_in.figures(mails=300),
    "g": lambda: fairness.figures(mails=5000),
}
QUICK: Parts = {
    "a": lambda: intake.figures(mails=40, rounds=1),
    "b": lambda: latency.figures(mails=5),
    "c": lambda: rest.figures((1, 20), seconds=2),
    "d": lambda: growth.figures(30, (3_000,), mails=20),
    "e": lambda: handing_in.figures(mails=30),
    "g": lambda: fairness.figures(mails=300),
}


def main() -> int:
    """Measure what is asked for, and print it."""
    parts = QUICK if os.environ.get("QUICK") else FULL
    wanted = os.environ.get("ONLY", ",".join(parts)).split(",")
    if unknown := set(wanted) - parts.keys():
        print(f"ONLY: {', '.join(sorted(unknown))}: there are {', '.join(parts)}", file=sys.stderr)
        return 2
    return show(_figures(parts, wanted))


def _figures(parts: Parts, wanted: Iterable[str]) -> Iterator[Figure]:
    for letter in wanted:
        yield from parts[letter]()


if __name__ == "__main__":
    sys.exit(main())
