"""Create the monthly report on request, and send it to the operators when a month is over."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.render import BrokenTemplateError
from mailbot.reporting.model import Month, Percentiles, Report
from mailbot.reporting.monthly import month_before, report
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.store import timers
from mailbot.store.apply import enqueue
from mailbot.store.database import read_only, transaction
from mailbot.store.report import names_of_people, timelines

log = structlog.get_logger()

JOB = "report"
HOUR = 6


def month_of(desk: Desk, day: date | None, now: datetime) -> Month:
    """Return the month of that day, or the last one that is over."""
    zone = ZoneInfo(desk.policy.timezone)
    return Month(day.replace(day=1), zone) if day else month_before(now, zone)


def report_of(desk: Desk, month: Month) -> Report:
    """Return the report of a month."""
    with read_only(desk.engine) as session:
        members = (m for team in desk.policy.teams for m in team.members)
        names = names_of_people(session) | {name for m in members for name in (m.name, *m.addresses)}
        return report(timelines(session, month), desk.policy, month, names)


def send_due(desk: Desk, now: datetime) -> bool:
    """Send the operators the report of the last month, once; tell whether it was sent.

    A month without tickets has no report. If rendering fails, the operators are alerted and it is retried.
    """
    month = month_of(desk, None, now)
    with read_only(desk.engine) as session:
        if now.astimezone(month.zone).hour < HOUR or timers.has_run(session, JOB, month.name):
            return False
    found = report_of(desk, month)
    try:
        with transaction(desk.engine) as session:
            if not timers.claim_run(session, JOB, month.name):
                return False
            end_alert(session, desk, JOB, now)
            if found.total.is_empty:
                return False
            sender = desk.policy.schools[0]
            for address in desk.policy.operators:
                enqueue(session, sender.key, desk.render_one(notification(address, found), sender, now), now)
    except BrokenTemplateError as error:
        with transaction(desk.engine) as session:
            raise_alert(session, desk, JOB, (("reason", str(error)), ("todo", "mailbot check")), now)
        return False
    log.info("monthly report", month=month.name)
    return True


def notification(address: str, found: Report) -> Notification:
    """Return the notification with a report."""
    return Notification(NotificationKind.REPORT, Address(address), Role.STRANGER, report=found)


def page(desk: Desk, found: Report, now: datetime) -> str:
    """Return a report as HTML, as the mail shows it."""
    return desk.render_one(notification("", found), desk.policy.schools[0], now).outgoing.html


def document(found: Report) -> dict[str, Any]:
    """Return a report as `mailbot report --json` prints it; durations are hours of working time."""
    return {
        "month": found.name,
        "schools": [asdict(figures) for figures in found.schools],
        "total": asdict(found.total),
        "opened_by_hour": list(found.hours),
        "opened_by_weekday": list(found.weekdays),
        "words": dict(found.words),
    }


def rows(found: Report) -> Iterator[dict[str, str | int | float]]:
    """Yield the values of each school, then of all together; "" where there is none."""
    for figures in (*found.schools, found.total):
        yield {
            "month": found.name,
            "school": figures.school,
            "opened": figures.opened,
            "closed": figures.closed,
            "escalated": figures.escalated,
            "reopened": figures.reopened,
            **_lengths("answer", figures.answer),
            **_lengths("solution", figures.solution),
        }


def _lengths(what: str, span: Percentiles | None) -> dict[str, str | int | float]:
    return {
        f"{what}_hours_median": span.median if span else "",
        f"{what}_hours_ninetieth": span.p90 if span else "",
        f"{what}s": span.of if span else 0,
    }


def as_csv(found: Report) -> str:
    """Return a report as CSV (RFC 4180) with a header line."""
    text = io.StringIO(newline="")
    lines = list(rows(found))
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
