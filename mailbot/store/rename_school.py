"""Give everything of a school another key."""

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from mailbot.store import search, tickets
from mailbot.store.audit import Origin, record
from mailbot.store.mapping import batches
from mailbot.store.tables import metadata

_TICKET, _LEDGER, _MAILBOX, _BLOCKED, _SCHOOL, _ALERT = (
    metadata.tables[name] for name in ("ticket", "ledger", "mailbox", "blocked", "school", "alert")
)
_HELD, _OUTBOX, _SAVED_ANSWER, _SAVED_ANSWER_USE = (
    metadata.tables[name] for name in ("held", "outbox", "saved_answer", "saved_answer_use")
)
_ATTEMPT, _LEASE = metadata.tables["attempt"], metadata.tables["lease"]
_OLD: BindParameter[str] = bindparam("old")
_NEW: BindParameter[str] = bindparam("new")
_OTHER = _LEDGER.alias()

_TICKETS = select(_TICKET.c.id, _TICKET.c.number).where(_TICKET.c.school == _OLD).order_by(_TICKET.c.number)
_RENAME_TICKET = (
    update(_TICKET)
    .where(_TICKET.c.id == bindparam("ticket"))
    .values(school=_NEW, number=bindparam("new_number"))
)
# Rename the mails of a school, except those that the other one has processed, too.
_PROCESSED_TWICE = select(_OTHER.c.id).where(
    _OTHER.c.school == _NEW, _OTHER.c.uid_validity == _LEDGER.c.uid_validity, _OTHER.c.uid == _LEDGER.c.uid
)
_RENAME_MAILS = (
    update(_LEDGER).where(_LEDGER.c.school == _OLD, ~_PROCESSED_TWICE.exists()).values(school=_NEW)
)
# Rename rows of which a school has any number.
_RENAME_ROWS = (
    update(_HELD).where(_HELD.c.school == _OLD).values(school=_NEW),
    update(_OUTBOX).where(_OUTBOX.c.school == _OLD).values(school=_NEW),
    update(_SAVED_ANSWER).where(_SAVED_ANSWER.c.school == _OLD).values(school=_NEW),
    update(_SAVED_ANSWER_USE).where(_SAVED_ANSWER_USE.c.school == _OLD).values(school=_NEW),
)
# Read the rows of which a school has one, or one for each address.
_MAILBOXES = select(_MAILBOX).where(_MAILBOX.c.school.in_((_OLD, _NEW)))
_BLOCKS = select(_BLOCKED).where(_BLOCKED.c.school.in_((_OLD, _NEW)))
# Delete rows that the next start writes again.
_DELETE_ROWS = (
    delete(_ATTEMPT).where(_ATTEMPT.c.school == _OLD),
    delete(_LEASE).where(_LEASE.c.school == _OLD),
    delete(_MAILBOX).where(_MAILBOX.c.school == _OLD),
    delete(_BLOCKED).where(_BLOCKED.c.school == _OLD),
)
_DELETE_SCHOOL = delete(_SCHOOL).where(_SCHOOL.c.key == _OLD)
_DELETE_ALERTS = delete(_ALERT).where(_ALERT.c.topic.like(bindparam("topics")))
# Count the open tickets of each school.
_OPEN = (
    select(_TICKET.c.school, func.count().label("number"))
    .where(_TICKET.c.status.in_(tickets.NOT_CLOSED), _TICKET.c.merged_into.is_(None))
    .group_by(_TICKET.c.school)
    .order_by(_TICKET.c.school)
)


def rename_school(session: Session, old: str, new: str, origin: Origin) -> int:
    """Give all tickets, mails and settings of a school the key of another one; return the number of tickets.

    Tickets keep their number if it is free. Their old key becomes an alias, so that replies to old mails
    find them.
    """
    connection, keys = session.connection(), {"old": old, "new": new}
    last = tickets.next_number(session, new) - 1
    taken = {row.number for row in connection.execute(_TICKETS, {"old": new})}
    last = max((last, *taken, *(row.number for row in connection.execute(_TICKETS, keys))))
    renamed = connection.execute(_TICKETS, keys).all()
    for ticket in renamed:
        number = ticket.number
        if number in taken:
            number = last = last + 1
        connection.execute(_RENAME_TICKET, {"ticket": ticket.id, "new": new, "new_number": number})
        tickets.add_alias(session, f"{old}-{ticket.number}", ticket.id)
        record(session, origin, "moved", f"{new}-{number}", f"school {old} is now {new}", ticket.id)
    tickets.set_last_number(session, new, last)
    _rename_rest(session, old, new)
    for batch in batches([ticket.id for ticket in renamed]):
        search.index(session, batch)
    record(session, origin, "school renamed", f"{old} to {new}")
    return len(renamed)


def _rename_rest(session: Session, old: str, new: str) -> None:
    connection, keys = session.connection(), {"old": old, "new": new}
    for statement in (_RENAME_MAILS, *_RENAME_ROWS):
        connection.execute(statement, keys)
    for table, query in ((_MAILBOX, _MAILBOXES), (_BLOCKED, _BLOCKS)):
        rows = [dict(row) for row in connection.execute(query, keys).mappings()]
        there = {row.get("address") for row in rows if row["school"] == new}
        moved = [row | {"school": new} for row in rows if row["school"] == old]
        if missing := [row for row in moved if row.get("address") not in there]:
            connection.execute(insert(table), missing)
    for deletion in _DELETE_ROWS:
        connection.execute(deletion, keys)
    connection.execute(_DELETE_SCHOOL, keys)
    connection.execute(_DELETE_ALERTS, {"topics": f"mailbox {old}%"})


def open_tickets(session: Session) -> dict[str, int]:
    """Return the number of open tickets of each school that has any, by its key."""
    return {row.school: row.number for row in session.execute(_OPEN)}
