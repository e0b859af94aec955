"""Everything once: all mailboxes and the outbox until nothing is left."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import structlog

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.inbox import InboxError, Mailbox
from mailbot.monitoring.health import has_disk_space
from mailbot.monitoring.monitor import free_disk
from mailbot.oauth import secret_until
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.sender import deliver_all
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk
from mailbot.service.night import nightly
from mailbot.service.timers import run_timers
from mailbot.store import heartbeat, ledger, mailboxes, outbox
from mailbot.store.database import TRANSIENT, first_line, transaction

log = structlog.get_logger()

MAILBOXES_AT_ONCE = 8
REPLIES = ("reply", "command", "answered", "refused", "held", "confirmed", "filed", "too-large", "encrypted")


def run_once(desk: Desk, settings: Settings, *, backfill: bool = False) -> dict[str, int]:
    """Handle and send everything; return the counts that `mailbot once --json` prints.

    Raises DeskError when the database is away; what was handled by then stays handled.
    """
    try:
        return _once(desk, settings, backfill=backfill)
    except TRANSIENT as error:
        raise DeskError(f"{settings.file}: bot.database: {first_line(error)}") from error


def _once(desk: Desk, settings: Settings, *, backfill: bool) -> dict[str, int]:
    with transaction(desk.engine) as session:
        outbox.requeue_interrupted(session, desk.worker, utc_now())
        heartbeat.expect_none(session, desk.worker)
    run_timers(desk, utc_now())
    nightly(desk, utc_now(), secret_until(settings.oauth2))
    outcomes: Counter[str] = Counter()
    unreachable = 0
    with ThreadPoolExecutor(MAILBOXES_AT_ONCE) as pool:
        for found, reachable in pool.map(
            lambda key: _drain(desk, settings, key, backfill=backfill), settings.imap
        ):
            outcomes += found
            unreachable += not reachable
    tally = deliver_all(desk, settings, utc_now)
    return {
        "fetched": outcomes.total(),
        "opened": outcomes["opened"],
        "replies": sum(outcomes[name] for name in REPLIES),
        "ignored": outcomes["ignored"] + outcomes["duplicate"],
        "quarantined": outcomes[ledger.QUARANTINED],
        "sent": tally.sent,
        "failed": tally.failed + unreachable,
    }


def _drain(desk: Desk, settings: Settings, key: str, *, backfill: bool) -> tuple[Counter[str], bool]:
    """Take one mailbox's mails; return what became of them, and whether the mailbox could be worked with."""
    school = desk.policy.school(key)
    if school is None:
        raise LookupError(f"school {key} has a mailbox and no policy")
    intake = MailboxIngest(
        desk,
        school,
        settings.imap[key],
        utc_now,
        settings.first_contact_days,
        room=lambda: has_disk_space(free_disk(desk, settings.state_dir), settings.guard),
    )
    try:
        with Mailbox.open(settings.imap[key]) as box:
            intake.drain(box, backfill=backfill)
    except InboxError as error:
        log.error("mailbox failed", school=key, reason=str(error))
        with transaction(desk.engine) as session:
            mailboxes.record_failure(session, key, str(error), utc_now())
        return intake.outcomes, False
    with transaction(desk.engine) as session:
        mailboxes.record_success(session, key, utc_now())
    return intake.outcomes, True
