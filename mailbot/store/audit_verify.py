"""Seal the audit trail, and check that no entry was changed, inserted or removed."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlmodel import Session

from mailbot.store.audit import DESK, Origin, record
from mailbot.store.audit_hash import GENESIS, link_hash, personal_fields, salted_digest
from mailbot.store.tables import metadata

SEALED, ERASED = "sealed", "erased"
BATCH_SIZE = 500
# Entries that are checked again: a transaction may commit entries with lower keys after the newest one.
OVERLAP = 10_000
LAST_SEALS = 20

Link = tuple[int, str]
"""How many entries a chain has, and its newest link."""

_EVENT, _TICKET, _CHAIN = (metadata.tables[name] for name in ("event", "ticket", "chain"))

# Finds the newest entry.
_NEWEST_KEY = select(func.max(_EVENT.c.id))
# Reads the chains of the tickets that have an entry after the key `after`.
_CHANGED = (
    select(_TICKET.c.id, _TICKET.c.entries, _TICKET.c.head)
    .where(_TICKET.c.id.in_(select(_EVENT.c.ticket_id).where(_EVENT.c.id > bindparam("after"))))
    .order_by(_TICKET.c.id)
)
# Reads the last seals, the newest first.
_LAST_SEALS = (
    select(_EVENT.c.detail)
    .where(_EVENT.c.ticket_id.is_(None), _EVENT.c.action == SEALED)
    .order_by(_EVENT.c.id.desc())
    .limit(LAST_SEALS)
)
# Reads the newest link of the desk.
_DESK_CHAIN = select(_CHAIN.c.entries, _CHAIN.c.head).where(_CHAIN.c.name == DESK)
# Reads the chains of all tickets.
_TICKET_CHAINS = select(_TICKET.c.id, _TICKET.c.school, _TICKET.c.number, _TICKET.c.entries, _TICKET.c.head)
# Reads the entries of the desk.
_DESK_ENTRIES = select(_EVENT).where(_EVENT.c.ticket_id.is_(None)).order_by(_EVENT.c.id)
# Reads the entries of all tickets, a few at a time.
_TICKET_ENTRIES = (
    select(_EVENT)
    .where(_EVENT.c.ticket_id.is_not(None))
    .order_by(_EVENT.c.ticket_id, _EVENT.c.id)
    .execution_options(yield_per=BATCH_SIZE)
)


def seal(session: Session, actor: str, now: datetime) -> tuple[int, str]:
    """Write the newest links of the tickets that changed since the last seal into the desk's chain.

    Returns the number of these tickets, and the desk's newest link.
    """
    newest = session.execute(_NEWEST_KEY).scalar() or 0
    changed = session.execute(_CHANGED, {"after": _sealed_up_to(session) - OVERLAP})
    known = _seals(_last_seals(session))
    fresh = [tuple(link) for link in changed if known.get(link.id) != (link.entries, link.head)]
    for at in range(0, len(fresh), BATCH_SIZE):
        document = {"upto": newest, "tickets": fresh[at : at + BATCH_SIZE]}
        record(session, Origin(actor, now), SEALED, json.dumps(document, separators=(",", ":")))
    return len(fresh), _desk_chain(session)[1]


def _desk_chain(session: Session) -> Link:
    chain = session.execute(_DESK_CHAIN).first()
    return (chain.entries, chain.head) if chain is not None else (0, GENESIS)


def _sealed_up_to(session: Session) -> int:
    last = next(iter(_last_seals(session)), None)
    return int(json.loads(last)["upto"]) if last else 0


def _last_seals(session: Session) -> list[str]:
    return list(session.execute(_LAST_SEALS).scalars())


def _seals(details: Iterable[str]) -> dict[int, Link]:
    """Return the last sealed link of each ticket, from seals of which the newest comes first."""
    found: dict[int, Link] = {}
    for detail in details:
        for ticket_id, entries, head in json.loads(detail)["tickets"]:
            found.setdefault(ticket_id, (entries, head))
    return found


@dataclass(slots=True)
class VerifyResult:
    """The result of a check: the number of entries, of erased ones, the desk's newest link, and problems."""

    entries: int = 0
    erased: int = 0
    head: str = GENESIS
    problems: list[str] = field(default_factory=list)


