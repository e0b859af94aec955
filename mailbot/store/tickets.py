"""Find, lock and list tickets, and read their messages and audit entries."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.core.model.listing import PAGE_SIZE, Listing, Page, Scope, page_count
from mailbot.core.model.ticket import Message, Status, Ticket
from mailbot.store import places, search
from mailbot.store.mapping import batches, to_message, to_ticket, to_tickets
from mailbot.store.prepared import execute
from mailbot.store.ranking import score
from mailbot.store.tables import metadata

MAX_FOUND = 500
NOT_CLOSED = (Status.OPEN.value, Status.WAITING.value)  # an index supports only equality

_SCHOOL, _TICKET, _ALIAS = (metadata.tables[name] for name in ("school", "ticket", "alias"))
_MESSAGE, _FILE, _EVENT = (metadata.tables[name] for name in ("message", "attachment", "event"))
_TICKET_CC = metadata.tables["ticket_cc"]

# Read and lock the last number of a school.
_LAST_NUMBER = select(_SCHOOL.c.last_number).where(_SCHOOL.c.key == bindparam("school")).with_for_update()
# Store a school without tickets, unless it exists.
_INSERT_SCHOOL = insert(_SCHOOL).on_conflict_do_nothing()
_SET_LAST_NUMBER = (
    update(_SCHOOL).where(_SCHOOL.c.key == bindparam("school")).values(last_number=bindparam("number"))
)
# Find tickets with one of these schools and one of these numbers: SQLite has no index for pairs of them.
_BY_NUMBERS = select(_TICKET).where(
    _TICKET.c.school.in_(bindparam("schools", expanding=True)),
    _TICKET.c.number.in_(bindparam("numbers", expanding=True)),
)
# Find tickets by alias.
_BY_ALIASES = (
    select(_ALIAS.c.name.label("alias"), _TICKET)
    .join(_TICKET, _TICKET.c.id == _ALIAS.c.ticket_id)
    .where(_ALIAS.c.name.in_(bindparam("aliases", expanding=True)))
)
# Find the ticket with an appointment.
_BY_APPOINTMENT = select(_TICKET.c.school, _TICKET.c.number).where(
    _TICKET.c.appointment_uid == bindparam("uid")
)
# Find the tickets of some bundles.
_BY_BUNDLES = select(_TICKET).where(
    _TICKET.c.bundle.in_(bindparam("bundles", expanding=True)),
    _TICKET.c.school.in_(bindparam("schools", expanding=True)),
)
# Read tickets by the keys of their rows.
_BY_IDS = select(_TICKET).where(_TICKET.c.id.in_(bindparam("tickets", expanding=True)))
# Lock tickets. All workers lock them in this order, which prevents deadlocks.
_LOCK = _BY_IDS.order_by(_TICKET.c.id).with_for_update(key_share=True)
_INSERT_ALIAS = insert(_ALIAS)
# Read school and number of tickets by the keys of their rows.
_KEYS = select(_TICKET.c.id, _TICKET.c.school, _TICKET.c.number).where(
    _TICKET.c.id.in_(bindparam("tickets", expanding=True))
)
# List and count tickets; conditions and order depend on the listing.
_LIST = select(_TICKET)
_COUNT = select(func.count()).select_from(_TICKET)
_SUBJECTS = select(_TICKET.c.id, _TICKET.c.subject)
_OWN_FIRST: ColumnElement[Any] = case(
    (and_(_TICKET.c.level == 2, _TICKET.c.status.in_(NOT_CLOSED)), 0), else_=1
)
# Find the tickets that have a person in cc.
_WITH_CC = select(_TICKET_CC.c.ticket_id)
# Read the messages of tickets.
_MESSAGES = (
    select(_MESSAGE)
    .where(_MESSAGE.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_MESSAGE.c.id)
)
# Read the files of messages.
_FILES = (
    select(_FILE).where(_FILE.c.message_row.in_(bindparam("messages", expanding=True))).order_by(_FILE.c.id)
)
_MESSAGE_IDS = select(_MESSAGE.c.message_id).where(_MESSAGE.c.ticket_id == bindparam("ticket"))
_WITHHELD = (
    select(_FILE.c.id, _FILE.c.filename, _FILE.c.danger)
    .join(_MESSAGE, _MESSAGE.c.id == _FILE.c.message_row)
    .where(_MESSAGE.c.ticket_id == bindparam("ticket"), _FILE.c.danger != "")
    .order_by(_FILE.c.id)
)
_RELEASE = update(_FILE).where(_FILE.c.id == bindparam("file")).values(danger="")
# Read the audit trail of a ticket.
_EVENTS = select(_EVENT).where(_EVENT.c.ticket_id == bindparam("ticket")).order_by(_EVENT.c.id)
# Read when tickets came to a holder, and what was undone, the newest first.
_HOLDERS = (
    select(_EVENT.c.ticket_id, _EVENT.c.at, _EVENT.c.action, _EVENT.c.before)
    .where(
        _EVENT.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _EVENT.c.action.in_(("opened", "level", "assignee", "moved", "undone")),
    )
    .order_by(_EVENT.c.id.desc())
)
# Read the opening times of all tickets that are not closed.
_OPENED = select(_TICKET.c.school, _TICKET.c.opened).where(_TICKET.c.status.in_(NOT_CLOSED))


def next_number(session: Session, school: str) -> int:
    """Return the number of the school's next ticket; lock it until this transaction ends."""
    values = {"school": school}
    last = execute(session, _LAST_NUMBER, values).scalar()
    if last is None:
        execute(session, _INSERT_SCHOOL, {"key": school, "last_number": 0})
        last = execute(session, _LAST_NUMBER, values).scalar_one()
    return int(last) + 1


