"""Decide on a mail without writing anything."""

from mailbot.clock import utc_now
from mailbot.core.model.effects import Decision
from mailbot.core.model.mail import Mail
from mailbot.core.model.policy import School
from mailbot.service.desk import Desk
from mailbot.service.receive import receive
from mailbot.store.ledger import MailLocation


def dry_run(desk: Desk, mail: Mail, raw: bytes) -> Decision:
    """Decide on a mail as if it arrived now at the school that `addressed_school` returns."""
    now = utc_now()
    # No server assigns the UID 0 (RFC 9051, 2.3.1.1).
    unused = MailLocation(addressed_school(desk, mail).key, 0, 0)
    decision = receive(desk, unused, raw, now, now, dry_run=True)
    if decision is None:
        raise LookupError("the ledger has a mail with UID 0; no server assigns it")
    return decision


def addressed_school(desk: Desk, mail: Mail) -> School:
    """Return the school whose support address is a recipient of the mail, or the first school."""
    recipients = {address.email for address in (*mail.to, *mail.cc)}
    return next((s for s in desk.policy.schools if s.address in recipients), desk.policy.schools[0])
