"""Read the recent mails from and to an address, for rate limits."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, exists, func, select
from sqlmodel import Session

from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.notification import COUNTED, LIMITED, NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction
from mailbot.store.tables import metadata

MAX_ROWS = 50  # of the mails and tickets of one address

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_OUTBOX, _TICKET, _MESSAGE = (metadata.tables[name].c for name in ("outbox", "ticket", "message"))

# Read the limited mails to an address, and whether each replies to a mail that did not prove its sender.
_UNPROVEN = exists().where(
    _MESSAGE.message_id == _OUTBOX.in_reply_to,
    _MESSAGE.author == bindparam("address"),
    _MESSAGE.proven.is_(False),
)
_SENT = select(_OUTBOX.kind, _OUTBOX.created, _OUTBOX.reasons, _UNPROVEN).where(
    _OUTBOX.recipient == bindparam("address"),
    _OUTBOX.created > bindparam("since"),
    _OUTBOX.kind.in_([kind.value for kind in COUNTED]),
)
# Count the automatic replies to all addresses.
_OVERALL = select(func.count()).where(
    _OUTBOX.kind.in_([kind.value for kind in LIMITED]), _OUTBOX.created > bindparam("since")
)
# Read the newest tickets of a requester who was not authenticated in them.
_OPENED = (
    select(_TICKET.school, _TICKET.number, _TICKET.opened)
    .where(
        _TICKET.requester == bindparam("address"),
        _TICKET.opened > bindparam("since"),
        ~exists().where(
            _MESSAGE.ticket_id == _TICKET.id, _MESSAGE.author == bindparam("address"), _MESSAGE.proven
        ),
    )
    .order_by(_TICKET.id.desc())
    .limit(MAX_ROWS)
)
# Read the newest texts of an author, each with the subject of its ticket.
_TEXTS = (
    select(_TICKET.subject, _MESSAGE.text, _MESSAGE.proven)
    .join_from(metadata.tables["message"], metadata.tables["ticket"], _TICKET.id == _MESSAGE.ticket_id)
    .where(
        _MESSAGE.author == bindparam("address"),
        _MESSAGE.at > bindparam("since"),
        _MESSAGE.direction == Direction.IN.value,
    )
    .order_by(_MESSAGE.id.desc())
    .limit(MAX_ROWS)
)


def load_recent_activity(session: Session, sender: str, policy: Policy, now: datetime) -> RecentActivity:
    """Return the mails that an address sent and received within the last hour and day."""
    sent = _sent(session, policy.registered(sender), now)
    hour = [kind for kind, at, *_ in sent if at > now - _HOUR]
    texts = _texts(session, sender, now)
    if policy.find_member(sender) is not None:
        confirmations = [kind for kind, *_ in sent if kind is NotificationKind.CONFIRM]
        answered = sum(kind in LIMITED for kind in hour)
        return RecentActivity(
            hour=hour.count(NotificationKind.CONFIRM),
            day=len(confirmations),
            answered_hour=answered,
            overall_hour=count_automatic_replies(session, now),
            recent_texts=tuple(text for text, _ in texts),
            proven_texts=tuple(text for text, proven in texts if proven),
        )
    opened = _opened(session, sender, now)
    return RecentActivity(
        hour=len(hour),
        day=len(sent),
        overall_hour=count_automatic_replies(session, now),
        unproven_hour=sum(unproven for _, at, _, unproven in sent if at > now - _HOUR),
        unproven_day=sum(unproven for *_, unproven in sent),
        refused=frozenset(reason for _, _, why, _ in sent for reason in why.split()),
        opened_hour=sum(at > now - _HOUR for _, at in opened),
        latest=opened[0][0] if opened else None,
        recent_texts=tuple(text for text, _ in texts),
        proven_texts=tuple(text for text, proven in texts if proven),
    )


def count_automatic_replies(session: Session, now: datetime) -> int:
    """Count the automatic replies of the last hour to all addresses."""
    return int(session.connection().execute(_OVERALL, {"since": now - _HOUR}).scalar_one())


def _sent(
    session: Session, recipient: str, now: datetime
) -> list[tuple[NotificationKind, datetime, str, bool]]:
    rows = session.connection().execute(_SENT, {"address": recipient, "since": now - _DAY})
    return [(NotificationKind(kind), created, why, bool(unproven)) for kind, created, why, unproven in rows]


def _opened(session: Session, sender: str, now: datetime) -> list[tuple[str, datetime]]:
    """Return the tickets that a requester opened within a day, the newest first."""
    rows = session.connection().execute(_OPENED, {"address": sender, "since": now - _DAY})
    return [(f"{school}-{number}", opened) for school, number, opened in rows]


def _texts(session: Session, sender: str, now: datetime) -> list[tuple[str, bool | None]]:
    values = {"address": sender, "since": now - _HOUR}
    rows = session.connection().execute(_TEXTS, values)
    return [(f"{subject}\n{text}", proven) for subject, text, proven in rows]