def set_last_number(session: Session, school: str, number: int) -> None:
    """Store the number of a school's newest ticket."""
    execute(session, _SET_LAST_NUMBER, {"school": school, "number": number})


def find(session: Session, name: str) -> Row[Any] | None:
    """Return the row of a ticket by its key or alias, such as GYM-104.

    If the ticket was merged, return the row of its target.
    """
    return find_all(session, [name]).get(name)


def find_all(session: Session, names: Collection[str]) -> dict[str, Row[Any]]:
    """Return the rows of tickets by their keys or aliases, as `find` does; unknown names are left out."""
    numbers = {name: number for name in names if (number := _number(name)) is not None}
    found: dict[str, Row[Any]] = {}
    if numbers:
        schools, of_schools = (list(set(values)) for values in zip(*numbers.values(), strict=True))
        rows = execute(session, _BY_NUMBERS, {"schools": schools, "numbers": of_schools})
        # The statement finds all combinations of these schools and numbers; keep the wanted pairs.
        by_number = {(row.school, row.number): row for row in rows}
        found = {name: by_number[number] for name, number in numbers.items() if number in by_number}
    if aliases := [name for name in names if name not in found]:
        found |= {row.alias: row for row in execute(session, _BY_ALIASES, {"aliases": aliases})}
    # A target may have been merged, too.
    while merged := {name: row.merged_into for name, row in found.items() if row.merged_into is not None}:
        targets = by_ids(session, set(merged.values()))
        found |= {name: targets[ticket_id] for name, ticket_id in merged.items()}
    return found


def _number(name: str) -> tuple[str, int] | None:
    school, _, number = name.partition("-")
    return (school, int(number)) if number.isdigit() else None


def by_ids(session: Session, ticket_ids: Collection[int]) -> dict[int, Row[Any]]:
    """Return the rows of tickets, by the keys of their rows."""
    return {
        row.id: row for batch in batches(ticket_ids) for row in execute(session, _BY_IDS, {"tickets": batch})
    }


def find_for_update(session: Session, names: Collection[str]) -> dict[str, Row[Any]]:
    """Return the rows of tickets, as `find_all` does, and of the bundles that they lead.

    Lock them until this transaction ends.
    """
    found, locked = _with_bundles(session, find_all(session, names)), set[int]()
    if session.get_bind().dialect.name == "sqlite":  # the transaction has locked the whole database
        return found
    while missing := {row.id for row in found.values()} - locked:
        execute(session, _LOCK, {"tickets": list(missing)})
        locked |= missing
        # Another worker may have merged or bundled one before it was locked.
        found = _with_bundles(session, find_all(session, names))
    return found


def bundle_of(session: Session, ticket: Ticket) -> tuple[Ticket, ...]:
    """Return the tickets of the bundle that a ticket is in, in the order of their numbers."""
    if ticket.bundle is None:
        return ()
    rows = execute(session, _BY_BUNDLES, {"schools": [ticket.school], "bundles": [ticket.bundle]})
    return tuple(to_tickets(session, sorted(rows, key=lambda row: row.number)))


