"""A mail comes in: understood, matched, decided, and everything that follows written in one transaction."""

import traceback
from dataclasses import replace
from datetime import datetime

import structlog

from mailbot.core.decide.decide import decide
from mailbot.core.decide.understanding import Understanding, understand
from mailbot.core.model.effects import Decision, ReleaseMail
from mailbot.core.model.mail import Mail
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.policy import School
from mailbot.parse import parse
from mailbot.service.alerts import raise_alert
from mailbot.service.desk import Desk
from mailbot.store import ledger
from mailbot.store.audit import Origin
from mailbot.store.database import TRANSIENT, Session, transaction
from mailbot.store.facts import content_id, gather
from mailbot.store.leases import Lease, LeaseLostError, hold
from mailbot.store.ledger import Place, Record
from mailbot.store.writing import keep_octets, octets_of, packed, write

log = structlog.get_logger()

TRIES_MOST = 3


def receive(
    desk: Desk,
    place: Place,
    octets: bytes,
    received: datetime | None,
    now: datetime,
    *,
    tries: int = 1,
    size: int | None = None,
    lease: Lease | None = None,
    dry_run: bool = False,
) -> Decision | None:
    """Handle one mail; return what became of it, or None if it was handled before.

    `size` is that of the whole mail where `octets` are only its header, because it is too large to take.
    `lease` is the right to read this mailbox where several workers share them; raises LeaseLostError.

    A mail that cannot be handled is set aside in the quarantine, raw and with the reason, so that it does not
    stop the others. Raises what `TRANSIENT` names when the database is away.

    With `dry_run` everything is rolled back, an error is raised, and earlier deliveries of the mail do not
    count.
    """
    if dry_run:
        return _receive(desk, place, octets, received, now, size, lease, dry_run=True)
    if tries > TRIES_MOST:
        reason = f"the process died {tries - 1} times while it handled this mail"
        return set_aside(desk, place, octets, reason, "", now, lease)
    try:
        return _receive(desk, place, octets, received, now, size, lease)
    except (*TRANSIENT, LeaseLostError):
        raise
    except Exception as error:  # noqa: BLE001 - every other error is this mail's: it goes to the quarantine
        reason = f"{type(error).__name__}: {error}"
        return set_aside(desk, place, octets, reason, traceback.format_exc(), now, lease)


def _receive(
    desk: Desk,
    place: Place,
    octets: bytes,
    received: datetime | None,
    now: datetime,
    size: int | None,
    lease: Lease | None,
    *,
    dry_run: bool = False,
) -> Decision | None:
    mail = parse(octets)
    if size is not None:
        mail = replace(mail, size=size)
    school, raw = desk.school(place.school), packed(octets)
    understood = understand(mail, school, desk.policy)
    with transaction(desk.engine) as session:
        hold(session, lease)
        if ledger.knows(session, place):
            ledger.end(session, place)
            return None
        entry = _record(place, mail, octets, received, now)
        if dry_run:
            entry.content_id = ""
        entry.raw_id = keep_octets(session, raw)
        decision = _settle(session, desk, school, understood, entry, now)
        ledger.end(session, place)
        if dry_run:
            session.rollback()
    return decision


def _record(place: Place, mail: Mail, octets: bytes, received: datetime | None, now: datetime) -> Record:
    return Record(
        school=place.school,
        uid_validity=place.uid_validity,
        uid=place.uid,
        content_id=content_id(mail, octets),
        message_id=mail.message_id,
        sender=mail.sender.email if mail.sender else "",
        subject=mail.subject,
        received=received,
        at=now,
    )


def _settle(
    session: Session,
    desk: Desk,
    school: School,
    understood: Understanding,
    entry: Record,
    now: datetime,
    *,
    confirmed: str = "",
    released: NotificationKind | None = None,
) -> Decision:
    """Decide on a mail and write what follows, its ledger entry included."""
    mail, wanted = understood.mail, understood.lookups
    content = entry.content_id
    facts = gather(session, mail, wanted, school, desk.policy, content, now, own_entry=entry.id)
    dates = desk.days(wanted.dates, now)
    facts = replace(facts, confirmed=confirmed, released=released, dates=dates)
    decision = decide(understood, facts, desk.policy, now)
    entry.outcome, entry.because, entry.traceback = decision.outcome, "\n".join(decision.because), ""
    letters = desk.letters(decision, school, now)
    actor = mail.sender.email if mail.sender else ""
    origin = Origin(actor, now, mail.message_id, entry, entry.raw_id)
    write(session, origin, school.key, decision, letters)
    for effect in decision.effects:
        if isinstance(effect, ReleaseMail):
            return _release(session, desk, effect, actor, now) or decision
    return decision


def _release(session: Session, desk: Desk, effect: ReleaseMail, actor: str, now: datetime) -> Decision | None:
    """Decide a held mail again, now that its sender's registered address confirmed it."""
    found = ledger.waiting(session, effect.held, now)
    if found is None:
        return None
    held_row, row = found
    held_row.state = "confirmed"
    octets = octets_of(session, row.raw_id or 0)
    school, entry = desk.school(row.school), ledger.record_of(row)
    understood, because = understand(parse(octets), school, desk.policy), f"confirmed by {actor}"
    return _settle(session, desk, school, understood, entry, now, confirmed=because, released=effect.by)


def set_aside(
    desk: Desk,
    place: Place,
    octets: bytes,
    reason: str,
    trace: str,
    now: datetime,
    lease: Lease | None,
) -> Decision | None:
    """Put a mail into the quarantine and tell the operators; None if it was handled before."""
    decision = Decision(ledger.QUARANTINED, (reason,))
    with transaction(desk.engine) as session:
        hold(session, lease)
        if ledger.knows(session, place):
            ledger.end(session, place)
            return None
        entry = _record(place, _readable(octets, trace), octets, None, now)
        entry.outcome, entry.because, entry.traceback = decision.outcome, reason, trace
        entry.raw_id = keep_octets(session, packed(octets))
        ledger.enter(session, entry)
        ledger.end(session, place)
        details = (
            ("mailbox", place.school),
            ("reason", reason),
            ("todo", "mailbot quarantine; then mailbot quarantine retry NUMBER"),
        )
        raise_alert(session, desk, "quarantine", details, now)
    return decision


def _readable(octets: bytes, trace: str) -> Mail:
    """Return the mail for the list of the quarantine; one that killed the process is not read once more."""
    if not trace:
        return Mail(subject="(not read)")
    try:
        return parse(octets)
    except Exception:  # the trouble is noted with the mail; here only its sender and subject are missing
        log.exception("mail cannot be parsed")
        return Mail(subject="(cannot be read)")


def retry(desk: Desk, entry_id: int, now: datetime) -> Decision:
    """Handle a quarantined mail again; raises LookupError if there is none of that number.

    If it fails again, the error is raised and the mail stays in the quarantine.
    """
    with transaction(desk.engine) as session:
        row = ledger.entry(session, entry_id)
        if row is None:
            raise LookupError(f"there is no mail {entry_id} in the quarantine")
        entry = ledger.record_of(row)
        octets = octets_of(session, entry.raw_id or 0)
        mail = parse(octets)
        entry.content_id = content_id(mail, octets)
        entry.message_id, entry.subject = mail.message_id, mail.subject
        entry.sender = mail.sender.email if mail.sender else ""
        school = desk.school(entry.school)
        return _settle(session, desk, school, understand(mail, school, desk.policy), entry, now)
