"""Which mailboxes this daemon watches: all of them, or its share where several share one PostgreSQL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from mailbot.core.sharing import share_of
from mailbot.service.desk import Desk
from mailbot.store import leases
from mailbot.store.database import TRANSIENT, in_short, transaction
from mailbot.store.leases import Lease
from mailbot.watcher import Watcher

log = structlog.get_logger()

LEASE = timedelta(seconds=20)
"""So long after its last sign of life the mailboxes of a worker are taken over."""
BEAT_SECONDS = 5


@dataclass(slots=True)
class Roster:
    """The watchers of this daemon; `make` makes one for a school, under its lease if there are any."""

    desk: Desk
    schools: tuple[str, ...]
    make: Callable[[str, Lease | None], Watcher]
    watchers: dict[str, Watcher] = field(default_factory=dict)
    _database_away: bool = False

    def start(self) -> None:
        """Begin to watch."""
        if self.desk.shared:
            self.beat()
            return
        for school in self.schools:
            self._start(school, None)

    def beat(self) -> None:
        """Show the other workers that we live; begin and end watching as they come and go."""
        try:
            self._beat()
        except TRANSIENT as error:  # whoever is not heard loses its mailboxes, and the leases see to that
            if not self._database_away:
                log.error("leases wait for the database", reason=in_short(error))
            self._database_away = True
        else:
            self._database_away = False

    def _beat(self) -> None:
        me = self.desk.worker
        with transaction(self.desk.engine) as session:
            workers = leases.beat(session, me, LEASE)
            held = leases.held(session, me)
        mine = share_of(me, workers, self.schools)
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
                lease = leases.take(session, school, me)
            if lease is not None:
                self._start(school, lease)

    def _start(self, school: str, lease: Lease | None) -> None:
        self.watchers[school] = watcher = self.make(school, lease)
        watcher.start()
        if lease is not None:
            log.info("mailbox taken", school=school)

    def _forget(self, watcher: Watcher) -> None:
        """Forget a watcher that has ended; its mailbox is anybody's."""
        watcher.join()
        del self.watchers[watcher.school]
        if watcher.intake.lease is not None:
            self._give_up(watcher.intake.lease)

    def _give_up(self, lease: Lease) -> None:
        with transaction(self.desk.engine) as session:
            leases.give_up(session, lease)
        log.info("mailbox given up", school=lease.school)

    def stop(self) -> None:
        """End all watching after the mails in hand, and leave the mailboxes to others."""
        for watcher in self.watchers.values():
            watcher.stop()
        for watcher in self.watchers.values():
            watcher.join()
        try:
            if self.desk.shared:
                self._leave()
        except TRANSIENT as error:
            log.warning("mailboxes are taken over when the leases end", reason=in_short(error))

    def _leave(self) -> None:
        with transaction(self.desk.engine) as session:
            for watcher in self.watchers.values():
                if watcher.intake.lease is not None:
                    leases.give_up(session, watcher.intake.lease)
            leases.leave(session, self.desk.worker)
