"""How the desk stands, in one line for Nagios, Icinga and Checkmk (Monitoring Plugins Guidelines)."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class Level(IntEnum):
    """How bad it is; the value is the exit status of a plug-in."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def probe(status: Mapping[str, Any]) -> tuple[Level, str]:
    """Return level and line for what `mailbot status --json` prints."""
    failing = [m["school"] for m in status["mailboxes"] if m["failing_since"]]
    outbox = status["outbox"]
    counts = {
        "mailboxes": len(status["mailboxes"]),
        "failing": len(failing),
        "waiting": sum(outbox.get(state, 0) for state in ("queued", "sending", "uncertain")),
        "failed": outbox.get("failed", 0),
        "quarantine": status["quarantine"],
        "open_tickets": sum(status["open_tickets"].values()),
        "alerts": len(status["alerts"]),
    }
    critical = [f"mailbox {school} cannot be read" for school in failing]
    critical += [f"{a['topic']}: {a['text']}" for a in status["alerts"] if not _is_named(a, failing)]
    warning = [f"{counts[name]} {what}" for name, what in _WARNINGS.items() if counts[name]]
    level = Level.CRITICAL if critical else Level.WARNING if warning else Level.OK
    said = "; ".join((*critical, *warning)) or f"{counts['mailboxes']} mailboxes are read"
    figures = " ".join(f"{name}={number}" for name, number in counts.items())
    return level, f"MAILBOT {level.name} - {_plain(said)} | {figures}"


_WARNINGS = {"quarantine": "mails in quarantine", "failed": "letters failed"}
_LONGEST = 500


def _is_named(alert: Mapping[str, Any], failing: list[str]) -> bool:
    """Tell whether the line names that trouble without the alert: a failing mailbox, or a warning."""
    return alert["topic"] in {"quarantine", "failed letters", *(f"mailbox {school}" for school in failing)}


def _plain(text: str) -> str:
    """A bar would begin the figures."""
    return " ".join(text.replace("|", "/").split())[:_LONGEST]
