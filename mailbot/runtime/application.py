"""The daemon: watchers, outbox, scheduler (APScheduler), signals and systemd; here the time is asked for."""

import asyncio
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from types import FrameType

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler

from mailbot import systemd
from mailbot.clock import monotonic, utc_now
from mailbot.config import ConfigurationError, Settings
from mailbot.metrics import Figures
from mailbot.monitoring.monitor import Guard
from mailbot.oauth import secret_until
from mailbot.runtime.connection_limit import limiters_by_school
from mailbot.runtime.ingest import MailboxIngest
from mailbot.runtime.mailbox_supervisor import MailboxSupervisor
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.sender import AccountSender, either, senders
from mailbot.sanitize import redact_for_log
from mailbot.service.bootstrap import DeskError, exclusive_lock, open_desk
from mailbot.service.desk import Desk
from mailbot.service.night import nightly
from mailbot.service.registration import invite_due
from mailbot.service.report import send_due
from mailbot.service.timers import run_timers
from mailbot.store import heartbeat, mailboxes, outbox
from mailbot.store.database import transaction
from mailbot.store.leases import Lease

log = structlog.get_logger()

OUTBOX_SECONDS = 20
TICK_SECONDS = 120
GUARD_SECONDS = 60
METRICS_SECONDS = 60
NIGHT_HOUR = 3
HANGING_SECONDS = 900.0
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Postman:
    """The thread in which the outbox is sent."""

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.lanes: list[AccountSender] = senders(desk, settings, utc_now)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.thread = threading.Thread(target=self._run, name="outbox")

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._all())

    async def _all(self) -> None:
        await asyncio.gather(*(self._tend(lane) for lane in self.lanes))

    async def _tend(self, lane: AccountSender) -> None:
        """Run a lane, and again a little later after an error that nobody foresaw."""
        while not self._stop.is_set():
            try:
                await lane.run(self._stop)
            except Exception:
                log.exception("outbox failed", topic=lane.topic)
            await either(self._stop, None, OUTBOX_SECONDS)

    def wake(self) -> None:
        """Look whether something is to be sent."""
        self._tell(self._wake)

    def _wake(self) -> None:
        for lane in self.lanes:
            lane.wake.set()

    def stop(self) -> None:
        """End after the letter in hand."""
        self._tell(self._stop.set)

    def _tell(self, what: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)


