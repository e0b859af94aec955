"""Send a mail: claim it from the outbox, build it, and record the outcome."""

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from mailbot.core.decide.automatic_mail import failure_notifications, needs_attention
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Attachment
from mailbot.mime_writer import to_bytes
from mailbot.parse import part_contents
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.retry import next_attempt
from mailbot.store import alerts, audit, outbox, people, raw_mail, sent_mails, tickets
from mailbot.store.audit import Origin
from mailbot.store.database import TRANSIENT, Session, read_only, transaction
from mailbot.store.enqueue import enqueue
from mailbot.store.outbox import ClaimedMail, SendOutcome

log = structlog.get_logger()

FAILED_MAILS = "failed mails"
"""The topic of the alert that is active while a failed mail needs an operator."""


@dataclass(frozen=True, slots=True)
class ServerIssue:
    """The state of an SMTP server: the reason why it fails, or "" if it works."""

    topic: str
    reason: str


def record_and_claim(
    desk: Desk,
    schools: Collection[str],
    outcomes: Collection[SendOutcome],
    issue: ServerIssue | None,
    now: datetime,
    *,
    after: str = "",
    most: int = 1,
) -> list[ClaimedMail]:
    """Record outcomes and the server's state; claim and return the next due mails, `most` at most.

    A claim is on disk before this returns, and with it all earlier commits: those of the mails too. Outcomes
    alone need not be, as a killed process does not undo them. The search starts with the school that follows
    `after`, so that the schools take turns.
    """
    with transaction(desk.engine, durable=most > 0) as session:
        for outcome in outcomes:
            if outcome.state == "failed":
                _try_to_notify(session, desk, outcome, now)
        if issue is not None and issue.reason:
            raise_alert(session, desk, issue.topic, (("reason", issue.reason),), now)
        elif issue is not None:
            end_alert(session, desk, issue.topic, now)
        outbox.record(session, outcomes, now, desk.worker)
        return outbox.claim(session, schools, now, desk.worker, after=after, most=most)


def known_issue(desk: Desk, topic: str) -> str:
    """Return why an SMTP server fails according to the last report of any worker, or "" if it works."""
    with read_only(desk.engine) as session:
        return alerts.reason(session, topic)


class AttachmentReader:
    """Reads the contents of attachments; keeps those of one received mail, as several people get them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._latest: tuple[int, dict[str, bytes]] = (0, {})

    def content(self, file: Attachment) -> bytes:
        """Return the decoded content; raise LookupError if it was erased."""
        raw_id, parts = self._latest
        if file.raw != raw_id:
            raw_id = file.raw or 0
            with read_only(self._desk.engine) as session:
                raw = raw_mail.load(session, raw_id)
            parts = part_contents(raw)
            self._latest = raw_id, parts
        return parts[file.path]

    def forget(self) -> None:
        """Forget the contents, which may be large."""
        self._latest = (0, {})


def build_message(desk: Desk, due: ClaimedMail, sender: str, files: AttachmentReader | None = None) -> bytes:
    """Return an outgoing mail with its attachments as bytes (RFC 5322)."""
    content_of = (files or AttachmentReader(desk)).content
    outgoing = replace(due.outgoing, sender=Address(sender, due.outgoing.sender.name))
    return to_bytes(outgoing, due.references, due.created, content_of)


def build_plain_messages(desk: Desk, mails: Collection[ClaimedMail]) -> dict[int, bytes]:
    """Return the messages of the mails without attachments by the keys of the mails.

    A mail that cannot be built is left out: `build_message` raises its error.
    """
    messages: dict[int, bytes] = {}
    for due in mails:
        school = desk.policy.school(due.school)
        if school is not None and not due.outgoing.attachments:
            with suppress(LookupError, ValueError):
                messages[due.id] = build_message(desk, due, school.address)
    return messages


def next_state(due: ClaimedMail, state: str, reply: str, now: datetime) -> SendOutcome:
    """Return the next state of a mail after a server's reply: sent, failed, or attempted again later."""
    if state == "sent":
        return SendOutcome(due.id, "sent")
    uncertain = state == "uncertain"
    attempts = due.uncertain_attempts + uncertain
    retry_at = next_attempt(
        due.attempts, due.attempts_since, now, uncertain=uncertain, uncertain_attempts=attempts
    )
    if state == "permanent" or retry_at is None:
        prefix = f"transmitted {attempts} times without a reply, so it may have arrived; " if attempts else ""
        return SendOutcome(due.id, "failed", prefix + reply, uncertain=uncertain)
    return SendOutcome(due.id, "uncertain" if uncertain else "queued", reply, retry_at, uncertain=uncertain)


def unresolved_failures(session: Session, desk: Desk) -> set[int]:
    """Return the failed mails that need an operator."""
    return {
        mail.id
        for mail in outbox.failed(session)
        if needs_attention(mail.kind, mail.author, mail.recipient, desk.policy)
    }


def end_alert_of_failed_mails(session: Session, desk: Desk, now: datetime) -> None:
    """End the alert if no failed mail needs an operator."""
    if not unresolved_failures(session, desk):
        end_alert(session, desk, FAILED_MAILS, now)


def _try_to_notify(session: Session, desk: Desk, outcome: SendOutcome, now: datetime) -> None:
    """Notify of a failed mail; an error undoes only that, so that the other outcomes are recorded."""
    try:
        # A savepoint: on PostgreSQL an error would end the whole transaction.
        with session.begin_nested():
            _notify_failure(session, desk, outcome, now)
    except TRANSIENT:
        raise
    except Exception:
        log.exception("failure not notified", mail=outcome.id)


def _notify_failure(session: Session, desk: Desk, outcome: SendOutcome, now: datetime) -> None:
    """Record that a mail was not delivered, and notify the operators and the author of its text."""
    row = outbox.get(session, outcome.id)
    if row is None:  # erased during the attempt
        return
    if needs_attention(NotificationKind(row.kind), row.author, row.recipient, desk.policy):
        details = (
            ("mail", f"{outcome.id}: {row.kind} to {row.recipient}"),
            ("reason", outcome.error),
            ("todo", "mailbot outbox; then mailbot outbox retry NUMBER or mailbot outbox drop NUMBER"),
        )
        raise_alert(session, desk, FAILED_MAILS, details, now)
    school = desk.policy.school(row.school)
    if school is None:
        return
    failed = sent_mails.by_id(session, outcome.id, now)
    ticket = tickets.current(session, row.ticket_id) if row.ticket_id is not None else None
    if row.ticket_id is not None:
        origin = Origin(BOT, now, row.message_id)
        audit.record(
            session, origin, "undelivered", f"{row.recipient}: {outcome.error}", row.kind, row.ticket_id
        )
    if desk.policy.find_member(row.recipient) is not None:
        people.mark_undeliverable(session, row.recipient, outcome.error)
    for notification in failure_notifications(failed, outcome.error, ticket, desk.policy):
        try:
            mail = desk.render_one(notification, school, now)
        except Exception:  # the failure is recorded even if a template is broken
            log.exception("failure notice not created", outbox=outcome.id)
            continue
        enqueue(session, row.school, [mail], now)
