"""Store the state of each school's mailbox: its cutoff, and whether it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.tables import metadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MAILBOX, _LEDGER = metadata.tables["mailbox"], metadata.tables["ledger"]
_DEFAULTS = {"left_alone": 0, "last_error": ""}  # of a new row


def _upsert(*columns: str) -> Insert:
    """Return a statement that writes these columns of a mailbox, which may be new."""
    new = insert(_MAILBOX)
    return new.on_conflict_do_update(
        index_elements=["school"], set_={column: new.excluded[column] for column in columns}
    )


_STATES = select(_MAILBOX).order_by(_MAILBOX.c.school)
# Record that a mailbox was read, or that it could not be read.
_RECORD_SUCCESS = _upsert("last_success", "last_error", "failing_since")
_RECORD_FAILURE = (
    insert(_MAILBOX)
    .on_conflict_do_update(
        index_elements=["school"],
        set_={
            "last_error": insert(_MAILBOX).excluded.last_error,
            "failing_since": func.coalesce(_MAILBOX.c.failing_since, insert(_MAILBOX).excluded.failing_since),
        },
    )
    .returning(_MAILBOX.c.failing_since)
)
# Record when mailboxes were read; this runs once a minute.
_RECORD_READ = (
    update(_MAILBOX).where(_MAILBOX.c.school == bindparam("b_school")).values(last_success=bindparam("at"))
)
# Set the cutoff unless there is one, and return it; or replace it.
_GET_OR_SET_CUTOFF = (
    insert(_MAILBOX)
    .on_conflict_do_update(
        index_elements=["school"],
        set_={"cutoff": func.coalesce(_MAILBOX.c.cutoff, insert(_MAILBOX).excluded.cutoff)},
    )
    .returning(_MAILBOX.c.cutoff)
)
_SET_CUTOFF = _upsert("cutoff")
# Store the number of skipped mails; return the row only if the number changed.
_RECORD_LEFT_ALONE = (
    update(_MAILBOX)
    .where(_MAILBOX.c.school == bindparam("b_school"), _MAILBOX.c.left_alone != bindparam("number"))
    .values(left_alone=bindparam("number"))
    .returning(_MAILBOX.c.school)
)
# Find when the newest mail of each school was processed.
_LATEST = select(_LEDGER.c.school, func.max(_LEDGER.c.at).label("latest")).group_by(_LEDGER.c.school)
# Read and set the time since when mails may be missing in the ledger.
_RECOVER_SINCE = select(_MAILBOX.c.recover_since).where(_MAILBOX.c.school == bindparam("school"))
_SET_RECOVER_SINCE = (
    update(_MAILBOX)
    .where(_MAILBOX.c.school == bindparam("b_school"))
    .values(recover_since=bindparam("since"))
)


@dataclass(frozen=True, slots=True)
class MailboxState:
    """The state of a mailbox; `skipped` counts the mails older than its cutoff."""

    school: str
    skipped: int
    last_success: datetime | None
    last_error: str
    failing_since: datetime | None


def states(session: Session) -> list[MailboxState]:
    """Return the state of every mailbox, by school."""
    return [
        MailboxState(row.school, row.left_alone, row.last_success, row.last_error, row.failing_since)
        for row in session.execute(_STATES)
    ]


def record_success(session: Session, school: str, at: datetime) -> None:
    """Record that a mailbox was read, and clear its error."""
    session.execute(
        _RECORD_SUCCESS, _DEFAULTS | {"school": school, "last_success": at, "failing_since": None}
    )


def record_failure(session: Session, school: str, reason: str, at: datetime) -> datetime:
    """Record that a mailbox could not be read; return when it failed first since it was last read."""
    values = _DEFAULTS | {"school": school, "last_error": reason, "failing_since": at}
    since: datetime = session.execute(_RECORD_FAILURE, values).scalar_one()
    return since


def record_reads(session: Session, reads: Mapping[str, datetime]) -> None:
    """Record when mailboxes were last read, by school."""
    if reads:
        values = [{"b_school": school, "at": at} for school, at in reads.items()]
        session.connection().execute(_RECORD_READ, values)


def get_or_set_cutoff(session: Session, school: str, first: datetime) -> datetime:
    """Return the cutoff, before which mail is skipped; set it to `first` if the mailbox has none."""
    values = _DEFAULTS | {"school": school, "cutoff": first}
    cutoff: datetime = session.execute(_GET_OR_SET_CUTOFF, values).scalar_one()
    return cutoff


def remove_cutoff(session: Session, school: str) -> datetime:
    """Set the cutoff so that no mail is skipped from now on; return it."""
    session.execute(_SET_CUTOFF, _DEFAULTS | {"school": school, "cutoff": EPOCH})
    return EPOCH


def record_skipped(session: Session, school: str, number: int) -> bool:
    """Store the number of mails that are older than the cutoff; return whether it changed."""
    values = {"b_school": school, "number": number}
    return session.execute(_RECORD_LEFT_ALONE, values).first() is not None


def start_recovery(session: Session, margin: timedelta) -> None:
    """Store for each mailbox since when mails may be missing in the restored ledger."""
    latest = {row.school: row.latest for row in session.execute(_LATEST)}
    values = []
    for row in session.execute(_STATES):
        since = latest.get(row.school) or row.cutoff
        values.append({"b_school": row.school, "since": since - margin if since else None})
    if values:
        session.connection().execute(_SET_RECOVER_SINCE, values)


def recover_since(session: Session, school: str) -> datetime | None:
    """Return since when mails in the folder of processed mails may be missing in the ledger."""
    since: datetime | None = session.execute(_RECOVER_SINCE, {"school": school}).scalar()
    return since


def end_recovery(session: Session, school: str) -> None:
    """Record that the mails that were missing in the ledger are in the mailbox again."""
    session.connection().execute(_SET_RECOVER_SINCE, {"b_school": school, "since": None})
