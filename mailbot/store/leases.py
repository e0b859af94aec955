"""Leases: which of several workers on one PostgreSQL reads which mailbox.

A worker is alive while its heartbeat is fresh, by the database's clock. A mailbox of a dead worker may be
acquired by any worker. Each acquisition raises the mailbox's token, and a transaction that writes for a
mailbox checks its lease: a worker that was thought dead and goes on commits nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Interval, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from mailbot.store.tables import metadata

_WORKER, _LEASE = metadata.tables["worker"], metadata.tables["lease"]
UNOWNED = ""

# Finds the workers whose heartbeat is fresh.
_ALIVE = select(_WORKER.c.name).where(_WORKER.c.until > func.clock_timestamp())
_UNTIL = func.clock_timestamp() + bindparam("duration", type_=Interval)
# Renews a heartbeat.
_HEARTBEAT = (
    insert(_WORKER)
    .values(name=bindparam("worker"), until=_UNTIL)
    .on_conflict_do_update(index_elements=["name"], set_={"until": _UNTIL})
)
# Removes a worker.
_DEREGISTER = delete(_WORKER).where(_WORKER.c.name == bindparam("worker"))
# Lists the leases of a worker.
_HELD = select(_LEASE).where(_LEASE.c.worker == bindparam("worker"))
# Lists all leases.
_ALL = select(_LEASE).order_by(_LEASE.c.school)
# Acquires a mailbox, unless another worker that is alive has it.
_ACQUIRE = (
    insert(_LEASE)
    .values(school=bindparam("mailbox"), worker=bindparam("reader"), token=1)
    .on_conflict_do_update(
        index_elements=["school"],
        set_={"worker": bindparam("reader"), "token": _LEASE.c.token + 1},
        where=or_(_LEASE.c.worker == bindparam("reader"), _LEASE.c.worker.not_in(_ALIVE)),
    )
    .returning(_LEASE.c.token)
)
_IS_THIS = (
    (_LEASE.c.school == bindparam("mailbox"))
    & (_LEASE.c.worker == bindparam("reader"))
    & (_LEASE.c.token == bindparam("number"))
)
# Releases a mailbox, unless another worker has it by now.
_RELEASE = update(_LEASE).where(_IS_THIS).values(worker=UNOWNED)
# Finds a lease, and keeps others from acquiring its mailbox.
_HOLDS = select(_LEASE.c.token).where(_IS_THIS).with_for_update(read=True)


class LeaseLostError(Exception):
    """Another worker reads this mailbox by now: nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of a worker to read a school's mailbox."""

    school: str
    worker: str
    token: int


def heartbeat(session: Session, worker: str, lease: timedelta) -> set[str]:
    """Count a worker as alive for that time; return all that are alive."""
    session.execute(_HEARTBEAT, {"worker": worker, "duration": lease})
    return set(session.execute(_ALIVE).scalars())


def held(session: Session, worker: str) -> set[Lease]:
    """Return the leases of a worker."""
    rows = session.execute(_HELD, {"worker": worker})
    return {Lease(row.school, row.worker, row.token) for row in rows}


def acquire(session: Session, school: str, worker: str) -> Lease | None:
    """Acquire a mailbox; None if another worker that is alive has it."""
    token = session.execute(_ACQUIRE, {"mailbox": school, "reader": worker}).scalar()
    return Lease(school, worker, token) if token is not None else None


def release(session: Session, lease: Lease) -> None:
    """Release a mailbox, unless another worker has it by now."""
    session.execute(_RELEASE, _binds(lease))


def deregister(session: Session, worker: str) -> None:
    """Count a worker as alive no longer."""
    session.execute(_DEREGISTER, {"worker": worker})


def assert_held(session: Session, lease: Lease | None) -> None:
    """Keep others from acquiring a mailbox before this transaction ends; raise LeaseLostError if one has.

    Without other workers there are no leases.
    """
    if lease is not None and session.connection().execute(_HOLDS, _binds(lease)).first() is None:
        raise LeaseLostError(f"the mailbox of {lease.school} is another worker's by now")


def assignments(session: Session) -> dict[str, list[str]]:
    """Return the workers that are alive with the schools whose mailboxes they read."""
    shares: dict[str, list[str]] = {name: [] for name in sorted(session.execute(_ALIVE).scalars())}
    for row in session.execute(_ALL):
        if row.worker in shares:
            shares[row.worker].append(row.school)
    return shares


def _binds(lease: Lease) -> dict[str, str | int]:
    return {"mailbox": lease.school, "reader": lease.worker, "number": lease.token}
