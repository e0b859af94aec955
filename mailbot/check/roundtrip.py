"""A mail from a school's address to itself: out by SMTP, back in by IMAP."""

import asyncio
import os
import secrets
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

from mailbot.check.finding import Finding
from mailbot.config import Settings
from mailbot.inbox import Fetched, InboxError, Mailbox
from mailbot.smtp import Relay

ROUNDTRIP_SECONDS = 60
ASTRAY = timedelta(minutes=5)


def roundtrip(settings: Settings, key: str) -> Finding:
    """Send a mail from the school's address to itself and wait for it."""
    what = f"{key} roundtrip"
    school = settings.policy.school(key)
    address = school.address if school else ""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = address, address, "mailbot check --roundtrip"
    mail["Message-ID"] = f"<{secrets.token_hex(16)}@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("This mail tests the way from the outbox to the mailbox.\n")
    started = time.monotonic()
    try:
        with Mailbox.open(settings.imap[key]) as box:
            reply = asyncio.run(_hand_in(settings, key, address, mail.as_bytes()))
            if reply:
                return Finding(False, what, reply)
            found = _wait_for(box, str(mail["Message-ID"]).encode(), started)
    except InboxError as error:
        return Finding(False, what, str(error))
    if found is None:
        advice = "look into the spam folder, and whether mail to this address is forwarded"
        return Finding(False, what, f"the mail did not arrive within {ROUNDTRIP_SECONDS} s: {advice}")
    return timed(what, time.monotonic() - started, found.received - datetime.now(UTC))


def timed(what: str, seconds: float, astray: timedelta) -> Finding:
    """Tell how long it took; the server noted when it came, and so which time it is there."""
    if abs(astray) > ASTRAY:
        minutes = round(abs(astray) / timedelta(minutes=1))
        text = f"the mail server's clock and ours differ by {minutes} minutes: see timedatectl"
        return Finding(False, what, text)
    return Finding(True, what, f"{seconds:.1f} s")


async def _hand_in(settings: Settings, key: str, address: str, octets: bytes) -> str:
    async with Relay(settings.smtp[key]) as relay:
        outcome = await relay.send(address, address, octets)
        return "" if outcome.state == "sent" else outcome.reply


def _wait_for(box: Mailbox, message_id: bytes, started: float) -> Fetched | None:
    since = box.uid_next
    read, write = os.pipe()
    try:
        while (left := started + ROUNDTRIP_SECONDS - time.monotonic()) > 0:
            for uid in box.uids(since):
                header = box.fetch_header(uid)
                if header is not None and message_id in header.octets:
                    return header  # whoever reads the mailbox next knows it for our own, and files it
            box.wait(min(left, 5), read)
            box.refresh()
    finally:
        os.close(read)
        os.close(write)
    return None
