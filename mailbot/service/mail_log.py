"""Return what became of mails, as JSON values for operators: search, and the summary of a day."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any
from unicodedata import normalize
from zoneinfo import ZoneInfo

from mailbot.core.model.outcomes import SENDING_STATES, OutcomeGroup, outcome_of
from mailbot.service.desk import Desk
from mailbot.store import ledger, mail_log
from mailbot.store.database import Row, read_only
from mailbot.store.mail_log import Period

Document = dict[str, Any]
MAX_FOUND = 200


def find_mails(
    desk: Desk, folders: Mapping[str, str], text: str, days: int, school: str | None, now: datetime
) -> Document:
    """Return the mails of the last days with a text in an address, the Message-ID or the subject.

    `folders` are the folders of processed mails, by school. The newest mails come first; `complete` is False
    if there are more than MAX_FOUND.
    """
    wanted, period = _folded(text), Period(now - timedelta(days=days), now + timedelta(days=1))
    log = _Log(desk, folders)
    schools = [s.key for s in desk.policy.schools if wanted in _folded(s.address)]
    with read_only(desk.engine) as session:
        received = map(log.received, mail_log.find_received(session, period, text, schools))
        outgoing = map(log.outgoing, mail_log.find_outgoing(session, period, text))
        mails = merge(received, outgoing, key=itemgetter("at"), reverse=True)
        matching = (m for m in mails if school in (None, m["school"]) and _has(m, wanted))
        found = list(islice(matching, MAX_FOUND + 1))
    return {
        "text": text,
        "since": log.local(period.since),
        "complete": len(found) <= MAX_FOUND,
        "mails": [log.document(mail) for mail in found[:MAX_FOUND]],
    }


def summary(
    desk: Desk, folders: Mapping[str, str], day: date | None, school: str | None, now: datetime
) -> Document:
    """Return for each school the mails of a day, with counts by outcome; `day` is today by default.

    Mails of schools that are no longer in the configuration are listed, too.
    """
    log = _Log(desk, folders)
    day = day or now.astimezone(log.zone).date()
    period = Period(*(datetime.combine(d, time(), log.zone) for d in (day, day + timedelta(days=1))))
    keys = [s.key for s in desk.policy.schools]
    with read_only(desk.engine) as session:
        mails = [log.received(row) for row in mail_log.received(session, period)]
        outgoing = mail_log.count_outgoing(session, period)
    keys += sorted({mail["school"] for mail in mails} - set(keys))
    mails = [log.document(mail) for mail in reversed(mails)]
    schools = [_of_school(key, mails, outgoing) for key in keys if school in (None, key)]
    return {"day": day.isoformat(), "timezone": desk.policy.timezone, "schools": schools}


def _of_school(key: str, mails: Iterable[Document], outgoing: Mapping[tuple[str, str], int]) -> Document:
    own = [mail for mail in mails if mail["school"] == key]
    groups = Counter(outcome_of(mail["outcome"]).group for mail in own)
    return {
        "school": key,
        "came": len(own),
        **{group.value: groups[group] for group in OutcomeGroup},
        "outgoing": {state: number for (school, state), number in outgoing.items() if school == key},
        "mails": own,
    }


class _Log:
    """Makes documents of rows, with the times and the folders of the configuration."""

    def __init__(self, desk: Desk, folders: Mapping[str, str]) -> None:
        self.zone = ZoneInfo(desk.policy.timezone)
        self._folders = folders
        self._addresses = {school.key: school.address for school in desk.policy.schools}

    def local(self, at: datetime) -> str:
        """Return a time in the time zone of the desk."""
        return at.astimezone(self.zone).isoformat(timespec="seconds")

    def received(self, row: Row[Any]) -> Document:
        """Return the document of a ledger entry."""
        return {
            "direction": "in",
            "at": row.at,
            "school": row.school,
            "sender": row.sender,
            "recipient": self._addresses.get(row.school, ""),
            "subject": row.subject,
            "message_id": row.message_id,
            "outcome": row.outcome,
            "sentence": outcome_of(row.outcome).sentence,
            "because": row.because.splitlines(),
            "ticket": _ticket(row),
            "folder": self._folders.get(row.school, ""),
            "see": f"mailbot quarantine show {row.id}" if row.outcome == ledger.QUARANTINED else "",
        }

    def outgoing(self, row: Row[Any]) -> Document:
        """Return the document of an outgoing mail."""
        return {
            "direction": "out",
            "at": row.created,
            "school": row.school,
            "sender": self._addresses.get(row.school, ""),
            "recipient": row.recipient,
            "subject": row.subject,
            "message_id": row.message_id,
            "outcome": row.state,
            "sentence": SENDING_STATES.get(row.state, row.state),
            "because": [row.kind, *([row.last_error] if row.last_error else [])],
            "ticket": _ticket(row),
            "folder": "",
            "see": "" if row.state == "sent" else f"mailbot outbox show {row.id}",
        }

    def document(self, mail: Document) -> Document:
        """Return a mail as it is printed; the Message-ID of an outgoing mail is left out: it is a proof."""
        hidden = {} if mail["direction"] == "in" else {"message_id": None}
        return {**mail, **hidden, "at": self.local(mail["at"])}


def _ticket(row: Row[Any]) -> str | None:
    return f"{row.ticket_school}-{row.ticket_number}" if row.ticket_school is not None else None


def _has(mail: Document, wanted: str) -> bool:
    return any(wanted in _folded(mail[name]) for name in ("sender", "recipient", "subject", "message_id"))


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()
