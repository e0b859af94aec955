"""Whether a mailbox can be read, as it is in the database and as the operators were told."""

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
    """The failures of a mailbox in sequence, and when it was read last."""

    mailbox: SchoolMailbox
    failures: int = 0
    last_success: datetime | None = None

    def record_success(self) -> bool:
        """Note that the mailbox was read; tell whether it failed before.

        Only the first success and the one after a failure are written at once: the daemon writes the others
        for all mailboxes together.
        """
        now, recovered = self.mailbox.clock(), self.failures > 0
        if recovered or self.last_success is None:
            with transaction(self.mailbox.desk.engine) as session:
                mailboxes.record_success(session, self.mailbox.key, now)
                end_alert(session, self.mailbox.desk, self._topic, now)
        if recovered:
            log.info("mailbox is back", school=self.mailbox.key)
        self.failures, self.last_success = 0, now
        return recovered

    def record_failure(self, reason: str) -> None:
        """Note that the mailbox cannot be read; the log and the operators are told of the first failure."""
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
        except Exception:  # the mailbox is tried again, whatever it is
            log.exception("failure not recorded", school=self.mailbox.key)

    @property
    def _topic(self) -> str:
        return f"mailbox {self.mailbox.key}"
