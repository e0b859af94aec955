"""Tickets and their messages, as they are asked for."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, or_, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from mailbot.core.model.listing import PAGE_SIZE, Listing, Page, Scope, page_count
from mailbot.core.model.ticket import Message, Status, Ticket
from mailbot.store import search
from mailbot.store.ranking import score
from mailbot.store.rows import existing, identity, message_of, ticket_of, tickets_of
from mailbot.store.tables import AliasRow, EventRow, MessageRow, SchoolRow, TicketRow, metadata

FOUND_MOST = 500
NOT_CLOSED = (Status.OPEN.value, Status.WAITING.value)  # an index finds what is, not what is not

_SCHOOLS, _MESSAGES, _FILES, _CC = (
    metadata.tables[name] for name in ("school", "message", "attachment", "ticket_cc")
)

# Each mail asks these, so they are put together once.
_LAST_NUMBER = columns(_SCHOOLS.c.last_number).where(_SCHOOLS.c.key == bindparam("school")).with_for_update()
_GIVE_NUMBER = (
    update(_SCHOOLS).where(_SCHOOLS.c.key == bindparam("school")).values(last_number=bindparam("given"))
)
_BY_NUMBER = select(TicketRow).where(
    TicketRow.school == bindparam("school"), TicketRow.number == bindparam("number")
)
_HISTORY = columns(_MESSAGES).where(_MESSAGES.c.ticket_id == bindparam("ticket")).order_by(_MESSAGES.c.id)
_FILES_OF = (
    columns(_FILES)
    .where(_FILES.c.message_row.in_(bindparam("messages", expanding=True)))
    .order_by(_FILES.c.id)
)
# Lists the files of a ticket that are not sent.
_WITHHELD = (
    columns(_FILES.c.id, _FILES.c.filename, _FILES.c.danger)
    .join(_MESSAGES, _MESSAGES.c.id == _FILES.c.message_row)
    .where(_MESSAGES.c.ticket_id == bindparam("ticket"), _FILES.c.danger != "")
    .order_by(_FILES.c.id)
)
# Lets a file be sent.
_RELEASE = update(_FILES).where(_FILES.c.id == bindparam("file")).values(danger="")


def next_number(session: Session, school: str) -> int:
    """Return the number of the school's next ticket; nobody else gets it before this transaction ends."""
    last = session.connection().execute(_LAST_NUMBER, {"school": school}).scalar()
    return (existing(session, SchoolRow(key=school), school).last_number if last is None else last) + 1


def give_number(session: Session, school: str, number: int) -> None:
    """Note that a school's newest ticket has this number."""
    session.connection().execute(_GIVE_NUMBER, {"school": school, "given": number})


def by_name(session: Session, name: str) -> TicketRow | None:
    """Find the row of "GYM-104"; of a ticket that was moved or merged, the one that goes on."""
    school, _, number = name.partition("-")
    row = None
    if number.isdigit():
        row = session.exec(_BY_NUMBER, params={"school": school, "number": int(number)}).first()
    if row is None and (alias := session.get(AliasRow, name)) is not None:
        row = session.get(TicketRow, alias.ticket_id)
    while row is not None and row.merged_into is not None:
        row = session.get(TicketRow, row.merged_into)
    return row


def call(session: Session, alias: str, ticket_id: int) -> None:
    """Give a ticket another name."""
    session.add(AliasRow(name=alias, ticket_id=ticket_id))


def message_ids(session: Session, ticket_id: int) -> set[str]:
    """Return the Message-IDs of a ticket's messages."""
    return set(session.exec(select(MessageRow.message_id).where(MessageRow.ticket_id == ticket_id)))


def by_names(session: Session, names: Collection[str]) -> dict[str, TicketRow]:
    """Find the rows of several tickets by their names."""
    found = ((name, by_name(session, name)) for name in names)
    return {name: row for name, row in found if row is not None}


def current(session: Session, ticket_id: int) -> Ticket:
    """Return a ticket; of one that was merged, the ticket that it was merged into."""
    row = session.get_one(TicketRow, ticket_id)
    while row.merged_into is not None:
        row = session.get_one(TicketRow, row.merged_into)
    return ticket_of(session, row)


def named(session: Session, name: str) -> tuple[int, Ticket] | None:
    """Return key and value of a ticket by its name, as `by_name` finds it."""
    row = by_name(session, name)
    return (identity(row.id), ticket_of(session, row)) if row is not None else None


