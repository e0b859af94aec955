"""Gather what has to be known to decide on one mail."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from mailbot.core.decide.understanding import Lookups
from mailbot.core.model.facts import Facts, RecentActivity, SentMail
from mailbot.core.model.mail import Mail
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Role
from mailbot.store import ledger, people, search, tickets
from mailbot.store.changes import last_changes
from mailbot.store.rows import identity, tickets_of
from mailbot.store.tables import MessageRow, OutboxRow, PersonRow, TicketRow, metadata
from mailbot.store.traffic import traffic

LOOKED_UP_MOST = 50
BOUNCED = "bounced"

_ENTRY = metadata.tables["ledger"].c
_OF_CONTENT = columns(_ENTRY.id, _ENTRY.school, _ENTRY.uid_validity, _ENTRY.uid, _ENTRY.ticket_id).where(
    _ENTRY.content_id == bindparam("content")
)


def hash_of(action_key: str) -> str:
    """Return the form in which an action key is stored."""
    return hashlib.sha256(action_key.encode()).hexdigest()


def content_id(mail: Mail, octets: bytes) -> str:
    """Name a mail by its content: a second delivery of it is known although its trace fields differ."""
    body = octets.partition(b"\r\n\r\n")[2] or octets.partition(b"\n\n")[2]
    sender = mail.sender.email if mail.sender else ""
    date = mail.date.isoformat() if mail.date else ""
    digest = hashlib.sha256("\0".join((mail.message_id, sender, date, mail.subject)).encode())
    digest.update(body)
    return digest.hexdigest()


def gather(
    session: Session,
    mail: Mail,
    wanted: Lookups,
    school: School,
    policy: Policy,
    content: str,
    now: datetime,
    *,
    own_entry: int | None = None,
) -> Facts:
    """Look up everything that a mail asks for; `own_entry` is its ledger entry if it has one already."""
    session.flush()
    answered, by_reply = _thread(session, wanted.message_ids[:LOOKED_UP_MOST], now)
    keyed = _letter(session, wanted.action_key, now)
    lately = traffic(session, mail.sender.email, policy, now) if mail.sender else RecentActivity()
    signs = (wanted.tag, by_reply, keyed.ticket if keyed else None, lately.flooded(policy.limits))
    found = tickets.to_change(session, _names(wanted, signs))
    rows = {_key(row): row for row in found.values()}
    number = tickets.next_number(session, school.key)  # after the tickets: all workers lock in this order
    return Facts(
        school=school,
        next_number=number,
        answered=answered,
        keyed=keyed,
        by_reply=by_reply,
        tagged=wanted.tag,
        tickets=dict(zip(rows, tickets_of(session, list(rows.values())), strict=True)),
        aliases={name: _key(found[name]) for name in found.keys() - rows.keys()},
        histories={name: tickets.history(session, identity(row.id)) for name, row in rows.items()},
        absences=people.absences(session, people.today(policy, now)),
        listings={listing: tickets.page(session, listing) for listing in wanted.listings},
        similar=search.similar(session, wanted.problem, number - 1) if wanted.problem and not rows else (),
        changes=last_changes(session, rows) if wanted.undoes else {},
        names=names_of_staff(session, school, policy),
        duplicate=_duplicate(session, content, school, wanted, by_reply, own_entry),
        traffic=lately,
        numbers_elsewhere={key: tickets.next_number(session, key) for key in _schools(wanted, rows.values())},
        blocked=_blocked(session, mail, school, rows.values()),
    )


def _names(wanted: Lookups, signs: Iterable[str | None]) -> list[str]:
    """Return the names of the tickets to load; all workers lock them in this order."""
    return sorted({*wanted.named, *(name for name in signs if name)})[:LOOKED_UP_MOST]


def _schools(wanted: Lookups, rows: Iterable[TicketRow]) -> list[str]:
    """Return the schools that may get a ticket by a command; all workers lock them in the same order."""
    split = {row.school for row in rows} if wanted.splits else set()
    return sorted({*wanted.schools, *split})


def _blocked(
    session: Session, mail: Mail, school: School, rows: Iterable[TicketRow]
) -> frozenset[tuple[str, str]]:
    sender = [(school.key, mail.sender.email)] if mail.sender else []
    return people.blocked(session, (*sender, *((row.school, row.requester) for row in rows)))


def _thread(
    session: Session, message_ids: tuple[str, ...], now: datetime
) -> tuple[SentMail | None, str | None]:
    """Return the letter that a thread names first, and the ticket of the first mail of it that is known."""
    if not message_ids:
        return None, None
    sent = {
        row.message_id: row
        for row in session.exec(select(OutboxRow).where(col(OutboxRow.message_id).in_(message_ids)))
    }
    received: dict[str, int] = {}
    query = select(MessageRow.message_id, MessageRow.ticket_id).order_by(col(MessageRow.id))
    for message_id, ticket_id in session.exec(query.where(col(MessageRow.message_id).in_(message_ids))):
        received.setdefault(message_id, ticket_id)
    answered = next((as_letter(session, sent[m], now) for m in message_ids if m in sent), None)
    known = (sent[m].ticket_id if m in sent else received.get(m) for m in message_ids)
    return answered, _name(session, next((t for t in known if t is not None), None))


def _letter(session: Session, action_key: str | None, now: datetime) -> SentMail | None:
    if action_key is None:
        return None
    row = session.exec(select(OutboxRow).where(OutboxRow.key_hash == hash_of(action_key))).first()
    return as_letter(session, row, now) if row else None


def as_letter(session: Session, row: OutboxRow | Row[Any], now: datetime) -> SentMail:
    """Return a letter of the outbox as the core sees it."""
    person = session.get(PersonRow, row.recipient)
    return SentMail(
        recipient=row.recipient,
        role=Role(row.role),
        kind=NotificationKind(row.kind),
        ticket=_name(session, row.ticket_id),
        internal=row.internal,
        held=_still_held(session, row.held_id, now),
        message_id=row.message_id,
        author=row.author,
        subject=row.subject,
        text=row.text,
        bounced=row.state == BOUNCED,
        marked=bool(person and person.undeliverable),
    )


def _still_held(session: Session, held_id: int | None, now: datetime) -> int | None:
    """Return the held mail about which a letter asks, if that still waits."""
    return held_id if held_id is not None and ledger.waiting(session, held_id, now) else None


def _name(session: Session, ticket_id: int | None) -> str | None:
    row = session.get(TicketRow, ticket_id) if ticket_id is not None else None
    return _key(row) if row else None


def _key(row: TicketRow) -> str:
    return f"{row.school}-{row.number}"


def names_of_staff(session: Session, school: School, policy: Policy) -> dict[str, str]:
    """Return the names that those who work on a school's tickets use in own mails, by address."""
    return people.names(session, (address for member in policy.staff(school) for address in member.addresses))


def _duplicate(
    session: Session,
    content: str,
    school: School,
    wanted: Lookups,
    by_reply: str | None,
    own_entry: int | None,
) -> str:
    """Say where the same mail was handled before: in this mailbox, or for the same ticket in another."""
    earlier = session.connection().execute(_OF_CONTENT, {"content": content}).all()
    belongs = {name for name in (by_reply, wanted.tag, *wanted.named) if name}
    for entry in earlier:
        if entry.id == own_entry:
            continue
        same_ticket = _name(session, entry.ticket_id) in belongs
        if entry.school == school.key or same_ticket or wanted.named:
            return f"the same mail was handled before: {entry.school} {entry.uid_validity}/{entry.uid}"
    return ""


def opened(session: Session) -> list[tuple[str, datetime]]:
    """Return school and time of opening of each ticket that is not closed."""
    query = select(TicketRow.school, TicketRow.opened).where(col(TicketRow.status).in_(tickets.NOT_CLOSED))
    return list(session.exec(query).all())
