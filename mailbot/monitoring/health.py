"""Health rules: detect silent failures that need an operator. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.core.model.policy import Thresholds


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the guard sees at a moment.

    `read` says of each mailbox when it was read last without trouble; one that never was counts since
    `since`, when the watch began. `oldest_letter` is when the letter was written that waits longest.
    `answers` are the letters by machine of the last hour, of which no more than `answers_most` are written.
    `disk_free` is None where the database is elsewhere. `leap` is by how much the clock on the wall went
    astray since the guard looked last, and `hanging` are threads that show no sign of life.
    """

    now: datetime
    since: datetime
    read: Mapping[str, datetime | None] = field(default_factory=dict)
    oldest_letter: datetime | None = None
    letters: int = 0
    answers: int = 0
    answers_most: int = 500
    disk_free: int | None = None
    leap: timedelta = timedelta()
    hanging: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that an operator should look at: its topic, what is so, and what to do."""

    topic: str
    reason: str
    todo: str


CLOCK_JUMP = timedelta(minutes=2)
"""A clock that goes astray by more than that between two looks was set; less is what NTP does."""


def evaluate(sight: Snapshot, thresholds: Thresholds) -> tuple[Issue, ...]:
    """Return what asks for an operator now."""
    return (
        *_unread(sight, thresholds),
        *_stuck(sight, thresholds),
        *_flooded(sight),
        *_full(sight, thresholds),
        *_astray(sight),
        *(Issue(f"thread {name}", "shows no sign of life", "restart mailbot") for name in sight.hanging),
    )


def topics(mailboxes: Mapping[str, object], threads: tuple[str, ...]) -> frozenset[str]:
    """Return all topics that the guard may raise: those that it does not are over."""
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


def _unread(sight: Snapshot, thresholds: Thresholds) -> list[Issue]:
    watched = {school: max(last or sight.since, sight.since) for school, last in sight.read.items()}
    todo = "mailbot check; restart mailbot if the server answers"
    return [
        Issue(unread_topic(school), f"not read for {_minutes(sight.now - last)} minutes", todo)
        for school, last in watched.items()
        if is_stale(last, sight.now, thresholds)
    ]


def _stuck(sight: Snapshot, thresholds: Thresholds) -> list[Issue]:
    most = timedelta(minutes=thresholds.outbox_minutes)
    if not most or sight.oldest_letter is None or sight.now - sight.oldest_letter <= most:
        return []
    waits = _minutes(sight.now - sight.oldest_letter)
    reason = f"{sight.letters} letters wait, the oldest for {waits} minutes"
    return [Issue(OUTBOX, reason, "mailbot outbox; mailbot check")]


def _flooded(sight: Snapshot) -> list[Issue]:
    """Tell of the breaker once: as long as a flood lasts, room that gets free is used up at once."""
    if sight.answers < sight.answers_most * 0.9:
        return []
    reason = f"{sight.answers} within an hour: nobody outside the teams gets any beyond {sight.answers_most}"
    return [
        Issue(FLOOD, reason, "mailbot tickets: who floods the desk? Raise limits.hourly_overall if nobody")
    ]


def _full(sight: Snapshot, thresholds: Thresholds) -> list[Issue]:
    if has_disk_space(sight.disk_free, thresholds):
        return []
    reason = f"only {(sight.disk_free or 0) // 1_000_000} MB are free; no mail is taken until there is room"
    return [Issue(DISK, reason, "make room where state_dir lies")]


def _astray(sight: Snapshot) -> list[Issue]:
    if abs(sight.leap) <= CLOCK_JUMP:
        return []
    direction = "forward" if sight.leap > timedelta() else "back"
    reason = (
        f"leapt {direction} by {_minutes(abs(sight.leap))} minutes; nothing that time does happens for now"
    )
    return [Issue(CLOCK, reason, "look at the machine's time synchronisation")]


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60
