"""Read the open tickets of a school that may report the same problem as a new one."""

from datetime import datetime

from sqlalchemy import bindparam, func, select, union_all
from sqlmodel import Session

from mailbot.core.decide.same_problem import MAX_COMPARED, WITHIN
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import OpenReport, Status
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_REPORTS = 20
"""The newest tickets that a new one is compared with; each takes time."""

_TICKET, _MESSAGE = metadata.tables["ticket"], metadata.tables["message"]
_FIRST = metadata.tables["message"].alias("first").c

# Read the open tickets of a school with their first texts: recent ones, and those of bundles.
_OPEN = (
    select(
        _TICKET.c.number,
        _TICKET.c.subject,
        _TICKET.c.requester,
        _TICKET.c.requester_name,
        _TICKET.c.opened,
        _TICKET.c.bundle,
        func.substr(_MESSAGE.c.text, 1, MAX_COMPARED).label("text"),
    )
    .join(_MESSAGE, _MESSAGE.c.ticket_id == _TICKET.c.id)
    .where(
        _TICKET.c.school == bindparam("school"),
        _TICKET.c.status != Status.CLOSED.value,
        _MESSAGE.c.id
        == select(func.min(_FIRST.id)).where(_FIRST.ticket_id == _TICKET.c.id).scalar_subquery(),
    )
)
_REPORTS = union_all(
    _OPEN.where(
        _TICKET.c.number > bindparam("after"),
        _TICKET.c.opened >= bindparam("since"),
        _TICKET.c.bundle.is_(None),
    ),
    _OPEN.where(_TICKET.c.bundle > 0),
)


def load(session: Session, school: str, last: int, now: datetime) -> tuple[OpenReport, ...]:
    """Return the open tickets of the last two hours and those of bundles; `last` is the last number."""
    values = {"school": school, "after": last - MAX_REPORTS, "since": now - WITHIN}
    return tuple(
        OpenReport(school, number, subject, Address(email, name), opened, bundle, text)
        for number, subject, email, name, opened, bundle, text in execute(session, _REPORTS, values)
    )
