"""Send what is due from the outbox, a lane for each SMTP account: none waits for another's server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mailbot.config import Settings, SmtpAccount
from mailbot.sanitize import redact_for_log
from mailbot.service.desk import Desk
from mailbot.service.retry import PAUSE_ACCOUNT, PAUSE_SERVER, backoff_seconds
from mailbot.service.sending import ServerIssue, build_message, known_issue, next_state, record_and_claim
from mailbot.smtp.client import Outcome, Relay
from mailbot.smtp.refusals import Refusal, Refusals, Ruling
from mailbot.smtp.reply import About
from mailbot.store.database import TRANSIENT, first_line
from mailbot.store.outbox import ClaimedMail, SendOutcome

log = structlog.get_logger()

DATABASE_SECONDS = 5.0

Clock = Callable[[], datetime]


@dataclass(slots=True)
class SendStats:
    """How many letters were sent, and how many could not be."""

    sent: int = 0
    failed: int = 0


@dataclass(slots=True)
class AccountSender:
    """The schools that hand in their mail by one account, and how its server is doing."""

    desk: Desk
    account: SmtpAccount
    schools: tuple[str, ...]
    clock: Clock
    tally: SendStats = field(default_factory=SendStats)
    failures: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    _works: bool = False
    _longest: int = PAUSE_SERVER
    _began: bool = False
    _told: bool = False  # the operators know that the server works
    _database_away: bool = False
    _done: SendOutcome | None = None
    _trouble: ServerIssue | None = None
    _turn: str = ""  # the school whose letter was taken last

    @property
    def topic(self) -> str:
        """Return the name of this lane's trouble."""
        user = f" as {self.account.username}" if self.account.username else ""
        return f"SMTP {self.account.host}:{self.account.port}{user}"

    async def drain(self, relay: Relay, stop: asyncio.Event | None = None) -> None:
        """Send what is due until nothing is left, the server is away, the account paused, or told to stop."""
        if not self._began:
            self.refusals.remember(known_issue(self.desk, self.topic))
            self._began = True
        while True:
            due = self._next(self.schools)
            if due is None and not self._recovered():
                return
            if due is not None:
                self._done = await self._send(relay, due)
            if self.failures or (stop is not None and stop.is_set()):
                self._next(())
                return

    def _recovered(self) -> bool:
        """Tell whether the operators have to hear that the server takes mail again.

        They hear it when nothing is due any more, and not of each letter that gets through in between.
        """
        if not self._works or self._told:
            return False
        self._trouble, self._told = ServerIssue(self.topic, ""), True
        return True

    async def drain_once(self) -> None:
        """Send what is due, by a connection for this alone."""
        async with Relay(self.account) as relay:
            await self.drain(relay)

    def _next(self, schools: tuple[str, ...]) -> ClaimedMail | None:
        """Record the last letter and claim the next; what cannot be recorded now is the next time."""
        due = record_and_claim(self.desk, schools, self._done, self._trouble, self.clock(), self._turn)
        self._done = self._trouble = None
        self._turn = due.school if due else self._turn
        return due

    async def _send(self, relay: Relay, due: ClaimedMail) -> SendOutcome:
        school = self.desk.policy.school(due.school)
        if school is None:
            return SendOutcome(due.id, "failed", f"school {due.school} is not in the configuration")
        try:
            octets = build_message(self.desk, due, school.address)
        except TRANSIENT as error:
            return SendOutcome(due.id, "queued", first_line(error), self.clock(), counts=False)
        except (LookupError, ValueError) as error:
            log.exception("letter not put together", letter=due.id, ticket=due.outgoing.ticket)
            return SendOutcome(due.id, "failed", f"cannot be put together: {error}")
        outcome = await relay.send(school.address, due.outgoing.recipient.email, octets)
        return self._judge(due, outcome)

    def _judge(self, due: ClaimedMail, outcome: Outcome) -> SendOutcome:
        if outcome.state == "sent":
            self.refusals.taken()
            self._go_on(works=True)
            return self._record(due, "sent", outcome.reply)
        if outcome.server_down and outcome.state == "temporary" and outcome.about is not About.ACCOUNT:
            self._pause(outcome.reply, PAUSE_SERVER)
            return self._keep(due, outcome.reply)
        ruling, reason = self.refusals.rule(_refusal(due, outcome))
        if ruling is Ruling.ACCOUNT:
            self._pause(reason, PAUSE_ACCOUNT)
            if outcome.state != "uncertain":
                return self._keep(due, outcome.reply)
        else:
            self._go_on(works=outcome.about is About.RECIPIENT)
        return self._record(due, "temporary" if ruling is Ruling.AGAIN else outcome.state, outcome.reply)

    def _keep(self, due: ClaimedMail, reply: str) -> SendOutcome:
        """Return an attempt that does not count: it said nothing about the letter."""
        again = self.clock() + timedelta(seconds=self._rest())
        return SendOutcome(due.id, "queued", reply, again, counts=False)

    def _record(self, due: ClaimedMail, state: str, reply: str) -> SendOutcome:
        attempt = next_state(due, state, reply, self.clock())
        self.tally.sent += attempt.state == "sent"
        self.tally.failed += attempt.state == "failed"
        log.info(
            "letter",
            state=attempt.state,
            kind=due.outgoing.kind.value,
            ticket=due.outgoing.ticket,
            letter=due.id,
            reply="" if attempt.state == "sent" else redact_for_log(reply),
        )
        return attempt

    def _pause(self, reason: str, longest: int) -> None:
        """Leave the server alone for a while, `longest` seconds at most."""
        if not self.failures:
            log.error("server away", topic=self.topic, reason=redact_for_log(reason))
            self._trouble = ServerIssue(self.topic, reason)
        self.failures += 1
        self._longest = longest
        self._works = self._told = False

    def _go_on(self, *, works: bool) -> None:
        """Send the next letter; `works` tells that the server does what it is there for."""
        if self.failures:
            log.info("server back", topic=self.topic)
        self.failures = 0
        self._works = self._works or works

    def _rest(self) -> float:
        """Return for how many seconds to leave the server alone."""
        return backoff_seconds(self.failures - 1, self._longest)

    async def run(self, stop: asyncio.Event) -> None:
        """Drain whenever somebody wakes this lane, until told to stop; rest while a server is away."""
        async with Relay(self.account) as relay:
            while not stop.is_set():
                self.wake.clear()
                seconds = await self._round(relay, stop)
                await relay.close_if_idle()
                await either(stop, self.wake if seconds is None else None, seconds)

    async def _round(self, relay: Relay, stop: asyncio.Event) -> float | None:
        """Drain; return for how many seconds to rest then, or None for until somebody wakes us."""
        try:
            await self.drain(relay, stop)
        except TRANSIENT as error:
            if not self._database_away:
                log.error("outbox waits for the database", topic=self.topic, reason=first_line(error))
            self._database_away = True
            return DATABASE_SECONDS
        if self._database_away:
            log.info("outbox has its database back", topic=self.topic)
        self._database_away = False
        return self._rest() if self.failures else None


