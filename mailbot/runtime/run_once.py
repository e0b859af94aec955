"""Process all mailboxes and the outbox once, until nothing is left."""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import structlog

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.core.model.outcomes import OutcomeGroup, outcome_of
from mailbot.inbox import InboxError, Mailbox
from mailbot.monitoring.health import has_disk_space
from mailbot.monitoring.monitor import free_disk
from mailbot.oauth import secret_expiry
from mailbot.runtime.connection_limit import ConnectionLimiter, limiters_by_school
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.mailbox_status import MailboxStatus
from mailbot.runtime.old_mail import OldMail
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.runtime.sender import MAX_THREADS, account_senders, send_all_once
from mailbot.sanitize import redact_for_log
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk
from mailbot.service.maintenance import maintain
from mailbot.service.sending import unresolved_failures
from mailbot.service.timers import run_timers
from mailbot.store import heartbeat, outbox
from mailbot.store.database import TRANSIENT, first_line, read_only, transaction

log = structlog.get_logger()

MAX_MAILBOXES = 8
"""The number of mailboxes that are read at the same time."""
_REPLIES = (OutcomeGroup.ANSWERED, OutcomeGroup.REFUSED, OutcomeGroup.HELD, OutcomeGroup.FILED)


def run_once(desk: Desk, settings: Settings, *, backfill: bool = False) -> dict[str, int]:
    """Process all new mail and send all due mail; return the counts that `mailbot once --json` prints.

    Raises DeskError if the database is unavailable; mails processed by then stay processed.
    """
    try:
        return _run_once(desk, settings, backfill=backfill)
    except TRANSIENT as error:
        raise DeskError(f"{settings.file}: bot.database: {first_line(error)}") from error


def _run_once(desk: Desk, settings: Settings, *, backfill: bool) -> dict[str, int]:
    with transaction(desk.engine) as session:
        outbox.requeue_interrupted(session, desk.worker, utc_now())
        heartbeat.record_stop(session, desk.worker)
    now = utc_now()
    run_timers(desk, now)
    maintain(desk, now, secret_expiry(settings.oauth2))
    limiters = limiters_by_school(settings.imap, settings.connections)
    with ThreadPoolExecutor(MAX_MAILBOXES) as pool:
        read = list(pool.map(partial(_read_mailbox, desk, settings, limiters, backfill), settings.imap))
    outcomes = Counter(outcome_of(name).group for processed, _ in read for name in processed)
    before = _unresolved_failures(desk)
    sent, down = _send(desk, settings)
    failed = len(_unresolved_failures(desk) - before)
    return {
        "fetched": outcomes.total(),
        "opened": outcomes[OutcomeGroup.OPENED],
        "replies": sum(outcomes[group] for group in _REPLIES),
        "ignored": outcomes[OutcomeGroup.IGNORED],
        "quarantined": outcomes[OutcomeGroup.QUARANTINED],
        "sent": sent["sent"],
        "failed": failed + down + sum(not reachable for _, reachable in read),
    }


def _unresolved_failures(desk: Desk) -> set[int]:
    with read_only(desk.engine) as session:
        return unresolved_failures(session, desk)


def _read_mailbox(
    desk: Desk, settings: Settings, limiters: Mapping[str, ConnectionLimiter], backfill: bool, key: str
) -> tuple[list[str], bool]:
    """Process the new mail of one mailbox; return its outcomes, and whether the mailbox could be read."""
    outcomes: list[str] = []
    mailbox = SchoolMailbox(desk, desk.school(key), settings.imap[key], utc_now)
    status, old_mail = MailboxStatus(mailbox), OldMail(mailbox, settings.first_contact_days)
    ingest = MailboxIngest(
        mailbox,
        old_mail,
        lambda: has_disk_space(free_disk(desk, settings.state_dir), settings.health),
        lambda outcome, _: outcomes.append(outcome),
    )
    try:
        with _slot(limiters.get(key)), Mailbox.open(mailbox.account) as box:
            if backfill:
                old_mail.include()
            ingest.process_new(box)
    except InboxError as error:
        status.record_failure(str(error), permanent=error.permanent)
        return outcomes, False
    except TRANSIENT:
        raise
    except Exception as error:  # the other mailboxes must be read after any error
        log.exception("mailbox failed", school=key)
        status.record_failure(f"{type(error).__name__}: {redact_for_log(str(error))}")
        return outcomes, False
    status.record_success()
    return outcomes, True


def _slot(limiter: ConnectionLimiter | None) -> AbstractContextManager[None]:
    """Wait for a connection slot of the mailbox's server, if its connections are limited."""
    return limiter.slot(threading.Event(), lambda: None) if limiter is not None else nullcontext()


def _send(desk: Desk, settings: Settings) -> tuple[Counter[str], int]:
    """Send the due mails; return the number of each result, and the number of accounts that are down."""
    results: list[str] = []
    with ThreadPoolExecutor(MAX_THREADS) as executor:
        senders = account_senders(desk, settings, utc_now, executor, results.append)
        asyncio.run(send_all_once(senders))
    return Counter(results), sum(not sender.is_up for sender in senders)
