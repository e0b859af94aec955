"""Process the new mail of a school's mailbox: fetch, handle in a transaction, and only then move."""

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
    """Turns the mails of one mailbox into effects; a stopped one ends after the mail in hand.

    `has_disk_space` tells whether more mail may be taken, `should_yield` whether another mailbox waits for
    the connection. `on_processed` is called with the outcome of each mail and with the seconds that it lay.
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
        """Handle every mail of UID `since` and above that is not in the ledger; raise InboxError.

        Returns False if it ended with mail left, because another mailbox waits for the connection.
        """
        self._clear_attempts()
        if not self._recovered:
            put_back_unknown(self.mailbox, box)
            self._recovered = True
        waiting, risky = self._waiting(box, since)
        for number, batch in enumerate(self._batches(box, waiting, risky)):
            if self.stop.is_set():
                return True
            if number and self.should_yield():
                return False
            if not self.has_disk_space():
                log.warning("no mail is taken: the disk is nearly full", school=self.mailbox.key)
                return True
            self._process_batch(box, batch, waiting)
        self._unfetchable.report(box, whole_folder=since == 1)
        return True

    def _waiting(self, box: Mailbox, since: int) -> tuple[dict[int, MailInfo], set[int]]:
        """Return the mails to be handled, and during which of them the process died."""
        uids = box.uids(since)
        known, begun = self._known(box, uids)
        if known and self.mailbox.account.done:
            box.move_to_processed(sorted(known))
        old = self.old_mail.known(box.uid_validity, uids)
        described = box.describe([uid for uid in uids if uid not in known | old])
        waiting = self.old_mail.remove(box.uid_validity, described)
        if since == 1:
            self.old_mail.record(len(old) + len(described) - len(waiting))
        return waiting, {uid for uid in waiting if self._place(box, uid) in begun}

    def _known(self, box: Mailbox, uids: list[int]) -> tuple[set[int], set[MailLocation]]:
        """Return which of these mails were handled, and during which mails the process died."""
        if not uids:  # most scans find an empty folder
            return set(), set()
        with read_only(self.mailbox.desk.engine) as session:
            known = ledger.recorded_uids(session, self.mailbox.key, box.uid_validity, uids)
            return known, ledger.open_attempts(session, self.mailbox.key)

    def _batches(self, box: Mailbox, waiting: dict[int, MailInfo], risky: set[int]) -> Iterator[list[int]]:
        """Yield batches in fair order; mail that arrives meanwhile is added to `waiting`."""
        left, senders = sorted(waiting), dict[int, str]()
        while left:
            if len(left) > BATCH_SIZE:
                unknown = [uid for uid in left if uid not in senders]
                senders |= dict.fromkeys(unknown, "") | box.senders(unknown)
                left = round_robin({uid: senders[uid] for uid in left})
            batch = next_batch(left, risky, BATCH_SIZE)
            yield batch
            left = sorted(set(left).difference(batch))
            if left:
                arrived = box.describe(box.uids(max(waiting) + 1))
                waiting |= arrived
                left += arrived

    def _process_batch(self, box: Mailbox, uids: list[int], described: dict[int, MailInfo]) -> None:
        places = {uid: self._place(box, uid) for uid in uids}
        with self.mailbox.transaction() as session:
            tries = ledger.start_attempts(session, list(places.values()))
        self._open_attempts = set(places.values())
        processed: list[int] = []
        try:
            for mail in self._fetch(box, uids, described):
                if self.stop.is_set():
                    break
                self._process(mail, places[mail.uid], described[mail.uid].size, tries[places[mail.uid]])
                processed.append(mail.uid)
            if processed:
                box.move_to_processed(processed)
        finally:  # reached unless the process dies
            self._clear_attempts()

    def _fetch(self, box: Mailbox, uids: list[int], described: dict[int, MailInfo]) -> Iterator[FetchedMail]:
        """Yield the mails in order; of one that is too large, only its header."""
        limit = self.mailbox.desk.policy.limits.mail
        small = [uid for uid in uids if described[uid].size <= limit]
        large = (box.fetch_header(uid) for uid in uids if described[uid].size > limit)
        headers = (header for header in large if header is not None)
        return merge(box.fetch(small), headers, key=lambda mail: mail.uid)

    def _process(self, mail: FetchedMail, place: MailLocation, size: int, tries: int) -> None:
        now = self.mailbox.clock()
        decision = receive(
            self.mailbox.desk,
            place,
            mail.raw,
            mail.received_at,
            now,
            attempts=tries,
            size=size if size > self.mailbox.desk.policy.limits.mail else None,
            lease=self.mailbox.lease,
        )
        self._open_attempts.discard(place)  # its entry is gone together with its effects
        if decision is None:
            return
        log.info(
            "mail",
            school=place.school,
            uid=place.uid,
            outcome=decision.outcome,
            ticket=decision.ticket or "",
            because=_for_log(decision),
        )
        waited = now - mail.received_at if mail.received_at else timedelta()
        self.on_processed(decision.outcome, max(waited.total_seconds(), 0.0))

    def _clear_attempts(self) -> None:
        """Drop the attempts that the process survived; later, if the database is away."""
        if self._open_attempts:
            with self.mailbox.transaction() as session:
                ledger.clear_attempts(session, self._open_attempts)
        self._open_attempts = set()

    def _place(self, box: Mailbox, uid: int) -> MailLocation:
        return MailLocation(self.mailbox.key, box.uid_validity, uid)


def _for_log(decision: Decision) -> str:
    """Return the reasons of a decision; of an error only its type, for its text may quote the mail."""
    if decision.outcome == ledger.QUARANTINED:
        return decision.because[0].partition(":")[0]
    return redact_for_log("; ".join(decision.because))
