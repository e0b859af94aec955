"""The ledger of all mails ever fetched, the quarantine."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from mailbot.store.rows import identity
from mailbot.store.tables import AttemptRow, HeldRow, LedgerRow, metadata

QUARANTINED = "quarantined"
AT_ONCE = 1_000

_LEDGER, _ATTEMPTS = (metadata.tables[name] for name in ("ledger", "attempt"))

# Each mail asks these, so they are put together once.
_AT = columns(_LEDGER.c.id).where(
    _LEDGER.c.school == bindparam("school"),
    _LEDGER.c.uid_validity == bindparam("uid_validity"),
    _LEDGER.c.uid == bindparam("uid"),
)
_INTO_LEDGER = insert(_LEDGER)
_BEGIN = insert(_ATTEMPTS)
_END = delete(_ATTEMPTS).where(
    _ATTEMPTS.c.school == bindparam("its_school"),
    _ATTEMPTS.c.uid_validity == bindparam("its_uid_validity"),
    _ATTEMPTS.c.uid == bindparam("its_uid"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies: the school's mailbox, UIDVALIDITY and UID (RFC 9051, 2.3.1.1)."""

    school: str
    uid_validity: int
    uid: int


@dataclass
class Record:
    """What the ledger is to say of a mail: a row of the table, without what it costs to build one."""

    school: str
    uid_validity: int
    uid: int
    content_id: str
    message_id: str
    sender: str
    subject: str
    received: datetime | None
    at: datetime
    outcome: str = ""
    because: str = ""
    ticket_id: int | None = None
    raw_id: int | None = None
    traceback: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail in the ledger, for people to read."""

    id: int
    place: Place
    at: datetime
    sender: str
    subject: str
    outcome: str
    because: str
    traceback: str


def knows(session: Session, place: Place) -> bool:
    """Tell whether a mail was handled before."""
    return session.connection().execute(_AT, asdict(place)).first() is not None


def enter(session: Session, record: Record) -> None:
    """Write what became of a mail; of one that stands in the ledger already, write it anew."""
    values = {name: value for name, value in vars(record).items() if name != "id"}
    if record.id is not None:
        session.connection().execute(update(_LEDGER).where(_LEDGER.c.id == record.id).values(values))
        return
    key = session.connection().execute(_INTO_LEDGER, values).inserted_primary_key
    record.id = identity(key[0] if key else None)


def record_of(row: LedgerRow) -> Record:
    """Return what the ledger says of a mail, to be written anew."""
    return Record(**row.model_dump())


def handled(session: Session, school: str, uid_validity: int, uids: Collection[int]) -> set[int]:
    """Return which of these UIDs are in the ledger."""
    wanted = list(uids)
    found: set[int] = set()
    for at in range(0, len(wanted), 500):
        query = select(LedgerRow.uid).where(
            LedgerRow.school == school,
            LedgerRow.uid_validity == uid_validity,
            col(LedgerRow.uid).in_(wanted[at : at + 500]),
        )
        found.update(session.exec(query))
    return found


def known_messages(session: Session, school: str, message_ids: Collection[str]) -> set[str]:
    """Return which of these Message-IDs are in the ledger of a school."""
    wanted = list(message_ids)
    found: set[str] = set()
    for at in range(0, len(wanted), 500):
        query = select(LedgerRow.message_id).where(
            LedgerRow.school == school, col(LedgerRow.message_id).in_(wanted[at : at + 500])
        )
        found.update(session.exec(query))
    return found


def begin(session: Session, places: Collection[Place]) -> dict[Place, int]:
    """Note that these mails are about to be handled; return how often each was begun alone, with this time.

    If the process dies, any of several may be the reason: none is accused, but each is begun alone then.
    """
    alone = int(len(places) == 1)
    begun_before = {
        Place(row.school, row.uid_validity, row.uid): row
        for school in {place.school for place in places}
        for row in session.exec(select(AttemptRow).where(AttemptRow.school == school))
    }
    for place in places:
        if place in begun_before:
            begun_before[place].tries += alone
    new = [asdict(place) | {"tries": alone} for place in places if place not in begun_before]
    if new:
        session.connection().execute(_BEGIN, new)
    return {place: begun_before[place].tries if place in begun_before else alone for place in places}


def begun(session: Session, school: str) -> set[Place]:
    """Return the mails during whose handling the process ended."""
    query = select(AttemptRow).where(AttemptRow.school == school)
    return {Place(r.school, r.uid_validity, r.uid) for r in session.exec(query)}


def end(session: Session, place: Place) -> None:
    """Note that a mail was handled, in the transaction of its effects."""
    session.connection().execute(_END, {f"its_{name}": value for name, value in asdict(place).items()})


def forget_begun(session: Session, places: Iterable[Place]) -> None:
    """Drop the notes of mails that were begun and given up in good order."""
    for place in places:
        end(session, place)


def quarantined(session: Session) -> list[Entry]:
    """Return what could not be handled, the oldest first."""
    query = select(LedgerRow).where(LedgerRow.outcome == QUARANTINED).order_by(col(LedgerRow.id))
    return [_entry(row) for row in session.exec(query)]


def count_quarantined(session: Session) -> int:
    """Count the mails that could not be handled."""
    query = select(func.count()).select_from(LedgerRow).where(LedgerRow.outcome == QUARANTINED)
    return int(session.exec(query).one())


def delays(session: Session, since: datetime) -> dict[str, list[float]]:
    """Return by school how many seconds the newest mails lay until they were handled, of those since then."""
    query = select(LedgerRow.school, LedgerRow.received, LedgerRow.at).order_by(col(LedgerRow.id).desc())
    found: dict[str, list[float]] = {}
    for school, received, at in session.exec(query.limit(AT_ONCE)):
        if received is not None and received >= since:
            found.setdefault(school, []).append(max((at - received).total_seconds(), 0.0))
    return found


def entry(session: Session, entry_id: int) -> LedgerRow | None:
    """Return the row of a quarantined mail by its number."""
    row = session.get(LedgerRow, entry_id)
    return row if row is not None and row.outcome == QUARANTINED else None


def _entry(row: LedgerRow) -> Entry:
    return Entry(
        identity(row.id),
        Place(row.school, row.uid_validity, row.uid),
        row.at,
        row.sender,
        row.subject,
        row.outcome,
        row.because,
        row.traceback,
    )


def waiting(session: Session, held_id: int, now: datetime) -> tuple[HeldRow, LedgerRow] | None:
    """Return a held mail that may still be confirmed, with its ledger entry."""
    held = session.get(HeldRow, held_id)
    if held is None or held.state != "waiting" or held.until < now:
        return None
    return held, session.get_one(LedgerRow, held.ledger_id)


def overdue(session: Session, now: datetime) -> list[int]:
    """Return the held mails that waited in vain."""
    query = select(HeldRow.id).where(HeldRow.state == "waiting", HeldRow.until < now)
    return [identity(key) for key in session.exec(query.limit(AT_ONCE))]


def claim_overdue(session: Session, held_id: int, now: datetime) -> tuple[HeldRow, LedgerRow] | None:
    """Lock a held mail to drop it, with its ledger entry; None if another worker does so or has done so."""
    query = select(HeldRow).where(HeldRow.id == held_id, HeldRow.state == "waiting", HeldRow.until < now)
    held = session.exec(query.with_for_update(skip_locked=True)).first()
    return (held, session.get_one(LedgerRow, held.ledger_id)) if held is not None else None


def latest(session: Session) -> datetime | None:
    """Return when the last mail was handled."""
    return session.exec(select(LedgerRow.at).order_by(col(LedgerRow.id).desc()).limit(1)).first()
