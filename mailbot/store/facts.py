"""Load the facts that a decision about one mail depends on."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, literal, select, union_all
from sqlmodel import Session

from mailbot.core.decide.understanding import Lookups, Understanding
from mailbot.core.model.facts import (
    Change,
    Copies,
    Facts,
    RecentActivity,
    SentMail,
    UndeliveredMail,
    has_same_words,
)
from mailbot.core.model.mail import Mail
from mailbot.core.model.place import Place, counted_since
from mailbot.core.model.policy import Absence, Policy, School
from mailbot.core.model.ticket import Message, OpenReport, Similar, Ticket
from mailbot.store import open_reports, people, places, saved_answers, search, sent_mails, tickets
from mailbot.store.copies import find_copies
from mailbot.store.ledger import LedgerEntry
from mailbot.store.mapping import to_tickets
from mailbot.store.outbox import undelivered
from mailbot.store.prepared import execute
from mailbot.store.recent_activity import load_recent_activity
from mailbot.store.tables import metadata
from mailbot.store.threads import by_common_ancestor, changed_copy, is_from_list
from mailbot.store.undo_state import last_changes, of_ended_bundles

MAX_LOOKUPS = 50
_MAX_IN_TRANSIT = timedelta(days=365)

_OUTBOX, _MESSAGE, _TICKET = (metadata.tables[name] for name in ("outbox", "message", "ticket"))

# Find the sent and the received mails with some Message-IDs, each with the key of its ticket.
_KNOWN = union_all(
    *(
        select(
            literal(is_sent).label("is_sent"),
            mail.c.id,
            mail.c.message_id,
            _TICKET.c.school,
            _TICKET.c.number,
        )
        .join(_TICKET, _TICKET.c.id == mail.c.ticket_id, isouter=True)
        .where(mail.c.message_id.in_(bindparam("message_ids", expanding=True)))
        for mail, is_sent in ((_OUTBOX, True), (_MESSAGE, False))
    )
)
# Read the texts of the open tickets of a requester, the newest first.
_REPORTS = (
    select(_TICKET.c.school, _TICKET.c.number, _TICKET.c.subject, _MESSAGE.c.text)
    .join(_MESSAGE, _MESSAGE.c.ticket_id == _TICKET.c.id)
    .where(
        _TICKET.c.requester == bindparam("requester"),
        _TICKET.c.school == bindparam("school"),
        _TICKET.c.status.in_(tickets.NOT_CLOSED),
    )
    .order_by(_MESSAGE.c.id.desc())
    .limit(MAX_LOOKUPS)
)


def content_id(mail: Mail, content: bytes) -> str:
    """Return an identifier of a mail's content; trace header fields do not change it."""
    sender = mail.sender.email if mail.sender else ""
    date = mail.date.isoformat() if mail.date else ""
    digest = hashlib.sha256("\0".join((mail.message_id, sender, date, mail.subject)).encode())
    # Each delivery has its own Received fields, so of the header only these four count.
    digest.update(_body(content))
    return digest.hexdigest()


def _body(content: bytes) -> memoryview:
    """Return the body of a mail without copying it, as it may be large."""
    view = memoryview(content)
    ends = ((content.find(blank), len(blank)) for blank in (b"\r\n\r\n", b"\n\n"))
    return next((body for at, length in ends if at >= 0 and (body := view[at + length :])), view[:0])


@dataclass(frozen=True, slots=True)
class _Thread:
    """What is known of the mails that a mail refers to, and of mails with its own Message-ID.

    `answered` is the first sent mail of the thread, `ticket` the ticket of the first known mail.
    """

    answered: SentMail | None = None
    ticket: str | None = None
    own_is_sent: bool = False
    own_is_received: bool = False


@dataclass(frozen=True, slots=True)
class _Matches:
    """The mails and tickets that a mail may belong to, and the recent mails of its sender.

    `flooding` are the tickets that get the mails of a sender who opened too many.
    """

    thread: _Thread
    by_action_key: SentMail | None
    by_ancestor: str | None
    same_report: str | None
    recent_activity: RecentActivity
    flooding: tuple[str | None, ...]
    by_appointment: str | None = None

    def tickets(self) -> Iterator[str]:
        """Yield the keys of the tickets."""
        by_action_key = self.by_action_key.ticket if self.by_action_key is not None else None
        first = (self.thread.ticket, self.by_ancestor, self.same_report)
        keys = (*first, by_action_key, *self.flooding, self.by_appointment)
        yield from (key for key in keys if key)


