"""Which of several workers reads which mailbox. Pure."""

from collections.abc import Collection, Iterable
from hashlib import sha256


def assigned_to(worker: str, workers: Collection[str], schools: Iterable[str]) -> frozenset[str]:
    """Return the schools whose mailboxes are a worker's among these workers.

    Each school has its own order of preference among the workers (rendezvous hashing): every worker comes
    to the same result without asking the others, and when one comes or goes, only its own mailboxes move.
    """
    return frozenset(
        school for school in schools if worker == max(workers, key=lambda other: _weight(school, other))
    )


def _weight(school: str, worker: str) -> bytes:
    return sha256(f"{school}\0{worker}".encode()).digest()
