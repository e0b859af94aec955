"""What is done once a night: what is kept no longer is erased, and the audit trail is sealed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.retention import expire
from mailbot.service.sending import end_alert_of_failed_letters
from mailbot.store import audit_verify, timers
from mailbot.store.database import IntegrityError, transaction

log = structlog.get_logger()

HOUR = 3
AHEAD = timedelta(days=14)


def nightly(desk: Desk, now: datetime, secret_until: date | None = None) -> bool:
    """Do what is due once a night, from three o'clock on; tell whether it was due.

    `secret_until` is the last day of the secret by which access tokens are had.
    """
    here = now.astimezone(ZoneInfo(desk.policy.timezone))
    if here.hour < HOUR:
        return False
    try:
        with transaction(desk.engine) as session:
            if not timers.claim_run(session, "night", here.date().isoformat()):
                return False
    except IntegrityError:  # another worker was faster
        return False
    expire(desk, now)
    _announce(desk, secret_until, now)
    with transaction(desk.engine) as session:
        end_alert_of_failed_letters(session, desk, now)  # retention may have erased the last one
        sealed, head = audit_verify.seal(session, BOT, now)
    log.info("audit trail sealed", tickets=sealed, link=head)  # a witness outside of the database
    return True


def _announce(desk: Desk, secret_until: date | None, now: datetime) -> None:
    """Tell the operators a fortnight ahead that the application's secret is about to expire."""
    topic = "oauth2 secret"
    with transaction(desk.engine) as session:
        if secret_until is None or secret_until - now.date() > AHEAD:
            end_alert(session, desk, topic, now)
            return
        details = (
            ("reason", f"it expires on {secret_until}: no mail is read or sent from then on"),
            (
                "todo",
                "make a new one at the provider, put it in place, set oauth2.expires, reload mailbot",
            ),
        )
        raise_alert(session, desk, topic, details, now)
