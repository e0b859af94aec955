"""Watch one school's mailbox in a thread of its own, and come back after trouble."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from mailbot.clock import monotonic
from mailbot.inbox import InboxError, Mailbox
from mailbot.runtime.connection_limit import ConnectionLimiter
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.wakeup import Wakeup
from mailbot.sanitize import redact_for_log
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.retry import backoff_seconds
from mailbot.store import mailboxes
from mailbot.store.database import TRANSIENT, first_line, transaction
from mailbot.store.leases import LeaseLostError

log = structlog.get_logger()

IDLE_LOOKS = 5  # a server that tells of new mail by itself is asked that many times more rarely
LONGEST_WAIT = 300.0  # seconds; the guard expects a sign of life


@dataclass(slots=True)
class MailboxWorker:
    """One mailbox and the thread that watches it.

    `wake` is called when there are letters to be sent; `beat` is the monotonic time of the last sign of life.
    With `turns` it waits for a connection, looks once and leaves it to others; else it keeps one.
    """

    intake: MailboxIngest
    clock: Callable[[], datetime]
    wake: Callable[[], None] = lambda: None
    turns: ConnectionLimiter | None = None
    bell: Wakeup = field(default_factory=Wakeup)
    beat: float = field(default_factory=monotonic)
    failures: int = 0
    succeeded: datetime | None = None
    reconciles: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None
    _called: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.intake.handled = self._handled
        if (turns := self.turns) is not None:
            self.intake.wanted = lambda: turns.wanted

    @property
    def school(self) -> str:
        """Return the key of the school whose mailbox this is."""
        return self.intake.school.key

    def start(self) -> None:
        """Begin to watch."""
        self.thread = threading.Thread(target=self._run, name=f"mailbox-{self.school}")
        self.thread.start()

    def reconcile(self) -> None:
        """Compare the mailbox with the ledger soon."""
        self.reconciles.set()
        self.bell.set()

    @property
    def ended(self) -> bool:
        """Whether it was started and runs no more."""
        return self.thread is not None and not self.thread.is_alive()

    def alive(self, seconds: float) -> bool:
        """Tell whether its thread runs and showed a sign of life within so many seconds."""
        running = self.thread is not None and self.thread.is_alive()
        return running and monotonic() - self.beat < seconds

    def stop(self) -> None:
        """End after the mail in hand."""
        self.intake.stop.set()
        self.bell.set()
        self._called.set()

    def join(self) -> None:
        """Wait until it has ended."""
        if self.thread is not None:
            self.thread.join()
        self.bell.close()

    def _run(self) -> None:
        while not self.intake.stop.is_set():
            self._living()
            try:
                if self.turns is not None:
                    self._visit(self.turns)
                    continue
                with Mailbox.open(self.intake.account) as box:
                    self._watch(box)
            except InboxError as error:
                self._failed(str(error))
            except TRANSIENT as error:
                self._failed(f"database: {first_line(error)}")
            except LeaseLostError as error:
                log.warning("mailbox lost", school=self.school, reason=str(error))
                return
            except Exception as error:
                log.exception("mailbox watcher failed", school=self.school)
                self._failed(f"{type(error).__name__}: {redact_for_log(str(error))}")

    def _watch(self, box: Mailbox) -> None:
        """Handle what is new whenever the server or the bell says so; the whole folder at first."""
        everything, seen = True, (box.uid_validity, 1)
        while not self.intake.stop.is_set():
            self._living()
            found = box.uid_validity, box.uid_next
            self.intake.drain(box, 1 if everything or found[0] != seen[0] else seen[1])
            seen = found
            self._worked()
            if everything:
                self._reconcile(box)
            everything = False
            box.refresh()
            if (box.uid_validity, box.uid_next) == seen:
                said = box.wait(self._pause(announces=box.announces), self.bell.read)
                everything = self.bell.clear() or not said
                box.refresh()

    def _visit(self, turns: ConnectionLimiter) -> None:
        """Look at the whole folder when it is our turn; then rest, or ask again if the turn was too short."""
        with turns.turn(self._called, self._living):
            if self.intake.stop.is_set():
                return
            with Mailbox.open(self.intake.account) as box:
                finished = self.intake.drain(box)
                self._worked()
                if finished:
                    self._reconcile(box)
        if finished:
            self.bell.wait(self._pause(announces=False))

    def _reconcile(self, box: Mailbox) -> None:
        """Compare the mailbox with the ledger, if that is asked for."""
        if self.reconciles.is_set():
            self.intake.reconcile(box)
            self.reconciles.clear()
            self.wake()

    def _pause(self, *, announces: bool) -> float:
        """Return after how many seconds of silence to look at the whole folder; not all at once."""
        seconds = self.intake.account.poll_seconds * (IDLE_LOOKS if announces else 1)
        return min(seconds, LONGEST_WAIT) * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, no secret

    def _handled(self) -> None:
        self._living()
        self.wake()

    def _living(self) -> None:
        self.beat = monotonic()

    def _worked(self) -> None:
        """Note it: at once after trouble, else the daemon does so for all watchers together."""
        now = self.clock()
        if self.failures or self.succeeded is None:
            with transaction(self.intake.desk.engine) as session:
                mailboxes.record_success(session, self.school, now)
                end_alert(session, self.intake.desk, self._topic, now)
        self.succeeded = now
        if self.failures:
            log.info("mailbox is back", school=self.school)
            self.wake()
        self.failures = 0

    @property
    def _topic(self) -> str:
        return f"mailbox {self.school}"

    def _failed(self, reason: str) -> None:
        """Say it once, note it, and rest for a while, a little longer each time."""
        if self.intake.stop.is_set():
            return
        if not self.failures:
            log.error("mailbox failed", school=self.school, reason=reason)
        self._note_failure(reason)
        seconds = backoff_seconds(self.failures) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, no secret
        self.failures += 1
        self.intake.stop.wait(seconds)

    def _note_failure(self, reason: str) -> None:
        now = self.clock()
        try:
            with transaction(self.intake.desk.engine) as session:
                mailboxes.record_failure(session, self.school, reason, now)
                raise_alert(session, self.intake.desk, self._topic, (("reason", reason),), now)
        except TRANSIENT as error:
            log.warning("failure not noted", school=self.school, reason=first_line(error))
        except Exception:  # the thread goes on watching, whatever it is
            log.exception("failure not noted", school=self.school)
        self.wake()
