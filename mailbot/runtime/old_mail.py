"""Exclude mail that was received before mailbot first read a mailbox."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mailbot.inbox import MailInfo
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.store import mailboxes

log = structlog.get_logger()


@dataclass(slots=True)
class OldMail:
    """The cutoff of a mailbox, and the known mails from before it."""

    mailbox: SchoolMailbox
    first_contact_days: int
    _cutoff: datetime | None = None
    _known: set[tuple[int, int]] = field(default_factory=set)  # (UIDVALIDITY, UID)
    _recorded: int | None = None

    def cutoff(self) -> datetime:
        """Return the time before which mail is ignored; it is set when the mailbox is first read."""
        if self._cutoff is None:
            proposed = self.mailbox.clock() - timedelta(days=self.first_contact_days)
            with self.mailbox.transaction() as session:
                self._cutoff = mailboxes.get_or_set_cutoff(session, self.mailbox.key, proposed)
        return self._cutoff

    def include(self) -> None:
        """Remove the cutoff, so that old mail is processed, too."""
        with self.mailbox.transaction() as session:
            self._cutoff = mailboxes.remove_cutoff(session, self.mailbox.key)
        self._known.clear()

    def known(self, uid_validity: int, uids: Collection[int]) -> set[int]:
        """Return which of these mails are known to be old."""
        return {uid for uid in uids if (uid_validity, uid) in self._known}

    def remove(self, uid_validity: int, described: Mapping[int, MailInfo]) -> dict[int, MailInfo]:
        """Return the mails that are not old."""
        cutoff = self.cutoff()
        new = {uid: mail for uid, mail in described.items() if mail.received_at >= cutoff}
        self._known |= {(uid_validity, uid) for uid in described.keys() - new.keys()}
        return new

    def record(self, number: int) -> None:
        """Record the number of old mails in the mailbox if it changed."""
        if number == self._recorded:
            return
        with self.mailbox.transaction() as session:
            changed = mailboxes.record_skipped(session, self.mailbox.key, number)
        if changed and number:
            log.info("old mails skipped", school=self.mailbox.key, mails=number)
        self._recorded = number