@dataclass(frozen=True, slots=True)
class _Found:
    """The tickets that a mail names or belongs to: rows by each name, rows and values by present key.

    `named` are the names; the other tickets are of the same bundles.
    """

    named: Collection[str]
    by_name: Mapping[str, Row[Any]]
    rows: Mapping[str, Row[Any]]
    tickets: Mapping[str, Ticket]

    @property
    def aliases(self) -> dict[str, str]:
        """Return the present key for each former key."""
        return {name: tickets.key_of(self.by_name[name]) for name in self.by_name.keys() - self.rows.keys()}

    def tagged(self, lookups: Lookups) -> str | None:
        """Return the first ticket tag of the subject that names a ticket."""
        return next((tag for tag in lookups.tags if tag in self.by_name), None)


def load_facts(
    session: Session,
    understood: Understanding,
    school: School,
    policy: Policy,
    entry: LedgerEntry,
    now: datetime,
) -> Facts:
    """Load the facts that a decision about a mail needs; `entry` is its entry in the ledger."""
    lookups = understood.lookups
    # All workers lock in this order: the tickets, the numbers of the mail's school, those of other schools.
    matches = _match(session, understood, school, policy, now)
    found = _load_tickets(session, lookups, matches)
    # Even if no ticket will be opened: that is decided later, and this lock comes before those below.
    number = tickets.next_number(session, school.key)
    names, absences = names_and_absences(session, school, policy, now)
    facts = Facts(
        school=school,
        next_number=number,
        answered=_answered(session, lookups, matches, found, now),
        by_action_key=matches.by_action_key,
        by_reply=matches.thread.ticket,
        by_ancestor=matches.by_ancestor,
        by_subject_tag=found.tagged(lookups),
        by_appointment=matches.by_appointment,
        same_report=matches.same_report,
        tickets=found.tickets,
        aliases=found.aliases,
        histories=_histories(session, _read(understood.mail, policy, found)),
        absences=absences,
        similar=_similar(session, lookups, found, number),
        reports=_reports(session, lookups, found, school, now),
        from_lists=_from_lists(session, understood.mail, policy, found.rows),
        names=names,
        own=matches.thread.own_is_sent,
        copies=_copies(session, understood, entry, matches.thread, policy, now),
        recent_activity=matches.recent_activity,
        blocked=_blocked(session, understood.mail, school, found),
    )
    return _with_looked_up(session, facts, found, understood, policy, now)


def _with_looked_up(
    session: Session, facts: Facts, found: _Found, understood: Understanding, policy: Policy, now: datetime
) -> Facts:
    """Return the facts with those that a new problem or single commands of the mail need."""
    lookups = understood.lookups
    numbers = {key: tickets.next_number(session, key) for key in _schools(lookups, found)}
    fitting = saved_answers.fitting(session, None if found.rows else lookups.problem)
    facts = replace(
        facts,
        numbers_elsewhere=numbers,
        fitting=fitting.answers,
        tip=fitting.tip,
        open_reports=_open_reports(session, lookups, found, facts.next_number, now),
        listings={listing: tickets.load_page(session, listing) for listing in lookups.listings},
        held_since=tickets.held_since(session, found.rows) if lookups.holders else {},
        undelivered=_undelivered(session, found) if lookups.resends else {},
    )
    if lookups.saved_answers:
        schools = {facts.school.key, *(row.school for row in found.rows.values())}
        facts = replace(facts, saved_answers=saved_answers.load(session, schools))
    if lookups.tips:
        facts = replace(facts, tips=_sent_tips(session, found))
    if lookups.undoes:
        receipt = facts.answered or facts.by_action_key
        actors = policy.addresses(receipt.recipient) if receipt is not None else frozenset()
        versions = saved_answers.load_versions(session, receipt, actors)
        facts = replace(facts, saved_versions=versions)
        facts = replace(facts, changes=_changes(session, found, understood.mail, policy))
    return facts


