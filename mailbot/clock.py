"""The clock of the process: the only module that asks for the time."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds of a clock that is never set; only differences have a meaning."""
    return time.monotonic()
