"""Calculate when sending is tried again after a failure."""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
UNCERTAIN_DELAY = timedelta(minutes=30)  # a fast retry of a mail that was accepted makes a duplicate likelier
MAX_UNCERTAIN_ATTEMPTS = 2


def next_attempt(
    attempts: int, since: datetime, now: datetime, *, uncertain: bool, uncertain_attempts: int
) -> datetime | None:
    """Return the time of the next attempt, or None if there is none; `attempts` were made since a time.

    An attempt is uncertain if the server may have accepted the mail. `uncertain_attempts` counts them, with
    the last one. To avoid duplicates, the mail is not sent again after `MAX_UNCERTAIN_ATTEMPTS`.
    """
    if uncertain and uncertain_attempts >= MAX_UNCERTAIN_ATTEMPTS:
        return None
    delay = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1]
    if uncertain:
        delay = max(delay, UNCERTAIN_DELAY)
    return now + delay if now + delay < since + GIVE_UP_AFTER else None


PAUSE_SERVER = 300  # seconds
PAUSE_ACCOUNT = 900  # seconds; longer, because some providers count refused mails against a limit


def backoff_seconds(failures: int, longest: int = PAUSE_SERVER) -> float:
    """Return the seconds to wait after that number of consecutive failures, `longest` at most."""
    return float(min(2 ** min(failures, 10), longest))