def _sent_tips(session: Session, found: _Found) -> dict[str, str]:
    sent = saved_answers.sent_tips(session, [row.id for row in found.rows.values()])
    return {key: sent[row.id] for key, row in found.rows.items() if row.id in sent}


def _match(
    session: Session, understood: Understanding, school: School, policy: Policy, now: datetime
) -> _Matches:
    """Find the mails and tickets that a mail belongs to, and the recent mails of its sender."""
    mail, lookups = understood.mail, understood.lookups
    thread = _thread(session, lookups.message_ids[:MAX_LOOKUPS], lookups.own_id, now)
    recent_activity = RecentActivity()
    if mail.sender is not None:
        recent_activity = load_recent_activity(session, mail.sender.email, policy, now)
    return _Matches(
        thread,
        sent_mails.by_action_key(session, lookups.action_key, now),
        None if thread.ticket else by_common_ancestor(session, mail, school.key),
        _same_report(session, mail, lookups.same_words, school) if lookups.same_words else None,
        recent_activity,
        tuple(o.flooding(policy.limits) for o in (recent_activity.opened, recent_activity.opened_forged)),
        tickets.find_by_appointment(session, lookups.appointment) if lookups.appointment else None,
    )


def _load_tickets(session: Session, lookups: Lookups, matches: _Matches) -> _Found:
    """Lock and load the tickets that a mail names or belongs to, and those of the bundles that they lead.

    `#undo` may need those of a bundle that ended.
    """
    names = sorted({*lookups.named, *lookups.tags, *matches.tickets()})[:MAX_LOOKUPS]
    if lookups.undoes:
        ended = of_ended_bundles(session, tickets.find_all(session, names).values())
        names = list(dict.fromkeys((*names, *ended)))
    by_name = tickets.find_for_update(session, names)
    rows = {tickets.key_of(row): row for row in by_name.values()}
    return _Found(
        names, by_name, rows, dict(zip(rows, to_tickets(session, list(rows.values())), strict=True))
    )


def _answered(
    session: Session, lookups: Lookups, matches: _Matches, found: _Found, now: datetime
) -> SentMail | None:
    """Return the sent mail that a mail answers; for a bounce without one, find it by recipient and ticket."""
    tag = found.tagged(lookups)
    if matches.thread.answered is not None or not lookups.bounced or tag is None:
        return matches.thread.answered
    return sent_mails.last_to(session, lookups.bounced, found.by_name[tag].id, now)


def _copies(
    session: Session,
    understood: Understanding,
    entry: LedgerEntry,
    thread: _Thread,
    policy: Policy,
    now: datetime,
) -> Copies | None:
    """Return the earlier copies of a mail, also those that came another way."""
    mail = understood.mail
    found = find_copies(
        session,
        entry,
        understood.lookups,
        thread.ticket,
        ignored_since=now - timedelta(days=policy.limits.confirm_days),
        received=None if mail.message_id or _was_sent(mail, entry.received or now) else entry.received or now,
    )
    if found is not None or not entry.content_id or not thread.own_is_received:
        return found
    return changed_copy(session, mail, entry.school, entry.raw_id)


def _changes(session: Session, found: _Found, mail: Mail, policy: Policy) -> dict[str, Change]:
    actors = policy.addresses(mail.sender.email) if mail.sender else ()
    return last_changes(session, {row.id: found.tickets[key] for key, row in found.rows.items()}, actors)


def _undelivered(session: Session, found: _Found) -> dict[str, tuple[UndeliveredMail, ...]]:
    return undelivered(session, {row.id: key for key, row in found.rows.items()})


def _was_sent(mail: Mail, received: datetime) -> bool:
    """Return whether Date says when a mail was sent; a device without a clock writes the same Date always."""
    return mail.date is not None and abs(mail.date - received) < _MAX_IN_TRANSIT


