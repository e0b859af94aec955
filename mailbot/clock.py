"""Return the current time; the only module that reads a clock."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return the seconds of a clock that cannot be set; only differences are meaningful."""
    return time.monotonic()
