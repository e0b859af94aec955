"""Process a mail in one transaction: load facts, decide, render, write."""

import traceback
from dataclasses import asdict, replace
from datetime import datetime

import structlog

from mailbot.addresses import canonical_address
from mailbot.clock import utc_now
from mailbot.core.decide.decide import decide
from mailbot.core.decide.understanding import Understanding, understand
from mailbot.core.model.effects import Decision, ReleaseMail
from mailbot.core.model.mail import Mail, MailKind
from mailbot.core.model.policy import School
from mailbot.core.text.own_quote import split_reply
from mailbot.core.text.references import linked_action_keys
from mailbot.parse import parse
from mailbot.service.alerts import raise_alert
from mailbot.service.desk import Desk, random_token
from mailbot.store import ledger, raw_mail
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin
from mailbot.store.database import TRANSIENT, Session, read_only, transaction
from mailbot.store.facts import content_id, load_facts
from mailbot.store.leases import Lease, LeaseLostError, assert_held
from mailbot.store.ledger import LedgerEntry, MailLocation
from mailbot.store.sent_texts import load_sent_texts

log = structlog.get_logger()

MAX_ATTEMPTS = 3


def receive(
    desk: Desk,
    location: MailLocation,
    raw: bytes,
    received: datetime | None,
    now: datetime,
    *,
    attempts: int = 1,
    size: int | None = None,
    lease: Lease | None = None,
) -> Decision | None:
    """Process one mail; return the decision, or None if it was processed before.

    If a mail is too large to fetch, `raw` is its header and `size` is the size of the whole mail in bytes.
    `lease` is the worker's lease of the mailbox if several workers share the database.

    A mail that cannot be processed goes to the quarantine with the reason, so that it does not block other
    mails. Raises LeaseLostError, and the errors in `TRANSIENT` when the database is down.

    The commit is not durable, so that one durable commit for a whole batch is enough. The caller makes it
    before it removes the mail from the mailbox; the outbox makes one before it sends.
    """
    if attempts > MAX_ATTEMPTS:
        reason = f"the process died {attempts - 1} times while it processed this mail"
        return quarantine(desk, location, raw, reason, "", now, lease)
    try:
        return _receive(desk, location, raw, received, now, size, lease)
    except ledger.AlreadyProcessedError:
        return None
    except (*TRANSIENT, LeaseLostError):
        raise
    except Exception as error:  # noqa: BLE001 - any other error is caused by this mail
        reason = f"{type(error).__name__}: {error}"
        return quarantine(desk, location, raw, reason, traceback.format_exc(), now, lease)


def dry_run(desk: Desk, mail: Mail, raw: bytes) -> Decision:
    """Decide on a mail as if it arrived now at the school that `addressed_school` returns; write nothing.

    Earlier deliveries of the mail are ignored. Raises the error of a mail that cannot be processed.
    """
    now = utc_now()
    # No server assigns the UID 0 (RFC 9051, 2.3.1.1).
    unused = MailLocation(addressed_school(desk, mail).key, 0, 0)
    return _receive(desk, unused, raw, now, now, None, None, dry_run=True)


def addressed_school(desk: Desk, mail: Mail) -> School:
    """Return the school whose support address is a recipient of the mail, or the first school."""
    recipients = {address.email for address in (*mail.to, *mail.cc)}
    return next((s for s in desk.policy.schools if s.address in recipients), desk.policy.schools[0])


def _receive(
    desk: Desk,
    location: MailLocation,
    raw: bytes,
    received: datetime | None,
    now: datetime,
    size: int | None,
    lease: Lease | None,
    *,
    dry_run: bool = False,
) -> Decision:
    mail = parse(raw)
    if size is not None:
        mail = replace(mail, size=size)
    # Parsing, compressing and understanding take time: before the transaction, which on SQLite locks out all
    # writers.
    school, compressed = desk.school(location.school), raw_mail.compress(raw)
    with read_only(desk.engine) as session:
        understood = _understand(session, desk, school, mail)
    with transaction(desk.engine, durable=False) as session:
        # First: it locks the lease, so no other worker acquires the mailbox before the commit.
        assert_held(session, lease)
        entry = _entry(location, mail, raw, received, now)
        # No content ID: the mail may be in the ledger, and would be decided on as a copy.
        if dry_run:
            entry = replace(entry, content_id="")
        entry = replace(entry, raw_id=raw_mail.store(session, compressed))
        decision = _decide_and_write(session, desk, school, understood, entry, now)
        if dry_run:
            # The same statements as in earnest, and then undone.
            session.rollback()
    return decision


def _understand(
    session: Session, desk: Desk, school: School, mail: Mail, released: int | None = None
) -> Understanding:
    """Analyse a mail; quotations of sent mails are recognised by the stored texts.

    The body of a mail from a link ends with an action key. It may contain text of the sent mail, such as the
    text of a refused mail, but quotes nothing. `released` is the ID of a held mail that is processed again.
    """
    understood = understand(mail, school, desk.policy)
    is_human = understood.classification.kind is MailKind.HUMAN
    if mail.sender is None or not is_human or understood.lookups.action_key is not None:
        return understood
    # A quotation may have lost its Message-ID; the links in it still name the quoted mail.
    keys, author = linked_action_keys(mail.whole_text), desk.policy.addresses(mail.sender.email)
    support = desk.policy.support_addresses
    sent = load_sent_texts(session, understood.lookups, keys, author, support, released)
    parts = split_reply(mail.whole_text, sent, structured=mail.structured)
    if parts is None:
        return understood
    mail = replace(mail, text=parts.text, signature=parts.signature, quoted=parts.quoted)
    return understand(mail, school, desk.policy)


