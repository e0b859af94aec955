"""Check the health of the desk regularly, and tell the operators what began to fail and what is over."""

import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from mailbot.core.model.policy import Thresholds
from mailbot.monitoring.health import (
    CLOCK_JUMP,
    Issue,
    Snapshot,
    evaluate,
    has_disk_space,
    of_this_machine,
    topics,
)
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.store import alerts, mailboxes, outbox
from mailbot.store.database import read_only, transaction
from mailbot.store.recent_activity import count_automatic_replies

log = structlog.get_logger()

QUIET_AFTER_JUMP = timedelta(minutes=10)


def free_disk(desk: Desk, state_dir: Path) -> int | None:
    """Return the bytes that are free for the database, or None if it is on another machine."""
    return shutil.disk_usage(state_dir).free if desk.engine.url.get_backend_name() == "sqlite" else None


@dataclass(slots=True)
class HealthMonitor:
    """Checks the desk; `stalled` returns the names of threads without a recent heartbeat."""

    desk: Desk
    state_dir: Path
    thresholds: Thresholds
    mailboxes: tuple[str, ...]
    threads: tuple[str, ...]
    stalled: Callable[[], Iterable[str]]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    since: datetime = field(init=False)
    jumped_at: datetime | None = None
    _last_check: tuple[datetime, float] = field(init=False)
    _unreported_jump: timedelta = timedelta()
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.since = self.clock()
        self._last_check = (self.since, self.monotonic())

    def check(self) -> tuple[Issue, ...]:
        """Raise alerts for what needs an operator, and end those that are over; return the issues."""
        snapshot = self._snapshot()
        found = evaluate(snapshot, self.thresholds)
        self._log(found)
        with transaction(self.desk.engine) as session:
            for issue in found:
                details = (("reason", issue.reason), ("todo", issue.todo))
                raise_alert(session, self.desk, self._named(issue.topic), details, snapshot.now)
            over = topics(dict.fromkeys(self.mailboxes), self.threads) - {c.topic for c in found}
            for topic in sorted(alerts.topics(session) & {self._named(topic) for topic in over}):
                end_alert(session, self.desk, topic, snapshot.now)
        return found

    def _named(self, topic: str) -> str:
        """Return a topic as operators read it: with the worker's name if it is about one machine."""
        return f"{topic} on {self.desk.worker}" if self.desk.shared and of_this_machine(topic) else topic

    def has_disk_space(self) -> bool:
        """Tell whether the disk has space for more mail."""
        return has_disk_space(free_disk(self.desk, self.state_dir), self.thresholds)

    def clock_jumped(self) -> bool:
        """Tell whether the clock was set within the last minutes: timers wait until it is steady."""
        with self._lock:
            self._note_jump()
            return self.jumped_at is not None

    def _snapshot(self) -> Snapshot:
        with self._lock:
            self._note_jump()
            jump, self._unreported_jump = self._unreported_jump, timedelta()
        now = self.clock()  # failing mailboxes have already raised their own alert
        with read_only(self.desk.engine) as session:
            boxes = mailboxes.states(session)
            read = {box.school: now if box.failing_since else box.last_success for box in boxes}
            oldest, letters = outbox.oldest_due(session)
            answers = count_automatic_replies(session, now)
        return Snapshot(
            now=now,
            since=self.since,
            read={school: read.get(school) for school in self.mailboxes},
            oldest_letter=oldest,
            letters=letters,
            answers=answers,
            answers_most=self.desk.policy.limits.hourly_overall,
            disk_free=free_disk(self.desk, self.state_dir),
            jump=jump,
            stalled=tuple(self.stalled()),
        )

    def _note_jump(self) -> None:
        """Compare both clocks; timers do so more often than the health check, which reports the jump."""
        now, ticks = self.clock(), self.monotonic()
        wall, before = self._last_check
        self._last_check = (now, ticks)
        jump = (now - wall) - timedelta(seconds=ticks - before)
        if abs(jump) > CLOCK_JUMP:
            self.jumped_at, self.since, self._unreported_jump = now, now, jump
        elif self.jumped_at is not None and not timedelta() <= now - self.jumped_at < QUIET_AFTER_JUMP:
            self.jumped_at = None

    def _log(self, found: tuple[Issue, ...]) -> None:
        """Log what is new: mail may be the very thing that fails."""
        for issue in found:
            if issue.topic not in self._known:
                log.error("health issue", topic=issue.topic, reason=issue.reason, todo=issue.todo)
        for topic in sorted(self._known - {issue.topic for issue in found}):
            log.info("health issue resolved", topic=topic)
        self._known = frozenset(issue.topic for issue in found)