def _with_bundles(session: Session, found: dict[str, Row[Any]]) -> dict[str, Row[Any]]:
    """Return rows of tickets, and those of the other tickets of the bundles that they lead."""
    bundles = {(row.school, row.bundle) for row in found.values() if row.bundle == row.number}
    if not bundles:
        return found
    schools, numbers = (list(set(values)) for values in zip(*bundles, strict=True))
    rows = execute(session, _BY_BUNDLES, {"schools": schools, "bundles": numbers})
    return {key_of(row): row for row in rows if (row.school, row.bundle) in bundles} | found


def key_of(row: Any) -> str:
    """Return the key of a ticket, such as GYM-104."""
    return f"{row.school}-{row.number}"


def keys(session: Session, ticket_ids: Collection[int]) -> dict[int, str]:
    """Return the keys of tickets, such as GYM-104, by the keys of their rows."""
    return {
        row.id: key_of(row)
        for batch in batches(ticket_ids)
        for row in execute(session, _KEYS, {"tickets": batch})
    }


def current_rows(session: Session, ticket_ids: Collection[int]) -> list[Row[Any]]:
    """Return the rows of tickets, or of their targets if they were merged, in the order of `ticket_ids`."""
    rows = by_ids(session, ticket_ids)
    while merged := {key: row.merged_into for key, row in rows.items() if row.merged_into is not None}:
        targets = by_ids(session, set(merged.values()))
        rows |= {key: targets[target] for key, target in merged.items()}
    return [rows[key] for key in ticket_ids if key in rows]


def current(session: Session, ticket_id: int) -> Ticket:
    """Return a ticket, or the target if it was merged."""
    row = by_ids(session, [ticket_id])[ticket_id]
    while row.merged_into is not None:
        row = by_ids(session, [row.merged_into])[row.merged_into]
    return to_ticket(session, row)


def current_for_update(session: Session, ticket_id: int) -> Ticket:
    """Return a ticket as `current` does; lock it until this transaction ends."""
    name = keys(session, [ticket_id])[ticket_id]
    return to_ticket(session, find_for_update(session, [name])[name])


def find_ticket(session: Session, name: str) -> tuple[int, Ticket] | None:
    """Return the key of a ticket's row, and the ticket, as `find` does."""
    row = find(session, name)
    return (row.id, to_ticket(session, row)) if row is not None else None


def find_by_appointment(session: Session, uid: str) -> str | None:
    """Return the key of the ticket with that appointment; None if there is none."""
    row = execute(session, _BY_APPOINTMENT, {"uid": uid}).first()
    return key_of(row) if row is not None else None


def add_alias(session: Session, alias: str, ticket_id: int) -> None:
    """Add an alias of a ticket."""
    execute(session, _INSERT_ALIAS, {"name": alias, "ticket_id": ticket_id})


def message_ids(session: Session, ticket_id: int) -> set[str]:
    """Return the Message-IDs of a ticket's messages."""
    return set(execute(session, _MESSAGE_IDS, {"ticket": ticket_id}).scalars())


def list_all(session: Session, listing: Listing) -> tuple[Ticket, ...]:
    """Return all tickets of a list, the newest first."""
    query = _LIST.where(*_conditions(listing)).order_by(_TICKET.c.id.desc())
    return tuple(to_tickets(session, session.execute(query).all()))


def load_page(session: Session, listing: Listing) -> Page:
    """Return one page of a list, the newest ticket first.

    A list by school begins with the tickets that wait at second level, whose list it is.

    If the page is beyond the last one, return the last one.
    """
    if listing.words:
        return _found(session, listing)
    conditions = _conditions(listing)
    total = session.execute(_COUNT.where(*conditions)).scalar_one()
    number = min(listing.page, page_count(total))
    order = [_OWN_FIRST, _TICKET.c.school] * listing.by_school + [_TICKET.c.id.desc()]
    query = _LIST.where(*conditions).order_by(*order).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    return Page(tuple(to_tickets(session, session.execute(query).all())), total, number)


