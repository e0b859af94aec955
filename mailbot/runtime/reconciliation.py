"""Compare a mailbox with the ledger, and requeue mails that a restored backup does not contain."""

from datetime import datetime, timedelta

import structlog

from mailbot.inbox import Mailbox
from mailbot.runtime.differences import Difference, differences
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.store import ledger, mailboxes
from mailbot.store.database import Session, read_only

log = structlog.get_logger()

DAYS = timedelta(days=3)
"""How far back the folder of processed mails is compared."""
_ADVICE = (
    "todo",
    "move the mails that were not processed into the folder that is read; the log has the reason",
)


def reconcile(mailbox: SchoolMailbox, box: Mailbox, cutoff: datetime) -> Difference:
    """Compare the mailbox with the ledger and alert the operators of a difference; raise InboxError."""
    now = mailbox.clock()
    received_at = {uid: mail.received_at for uid, mail in box.describe(box.uids()).items()}
    message_ids = box.processed_since(now - DAYS)
    with read_only(mailbox.desk.engine) as session:
        processed = ledger.recorded_uids(session, mailbox.key, box.uid_validity, received_at)
        unknown = _unknown(session, mailbox.key, message_ids)
    found = differences(
        received_at,
        processed,
        cutoff=cutoff,
        now=now,
        moves=bool(mailbox.account.done),
        unknown_in_processed=len(unknown),
    )
    _report(mailbox, found, now)
    return found


def put_back_unknown(mailbox: SchoolMailbox, box: Mailbox) -> None:
    """After a backup was restored, move mails that were processed since then back into the mailbox."""
    with read_only(mailbox.desk.engine) as session:
        since = mailboxes.recover_since(session, mailbox.key)
    if since is None:
        return
    message_ids = box.processed_since(since)
    with read_only(mailbox.desk.engine) as session:
        unknown = _unknown(session, mailbox.key, message_ids)
    if unknown:
        log.warning("mails requeued after restore", school=mailbox.key, mails=len(unknown))
        box.unfile(unknown)
    with mailbox.transaction() as session:
        mailboxes.end_recovery(session, mailbox.key)


def _unknown(session: Session, school: str, message_ids: dict[int, str]) -> list[int]:
    """Return the UIDs of mails whose Message-IDs are not in the ledger."""
    known = ledger.recorded_message_ids(session, school, set(message_ids.values()) - {""})
    return [uid for uid, message_id in message_ids.items() if message_id and message_id not in known]


def _report(mailbox: SchoolMailbox, found: Difference, now: datetime) -> None:
    topic = f"mailbox {mailbox.key}: not as the ledger says"
    names = {
        "mails that were not processed, by UID": ", ".join(map(str, found.unprocessed)),
        "mails that were processed but cannot be moved, by UID": ", ".join(map(str, found.unmoved)),
        f"mails in {mailbox.account.done} that were not processed": str(found.unknown_in_processed or ""),
    }
    details = tuple((name, value) for name, value in names.items() if value)
    log.info("mailbox reconciled", school=mailbox.key, differences=len(details))
    with mailbox.transaction() as session:
        if details:
            raise_alert(session, mailbox.desk, topic, (*details, _ADVICE), now)
        else:
            end_alert(session, mailbox.desk, topic, now)
