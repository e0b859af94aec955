"""Send due mails from the outbox, with a sender for each SMTP account so that accounts do not block others.

The senders share one asyncio loop, which only talks to SMTP servers. Database transactions and the building
of messages run in the threads of an executor, so that a large message does not delay other accounts.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from mailbot.config import Settings, SmtpAccount
from mailbot.sanitize import redact_for_log
from mailbot.service.alerts import is_lasting
from mailbot.service.desk import Desk
from mailbot.service.retry import PAUSE_ACCOUNT, PAUSE_SERVER, backoff_seconds
from mailbot.service.sending import ServerIssue, build_message, known_issue, next_state, record_and_claim
from mailbot.smtp.client import SendResult, SmtpClient
from mailbot.smtp.refusals import Refusal, RefusalScope, RefusalTracker
from mailbot.smtp.reply import About
from mailbot.store.database import TRANSIENT, first_line
from mailbot.store.outbox import ClaimedMail, SendOutcome

log = structlog.get_logger()

DATABASE_SECONDS = 5.0
MAX_THREADS = 8
"""The number of database transactions and message builds at the same time, for all accounts."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class AccountSender:
    """Sends the mails of the schools that use one SMTP account; has the state of its server.

    Calls `record_result` with "sent" or "failed" for each mail that needs no further attempt.
    """

    desk: Desk
    account: SmtpAccount
    schools: tuple[str, ...]
    clock: Callable[[], datetime]
    executor: Executor
    record_result: Callable[[str], None] = lambda _: None
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: int = 0
    _down_since: datetime | None = None
    _alerted: bool = False
    _once: bool = False
    _refusals: RefusalTracker = field(default_factory=RefusalTracker)
    _accepted: bool = False
    _max_backoff: int = PAUSE_SERVER
    _started: bool = False
    _recovery_reported: bool = False
    _database_down: bool = False
    _outcome: SendOutcome | None = None
    _issue: ServerIssue | None = None
    _last_school: str = ""

    @property
    def topic(self) -> str:
        """Return the topic of alerts about this account."""
        user = f" as {self.account.username}" if self.account.username else ""
        return f"SMTP {self.account.host}:{self.account.port}{user}"

    @property
    def is_up(self) -> bool:
        """Whether the server accepted the last mail or refused only that mail."""
        return not self._failures

    async def run(self, stop: asyncio.Event) -> None:
        """Send due mails after each wakeup until `stop` is set; pause while the server is down."""
        async with SmtpClient(self.account) as client:
            while not stop.is_set():
                self.wakeup.clear()
                seconds = await self._send_and_backoff(client, stop)
                await client.close_if_idle()
                await wait_any(stop, self.wakeup if seconds is None else None, seconds)

    async def send_all(self) -> None:
        """Send the due mails with a connection of its own; each failure is an alert, as no retry follows."""
        self._once = True
        async with SmtpClient(self.account) as client:
            await self.send_due(client, asyncio.Event())

    async def _send_and_backoff(self, client: SmtpClient, stop: asyncio.Event) -> float | None:
        """Send the due mails; return the seconds to pause, or None to wait for a wakeup."""
        try:
            await self.send_due(client, stop)
        except TRANSIENT as error:
            if not self._database_down:
                log.error("outbox database unavailable", topic=self.topic, reason=first_line(error))
            self._database_down = True
            return DATABASE_SECONDS
        if self._database_down:
            log.info("outbox database available", topic=self.topic)
        self._database_down = False
        return self._backoff() if self._failures else None

    async def send_due(self, client: SmtpClient, stop: asyncio.Event) -> None:
        """Send until no mail is due, the server is down, the account is paused, or `stop` is set."""
        if not self._started:
            self._refusals.restore(await self._in_thread(known_issue, self.desk, self.topic))
            self._started = True
        while True:
            due = await self._record_and_claim(self.schools)
            if due is None and not self._report_recovery():
                return
            if due is not None:
                self._outcome = await self._send(client, due)
            if self._failures or stop.is_set():
                await self._record_and_claim(())
                return

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, partial(function, *args, **kwargs))

    def _report_recovery(self) -> bool:
        """End the alert if the server accepts mails again; return whether there is a change to record.

        This happens when no mail is due any more, not after each single mail that the server accepts.
        """
        if not self._accepted or self._recovery_reported:
            return False
        self._issue, self._recovery_reported = ServerIssue(self.topic, ""), True
        return True

    async def _record_and_claim(self, schools: tuple[str, ...]) -> ClaimedMail | None:
        """Record the last outcome and claim the next mail; after an error the next call records it."""
        due = await self._in_thread(
            record_and_claim, self.desk, schools, self._outcome, self._issue, self.clock(), self._last_school
        )
        self._outcome = self._issue = None
        self._last_school = due.school if due else self._last_school
        return due

    async def _send(self, client: SmtpClient, due: ClaimedMail) -> SendOutcome:
        school = self.desk.policy.school(due.school)
        if school is None:
            return SendOutcome(due.id, "failed", f"school {due.school} is not in the configuration")
        try:
            message = await self._in_thread(build_message, self.desk, due, school.address)
        except TRANSIENT as error:
            return SendOutcome(due.id, "queued", first_line(error), self.clock(), counts=False)
        except (LookupError, ValueError) as error:
            log.exception("message not built", mail=due.id, ticket=due.outgoing.ticket)
            return SendOutcome(due.id, "failed", f"the message cannot be built: {error}")
        result = await client.send(school.address, due.outgoing.recipient.email, message)
        return self._next_outcome(due, result)

    def _next_outcome(self, due: ClaimedMail, result: SendResult) -> SendOutcome:
        if result.state == "sent":
            self._refusals.record_accepted()
            self._mark_up(accepted=True)
            return self._record(due, "sent", result.reply)
        if result.server_down and result.state == "temporary" and result.about is not About.ACCOUNT:
            self._mark_down(result.reply, PAUSE_SERVER, interrupted=result.code in (None, 421))
            return self._requeue(due, result.reply)
        scope, reason = self._refusals.scope_of(_refusal(due, result))
        if scope is RefusalScope.ACCOUNT:
            self._mark_down(reason, PAUSE_ACCOUNT)
            if result.state != "uncertain":
                return self._requeue(due, result.reply)
        else:
            self._mark_up(accepted=result.about is About.RECIPIENT)
        state = "temporary" if scope is RefusalScope.UNDECIDED else result.state
        return self._record(due, state, result.reply)

    def _requeue(self, due: ClaimedMail, reply: str) -> SendOutcome:
        """Return the outcome of an attempt that does not count: the mail is not the cause of the failure."""
        next_attempt = self.clock() + timedelta(seconds=self._backoff())
        return SendOutcome(due.id, "queued", reply, next_attempt, counts=False)

    def _record(self, due: ClaimedMail, state: str, reply: str) -> SendOutcome:
        """Count and log the outcome of an attempt, and return it."""
        outcome = next_state(due, state, reply, self.clock())
        if outcome.state in ("sent", "failed"):
            self.record_result(outcome.state)
        log.info(
            "delivery attempted",
            state=outcome.state,
            kind=due.outgoing.kind.value,
            ticket=due.outgoing.ticket,
            mail=due.id,
            reply="" if outcome.state == "sent" else redact_for_log(reply),
        )
        return outcome

    def _mark_down(self, reason: str, max_backoff: int, *, interrupted: bool = False) -> None:
        """Pause this account, for `max_backoff` seconds at most; alert the operators.

        `interrupted`: the connection failed, which is an alert only if it lasts.
        """
        now = self.clock()
        self._failures += 1
        self._down_since = self._down_since or now
        lasting = self._once or not interrupted or is_lasting(self._failures, self._down_since, now)
        if lasting and not self._alerted:
            log.error("smtp server unavailable", topic=self.topic, reason=redact_for_log(reason))
            self._issue, self._alerted = ServerIssue(self.topic, reason), True
        self._max_backoff = max_backoff
        self._accepted = self._recovery_reported = False

    def _mark_up(self, *, accepted: bool) -> None:
        """End a pause; `accepted`: the server accepted a mail, or refused only its recipient."""
        if self._alerted:
            log.info("smtp server available", topic=self.topic)
        self._failures, self._down_since, self._alerted = 0, None, False
        self._accepted = self._accepted or accepted

    def _backoff(self) -> float:
        """Return the seconds to pause."""
        return backoff_seconds(self._failures - 1, self._max_backoff)


