"""How long things took, counted as a histogram of Prometheus counts."""

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0)
"""Seconds; a mail's time of arrival is known to the second."""


@dataclass(slots=True)
class LatencyHistogram:
    """How many took no longer than each bound but longer than the one before; the last, longer than all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one that took so long."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
