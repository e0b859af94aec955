"""Execute the operators' commands on single mails. Each returns a line about it for the operator."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from mailbot.addresses import stored_address
from mailbot.clock import utc_now
from mailbot.service.alerts import end_alert
from mailbot.service.desk import Desk
from mailbot.service.receive import retry
from mailbot.service.sending import end_alert_of_failed_mails
from mailbot.store import audit_verify, ledger, outbox, people, raw_mail, tickets
from mailbot.store.audit import Origin, record
from mailbot.store.database import Row, Session, read_only, transaction


class OperationError(Exception):
    """The command cannot be executed; the text says why."""


def unsent_mails(desk: Desk) -> list[dict[str, Any]]:
    """Return the outgoing mails that are not sent, including failed ones."""
    with read_only(desk.engine) as session:
        return [asdict(mail) for mail in outbox.unsent(session)]


def show_unsent_mail(desk: Desk, number: int) -> str:
    """Return an outgoing mail as text: recipient, subject, state and content."""
    with read_only(desk.engine) as session:
        row = _outgoing_mail(session, number)
        header = f"To: {row.recipient}\nSubject: {row.subject}\nState: {row.state} {row.last_error}".rstrip()
        return f"{header}\n\n{row.text}"


def retry_unsent_mail(desk: Desk, number: int) -> str:
    """Make an outgoing mail due now, with as many attempts left as a new one."""
    with transaction(desk.engine) as session:
        row = _outgoing_mail(session, number)
        if row.state == "sent":
            raise OperationError(
                f"outgoing mail {number} was sent at {row.sent}; only an unsent mail can be retried"
            )
        now = utc_now()
        outbox.retry(session, number, now)
        origin = Origin(desk.actor, now)
        record(session, origin, "outgoing mail retried", _label(row), ticket_id=row.ticket_id)
        end_alert_of_failed_mails(session, desk, now)
    return f"outgoing mail {number} is due now"


def drop_unsent_mail(desk: Desk, number: int) -> str:
    """Drop an outgoing mail, so that it is not sent."""
    with transaction(desk.engine) as session:
        row = _outgoing_mail(session, number)
        if row.state == "sent":
            raise OperationError(
                f"outgoing mail {number} was sent at {row.sent}; only an unsent mail can be dropped"
            )
        outbox.drop(session, number)
        now = utc_now()
        origin = Origin(desk.actor, now)
        record(session, origin, "outgoing mail dropped", _label(row), ticket_id=row.ticket_id)
        end_alert_of_failed_mails(session, desk, now)
    return f"outgoing mail {number} will not be sent"


def _label(row: Row[Any]) -> str:
    return f"{row.id}: {row.kind} to {row.recipient}"


def _outgoing_mail(session: Session, number: int) -> Row[Any]:
    row = outbox.get(session, number)
    if row is None:
        raise OperationError(f"there is no mail {number} in the outbox; mailbot outbox lists them")
    return row


def release_files(desk: Desk, name: str, files: Collection[str]) -> str:
    """Release a ticket's withheld files with these names, or all if there are no names.

    Released files are attached to mails from then on.
    """
    with transaction(desk.engine) as session:
        found = tickets.find_ticket(session, name.upper())
        if found is None:
            raise OperationError(
                f"there is no ticket {name.upper()}; mailbot tickets --status all lists them"
            )
        ticket_id, _ = found
        withheld = tickets.withheld_files(session, ticket_id)
        released = [file for file in withheld if not files or file.filename in files]
        if not released:
            todo = f"mailbot show {name.upper()} --json lists them"
            raise OperationError(f"{name.upper()} has no withheld file of that name; {todo}")
        origin = Origin(desk.actor, utc_now())
        for file in released:
            record(session, origin, "released", f"{file.filename} ({file.danger})", ticket_id=ticket_id)
            tickets.release_file(session, file.id)
        names = ", ".join(file.filename for file in released)
    return f"released: {names}; the reply to #show {name.upper()} has them attached"


def quarantined_mails(desk: Desk) -> list[dict[str, Any]]:
    """Return the mails in the quarantine."""
    with read_only(desk.engine) as session:
        return [
            {
                "id": entry.id,
                "school": entry.school,
                "at": entry.at.isoformat(),
                "sender": entry.sender,
                "subject": entry.subject,
                "because": entry.because,
            }
            for entry in ledger.quarantined(session)
        ]


def show_mail(desk: Desk, number: int) -> str:
    """Return why a mail is in the quarantine, and its source."""
    with read_only(desk.engine) as session:
        row = _quarantined_mail(session, number)
        raw = raw_mail.load(session, row.raw_id or 0)
        return f"{row.because}\n\n{row.traceback}\n{raw.decode('utf-8', 'replace')}"


def retry_mail(desk: Desk, number: int) -> str:
    """Process a quarantined mail again; it stays in the quarantine if that fails."""
    with read_only(desk.engine) as session:
        _quarantined_mail(session, number)
    now = utc_now()
    try:
        decision = retry(desk, number, now)
    except Exception as error:
        raise OperationError(f"mail {number} fails again: {type(error).__name__}: {error}") from error
    with transaction(desk.engine) as session:
        record(session, Origin(desk.actor, now), "mail retried", f"{number}: {decision.outcome}")
    _end_alert_when_empty(desk, now)
    return f"mail {number}: {decision.outcome} {decision.ticket or ''}".rstrip()


def drop_mail(desk: Desk, number: int) -> str:
    """Drop a quarantined mail, so that it is not processed; the ledger keeps it."""
    now = utc_now()
    with transaction(desk.engine) as session:
        row = _quarantined_mail(session, number)
        because = f"{row.because}\ndropped by {desk.actor} at {now.isoformat(timespec='seconds')}"
        ledger.update_entry(session, number, {"outcome": "dropped", "because": because})
        record(session, Origin(desk.actor, now), "mail dropped", str(number))
    _end_alert_when_empty(desk, now)
    return f"mail {number} will not be processed"


def blocked_senders(desk: Desk) -> list[dict[str, Any]]:
    """Return the blocked addresses, each with the school, the time and the member who blocked it."""
    with read_only(desk.engine) as session:
        return [
            {"school": row.school, "address": row.address, "since": row.since.isoformat(), "by": row.by}
            for row in people.all_blocked(session)
        ]


def unblock(desk: Desk, address: str) -> str:
    """Unblock an address in all schools."""
    with transaction(desk.engine) as session:
        stored = stored_address(address)
        schools = people.unblock(session, stored)
        if schools:
            detail = f"{stored} in {', '.join(schools)}"
            record(session, Origin(desk.actor, utc_now()), "unblocked", detail)
    if not schools:
        raise OperationError(f"{address} is not blocked; mailbot blocked lists the blocked addresses")
    return f"{address} may write again to {', '.join(schools)}"


def operator_log(desk: Desk) -> list[dict[str, Any]]:
    """Return the audit entries that do not belong to a ticket."""
    with read_only(desk.engine) as session:
        return audit_verify.desk_entries(session)


def _quarantined_mail(session: Session, number: int) -> Row[Any]:
    row = ledger.find_quarantined(session, number)
    if row is None:
        raise OperationError(f"there is no mail {number} in the quarantine; mailbot quarantine lists them")
    return row


def _end_alert_when_empty(desk: Desk, now: datetime) -> None:
    with transaction(desk.engine) as session:
        if not ledger.count_quarantined(session):
            end_alert(session, desk, "quarantine", now)
