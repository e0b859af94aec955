"""Start and stop everything that runs with one configuration: mailbox workers, senders, periodic jobs."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from functools import partial

import structlog

from mailbot import systemd
from mailbot.clock import monotonic, utc_now
from mailbot.config import Settings
from mailbot.metrics import MetricsCollector
from mailbot.monitoring.monitor import HealthMonitor
from mailbot.oauth import secret_expiry
from mailbot.runtime.connection_limit import limiters_by_school
from mailbot.runtime.mailbox_supervisor import MailboxSupervisor
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.outbox_thread import OutboxThread
from mailbot.runtime.scheduler import Scheduler
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.runtime.sender import MAX_THREADS, account_senders
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.bootstrap import open_desk
from mailbot.service.maintenance import due_night, maintain, run_nightly
from mailbot.service.registration import invite_due
from mailbot.service.report import send_due
from mailbot.service.timers import run_timers
from mailbot.store import alerts, heartbeat, mailboxes, outbox
from mailbot.store.database import TRANSIENT, first_line, transaction
from mailbot.store.leases import Lease

log = structlog.get_logger()

OUTBOX_SECONDS = 20
TIMER_SECONDS = 120
HEALTH_SECONDS = 60
METRICS_SECONDS = 60
STALLED_SECONDS = 900.0


class Application:
    """The daemon with one configuration, from `start` to `stop`."""

    def __init__(self, settings: Settings) -> None:
        """Open the desk without starting anything; raise DeskError."""
        self.settings = settings
        self.desk = open_desk(settings)
        for file, old, new in self.desk.templates.old_names():
            log.warning("template uses old name", file=str(file), old=old, new=new)
        publishes_metrics = settings.metrics_file is not None or settings.metrics_port is not None
        self._metrics = MetricsCollector(self.desk) if publishes_metrics else None
        executor = ThreadPoolExecutor(MAX_THREADS, "outbox")
        record_send = self._metrics.record_send if self._metrics is not None else lambda _: None
        senders = account_senders(self.desk, settings, utc_now, executor, record_send)
        if self._metrics is not None:
            self._metrics.watch(senders)
        self._outbox = OutboxThread(senders, executor)
        self.health = self._create_health_monitor()
        self._limiters = limiters_by_school(settings.imap, settings.connections)
        self._supervisor = MailboxSupervisor(self.desk, tuple(settings.imap), self._create_worker)
        self._scheduler = Scheduler()
        self._stop_serving: Callable[[], None] = lambda: None
        self._last_night: str | None = None
        self._reconciled: set[str] = set()  # schools whose reconciliation was requested in that night

    def start(self) -> None:
        """Start the threads and the periodic jobs."""
        with transaction(self.desk.engine) as session:
            # Otherwise the mails that this worker was sending when it died wait until their claims end.
            outbox.requeue_interrupted(session, self.desk.worker, utc_now())
            heartbeat.record_start(session, self.desk.worker, utc_now())
            end_alert(session, self.desk, self._rejected, utc_now())
        self._invite(utc_now(), reminders=False)
        self._outbox.start()
        self._supervisor.start()
        self._scheduler.every(OUTBOX_SECONDS, self._outbox.wake)
        self._scheduler.every(TIMER_SECONDS, self.run_timers)
        self._scheduler.every(HEALTH_SECONDS, self.check_health)
        if self._metrics is not None:
            self._start_metrics(self._metrics)
        if (seconds := systemd.watchdog_seconds()) is not None:
            self._scheduler.every(seconds, self._ping_watchdog)
        self._scheduler.start()

    def stop(self) -> None:
        """Finish the current work and stop all threads; works after a failed `start`, too."""
        with ExitStack() as steps:  # runs in reverse order, each step even if another one fails
            steps.callback(self.desk.engine.dispose)
            steps.callback(self._outbox.stop)
            steps.callback(self._supervisor.stop)
            steps.callback(self._stop_serving)
            steps.callback(self._scheduler.stop)

    def running_mailboxes(self) -> int:
        """Count the mailboxes that this process reads."""
        return len(self._supervisor.workers())

    def report_rejected(self, problems: list[str]) -> None:
        """Alert the operators that a new configuration was rejected; the next valid one ends the alert."""
        details = (("reason", "; ".join(problems)), ("todo", "mailbot check; then systemctl reload mailbot"))
        text = "; ".join(value for _, value in details)
        try:
            with transaction(self.desk.engine) as session:
                if alerts.reason(session, self._rejected) != text:  # other problems are another alert
                    alerts.remove(session, self._rejected)
                raise_alert(session, self.desk, self._rejected, details, utc_now())
        except TRANSIENT as error:
            log.warning("alert not created", topic=self._rejected, reason=first_line(error))
        self._outbox.wake()

    @property
    def _rejected(self) -> str:
        """The topic of the alert of a rejected configuration."""
        return f"configuration of {self.desk.worker}" if self.desk.shared else "configuration"

    def run_timers(self) -> None:
        """Send due reminders, digests, invitations and reports; close and escalate tickets."""
        # With a wrong time, tickets would be closed and escalated. The next run looks again.
        if self.health.clock_jumped():
            return
        now = utc_now()
        changed, invited = run_timers(self.desk, now), self._invite(now, reminders=True)
        self._run_nightly_jobs(now)
        if send_due(self.desk, now) or changed or invited:
            self._outbox.wake()

    def check_health(self) -> None:
        """Record the heartbeat and the last read of each mailbox; alert the operators of silent failures."""
        reads = {w.school: w.last_read for w in self._supervisor.workers() if w.last_read is not None}
        with transaction(self.desk.engine) as session:
            mailboxes.record_reads(session, reads)
            heartbeat.record_heartbeat(session, self.desk.worker, utc_now())
        if self.health.check():
            self._outbox.wake()

    def _run_nightly_jobs(self, now: datetime) -> None:
        night = due_night(self.desk, now)
        if night is None:
            return
        # Spares the transaction that asks for the job; `run_nightly` alone decides.
        if night != self._last_night:
            maintain(self.desk, now, secret_expiry(self.settings.oauth2))
            self._last_night, self._reconciled = night, set()
        for worker in self._supervisor.workers():  # includes mailboxes acquired later in that night
            if worker.school not in self._reconciled:
                run_nightly(self.desk, f"reconcile {worker.school}", night, worker.request_reconcile)
                self._reconciled.add(worker.school)

    def _create_worker(self, key: str, lease: Lease | None) -> MailboxWorker:
        metrics = self._metrics
        return MailboxWorker(
            SchoolMailbox(self.desk, self.desk.school(key), self.settings.imap[key], utc_now, lease),
            first_contact_days=self.settings.first_contact_days,
            has_disk_space=self.health.has_disk_space,
            on_processed=metrics.record_mail if metrics is not None else lambda *_: None,
            wake_senders=self._outbox.wake,
            limiter=self._limiters.get(key),
        )

    def _create_health_monitor(self) -> HealthMonitor:
        keys = tuple(self.settings.imap)
        return HealthMonitor(
            self.desk,
            self.settings.state_dir,
            self.settings.health,
            keys,
            ("outbox", "supervisor", *(f"mailbox {key}" for key in keys)),
            self._stalled_threads,
            utc_now,
            monotonic,
        )

    def _stalled_threads(self) -> Iterator[str]:
        """Yield the names of threads without a recent heartbeat."""
        for worker in self._supervisor.workers():
            if not worker.is_alive(STALLED_SECONDS):
                yield f"mailbox {worker.school}"
        if not self._outbox.is_alive():
            yield "outbox"
        if not self._supervisor.is_alive(STALLED_SECONDS):
            yield "supervisor"

    def _start_metrics(self, metrics: MetricsCollector) -> None:
        """Publish metrics; if the port cannot be opened, mail is processed without them."""
        if (file := self.settings.metrics_file) is not None:
            self._scheduler.every(METRICS_SECONDS, partial(metrics.write, file), at_once=True)
        if (port := self.settings.metrics_port) is not None:
            try:
                self._stop_serving = metrics.serve(port)
            except OSError as error:
                log.error("metrics server failed", port=port, reason=str(error))

    def _invite(self, now: datetime, *, reminders: bool) -> bool:
        """Invite new members to register; return whether there were any."""
        invited = invite_due(self.desk, now, reminders=reminders)
        if invited:
            log.info("members invited", members=len(invited))
        return bool(invited)

    def _ping_watchdog(self) -> None:
        """Ping systemd's watchdog unless a thread is stalled."""
        if stalled := list(self._stalled_threads()):
            log.error("threads stalled", threads=stalled)
            return
        systemd.alive()
