"""The state of each school's mailbox: since when its mail counts, and whether it can be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, func, select

from mailbot.store.tables import LedgerRow, MailboxRow, metadata

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MAILBOX = metadata.tables["mailbox"]

# Notes a read of many mailboxes without trouble, once a minute.
_RECORD_READ = (
    update(_MAILBOX).where(_MAILBOX.c.school == bindparam("mailbox")).values(last_success=bindparam("at"))
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
    rows = session.exec(select(MailboxRow).order_by(col(MailboxRow.school)))
    return [
        MailboxState(row.school, row.left_alone, row.last_success, row.last_error, row.failing_since)
        for row in rows
    ]


def record_success(session: Session, school: str, at: datetime) -> None:
    """Note that a mailbox was read; it fails no more."""
    row = _row(session, school)
    row.last_success, row.last_error, row.failing_since = at, "", None


def record_failure(session: Session, school: str, reason: str, at: datetime) -> None:
    """Note that a mailbox cannot be read, and since when."""
    row = _row(session, school)
    row.last_error, row.failing_since = reason, row.failing_since or at


def record_reads(session: Session, reads: Mapping[str, datetime]) -> None:
    """Note when mailboxes were read last, by school."""
    if reads:
        values = [{"mailbox": school, "at": at} for school, at in reads.items()]
        session.connection().execute(_RECORD_READ, values)


def agree_cutoff(session: Session, school: str, first: datetime) -> datetime:
    """Return the time before which mail is left alone: `first` on first contact, later what was agreed."""
    row = _row(session, school)
    if row.cutoff is None:
        row.cutoff = first
    return row.cutoff


def remove_cutoff(session: Session, school: str) -> datetime:
    """Let every mail count from now on; return the new cutoff."""
    _row(session, school).cutoff = EPOCH
    return EPOCH


def record_left_alone(session: Session, school: str, number: int) -> bool:
    """Note how many mails are older than the cutoff; tell whether the number changed."""
    row = _row(session, school)
    changed, row.left_alone = row.left_alone != number, number
    return changed


def expect_recovery(session: Session, margin: timedelta) -> None:
    """Note in each mailbox since when mails may be missing in the restored ledger."""
    query = select(LedgerRow.school, func.max(LedgerRow.at)).group_by(LedgerRow.school)
    latest = dict(session.exec(query).all())
    for row in session.exec(select(MailboxRow)):
        since = latest.get(row.school) or row.cutoff
        row.recover_since = since - margin if since else None


def recover_since(session: Session, school: str) -> datetime | None:
    """Return since when mails in the folder of processed mails may be missing in the ledger."""
    row = session.get(MailboxRow, school)
    return row.recover_since if row is not None else None


def end_recovery(session: Session, school: str) -> None:
    """Note that the mails which the ledger missed are back in the mailbox."""
    _row(session, school).recover_since = None


def _row(session: Session, school: str) -> MailboxRow:
    row = session.get(MailboxRow, school)
    if row is None:
        row = MailboxRow(school=school)
        session.add(row)
    return row
