"""Leases: which of several workers on one PostgreSQL reads which mailbox.

A worker is among the living as long as it says so in time, by the database's clock. The mailboxes of one that
is not are anybody's. Whoever takes a mailbox over raises its token, and what is written for a mailbox is
written under its lease: a worker that was thought dead, and wakes up, commits nothing.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session

from mailbot.store.tables import metadata

_WORKER, _LEASE = metadata.tables["worker"], metadata.tables["lease"]
NOBODY = ""

_LIVING = select(_WORKER.c.name).where(_WORKER.c.until > func.clock_timestamp())
_ITS_LEASE = (
    (_LEASE.c.school == bindparam("its_school"))
    & (_LEASE.c.worker == bindparam("its_worker"))
    & (_LEASE.c.token == bindparam("its_token"))
)
_HOLDS = select(_LEASE.c.token).where(_ITS_LEASE).with_for_update(read=True)


class LeaseLostError(Exception):
    """Another worker reads this mailbox by now: nothing was written."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of a worker to read a school's mailbox."""

    school: str
    worker: str
    token: int


def beat(session: Session, worker: str, lease: timedelta) -> set[str]:
    """Count a worker among the living for so long from now on; return who they are."""
    until = func.clock_timestamp() + lease
    alive = insert(_WORKER).values(name=worker, until=until)
    session.execute(alive.on_conflict_do_update(index_elements=["name"], set_={"until": until}))
    return set(session.execute(_LIVING).scalars())


def held(session: Session, worker: str) -> set[Lease]:
    """Return the leases of a worker."""
    rows = session.execute(select(_LEASE).where(_LEASE.c.worker == worker))
    return {Lease(row.school, row.worker, row.token) for row in rows}


def take(session: Session, school: str, worker: str) -> Lease | None:
    """Take a mailbox that no living worker has; None if one has."""
    fresh = insert(_LEASE).values(school=school, worker=worker, token=1)
    anybodys = or_(_LEASE.c.worker == worker, _LEASE.c.worker.not_in(_LIVING))
    taken = fresh.on_conflict_do_update(
        index_elements=["school"], set_={"worker": worker, "token": _LEASE.c.token + 1}, where=anybodys
    )
    token = session.execute(taken.returning(_LEASE.c.token)).scalar()
    return Lease(school, worker, token) if token is not None else None


def give_up(session: Session, lease: Lease) -> None:
    """Let a mailbox be anybody's, unless it is somebody else's by now."""
    session.execute(update(_LEASE).where(_ITS_LEASE).values(worker=NOBODY), _named(lease))


def leave(session: Session, worker: str) -> None:
    """Count a worker among the living no more."""
    session.execute(delete(_WORKER).where(_WORKER.c.name == worker))


def hold(session: Session, lease: Lease | None) -> None:
    """Keep others from taking a mailbox over before this transaction ends; raise LeaseLostError if they have.

    A worker that shares with nobody has no leases.
    """
    if lease is not None and session.connection().execute(_HOLDS, _named(lease)).first() is None:
        raise LeaseLostError(f"the mailbox of {lease.school} is another worker's by now")


def sharing(session: Session) -> dict[str, list[str]]:
    """Return the living workers with the schools whose mailboxes they read."""
    shares: dict[str, list[str]] = {name: [] for name in sorted(session.execute(_LIVING).scalars())}
    for row in session.execute(select(_LEASE).order_by(_LEASE.c.school)):
        if row.worker in shares:
            shares[row.worker].append(row.school)
    return shares


def _named(lease: Lease) -> dict[str, object]:
    return {f"its_{name}": value for name, value in asdict(lease).items()}
