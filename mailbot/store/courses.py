"""How tickets went, as the monthly report counts it."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from mailbot.core.model.ticket import Direction, Visibility
from mailbot.reporting.model import CHANGES, Month, TicketTimeline, TimelineEntry
from mailbot.store.tables import EventRow, MessageRow, PersonRow, TicketRow


def courses(session: Session, month: Month) -> list[TicketTimeline]:
    """Return the courses of all tickets that the month may have brought something."""
    query = select(TicketRow).where(*_touched(month)).order_by(col(TicketRow.id))
    entries, answered = _entries(session, month), _answered(session, month)
    return [
        TicketTimeline(
            school=row.school,
            subject=row.subject,
            requester=row.requester,
            opened=row.opened,
            entries=tuple(entries.get(row.id, ())),
            answered=answered.get(row.id),
            merged=row.merged_into is not None,
        )
        for row in session.exec(query)
    ]


def names(session: Session) -> set[str]:
    """Return the names and addresses of all people who ever wrote."""
    known = select(PersonRow.name, PersonRow.address)
    wrote = select(TicketRow.requester_name, TicketRow.requester).distinct()
    return {name for query in (known, wrote) for pair in session.exec(query) for name in pair if name}


def _touched(month: Month) -> tuple[ColumnElement[bool], ...]:
    """Whatever happens to a ticket updates it: those not updated since then had a quiet month."""
    return col(TicketRow.opened) < month.end, col(TicketRow.updated) >= month.start


def _entries(session: Session, month: Month) -> dict[int | None, list[TimelineEntry]]:
    touched = select(TicketRow.id).where(*_touched(month))
    query = (
        select(EventRow.ticket_id, EventRow.at, EventRow.action, EventRow.detail)
        .where(col(EventRow.ticket_id).in_(touched), col(EventRow.action).in_(CHANGES))
        .order_by(col(EventRow.id))
    )
    found: defaultdict[int | None, list[TimelineEntry]] = defaultdict(list)
    for ticket_id, at, action, detail in session.exec(query):
        found[ticket_id].append(TimelineEntry(at, action, detail))
    return found


def _answered(session: Session, month: Month) -> dict[int | None, datetime]:
    touched = select(TicketRow.id).where(*_touched(month))
    query = (
        select(MessageRow.ticket_id, func.min(MessageRow.at))
        .where(
            col(MessageRow.ticket_id).in_(touched),
            MessageRow.direction == Direction.OUT.value,
            MessageRow.visibility == Visibility.PUBLIC.value,
        )
        .group_by(col(MessageRow.ticket_id))
    )
    return dict(session.exec(query).all())
