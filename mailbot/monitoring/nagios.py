"""Summarise the status in one line for Nagios, Icinga and Checkmk (Monitoring Plugins Guidelines)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any

from mailbot.counting import counted
from mailbot.monitoring.health import unread_topic


class Level(IntEnum):
    """The severity; the value is the exit status of a plug-in."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def check_plugin(status: Mapping[str, Any]) -> tuple[Level, str]:
    """Return level and line for the document of `mailbot status --json`; OK needs no action."""
    counts = _counts(status)
    critical, warnings = _critical(status), _warnings(status, counts)
    level = Level.CRITICAL if critical else Level.WARNING if warnings else Level.OK
    fine = counted(counts["mailboxes"], "mailbox is read", "mailboxes are read")
    text = "; ".join((*critical, *warnings)) or fine
    performance_data = " ".join(f"{name}={number}" for name, number in counts.items())
    return level, f"MAILBOT {level.name} - {_sanitize(text)} | {performance_data}"


_SERVICE = "systemctl status mailbot"
_WARNINGS = {
    "quarantine": ("mail in quarantine", "mails in quarantine"),
    "failed": ("outgoing mail failed", "outgoing mails failed"),
}
_MAX_LENGTH = 500


def _counts(status: Mapping[str, Any]) -> dict[str, int]:
    outbox, mailboxes = status["outbox"], status["mailboxes"]
    return {
        "mailboxes": len(mailboxes),
        "failing": sum(bool(mailbox["failing_since"]) for mailbox in mailboxes),
        "stale": sum(mailbox["stale"] for mailbox in mailboxes),
        "waiting": sum(outbox.get(state, 0) for state in ("queued", "sending", "uncertain")),
        "failed": outbox.get("failed", 0),
        "quarantine": status["quarantine"],
        "open_tickets": sum(status["open_tickets"].values()),
        "alerts": len(status["alerts"]),
    }


def _critical(status: Mapping[str, Any]) -> list[str]:
    failing = [mailbox["school"] for mailbox in status["mailboxes"] if mailbox["failing_since"]]
    problems = [f"mailbox {school} cannot be read" for school in failing]
    if status["daemon"]["stale"]:
        minutes = _minutes_since([status["daemon"]["heartbeat"]], status)
        problems.append(f"no heartbeat of the daemon for {counted(minutes, 'minute')}: {_SERVICE}")
    unread = [mailbox for mailbox in _silent(status) if mailbox["last_success"]]
    if unread:
        minutes = _minutes_since([mailbox["last_success"] for mailbox in unread], status)
        problems.append(f"{_names(unread)} not read for {counted(minutes, 'minute')}: {_SERVICE}")
    if (never := _never_read(status)) and not _may_be_new(status):
        problems.append(f"{_names(never)} never read: is mailbot running, with this configuration?")
    reported = {f"mailbox {school}" for school in failing}
    reported |= {"quarantine", "failed mails", *(unread_topic(mailbox["school"]) for mailbox in unread)}
    return problems + [f"{a['topic']}: {a['text']}" for a in status["alerts"] if a["topic"] not in reported]


def _warnings(status: Mapping[str, Any], counts: Mapping[str, int]) -> list[str]:
    warnings = [counted(counts[name], *text) for name, text in _WARNINGS.items() if counts[name]]
    if (never := _never_read(status)) and _may_be_new(status):
        warnings.append(f"{_names(never)} not read yet")
    return warnings


def _silent(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the mailboxes that were not read for too long although no error is known."""
    return [mailbox for mailbox in status["mailboxes"] if mailbox["stale"] and not mailbox["failing_since"]]


def _never_read(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mailbox for mailbox in _silent(status) if not mailbox["last_success"]]


def _may_be_new(status: Mapping[str, Any]) -> bool:
    """Return whether a new mailbox may be read soon.

    That is so if the daemon started recently, or without a daemon if `mailbot once` has read other mailboxes.
    """
    if status["daemon"]["heartbeat"]:
        return bool(status["daemon"]["starting"])
    return not all(mailbox["stale"] for mailbox in status["mailboxes"])


def _minutes_since(times: Sequence[str], status: Mapping[str, Any]) -> int:
    """Return the minutes between the first of these times and the time of the status."""
    first = min(map(datetime.fromisoformat, times))
    return int((datetime.fromisoformat(status["at"]) - first).total_seconds()) // 60


def _names(mailboxes: Iterable[Mapping[str, Any]]) -> str:
    return f"mailbox {', '.join(mailbox['school'] for mailbox in mailboxes)}"


def _sanitize(text: str) -> str:
    """Return one short line without "|", which would begin the performance data."""
    return " ".join(text.replace("|", "/").split())[:_MAX_LENGTH]
