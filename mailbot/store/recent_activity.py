"""Read the recent mails from and to an address, for rate limits."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Self

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlmodel import Session

from mailbot.core.model.facts import OpenedTickets, RecentActivity
from mailbot.core.model.notification import Cause
from mailbot.core.model.notification_kind import COUNTED, LIMITED, NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_ROWS = 50  # of the texts and tickets of one address

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_OUTBOX, _TICKET, _MESSAGE = (metadata.tables[name].c for name in ("outbox", "ticket", "message"))


def _as_activity(
    source: str, key: Any, at: Any, first: Any, second: Any, flag: Any, *conditions: ColumnElement[bool]
) -> Select[Any]:
    """Select the rows of one source, in the columns that all parts of the UNION share."""
    columns = (
        literal(source).label("source"),
        key.label("id"),
        at.label("at"),
        first.label("first"),
        second.label("second"),
        flag.label("flag"),
    )
    return select(*columns).where(*conditions)


def _newest(rows: Select[Any]) -> Select[Any]:
    return select(rows.order_by(rows.selected_columns.id.desc()).limit(MAX_ROWS).subquery())


# Count the automatic replies to all addresses.
_OVERALL = select(func.count()).where(
    _OUTBOX.kind.in_([kind.value for kind in LIMITED]), _OUTBOX.created > bindparam("hour_ago")
)
_ACTIVITY = union_all(
    # Read the limited mails to an address.
    _as_activity(
        "sent",
        _OUTBOX.id,
        _OUTBOX.created,
        _OUTBOX.kind,
        _OUTBOX.reasons,
        cast(null(), Boolean),
        _OUTBOX.recipient == bindparam("recipient"),
        _OUTBOX.created > bindparam("day_ago"),
        _OUTBOX.kind.in_([kind.value for kind in COUNTED]),
    ),
    # Read the newest tickets of a requester who was not authenticated in them; the flag: a mail is forged.
    _newest(
        _as_activity(
            "opened",
            _TICKET.id,
            _TICKET.opened,
            _TICKET.school,
            cast(_TICKET.number, Text),
            exists().where(
                _MESSAGE.ticket_id == _TICKET.id, _MESSAGE.author == bindparam("sender"), _MESSAGE.forged
            ),
            _TICKET.requester == bindparam("sender"),
            _TICKET.opened > bindparam("day_ago"),
            ~exists().where(
                _MESSAGE.ticket_id == _TICKET.id, _MESSAGE.author == bindparam("sender"), _MESSAGE.proven
            ),
        )
    ),
    # Read the newest texts of an author, each with the subject of its ticket.
    _newest(
        _as_activity(
            "texts",
            _MESSAGE.id,
            _MESSAGE.at,
            _TICKET.subject,
            _MESSAGE.text,
            _MESSAGE.proven,
            _MESSAGE.author == bindparam("sender"),
            _MESSAGE.at > bindparam("hour_ago"),
            _MESSAGE.direction == Direction.IN.value,
            _TICKET.id == _MESSAGE.ticket_id,
        )
    ),
    select(literal("overall"), _OVERALL.scalar_subquery(), null(), null(), null(), null()),
)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A limited mail of the last day: whether it is of the last hour, its cause, and the reasons."""

    kind: NotificationKind
    lately: bool
    cause: Cause
    reasons: frozenset[str]

    @classmethod
    def of(cls, row: Row[Any], hour_ago: datetime) -> Self:
        words = frozenset(row.second.split())
        cause = next((cause for cause in Cause if cause in words), Cause.PROVEN)
        return cls(NotificationKind(row.first), row.at > hour_ago, cause, words - {cause})


def load_recent_activity(session: Session, sender: str, policy: Policy, now: datetime) -> RecentActivity:
    """Return the mails that an address sent and received within the last hour and day."""
    hour_ago = now - _HOUR
    values = {
        "sender": sender,
        "recipient": policy.registered(sender),
        "hour_ago": hour_ago,
        "day_ago": now - _DAY,
    }
    rows = defaultdict(list)
    for row in execute(session, _ACTIVITY, values):
        rows[row.source].append(row)
    sent = [_Sent.of(row, hour_ago) for row in rows["sent"]]
    texts = sorted(rows["texts"], key=attrgetter("id"), reverse=True)
    activity = RecentActivity(
        overall_hour=rows["overall"][0].id,
        recent_texts=tuple(_text(row) for row in texts),
        proven_texts=tuple(_text(row) for row in texts if row.flag),
    )
    if policy.find_member(sender) is not None:
        confirmations = [mail for mail in sent if mail.kind is NotificationKind.CONFIRM]
        return replace(
            activity,
            hour=Counter(mail.cause for mail in confirmations if mail.lately),
            day=Counter(mail.cause for mail in confirmations),
            answered_hour=sum(mail.lately and mail.kind in LIMITED for mail in sent),
        )
    return replace(
        activity,
        hour=Counter(mail.cause for mail in sent if mail.lately),
        day=Counter(mail.cause for mail in sent),
        refused={
            cause: frozenset().union(*(mail.reasons for mail in sent if mail.cause is cause))
            for cause in Cause
        },
        opened=_opened([row for row in rows["opened"] if not row.flag], hour_ago),
        opened_forged=_opened([row for row in rows["opened"] if row.flag], hour_ago),
    )


def _opened(rows: Sequence[Row[Any]], hour_ago: datetime) -> OpenedTickets:
    latest = max(rows, key=attrgetter("id"), default=None)
    return OpenedTickets(
        sum(row.at > hour_ago for row in rows),
        f"{latest.first}-{latest.second}" if latest is not None else None,
    )


def count_automatic_replies(session: Session, now: datetime) -> int:
    """Count the automatic replies of the last hour to all addresses."""
    return int(execute(session, _OVERALL, {"hour_ago": now - _HOUR}).scalar_one())


def _text(row: Row[Any]) -> str:
    return f"{row.first}\n{row.second}"
