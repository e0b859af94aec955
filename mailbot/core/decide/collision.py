"""Two supporters answer one ticket within minutes: the second has to know what the first wrote."""

from collections.abc import Iterable
from datetime import timedelta

from mailbot.core.commands.context import MailContext
from mailbot.core.model.notification import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Ticket, Visibility

KNOWS_ANSWER = frozenset(
    {
        NotificationKind.ANSWER_COPY,
        NotificationKind.CLOSED_TEAM,
        NotificationKind.HELD_ANSWER,
        NotificationKind.SHEET,
    }
)
"""Letters that carry what colleagues wrote: whoever answers one knows it."""


def earlier_answer(context: MailContext, tickets: Iterable[Ticket]) -> tuple[Ticket, Message] | None:
    """Return the answer that a colleague gave one of these tickets minutes ago, if the writer does not know.

    `tickets` are those whose requesters would get the words of this mail.
    """
    informed = context.letter is not None and context.letter.kind in KNOWS_ANSWER
    sent_all_the_same = context.facts.confirmed and context.facts.released is not NotificationKind.REFUSAL
    if sent_all_the_same or informed:
        return None
    for ticket in tickets:
        last = _last_public(context, ticket)
        if last is not None and context.role_in(ticket).staff and _collides(context, ticket, last):
            return ticket, last
    return None


def _last_public(context: MailContext, ticket: Ticket) -> Message | None:
    history = context.facts.histories.get(ticket.key, ())
    return next((m for m in reversed(history) if m.visibility is Visibility.PUBLIC), None)


def _collides(context: MailContext, ticket: Ticket, last: Message) -> bool:
    """An answer from the other level came together with the ticket, which was handed over with it."""
    here = context.policy.second_level if ticket.level == 2 else context.school_of(ticket).team
    if here.member(last.author.email) is None:
        return False
    within = timedelta(minutes=context.policy.limits.answer_collision_minutes)
    by_colleague = last.author.email not in context.own
    return last.direction is Direction.OUT and by_colleague and context.now - last.at < within
