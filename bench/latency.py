"""How long it takes from a mail's delivery until the team's notification is handed in, under IDLE.

make latency [MAILS=20]
"""

import sys
from datetime import UTC, datetime
from statistics import median

from bench.setting import fresh_house, number
from tests.daemon import Daemon
from tests.house import MAX, House, problem


def main() -> int:
    """Deliver mails one by one; print how long each took."""
    mails = number("MAILS", 20)
    with fresh_house("poll_seconds = 3600") as house, Daemon(house) as daemon:
        _seconds(house, daemon)  # the first one connects and compiles templates
        taken = sorted(_seconds(house, daemon) for _ in range(mails))
        daemon.stop()
    print(f"{mails} mails: median {median(taken):.3f} s, from {taken[0]:.3f} to {taken[-1]:.3f} s")
    return 0


def _seconds(house: House, daemon: Daemon) -> float:
    """Deliver a mail and wait until the team's notification and all else that follows is handed in."""
    before = len(house.smtp.received)
    begin = datetime.now(UTC)
    sender = f"lehrkraft{before}@schule.example"  # one address gets only so many receipts an hour
    house.deliver(problem(sender=sender).text("Der Beamer bleibt dunkel.\n"))
    daemon.wait(lambda: len(house.smtp.received) >= before + 3, "three letters")
    return min((r.at - begin).total_seconds() for r in house.smtp.received[before:] if r.recipients == (MAX,))


if __name__ == "__main__":
    sys.exit(main())