def _refusal(due: ClaimedMail, outcome: Outcome) -> Refusal:
    recipient, permanent = due.outgoing.recipient.email, outcome.state == "permanent"
    return Refusal(due.id, recipient, outcome.about, outcome.reply, permanent, due.attempts)


async def either(stop: asyncio.Event, wake: asyncio.Event | None, seconds: float | None) -> None:
    """Wait for one of two events, at most so long."""
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, wake) if event is not None]
    _, pending = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in pending:
        wait.cancel()


def senders(desk: Desk, settings: Settings, clock: Clock) -> list[AccountSender]:
    """Return a lane for each SMTP account, with the schools that use it."""
    accounts: dict[tuple[str, int, str], tuple[SmtpAccount, list[str]]] = {}
    for key, account in settings.smtp.items():
        name = (account.host, account.port, account.username)
        accounts.setdefault(name, (account, []))[1].append(key)
    return [AccountSender(desk, account, tuple(schools), clock) for account, schools in accounts.values()]


def deliver_all(desk: Desk, settings: Settings, clock: Clock) -> SendStats:
    """Send what is due by all accounts, once; a server that is away counts its letters as failed."""

    async def drain_all() -> list[AccountSender]:
        found = senders(desk, settings, clock)
        await asyncio.gather(*(lane.drain_once() for lane in found))
        return found

    found = asyncio.run(drain_all())
    failed = sum(lane.tally.failed + bool(lane.failures) for lane in found)
    return SendStats(sum(lane.tally.sent for lane in found), failed)
