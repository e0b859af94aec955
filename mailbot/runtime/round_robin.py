"""Order new mails so that a flood from one sender does not delay the mails of others. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile

QUANTUM = 20
"""The number of mails of one sender in each round."""


def round_robin(senders: Mapping[int, str]) -> list[int]:
    """Return the UIDs of mails in the order of processing: a quantum of each sender in each round.

    The mails of one sender keep the order in which they were received.
    """
    counted: Counter[str] = Counter()
    rounds: dict[int, int] = {}
    for uid in sorted(senders):
        rounds[uid] = counted[senders[uid]] // QUANTUM
        counted[senders[uid]] += 1
    return sorted(rounds, key=lambda uid: (rounds[uid], uid))


def next_batch(ordered: Sequence[int], suspects: Collection[int], limit: int) -> list[int]:
    """Return the UIDs of the next batch; a mail in `suspects` is a batch of its own.

    A mail that was in progress when the process died is retried alone, so that it can be identified as the
    cause. It keeps its position, because a reply to it must not be processed before it.
    """
    if ordered[0] in suspects:
        return [ordered[0]]
    return list(takewhile(lambda uid: uid not in suspects, ordered[:limit]))
