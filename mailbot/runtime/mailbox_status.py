"""Record whether a mailbox can be read, in the database and as an alert for the operators."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.store import mailboxes
from mailbot.store.database import TRANSIENT, first_line, transaction

log = structlog.get_logger()


@dataclass(slots=True)
class MailboxStatus:
    """The number of consecutive failures of a mailbox, and when it was read last."""

    mailbox: SchoolMailbox
    failures: int = 0
    last_success: datetime | None = None

    def record_success(self) -> bool:
        """Record that the mailbox was read; return whether it failed before.

        Only the first success and the first one after a failure are written at once. The daemon writes the
        others every minute, for all mailboxes together.
        """
        now, recovered = self.mailbox.clock(), self.failures > 0
        if recovered or self.last_success is None:
            with transaction(self.mailbox.desk.engine) as session:
                mailboxes.record_success(session, self.mailbox.key, now)
                end_alert(session, self.mailbox.desk, self._topic, now)
        if recovered:
            log.info("mailbox recovered", school=self.mailbox.key)
        self.failures, self.last_success = 0, now
        return recovered

    def record_failure(self, reason: str) -> None:
        """Record that the mailbox cannot be read; log the first failure and alert the operators."""
        if not self.failures:
            log.error("mailbox failed", school=self.mailbox.key, reason=reason)
        self.failures += 1
        now = self.mailbox.clock()
        try:
            with transaction(self.mailbox.desk.engine) as session:
                mailboxes.record_failure(session, self.mailbox.key, reason, now)
                raise_alert(session, self.mailbox.desk, self._topic, (("reason", reason),), now)
        except TRANSIENT as error:
            log.warning("failure not recorded", school=self.mailbox.key, reason=first_line(error))
        except Exception:  # the mailbox is read again after any error
            log.exception("failure not recorded", school=self.mailbox.key)

    @property
    def _topic(self) -> str:
        return f"mailbox {self.mailbox.key}"
