"""Taking a change back: whether somebody may, and who hears of it."""

from collections.abc import Iterable
from datetime import timedelta

from mailbot.core.audience import Turn, notice, there_for
from mailbot.core.case import Case
from mailbot.core.change import Change
from mailbot.core.notice import Notice, NoticeKind, Reason
from mailbot.core.ticket import Ticket

UNDO_WITHIN = timedelta(days=1)
NEWS = frozenset(
    {
        NoticeKind.CLOSED,
        NoticeKind.ESCALATED_REQUESTER,
        NoticeKind.WAITING,
        NoticeKind.REOPENED,
        NoticeKind.COPIED,
        NoticeKind.UNDONE,
    }
)
"""Letters that told the requester's side where the ticket stands, which is no longer true."""


def refusal(case: Case, ticket: Ticket) -> Reason | None:
    """Return why the sender cannot take back the ticket's last change; None if that is possible."""
    change = case.facts.changes.get(ticket.key)
    if change is None:
        return Reason.NOTHING_TO_UNDO
    if change.actor not in case.own:
        return Reason.CHANGED_SINCE
    if change.final:
        return Reason.CANNOT_UNDO
    return None if case.now - change.at <= UNDO_WITHIN else Reason.TOO_LATE


def news(turn: Turn, change: Change) -> Iterable[Notice]:
    """Tell those who were told of the change that it was taken back; of the staff those who are there."""
    for told in change.told:
        if told.role.staff:
            for to, role in there_for(turn, turn.after, told.to):
                yield notice(turn, NoticeKind.UNDONE, to, role)
        elif told.kind in NEWS:
            yield notice(turn, NoticeKind.UNDONE, told.to, told.role)
