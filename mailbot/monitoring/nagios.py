"""How the desk stands, in one line for Nagios, Icinga and Checkmk (Monitoring Plugins Guidelines)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any

from mailbot.monitoring.health import unread_topic


class Level(IntEnum):
    """How bad it is; the value is the exit status of a plug-in."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def check_plugin(status: Mapping[str, Any]) -> tuple[Level, str]:
    """Return level and line for what `mailbot status --json` prints; OK means that nothing has to be done."""
    counts = _counts(status)
    critical, warning = _critical(status), _warnings(status, counts)
    level = Level.CRITICAL if critical else Level.WARNING if warning else Level.OK
    said = "; ".join((*critical, *warning)) or f"{counts['mailboxes']} mailboxes are read"
    figures = " ".join(f"{name}={number}" for name, number in counts.items())
    return level, f"MAILBOT {level.name} - {_plain(said)} | {figures}"


_SERVICE = "systemctl status mailbot"
_WARNINGS = {"quarantine": "mails in quarantine", "failed": "letters failed"}
_LONGEST = 500


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
    said = [f"mailbox {school} cannot be read" for school in failing]
    if status["daemon"]["stale"]:
        minutes = _minutes_since([status["daemon"]["heartbeat"]], status)
        said.append(f"no heartbeat of the daemon for {minutes} minutes: {_SERVICE}")
    unread = [mailbox for mailbox in _silent(status) if mailbox["last_success"]]
    if unread:
        minutes = _minutes_since([mailbox["last_success"] for mailbox in unread], status)
        said.append(f"{_names(unread)} not read for {minutes} minutes: {_SERVICE}")
    if (never := _never_read(status)) and not _may_be_new(status):
        said.append(f"{_names(never)} never read: is mailbot running, with this configuration?")
    named = {f"mailbox {school}" for school in failing}
    named |= {"quarantine", "failed letters", *(unread_topic(mailbox["school"]) for mailbox in unread)}
    return said + [f"{a['topic']}: {a['text']}" for a in status["alerts"] if a["topic"] not in named]


def _warnings(status: Mapping[str, Any], counts: Mapping[str, int]) -> list[str]:
    said = [f"{counts[name]} {what}" for name, what in _WARNINGS.items() if counts[name]]
    if (never := _never_read(status)) and _may_be_new(status):
        said.append(f"{_names(never)} not read yet")
    return said


def _silent(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the mailboxes that were not read for too long, and did not say why."""
    return [mailbox for mailbox in status["mailboxes"] if mailbox["stale"] and not mailbox["failing_since"]]


def _never_read(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [mailbox for mailbox in _silent(status) if not mailbox["last_success"]]


def _may_be_new(status: Mapping[str, Any]) -> bool:
    """Tell whether a mailbox may be read soon: a daemon started lately, or `mailbot once` reads others."""
    if status["daemon"]["heartbeat"]:
        return bool(status["daemon"]["starting"])
    return not all(mailbox["stale"] for mailbox in status["mailboxes"])


def _minutes_since(moments: Sequence[str], status: Mapping[str, Any]) -> int:
    """Return how long ago the first of these moments was."""
    first = min(map(datetime.fromisoformat, moments))
    return int((datetime.fromisoformat(status["at"]) - first).total_seconds()) // 60


def _names(mailboxes: Iterable[Mapping[str, Any]]) -> str:
    return f"mailbox {', '.join(mailbox['school'] for mailbox in mailboxes)}"


def _plain(text: str) -> str:
    """A bar would begin the figures."""
    return " ".join(text.replace("|", "/").split())[:_LONGEST]