def _found(session: Session, listing: Listing) -> Page:
    """Return the best matches for the words among the newest MAX_FOUND matches."""
    conditions = (*_conditions(listing), search.matches_words(session, listing))
    query = _SUBJECTS.where(*conditions).order_by(_TICKET.c.id.desc()).limit(MAX_FOUND)
    found = session.execute(query).all()
    best = sorted(found, key=lambda row: -score(row.subject, listing.words))[:PAGE_SIZE]
    rows = by_ids(session, [row.id for row in best])
    return Page(tuple(to_tickets(session, [rows[row.id] for row in best])), len(found))


def _conditions(listing: Listing) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_TICKET.c.merged_into.is_(None)]
    if listing.scope in (Scope.OPEN, Scope.MINE):
        conditions.append(_TICKET.c.status.in_(NOT_CLOSED))
    if listing.scope is Scope.CLOSED:
        conditions.append(_TICKET.c.status == Status.CLOSED.value)
    if listing.place is not None:
        conditions.append(_TICKET.c.id.in_(places.tickets_at(listing.place)))
    conditions += [_TICKET.c[column] == value for column, value in listing.filters]
    if listing.requester is not None:
        is_cc = _TICKET.c.id.in_(_WITH_CC.where(_TICKET_CC.c.address == listing.requester))
        conditions.append(or_(_TICKET.c.requester == listing.requester, is_cc))
    return conditions


def history(session: Session, ticket_id: int) -> tuple[Message, ...]:
    """Return the messages of a ticket in their order."""
    return histories(session, [ticket_id])[ticket_id]


def histories(session: Session, ticket_ids: Collection[int]) -> dict[int, tuple[Message, ...]]:
    """Return the messages of several tickets, each in their order."""
    rows = [row for batch in batches(ticket_ids) for row in execute(session, _MESSAGES, {"tickets": batch})]
    files = _files(session, [row.id for row in rows])
    messages: defaultdict[int, list[Message]] = defaultdict(list)
    for row in rows:
        messages[row.ticket_id].append(to_message(row, files.get(row.id, ())))
    return {ticket_id: tuple(messages[ticket_id]) for ticket_id in ticket_ids}


def _files(session: Session, messages: list[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    for batch in batches(messages):
        for row in execute(session, _FILES, {"messages": batch}):
            found.setdefault(row.message_row, []).append(row)
    return found


def held_since(session: Session, rows: Mapping[str, Row[Any]]) -> dict[str, datetime]:
    """Return when each ticket came to the team or the assignee that has it, by its key."""
    by_id = {row.id: row for row in rows.values()}
    since: dict[int, datetime] = {}
    for event in execute(session, _HOLDERS, {"tickets": list(by_id)}):
        # Until an undo of a snooze, say, the ticket had the same holder.
        if event.action != "undone" or _had_other_holder(event.before or {}, by_id[event.ticket_id]):
            since.setdefault(event.ticket_id, event.at)
    return {key: since[row.id] for key, row in rows.items() if row.id in since}


def _had_other_holder(before: Mapping[str, Any], row: Row[Any]) -> bool:
    """Return whether a ticket had another level or assignee in a state from the audit trail."""
    assignee = (before.get("assignee") or [None])[0]
    return (before.get("level", row.level), assignee) != (row.level, row.assignee)


def withheld_files(session: Session, ticket_id: int) -> Sequence[Row[Any]]:
    """Return the withheld files of a ticket: their keys, names and dangers."""
    return session.execute(_WITHHELD, {"ticket": ticket_id}).all()


def release_file(session: Session, file_id: int) -> None:
    """Release a withheld file, so that it is sent from now on."""
    session.execute(_RELEASE, {"file": file_id})


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the audit trail, for printing."""

    at: str
    actor: str
    action: str
    detail: str
    message_id: str
    because: str
    trusted: str

    def document(self) -> dict[str, str]:
        """Return the entry as `mailbot show --json` prints it."""
        return asdict(self)


def events(session: Session, ticket_id: int) -> tuple[Event, ...]:
    """Return the audit entries of a ticket in their order."""
    return tuple(
        Event(r.at.isoformat(), r.actor, r.action, r.detail, r.message_id, r.because, r.trusted)
        for r in session.execute(_EVENTS, {"ticket": ticket_id})
    )


def opened(session: Session) -> list[tuple[str, datetime]]:
    """Return the school and the opening time of each ticket that is not closed."""
    return [(school, at) for school, at in session.execute(_OPENED)]
