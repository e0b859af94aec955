"""Erase expired data in small batches: raw mails, then texts, and mails that belong to no ticket."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog

from mailbot.service.desk import BOT, Desk
from mailbot.store import erasure, expiry
from mailbot.store.audit import Origin, record
from mailbot.store.audit_verify import ERASED
from mailbot.store.database import Session, transaction
from mailbot.store.erasure import Erased

log = structlog.get_logger()

Batch = Callable[[Session, datetime], Erased]


def expire(desk: Desk, now: datetime) -> Erased:
    """Erase what is older than the configured limits; return the counts."""
    total = Erased()
    for batch, since in _batches(desk, now):
        while True:
            with transaction(desk.engine) as session:
                erasure.enable_secure_delete(session)
                erased = batch(session, since)
                if erased.entries:
                    detail = {"why": "retention", "tickets": erased.tickets, "entries": erased.entries}
                    record(session, Origin(BOT, now), ERASED, json.dumps(detail))
            if not (erased.tickets or erased.mails or erased.places):
                break
            total.add(erased)
    if total.tickets or total.mails or total.places:
        with transaction(desk.engine) as session:
            erasure.optimize_index(session)
        log.info("expired", tickets=total.tickets, mails=total.mails, letters=total.places)
    return total


def _batches(desk: Desk, now: datetime) -> Iterator[tuple[Batch, datetime]]:
    kept = desk.policy.retention
    rows: tuple[tuple[Batch, int], ...] = (
        (expiry.expire_tickets, kept.text_days),
        (expiry.expire_mails, kept.mail_days),
        (expiry.expire_others, kept.other_days),
    )
    return ((batch, now - timedelta(days=days)) for batch, days in rows if days)
