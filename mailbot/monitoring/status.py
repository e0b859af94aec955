"""Collect the status of the desk as JSON values."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from mailbot.clock import utc_now
from mailbot.monitoring.health import is_stale
from mailbot.service.desk import Desk
from mailbot.service.registration import not_registered
from mailbot.service.sending import unresolved_failures
from mailbot.service.ticket_documents import Document
from mailbot.store import alerts, heartbeat, leases, ledger, mailboxes, outbox, tickets
from mailbot.store.database import Session, read_only

RECENT = timedelta(days=1)
"""The period whose mails count for the latency."""
LISTED = timedelta(days=7)
"""How long the status counts failed mails that need no operator."""


def status(desk: Desk) -> Document:
    """Return the status, including counts that need a scan of whole tables."""
    with read_only(desk.engine) as session:
        counts = outbox.counts(session) | _failures(session, desk)
        unregistered = not_registered(session, desk.policy, utc_now())
    summary = status_summary(desk)
    summary["letters"]["failed"] = counts.get("failed", 0)
    counts = {state: number for state, number in counts.items() if number}
    return {**summary, "outbox": counts, "not_registered": unregistered}


def _failures(session: Session, desk: Desk) -> Document:
    """Count the failed mails that need an operator, and the others of the last week as `undelivered`."""
    unresolved = unresolved_failures(session, desk)
    others = [mail for mail in outbox.failed(session) if mail.id not in unresolved]
    return {
        "failed": len(unresolved),
        "undelivered": sum(mail.created > utc_now() - LISTED for mail in others),
    }


def status_summary(desk: Desk) -> Document:
    """Return the part of the status that is fast to count in a large database."""
    now = utc_now()
    with read_only(desk.engine) as session:
        open_tickets = tickets.opened(session)
        oldest, _ = outbox.oldest_due(session)
        return {
            "at": now.isoformat(),
            "mailboxes": _mailboxes(session, desk, now),
            "daemon": _daemon(session, desk, now),
            "letters": {  # scripts read this name: outgoing mails
                **outbox.backlog(session, now),
                "oldest": oldest.isoformat() if oldest else None,
            },
            "quarantine": ledger.count_quarantined(session),
            "open_tickets": dict(Counter(school for school, _ in open_tickets)),
            "tickets_by_age": {s.key: _by_age(open_tickets, s.key, now) for s in desk.policy.schools},
            "alerts": alerts.active(session),
            "workers": leases.assignments(session) if desk.shared else {},
        }


def _mailboxes(session: Session, desk: Desk, now: datetime) -> list[Document]:
    known = {row.school: row for row in mailboxes.states(session)}
    delays = ledger.delays(session, now - RECENT)
    rows = [(school.key, school.address, known.get(school.key)) for school in desk.policy.schools]
    return [
        {
            "school": key,
            "address": address,
            "last_success": row.last_success.isoformat() if row and row.last_success else None,
            "last_error": row.last_error if row else "",
            "failing_since": row.failing_since.isoformat() if row and row.failing_since else None,
            "stale": is_stale(row.last_success if row else None, now, desk.thresholds),
            "left_alone": row.skipped if row else 0,
            "latency": latency(delays.get(key, [])),
        }
        for key, address, row in rows
    ]


def _daemon(session: Session, desk: Desk, now: datetime) -> Document:
    """Return the state of this directory's daemon; it is `starting` for `mailbox_minutes` after its start."""
    last = heartbeat.last(session, desk.worker)
    if last is None:
        return {"heartbeat": None, "stale": False, "starting": False}
    return {
        "heartbeat": last.at.isoformat(),
        "stale": is_stale(last.at, now, desk.thresholds),
        "starting": not is_stale(last.started, now, desk.thresholds),
    }


def latency(seconds: list[float]) -> Document | None:
    """Return number, median and maximum of the latencies of mails in seconds, or None without mails."""
    if not seconds:
        return None
    return {"mails": len(seconds), "median": round(median(seconds), 1), "maximum": round(max(seconds), 1)}


def _by_age(tickets: Iterable[tuple[str, datetime]], school: str, now: datetime) -> Document:
    """Count a school's open tickets: from the last day, from the rest of the last week, and older ones."""
    ages = [now - opened for key, opened in tickets if key == school]
    day, week = (sum(age < limit for age in ages) for limit in (timedelta(days=1), timedelta(days=7)))
    return {"day": day, "week": week - day, "older": len(ages) - week}
