"""Print measurements as a Markdown table."""

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement: its name, its value and the ratio to the baseline of the same run."""

    what: str
    measured: str
    ratio: float | None = None

    def line(self) -> str:
        """Return the measurement as a row of a Markdown table."""
        return f"| {self.what} | {self.measured} | {'' if self.ratio is None else f'{self.ratio:.2f}'} |"


def show(figures: Iterable[Figure]) -> int:
    """Print machine and date, then each figure as soon as it is known; return the exit status."""
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n")
    print("| what | measured | ratio |\n|---|---|---|", flush=True)
    for figure in figures:
        print(figure.line(), flush=True)
    return 0


def machine() -> str:
    """Return processor, cores, load and Python version."""
    described = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    models = [
        line.partition(":")[2].strip() for line in described.splitlines() if line.startswith("model name")
    ]
    model = models[0] if models else platform.machine()
    return (
        f"{os.cpu_count()} cores {model}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"
    )
