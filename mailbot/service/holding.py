"""Held mails that waited in vain are dropped, each in one transaction, with a note in its ticket."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from mailbot.core.decide.held_mail import expire
from mailbot.service.desk import BOT, Desk
from mailbot.store import ledger, tickets
from mailbot.store.audit import Origin
from mailbot.store.database import Session, read_only, transaction
from mailbot.store.rows import ticket_of
from mailbot.store.tables import HeldRow, LedgerRow
from mailbot.store.writing import write

log = structlog.get_logger()

REFUSED = "refused"


def drop_overdue(desk: Desk, now: datetime) -> int:
    """Drop every held mail that nobody confirmed in time; return how many those were."""
    with read_only(desk.engine) as session:
        found = ledger.overdue(session, now)
    return sum(_drop(desk, held_id, now) for held_id in found)


def _drop(desk: Desk, held_id: int, now: datetime) -> bool:
    with transaction(desk.engine) as session:
        claimed = ledger.claim_overdue(session, held_id, now)
        if claimed is None:
            return False
        _note(session, desk, *claimed, now)
        return True


def _note(session: Session, desk: Desk, held: HeldRow, entry: LedgerRow, now: datetime) -> None:
    held.state = "expired"
    school = desk.policy.school(held.school)
    row = tickets.by_id(session, entry.ticket_id) if entry.ticket_id is not None else None
    row = tickets.by_name(session, f"{row.school}-{row.number}") if row is not None else None
    ticket = (
        ticket_of(session, row) if row and entry.outcome != REFUSED else None
    )  # its writer was told all of it
    until = f"{held.until.astimezone(ZoneInfo(desk.policy.timezone)):%d.%m.%Y}"
    language = school.language if school else desk.policy.language
    decision = expire(ticket, entry.sender, entry.subject, until, language, now)
    entry.because = "\n".join((entry.because, *decision.because))
    write(session, Origin(BOT, now), held.school, decision, ())
    log.info("held mail dropped", school=held.school, ticket=decision.ticket or "", ledger=entry.id)
