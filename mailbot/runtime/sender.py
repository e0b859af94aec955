"""Send due mails from the outbox, with a sender for each SMTP account so that accounts do not block others.

The senders share one asyncio loop, which only talks to SMTP servers. Database transactions and the building
of messages run in the threads of an executor, so that a large message does not delay other accounts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from mailbot.config import Settings, SmtpAccount
from mailbot.runtime.account_status import AccountStatus
from mailbot.sanitize import redact_for_log
from mailbot.service.desk import Desk
from mailbot.service.sending import (
    AttachmentReader,
    ServerIssue,
    build_message,
    build_plain_messages,
    known_issue,
    record_and_claim,
)
from mailbot.smtp.client import SendResult, SmtpClient, Submission
from mailbot.store.database import TRANSIENT, first_line
from mailbot.store.outbox import ClaimedMail, SendOutcome, release

log = structlog.get_logger()

DATABASE_SECONDS = 5.0
MAX_THREADS = 8
"""The number of database transactions and message builds at the same time, for all accounts."""
MAX_CLAIMED = 20
"""The mails that an account has claimed at the same time, for each connection."""
RECORD_MAILS = 5
RECORD_SECONDS = 0.02
"""Outcomes are recorded as soon as they are that many, or the oldest one is that old."""
MAX_UNRECORDED = 10
"""No attempt begins while there are that many: after a kill these arrive twice, and those being sent."""
LONGEST_ATTEMPT = timedelta(minutes=11)
"""No attempt begins later than that before the end of the claim, when another worker may send the mail.

