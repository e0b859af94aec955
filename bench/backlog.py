"""Process a full mailbox by one `mailbot once`; measure the speed and check the effect of every mail.

make bench-backlog [MAILS=1000] [SEED=1]
"""

import resource
import sys
import time

from bench.environment import fresh_school, number
from tests.support.workload import audit, deliver, make_workload


def main() -> int:
    """Fill a mailbox and process it; return the exit status."""
    mails, seed = number("MAILS", 1000), number("SEED", 1)
    workload = make_workload(mails, seed)
    with fresh_school() as env:
        deliver(env, workload.mails, seed)
        begin = time.monotonic()
        counts = env.json("once")
        seconds = time.monotonic() - begin
        used = resource.getrusage(resource.RUSAGE_CHILDREN)  # of this one child: the servers still run
        first = env.smtp.received[0].at
        last = env.smtp.received[-1].at
        again = env.json("once")
        found = audit(env, workload)
    sending = (last - first).total_seconds()
    for line in found.broken:
        print(f"BROKEN: {line}")
    print(f"first:  {counts}\nsecond: {again}")
    print(
        f"{mails} mails in {seconds:.1f} s, start of the program included: {mails / seconds:.0f} mails/s; of"
        f" these {sending:.1f} s for {found.sent} mails: {found.sent / sending:.0f} mails/s;"
        f" processor {used.ru_utime + used.ru_stime:.1f} s, memory {used.ru_maxrss // 1024} MB at most"
    )
    return 1 if found.broken or sum(again.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