def to_change(session: Session, names: Collection[str]) -> dict[str, TicketRow]:
    """Find the rows of several tickets and keep others from changing them until this transaction ends.

    Everybody locks in the order of the names, so that nobody waits for each other.
    """
    found = by_names(session, sorted(names))
    for row in found.values():
        session.refresh(row, with_for_update={"key_share": True})
    return found


def listed(session: Session, wanted: Listing) -> tuple[Ticket, ...]:
    """Return all tickets of a list, the newest first."""
    rows = session.exec(select(TicketRow).where(*_conditions(wanted)).order_by(col(TicketRow.id).desc()))
    return tuple(tickets_of(session, rows.all()))


def page(session: Session, wanted: Listing) -> Page:
    """Return one page of an overview: the newest first, school by school where asked; the last if beyond."""
    if wanted.words:
        return _found(session, wanted)
    conditions = _conditions(wanted)
    total = session.exec(select(func.count()).select_from(TicketRow).where(*conditions)).one()
    number = min(wanted.page, page_count(total))
    order = [col(TicketRow.school)] * wanted.by_school + [col(TicketRow.id).desc()]
    query = (
        select(TicketRow)
        .where(*conditions)
        .order_by(*order)
        .offset((number - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return Page(tuple(tickets_of(session, session.exec(query).all())), total, number)


def _found(session: Session, wanted: Listing) -> Page:
    """Return the tickets that fit the words best; of very many only the newest are looked at."""
    conditions = (*_conditions(wanted), search.finds(session, wanted))
    query = select(TicketRow.id, TicketRow.subject).where(*conditions)
    found = session.exec(query.order_by(col(TicketRow.id).desc()).limit(FOUND_MOST)).all()
    best = sorted(found, key=lambda row: -score(row[1], wanted.words))[:PAGE_SIZE]
    rows = [session.get_one(TicketRow, key) for key, _ in best]
    return Page(tuple(tickets_of(session, rows)), len(found))


def _conditions(wanted: Listing) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [col(TicketRow.merged_into).is_(None)]
    if wanted.scope in (Scope.OPEN, Scope.MINE):
        conditions.append(col(TicketRow.status).in_(NOT_CLOSED))
    if wanted.scope is Scope.CLOSED:
        conditions.append(col(TicketRow.status) == Status.CLOSED.value)
    conditions += [col(getattr(TicketRow, column)) == value for column, value in wanted.filters]
    if wanted.requester is not None:
        in_copy = columns(_CC.c.ticket_id).where(_CC.c.address == wanted.requester)
        conditions.append(or_(col(TicketRow.requester) == wanted.requester, col(TicketRow.id).in_(in_copy)))
    return conditions


def history(session: Session, ticket_id: int) -> tuple[Message, ...]:
    """Return the messages of a ticket in their order."""
    session.flush()
    rows = session.connection().execute(_HISTORY, {"ticket": ticket_id}).all()
    files = _files(session, [row.id for row in rows])
    return tuple(message_of(row, files.get(row.id, ())) for row in rows)


def withheld(session: Session, ticket_id: int) -> Sequence[Row[Any]]:
    """Return a ticket's files that are not sent: their keys, names and dangers."""
    return session.execute(_WITHHELD, {"ticket": ticket_id}).all()


def release_file(session: Session, file_id: int) -> None:
    """Let a withheld file be sent from now on."""
    session.execute(_RELEASE, {"file": file_id})


def _files(session: Session, messages: list[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    if messages:
        for row in session.connection().execute(_FILES_OF, {"messages": messages}):
            found.setdefault(row.message_row, []).append(row)
    return found


@dataclass(frozen=True)
class Event:
    """One line of a ticket's audit trail."""

    at: str
    actor: str
    action: str
    detail: str
    message_id: str
    because: str
    trusted: str

    def document(self) -> dict[str, str]:
        """Return it as `mailbot show --json` prints it."""
        return asdict(self)


def events(session: Session, ticket_id: int | None) -> tuple[Event, ...]:
    """Return a ticket's audit trail in its order; None is for what concerns no ticket."""
    query = select(EventRow).where(EventRow.ticket_id == ticket_id).order_by(col(EventRow.id))
    return tuple(
        Event(r.at.isoformat(), r.actor, r.action, r.detail, r.message_id, r.because, r.trusted)
        for r in session.exec(query)
    )
