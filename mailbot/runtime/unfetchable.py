"""Alert the operators of mails that the IMAP server lists but does not return."""

from dataclasses import dataclass, field

import structlog

from mailbot.inbox import Mailbox
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.service.alerts import end_alert, raise_alert

log = structlog.get_logger()

_ADVICE = ("todo", "open them in a mail program; repair or delete them on the mail server")


@dataclass(slots=True)
class UnfetchableMail:
    """Alerts the operators once of mails that a server does not return; does not move or delete them."""

    mailbox: SchoolMailbox
    _logged: set[int] = field(default_factory=set)
    _reported: tuple[tuple[str, str], ...] | None = None

    def report(self, box: Mailbox, *, whole_folder: bool) -> None:
        """Raise the alert, or end it: only after a scan of the whole folder that found no such mail."""
        for uid, reason in sorted(box.unfetchable.items()):
            if uid not in self._logged:
                log.error("mail fetch failed", school=self.mailbox.key, uid=uid, reason=reason)
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
