"""Drop held mails that were not confirmed in time, each in one transaction, with a note in the ticket."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from mailbot.core.decide.held_mail import expire
from mailbot.service.desk import BOT, Desk
from mailbot.store import ledger, tickets
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin
from mailbot.store.database import read_only, transaction

log = structlog.get_logger()

REFUSED = "refused"


def expire_overdue(desk: Desk, now: datetime) -> int:
    """Drop the held mails that were not confirmed in time; return their number."""
    with read_only(desk.engine) as session:
        overdue = ledger.overdue(session, now)
    return sum(_drop(desk, held_id, now) for held_id in overdue)


def _drop(desk: Desk, held_id: int, now: datetime) -> bool:
    with transaction(desk.engine) as session:
        entry = ledger.claim_overdue(session, held_id, now)
        if entry is None:
            return False
        ledger.close_held(session, held_id, "expired")
        # The sender of a refused mail was notified at once, so the ticket needs no note.
        ticket_id = None if entry.outcome == REFUSED else entry.ticket_id
        ticket = tickets.current_for_update(session, ticket_id) if ticket_id is not None else None
        school = desk.policy.school(entry.school)
        until = f"{entry.until.astimezone(ZoneInfo(desk.policy.timezone)):%d.%m.%Y}"
        language = school.language if school else desk.policy.language
        decision = expire(ticket, entry.sender, entry.subject, until, language, now)
        ledger.update_entry(session, entry.id, {"because": "\n".join((entry.because, *decision.because))})
        apply_decision(session, Origin(BOT, now), entry.school, decision, ())
        log.info("held mail dropped", school=entry.school, ticket=decision.ticket or "", ledger=entry.id)
        return True