def _refusal(due: ClaimedMail, result: SendResult) -> Refusal:
    recipient, permanent = due.outgoing.recipient.email, result.state == "permanent"
    return Refusal(due.id, recipient, result.about, result.reply, permanent, due.attempts)


async def wait_any(stop: asyncio.Event, wakeup: asyncio.Event | None, seconds: float | None) -> None:
    """Wait until one of two events is set, for `seconds` at most."""
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, wakeup) if event is not None]
    _, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()


def account_senders(
    desk: Desk,
    settings: Settings,
    clock: Callable[[], datetime],
    executor: Executor,
    record_result: Callable[[str], None],
) -> tuple[AccountSender, ...]:
    """Return a sender for each SMTP account, with the schools that use it."""
    accounts: dict[tuple[str, int, str], tuple[SmtpAccount, list[str]]] = {}
    for key, account in settings.smtp.items():
        name = (account.host, account.port, account.username)
        accounts.setdefault(name, (account, []))[1].append(key)
    return tuple(
        AccountSender(desk, account, tuple(schools), clock, executor, record_result)
        for account, schools in accounts.values()
    )


async def send_all_once(senders: Iterable[AccountSender]) -> None:
    """Send the due mails of all accounts; raise the first error after all senders have ended."""
    errors = await asyncio.gather(*(sender.send_all() for sender in senders), return_exceptions=True)
    for error in errors:
        if error is not None:
            raise error
