"""Start and stop mailbox workers: for all mailboxes, or for those assigned to this process in a cluster."""

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
"""Other processes acquire the mailboxes of a process that has sent no heartbeat for that long."""
HEARTBEAT_SECONDS = 5.0
STOPPING_SECONDS = 0.2  # while a mailbox worker is stopping, so that its lease is released soon


class MailboxSupervisor:
    """The mailbox workers of this process; `create_worker` creates one for a school and its lease, if any."""

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
        self._database_down = False
        self._stop = threading.Event()
        self._wakeup = Wakeup()
        self._thread = threading.Thread(target=self._run, name="supervisor") if desk.shared else None

    def workers(self) -> list[MailboxWorker]:
        """Return the running mailbox workers."""
        return list(self._workers.values())

    def is_alive(self, seconds: float) -> bool:
        """Return whether the supervisor needs no thread, or had a heartbeat in the last `seconds`."""
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
        """Stop all workers after their current mails, and release the leases."""
        for worker in self.workers():
            worker.stop()  # first, because the supervisor's thread may wait for the database
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
            log.warning("lease release failed", reason=first_line(error))

    def heartbeat(self) -> None:
        """Renew the registration of this process; start and stop workers as the assignment changes."""
        try:
            self._balance()
        except TRANSIENT as error:  # the leases expire, and another process acquires the mailboxes
            if not self._database_down:
                log.error("lease renewal failed", reason=first_line(error))
            self._database_down = True
        else:
            self._database_down = False
        # Even while the database is down: the thread works, and a restart would not help.
        self._last_heartbeat = monotonic()

    def _run(self) -> None:
        """Send a heartbeat every few seconds, and at once after a notification from another process."""
        seconds = 0.0  # listen first, then send a heartbeat for earlier notifications
        with closing(Listener(self._desk.engine)) as listener:
            while not self._stop.is_set():
                try:
                    listener.wait(seconds, self._wakeup.read)
                    if not self._stop.is_set():
                        self.heartbeat()
                    seconds = self._wait_seconds()
                except Exception:  # without heartbeats other processes would acquire the mailboxes
                    log.exception("lease renewal failed")
                    self._stop.wait(HEARTBEAT_SECONDS)

    def _wait_seconds(self) -> float:
        stopping = any(worker.stopping for worker in self.workers())
        return STOPPING_SECONDS if stopping and not self._database_down else HEARTBEAT_SECONDS

    def _balance(self) -> None:
        me = self._desk.worker
        with transaction(self._desk.engine) as session:
            processes = leases.heartbeat(session, me, LEASE)
            held = leases.held(session, me)
            # Then the others divide the mailboxes again at once, and not at their next heartbeat.
            if processes != self._processes:
                notify(session)
        self._processes = processes
        mine = assigned_to(me, processes, self._schools)
        for worker in self.workers():
            # If another process has acquired a mailbox, the token of the lease has changed.
            if worker.school not in mine or worker.lease not in held:
                worker.stop()
            # A lease is released only after the thread has ended, so two workers never read a mailbox.
            if worker.ended:
                self._remove(worker)
        for lease in held:
            if lease.school not in mine | self._workers.keys():  # from before a crash of this process
                self._release(lease)
        for school in sorted(mine - self._workers.keys()):
            with transaction(self._desk.engine) as session:
                acquired = leases.acquire(session, school, me)
            if acquired is not None:
                self._start_worker(school, acquired)

    def _start_worker(self, school: str, lease: Lease | None) -> None:
        worker = self._create_worker(school, lease)
        worker.start()
        self._workers[school] = worker
        if lease is not None:
            log.info("mailbox lease acquired", school=school)

    def _remove(self, worker: MailboxWorker) -> None:
        """Remove a worker that has ended, and release its lease."""
        worker.join()
        del self._workers[worker.school]
        if worker.lease is not None:
            self._release(worker.lease)

    def _release(self, lease: Lease) -> None:
        with transaction(self._desk.engine) as session:
            leases.release(session, lease)
            notify(session)
        log.info("mailbox lease released", school=lease.school)

    def _deregister(self) -> None:
        with transaction(self._desk.engine) as session:
            for worker in self.workers():
                if worker.lease is not None:
                    leases.release(session, worker.lease)
            leases.deregister(session, self._desk.worker)
            notify(session)
