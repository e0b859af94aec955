"""Seal the audit trail, and check that nobody changed, put in or took out anything."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from mailbot.store.audit import DESK, Origin, note
from mailbot.store.chain import GENESIS, linked, personal, salted
from mailbot.store.rows import identity
from mailbot.store.tables import ChainRow, EventRow, TicketRow

SEALED, ERASED = "sealed", "erased"
AT_ONCE = 500
# Entries are numbered when written and seen when committed: so many are looked at once more.
OVERLAP = 10_000

Link = tuple[int, str]
"""How many entries a chain has, and its newest link."""


def seal(session: Session, actor: str, now: datetime) -> tuple[int, str]:
    """Write the newest links of the tickets that changed since the last time into the desk's chain.

    Returns how many tickets they are, and the desk's newest link.
    """
    newest = session.exec(select(func.max(EventRow.id))).one() or 0
    changed = select(EventRow.ticket_id).where(col(EventRow.id) > _sealed_up_to(session) - OVERLAP)
    query = select(TicketRow.id, TicketRow.entries, TicketRow.head).where(col(TicketRow.id).in_(changed))
    links = [(key, entries, head) for key, entries, head in session.exec(query.order_by(col(TicketRow.id)))]
    known = _seals(_last_entries(session))
    fresh = [link for link in links if known.get(link[0] or 0) != link[1:]]
    for at in range(0, len(fresh), AT_ONCE):
        document = {"upto": newest, "tickets": fresh[at : at + AT_ONCE]}
        note(session, Origin(actor, now), SEALED, json.dumps(document, separators=(",", ":")))
    chain = session.get(ChainRow, DESK)
    return len(fresh), chain.head if chain else GENESIS


def _sealed_up_to(session: Session) -> int:
    last = next(iter(_last_entries(session)), None)
    return int(json.loads(last)["upto"]) if last else 0


def _last_entries(session: Session) -> list[str]:
    query = select(EventRow.detail).where(col(EventRow.ticket_id).is_(None), EventRow.action == SEALED)
    return list(session.exec(query.order_by(col(EventRow.id).desc()).limit(20)))


def _seals(details: Iterable[str]) -> dict[int, Link]:
    """Return what the seals, the newest first, say of each ticket last."""
    found: dict[int, Link] = {}
    for detail in details:
        for ticket_id, entries, head in json.loads(detail)["tickets"]:
            found.setdefault(ticket_id, (entries, head))
    return found


@dataclass(slots=True)
class Verdict:
    """What a check of the audit trail found: the entries that hold, and what is wrong."""

    entries: int = 0
    erased: int = 0
    head: str = GENESIS
    wrong: list[str] = field(default_factory=list)


def verify(session: Session) -> Verdict:
    """Follow every chain from its first entry to its newest link, and compare them with the seals."""
    verdict = Verdict()
    sealed: dict[int, set[Link]] = {}
    announced = _desk(session, verdict, sealed)
    tickets = _newest(session)
    for ticket_id, links in _chains(session, verdict):
        name, newest = tickets.pop(ticket_id, (f"number {ticket_id}", (0, GENESIS)))
        _compare(verdict, f"ticket {name}", links, newest, sealed.pop(ticket_id, set()))
    for ticket_id, (name, newest) in tickets.items():
        _compare(verdict, f"ticket {name}", [], newest, sealed.pop(ticket_id, set()))
    for ticket_id in sealed:
        verdict.wrong.append(f"ticket number {ticket_id} was sealed and is gone")
    if verdict.erased != announced:
        text = f"{verdict.erased} entries are erased, but {announced} were by mailbot forget or [retention]"
        verdict.wrong.append(text)
    return verdict


def _newest(session: Session) -> dict[int, tuple[str, Link]]:
    """Return each ticket's name, and what its row says of its chain."""
    wanted = (TicketRow.id, TicketRow.school, TicketRow.number, TicketRow.entries, TicketRow.head)
    query = columns(*(col(column) for column in wanted))
    return {key: (f"{s}-{n}", (count, head)) for key, s, n, count, head in session.execute(query)}


def _desk(session: Session, verdict: Verdict, sealed: dict[int, set[Link]]) -> int:
    """Follow the desk's chain; note what it has sealed, and return how many entries it says were erased."""
    links: list[str] = []
    announced = 0
    query = select(EventRow).where(col(EventRow.ticket_id).is_(None)).order_by(col(EventRow.id))
    for row in session.exec(query):
        links.append(_link(verdict, "the desk", links, row))
        if row.action == SEALED:
            for ticket_id, entries, head in json.loads(row.detail)["tickets"]:
                sealed.setdefault(ticket_id, set()).add((entries, head))
        if row.action == ERASED:
            announced += int(json.loads(row.detail)["entries"])
    chain = session.get(ChainRow, DESK) or ChainRow(name=DESK)
    _compare(verdict, "the desk", links, (chain.entries, chain.head), set())
    verdict.head = chain.head
    return announced


def _chains(session: Session, verdict: Verdict) -> Iterator[tuple[int, list[str]]]:
    """Yield each ticket with the links of its entries in their order."""
    query = select(EventRow).where(col(EventRow.ticket_id).is_not(None))
    rows = session.exec(
        query.order_by(col(EventRow.ticket_id), col(EventRow.id)).execution_options(yield_per=500)
    )
    current: int | None = None
    links: list[str] = []
    for row in rows:
        if row.ticket_id != current and current is not None:
            yield current, links
            links = []
        current = row.ticket_id
        links.append(_link(verdict, f"ticket number {current}", links, row))
        session.expunge(row)
    if current is not None:
        yield current, links


def _link(verdict: Verdict, chain: str, links: list[str], row: EventRow) -> str:
    """Check one entry against the one before it; return its link."""
    verdict.entries += 1
    said = personal(row)
    if not row.salt:
        verdict.erased += 1
    if salted(row.salt, said) != row.digest if row.salt else any(said):
        verdict.wrong.append(f"{chain}: entry {identity(row.id)} ({row.action}) was changed")
    previous = links[-1] if links else GENESIS
    if linked(previous, row.ticket_id, row.at, row.action, row.digest) != row.link:
        verdict.wrong.append(
            f"{chain}: entry {identity(row.id)} ({row.action}) does not follow the one before"
        )
    return row.link


def _compare(verdict: Verdict, chain: str, links: list[str], newest: Link, sealed: set[Link]) -> None:
    """Compare the end of a chain with the link kept elsewhere, and the chain with what was sealed of it."""
    if (len(links), links[-1] if links else GENESIS) != newest:
        verdict.wrong.append(f"{chain}: has {len(links)} entries, {newest[0]} were written")
    for entries, head in sealed:
        if not 0 < entries <= len(links) or links[entries - 1] != head:
            verdict.wrong.append(f"{chain}: is not as it was sealed with {entries} entries")


def desk_entries(session: Session) -> list[dict[str, Any]]:
    """Return what concerns no ticket, without the seals, in its order."""
    query = select(EventRow).where(col(EventRow.ticket_id).is_(None), EventRow.action != SEALED)
    return [
        {"at": row.at.isoformat(), "actor": row.actor, "action": row.action, "detail": row.detail}
        for row in session.exec(query.order_by(col(EventRow.id)))
    ]
