"""Which mailboxes this daemon watches: all of them, or its share where several share one PostgreSQL."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
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
"""So long after its last sign of life the mailboxes of a worker are taken over."""
HEARTBEAT_SECONDS = 5.0
SOON_SECONDS = 0.2  # where a watcher is about to end, its mailbox is given up so soon


@dataclass(slots=True)
class MailboxSupervisor:
    """The watchers of this daemon; `make` makes one for a school, under its lease if there are any.

    `beaten` is the monotonic time of the last beat, whether the database heard it or not.
    """

    desk: Desk
    schools: tuple[str, ...]
    make: Callable[[str, Lease | None], MailboxWorker]
    watchers: dict[str, MailboxWorker] = field(default_factory=dict)
    beaten: float = field(default_factory=monotonic)
    _workers: set[str] = field(default_factory=set)
    _database_away: bool = False
    _ends: threading.Event = field(default_factory=threading.Event)
    _bell: Wakeup | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        if self.desk.shared:
            self.beat()
            self._bell = Wakeup()
            self._thread = threading.Thread(target=self._tend, args=(self._bell,), name="roster")
            self._thread.start()
            return
        for school in self.schools:
            self._start(school, None)

    def _tend(self, bell: Wakeup) -> None:
        """Beat every few seconds, and at once when another worker hints that there is something to do."""
        seconds = 0.0  # listen first: what was hinted before is to be looked for
        with closing(Listener(self.desk.engine)) as hints:
            while not self._ends.is_set():
                try:
                    hints.wait(seconds, bell.read)
                    if not self._ends.is_set():
                        self.beat()
                    stopping = any(watcher.intake.stop.is_set() for watcher in self.watchers.values())
                    seconds = SOON_SECONDS if stopping and not self._database_away else HEARTBEAT_SECONDS
                except Exception:  # whatever it is, the others would take our mailboxes if we fell silent
                    log.exception("leases not tended")
                    self._ends.wait(HEARTBEAT_SECONDS)

    def beat(self) -> None:
        """Show the other workers that we live; begin and end watching as they come and go."""
        try:
            self._beat()
        except TRANSIENT as error:  # whoever is not heard loses its mailboxes, and the leases see to that
            if not self._database_away:
                log.error("leases wait for the database", reason=first_line(error))
            self._database_away = True
        else:
            self._database_away = False
        self.beaten = monotonic()

    def _beat(self) -> None:
        me = self.desk.worker
        with transaction(self.desk.engine) as session:
            workers = leases.heartbeat(session, me, LEASE)
            held = leases.held(session, me)
            if workers != self._workers:
                notify(session)
        self._workers = workers
        mine = assigned_to(me, workers, self.schools)
        for school, watcher in self.watchers.items():
            if school not in mine or watcher.intake.lease not in held:
                watcher.stop()
        for watcher in [watcher for watcher in self.watchers.values() if watcher.ended]:
            self._forget(watcher)
        for old in held:
            if old.school not in mine | self.watchers.keys():  # we died before we gave it up
                self._give_up(old)
        for school in sorted(mine - self.watchers.keys()):
            with transaction(self.desk.engine) as session:
                lease = leases.acquire(session, school, me)
            if lease is not None:
                self._start(school, lease)

    def _start(self, school: str, lease: Lease | None) -> None:
        self.watchers[school] = watcher = self.make(school, lease)
        watcher.start()
        if lease is not None:
            log.info("mailbox taken", school=school)

    def _forget(self, watcher: MailboxWorker) -> None:
        """Forget a watcher that has ended; its mailbox is anybody's."""
        watcher.join()
        del self.watchers[watcher.school]
        if watcher.intake.lease is not None:
            self._give_up(watcher.intake.lease)

    def _give_up(self, lease: Lease) -> None:
        with transaction(self.desk.engine) as session:
            leases.release(session, lease)
            notify(session)
        log.info("mailbox given up", school=lease.school)

    def stop(self) -> None:
        """End all watching after the mails in hand, and leave the mailboxes to others."""
        for watcher in list(self.watchers.values()):
            watcher.stop()  # before we wait for the thread, which may wait for the database
        self._ends.set()
        if self._thread is not None and self._bell is not None:
            self._bell.set()
            self._thread.join()
            self._bell.close()
        for watcher in self.watchers.values():
            watcher.stop()
        for watcher in self.watchers.values():
            watcher.join()
        try:
            if self.desk.shared:
                self._leave()
        except TRANSIENT as error:
            log.warning("mailboxes are taken over when the leases end", reason=first_line(error))

    def _leave(self) -> None:
        with transaction(self.desk.engine) as session:
            for watcher in self.watchers.values():
                if watcher.intake.lease is not None:
                    leases.release(session, watcher.intake.lease)
            leases.deregister(session, self.desk.worker)
            notify(session)
