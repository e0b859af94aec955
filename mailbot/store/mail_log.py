"""Read the received and the outgoing mails of a period with what became of them; changes nothing.

The ledger is written in the order of time, so a period is a range of its keys and needs no index. An entry
may be younger than the next one, because clocks are set and workers write side by side: by less than
`_MARGIN`. The outbox has long rows: its mails are found by its indexes, and by the tickets of the ledger.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, bindparam, func, or_, select, union_all
from sqlmodel import Session

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.store.tables import metadata

_LEDGER, _OUTBOX, _TICKET = (metadata.tables[name] for name in ("ledger", "outbox", "ticket"))
_MARGIN = timedelta(days=1)
_BATCH_SIZE = 1_000
_WILDCARDS = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})

_LAST_BEFORE = (
    select(_LEDGER.c.id).where(_LEDGER.c.at < bindparam("before")).order_by(_LEDGER.c.id.desc()).limit(1)
)
_OF_PERIOD = (
    _LEDGER.c.id > func.coalesce(_LAST_BEFORE.scalar_subquery(), 0),
    _LEDGER.c.at >= bindparam("since"),
    _LEDGER.c.at < bindparam("until"),
)
_TICKET_KEY = (_TICKET.c.school.label("ticket_school"), _TICKET.c.number.label("ticket_number"))
# Read the mails that were received in a period, the newest first, with their tickets.
_RECEIVED = (
    select(_LEDGER, *_TICKET_KEY)
    .join(_TICKET, _TICKET.c.id == _LEDGER.c.ticket_id, isouter=True)
    .where(*_OF_PERIOD)
    .order_by(_LEDGER.c.id.desc())
)
# Count the outgoing mails of a period by school and state; the kinds are the first column of an index.
_COUNT_OUTGOING = (
    select(_OUTBOX.c.school, _OUTBOX.c.state, func.count())
    .where(
        _OUTBOX.c.kind.in_([kind.value for kind in NotificationKind]),
        _OUTBOX.c.created >= bindparam("since"),
        _OUTBOX.c.created < bindparam("until"),
    )
    .group_by(_OUTBOX.c.school, _OUTBOX.c.state)
)
# Read outgoing mails of a period, the newest first, with their tickets, but without their texts and keys.
_OUTGOING = (
    select(
        *(_OUTBOX.c[name] for name in ("id", "school", "message_id", "kind", "recipient", "subject")),
        *(_OUTBOX.c[name] for name in ("state", "last_error", "created")),
        *_TICKET_KEY,
    )
    .join(_TICKET, _TICKET.c.id == _OUTBOX.c.ticket_id, isouter=True)
    .where(_OUTBOX.c.created >= bindparam("since"), _OUTBOX.c.created < bindparam("until"))
    .order_by(_OUTBOX.c.id.desc())
)


@dataclass(frozen=True, slots=True)
class Period:
    """A period of time, without its end."""

    since: datetime
    until: datetime

    def values(self) -> dict[str, datetime]:
        """Return the values of a statement's parameters."""
        return {"since": self.since, "until": self.until, "before": self.since - _MARGIN}


def received(session: Session, period: Period) -> Sequence[Row[Any]]:
    """Return the ledger entries of a period with their tickets, the newest first."""
    return session.execute(_RECEIVED, period.values()).all()


def count_outgoing(session: Session, period: Period) -> dict[tuple[str, str], int]:
    """Count the outgoing mails of a period by school and state."""
    rows = session.execute(_COUNT_OUTGOING, {"since": period.since, "until": period.until})
    return {(school, state): number for school, state, number in rows}


def find_received(session: Session, period: Period, text: str, schools: Sequence[str]) -> Iterator[Row[Any]]:
    """Yield the ledger entries that may have this text, and those of these schools, the newest first.

    The caller compares again: databases fold the case of ASCII only.
    """
    columns = (_LEDGER.c.sender, _LEDGER.c.subject, _LEDGER.c.message_id)
    found = or_(_LEDGER.c.school.in_(schools), *(_may_contain(session, column, text) for column in columns))
    query = _RECEIVED.where(found).execution_options(yield_per=_BATCH_SIZE)
    yield from session.execute(query, period.values())


def find_outgoing(session: Session, period: Period, text: str) -> Iterator[Row[Any]]:
    """Yield the outgoing mails that may have this text, the newest first; the caller compares again.

    A subject is searched in mails without a ticket, and in those of tickets whose received mails have it.
    """
    since, subject = _OUTBOX.c.created >= bindparam("since"), _may_contain(session, _OUTBOX.c.subject, text)
    tickets = select(_LEDGER.c.ticket_id).where(
        *_OF_PERIOD, _LEDGER.c.ticket_id.is_not(None), _may_contain(session, _LEDGER.c.subject, text)
    )
    keys = union_all(
        select(_OUTBOX.c.id).where(since, _may_contain(session, _OUTBOX.c.recipient, text)),
        select(_OUTBOX.c.id).where(_may_contain(session, _OUTBOX.c.message_id, text)),
        select(_OUTBOX.c.id).where(_OUTBOX.c.ticket_id.is_(None), since, subject),
        select(_OUTBOX.c.id).where(_OUTBOX.c.ticket_id.in_(tickets)),
    )
    query = _OUTGOING.where(_OUTBOX.c.id.in_(keys)).execution_options(yield_per=_BATCH_SIZE)
    yield from session.execute(query, period.values())


def _may_contain(session: Session, column: "Column[Any]", text: str) -> "ColumnElement[bool]":
    """Return the condition that a column has the ASCII characters of a text, in their order."""
    pattern = "".join(c.translate(_WILDCARDS) if c.isascii() else "%" for c in text)
    # LIKE of SQLite ignores the case of ASCII.
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    return (column.like if is_sqlite else column.ilike)(f"%{pattern}%", escape="\\")
