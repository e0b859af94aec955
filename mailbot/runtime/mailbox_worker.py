"""Run a thread that reads one school's mailbox, and reconnects after failures."""

import random
import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from mailbot.clock import monotonic
from mailbot.inbox import InboxError, Mailbox
from mailbot.runtime.connection_limit import ConnectionLimiter
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.mailbox_status import MailboxStatus
from mailbot.runtime.old_mail import OldMail
from mailbot.runtime.reconciliation import reconcile
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.runtime.wakeup import Wakeup
from mailbot.sanitize import redact_for_log
from mailbot.service.retry import backoff_seconds
from mailbot.store.database import TRANSIENT, first_line
from mailbot.store.leases import Lease, LeaseLostError

log = structlog.get_logger()

IDLE_FACTOR = 5  # the polling interval is that many times longer if the server announces new mail
MAX_WAIT_SECONDS = 300.0  # the health check expects a heartbeat


class MailboxWorker:
    """Reads a mailbox by IDLE or by polling, from `start` to `stop`.

    With a `limiter` it waits for a connection slot, scans the folder once and releases the slot. Without one
    it keeps its connection open.
    """

    def __init__(
        self,
        mailbox: SchoolMailbox,
        *,
        first_contact_days: int,
        has_disk_space: Callable[[], bool],
        on_processed: Callable[[str, str, float], None],
        wake_senders: Callable[[], None],
        limiter: ConnectionLimiter | None = None,
    ) -> None:
        """Set the mailbox; `on_processed` is called with school, outcome and latency of each mail."""
        self.school = mailbox.key
        self._mailbox = mailbox
        self._on_processed = on_processed
        self._wake_senders = wake_senders
        self._limiter = limiter
        self._stop = threading.Event()
        self._wakeup = Wakeup()
        self._slot_granted = threading.Event()
        self._reconcile_requested = threading.Event()
        self._last_heartbeat = monotonic()
        self._status = MailboxStatus(mailbox)
        self._old_mail = OldMail(mailbox, first_contact_days)
        self._ingest = MailboxIngest(
            mailbox,
            self._old_mail,
            has_disk_space,
            self._processed,
            limiter.has_waiters if limiter is not None else lambda: False,
            self._stop,
        )
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{mailbox.key}")

    @property
    def lease(self) -> Lease | None:
        """Return the lease of the mailbox."""
        return self._mailbox.lease

    @property
    def last_read(self) -> datetime | None:
        """Return when the mailbox was read last, or None while it cannot be read."""
        return None if self._status.failures else self._status.last_success

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    @property
    def ended(self) -> bool:
        """Whether the thread has run and ended."""
        return self._thread.ident is not None and not self._thread.is_alive()

    def is_alive(self, seconds: float) -> bool:
        """Return whether the thread runs and had a heartbeat in the last `seconds`."""
        return self._thread.is_alive() and monotonic() - self._last_heartbeat < seconds

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def request_reconcile(self) -> None:
        """Request a comparison with the ledger, after the next scan of the whole folder."""
        self._reconcile_requested.set()

    def stop(self) -> None:
        """Stop the thread after the current mail."""
        self._stop.set()
        self._wakeup.set()
        self._slot_granted.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.ident is not None:
            self._thread.join()
        self._wakeup.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._heartbeat()
            try:
                if self._limiter is not None:
                    self._poll_once(self._limiter)
                    continue
                with Mailbox.open(self._mailbox.account) as box:
                    self._watch(box)
            except InboxError as error:
                self._record_failure(str(error), permanent=error.permanent)
            except TRANSIENT as error:
                self._record_failure(f"database: {first_line(error)}")
            except LeaseLostError as error:
                # The supervisor starts another worker if this process gets the mailbox again.
                log.warning("mailbox lease lost", school=self.school, reason=str(error))
                return
            except Exception as error:
                log.exception("mailbox worker failed", school=self.school)
                self._record_failure(f"{type(error).__name__}: {redact_for_log(str(error))}")

    def _watch(self, box: Mailbox) -> None:
        """Process new mail on IDLE events; scan the whole folder first, and when no event came."""
        whole_folder, scanned = True, (box.uid_validity, 1)
        while not self._stop.is_set():
            self._heartbeat()
            # Before the scan: the next one begins here, and finds the mail that arrives during this one.
            current = box.uid_validity, box.uid_next
            self._ingest.process_new(box, 1 if whole_folder or current[0] != scanned[0] else scanned[1])
            scanned = current
            self._record_success()
            if whole_folder:
                self._reconcile_if_requested(box)
            whole_folder = False
            # IDLE announces only mail that arrives after it began, so look for earlier mail first.
            box.refresh()
            if (box.uid_validity, box.uid_next) == scanned:
                # Without an event scan everything: an announcement may have been lost.
                whole_folder = not box.wait(self._wait_seconds(idle=box.supports_idle), self._wakeup.read)
                box.refresh()

    def _poll_once(self, limiter: ConnectionLimiter) -> None:
        """Scan the whole folder in a connection slot; then wait, or queue again if mail is left."""
        with limiter.slot(self._slot_granted, self._heartbeat):
            # `stop` sets the event of the slot, too, so perhaps no slot was granted.
            if self._stop.is_set():
                return
            with Mailbox.open(self._mailbox.account) as box:
                finished = self._ingest.process_new(box)
                self._record_success()
                if finished:
                    self._reconcile_if_requested(box)
        if finished:
            self._wakeup.wait(self._wait_seconds(idle=False))

    def _reconcile_if_requested(self, box: Mailbox) -> None:
        if self._reconcile_requested.is_set():
            reconcile(self._mailbox, box, self._old_mail.cutoff())
            # Only now: after an error the next scan tries again.
            self._reconcile_requested.clear()
            self._wake_senders()

    def _wait_seconds(self, *, idle: bool) -> float:
        """Return the seconds to wait for an event before the whole folder is scanned, with jitter."""
        seconds = self._mailbox.account.poll_seconds * (IDLE_FACTOR if idle else 1)
        return min(seconds, MAX_WAIT_SECONDS) * random.uniform(0.8, 1.0)  # noqa: S311 - jitter, no secret

    def _processed(self, outcome: str, seconds: float) -> None:
        self._heartbeat()
        self._on_processed(self.school, outcome, seconds)
        self._wake_senders()

    def _heartbeat(self) -> None:
        self._last_heartbeat = monotonic()

    def _record_success(self) -> None:
        if self._status.record_success():
            self._wake_senders()

    def _record_failure(self, reason: str, *, permanent: bool = False) -> None:
        """Record a failure and wait, longer after each consecutive one."""
        if self._stop.is_set():
            return
        seconds = backoff_seconds(self._status.failures) * random.uniform(0.8, 1.2)  # noqa: S311 - jitter
        self._status.record_failure(reason, permanent=permanent)
        self._wake_senders()
        self._stop.wait(seconds)
