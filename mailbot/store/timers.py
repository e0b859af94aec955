"""Find the tickets with a due timer, and store which jobs ran for which period."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.core.model.ticket import Status, Ticket
from mailbot.store.mapping import to_ticket, to_tickets
from mailbot.store.tables import metadata

MAX_ROWS = 1_000

_TICKET, _RUN = metadata.tables["ticket"], metadata.tables["slot"]

# Find the tickets with a due timer.
_DUE = (
    select(_TICKET.c.id)
    .where(_TICKET.c.look_at <= bindparam("now"))
    .order_by(_TICKET.c.look_at)
    .limit(MAX_ROWS)
)
# Lock one of them, unless another worker has locked it.
_CLAIM = (
    select(_TICKET)
    .where(_TICKET.c.id == bindparam("ticket"), _TICKET.c.look_at <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
# Set when to check a ticket again.
_POSTPONE = update(_TICKET).where(_TICKET.c.id == bindparam("ticket")).values(look_at=bindparam("until"))
# List the open tickets of a level.
_OPEN = (
    select(_TICKET)
    .where(_TICKET.c.status == Status.OPEN.value, _TICKET.c.level == bindparam("level"))
    .order_by(_TICKET.c.id)
)
# List the open tickets of a level in one school.
_OPEN_IN_SCHOOL = _OPEN.where(_TICKET.c.school == bindparam("school"))

# List the tickets with an assignee that are not closed.
_ASSIGNED = (
    select(_TICKET)
    .where(
        _TICKET.c.assignee.is_not(None),
        _TICKET.c.status.in_((Status.OPEN.value, Status.WAITING.value)),
        _TICKET.c.merged_into.is_(None),
    )
    .order_by(_TICKET.c.id)
)

# Find the run of a job for a period.
_HAS_RUN = select(_RUN.c.job).where(_RUN.c.job == bindparam("job"), _RUN.c.slot == bindparam("slot"))
# Record the run of a job for a period, unless it has run.
_CLAIM_RUN = insert(_RUN).on_conflict_do_nothing().returning(_RUN.c.job)
# Remove the runs for earlier periods.
_DELETE_EARLIER_RUNS = delete(_RUN).where(_RUN.c.job == bindparam("job"), _RUN.c.slot < bindparam("slot"))


def due(session: Session, now: datetime) -> Sequence[int]:
    """Return the keys of the tickets with a due timer, the longest overdue first."""
    return session.execute(_DUE, {"now": now}).scalars().all()


def claim(session: Session, ticket_id: int, now: datetime) -> Ticket | None:
    """Lock and return a ticket with a due timer; None if another worker has claimed or checked it."""
    row = session.execute(_CLAIM, {"ticket": ticket_id, "now": now}).first()
    return to_ticket(session, row) if row is not None else None


def postpone(session: Session, ticket_id: int, until: datetime | None) -> None:
    """Set when to check a ticket again; None for never."""
    session.execute(_POSTPONE, {"ticket": ticket_id, "until": until})


def has_run(session: Session, job: str, period: str) -> bool:
    """Return whether a job has run for a period."""
    return session.execute(_HAS_RUN, {"job": job, "slot": period}).first() is not None


def claim_run(session: Session, job: str, period: str) -> bool:
    """Record that a job runs for a period; return False if it has run. Names of periods sort by time."""
    values = {"job": job, "slot": period}
    # Read first: most calls find that the job has run, and then write nothing.
    if has_run(session, job, period) or session.execute(_CLAIM_RUN, values).first() is None:
        return False
    session.execute(_DELETE_EARLIER_RUNS, values)
    return True


def open_tickets(session: Session, level: int, school: str | None = None) -> tuple[Ticket, ...]:
    """Return the open tickets of a level, of one school or of all."""
    query = _OPEN if school is None else _OPEN_IN_SCHOOL
    rows = session.execute(query, {"level": level, "school": school}).all()
    return tuple(to_tickets(session, rows))


def assigned_tickets(session: Session) -> tuple[Ticket, ...]:
    """Return the tickets with an assignee that are not closed."""
    return tuple(to_tickets(session, session.execute(_ASSIGNED).all()))
