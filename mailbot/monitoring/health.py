"""Health rules: detect silent failures that need an operator. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.model.policy import Thresholds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the desk at one moment.

    `last_read` has the time at which each mailbox was last read; None counts from `since`, the start of the
    monitor. `due_mails` is the number of due mails in the outbox, `oldest_due` is the time of the oldest.
    `automatic_replies` is their number within the last hour, with the limit `max_automatic_replies`.
    `disk_free` is in bytes, or None if the database is on another machine. `jump` is by how much the clock
    was set since the last check. `stalled` has the names of the threads without a recent heartbeat.
    """

    now: datetime
    since: datetime
    last_read: Mapping[str, datetime | None] = field(default_factory=dict)
    oldest_due: datetime | None = None
    due_mails: int = 0
    automatic_replies: int = 0
    max_automatic_replies: int = 500
    disk_free: int | None = None
    jump: timedelta = timedelta()
    stalled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem that needs an operator: its topic, the reason, and what to do."""

    topic: str
    reason: str
    todo: str


CLOCK_JUMP = timedelta(minutes=2)
"""A larger jump between two checks means that the clock was set; smaller drift is NTP."""


def evaluate(snapshot: Snapshot, thresholds: Thresholds) -> tuple[Issue, ...]:
    """Return the problems that need an operator now."""
    return (
        *_unread(snapshot, thresholds),
        *_outbox_stuck(snapshot, thresholds),
        *_flooded(snapshot),
        *_disk_full(snapshot, thresholds),
        *_jumped(snapshot),
        *(Issue(f"thread {name}", "has no recent heartbeat", "restart mailbot") for name in snapshot.stalled),
    )


def topics(mailboxes: Mapping[str, object], threads: tuple[str, ...]) -> frozenset[str]:
    """Return all topics that `evaluate` may return; the alert of any other topic among them is over."""
    unread = {unread_topic(school) for school in mailboxes}
    return frozenset({*unread, OUTBOX, FLOOD, DISK, CLOCK, *(f"thread {name}" for name in threads)})


OUTBOX, FLOOD, DISK, CLOCK = "outbox", "automatic replies", "disk", "clock"


def is_stale(last: datetime | None, now: datetime, thresholds: Thresholds) -> bool:
    """Return whether there was no success within `mailbox_minutes`; with 0 always False."""
    limit = timedelta(minutes=thresholds.mailbox_minutes)
    return bool(limit) and (last is None or now - last > limit)


def of_this_machine(topic: str) -> bool:
    """Return whether a topic is about one machine and not about the shared database."""
    return topic == CLOCK or topic.startswith("thread ")


def has_disk_space(disk_free: int | None, thresholds: Thresholds) -> bool:
    """Return whether the disk has space for more mail."""
    return disk_free is None or disk_free >= thresholds.disk_free


def unread_topic(school: str) -> str:
    """Return the topic of the issue that a mailbox was not read for too long."""
    return f"mailbox {school} unread"


def _unread(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    since = {
        # After a start, or a set clock, each mailbox has the whole limit.
        school: max(last or snapshot.since, snapshot.since)
        for school, last in snapshot.last_read.items()
    }
    todo = "mailbot check; restart mailbot if the server answers"
    return [
        Issue(unread_topic(school), f"not read for {_minutes(snapshot.now - last)} minutes", todo)
        for school, last in since.items()
        if is_stale(last, snapshot.now, thresholds)
    ]


def _outbox_stuck(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    limit = timedelta(minutes=thresholds.outbox_minutes)
    if not limit or snapshot.oldest_due is None or snapshot.now - snapshot.oldest_due <= limit:
        return []
    minutes = _minutes(snapshot.now - snapshot.oldest_due)
    reason = f"{snapshot.due_mails} outgoing mails are due, the oldest for {minutes} minutes"
    return [Issue(OUTBOX, reason, "mailbot outbox; mailbot check")]


def _flooded(snapshot: Snapshot) -> list[Issue]:
    """Report 90 % of the limit, because the count drops below the limit again and again during a flood."""
    if snapshot.automatic_replies < snapshot.max_automatic_replies * 0.9:
        return []
    limit = snapshot.max_automatic_replies
    reason = f"{snapshot.automatic_replies} within an hour; at {limit} people outside the teams get no more"
    todo = "mailbot tickets shows who writes that much; if all mail is wanted, raise limits.hourly_overall"
    return [Issue(FLOOD, reason, todo)]


def _disk_full(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    if has_disk_space(snapshot.disk_free, thresholds):
        return []
    free = (snapshot.disk_free or 0) // 1_000_000
    reason = f"only {free} MB are free; no mail is fetched until there is more space"
    return [Issue(DISK, reason, "free space on the disk of state_dir")]


def _jumped(snapshot: Snapshot) -> list[Issue]:
    if abs(snapshot.jump) <= CLOCK_JUMP:
        return []
    direction = "forward" if snapshot.jump > timedelta() else "back"
    minutes = _minutes(abs(snapshot.jump))
    reason = f"it was set {direction} by {minutes} minutes; timers are paused"
    return [Issue(CLOCK, reason, "check the machine's time synchronisation")]


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds()) // 60
