"""Send a mail from a school's address to itself by SMTP, and wait for it by IMAP."""

import asyncio
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from mailbot.check.result import CheckResult
from mailbot.clock import monotonic, utc_now
from mailbot.config import Settings
from mailbot.inbox import FetchedMail, InboxError, Mailbox
from mailbot.inbox.inspection import processed_received_at
from mailbot.smtp.client import SmtpClient

ROUNDTRIP_SECONDS = 60
POLL_SECONDS = 1
MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)


def roundtrip(settings: Settings, key: str) -> CheckResult:
    """Send a mail from the school's address to itself and wait for it."""
    subject = f"{key} roundtrip"
    school = settings.policy.school(key)
    address = school.address if school else ""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = address, address, "mailbot check --roundtrip"
    mail["Message-ID"] = f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("This mail tests the delivery from the outbox to the mailbox.\n")
    started = monotonic()
    try:
        with Mailbox.open(settings.imap[key]) as box:
            reply = asyncio.run(_submit(settings, key, address, mail.as_bytes()))
            if reply:
                return CheckResult(False, subject, reply)
            received = _wait_for(box, str(mail["Message-ID"]), started)
    except InboxError as error:
        return CheckResult(False, subject, str(error))
    if received is None:
        advice = "check the spam folder, and whether mail to this address is forwarded"
        return CheckResult(False, subject, f"the mail did not arrive within {ROUNDTRIP_SECONDS} s: {advice}")
    return timed(subject, monotonic() - started, received - utc_now())


def timed(subject: str, seconds: float, clock_difference: timedelta) -> CheckResult:
    """Return the duration of a round trip, or the difference between the server's clock and ours."""
    if abs(clock_difference) > MAX_CLOCK_DIFFERENCE:
        minutes = round(abs(clock_difference) / timedelta(minutes=1))
        text = f"the mail server's clock and ours differ by {minutes} minutes: check both (timedatectl)"
        return CheckResult(False, subject, text)
    return CheckResult(True, subject, f"{seconds:.1f} s")


async def _submit(settings: Settings, key: str, address: str, raw: bytes) -> str:
    async with SmtpClient(settings.smtp[key]) as client:
        outcome = await client.send(address, address, raw)
        return "" if outcome.state == "sent" else outcome.reply


def _wait_for(box: Mailbox, message_id: str, started: float) -> datetime | None:
    """Return when the server received the mail; a running daemon can move it before we see it."""
    since = box.uid_next
    read, write = os.pipe()
    try:
        while (left := started + ROUNDTRIP_SECONDS - monotonic()) > 0:
            headers = (box.fetch_header(uid) for uid in box.uids(since))
            received = _received(headers, message_id) or processed_received_at(box, message_id)
            if received:
                return received  # mailbot recognises it as its own mail and moves it
            box.wait(min(left, POLL_SECONDS), read)
    finally:
        os.close(read)
        os.close(write)
    return None


def _received(headers: Iterable[FetchedMail | None], message_id: str) -> datetime | None:
    found = (header for header in headers if header is not None)
    return next((header.received_at for header in found if message_id.encode() in header.raw), None)
