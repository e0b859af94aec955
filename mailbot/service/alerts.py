"""Alert the operators once when something fails, and once when it works again."""

from datetime import datetime, timedelta

import structlog

from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role
from mailbot.service.desk import Desk
from mailbot.store import alerts
from mailbot.store.database import Session
from mailbot.store.enqueue import enqueue

log = structlog.get_logger()

LASTING_FAILURES = 3
LASTING = timedelta(minutes=1)
"""A server that fails once and works again is no alert: connections drop, and servers restart."""

Details = tuple[tuple[str, str], ...]


def is_lasting(failures: int, since: datetime, now: datetime) -> bool:
    """Return whether failures in a row, the first one at `since`, are worth an alert."""
    return failures >= LASTING_FAILURES or now - since >= LASTING


def raise_alert(session: Session, desk: Desk, topic: str, details: Details, now: datetime) -> None:
    """Alert the operators, unless the alert of this topic is active."""
    if not alerts.add(session, topic, "; ".join(value for _, value in details), now):
        return
    _notify_operators(session, desk, (("topic", topic), ("state", "failing"), *details), now)


def end_alert(session: Session, desk: Desk, topic: str, now: datetime) -> None:
    """End an alert and notify the operators that the problem is solved, if the alert is active."""
    since = alerts.remove(session, topic)
    if since is None:
        return
    details = (("topic", topic), ("state", "recovered"), ("since", since.isoformat(timespec="minutes")))
    _notify_operators(session, desk, details, now)


def _notify_operators(session: Session, desk: Desk, details: Details, now: datetime) -> None:
    school = desk.policy.schools[0]
    for operator in desk.policy.operators:
        notification = Notification(NotificationKind.ALERT, operator, Role.STRANGER, details=details)
        try:
            mail = desk.render_one(notification, school, now)
        except Exception:  # if the template is broken, only the log reports the problem
            log.exception("alert not created", topic=details[0][1])
            continue
        enqueue(session, school.key, [mail], now)
