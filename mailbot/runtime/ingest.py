"""Process the new mail of a school's mailbox: fetch it, process it in a transaction, then move it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import merge

import structlog

from mailbot.core.model.effects import Decision
from mailbot.inbox import FetchedMail, Mailbox, MailInfo
from mailbot.runtime.old_mail import OldMail
from mailbot.runtime.reconciliation import put_back_unknown
from mailbot.runtime.round_robin import next_batch, round_robin
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.runtime.unfetchable import UnfetchableMail
from mailbot.sanitize import redact_for_log
from mailbot.service.receive import receive
from mailbot.store import ledger
from mailbot.store.database import read_only
from mailbot.store.ledger import MailLocation

log = structlog.get_logger()

BATCH_SIZE = 50


@dataclass(slots=True)
class MailboxIngest:
    """Processes the mails of one mailbox; after `stop` is set it ends with the current mail.

    `has_disk_space` returns whether more mail may be processed, `should_yield` whether another mailbox waits
    for the connection. `on_processed` is called with the outcome and the latency in seconds of each mail.
    """

    mailbox: SchoolMailbox
    old_mail: OldMail
    has_disk_space: Callable[[], bool]
    on_processed: Callable[[str, float], None]
    should_yield: Callable[[], bool] = lambda: False
    stop: threading.Event = field(default_factory=threading.Event)
    _unfetchable: UnfetchableMail = field(init=False)
    _open_attempts: set[MailLocation] = field(default_factory=set)
    _recovered: bool = False

    def __post_init__(self) -> None:
        self._unfetchable = UnfetchableMail(self.mailbox)

    def process_new(self, box: Mailbox, since: int = 1) -> bool:
        """Process every mail from UID `since` on that is not in the ledger; raise InboxError.

        Returns False if mail is left because another mailbox waits for the connection.
        """
        self._clear_attempts()
        # Mails that were processed after the backup are in the other folder, but not in the restored ledger.
        if not self._recovered:
            put_back_unknown(self.mailbox, box)
            self._recovered = True
        new, suspects = self._find_new(box, since)
        for number, batch in enumerate(self._batches(box, new, suspects)):
            if self.stop.is_set():
                return True
            # Not before the first batch: every turn processes some mail, even if others always wait.
            if number and self.should_yield():
                return False
            if not self.has_disk_space():
                log.warning("mail processing paused", school=self.mailbox.key, reason="disk nearly full")
                return True
            self._process_batch(box, batch, new)
        self._unfetchable.report(box, whole_folder=since == 1)
        return True

    def _find_new(self, box: Mailbox, since: int) -> tuple[dict[int, MailInfo], set[int]]:
        """Return the mails to process, and those that were in progress when the process died."""
        uids = box.uids(since)
        processed, interrupted = self._ledger_state(box, uids)
        # A mail that was processed and still has an attempt: the process died before it cleared the attempt.
        self._open_attempts = interrupted & {self._location(box, uid) for uid in processed}
        self._clear_attempts()
        # They are committed and were not moved: the process died in between, or the server failed.
        if processed and self.mailbox.account.done:
            box.move_to_processed(sorted(processed))
        old = self.old_mail.known(box.uid_validity, uids)
        described = box.describe([uid for uid in uids if uid not in processed | old])
        new = self.old_mail.remove(box.uid_validity, described)
        # Only a scan of the whole folder sees all old mails.
        if since == 1:
            self.old_mail.record(len(old) + len(described) - len(new))
        return new, {uid for uid in new if self._location(box, uid) in interrupted}

    def _ledger_state(self, box: Mailbox, uids: list[int]) -> tuple[set[int], set[MailLocation]]:
        """Return which of these mails were processed, and all that were in progress at a crash."""
        if not uids:  # most scans find an empty folder
            return set(), set()
        with read_only(self.mailbox.desk.engine) as session:
            processed = ledger.recorded_uids(session, self.mailbox.key, box.uid_validity, uids)
            return processed, ledger.open_attempts(session, self.mailbox.key)

    def _batches(self, box: Mailbox, new: dict[int, MailInfo], suspects: set[int]) -> Iterator[list[int]]:
        """Yield batches in fair order; add mail that arrives in the meantime to `new`."""
        left, senders = sorted(new), dict[int, str]()
        while left:
            # If everything fits into one batch, its order delays no sender.
            if len(left) > BATCH_SIZE:
                # A mail without From, or deleted meanwhile, counts for the sender "".
                unknown = [uid for uid in left if uid not in senders]
                senders |= dict.fromkeys(unknown, "") | box.senders(unknown)
                left = round_robin({uid: senders[uid] for uid in left})
            batch = next_batch(left, suspects, BATCH_SIZE)
            yield batch
            left = sorted(set(left).difference(batch))
            # Mail that arrives now takes its turn: it does not wait for hundreds of mails of one sender.
            if left:
                arrived = box.describe(box.uids(max(new) + 1))
                new |= arrived
                left += arrived

    def _process_batch(self, box: Mailbox, uids: list[int], described: dict[int, MailInfo]) -> None:
        locations = {uid: self._location(box, uid) for uid in uids}
        # Not durable: a commit survives a killed process, and no mail causes a power failure.
        with self.mailbox.transaction(durable=False) as session:
            attempts = ledger.start_attempts(session, list(locations.values()))
        self._open_attempts = set(locations.values())
        processed: list[int] = []
        try:
            for mail in self._fetch(box, uids, described):
                if self.stop.is_set():
                    break
                location = locations[mail.uid]
                self._process(mail, location, described[mail.uid].size, attempts[location])
                processed.append(mail.uid)
        finally:  # does not run if the process dies
            self._clear_attempts()
        if processed:
            box.move_to_processed(processed)

    def _fetch(self, box: Mailbox, uids: list[int], described: dict[int, MailInfo]) -> Iterator[FetchedMail]:
        """Yield the mails in the order of their UIDs; of mails that are too large only the header."""
        limit = self.mailbox.desk.policy.limits.mail
        small = {uid: described[uid] for uid in uids if described[uid].size <= limit}
        large = (box.fetch_header(uid) for uid in sorted(uids) if described[uid].size > limit)
        headers = (header for header in large if header is not None)
        # By UID, not the small ones first: a reply must not be processed before the mail that it answers.
        return merge(box.fetch(small), headers, key=lambda mail: mail.uid)

    def _process(self, mail: FetchedMail, location: MailLocation, size: int, attempts: int) -> None:
        now = self.mailbox.clock()
        decision = receive(
            self.mailbox.desk,
            location,
            mail.raw,
            mail.received_at,
            now,
            attempts=attempts,
            size=size if size > self.mailbox.desk.policy.limits.mail else None,
            lease=self.mailbox.lease,
        )
        # The ledger has the mail already, so it is only moved.
        if decision is None:
            return
        log.info(
            "mail processed",
            school=location.school,
            uid=location.uid,
            outcome=decision.outcome,
            ticket=decision.ticket or "",
            because=_for_log(decision),
        )
        # Negative if the clock of the mail server is ahead.
        latency = now - mail.received_at if mail.received_at else timedelta()
        self.on_processed(decision.outcome, max(latency.total_seconds(), 0.0))

    def _clear_attempts(self) -> None:
        """Delete the attempts that did not end in a crash; after a database error `process_new` retries.

        This commit is durable, and with it the commits of the mails. So no mail is moved before it: a mail
        that was processed and has an attempt may be lost in a power failure.
        """
        if self._open_attempts:
            with self.mailbox.transaction() as session:
                ledger.clear_attempts(session, self._open_attempts)
        self._open_attempts = set()

    def _location(self, box: Mailbox, uid: int) -> MailLocation:
        return MailLocation(self.mailbox.key, box.uid_validity, uid)


def _for_log(decision: Decision) -> str:
    """Return the reasons of a decision; of an error only the type, because its text may quote the mail."""
    if decision.outcome == ledger.QUARANTINED:
        return decision.because[0].partition(":")[0]
    return redact_for_log("; ".join(decision.because))
