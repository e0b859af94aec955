"""Record whether a mailbox can be read, in the database and as an alert for the operators."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.alerts import end_alert, is_lasting, raise_alert
from mailbot.store import mailboxes
from mailbot.store.database import TRANSIENT, first_line, transaction

log = structlog.get_logger()


@dataclass(slots=True)
class MailboxStatus:
    """The number of consecutive failures of a mailbox, and when it was read last.

    `reported`: the log says that it fails.
    """

    mailbox: SchoolMailbox
    failures: int = 0
    last_success: datetime | None = None
    failing_since: datetime | None = None
    reported: bool = False

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
        if self.last_success is None and not recovered:
            log.info("mailbox available", school=self.mailbox.key)
        if recovered:
            log.info("mailbox recovered", school=self.mailbox.key)
        self.failures, self.last_success, self.failing_since, self.reported = 0, now, None, False
        return recovered

    def record_failure(self, reason: str, *, permanent: bool = False) -> None:
        """Record that the mailbox cannot be read; alert the operators if the failure lasts or is permanent.

        Servers end connections, also those in IDLE: that alone is logged and no alert.
        """
        if not self.failures:
            log.info("mailbox connection failed", school=self.mailbox.key, reason=reason)
        self.failures += 1
        now = self.mailbox.clock()
        self._log_if_lasting(reason, now, permanent=permanent)
        try:
            with transaction(self.mailbox.desk.engine) as session:
                since = mailboxes.record_failure(session, self.mailbox.key, reason, now)
                if permanent or is_lasting(self.failures, since, now):
                    raise_alert(session, self.mailbox.desk, self._topic, (("reason", reason),), now)
        except TRANSIENT as error:
            log.warning("failure not recorded", school=self.mailbox.key, reason=first_line(error))
        except Exception:  # the mailbox is read again after any error
            log.exception("failure not recorded", school=self.mailbox.key)

    def _log_if_lasting(self, reason: str, now: datetime, *, permanent: bool) -> None:
        """Log once that the mailbox fails, even if the database is the cause."""
        self.failing_since = self.failing_since or now
        if not self.reported and (permanent or is_lasting(self.failures, self.failing_since, now)):
            log.error("mailbox failed", school=self.mailbox.key, reason=reason)
            self.reported = True

    @property
    def _topic(self) -> str:
        return f"mailbox {self.mailbox.key}"
