"""Start and stop mailbox workers: all mailboxes, or the share of this process on a common PostgreSQL."""

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import structlog

from mailbot.clock import monotonic
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.rendezvous import assigned_to
from mailbot.runtime.wakeup import Wakeup
from mailbot.service.desk import Desk
from mailbot.store import leases
from mailbot.store.database import TRANSIENT, first_line, transaction
from mailbot.store.leases import Lease
from mailbot.store.pg_notify import Listener, notify

log = structlog.get_logger()

LEASE = timedelta(seconds=20)
"""The mailboxes of a worker are taken over that long after its last heartbeat."""
HEARTBEAT_SECONDS = 5.0
STOPPING_SECONDS = 0.2  # while a mailbox worker is about to end, so that its lease is released soon


class MailboxSupervisor:
    """The mailbox workers of this process; `create_worker` makes one for a school, under its lease if any."""

    def __init__(
        self,
        desk: Desk,
        schools: tuple[str, ...],
        create_worker: Callable[[str, Lease | None], MailboxWorker],
    ) -> None:
        self._desk = desk
        self._schools = schools
        self._create_worker = create_worker
        self._workers: dict[str, MailboxWorker] = {}
        self._processes: set[str] = set()
        self._last_heartbeat = monotonic()
        self._database_away = False
        self._stop = threading.Event()
        self._wakeup = Wakeup()
        self._thread = threading.Thread(target=self._run, name="supervisor") if desk.shared else None

    def workers(self) -> list[MailboxWorker]:
        """Return the mailbox workers that run now."""
        return list(self._workers.values())

    def is_alive(self, seconds: float) -> bool:
        """Tell whether the supervisor needs no thread, or had a heartbeat within that many seconds."""
        return self._thread is None or monotonic() - self._last_heartbeat < seconds

    def start(self) -> None:
        """Start the workers of this process."""
        if self._thread is not None:
            self.heartbeat()
            self._thread.start()
            return
        for school in self._schools:
            self._start_worker(school, None)

    def stop(self) -> None:
        """End all workers after the mails in hand, and release the leases."""
        for worker in self.workers():
            worker.stop()  # before the supervisor's thread, which may wait for the database
        self._stop.set()
        if self._thread is not None and self._thread.ident is not None:
            self._wakeup.set()
            self._thread.join()
        self._wakeup.close()
        for worker in self.workers():  # the thread may have started another one
            worker.stop()
        for worker in self.workers():
            worker.join()
        try:
            if self._desk.shared:
                self._deregister()
        except TRANSIENT as error:
            log.warning("mailboxes are taken over when the leases end", reason=first_line(error))

    def heartbeat(self) -> None:
        """Renew this process's registration; start and stop workers as other processes come and go."""
        try:
            self._balance()
        except TRANSIENT as error:  # the leases expire, and another process takes the mailboxes over
            if not self._database_away:
                log.error("lease renewal failed", reason=first_line(error))
            self._database_away = True
        else:
            self._database_away = False
        self._last_heartbeat = monotonic()

    def _run(self) -> None:
        """Send a heartbeat every few seconds, and at once when another process sends a notification."""
        seconds = 0.0  # listen first, then look for what was notified before
        with closing(Listener(self._desk.engine)) as listener:
            while not self._stop.is_set():
                try:
                    listener.wait(seconds, self._wakeup.read)
                    if not self._stop.is_set():
                        self.heartbeat()
                    seconds = self._seconds()
                except Exception:  # without heartbeats other processes would take our mailboxes over
                    log.exception("lease renewal failed")
                    self._stop.wait(HEARTBEAT_SECONDS)

    def _seconds(self) -> float:
        stopping = any(worker.stopping for worker in self.workers())
        return STOPPING_SECONDS if stopping and not self._database_away else HEARTBEAT_SECONDS

    def _balance(self) -> None:
        me = self._desk.worker
        with transaction(self._desk.engine) as session:
            processes = leases.heartbeat(session, me, LEASE)
            held = leases.held(session, me)
            if processes != self._processes:
                notify(session)
        self._processes = processes
        mine = assigned_to(me, processes, self._schools)
        for worker in self.workers():
            if worker.school not in mine or worker.lease not in held:
                worker.stop()
            if worker.ended:
                self._remove(worker)
        for lease in held:
            if lease.school not in mine | self._workers.keys():  # from before a crash of this process
                self._release(lease)
        for school in sorted(mine - self._workers.keys()):
            with transaction(self._desk.engine) as session:
                taken = leases.acquire(session, school, me)
            if taken is not None:
                self._start_worker(school, taken)

    def _start_worker(self, school: str, lease: Lease | None) -> None:
        worker = self._create_worker(school, lease)
        worker.start()
        self._workers[school] = worker
        if lease is not None:
            log.info("mailbox taken", school=school)

    def _remove(self, worker: MailboxWorker) -> None:
        """Remove a worker that has ended, and release its mailbox."""
        worker.join()
        del self._workers[worker.school]
        if worker.lease is not None:
            self._release(worker.lease)

    def _release(self, lease: Lease) -> None:
        with transaction(self._desk.engine) as session:
            leases.release(session, lease)
            notify(session)
        log.info("mailbox given up", school=lease.school)

    def _deregister(self) -> None:
        with transaction(self._desk.engine) as session:
            for worker in self.workers():
                if worker.lease is not None:
                    leases.release(session, worker.lease)
            leases.deregister(session, self._desk.worker)
            notify(session)