def _from_lists(session: Session, mail: Mail, policy: Policy, rows: Mapping[str, Row[Any]]) -> frozenset[str]:
    """Return the tickets that a mail by staff may answer, and whose requester is a list."""
    if mail.sender is None or policy.find_member(mail.sender.email) is None:
        return frozenset()
    return frozenset(key for key, row in rows.items() if is_from_list(session, row.id, row.requester))


def _histories(session: Session, rows: Mapping[str, Row[Any]]) -> dict[str, tuple[Message, ...]]:
    histories = tickets.histories(session, [row.id for row in rows.values()])
    return {key: histories[row.id] for key, row in rows.items()}


def _read(mail: Mail, policy: Policy, found: _Found) -> dict[str, Row[Any]]:
    """Return the tickets whose messages a mail may need; only mails by the staff concern whole bundles."""
    by_staff = mail.sender is not None and policy.find_member(mail.sender.email) is not None
    named = {row.id for name, row in found.by_name.items() if name in found.named}
    return {key: row for key, row in found.rows.items() if by_staff or row.id in named}


def _schools(lookups: Lookups, found: _Found) -> list[str]:
    """Return the other schools in which a command may open a ticket, in the order in which to lock them."""
    split = {row.school for row in found.rows.values()} if lookups.splits else set()
    return sorted({*lookups.schools, *split})


def _similar(session: Session, lookups: Lookups, found: _Found, number: int) -> tuple[Similar, ...]:
    """Return solved tickets similar to a new problem; `number` is that of the new ticket."""
    if lookups.problem is None or found.rows:
        return ()
    return search.similar(session, lookups.problem, number - 1)


def _reports(
    session: Session, lookups: Lookups, found: _Found, school: School, now: datetime
) -> dict[Place, int]:
    """Return the numbers of earlier tickets about the places that a new problem names."""
    if not lookups.places or found.rows:
        return {}
    since, _ = counted_since(school.team.calendar, now)
    return places.count_reports(session, lookups.places, school.key, since)


def _open_reports(
    session: Session, lookups: Lookups, found: _Found, number: int, now: datetime
) -> tuple[OpenReport, ...]:
    """Return the open tickets that may report the same problem; `number` is that of the new ticket."""
    if lookups.problem is None or found.rows:
        return ()
    return open_reports.load(session, lookups.problem.school, number - 1, now)


def _blocked(session: Session, mail: Mail, school: School, found: _Found) -> frozenset[tuple[str, str]]:
    sender = [(school.key, mail.sender.email)] if mail.sender else []
    return people.blocked(session, (*sender, *((row.school, row.requester) for row in found.rows.values())))


def _thread(session: Session, message_ids: Sequence[str], own_id: str, now: datetime) -> _Thread:
    named = [*message_ids, own_id] if own_id else message_ids
    if not named:
        return _Thread()
    sent: dict[str, Row[Any]] = {}
    received: dict[str, Row[Any]] = {}
    rows = execute(session, _KNOWN, {"message_ids": named}).all()
    for row in sorted(rows, key=lambda row: -row.id):  # the earliest is the last one
        (sent if row.is_sent else received)[row.message_id] = row
    answered = next((sent[m].id for m in message_ids if m in sent), None)
    known = (sent.get(m) or received.get(m) for m in message_ids)
    ticket = next((tickets.key_of(row) for row in known if row is not None and row.school is not None), None)
    return _Thread(
        sent_mails.by_id(session, answered, now) if answered is not None else None,
        ticket,
        own_id in sent,
        own_id in received,
    )


def _same_report(session: Session, mail: Mail, words: str, school: School) -> str | None:
    """Return the sender's newest open ticket in this school that has a message with the same words."""
    values = {"school": school.key, "requester": mail.sender.email if mail.sender else ""}
    rows = execute(session, _REPORTS, values)
    return next((tickets.key_of(r) for r in rows if has_same_words(words, f"{r.subject}\n{r.text}")), None)


def names_and_absences(
    session: Session, school: School, policy: Policy, now: datetime
) -> tuple[dict[str, str], dict[str, Absence]]:
    """Return the names that a school's staff use in their own mails, and all absences today, by address."""
    addresses = (address for member in policy.staff(school) for address in member.addresses)
    return people.names_and_absences(session, addresses, people.today(policy, now))
