"""Print the document of `mailbot status` as tables."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from mailbot.cli.common import Cell, print_table
from mailbot.counting import counted

_BAD, _WARNING, _GOOD = "bold red", "yellow", "green"
_SPANS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def print_status(found: Mapping[str, Any]) -> None:
    """Print each mailbox, then the desk as a whole with its problems."""
    print_table(
        ("school", "mailbox", "read", "latency", "open", "<1 day", "<1 week", "older"),
        [_mailbox(found, mailbox) for mailbox in found["mailboxes"]],
        numbers=("latency", "open", "<1 day", "<1 week", "older"),
    )
    print_table(("", ""), list(_desk(found)))


def _mailbox(found: Mapping[str, Any], mailbox: Mapping[str, Any]) -> tuple[Cell, ...]:
    ages = found["tickets_by_age"][mailbox["school"]]
    read = f"{ago(mailbox['last_success'], found['at'])} ago" if mailbox["last_success"] else "never"
    bad = mailbox["failing_since"] or (mailbox["stale"] and mailbox["last_success"])
    style = _BAD if bad else _GOOD if mailbox["last_success"] else _WARNING
    seconds = mailbox["latency"]
    return (
        Text(mailbox["school"], style="bold"),
        mailbox["address"],
        Text(f"{read}, fails" if mailbox["failing_since"] else read, style=style),
        span(seconds["median"]) if seconds else "-",
        str(sum(ages.values())),
        str(ages["day"]),
        str(ages["week"]),
        Text(str(ages["older"]), style=_WARNING if ages["older"] else ""),
    )


def _desk(found: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    mails, lines = found["letters"], list[tuple[Cell, ...]]()
    text = ", ".join(f"{mails[name]} {name}" for name in ("due", "waiting", "doubtful", "failed"))
    if undelivered := found["outbox"].get("undelivered"):
        text += f", {undelivered} undelivered within a week: mailbot outbox"
    if mails["oldest"]:
        text += f"; the oldest for {ago(mails['oldest'], found['at'])}"
    lines.append(("outbox", Text(text, style=_BAD if mails["failed"] else "")))
    quarantine = (
        f"{counted(found['quarantine'], 'mail')}: mailbot quarantine" if found["quarantine"] else "empty"
    )
    lines.append(("quarantine", Text(quarantine, style=_BAD if found["quarantine"] else "")))
    if (daemon := found["daemon"])["heartbeat"]:
        text = f"last heartbeat {ago(daemon['heartbeat'], found['at'])} ago"
        lines.append(("daemon", Text(text, style=_BAD if daemon["stale"] else "")))
    for worker, schools in found["workers"].items():
        lines.append(("worker", f"{worker} reads {', '.join(schools) or 'no mailbox'}"))
    if found["not_registered"]:
        lines.append(("not registered", ", ".join(found["not_registered"])))
    for mailbox in found["mailboxes"]:
        if mailbox["left_alone"]:
            lines.append(
                (f"old mail {mailbox['school']}", f"{counted(mailbox['left_alone'], 'mail')} skipped")
            )
        if mailbox["failing_since"]:
            since = ago(mailbox["failing_since"], found["at"])
            text = f"fails for {since}: {mailbox['last_error']}"
            lines.append((f"mailbox {mailbox['school']}", Text(text, style=_BAD)))
    shown = {f"mailbox {mailbox['school']}" for mailbox in found["mailboxes"] if mailbox["failing_since"]}
    for alert in found["alerts"]:
        if alert["topic"] in shown:
            continue
        text = f"{alert['topic']}, for {ago(alert['since'], found['at'])}: {alert['text']}"
        lines.append(("alert", Text(text, style=_BAD)))
    return lines


def ago(then: str, now: str) -> str:
    """Return the time between two ISO 8601 times in its largest unit."""
    return span((datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds())


def span(seconds: float) -> str:
    """Return a duration in its largest unit, rounded down."""
    return next((f"{int(seconds // size)} {unit}" for unit, size in _SPANS if seconds >= size), "<1 s")
