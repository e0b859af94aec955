"""Check that a school's mailbox and SMTP account work, and that they match the configuration."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

from mailbot.check.result import CheckResult
from mailbot.clock import monotonic, utc_now
from mailbot.config import ImapAccount, SmtpAccount
from mailbot.core.classify.trust import authserv_id
from mailbot.core.model.policy import School
from mailbot.counting import counted
from mailbot.inbox import InboxError, Mailbox
from mailbot.inbox.inspection import MailboxReport, inspect_mailbox, try_processing
from mailbot.smtp.client import SendResult, SmtpClient
from mailbot.smtp.reply import About
from mailbot.store import ledger
from mailbot.store.database import Engine, read_only

COMPARED = timedelta(days=30)
TIMEOUT = 20.0  # an operator waits; servers answer within a second
PATIENCE = 0.9  # the part of the timeout after which a failure is one of a server that does not answer
FULL = 0.9
MIN_MAILS = 5  # with fewer mails, a missing header proves nothing


class SilentServers:
    """The servers that did not answer in time: not every school waits for them. Threads share it."""

    def __init__(self) -> None:
        self._schools: dict[tuple[str, int], str] = {}

    def check(
        self, school: School, account: ImapAccount | SmtpAccount, check: Callable[[], list[CheckResult]]
    ) -> list[CheckResult]:
        """Run a check, or return that the server did not answer for another school."""
        server = (account.host, account.port)
        if (other := self._schools.get(server)) is not None:
            text = f"not tried: the server did not answer for {other} within {TIMEOUT:.0f} s"
            return [CheckResult(False, _subject(school, account), text)]
        started = monotonic()
        results = check()
        if not results[0].ok and monotonic() - started >= TIMEOUT * PATIENCE:
            self._schools[server] = school.key
        return results


def _subject(school: School, account: ImapAccount | SmtpAccount) -> str:
    protocol = "IMAP" if isinstance(account, ImapAccount) else "SMTP"
    return f"{school.key} {protocol} {account.username or 'without login'} at {account.host}:{account.port}"


def _failed(school: School, account: ImapAccount | SmtpAccount, text: str) -> CheckResult:
    """Return a failed check; an error of a connection names the server itself, which is the subject then."""
    place, _, reason = text.partition(": ")
    if reason and place.startswith(("IMAP ", "SMTP ")):
        return CheckResult(False, f"{school.key} {place}", reason)
    return CheckResult(False, _subject(school, account), text)


def check_servers(
    school: School, imap: ImapAccount, smtp: SmtpAccount, engine: Engine | None, silent: SilentServers
) -> list[CheckResult]:
    """Check the mailbox and the SMTP account of a school."""
    return [
        *silent.check(school, imap, lambda: list(check_mailbox(school, imap, engine))),
        *silent.check(school, smtp, lambda: [check_smtp_account(school, smtp)]),
    ]


def check_mailbox(school: School, account: ImapAccount, engine: Engine | None) -> Iterator[CheckResult]:
    """Open a school's mailbox and inspect it; compare it with the ledger if the database can be opened."""
    subject = _subject(school, account)
    try:
        with Mailbox.open(account, TIMEOUT) as box:
            found = inspect_mailbox(box)
            processed = set(box.processed_since(utc_now() - COMPARED).values()) - {""}
            failure = _try_processing(box, school) if account.done else ""
    except InboxError as error:
        yield _failed(school, account, str(error))
        return
    yield CheckResult(
        True, subject, f"{counted(found.mails, 'mail')} in {account.folder}{_missing(found, account)}"
    )
    if found.quota_used is not None and found.quota_used >= FULL:
        text = f"the mailbox is {found.quota_used:.0%} full: delete old mails, or raise its quota"
        yield CheckResult(False, subject, text)
    if failure:
        yield _failed(school, account, failure)
    yield _authentication(school, found)
    if engine is not None and processed:
        yield _ledger(school, account, engine, processed)