class Application:
    """Everything that runs with one configuration, from start to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.desk = open_desk(settings)
        self.postman = Postman(self.desk, settings)
        self.guard = self._make_guard()
        self.turns = limiters_by_school(settings.imap, settings.connections)
        self.roster = MailboxSupervisor(self.desk, tuple(settings.imap), self._watcher)
        self.figures = self._figures()
        self._stop_serving: Callable[[], None] = lambda: None
        self.scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        )

    def _make_guard(self) -> Guard:
        threads = ("outbox", "roster", *(f"mailbox {key}" for key in self.settings.imap))
        mailboxes = tuple(self.settings.imap)
        return Guard(
            self.desk,
            self.settings.state_dir,
            self.settings.guard,
            mailboxes,
            threads,
            self._hanging,
            utc_now,
            monotonic,
        )

    def _figures(self) -> Figures | None:
        if self.settings.metrics_file is None and self.settings.metrics_port is None:
            return None
        return Figures(self.desk, self._intakes, tuple(self.postman.lanes))

    def _intakes(self) -> list[MailboxIngest]:
        return [watcher.intake for watcher in self._watchers()]

    def _watchers(self) -> list[MailboxWorker]:
        return list(self.roster.watchers.values())

    def _hanging(self) -> Iterator[str]:
        """Yield the names of threads that show no sign of life."""
        yield from (f"mailbox {w.school}" for w in self._watchers() if not w.alive(HANGING_SECONDS))
        if not self.postman.thread.is_alive():
            yield "outbox"
        if self.desk.shared and monotonic() - self.roster.beaten > HANGING_SECONDS:
            yield "roster"

    def _watcher(self, key: str, lease: Lease | None) -> MailboxWorker:
        school = self.desk.policy.school(key)
        if school is None:
            raise LookupError(f"school {key} has a mailbox and no policy")
        intake = MailboxIngest(
            self.desk,
            school,
            self.settings.imap[key],
            utc_now,
            self.settings.first_contact_days,
            room=self.guard.room,
            lease=lease,
        )
        return MailboxWorker(intake, utc_now, self.postman.wake, self.turns.get(key))

    def start(self) -> None:
        """Start the threads, and the jobs that look after them."""
        with transaction(self.desk.engine) as session:
            outbox.requeue_interrupted(session, self.desk.worker, utc_now())
            heartbeat.expect(session, self.desk.worker, utc_now())
        self._invite(utc_now(), reminders=False)
        self.postman.thread.start()
        self.roster.start()
        night = {"hour": NIGHT_HOUR, "minute": 17, "timezone": self.desk.policy.timezone}
        self.scheduler.add_job(self._reconcile, "cron", **night, jitter=1200)
        self.scheduler.add_job(self.postman.wake, "interval", seconds=OUTBOX_SECONDS)
        self.scheduler.add_job(self.let_time_pass, "interval", seconds=TICK_SECONDS)
        self.scheduler.add_job(self._stand_guard, "interval", seconds=GUARD_SECONDS)
        if self.figures is not None:
            self._publish(self.figures)
        if (seconds := systemd.watchdog_seconds()) is not None:
            self.scheduler.add_job(self._feed_watchdog, "interval", seconds=seconds)
        self.scheduler.add_listener(_job_failed, EVENT_JOB_ERROR | EVENT_JOB_MISSED)
        self.scheduler.start()

    def _publish(self, figures: Figures) -> None:
        """Begin to tell Prometheus; that it cannot be told stops no mail."""
        if (file := self.settings.metrics_file) is not None:
            every = {"seconds": METRICS_SECONDS, "next_run_time": utc_now()}
            self.scheduler.add_job(figures.write, "interval", args=(file,), **every)
        if (port := self.settings.metrics_port) is not None:
            try:
                self._stop_serving = figures.serve(port)
            except OSError as error:
                log.error("metrics are not served", port=port, reason=str(error))

    def let_time_pass(self) -> None:
        """Remind, close and escalate what is due; send digests, invitations and the monthly report."""
        if not self.guard.clock_is_right():
            return
        now = utc_now()
        told, invited = run_timers(self.desk, now), self._invite(now, reminders=True)
        nightly(self.desk, now, secret_until(self.settings.oauth2))
        reported = send_due(self.desk, now)
        if told or invited or reported:
            self.postman.wake()

    def _invite(self, now: datetime, *, reminders: bool) -> bool:
        """Invite new members to register; tell whether there were any."""
        invited = invite_due(self.desk, now, reminders=reminders)
        if invited:
            log.info("invited", members=len(invited))
        return bool(invited)

    def _reconcile(self) -> None:
        """Compare every mailbox with the ledger."""
        for watcher in self._watchers():
            watcher.reconcile()

    def _stand_guard(self) -> None:
        """Note which mailboxes were read and that we work; tell the operators of what is wrong in silence."""
        read = {w.school: w.succeeded for w in self._watchers() if w.succeeded is not None and not w.failures}
        with transaction(self.desk.engine) as session:
            mailboxes.record_reads(session, read)
            heartbeat.beat(session, self.desk.worker, utc_now())
        if self.guard.look():
            self.postman.wake()

    def _feed_watchdog(self) -> None:
        """Keep systemd's watchdog quiet as long as every thread shows signs of life."""
        if hanging := list(self._hanging()):
            log.error("hanging", threads=hanging)
            return
        systemd.alive()

    def stop(self) -> None:
        """Finish what is in hand and end all threads; nothing is left half done."""
        self.scheduler.shutdown(wait=True)
        self._stop_serving()
        self.roster.stop()
        self.postman.stop()
        self.postman.thread.join()
        self.desk.engine.dispose()


def _job_failed(event: JobExecutionEvent) -> None:
    error = event.exception
    reason = f"{type(error).__name__}: {redact_for_log(str(error))}" if error else "missed"
    log.error("job failed or missed", job=event.job_id, reason=reason)


def run(settings: Settings, reload: Callable[[], Settings]) -> int:
    """Run until SIGTERM or SIGINT; SIGHUP reads the configuration again, a wrong one is refused."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()

    def put(number: int, _: FrameType | None) -> None:
        signals.put(number)

    before = {number: signal.signal(number, put) for number in SIGNALS}
    with ExitStack() as stack:
        stack.callback(lambda: [signal.signal(number, old) for number, old in before.items()])
        settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        stack.enter_context(exclusive_lock(settings))
        shift = Application(settings)
        shift.start()
        log.info("running", mailboxes=len(shift.roster.watchers), config=str(settings.file))
        systemd.ready(_status_line(shift))
        while (number := signals.get()) == signal.SIGHUP:
            shift = _reload(shift, reload)
        log.info("stopping", signal=signal.Signals(number).name)
        systemd.stopping("finishing what is in hand")
        shift.stop()
    log.info("stopped")
    return 0


def _reload(shift: Application, reload: Callable[[], Settings]) -> Application:
    """Return a shift with the new configuration, or the old one if the new one is wrong."""
    systemd.reloading()
    try:
        fresh = _next_shift(shift, reload())
    except (ConfigurationError, DeskError) as error:
        for line in str(error).splitlines():
            log.error("configuration refused, the old one stays", reason=line)
        systemd.ready(_status_line(shift))
        return shift
    shift.stop()
    fresh.start()
    log.info("configuration read again", mailboxes=len(fresh.roster.watchers))
    systemd.ready(_status_line(fresh))
    return fresh


def _next_shift(shift: Application, settings: Settings) -> Application:
    """Make a shift with a new configuration, not started yet; raise DeskError where that cannot be."""
    if settings.state_dir != shift.settings.state_dir:
        raise DeskError(f"{settings.file}: bot.state_dir: changes with a restart only, for its lock's sake")
    return Application(settings)


def _status_line(shift: Application) -> str:
    return f"watching {len(shift.roster.watchers)} mailboxes"
