"""The guard's round: look, decide, tell the operators of what began and what is over."""

import shutil
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
from mailbot.store.traffic import overall

log = structlog.get_logger()

QUIET_AFTER_LEAP = timedelta(minutes=10)


def free_disk(desk: Desk, state_dir: Path) -> int | None:
    """Return the octets that are free for the database, or None where it is not on this machine's disk."""
    return shutil.disk_usage(state_dir).free if desk.engine.url.get_backend_name() == "sqlite" else None


@dataclass(slots=True)
class Guard:
    """Looks at the desk from time to time; `hanging` names threads that show no sign of life."""

    desk: Desk
    state_dir: Path
    thresholds: Thresholds
    mailboxes: tuple[str, ...]
    threads: tuple[str, ...]
    hanging: Callable[[], Iterable[str]]
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    since: datetime = field(init=False)
    leapt: datetime | None = None
    _looked: tuple[datetime, float] = field(init=False)
    _known: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.since = self.clock()
        self._looked = (self.since, self.monotonic())

    def look(self) -> tuple[Issue, ...]:
        """Look once; raise alerts for what asks for an operator, and end those that are over."""
        sight = self._sight()
        found = evaluate(sight, self.thresholds)
        self._say(found)
        with transaction(self.desk.engine) as session:
            for concern in found:
                details = (("reason", concern.reason), ("todo", concern.todo))
                raise_alert(session, self.desk, self._named(concern.topic), details, sight.now)
            over = topics(dict.fromkeys(self.mailboxes), self.threads) - {c.topic for c in found}
            for topic in sorted(alerts.topics(session) & {self._named(topic) for topic in over}):
                end_alert(session, self.desk, topic, sight.now)
        return found

    def _named(self, topic: str) -> str:
        """Return a topic as it is told: with the worker's name where that is the question."""
        return f"{topic} on {self.desk.worker}" if self.desk.shared and of_this_machine(topic) else topic

    def room(self) -> bool:
        """Tell whether there is room on the disk for more mail."""
        return has_disk_space(free_disk(self.desk, self.state_dir), self.thresholds)

    def clock_is_right(self) -> bool:
        """Tell whether the clock has not leapt lately: what time does waits until then."""
        self._note_leap()
        return self.leapt is None

    def _sight(self) -> Snapshot:
        leap = self._note_leap()
        now = self.clock()  # failing mailboxes have already raised their own alert
        with read_only(self.desk.engine) as session:
            boxes = mailboxes.states(session)
            read = {box.school: now if box.failing_since else box.last_success for box in boxes}
            oldest, letters = outbox.oldest_due(session)
            answers = overall(session, now)
        return Snapshot(
            now=now,
            since=self.since,
            read={school: read.get(school) for school in self.mailboxes},
            oldest_letter=oldest,
            letters=letters,
            answers=answers,
            answers_most=self.desk.policy.limits.hourly_overall,
            disk_free=free_disk(self.desk, self.state_dir),
            leap=leap,
            hanging=tuple(self.hanging()),
        )

    def _note_leap(self) -> timedelta:
        """Return by how much the clock was set since the last look, or lately."""
        now, ticks = self.clock(), self.monotonic()
        wall, before = self._looked
        self._looked = (now, ticks)
        leap = (now - wall) - timedelta(seconds=ticks - before)
        if abs(leap) > CLOCK_JUMP:
            self.leapt, self.since = now, now
            return leap
        if self.leapt is not None and not timedelta() <= now - self.leapt < QUIET_AFTER_LEAP:
            self.leapt = None
        return timedelta()

    def _say(self, found: tuple[Issue, ...]) -> None:
        """Write to the log what is new: mail may be what does not work."""
        for concern in found:
            if concern.topic not in self._known:
                log.error("guard", topic=concern.topic, reason=concern.reason, todo=concern.todo)
        for topic in sorted(self._known - {concern.topic for concern in found}):
            log.info("guard: over", topic=topic)
        self._known = frozenset(concern.topic for concern in found)
