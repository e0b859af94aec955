"""Mails that the IMAP server lists and does not return."""

from dataclasses import dataclass, field

import structlog

from mailbot.inbox import Mailbox
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.alerts import end_alert, raise_alert

log = structlog.get_logger()

_ADVICE = ("todo", "look at them in a mail program; repair or remove them on the mail server")


@dataclass(slots=True)
class UnfetchableMail:
    """Tells the operators once of the mails that a server does not return; they stay where they are."""

    mailbox: SchoolMailbox
    _logged: set[int] = field(default_factory=set)
    _reported: tuple[tuple[str, str], ...] | None = None

    def report(self, box: Mailbox, *, whole_folder: bool) -> None:
        """Raise or end the alert; only a scan of the whole folder shows that there is no such mail."""
        for uid in box.unfetchable.keys() - self._logged:
            log.error(
                "mail refused by the server", school=self.mailbox.key, uid=uid, reason=box.unfetchable[uid]
            )
        self._logged = set(box.unfetchable)
        details = tuple((f"UID {uid}", reason) for uid, reason in sorted(box.unfetchable.items()))
        if details == self._reported or not (details or whole_folder):
            return
        topic = f"mailbox {self.mailbox.key}: mails that the server does not give"
        with self.mailbox.transaction() as session:
            if details:
                raise_alert(session, self.mailbox.desk, topic, (*details, _ADVICE), self.mailbox.clock())
            else:
                end_alert(session, self.mailbox.desk, topic, self.mailbox.clock())
        self._reported = details
