"""Check what the daemon needs: database, templates, every IMAP and SMTP server; one finding each."""

import asyncio
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from mailbot import holidays
from mailbot.config import Settings
from mailbot.inbox import InboxError, Mailbox
from mailbot.preview import broken_letters
from mailbot.render import Templates
from mailbot.service.desk import Desk
from mailbot.service.opening import DeskError, open_desk
from mailbot.smtp import Relay
from mailbot.store.database import SQLAlchemyError, reading
from mailbot.store.trail import verify

ROUNDTRIP_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    fine: bool
    what: str
    text: str


def findings(settings: Settings, *, roundtrip: bool) -> Iterator[Finding]:
    """Look at everything in turn; with `roundtrip` a mail goes through each mailbox."""
    yield Finding(True, "configuration", f"{settings.file}, {len(settings.policy.schools)} schools")
    yield school_holidays(settings, datetime.now(UTC).year)
    yield from _database(settings)
    yield _templates(settings)
    for key in settings.imap:
        yield _inbox(settings, key)
        yield _relay(settings, key)
        if roundtrip:
            yield _roundtrip(settings, key)


def school_holidays(settings: Settings, year: int) -> Finding:
    """Look whether the school holidays of this year and the next are known or given."""
    land = settings.land
    if not land:
        return Finding(True, "holidays", "none are kept: bot.land is not set")
    given = settings.policy.schools[0].team.calendar.closed - holidays.public(land) - holidays.school(land)
    winters = {day.year for day in given if day.month == 12}
    missing = [y for y in holidays.unknown(land, (year, year + 1)) if y not in winters]
    if missing:
        years = " and ".join(map(str, missing))
        text = f"the school holidays of {land} in {years} are not all known: give them as hours.closed"
        return Finding(False, "holidays", text)
    return Finding(True, "holidays", f"those of {land} are known for {year} and {year + 1}")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        desk = open_desk(settings)
    except (DeskError, SQLAlchemyError, OSError) as error:
        yield Finding(False, "database", str(error).splitlines()[0])
        return
    if os.access(settings.state_dir, os.W_OK):
        yield Finding(True, "database", "at its newest schema")
    else:
        yield Finding(False, "database", f"{settings.state_dir} cannot be written to")
    yield _trail(desk)
    desk.engine.dispose()


def _trail(desk: Desk) -> Finding:
    """Follow the audit trail's chains; the newest link is told so that it can be kept elsewhere."""
    with reading(desk.engine) as session:
        verdict = verify(session)
    if verdict.wrong:
        more = f"; and {len(verdict.wrong) - 1} more" if len(verdict.wrong) > 1 else ""
        return Finding(False, "audit trail", f"it was tampered with: {verdict.wrong[0]}{more}")
    return Finding(
        True, "audit trail", f"{verdict.entries} entries hold, up to {verdict.head[:16] or 'none'}"
    )


def _templates(settings: Settings) -> Finding:
    for broken in broken_letters(Templates(settings.templates, settings.colour)):
        return Finding(False, "templates", broken)
    return Finding(True, "templates", "every letter can be written in every language")


def _inbox(settings: Settings, key: str) -> Finding:
    account = settings.imap[key]
    what = f"{key} IMAP {account.username} at {account.host}:{account.port}"
    try:
        with Mailbox.open(account) as box:
            return Finding(True, what, f"{len(box.uids())} mails in {account.folder}")
    except InboxError as error:
        return Finding(False, what, str(error))


def _relay(settings: Settings, key: str) -> Finding:
    account = settings.smtp[key]
    what = f"{key} SMTP {account.username or 'without login'} at {account.host}:{account.port}"

    async def knock() -> str:
        async with Relay(account) as relay:
            outcome = await relay.check()
            return outcome.reply if outcome else ""

    trouble = asyncio.run(knock())
    return Finding(not trouble, what, trouble or "takes our mail")


def _roundtrip(settings: Settings, key: str) -> Finding:
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
    if not found:
        return Finding(False, what, f"the mail did not arrive within {ROUNDTRIP_SECONDS} s")
    return Finding(True, what, f"{time.monotonic() - started:.1f} s")


async def _hand_in(settings: Settings, key: str, address: str, octets: bytes) -> str:
    async with Relay(settings.smtp[key]) as relay:
        outcome = await relay.send(address, address, octets)
        return "" if outcome.state == "sent" else outcome.reply


def _wait_for(box: Mailbox, message_id: bytes, started: float) -> bool:
    since = box.uid_next
    read, write = os.pipe()
    try:
        while (left := started + ROUNDTRIP_SECONDS - time.monotonic()) > 0:
            for uid in box.uids(since):
                header = box.fetch_header(uid)
                if header is not None and message_id in header.octets:
                    return True  # whoever reads the mailbox next knows it for our own, and files it
            box.wait(min(left, 5), read)
            box.refresh()
    finally:
        os.close(read)
        os.close(write)
    return False
