"""Take what lies in a school's mailbox: fetch, handle, and only then file."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge

import structlog

from mailbot.config import ImapAccount
from mailbot.core.model.effects import Decision
from mailbot.core.model.policy import School
from mailbot.inbox import Described, Mailbox
from mailbot.monitoring.latency import LatencyHistogram
from mailbot.runtime.reconcile import Difference, differences
from mailbot.runtime.round_robin import next_batch, round_robin
from mailbot.sanitize import redact_for_log
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.service.receive import receive
from mailbot.store import ledger, mailboxes
from mailbot.store.database import Session, read_only, transaction
from mailbot.store.leases import Lease, assert_held
from mailbot.store.ledger import MailLocation

log = structlog.get_logger()

BATCH_SIZE = 50
_REFUSED_ADVICE = ("todo", "look at them in a mail program; repair or remove them on the mail server")
_DIFFERENT_ADVICE = (
    "todo",
    "move what was never handled into the folder that is read; see the log for the reason",
)
RECONCILED = timedelta(days=3)


@dataclass(slots=True)
class MailboxIngest:
    """One school's way in. `handled` is called after each mail that became something.

    `room` tells whether the disk has room for more mail, `lease` is the right to read this mailbox where
    several workers share them: once it is lost, whatever is to be written raises LeaseLostError.
    `wanted` tells whether another mailbox waits for the connection.
    """

    desk: Desk
    school: School
    account: ImapAccount
    clock: Callable[[], datetime]
    first_contact_days: int
    stop: threading.Event = field(default_factory=threading.Event)
    handled: Callable[[], None] = lambda: None
    room: Callable[[], bool] = lambda: True
    lease: Lease | None = None
    wanted: Callable[[], bool] = lambda: False
    outcomes: Counter[str] = field(default_factory=Counter)
    delays: LatencyHistogram = field(default_factory=LatencyHistogram)
    _survived: set[MailLocation] = field(default_factory=set)
    _refused: set[int] = field(default_factory=set)
    _old: set[tuple[int, int]] = field(default_factory=set)
    _cutoff: datetime | None = None
    _recovered: bool = False
    _left_alone: int | None = None
    _told_refused: tuple[tuple[str, str], ...] | None = None

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with transaction(self.desk.engine) as session:
            assert_held(session, self.lease)
            yield session

    def drain(self, box: Mailbox, since: int = 1, *, backfill: bool = False) -> bool:
        """Handle every mail of UID `since` and above that is not in the ledger; raise InboxError.

        Returns False if it ended after some of them, for others wait for the connection.
        """
        self._forget_survived()
        if not self._recovered:
            self._recover(box)
        cutoff = self._mail_counts_since(backfill=backfill)
        uids = box.uids(since)
        known, begun = self._noted(box, uids)
        if known and self.account.done:
            box.file(sorted(known))
        old = {uid for uid in uids if (box.uid_validity, uid) in self._old}
        described = box.describe([uid for uid in uids if uid not in known | old])
        taken = {uid: mail for uid, mail in described.items() if mail.received >= cutoff}
        self._old |= {(box.uid_validity, uid) for uid in described.keys() - taken.keys()}
        if since == 1:
            self._leave_alone(len(old) + len(described) - len(taken))
        risky = {uid for uid in taken if MailLocation(self.school.key, box.uid_validity, uid) in begun}
        for number, batch in enumerate(self._batches(box, taken, risky)):
            if self.stop.is_set():
                return True
            if number and self.wanted():
                return False
            if not self.room():
                log.warning("no mail is taken: the disk is nearly full", school=self.school.key)
                return True
            self._take(box, batch, taken)
        self._tell_refused(box, since)
        return True

    def _noted(self, box: Mailbox, uids: list[int]) -> tuple[set[int], set[MailLocation]]:
        """Return which of these mails were handled, and during which mails the process ended."""
        if not uids:  # as in most looks at most mailboxes
            return set(), set()
        with read_only(self.desk.engine) as session:
            known = ledger.recorded_uids(session, self.school.key, box.uid_validity, uids)
            return known, ledger.open_attempts(session, self.school.key)

    def _batches(self, box: Mailbox, taken: dict[int, Described], risky: set[int]) -> Iterator[list[int]]:
        """Yield what waits, so that no flood delays others; what comes meanwhile is added to `taken`."""
        waiting, senders = sorted(taken), dict[int, str]()
        while waiting:
            if len(waiting) > BATCH_SIZE:
                unknown = [uid for uid in waiting if uid not in senders]
                senders |= dict.fromkeys(unknown, "") | box.senders(unknown)
                waiting = round_robin({uid: senders[uid] for uid in waiting})
            batch = next_batch(waiting, risky, BATCH_SIZE)
            yield batch
            waiting = sorted(set(waiting).difference(batch))
            if waiting:
                came = box.describe(box.uids(max(taken) + 1))
                taken |= came
                waiting += came

    def reconcile(self, box: Mailbox) -> Difference:
        """Compare the mailbox with the ledger, and tell the operators of a difference. Raises InboxError."""
        now, cutoff = self.clock(), self._mail_counts_since(backfill=False)
        lying = {uid: mail.received for uid, mail in box.describe(box.uids()).items()}
        done = box.done_since(now - RECONCILED)
        with read_only(self.desk.engine) as session:
            handled = ledger.recorded_uids(session, self.school.key, box.uid_validity, lying)
            unknown = self._unknown(session, done)
        files = bool(self.account.done)
        found = differences(lying, handled, cutoff=cutoff, now=now, files=files, unknown_in_done=len(unknown))
        self._tell_difference(found, now)
        return found

    def _unknown(self, session: Session, done: dict[int, str]) -> list[int]:
        known = ledger.recorded_message_ids(session, self.school.key, set(done.values()) - {""})
        return [uid for uid, message_id in done.items() if message_id and message_id not in known]

    def _tell_difference(self, found: Difference, now: datetime) -> None:
        topic = f"mailbox {self.school.key}: not as the ledger says"
        names = {
            "mails that were never handled, by UID": ", ".join(map(str, found.missed)),
            "mails that were handled and cannot be filed, by UID": ", ".join(map(str, found.unfiled)),
            f"mails in {self.account.done} that nobody handled": str(found.unknown_in_done or ""),
        }
        details = tuple((name, value) for name, value in names.items() if value)
        log.info("reconciled", school=self.school.key, differences=len(details))
        with self._writing() as session:
            if details:
                raise_alert(session, self.desk, topic, (*details, _DIFFERENT_ADVICE), now)
            else:
                end_alert(session, self.desk, topic, now)

    def _recover(self, box: Mailbox) -> None:
        """After a backup was restored: put back what was handled after it, to be handled again."""
        with read_only(self.desk.engine) as session:
            since = mailboxes.recover_since(session, self.school.key)
        if since is None:
            self._recovered = True
            return
        done = box.done_since(since)
        with read_only(self.desk.engine) as session:
            unknown = self._unknown(session, done)
        if unknown:
            log.warning(
                "mails of after the backup are handled again", school=self.school.key, mails=len(unknown)
            )
            box.take_back(unknown)
        with self._writing() as session:
            mailboxes.end_recovery(session, self.school.key)
        self._recovered = True

    def _tell_refused(self, box: Mailbox, since: int) -> None:
        """Tell the operators once of mails that the server does not give; they stay where they are.

        Only a look at the whole folder shows that none is left.
        """
        topic = f"mailbox {self.school.key}: mails that the server does not give"
        for uid in box.refused.keys() - self._refused:
            log.error("mail refused by the server", school=self.school.key, uid=uid, reason=box.refused[uid])
        self._refused = set(box.refused)
        details = tuple((f"UID {uid}", reason) for uid, reason in sorted(box.refused.items()))
        if details == self._told_refused or (since > 1 and not details):
            return
        with self._writing() as session:
            if details:
                raise_alert(session, self.desk, topic, (*details, _REFUSED_ADVICE), self.clock())
            else:
                end_alert(session, self.desk, topic, self.clock())
        self._told_refused = details

    def _mail_counts_since(self, *, backfill: bool) -> datetime:
        """Return since when mail counts: on first contact, old mail is left alone."""
        if self._cutoff is None or backfill:
            self._cutoff = self._agreed_cutoff(backfill=backfill)
        return self._cutoff

    def _agreed_cutoff(self, *, backfill: bool) -> datetime:
        with self._writing() as session:
            if backfill:
                return mailboxes.remove_cutoff(session, self.school.key)
            first = self.clock() - timedelta(days=self.first_contact_days)
            return mailboxes.agree_cutoff(session, self.school.key, first)

    def _leave_alone(self, number: int) -> None:
        """Note how much old mail was left alone, and say so when it changed."""
        if number == self._left_alone:
            return
        with self._writing() as session:
            if mailboxes.record_left_alone(session, self.school.key, number) and number:
                log.info("old mail left alone", school=self.school.key, mails=number)
        self._left_alone = number

    def _take(self, box: Mailbox, uids: list[int], described: dict[int, Described]) -> None:
        places = {uid: MailLocation(self.school.key, box.uid_validity, uid) for uid in uids}
        with self._writing() as session:
            tries = ledger.start_attempts(session, list(places.values()))
        self._survived = set(places.values())
        try:
            self._handle(box, places, described, tries)
        finally:  # reached unless the process dies
            self._forget_survived()

    def _forget_survived(self) -> None:
        """Drop the notes of begun mails that did not kill us; later, while the database is away."""
        if self._survived:
            with self._writing() as session:
                ledger.clear_attempts(session, self._survived)
        self._survived = set()

    def _handle(
        self,
        box: Mailbox,
        places: dict[int, MailLocation],
        described: dict[int, Described],
        tries: dict[MailLocation, int],
    ) -> None:
        limit = self.desk.policy.limits.mail
        small = [uid for uid in places if described[uid].size <= limit]
        large = (box.fetch_header(uid) for uid in places if uid not in set(small))
        done: list[int] = []
        headers = (header for header in large if header is not None)
        for mail in merge(box.fetch(small), headers, key=lambda mail: mail.uid):
            if self.stop.is_set():
                break
            place = places[mail.uid]
            now = self.clock()
            size = described[mail.uid].size if described[mail.uid].size > limit else None
            decision = receive(
                self.desk,
                place,
                mail.octets,
                mail.received,
                now,
                attempts=tries[place],
                size=size,
                lease=self.lease,
            )
            self._note(place, decision, now - mail.received if mail.received else timedelta())
            done.append(mail.uid)
        if done:
            box.file(done)

    def _note(self, place: MailLocation, decision: Decision | None, delay: timedelta) -> None:
        self._survived.discard(place)  # its note is gone together with its effects
        if decision is None:
            return
        self.outcomes[decision.outcome] += 1
        self.delays.add(max(delay.total_seconds(), 0.0))
        log.info(
            "mail",
            school=place.school,
            uid=place.uid,
            outcome=decision.outcome,
            ticket=decision.ticket or "",
            because=_fit_for_the_log(decision),
        )
        self.handled()


def _fit_for_the_log(decision: Decision) -> str:
    """Return why that became of a mail; of an error its kind alone, for it may tell words of the mail."""
    if decision.outcome == ledger.QUARANTINED:
        return decision.because[0].partition(":")[0]
    return redact_for_log("; ".join(decision.because))
