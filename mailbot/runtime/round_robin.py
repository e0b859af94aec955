"""In which order the mails that wait in a mailbox are taken: a flood of one sender delays nobody else."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile

SHARE = 20
"""So many mails of one sender keep their place before those of others that came later."""


def round_robin(senders: Mapping[int, str]) -> list[int]:
    """Return mails, by UID, in the order in which they are taken: a share of each sender, then the next.

    Within a share they stay in the order in which they came, and so do all the mails of one sender.
    """
    counted: Counter[str] = Counter()
    rounds: dict[int, int] = {}
    for uid in sorted(senders):
        rounds[uid] = counted[senders[uid]] // SHARE
        counted[senders[uid]] += 1
    return sorted(rounds, key=lambda uid: (rounds[uid], uid))


def next_batch(ordered: Sequence[int], alone: Collection[int], most: int) -> list[int]:
    """Return the mails, by UID, that are taken together next; those in `alone` go by themselves.

    One that killed the process is tried alone, so that it is known for it. It keeps its place all the same: a
    mail that answers it must not be handled before it.
    """
    if ordered[0] in alone:
        return [ordered[0]]
    return list(takewhile(lambda uid: uid not in alone, ordered[:most]))