def _try_processing(box: Mailbox, school: School) -> str:
    """Return why a mail cannot be stored, moved and deleted, or ""."""
    try:
        try_processing(box, school.address)
    except InboxError as error:
        return str(error)
    return ""


def _ledger(school: School, account: ImapAccount, engine: Engine, processed: set[str]) -> CheckResult:
    """Check that the ledger has the mails in the folder of processed mails, except for erased ones."""
    subject = f"{school.key} ledger"
    with read_only(engine) as session:
        unknown = processed - ledger.recorded_message_ids(session, school.key, processed)
        erased = ledger.count_without_message_id(session, school.key)
    total = f"{counted(len(processed), 'mail')} of the last {COMPARED.days} days in {account.done}"
    if len(unknown) <= erased:
        return CheckResult(True, subject, f"has the {total}")
    younger = "; the database is younger than the mail" if unknown == processed else ""
    text = (
        f"lacks {len(unknown)} of the {total}{younger}: was mailbot.db copied or restored without its -wal?"
        " Restore a newer backup (mailbot restore), or move these mails back to be processed again"
    )
    return CheckResult(False, subject, text)


def _missing(found: MailboxReport, account: ImapAccount) -> str:
    advice = {
        "IDLE": f"no IDLE: new mail is found by polling every {account.poll_seconds} s",
        "MOVE": "no MOVE: mails are copied and then deleted",
        "UIDPLUS": "no UIDPLUS: our mails stay while another client has mails marked as deleted",
    }
    return "".join(
        f"; {advice[name]}"
        for name in found.missing_capabilities
        if name != "UIDPLUS" or "MOVE" in found.missing_capabilities
    )


def _authentication(school: School, found: MailboxReport) -> CheckResult:
    """Compare the configured authserv-id with that in the newest mails (RFC 8601)."""
    subject = f"{school.key} Authentication-Results"
    fields = [field for text in found.authentication_results for field in _fields(text)]
    names = Counter(name for field in fields if (name := authserv_id(field)))
    expected = school.authserv_id.lower()
    number = len(found.authentication_results)
    seen = " and ".join(f'"{name}" ({count})' for name, count in names.most_common(3))
    if not expected:
        advice = (
            f'; authserv_id = "{names.most_common(1)[0][0]}" would trust authenticated senders'
            if names
            else ""
        )
        return CheckResult(
            True, subject, f"imap.authserv_id is not set: only replies and one-tap links are trusted{advice}"
        )
    if names[expected]:
        return CheckResult(True, subject, f"{expected} is in {names[expected]} of the newest {number} mails")
    if names:
        text = (
            f"{expected} is in none of the newest {number} mails, which have {seen}: correct imap.authserv_id"
        )
        return CheckResult(False, subject, text)
    if number >= MIN_MAILS:
        text = (
            f"none of the newest {number} mails has this header: does the mail server check senders (DMARC)?"
        )
        return CheckResult(False, subject, text)
    return CheckResult(True, subject, f"no mail yet that could show {expected}")


def _fields(text: str) -> list[str]:
    """Return the values of header fields, unfolded (RFC 5322, 2.2.3)."""
    unfolded = text.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ")
    return [line.partition(":")[2] for line in unfolded.splitlines() if ":" in line]


def check_smtp_account(school: School, account: SmtpAccount) -> CheckResult:
    """Log in, and ask whether the school can send from its address; nothing is sent."""
    subject = _subject(school, account)

    async def ask() -> SendResult | None:
        async with SmtpClient(account, TIMEOUT) as server:
            return await server.check(school.address)

    outcome = asyncio.run(ask())
    if outcome is None:
        return CheckResult(True, subject, f"accepts mail from {school.address}")
    about_account = outcome.about is About.ACCOUNT
    if outcome.server_down and not about_account:
        return _failed(school, account, outcome.reply)
    if outcome.state == "temporary" and not about_account:  # greylisting (RFC 6647): the outbox tries again
        return CheckResult(True, subject, f"refuses temporarily, will be retried: {outcome.reply}")
    return CheckResult(False, subject, f"refuses mail to {school.address}: {outcome.reply}")
