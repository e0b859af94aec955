"""Count what went to and fro between the desk and an address lately."""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.notification import COUNTED, LIMITED, NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Direction
from mailbot.store.tables import metadata

LOOKED_AT_MOST = 50  # of somebody's mails and tickets of a day

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_LETTER, _TICKET, _MESSAGE = (metadata.tables[name].c for name in ("outbox", "ticket", "message"))

# Each mail asks these, so they are put together once.
_LETTERS = select(_LETTER.kind, _LETTER.created, _LETTER.reasons).where(
    _LETTER.recipient == bindparam("who"),
    _LETTER.created > bindparam("since"),
    _LETTER.kind.in_([kind.value for kind in COUNTED]),
)
_OVERALL = select(func.count()).where(
    _LETTER.kind.in_([kind.value for kind in LIMITED]), _LETTER.created > bindparam("since")
)
_OPENED = (
    select(_TICKET.school, _TICKET.number, _TICKET.opened)
    .where(_TICKET.requester == bindparam("who"), _TICKET.opened > bindparam("since"))
    .order_by(_TICKET.id.desc())
    .limit(LOOKED_AT_MOST)
)
_SAID = (
    select(_MESSAGE.text)
    .where(
        _MESSAGE.author == bindparam("who"),
        _MESSAGE.at > bindparam("since"),
        _MESSAGE.direction == Direction.IN.value,
    )
    .order_by(_MESSAGE.id.desc())
    .limit(LOOKED_AT_MOST)
)


def traffic(session: Session, sender: str, policy: Policy, now: datetime) -> RecentActivity:
    """Return what the sender of a mail got and sent within the last hour and day."""
    letters = _letters(session, policy.registered(sender), now)
    hour = [kind for kind, at, _ in letters if at > now - _HOUR]
    if policy.member(sender) is not None:
        asked = [kind for kind, *_ in letters if kind is NotificationKind.CONFIRM]
        answered = sum(kind in LIMITED for kind in hour)
        return RecentActivity(
            hour=hour.count(NotificationKind.CONFIRM),
            day=len(asked),
            answered_hour=answered,
            overall_hour=overall(session, now),
            said=_said(session, sender, now),
        )
    opened = _opened(session, sender, now)
    return RecentActivity(
        hour=len(hour),
        day=len(letters),
        overall_hour=overall(session, now),
        refused=frozenset(reason for *_, why in letters for reason in why.split()),
        opened_hour=sum(at > now - _HOUR for _, at in opened),
        latest=opened[0][0] if opened else None,
        said=_said(session, sender, now),
    )


def overall(session: Session, now: datetime) -> int:
    """Count the letters of the last hour that answered a mail by machine, whoever got them."""
    return int(session.connection().execute(_OVERALL, {"since": now - _HOUR}).scalar_one())


def _letters(session: Session, recipient: str, now: datetime) -> list[tuple[NotificationKind, datetime, str]]:
    rows = session.connection().execute(_LETTERS, {"who": recipient, "since": now - _DAY})
    return [(NotificationKind(kind), created, why) for kind, created, why in rows]


def _opened(session: Session, sender: str, now: datetime) -> list[tuple[str, datetime]]:
    """Return somebody's new tickets of a day, the newest first."""
    rows = session.connection().execute(_OPENED, {"who": sender, "since": now - _DAY})
    return [(f"{school}-{number}", opened) for school, number, opened in rows]


def _said(session: Session, sender: str, now: datetime) -> tuple[str, ...]:
    since = {"who": sender, "since": now - _HOUR}
    return tuple(session.connection().execute(_SAID, since).scalars())
