"""Send a mail: claim it from the outbox, build it, and record the outcome."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from mailbot.core.decide.automatic_mail import MUST_ARRIVE, failure_notices
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Attachment
from mailbot.mime_writer import to_bytes
from mailbot.parse import part_contents
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.service.retry import next_attempt
from mailbot.store import alerts, audit, outbox, people, raw_mail, tickets
from mailbot.store.apply import enqueue
from mailbot.store.audit import Origin
from mailbot.store.database import Session, read_only, transaction
from mailbot.store.facts import sent_mail
from mailbot.store.outbox import ClaimedMail, SendOutcome

log = structlog.get_logger()

FAILED_LETTERS = "failed letters"
"""The topic of the alert that is open while a mail that must arrive has failed for good."""


@dataclass(frozen=True, slots=True)
class ServerIssue:
    """The state of an SMTP server: the reason why it fails, or "" when it works."""

    topic: str
    reason: str


def record_and_claim(
    desk: Desk,
    schools: Collection[str],
    done: SendOutcome | None,
    trouble: ServerIssue | None,
    now: datetime,
    after: str = "",
) -> ClaimedMail | None:
    """Record the last outcome and the server's state; claim and return the next due mail.

    It is of the school that follows `after`, so that the schools take turns.
    """
    with transaction(desk.engine) as session:
        if done is not None and done.state == "failed":
            _notify_failure(session, desk, done, now)
        if trouble is not None and trouble.reason:
            raise_alert(session, desk, trouble.topic, (("reason", trouble.reason),), now)
        elif trouble is not None:
            end_alert(session, desk, trouble.topic, now)
        outbox.record(session, [done] if done is not None else [], now, desk.worker)
        return outbox.claim(session, schools, now, desk.worker, after)


def known_issue(desk: Desk, topic: str) -> str:
    """Return why an SMTP server fails, as any worker has reported it; "" if it works."""
    with read_only(desk.engine) as session:
        return alerts.reason(session, topic)


def build_message(desk: Desk, due: ClaimedMail, sender: str) -> bytes:
    """Return a mail with its attachments as bytes (RFC 5322)."""
    with read_only(desk.engine) as session:
        raws = {
            file.raw: raw_mail.load(session, file.raw)
            for file in due.outgoing.attachments
            if file.raw is not None
        }
    parts = {raw: part_contents(octets) for raw, octets in raws.items()}

    def content_of(file: Attachment) -> bytes:
        return parts[file.raw or 0][file.path]

    outgoing = replace(due.outgoing, sender=Address(sender, due.outgoing.sender.name))
    return to_bytes(outgoing, due.references, due.created, content_of)


def next_state(due: ClaimedMail, state: str, reply: str, now: datetime) -> SendOutcome:
    """Return what a server's reply means for a mail: sent, failed for good, or attempted again later."""
    if state == "sent":
        return SendOutcome(due.id, "sent")
    doubtful = state == "uncertain"
    attempts = due.uncertain_attempts + doubtful
    again = next_attempt(due.attempts, due.created, now, uncertain=doubtful, uncertain_attempts=attempts)
    if state == "permanent" or again is None:
        maybe = (
            f"handed over {attempts} times without an answer, so it may have arrived; " if attempts else ""
        )
        return SendOutcome(due.id, "failed", maybe + reply, doubtful=doubtful)
    return SendOutcome(due.id, "uncertain" if doubtful else "queued", reply, again, doubtful=doubtful)


def end_alert_of_failed_letters(session: Session, desk: Desk, now: datetime) -> None:
    """End the alert if no failed mail that must arrive is left in the outbox."""
    if not outbox.has_failed(session, MUST_ARRIVE):
        end_alert(session, desk, FAILED_LETTERS, now)


def _notify_failure(session: Session, desk: Desk, done: SendOutcome, now: datetime) -> None:
    """Notify the people who have to know that a mail was not delivered."""
    row = outbox.get(session, done.id)
    if row is None:  # erased while it was being sent
        return
    if row.kind in MUST_ARRIVE:
        details = (
            ("letter", f"{done.id}: {row.kind} to {row.recipient}"),
            ("reason", done.error),
            ("todo", "mailbot outbox; then mailbot outbox retry NUMBER or mailbot outbox drop NUMBER"),
        )
        raise_alert(session, desk, FAILED_LETTERS, details, now)
    school = desk.policy.school(row.school)
    if school is None:
        return
    letter = sent_mail(session, done.id, now)
    ticket = tickets.current(session, row.ticket_id) if row.ticket_id is not None else None
    if row.ticket_id is not None:
        origin = Origin("mailbot", now, row.message_id)
        audit.record(
            session, origin, "undelivered", f"{row.recipient}: {done.error}", row.kind, row.ticket_id
        )
    if desk.policy.find_member(row.recipient) is not None:
        people.mark_undeliverable(session, row.recipient, done.error)
    for notice in failure_notices(letter, done.error, ticket, desk.policy):
        try:
            written = desk.render_one(notice, school, now)
        except Exception:  # a broken template must not keep the failure itself from being recorded
            log.exception("failure notice not created", letter=done.id)
            continue
        enqueue(session, row.school, written, now)