def verify(session: Session) -> VerifyResult:
    """Follow every chain from its first entry to its newest link, and compare them with the seals."""
    verdict = VerifyResult()
    sealed: dict[int, set[Link]] = {}
    announced = _desk(session, verdict, sealed)
    tickets = _newest(session)
    for ticket_id, links in _chains(session, verdict):
        name, newest = tickets.pop(ticket_id, (f"number {ticket_id}", (0, GENESIS)))
        _compare(verdict, f"ticket {name}", links, newest, sealed.pop(ticket_id, set()))
    for ticket_id, (name, newest) in tickets.items():
        _compare(verdict, f"ticket {name}", [], newest, sealed.pop(ticket_id, set()))
    for ticket_id in sealed:
        verdict.problems.append(f"ticket number {ticket_id} was sealed and is gone")
    if verdict.erased != announced:
        text = f"{verdict.erased} entries are erased, but {announced} were by mailbot forget or [retention]"
        verdict.problems.append(text)
    return verdict


def _newest(session: Session) -> dict[int, tuple[str, Link]]:
    """Return each ticket's name, and the length and the newest link of its chain."""
    return {
        row.id: (f"{row.school}-{row.number}", (row.entries, row.head))
        for row in session.execute(_TICKET_CHAINS)
    }


def _desk(session: Session, verdict: VerifyResult, sealed: dict[int, set[Link]]) -> int:
    """Check the desk's chain; collect its seals, and return how many entries it says were erased."""
    links: list[str] = []
    announced = 0
    for row in session.execute(_DESK_ENTRIES):
        links.append(_link(verdict, "the desk", links, row))
        if row.action == SEALED:
            for ticket_id, entries, head in json.loads(row.detail)["tickets"]:
                sealed.setdefault(ticket_id, set()).add((entries, head))
        if row.action == ERASED:
            announced += int(json.loads(row.detail)["entries"])
    chain = _desk_chain(session)
    _compare(verdict, "the desk", links, chain, set())
    verdict.head = chain[1]
    return announced


def _chains(session: Session, verdict: VerifyResult) -> Iterator[tuple[int, list[str]]]:
    """Yield the key of each ticket with the links of its entries in their order."""
    for ticket_id, rows in groupby(session.execute(_TICKET_ENTRIES), attrgetter("ticket_id")):
        links: list[str] = []
        for row in rows:
            links.append(_link(verdict, f"ticket number {ticket_id}", links, row))
        yield ticket_id, links


def _link(verdict: VerifyResult, chain: str, links: list[str], row: Row[Any]) -> str:
    """Check one entry against the one before it; return its link."""
    verdict.entries += 1
    said = personal_fields(row)
    if not row.salt:
        verdict.erased += 1
    if salted_digest(row.salt, said) != row.digest if row.salt else any(said):
        verdict.problems.append(f"{chain}: entry {row.id} ({row.action}) was changed")
    previous = links[-1] if links else GENESIS
    if link_hash(previous, row.ticket_id, row.at, row.action, row.digest) != row.link:
        verdict.problems.append(f"{chain}: entry {row.id} ({row.action}) does not follow the one before")
    link: str = row.link
    return link


def _compare(verdict: VerifyResult, chain: str, links: list[str], newest: Link, sealed: set[Link]) -> None:
    """Compare the end of a chain with the link stored elsewhere, and the chain with its seals."""
    if (len(links), links[-1] if links else GENESIS) != newest:
        verdict.problems.append(f"{chain}: has {len(links)} entries, {newest[0]} were written")
    for entries, head in sealed:
        if not 0 < entries <= len(links) or links[entries - 1] != head:
            verdict.problems.append(f"{chain}: is not as it was sealed with {entries} entries")


def desk_entries(session: Session) -> list[dict[str, Any]]:
    """Return the entries that belong to no ticket, in their order, without the seals."""
    return [
        {"at": row.at.isoformat(), "actor": row.actor, "action": row.action, "detail": row.detail}
        for row in session.execute(_DESK_ENTRIES)
        if row.action != SEALED
    ]