def _entry(
    location: MailLocation, mail: Mail, raw: bytes, received: datetime | None, now: datetime
) -> LedgerEntry:
    """Return a mail's ledger entry as it is before the decision."""
    return _describe(LedgerEntry(**asdict(location), at=now, received=received), mail, raw)


def _describe(entry: LedgerEntry, mail: Mail, raw: bytes) -> LedgerEntry:
    sender = mail.sender.email if mail.sender else ""
    return replace(
        entry,
        content_id=content_id(mail, raw),
        message_id=mail.message_id,
        sender=sender,
        subject=mail.subject,
    )


def _decide_and_write(
    session: Session,
    desk: Desk,
    school: School,
    understood: Understanding,
    entry: LedgerEntry,
    now: datetime,
    *,
    confirmed: str = "",
    released: ReleaseMail | None = None,
) -> Decision:
    """Decide on a mail, and write the decision."""
    mail, lookups = understood.mail, understood.lookups
    facts = load_facts(session, understood, school, desk.policy, entry, now)
    dates = desk.days(lookups.dates, now)
    addresses = {written: canonical_address(written) or "" for written in lookups.addresses}
    facts = replace(facts, confirmed=confirmed, dates=dates, addresses=addresses)
    if released is not None:
        facts = replace(facts, released=released.by, released_for=released.shown)
    # The core has no randomness, so what must be unguessable is a fact.
    facts = replace(facts, token=random_token())
    decision = decide(understood, facts, desk.policy, now)
    because = "\n".join(decision.because)
    mails = desk.render_all(decision, school, now)
    actor = mail.sender.email if mail.sender else ""
    entry = replace(entry, outcome=decision.outcome, because=because, traceback="")
    origin = Origin(actor, now, mail.message_id, entry, entry.raw_id)
    apply_decision(session, origin, school.key, decision, mails)
    for effect in decision.effects:
        if isinstance(effect, ReleaseMail):
            return _release(session, desk, effect, actor, now) or decision
    return decision


def _release(session: Session, desk: Desk, effect: ReleaseMail, actor: str, now: datetime) -> Decision | None:
    """Decide again on a held mail that was confirmed from its sender's registered address."""
    row = ledger.find_waiting(session, effect.held, now)
    # It was confirmed before, or it has expired.
    if row is None:
        return None
    ledger.close_held(session, effect.held, "confirmed")
    # Decided on again from its bytes: the ticket may have changed since it was held.
    raw = raw_mail.load(session, row.raw_id or 0)
    school, entry = desk.school(row.school), ledger.to_entry(row)
    understood = _understand(session, desk, school, parse(raw), effect.held)
    return _decide_and_write(
        session,
        desk,
        school,
        understood,
        entry,
        now,
        confirmed=f"confirmed by {actor}",
        released=effect,
    )


def quarantine(
    desk: Desk,
    location: MailLocation,
    raw: bytes,
    reason: str,
    trace: str,
    now: datetime,
    lease: Lease | None,
) -> Decision | None:
    """Put a mail into the quarantine and alert the operators; None if it was processed before."""
    try:
        try:
            return _quarantine(desk, location, raw, _readable(raw, trace), reason, trace, now, lease)
        except (*TRANSIENT, LeaseLostError, ledger.AlreadyProcessedError):
            raise
        except Exception:  # the database refuses a character of the mail: store only its bytes
            log.exception("mail not described")
            reason, trace = (ascii(text)[1:-1] for text in (reason, trace))
            unreadable = Mail(subject="(cannot be stored)")
            return _quarantine(desk, location, raw, unreadable, reason, trace, now, lease)
    except ledger.AlreadyProcessedError:
        return None


def _quarantine(
    desk: Desk,
    location: MailLocation,
    raw: bytes,
    mail: Mail,
    reason: str,
    trace: str,
    now: datetime,
    lease: Lease | None,
) -> Decision:
    decision = Decision(ledger.QUARANTINED, (reason,))
    with transaction(desk.engine) as session:
        assert_held(session, lease)
        raw_id = raw_mail.store(session, raw_mail.compress(raw))
        entry = _entry(location, mail, raw, None, now)
        entry = replace(entry, outcome=decision.outcome, because=reason, traceback=trace, raw_id=raw_id)
        ledger.record(session, entry)
        details = (
            ("mailbox", location.school),
            ("reason", reason),
            ("todo", "mailbot quarantine; then mailbot quarantine retry NUMBER"),
        )
        raise_alert(session, desk, "quarantine", details, now)
    return decision


def _readable(raw: bytes, trace: str) -> Mail:
    """Parse a mail for the list of the quarantine; a mail without a traceback killed the process: skip it."""
    if not trace:
        return Mail(subject="(not read)")
    try:
        return parse(raw)
    except Exception:  # the list shows the mail without sender and subject
        log.exception("mail not parsed")
        return Mail(subject="(cannot be read)")


def retry(desk: Desk, entry_id: int, now: datetime) -> Decision:
    """Process a quarantined mail again.

    Raises LookupError if the quarantine has no such entry. If processing fails again, raises that error and
    the mail stays in the quarantine.
    """
    with read_only(desk.engine) as session:
        row = ledger.find_quarantined(session, entry_id)
        raw = raw_mail.load(session, row.raw_id or 0) if row is not None else b""
    mail = parse(raw)
    with transaction(desk.engine) as session:
        # Again, in this transaction: another call may have processed it while it was parsed.
        row = ledger.find_quarantined(session, entry_id)
        if row is None:
            raise LookupError(f"there is no mail {entry_id} in the quarantine")
        school, entry = desk.school(row.school), _describe(ledger.to_entry(row), mail, raw)
        understood = _understand(session, desk, school, mail)
        return _decide_and_write(session, desk, school, understood, entry, now)
