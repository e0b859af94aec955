"""Health rules: detect silent failures that need an operator. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.model.policy import Thresholds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the desk at one moment.

    `read` has the time at which each mailbox was last read without failure; one that never was counts from
    `since`, the start of the monitor. `oldest_letter` is the time of the oldest message that waits.
    `answers` counts the automatic replies of the last hour, of which at most `answers_most` are written.
    `disk_free` is None if the database is on another machine. `jump` is by how much the clock was set since
    the last check; `stalled` names the threads without a recent heartbeat.
    """

    now: datetime
    since: datetime
    read: Mapping[str, datetime | None] = field(default_factory=dict)
    oldest_letter: datetime | None = None
    letters: int = 0
    answers: int = 0
    answers_most: int = 500
    disk_free: int | None = None
    jump: timedelta = timedelta()
    stalled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that needs an operator: its topic, the reason, and what to do."""

    topic: str
    reason: str
    todo: str


CLOCK_JUMP = timedelta(minutes=2)
"""A larger jump between two checks means that the clock was set; smaller drift is NTP."""


def evaluate(snapshot: Snapshot, thresholds: Thresholds) -> tuple[Issue, ...]:
    """Return what needs an operator now."""
    return (
        *_unread(snapshot, thresholds),
        *_stuck(snapshot, thresholds),
        *_flooded(snapshot),
        *_full(snapshot, thresholds),
        *_jumped(snapshot),
        *(Issue(f"thread {name}", "shows no sign of life", "restart mailbot") for name in snapshot.stalled),
    )


def topics(mailboxes: Mapping[str, object], threads: tuple[str, ...]) -> frozenset[str]:
    """Return all topics that `evaluate` may return: an alert of one that it does not return is over."""
    unread = {unread_topic(school) for school in mailboxes}
    return frozenset({*unread, OUTBOX, FLOOD, DISK, CLOCK, *(f"thread {name}" for name in threads)})


OUTBOX, FLOOD, DISK, CLOCK = "outbox", "letters by machine", "disk", "clock"


def is_stale(last: datetime | None, now: datetime, thresholds: Thresholds) -> bool:
    """Tell whether the last success is older than `mailbox_minutes`, or there was none; 0 turns that off."""
    most = timedelta(minutes=thresholds.mailbox_minutes)
    return bool(most) and (last is None or now - last > most)


def of_this_machine(topic: str) -> bool:
    """Tell whether a topic is about one machine among several."""
    return topic == CLOCK or topic.startswith("thread ")


def has_disk_space(disk_free: int | None, thresholds: Thresholds) -> bool:
    """Tell whether there is room for more mail."""
    return disk_free is None or disk_free >= thresholds.disk_free


def unread_topic(school: str) -> str:
    """Return the topic of a mailbox that was not read for too long."""
    return f"mailbox {school} unread"


def _unread(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    watched = {school: max(last or snapshot.since, snapshot.since) for school, last in snapshot.read.items()}
    todo = "mailbot check; restart mailbot if the server answers"
    return [
        Issue(unread_topic(school), f"not read for {_minutes(snapshot.now - last)} minutes", todo)
        for school, last in watched.items()
        if is_stale(last, snapshot.now, thresholds)
    ]


def _stuck(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    most = timedelta(minutes=thresholds.outbox_minutes)
    if not most or snapshot.oldest_letter is None or snapshot.now - snapshot.oldest_letter <= most:
        return []
    waits = _minutes(snapshot.now - snapshot.oldest_letter)
    reason = f"{snapshot.letters} letters wait, the oldest for {waits} minutes"
    return [Issue(OUTBOX, reason, "mailbot outbox; mailbot check")]


def _flooded(snapshot: Snapshot) -> list[Issue]:
    """Report the limit from 90 % on: during a flood, capacity that becomes free is used at once."""
    if snapshot.answers < snapshot.answers_most * 0.9:
        return []
    reason = (
        f"{snapshot.answers} within an hour: nobody outside the teams gets any beyond {snapshot.answers_most}"
    )
    return [
        Issue(FLOOD, reason, "mailbot tickets: who floods the desk? Raise limits.hourly_overall if nobody")
    ]


def _full(snapshot: Snapshot, thresholds: Thresholds) -> list[Issue]:
    if has_disk_space(snapshot.disk_free, thresholds):
        return []
    reason = (
        f"only {(snapshot.disk_free or 0) // 1_000_000} MB are free; no mail is taken until there is room"
    )
    return [Issue(DISK, reason, "make room where state_dir lies")]


def _jumped(snapshot: Snapshot) -> list[Issue]:
    if abs(snapshot.jump) <= CLOCK_JUMP:
        return []
    direction = "forward" if snapshot.jump > timedelta() else "back"
    minutes = _minutes(abs(snapshot.jump))
    reason = f"it was set {direction} by {minutes} minutes; no timers run for now"
    return [Issue(CLOCK, reason, "look at the machine's time synchronisation")]


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
