"""Jobs that run once a night, by one of the processes that share the database."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog

from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.retention import expire
from mailbot.service.sending import end_alert_of_failed_letters
from mailbot.store import audit_verify, timers
from mailbot.store.database import transaction

log = structlog.get_logger()

HOUR = 3
SECRET_NOTICE = timedelta(days=14)


def tonight(desk: Desk, now: datetime) -> str | None:
    """Return the date of the night whose jobs are due: from three o'clock on, in the time of the schools."""
    here = now.astimezone(ZoneInfo(desk.policy.timezone))
    return here.date().isoformat() if here.hour >= HOUR else None


def run_nightly(desk: Desk, job: str, night: str, run: Callable[[], None]) -> bool:
    """Run a job unless it was run that night, by this process or another; tell whether it ran."""
    with transaction(desk.engine) as session:
        if not timers.claim_run(session, job, night):
            return False
    run()
    return True


def maintain(desk: Desk, now: datetime, secret_expiry: date | None = None) -> bool:
    """Erase what is no longer kept, warn of a secret that expires, and seal the audit trail, once a night.

    `secret_expiry` is the last day of the secret with which access tokens are requested. Tells whether it
    was due.
    """
    night = tonight(desk, now)
    return night is not None and run_nightly(
        desk, "night", night, partial(_maintain, desk, now, secret_expiry)
    )


def _maintain(desk: Desk, now: datetime, secret_expiry: date | None) -> None:
    expire(desk, now)
    _warn_of_expiry(desk, secret_expiry, now)
    with transaction(desk.engine) as session:
        end_alert_of_failed_letters(session, desk, now)  # retention may have erased the last one
        sealed, head = audit_verify.seal(session, BOT, now)
    log.info("audit trail sealed", tickets=sealed, link=head)  # a witness outside of the database


def _warn_of_expiry(desk: Desk, secret_expiry: date | None, now: datetime) -> None:
    """Tell the operators two weeks ahead that the application's secret expires."""
    topic = "oauth2 secret"
    with transaction(desk.engine) as session:
        if secret_expiry is None or secret_expiry - now.date() > SECRET_NOTICE:
            end_alert(session, desk, topic, now)
            return
        details = (
            ("reason", f"it expires on {secret_expiry}: no mail is read or sent from then on"),
            (
                "todo",
                "make a new one at the provider, put it in place, set oauth2.expires, reload mailbot",
            ),
        )
        raise_alert(session, desk, topic, details, now)
