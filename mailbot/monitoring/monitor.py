"""Check the health of the desk, and alert the operators when an issue begins and when it ends."""

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
    """Return the free bytes on the disk of the database, or None if it is on another machine."""
    return shutil.disk_usage(state_dir).free if desk.engine.url.get_backend_name() == "sqlite" else None


@dataclass(slots=True)
class HealthMonitor:
    """Checks the desk; `stalled` returns the names of the threads without a recent heartbeat."""

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
    _logged_topics: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.since = self.clock()
        self._last_check = (self.since, self.monotonic())

    def check(self) -> tuple[Issue, ...]:
        """Raise an alert for each issue, end the alerts of issues that are over, and return the issues."""
        snapshot = self._snapshot()
        issues = evaluate(snapshot, self.thresholds)
        self._log(issues)
        with transaction(self.desk.engine) as session:
            for issue in issues:
                details = (("reason", issue.reason), ("todo", issue.todo))
                raise_alert(session, self.desk, self._worker_topic(issue.topic), details, snapshot.now)
            # Only topics of this monitor: other alerts, such as those of mailboxes, have their own end.
            over = topics(dict.fromkeys(self.mailboxes), self.threads) - {issue.topic for issue in issues}
            for topic in sorted(alerts.topics(session) & {self._worker_topic(topic) for topic in over}):
                end_alert(session, self.desk, topic, snapshot.now)
        return issues

    def _worker_topic(self, topic: str) -> str:
        """Return the topic of the alert, with the worker's name if the topic is about one machine."""
        return f"{topic} on {self.desk.worker}" if self.desk.shared and of_this_machine(topic) else topic

    def has_disk_space(self) -> bool:
        """Return whether the disk has space for more mail."""
        return has_disk_space(free_disk(self.desk, self.state_dir), self.thresholds)

    def clock_jumped(self) -> bool:
        """Return whether the clock was set within `QUIET_AFTER_JUMP`; timers do not run then."""
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
            last_read = {box.school: now if box.failing_since else box.last_success for box in boxes}
            oldest_due, due_mails = outbox.oldest_due(session)
            automatic_replies = count_automatic_replies(session, now)
        return Snapshot(
            now=now,
            since=self.since,
            last_read={school: last_read.get(school) for school in self.mailboxes},
            oldest_due=oldest_due,
            due_mails=due_mails,
            automatic_replies=automatic_replies,
            max_automatic_replies=self.desk.policy.limits.hourly_overall,
            disk_free=free_disk(self.desk, self.state_dir),
            jump=jump,
            stalled=tuple(self.stalled()),
        )

    def _note_jump(self) -> None:
        """Compare wall clock and monotonic clock; the next health check reports a jump."""
        now, seconds = self.clock(), self.monotonic()
        last_now, last_seconds = self._last_check
        self._last_check = (now, seconds)
        jump = (now - last_now) - timedelta(seconds=seconds - last_seconds)
        if abs(jump) > CLOCK_JUMP:
            # Times from before the jump say nothing, so the limits of mailboxes count from now on.
            self.jumped_at, self.since, self._unreported_jump = now, now, jump
        # Also over if the clock is before the jump again: it was corrected.
        elif self.jumped_at is not None and not timedelta() <= now - self.jumped_at < QUIET_AFTER_JUMP:
            self.jumped_at = None

    def _log(self, issues: tuple[Issue, ...]) -> None:
        """Log new issues and those that are over, because alert mails may fail themselves."""
        for issue in issues:
            if issue.topic not in self._logged_topics:
                log.error("health issue", topic=issue.topic, reason=issue.reason, todo=issue.todo)
        for topic in sorted(self._logged_topics - {issue.topic for issue in issues}):
            log.info("health issue resolved", topic=topic)
        self._logged_topics = frozenset(issue.topic for issue in issues)
