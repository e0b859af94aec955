"""Store every fetched mail with its outcome, the mails in progress, and the held mails."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite has the same ON CONFLICT
from sqlmodel import Session

from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

QUARANTINED = "quarantined"
MAX_ROWS = 1_000
MAX_KEYS = 500  # in one IN (...)

_LEDGER, _ATTEMPT, _HELD = (metadata.tables[name] for name in ("ledger", "attempt", "held"))

# Write the entry of a mail, unless one with its location exists.
_RECORD = (
    upsert(_LEDGER)
    .on_conflict_do_nothing(index_elements=["school", "uid_validity", "uid"])
    .returning(_LEDGER.c.id)
)
# Find which mails of a mailbox were processed.
_RECORDED_UIDS = select(_LEDGER.c.uid).where(
    _LEDGER.c.school == bindparam("school"),
    _LEDGER.c.uid_validity == bindparam("uid_validity"),
    _LEDGER.c.uid.in_(bindparam("uids", expanding=True)),
)
# Find which mails of a school were processed, independent of their folder.
_RECORDED_MESSAGE_IDS = select(_LEDGER.c.message_id).where(
    _LEDGER.c.school == bindparam("school"),
    _LEDGER.c.message_id.in_(bindparam("message_ids", expanding=True)),
)
# Count the entries without a Message-ID.
_WITHOUT_MESSAGE_ID = select(func.count()).where(
    _LEDGER.c.school == bindparam("school"), _LEDGER.c.message_id == ""
)
# Read when the newest mails were received and processed.
_TIMES = (
    select(_LEDGER.c.school, _LEDGER.c.received, _LEDGER.c.at).order_by(_LEDGER.c.id.desc()).limit(MAX_ROWS)
)
# Find when the last mail was processed.
_LATEST = select(_LEDGER.c.at).order_by(_LEDGER.c.id.desc()).limit(1)

# List the quarantine; its condition is that of the partial index.
_QUARANTINE = select(_LEDGER).where(_LEDGER.c.outcome == QUARANTINED).order_by(_LEDGER.c.id)
_COUNT_QUARANTINE = select(func.count()).where(_LEDGER.c.outcome == QUARANTINED)
_IN_QUARANTINE = select(_LEDGER).where(_LEDGER.c.id == bindparam("entry"), _LEDGER.c.outcome == QUARANTINED)

# List the mails in progress of some schools.
_OPEN_ATTEMPTS = select(_ATTEMPT).where(_ATTEMPT.c.school.in_(bindparam("schools", expanding=True)))
_START_ATTEMPTS = insert(_ATTEMPT)
# Store the number of attempts of mails that were in progress when the process died.
_REPEAT_ATTEMPTS = (
    update(_ATTEMPT)
    .where(
        _ATTEMPT.c.school == bindparam("b_school"),
        _ATTEMPT.c.uid_validity == bindparam("b_uid_validity"),
        _ATTEMPT.c.uid == bindparam("b_uid"),
    )
    .values(tries=bindparam("b_tries"))
)
# Remove mails that are no longer in progress.
_CLEAR_ATTEMPTS = delete(_ATTEMPT).where(
    _ATTEMPT.c.school == bindparam("school"),
    _ATTEMPT.c.uid_validity == bindparam("uid_validity"),
    _ATTEMPT.c.uid == bindparam("uid"),
)

_HELD_ENTRY = select(_LEDGER, _HELD.c.until).join(_HELD, _HELD.c.ledger_id == _LEDGER.c.id)
_IS_OVERDUE = (_HELD.c.state == "waiting") & (_HELD.c.until < bindparam("now"))
# Read the entry of a held mail that may still be confirmed.
_WAITING = _HELD_ENTRY.where(
    _HELD.c.id == bindparam("held"), _HELD.c.state == "waiting", _HELD.c.until >= bindparam("now")
)
# Find held mails that were not confirmed in time.
_OVERDUE = select(_HELD.c.id).where(_IS_OVERDUE).limit(MAX_ROWS)
# Lock one of them, unless another worker has locked it.
_CLAIM_OVERDUE = _HELD_ENTRY.where(_HELD.c.id == bindparam("held"), _IS_OVERDUE).with_for_update(
    skip_locked=True, of=_HELD
)
# Hold a mail until its sender confirms it.
_ADD_HELD = insert(_HELD).returning(_HELD.c.id)
_CLOSE_HELD = update(_HELD).where(_HELD.c.id == bindparam("held")).values(state=bindparam("new_state"))


@dataclass(frozen=True, slots=True)
class MailLocation:
    """The location of a mail: the school's mailbox, UIDVALIDITY and UID (RFC 9051, 2.3.1.1)."""

    school: str
    uid_validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A received mail and what became of it, with the columns of its row; `id` is None until it is stored.

    `content_id` identifies the content of the mail. It is "" in a dry run, so that no other mail has it.
    `received` is when the server received the mail, `at` when it was processed first.
    """

    school: str
    uid_validity: int
    uid: int
    at: datetime
    received: datetime | None = None
    content_id: str = ""
    message_id: str = ""
    sender: str = ""
    subject: str = ""
    outcome: str = ""
    because: str = ""
    traceback: str = ""
    ticket_id: int | None = None
    raw_id: int | None = None
    id: int | None = None


_COLUMNS = tuple(field.name for field in fields(LedgerEntry))


class AlreadyProcessedError(Exception):
    """The mail was processed before, so this transaction must be rolled back."""


def record(session: Session, entry: LedgerEntry) -> int:
    """Write the entry of a mail, or the new outcome of a stored one; return its key.

    Raises AlreadyProcessedError if the mail at this location has another entry.
    """
    values = {name: getattr(entry, name) for name in _COLUMNS if name != "id"}
    # A mail that was held or quarantined has its entry, and gets a new outcome.
    if entry.id is not None:
        update_entry(session, entry.id, values)
        return entry.id
    entry_id = execute(session, _RECORD, values).scalar()
    if entry_id is None:
        raise AlreadyProcessedError(f"{entry.school} {entry.uid_validity}/{entry.uid}")
    return int(entry_id)


def update_entry(session: Session, entry_id: int, values: Mapping[str, Any]) -> None:
    """Change some columns of a mail's entry."""
    execute(session, update(_LEDGER).where(_LEDGER.c.id == entry_id).values(values))


