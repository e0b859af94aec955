"""When a letter that was not taken is tried again."""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
UNCERTAIN_DELAY = timedelta(minutes=30)  # the server may have it: do not hurry to send it twice


def next_attempt(attempts: int, created: datetime, now: datetime, *, uncertain: bool) -> datetime | None:
    """Return when to try again after so many attempts, or None when it is time to give up."""
    delay = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1]
    if uncertain:
        delay = max(delay, UNCERTAIN_DELAY)
    return now + delay if now + delay < created + GIVE_UP_AFTER else None


def pause(failures: int) -> float:
    """Return for how many seconds to leave a server alone that was away so often in a row."""
    return float(min(2 ** min(failures, 10), 300))
