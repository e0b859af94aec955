"""The state of each school's mailbox: since when its mail counts, and whether it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import Insert, insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.tables import metadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MAILBOX, _LEDGER = metadata.tables["mailbox"], metadata.tables["ledger"]
_NEW = {"left_alone": 0, "last_error": ""}  # of a mailbox that is not stored yet


def _upsert(*columns: str) -> Insert:
    """Return a statement that writes these columns of a mailbox, which may be new."""
    new = insert(_MAILBOX)
    return new.on_conflict_do_update(
        index_elements=["school"], set_={column: new.excluded[column] for column in columns}
    )


# Reads the state of all mailboxes.
_STATES = select(_MAILBOX).order_by(_MAILBOX.c.school)
# Notes that a mailbox was read, or that it cannot be read and since when.
_RECORD_SUCCESS = _upsert("last_success", "last_error", "failing_since")
_RECORD_FAILURE = insert(_MAILBOX).on_conflict_do_update(
    index_elements=["school"],
    set_={
        "last_error": insert(_MAILBOX).excluded.last_error,
        "failing_since": func.coalesce(_MAILBOX.c.failing_since, insert(_MAILBOX).excluded.failing_since),
    },
)
# Notes a read of many mailboxes without failure, once a minute.
_RECORD_READ = (
    update(_MAILBOX).where(_MAILBOX.c.school == bindparam("mailbox")).values(last_success=bindparam("at"))
)
# Agrees on the cutoff unless there is one, and returns it; or replaces it.
_AGREE_CUTOFF = (
    insert(_MAILBOX)
    .on_conflict_do_update(
        index_elements=["school"],
        set_={"cutoff": func.coalesce(_MAILBOX.c.cutoff, insert(_MAILBOX).excluded.cutoff)},
    )
    .returning(_MAILBOX.c.cutoff)
)
_SET_CUTOFF = _upsert("cutoff")
# Notes the number of old mails; the row is returned only if that changed it.
_RECORD_LEFT_ALONE = (
    update(_MAILBOX)
    .where(_MAILBOX.c.school == bindparam("mailbox"), _MAILBOX.c.left_alone != bindparam("number"))
    .values(left_alone=bindparam("number"))
    .returning(_MAILBOX.c.school)
)
# Finds when the newest mail of each school was handled.
_LATEST = select(_LEDGER.c.school, func.max(_LEDGER.c.at).label("latest")).group_by(_LEDGER.c.school)
# Reads and writes since when mails may be missing in the ledger.
_RECOVER_SINCE = select(_MAILBOX.c.recover_since).where(_MAILBOX.c.school == bindparam("school"))
_SET_RECOVER_SINCE = (
    update(_MAILBOX).where(_MAILBOX.c.school == bindparam("mailbox")).values(recover_since=bindparam("since"))
)


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How reading a mailbox goes; `left_alone` counts the mails that are older than its cutoff."""

    school: str
    left_alone: int
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
    """Note that a mailbox was read; it fails no more."""
    session.execute(_RECORD_SUCCESS, _NEW | {"school": school, "last_success": at, "failing_since": None})


def record_failure(session: Session, school: str, reason: str, at: datetime) -> None:
    """Note that a mailbox cannot be read, and since when."""
    session.execute(_RECORD_FAILURE, _NEW | {"school": school, "last_error": reason, "failing_since": at})


def record_reads(session: Session, reads: Mapping[str, datetime]) -> None:
    """Note when mailboxes were read last, by school."""
    if reads:
        values = [{"mailbox": school, "at": at} for school, at in reads.items()]
        session.connection().execute(_RECORD_READ, values)


def agree_cutoff(session: Session, school: str, first: datetime) -> datetime:
    """Return the time before which mail is left alone: `first` on first contact, later what was agreed."""
    values = _NEW | {"school": school, "cutoff": first}
    cutoff: datetime = session.execute(_AGREE_CUTOFF, values).scalar_one()
    return cutoff


def remove_cutoff(session: Session, school: str) -> datetime:
    """Let every mail count from now on; return the new cutoff."""
    session.execute(_SET_CUTOFF, _NEW | {"school": school, "cutoff": EPOCH})
    return EPOCH


def record_left_alone(session: Session, school: str, number: int) -> bool:
    """Note how many mails are older than the cutoff; tell whether the number changed."""
    values = {"mailbox": school, "number": number}
    return session.execute(_RECORD_LEFT_ALONE, values).first() is not None


def expect_recovery(session: Session, margin: timedelta) -> None:
    """Note in each mailbox since when mails may be missing in the restored ledger."""
    latest = {row.school: row.latest for row in session.execute(_LATEST)}
    values = []
    for row in session.execute(_STATES):
        since = latest.get(row.school) or row.cutoff
        values.append({"mailbox": row.school, "since": since - margin if since else None})
    if values:
        session.connection().execute(_SET_RECOVER_SINCE, values)


def recover_since(session: Session, school: str) -> datetime | None:
    """Return since when mails in the folder of processed mails may be missing in the ledger."""
    since: datetime | None = session.execute(_RECOVER_SINCE, {"school": school}).scalar()
    return since


def end_recovery(session: Session, school: str) -> None:
    """Note that the mails which the ledger missed are back in the mailbox."""
    session.connection().execute(_SET_RECOVER_SINCE, {"mailbox": school, "since": None})
