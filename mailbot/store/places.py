"""Store the rooms and devices that new tickets name, and count the tickets about them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, bindparam, exists, func, insert, select, tuple_
from sqlmodel import Session

from mailbot.core.model.place import Place
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

_PLACE, _TICKET = metadata.tables["place"], metadata.tables["ticket"]

_INSERT = insert(_PLACE)
# Read the places of a ticket.
_OF_TICKET = select(_PLACE.c.kind, _PLACE.c.name).where(_PLACE.c.ticket_id == bindparam("ticket"))
# Count the tickets of a school about some places; a merged ticket counts as a part of its target. With a join
# SQLite would read all tickets of the school.
_COUNT = (
    select(_PLACE.c.kind, _PLACE.c.name, func.count().label("tickets"))
    .where(
        tuple_(_PLACE.c.name, _PLACE.c.kind).in_(bindparam("places", expanding=True)),
        exists().where(
            _TICKET.c.id == _PLACE.c.ticket_id,
            _TICKET.c.school == bindparam("school"),
            _TICKET.c.opened >= bindparam("since"),
            _TICKET.c.merged_into.is_(None),
        ),
    )
    .group_by(_PLACE.c.kind, _PLACE.c.name)
)


def add(session: Session, ticket_id: int, places: Collection[Place]) -> None:
    """Store the places of a ticket; it has none of them yet."""
    if places:
        rows = [{"ticket_id": ticket_id, "kind": place.kind, "name": place.name} for place in places]
        execute(session, _INSERT, rows)


def copy(session: Session, ticket_id: int, target: int) -> None:
    """Add the places of a merged ticket to its target."""
    merged, known = (_of_ticket(session, key) for key in (ticket_id, target))
    add(session, target, [place for place in merged if place not in known])


def _of_ticket(session: Session, ticket_id: int) -> list[Place]:
    return [Place(row.kind, row.name) for row in execute(session, _OF_TICKET, {"ticket": ticket_id})]


def count_reports(
    session: Session, places: Collection[Place], school: str, since: datetime
) -> dict[Place, int]:
    """Return the number of tickets of a school since that time for each place that has any."""
    values = {"places": [(place.name, place.kind) for place in places], "school": school, "since": since}
    return {Place(row.kind, row.name): row.tickets for row in execute(session, _COUNT, values)}


def tickets_at(place: Place) -> Select[tuple[int]]:
    """Return the query for the keys of the tickets about a place."""
    return select(_PLACE.c.ticket_id).where(_PLACE.c.name == place.name, _PLACE.c.kind == place.kind)
