"""When sending is tried again after a failure."""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
UNCERTAIN_DELAY = timedelta(minutes=30)  # the server may have accepted it: a fast retry risks a duplicate
MAX_UNCERTAIN_ATTEMPTS = 2


def next_attempt(
    attempts: int, created: datetime, now: datetime, *, uncertain: bool = False, uncertain_attempts: int = 0
) -> datetime | None:
    """Return when to try again after that number of attempts; None if it is time to give up.

    After `uncertain_attempts`, which include the last one, the server may have accepted the mail. To avoid
    duplicates it is not sent again after `MAX_UNCERTAIN_ATTEMPTS` of them.
    """
    if uncertain and uncertain_attempts >= MAX_UNCERTAIN_ATTEMPTS:
        return None
    delay = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1]
    if uncertain:
        delay = max(delay, UNCERTAIN_DELAY)
    return now + delay if now + delay < created + GIVE_UP_AFTER else None


PAUSE_SERVER = 300  # seconds
PAUSE_ACCOUNT = 900  # seconds; longer, since some providers count refused mails as well


def backoff_seconds(failures: int, longest: int = PAUSE_SERVER) -> float:
    """Return the seconds to wait after that number of consecutive failures, at most `longest`."""
    return float(min(2 ** min(failures, 10), longest))
