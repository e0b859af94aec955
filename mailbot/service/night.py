"""What is done once a night: what is kept no longer is erased, and the audit trail is sealed."""

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from mailbot.service.desk import BOT, Desk
from mailbot.service.retention import expire
from mailbot.store import clock, trail
from mailbot.store.database import IntegrityError, transaction

log = structlog.get_logger()

HOUR = 3


def nightly(desk: Desk, now: datetime) -> bool:
    """Do what is due once a night, from three o'clock on; tell whether it was due."""
    here = now.astimezone(ZoneInfo(desk.policy.timezone))
    if here.hour < HOUR:
        return False
    try:
        with transaction(desk.engine) as session:
            if not clock.claim_slot(session, "night", here.date().isoformat()):
                return False
    except IntegrityError:  # another worker was faster
        return False
    expire(desk, now)
    with transaction(desk.engine) as session:
        sealed, head = trail.seal(session, BOT, now)
    log.info("audit trail sealed", tickets=sealed, link=head)  # a witness outside of the database
    return True
