"""Read the changes of tickets for the monthly report."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from mailbot.core.model.place import Place
from mailbot.core.model.ticket import Direction, Visibility
from mailbot.reporting.model import CHANGES, Month, TicketTimeline, TimelineEntry
from mailbot.store.tables import metadata

_TICKET, _MESSAGE, _EVENT, _PERSON, _PLACE = (
    metadata.tables[name].c for name in ("ticket", "message", "event", "person", "place")
)
# Every change of a ticket sets `updated`, so a ticket with an earlier time had no change in the month.
_CHANGED = (_TICKET.opened < bindparam("end"), _TICKET.updated >= bindparam("start"))
_CHANGED_IDS = select(_TICKET.id).where(*_CHANGED)

# Read the tickets that may have changed in the month.
_TICKETS = select(metadata.tables["ticket"]).where(*_CHANGED).order_by(_TICKET.id)
# Read the changes of these tickets.
_CHANGES = (
    select(_EVENT.ticket_id, _EVENT.at, _EVENT.action, _EVENT.detail)
    .where(_EVENT.ticket_id.in_(_CHANGED_IDS), _EVENT.action.in_(CHANGES))
    .order_by(_EVENT.id)
)
# Find the time of the first answer in each of these tickets.
_ANSWERED = (
    select(_MESSAGE.ticket_id, func.min(_MESSAGE.at).label("first"))
    .where(
        _MESSAGE.ticket_id.in_(_CHANGED_IDS),
        _MESSAGE.direction == Direction.OUT.value,
        _MESSAGE.visibility == Visibility.PUBLIC.value,
    )
    .group_by(_MESSAGE.ticket_id)
)
# Read the places of these tickets.
_PLACES = (
    select(_PLACE.ticket_id, _PLACE.kind, _PLACE.name)
    .where(_PLACE.ticket_id.in_(_CHANGED_IDS))
    .order_by(_PLACE.ticket_id, _PLACE.kind, _PLACE.name)
)
# Read the names and addresses of all known people and of all requesters.
_PEOPLE = select(_PERSON.name, _PERSON.address)
_REQUESTERS = select(_TICKET.requester_name, _TICKET.requester).distinct()


def timelines(session: Session, month: Month) -> list[TicketTimeline]:
    """Return the timelines of all tickets that may have changed in a month."""
    values = {"start": month.start, "end": month.end}
    entries: defaultdict[int, list[TimelineEntry]] = defaultdict(list)
    for ticket_id, at, action, detail in session.execute(_CHANGES, values):
        entries[ticket_id].append(TimelineEntry(at, action, detail))
    places: defaultdict[int, list[Place]] = defaultdict(list)
    for ticket_id, kind, name in session.execute(_PLACES, values):
        places[ticket_id].append(Place(kind, name))
    first_answers: dict[int, datetime] = {
        row.ticket_id: row.first for row in session.execute(_ANSWERED, values)
    }
    return [
        TicketTimeline(
            school=row.school,
            subject=row.subject,
            requester=row.requester,
            opened=row.opened,
            entries=tuple(entries[row.id]),
            answered=first_answers.get(row.id),
            merged=row.merged_into is not None,
            places=tuple(places[row.id]),
        )
        for row in session.execute(_TICKETS, values)
    ]


def names_of_people(session: Session) -> set[str]:
    """Return the names and addresses of all known people and requesters."""
    return {
        name for query in (_PEOPLE, _REQUESTERS) for pair in session.execute(query) for name in pair if name
    }
