"""The order in which waiting mails are processed: a flood of one sender does not delay others. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile

QUANTUM = 20
"""The number of mails of one sender that are processed before the next sender's."""


def round_robin(senders: Mapping[int, str]) -> list[int]:
    """Return the UIDs of mails in the order of processing: a quantum of each sender in rotation.

    The mails of one sender stay in the order of their arrival.
    """
    counted: Counter[str] = Counter()
    rounds: dict[int, int] = {}
    for uid in sorted(senders):
        rounds[uid] = counted[senders[uid]] // QUANTUM
        counted[senders[uid]] += 1
    return sorted(rounds, key=lambda uid: (rounds[uid], uid))


def next_batch(ordered: Sequence[int], suspects: Collection[int], most: int) -> list[int]:
    """Return the UIDs of the next batch; a mail in `suspects` is a batch of its own.

    A mail that was in progress when the process died is retried alone, so that it can be identified as the
    cause. It keeps its place: a mail that answers it must not be handled before it.
    """
    if ordered[0] in suspects:
        return [ordered[0]]
    return list(takewhile(lambda uid: uid not in suspects, ordered[:most]))
