"""Read the last changes of tickets from the audit trail, so that they can be undone."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, func, or_, select
from sqlmodel import Session

from mailbot.core.model.effects import SetMuted
from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.model.ticket_fields import with_state
from mailbot.core.model.transition import apply
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

IRREVERSIBLE = frozenset({"merged", "split", "moved"})
"""Actions that changed more than one ticket, so they cannot be undone."""

OF_ONE_MEMBER = frozenset({"muted", "unmuted"})
"""Actions that concern their actor only: they are not the last change for others."""
_ACTORS: BindParameter[Any] = bindparam("actors", expanding=True)

_EVENT, _OUTBOX, _TICKET = (metadata.tables[name] for name in ("event", "outbox", "ticket"))

# Read the last change of each of several tickets, for a person with these addresses.
_LAST_CHANGES = select(_EVENT).where(
    _EVENT.c.id.in_(
        select(func.max(_EVENT.c.id))
        .where(
            _EVENT.c.ticket_id.in_(bindparam("tickets", expanding=True)),
            or_(
                _EVENT.c.before.is_not(None),
                _EVENT.c.action.in_(IRREVERSIBLE),
                and_(_EVENT.c.action.in_(OF_ONE_MEMBER), _EVENT.c.actor.in_(_ACTORS)),
            ),
        )
        .group_by(_EVENT.c.ticket_id)
    )
)
# Read the mails about tickets that were created at one of these times.
_SENT_MAILS = (
    select(_OUTBOX)
    .where(
        _OUTBOX.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _OUTBOX.c.created.in_(bindparam("times", expanding=True)),
    )
    .order_by(_OUTBOX.c.id)
)


# Find the tickets of a school that one mail changed.
_CHANGED_TOGETHER = (
    select(_TICKET.c.number)
    .distinct()
    .join(_EVENT, _EVENT.c.ticket_id == _TICKET.c.id)
    .where(
        _TICKET.c.school == bindparam("school"),
        _TICKET.c.updated >= bindparam("at"),
        _EVENT.c.at == bindparam("at"),
        _EVENT.c.actor == bindparam("actor"),
        _EVENT.c.before.is_not(None),
    )
)


def of_ended_bundles(session: Session, rows: Iterable[Row[Any]]) -> Iterator[str]:
    """Yield the keys of the tickets of bundles that the last changes of these tickets left or ended."""
    by_id = {row.id: row for row in rows}
    for event in execute(session, _LAST_CHANGES, {"tickets": list(by_id), "actors": []}).all():
        row, former = by_id[event.ticket_id], (event.before or {}).get("bundle")
        if former is None or row.bundle is not None:
            continue
        yield f"{row.school}-{former}"
        if former == row.number:
            values = {"school": row.school, "at": event.at, "actor": event.actor}
            numbers = execute(session, _CHANGED_TOGETHER, values).scalars()
            yield from (f"{row.school}-{number}" for number in numbers)


def last_changes(
    session: Session, tickets: Mapping[int, Ticket], actors: Collection[str]
) -> dict[str, Change]:
    """Return the last change of each ticket that was changed since it was opened, by key.

    `actors` are the addresses of the person who wants to undo it.
    """
    events = execute(session, _LAST_CHANGES, {"tickets": list(tickets), "actors": list(actors)}).all()
    # An entry and the mails of its change have one time, that of the decision.
    values = {"tickets": [e.ticket_id for e in events], "times": [e.at for e in events]}
    sent: defaultdict[tuple[int, datetime], list[Row[Any]]] = defaultdict(list)
    for row in execute(session, _SENT_MAILS, values) if events else ():
        sent[row.ticket_id, row.created].append(row)
    return {
        tickets[e.ticket_id].key: _change(tickets[e.ticket_id], e, sent[e.ticket_id, e.at]) for e in events
    }


def _change(ticket: Ticket, event: Row[Any], sent_mails: list[Row[Any]]) -> Change:
    if event.action in OF_ONE_MEMBER:
        effect = SetMuted(ticket.key, event.detail, muted=event.action == "unmuted")
        return Change(event.actor, event.at, apply(ticket, [effect], event.at))
    if event.before is None:
        return Change(event.actor, event.at, ticket, irreversible=True)
    sent = tuple(
        SentNotification(
            Address(row.recipient, row.recipient_name), Role(row.role), NotificationKind(row.kind)
        )
        for row in sent_mails
        if row.recipient != event.actor
    )
    return Change(event.actor, event.at, with_state(ticket, event.before), sent)
