"""When a letter that was not taken is tried again."""

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 15, 30, 60, 120, 240))
UNCERTAIN_DELAY = timedelta(minutes=30)  # the server may have it: do not hurry to send it twice
DOUBTS_MOST = 2  # so often the same letter is handed over without an answer, and not once more


def next_attempt(
    attempts: int, created: datetime, now: datetime, *, uncertain: bool = False, doubts: int = 0
) -> datetime | None:
    """Return when to try again after so many attempts, or None when it is time to give up.

    `doubts` counts the attempts, the last one included, after which the server may have the letter or not:
    it is never sent a third time for them.
    """
    if uncertain and doubts >= DOUBTS_MOST:
        return None
    delay = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1]
    if uncertain:
        delay = max(delay, UNCERTAIN_DELAY)
    return now + delay if now + delay < created + GIVE_UP_AFTER else None


PAUSE_SERVER = 300  # seconds
PAUSE_ACCOUNT = 900  # seconds; some providers count refused letters, too: ask less often


def backoff_seconds(failures: int, longest: int = PAUSE_SERVER) -> float:
    """Return for how many seconds to leave a server alone after `failures` in a row."""
    return float(min(2 ** min(failures, 10), longest))
