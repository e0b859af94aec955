"""Assign mailboxes to workers by rendezvous hashing. Pure."""

from collections.abc import Collection, Iterable
from hashlib import sha256


def assigned_to(worker: str, workers: Collection[str], schools: Iterable[str]) -> frozenset[str]:
    """Return the schools whose mailboxes are assigned to `worker`, which is one of `workers`.

    Each school goes to the worker with the highest weight for it. All workers compute the same assignment
    without communication. If a worker joins or leaves, only its own mailboxes are reassigned.
    """
    return frozenset(
        school for school in schools if worker == max(workers, key=lambda other: _weight(school, other))
    )


def _weight(school: str, worker: str) -> bytes:
    return sha256(f"{school}\0{worker}".encode()).digest()
