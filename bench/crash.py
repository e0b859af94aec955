"""Kill the bot at random moments while it processes many mails, and check their effects.

    make crash-test [MAILS=1000] [KILLS=200] [SEED=1] [DATABASE=postgresql]

Exit status 0 only if every promise held; the counts are printed last.
"""

import sys
import time

from bench.environment import fresh_school, number
from tests.support.crash_loop import run_until_done
from tests.support.workload import audit, make_workload


def main() -> int:
    """Run the crash test; return the exit status."""
    mails, kills, seed = number("MAILS", 300), number("KILLS", 10), number("SEED", 1)
    workload = make_workload(mails, seed)
    with fresh_school() as env:
        begin = time.monotonic()
        run_until_done(env, workload, kills, seed)
        seconds = time.monotonic() - begin
        found = audit(env, workload, kills)
    for line in found.broken:
        print(f"BROKEN: {line}")
    print(
        f"{mails} mails, {kills} kills, seed {seed}, {seconds:.0f} s: {found.tickets} tickets of"
        f" {len(workload.threads)}, {found.messages} messages of {mails}, {found.sent} mails sent of"
        f" {workload.expected_mails()}, {found.sent_twice} sent twice, {len(found.broken)} promises broken"
    )
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
