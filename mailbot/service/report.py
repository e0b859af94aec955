"""Create the monthly report on request, and send it to the operators after each month."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.render import BrokenTemplateError
from mailbot.reporting.model import Month, Percentiles, Report
from mailbot.reporting.monthly import create_report, month_before
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.store import timers
from mailbot.store.database import read_only, transaction
from mailbot.store.enqueue import enqueue
from mailbot.store.report import names_of_people, timelines

log = structlog.get_logger()

JOB = "report"
HOUR = 6


def month_of(desk: Desk, day: date | None, now: datetime) -> Month:
    """Return the month of that day, or the previous month without a day."""
    zone = ZoneInfo(desk.policy.timezone)
    return Month(day.replace(day=1), zone) if day else month_before(now, zone)


def report_of(desk: Desk, month: Month) -> Report:
    """Return the report of a month."""
    with read_only(desk.engine) as session:
        members = (m for team in desk.policy.teams for m in team.members)
        names = names_of_people(session) | {name for m in members for name in (m.name, *m.addresses)}
        return create_report(timelines(session, month), desk.policy, month, names)


def send_due(desk: Desk, now: datetime) -> bool:
    """Send the report of the previous month to the operators, once; return whether it was sent.

    A month without tickets has no report. If rendering fails, alerts the operators; the next call retries.
    """
    month = month_of(desk, None, now)
    with read_only(desk.engine) as session:
        if now.astimezone(month.zone).hour < HOUR or timers.has_run(session, JOB, month.name):
            return False
    report = report_of(desk, month)
    try:
        with transaction(desk.engine) as session:
            if not timers.claim_run(session, JOB, month.name):
                return False
            end_alert(session, desk, JOB, now)
            if report.total.is_empty:
                return False
            sender = desk.policy.schools[0]
            for operator in desk.policy.operators:
                mail = desk.render_one(notification(operator, report), sender, now)
                enqueue(session, sender.key, [mail], now)
    except BrokenTemplateError as error:
        with transaction(desk.engine) as session:
            raise_alert(session, desk, JOB, (("reason", str(error)), ("todo", "mailbot check")), now)
        return False
    log.info("monthly report sent", month=month.name)
    return True


def notification(to: Address, report: Report) -> Notification:
    """Return the notification that sends a report to that person."""
    return Notification(NotificationKind.REPORT, to, Role.STRANGER, report=report)


def page(desk: Desk, report: Report, now: datetime) -> str:
    """Return a report as HTML, as the mail shows it."""
    return desk.render_one(notification(Address(""), report), desk.policy.schools[0], now).outgoing.html


def document(report: Report) -> dict[str, Any]:
    """Return a report as `mailbot report --json` prints it; durations are hours of working time."""
    return {
        "month": report.name,
        "schools": [asdict(figures) for figures in report.schools],
        "total": asdict(report.total),
        "opened_by_hour": list(report.hours),
        "opened_by_weekday": list(report.weekdays),
        "words": dict(report.words),
        "places": [asdict(figures) for figures in report.places],
    }


def rows(report: Report) -> Iterator[dict[str, str | int | float]]:
    """Yield one row for each school, then one for all schools; a missing value is ""."""
    for figures in (*report.schools, report.total):
        yield {
            "month": report.name,
            "school": figures.school,
            "opened": figures.opened,
            "closed": figures.closed,
            "escalated": figures.escalated,
            "reopened": figures.reopened,
            **_percentile_columns("answer", figures.answer),
            **_percentile_columns("solution", figures.solution),
        }


def _percentile_columns(name: str, values: Percentiles | None) -> dict[str, str | int | float]:
    return {
        f"{name}_hours_median": values.median if values else "",
        f"{name}_hours_ninetieth": values.p90 if values else "",
        f"{name}s": values.of if values else 0,
    }


def as_csv(report: Report) -> str:
    """Return a report as CSV (RFC 4180) with a header line."""
    text = io.StringIO(newline="")
    lines = list(rows(report))
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
