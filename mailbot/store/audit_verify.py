"""Seal the audit trail, and verify that no entry was changed, inserted or removed."""

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
# Entries before the last seal that are sealed again: a transaction may commit lower keys after it.
OVERLAP = 10_000
LAST_SEALS = 20

ChainHead = tuple[int, str]
"""The number of entries of a chain, and its newest link."""

_EVENT, _TICKET, _CHAIN = (metadata.tables[name] for name in ("event", "ticket", "chain"))

_NEWEST_KEY = select(func.max(_EVENT.c.id))
# Read the chains of the tickets that have an entry after the key `after`.
_CHANGED = (
    select(_TICKET.c.id, _TICKET.c.entries, _TICKET.c.head)
    .where(_TICKET.c.id.in_(select(_EVENT.c.ticket_id).where(_EVENT.c.id > bindparam("after"))))
    .order_by(_TICKET.c.id)
)
# Read the last seals, the newest first.
_LAST_SEALS = (
    select(_EVENT.c.detail)
    .where(_EVENT.c.ticket_id.is_(None), _EVENT.c.action == SEALED)
    .order_by(_EVENT.c.id.desc())
    .limit(LAST_SEALS)
)
# Read the newest link of the desk.
_DESK_CHAIN = select(_CHAIN.c.entries, _CHAIN.c.head).where(_CHAIN.c.name == DESK)
_TICKET_CHAINS = select(_TICKET.c.id, _TICKET.c.school, _TICKET.c.number, _TICKET.c.entries, _TICKET.c.head)
_DESK_ENTRIES = select(_EVENT).where(_EVENT.c.ticket_id.is_(None)).order_by(_EVENT.c.id)
# Read the entries of all tickets, a few at a time.
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
    unsealed = [tuple(row) for row in changed if known.get(row.id) != (row.entries, row.head)]
    for at in range(0, len(unsealed), BATCH_SIZE):
        document = {"upto": newest, "tickets": unsealed[at : at + BATCH_SIZE]}
        record(session, Origin(actor, now), SEALED, json.dumps(document, separators=(",", ":")))
    return len(unsealed), _desk_head(session)[1]


def _desk_head(session: Session) -> ChainHead:
    chain = session.execute(_DESK_CHAIN).first()
    return (chain.entries, chain.head) if chain is not None else (0, GENESIS)


def _sealed_up_to(session: Session) -> int:
    last = next(iter(_last_seals(session)), None)
    return int(json.loads(last)["upto"]) if last else 0


def _last_seals(session: Session) -> list[str]:
    return list(session.execute(_LAST_SEALS).scalars())


def _seals(details: Iterable[str]) -> dict[int, ChainHead]:
    """Return the last sealed head of each ticket; `details` are those of seals, the newest first."""
    found: dict[int, ChainHead] = {}
    for detail in details:
        for ticket_id, entries, head in json.loads(detail)["tickets"]:
            found.setdefault(ticket_id, (entries, head))
    return found


@dataclass(slots=True)
class VerifyResult:
    """The number of entries and of erased entries, the desk's newest link, and the problems found."""

    entries: int = 0
    erased: int = 0
    head: str = GENESIS
    problems: list[str] = field(default_factory=list)


def verify(session: Session) -> VerifyResult:
    """Verify every chain from its first entry to its newest link, and compare it with the seals."""
    result = VerifyResult()
    sealed: dict[int, set[ChainHead]] = {}
    recorded = _verify_desk(session, result, sealed)
    tickets = _ticket_heads(session)
    for ticket_id, links in _ticket_links(session, result):
        name, newest = tickets.pop(ticket_id, (f"number {ticket_id}", (0, GENESIS)))
        _compare_head(result, f"ticket {name}", links, newest, sealed.pop(ticket_id, set()))
    # Tickets without any entry: correct only if none was ever written.
    for ticket_id, (name, newest) in tickets.items():
        _compare_head(result, f"ticket {name}", [], newest, sealed.pop(ticket_id, set()))
    for ticket_id in sealed:
        result.problems.append(f"ticket number {ticket_id} was sealed and is gone")
    if result.erased != recorded:
        text = f"{result.erased} entries are erased, but mailbot forget and [retention] erased {recorded}"
        result.problems.append(text)
    return result


def _ticket_heads(session: Session) -> dict[int, tuple[str, ChainHead]]:
    """Return the key of each ticket and the head of its chain, by the key of its row."""
    return {
        row.id: (f"{row.school}-{row.number}", (row.entries, row.head))
        for row in session.execute(_TICKET_CHAINS)
    }


def _verify_desk(session: Session, result: VerifyResult, sealed: dict[int, set[ChainHead]]) -> int:
    """Verify the desk's chain and collect its seals; return the number of erased entries it records."""
    links: list[str] = []
    recorded = 0
    for row in session.execute(_DESK_ENTRIES):
        links.append(_verify_entry(result, "the desk", links, row))
        if row.action == SEALED:
            for ticket_id, entries, head in json.loads(row.detail)["tickets"]:
                sealed.setdefault(ticket_id, set()).add((entries, head))
        if row.action == ERASED:
            recorded += int(json.loads(row.detail)["entries"])
    chain = _desk_head(session)
    _compare_head(result, "the desk", links, chain, set())
    result.head = chain[1]
    return recorded


def _ticket_links(session: Session, result: VerifyResult) -> Iterator[tuple[int, list[str]]]:
    """Yield the key of each ticket with the links of its entries in their order."""
    for ticket_id, rows in groupby(session.execute(_TICKET_ENTRIES), attrgetter("ticket_id")):
        links: list[str] = []
        for row in rows:
            links.append(_verify_entry(result, f"ticket number {ticket_id}", links, row))
        yield ticket_id, links


def _verify_entry(result: VerifyResult, chain: str, links: list[str], row: Row[Any]) -> str:
    """Verify one entry against the previous one; return its link."""
    result.entries += 1
    personal = personal_fields(row)
    if not row.salt:
        result.erased += 1
    if salted_digest(row.salt, personal) != row.digest if row.salt else any(personal):
        result.problems.append(f"{chain}: entry {row.id} ({row.action}) was changed")
    previous = links[-1] if links else GENESIS
    if link_hash(previous, row.ticket_id, row.at, row.action, row.digest) != row.link:
        result.problems.append(f"{chain}: entry {row.id} ({row.action}) does not follow the previous one")
    link: str = row.link
    return link


def _compare_head(
    result: VerifyResult, chain: str, links: list[str], newest: ChainHead, sealed: set[ChainHead]
) -> None:
    """Compare the links of a chain with its stored head and with its seals."""
    if (len(links), links[-1] if links else GENESIS) != newest:
        result.problems.append(f"{chain}: has {len(links)} entries, but {newest[0]} were written")
    for entries, head in sealed:
        if not 0 < entries <= len(links) or links[entries - 1] != head:
            result.problems.append(f"{chain}: differs from its seal of {entries} entries")


def desk_entries(session: Session) -> list[dict[str, Any]]:
    """Return the entries that belong to no ticket, in their order, without the seals."""
    return [
        {"at": row.at.isoformat(), "actor": row.actor, "action": row.action, "detail": row.detail}
        for row in session.execute(_DESK_ENTRIES)
        if row.action != SEALED
    ]
