"""Run the nightly jobs, each once a night by one of the processes that share the database."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.retention import expire
from mailbot.service.sending import end_alert_of_failed_mails
from mailbot.store import audit_verify, saved_answers, timers
from mailbot.store.database import transaction, truncate_wal

log = structlog.get_logger()

HOUR = 3
SECRET_WARNING = timedelta(days=14)
REPLACED_ANSWERS = timedelta(days=2)
"""How long replaced versions of saved answers stay; `#undo` needs them for a day."""


def due_night(desk: Desk, now: datetime) -> str | None:
    """Return the date of the night whose jobs are due, or None before 3:00 in the schools' time zone."""
    local = now.astimezone(ZoneInfo(desk.policy.timezone))
    return local.date().isoformat() if local.hour >= HOUR else None


def run_nightly(desk: Desk, job: str, night: str, run: Callable[[], None]) -> bool:
    """Run a job unless this process or another has run it that night; return whether it ran."""
    with transaction(desk.engine) as session:
        if not timers.claim_run(session, job, night):
            return False
    run()
    return True


def maintain(desk: Desk, now: datetime, secret_expiry: date | None = None) -> bool:
    """Erase expired data, warn of an expiring secret, seal the audit trail and checkpoint, once a night.

    `secret_expiry` is the last day of the secret with which access tokens are requested. Returns whether the
    jobs were due.
    """
    night = due_night(desk, now)
    return night is not None and run_nightly(
        desk, "night", night, partial(_maintain, desk, now, secret_expiry)
    )


def _maintain(desk: Desk, now: datetime, secret_expiry: date | None) -> None:
    expire(desk, now)
    _warn_of_expiry(desk, secret_expiry, now)
    with transaction(desk.engine) as session:
        saved_answers.expire(session, now - REPLACED_ANSWERS)
        end_alert_of_failed_mails(session, desk, now)  # `expire` may have erased the last one
        sealed, head = audit_verify.seal(session, BOT, now)
    log.info("audit trail sealed", tickets=sealed, link=head)  # a copy of the hash outside the database
    if not truncate_wal(desk.engine):
        log.warning("write-ahead log kept", reason="another process reads the database")


def _warn_of_expiry(desk: Desk, secret_expiry: date | None, now: datetime) -> None:
    """Alert the operators two weeks before the application's secret expires."""
    topic = "oauth2 secret"
    with transaction(desk.engine) as session:
        if secret_expiry is None or secret_expiry - now.date() > SECRET_WARNING:
            end_alert(session, desk, topic, now)
            return
        details = (
            ("reason", f"it expires on {secret_expiry}; after that no mail is read or sent"),
            ("todo", "create a new one at the provider, replace it, set oauth2.expires, reload mailbot"),
        )
        raise_alert(session, desk, topic, details, now)