def recorded_uids(session: Session, school: str, uid_validity: int, uids: Collection[int]) -> set[int]:
    """Return which of these UIDs are in the ledger."""
    keys = list(uids)
    found: set[int] = set()
    for at in range(0, len(keys), MAX_KEYS):
        batch = {"school": school, "uid_validity": uid_validity, "uids": keys[at : at + MAX_KEYS]}
        found.update(session.execute(_RECORDED_UIDS, batch).scalars())
    return found


def recorded_message_ids(session: Session, school: str, message_ids: Collection[str]) -> set[str]:
    """Return which of these Message-IDs are in the ledger of a school."""
    keys = list(message_ids)
    found: set[str] = set()
    for at in range(0, len(keys), MAX_KEYS):
        batch = {"school": school, "message_ids": keys[at : at + MAX_KEYS]}
        found.update(session.execute(_RECORDED_MESSAGE_IDS, batch).scalars())
    return found


def count_without_message_id(session: Session, school: str) -> int:
    """Count the entries of a school without a Message-ID: of mails that have none, and erased ones."""
    return int(session.execute(_WITHOUT_MESSAGE_ID, {"school": school}).scalar_one())


def start_attempts(session: Session, mails: Collection[MailLocation]) -> dict[MailLocation, int]:
    """Record that the processing of these mails starts; return the number of single attempts of each.

    If the process dies, any mail of the batch may be the cause. So each is retried alone, and only these
    attempts are counted.
    """
    alone = int(len(mails) == 1)
    schools = list({mail.school for mail in mails})
    before = {
        MailLocation(row.school, row.uid_validity, row.uid): row.tries
        for row in execute(session, _OPEN_ATTEMPTS, {"schools": schools})
    }
    attempts = {mail: before.get(mail, 0) + alone for mail in mails}
    if new := [asdict(mail) | {"tries": alone} for mail in mails if mail not in before]:
        execute(session, _START_ATTEMPTS, new)
    if repeated := [mail for mail in mails if alone and mail in before]:
        values = [
            {"b_school": m.school, "b_uid_validity": m.uid_validity, "b_uid": m.uid, "b_tries": attempts[m]}
            for m in repeated
        ]
        execute(session, _REPEAT_ATTEMPTS, values)
    return attempts