The reply to the text may take ten minutes (RFC 5321, 4.5.3.2.6).
"""

P = ParamSpec("P")
T = TypeVar("T")
Queue = asyncio.Queue[ClaimedMail | None]


@dataclass(frozen=True, slots=True)
class _ReadyMail:
    due: ClaimedMail
    submission: Submission


@dataclass(slots=True)
class AccountSender:
    """Sends the mails of the schools that use one SMTP account, over `account.connections` connections.

    Calls `record_result` with "sent" or "failed" for each mail that needs no further attempt.
    """

    desk: Desk
    account: SmtpAccount
    schools: tuple[str, ...]
    clock: Callable[[], datetime]
    executor: Executor
    record_result: Callable[[str], None] = lambda _: None
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    _status: AccountStatus = field(init=False)
    _started: bool = False
    _database_down: bool = False
    _files: AttachmentReader = field(init=False)
    _claimed: set[int] = field(default_factory=set)
    _built: dict[int, bytes] = field(default_factory=dict)
    _outcomes: list[SendOutcome] = field(default_factory=list)
    _progress: asyncio.Event = field(default_factory=asyncio.Event)
    _recorded: asyncio.Event = field(default_factory=asyncio.Event)
    _is_ending: bool = False
    _last_school: str = ""

    def __post_init__(self) -> None:
        self._status = AccountStatus(self.topic, self.clock)
        self._files = AttachmentReader(self.desk)

    @property
    def topic(self) -> str:
        """Return the topic of alerts about this account."""
        user = f" as {self.account.username}" if self.account.username else ""
        return f"SMTP {self.account.host}:{self.account.port}{user}"

    @property
    def is_up(self) -> bool:
        """Whether the server accepted the last mail or refused only that mail."""
        return self._status.is_up

    async def run(self, stop: asyncio.Event) -> None:
        """Send due mails after each wakeup until `stop` is set; pause while the server is down."""
        async with self._clients() as clients:
            while not stop.is_set():
                # Before the outbox is read, so that a wakeup during the sending is not lost.
                self.wakeup.clear()
                seconds = await self._send_and_backoff(clients, stop)
                # The scheduler wakes each sender every 20 s, so idle connections need no timer of their own.
                for client in clients:
                    await client.close_if_idle()
                # New mail does not end a pause: the server would refuse it as well.
                await wait_any(stop, self.wakeup if seconds is None else None, seconds)

    async def send_all(self) -> None:
        """Send the due mails with connections of their own; each failure is an alert, as no retry follows."""
        self._status.alerts_at_once = True
        async with self._clients() as clients:
            await self._send_due(clients, asyncio.Event())

    @asynccontextmanager
    async def _clients(self) -> AsyncIterator[Sequence[SmtpClient]]:
        async with AsyncExitStack() as stack:
            clients = [SmtpClient(self.account) for _ in range(self.account.connections)]
            yield [await stack.enter_async_context(client) for client in clients]

    async def _send_and_backoff(self, clients: Sequence[SmtpClient], stop: asyncio.Event) -> float | None:
        """Send the due mails; return the seconds to pause, or None to wait for a wakeup."""
        try:
            await self._send_due(clients, stop)
        except TRANSIENT as error:
            if not self._database_down:
                log.error("outbox database unavailable", topic=self.topic, reason=first_line(error))
            self._database_down = True
            return DATABASE_SECONDS
        if self._database_down:
            log.info("outbox database available", topic=self.topic)
        self._database_down = False
        return None if self.is_up else self._status.backoff()

    async def _send_due(self, clients: Sequence[SmtpClient], stop: asyncio.Event) -> None:
        """Send until no mail is due, the server is down, the account is paused, or `stop` is set."""
        if not self._started:
            self._status.restore(await self._in_thread(known_issue, self.desk, self.topic))
            self._started = True
        self._status.is_paused = self._is_ending = False
        self._progress, self._recorded = asyncio.Event(), asyncio.Event()
        self._claimed.clear()
        self._built.clear()
        queue: Queue = asyncio.Queue()
        deliveries = [asyncio.create_task(self._deliver(client, queue)) for client in clients]
        for delivery in deliveries:
            delivery.add_done_callback(lambda _: self._progress.set())
        try:
            await self._feed(queue, stop, deliveries)
        finally:
            self._release(queue)
            queue.put_nowait(None)  # ends the deliveries
            self._is_ending = True
            self._recorded.set()
            await asyncio.wait(deliveries)
            self._files.forget()
        for delivery in deliveries:
            # Raise the error of a delivery, which `asyncio.wait` does not.
            delivery.result()

    async def _feed(
        self, queue: Queue, stop: asyncio.Event, deliveries: Sequence[asyncio.Task[None]]
    ) -> None:
        """Claim mails for the deliveries and record outcomes, until all is recorded and no mail is due."""
        # A delivery that ends before the queue has None has failed.
        while not any(delivery.done() for delivery in deliveries):
            closing = self._status.is_paused or stop.is_set()
            if closing:
                self._release(queue)
            await self._record_and_claim(queue, 0 if closing else self._room(len(deliveries)))
            if self._claimed or self._outcomes:
                await self._wait_for_outcomes()
            # A recovery is one more change, which the next round records.
            elif closing or not self._status.report_recovery():
                return

    def _room(self, connections: int) -> int:
        """Return how many mails to claim: one while it is unknown whether the server accepts mails.

        Otherwise at least half of MAX_CLAIMED, as each claim waits for the disk.
        """
        most = MAX_CLAIMED * connections if self._status.accepts else 1
        room = most - len(self._claimed)
        return room if 2 * room >= most else 0

    async def _record_and_claim(self, queue: Queue, most: int) -> None:
        """Record the outcomes and claim up to `most` mails; after an error the next call records them."""
        # Before the outcomes are read: later progress must lead to another round.
        self._progress.clear()
        outcomes, issue = tuple(self._outcomes), self._status.issue
        if not (outcomes or issue or most):
            return
        claimed, built = await self._in_thread(self._exchange, outcomes, issue, most)
        # More outcomes, or another issue, may have come while the thread wrote these.
        del self._outcomes[: len(outcomes)]
        self._recorded.set()
        if self._status.issue is issue:
            self._status.issue = None
        self._built |= built
        for due in claimed:
            self._claimed.add(due.id)
            self._last_school = due.school
            queue.put_nowait(due)

    def _exchange(
        self, outcomes: Sequence[SendOutcome], issue: ServerIssue | None, most: int
    ) -> tuple[list[ClaimedMail], dict[int, bytes]]:
        now, after = self.clock(), self._last_school
        claimed = record_and_claim(self.desk, self.schools, outcomes, issue, now, after=after, most=most)
        return claimed, build_plain_messages(self.desk, claimed)

    async def _wait_for_outcomes(self) -> None:
        """Wait for the first outcome as long as it takes, and for others RECORD_SECONDS."""
        await self._next_progress()
        with suppress(TimeoutError):
            async with asyncio.timeout(RECORD_SECONDS):
                while self._claimed and len(self._outcomes) < RECORD_MAILS and not self._status.is_paused:
                    await self._next_progress()

    async def _next_progress(self) -> None:
        await self._progress.wait()
        self._progress.clear()

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, partial(function, *args, **kwargs))

    async def _deliver(self, client: SmtpClient, queue: Queue) -> None:
        """Send the mails of the queue over one connection, until it has None."""
        mail = await self._next(queue, wait=True)
        while mail is not None:
            # The next envelope follows this mail's text (RFC 2920), if there is a next mail already.
            following = await self._next(queue, wait=False)
            upcoming = following.submission if following is not None else None
            sent = mail.submission
            result = await client.send(sent.sender, sent.recipient, sent.raw, upcoming)
            self._record(mail.due, result)
            await self._wait_for_record()
            # During the attempt the account may have been paused, or the claim may have become too old.
            if following is not None and self._must_wait(following.due):
                self._finish(release(following.due))
                following = None
            mail = following or await self._next(queue, wait=True)

    async def _wait_for_record(self) -> None:
        while len(self._outcomes) >= MAX_UNRECORDED and not (self._is_ending or self._status.is_paused):
            self._recorded.clear()
            await self._recorded.wait()

    async def _next(self, queue: Queue, *, wait: bool) -> _ReadyMail | None:
        """Return the next mail with its message; None at the end, and if there is none yet and not `wait`."""
        while wait or not queue.empty():
            due = await queue.get()
            if due is None:
                queue.put_nowait(None)  # for the other connections
                return None
            if self._must_wait(due):
                self._finish(release(due))
            elif (submission := await self._build(due)) is not None:
                return _ReadyMail(due, submission)
        return None

    def _must_wait(self, due: ClaimedMail) -> bool:
        late = self.clock() > due.until - LONGEST_ATTEMPT
        return late or self._is_ending or self._status.is_paused

    async def _build(self, due: ClaimedMail) -> Submission | None:
        """Return a mail with its envelope; if that fails, set the outcome and return None."""
        school = self.desk.policy.school(due.school)
        if school is None:
            self._finish(SendOutcome(due.id, "failed", f"school {due.school} is not in the configuration"))
            return None
        try:
            raw = self._built.pop(due.id, b"") or await self._in_thread(
                build_message, self.desk, due, school.address, self._files
            )
        except TRANSIENT as error:
            self._finish(SendOutcome(due.id, "queued", first_line(error), self.clock(), counts=False))
            return None
        except (LookupError, ValueError) as error:
            log.exception("message not built", mail=due.id, ticket=due.outgoing.ticket)
            self._finish(SendOutcome(due.id, "failed", f"the message cannot be built: {error}"))
            return None
        return Submission(school.address, due.outgoing.recipient.email, raw)

    def _record(self, due: ClaimedMail, result: SendResult) -> None:
        """Set the outcome of an attempt; count and log it, unless the server was down."""
        outcome = self._status.outcome_of(due, result)
        self._finish(outcome)
        if outcome.state in ("sent", "failed"):
            self.record_result(outcome.state)
        if outcome.counts:
            log.info(
                "delivery attempted",
                state=outcome.state,
                kind=due.outgoing.kind.value,
                ticket=due.outgoing.ticket,
                mail=due.id,
                reply="" if outcome.state == "sent" else redact_for_log(result.reply),
            )

    def _release(self, queue: Queue) -> None:
        """Give up the claims of the mails in the queue."""
        while not queue.empty():
            if (due := queue.get_nowait()) is not None:
                self._finish(release(due))

    def _finish(self, outcome: SendOutcome) -> None:
        self._claimed.discard(outcome.id)
        self._built.pop(outcome.id, None)
        self._outcomes.append(outcome)
        self._progress.set()


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
        # Limits and refusals apply to a login, so schools with the same login share one sender.
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
