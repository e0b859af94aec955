"""Erase expired data in small batches: ticket texts, raw mails, and mails without a ticket."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from mailbot.service.desk import BOT, Desk
from mailbot.store import compaction, expiry
from mailbot.store.audit import Origin, record
from mailbot.store.audit_verify import ERASED
from mailbot.store.database import Session, transaction
from mailbot.store.erasure import Erased

log = structlog.get_logger()

Batch = Callable[[Session, datetime], Erased]


def expire(desk: Desk, now: datetime) -> Erased:
    """Erase all data that is older than the retention periods; return the counts."""
    total = Erased()
    for batch, before in _batches(desk, now):
        while True:
            with transaction(desk.engine) as session:
                compaction.enable_secure_delete(session)
                erased = batch(session, before)
                if erased.entries:
                    detail = {"why": "retention", "tickets": erased.tickets, "entries": erased.entries}
                    record(session, Origin(BOT, now), ERASED, json.dumps(detail))
            if not (erased.tickets or erased.mails or erased.places):
                break
            total.add(erased)
    if total.tickets or total.mails or total.places:
        with transaction(desk.engine) as session:
            compaction.optimize_index(session)
        log.info("data expired", tickets=total.tickets, mails=total.mails, sent_mails=total.places)
    return total


def _batches(desk: Desk, now: datetime) -> Iterator[tuple[Batch, datetime]]:
    """Return the batch functions with the time before which data is expired; 0 days keep it indefinitely."""
    retention = desk.policy.retention
    periods: tuple[tuple[Batch, int], ...] = (
        (expiry.expire_tickets, retention.text_days),
        (expiry.expire_mails, retention.mail_days),
        (expiry.expire_others, retention.other_days),
    )
    return ((batch, now - timedelta(days=days)) for batch, days in periods if days)