def open_attempts(session: Session, school: str) -> set[MailLocation]:
    """Return the mails that were in progress when the process died."""
    rows = session.execute(_OPEN_ATTEMPTS, {"schools": [school]})
    return {MailLocation(row.school, row.uid_validity, row.uid) for row in rows}


def clear_attempts(session: Session, mails: Collection[MailLocation]) -> None:
    """Record that these mails are no longer in progress."""
    if mails:
        execute(session, _CLEAR_ATTEMPTS, [asdict(mail) for mail in mails])


def quarantined(session: Session) -> Sequence[Row[Any]]:
    """Return the mails that could not be processed, the oldest first."""
    return session.execute(_QUARANTINE).all()


def count_quarantined(session: Session) -> int:
    """Count the mails that could not be processed."""
    return int(session.execute(_COUNT_QUARANTINE).scalar_one())


def find_quarantined(session: Session, entry_id: int) -> Row[Any] | None:
    """Return the entry of a quarantined mail by its key."""
    return session.execute(_IN_QUARANTINE, {"entry": entry_id}).first()


def to_entry(row: Row[Any]) -> LedgerEntry:
    """Return the entry of a row."""
    return LedgerEntry(**{name: getattr(row, name) for name in _COLUMNS})


def delays(session: Session, since: datetime) -> dict[str, list[float]]:
    """Return the processing delays in seconds of the newest mails received since then, by school."""
    found: dict[str, list[float]] = {}
    for school, received, at in session.execute(_TIMES):
        if received is not None and received >= since:
            found.setdefault(school, []).append(max((at - received).total_seconds(), 0.0))
    return found


def last_processed_at(session: Session) -> datetime | None:
    """Return when the last mail was processed."""
    at: datetime | None = session.execute(_LATEST).scalar()
    return at


def add_held(session: Session, entry_id: int, school: str, address: str, until: datetime) -> int:
    """Hold a mail until that address confirms it; return the key of the held mail."""
    values = {"ledger_id": entry_id, "school": school, "address": address, "until": until}
    return int(execute(session, _ADD_HELD, values).scalar_one())


def find_waiting(session: Session, held_id: int, now: datetime) -> Row[Any] | None:
    """Return the entry of a held mail that may still be confirmed."""
    return session.execute(_WAITING, {"held": held_id, "now": now}).first()


def overdue(session: Session, now: datetime) -> Sequence[int]:
    """Return the keys of the held mails that were not confirmed in time."""
    return session.execute(_OVERDUE, {"now": now}).scalars().all()


def claim_overdue(session: Session, held_id: int, now: datetime) -> Row[Any] | None:
    """Lock an expired held mail and return its entry, with `until`.

    Return None if another worker has locked or closed it.
    """
    return session.execute(_CLAIM_OVERDUE, {"held": held_id, "now": now}).first()


def close_held(session: Session, held_id: int, state: str) -> None:
    """Record how a held mail ended: confirmed, expired or discarded."""
    session.execute(_CLOSE_HELD, {"held": held_id, "new_state": state})
