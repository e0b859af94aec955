"""Assign each mailbox to one of several workers on a PostgreSQL by leases.

A worker is alive while its heartbeat is fresh, by the database's clock. A mailbox of a dead worker may be
acquired by any worker. Each acquisition raises the mailbox's token, and a transaction that writes for a
mailbox checks its lease. So a worker that continues after its lease was lost commits nothing.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Interval, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_WORKER, _LEASE = metadata.tables["worker"], metadata.tables["lease"]
UNOWNED = ""

# Find the workers whose heartbeat is fresh.
_ALIVE = select(_WORKER.c.name).where(_WORKER.c.until > func.clock_timestamp())
# By the database's clock, so that the clocks of the workers need not agree.
_UNTIL = func.clock_timestamp() + bindparam("duration", type_=Interval)
_HEARTBEAT = (
    insert(_WORKER)
    .values(name=bindparam("worker"), until=_UNTIL)
    .on_conflict_do_update(index_elements=["name"], set_={"until": _UNTIL})
)
_DEREGISTER = delete(_WORKER).where(_WORKER.c.name == bindparam("worker"))
# List the leases of a worker.
_HELD = select(_LEASE).where(_LEASE.c.worker == bindparam("worker"))
_ALL = select(_LEASE).order_by(_LEASE.c.school)
# Acquire a mailbox, unless another live worker has its lease.
_ACQUIRE = (
    insert(_LEASE)
    .values(school=bindparam("b_school"), worker=bindparam("b_worker"), token=1)
    .on_conflict_do_update(
        index_elements=["school"],
        set_={"worker": bindparam("b_worker"), "token": _LEASE.c.token + 1},
        # A worker may acquire its own mailbox again, which makes its former lease void.
        where=or_(_LEASE.c.worker == bindparam("b_worker"), _LEASE.c.worker.not_in(_ALIVE)),
    )
    .returning(_LEASE.c.token)
)
_IS_THIS = (
    (_LEASE.c.school == bindparam("b_school"))
    & (_LEASE.c.worker == bindparam("b_worker"))
    & (_LEASE.c.token == bindparam("b_token"))
)
# Release a mailbox, unless another worker has acquired it.
_RELEASE = update(_LEASE).where(_IS_THIS).values(worker=UNOWNED)
# Lock a lease, so that no other worker acquires its mailbox.
_HOLDS = select(_LEASE.c.token).where(_IS_THIS).with_for_update(read=True)


class LeaseLostError(Exception):
    """Another worker has acquired this mailbox, so nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of a worker to read a school's mailbox."""

    school: str
    worker: str
    token: int


def heartbeat(session: Session, worker: str, lease: timedelta) -> set[str]:
    """Renew the heartbeat of a worker for the duration of a lease; return the live workers."""
    session.execute(_HEARTBEAT, {"worker": worker, "duration": lease})
    return set(session.execute(_ALIVE).scalars())


def held(session: Session, worker: str) -> set[Lease]:
    """Return the leases of a worker."""
    rows = session.execute(_HELD, {"worker": worker})
    return {Lease(row.school, row.worker, row.token) for row in rows}


def acquire(session: Session, school: str, worker: str) -> Lease | None:
    """Acquire a mailbox; return None if another live worker has it."""
    token = session.execute(_ACQUIRE, {"b_school": school, "b_worker": worker}).scalar()
    return Lease(school, worker, token) if token is not None else None


def release(session: Session, lease: Lease) -> None:
    """Release a mailbox, unless another worker has acquired it."""
    session.execute(_RELEASE, _binds(lease))


def deregister(session: Session, worker: str) -> None:
    """Remove a worker, so that others may acquire its mailboxes."""
    session.execute(_DEREGISTER, {"worker": worker})


def assert_held(session: Session, lease: Lease | None) -> None:
    """Lock a lease until this transaction ends; raise LeaseLostError if another worker has acquired it.

    `lease` is None if there is only one worker.
    """
    if lease is not None and execute(session, _HOLDS, _binds(lease)).first() is None:
        raise LeaseLostError(f"another worker has acquired the mailbox of {lease.school}")


def assignments(session: Session) -> dict[str, list[str]]:
    """Return the schools whose mailboxes each live worker reads, by worker."""
    assigned: dict[str, list[str]] = {name: [] for name in sorted(session.execute(_ALIVE).scalars())}
    for row in session.execute(_ALL):
        if row.worker in assigned:
            assigned[row.worker].append(row.school)
    return assigned


def _binds(lease: Lease) -> dict[str, str | int]:
    return {"b_school": lease.school, "b_worker": lease.worker, "b_token": lease.token}
