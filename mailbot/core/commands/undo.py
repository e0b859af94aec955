"""Taking a change back: whether somebody may, and who hears of it."""

from datetime import timedelta

from mailbot.core.commands.context import MailContext
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Ticket

UNDO_WITHIN = timedelta(days=1)


def refusal(case: MailContext, ticket: Ticket) -> Reason | None:
    """Return why the sender cannot take back the ticket's last change; None if that is possible."""
    change = case.facts.changes.get(ticket.key)
    if change is None:
        return Reason.NOTHING_TO_UNDO
    if change.actor not in case.own:
        return Reason.CHANGED_SINCE
    if change.final:
        return Reason.CANNOT_UNDO
    return None if case.now - change.at <= UNDO_WITHIN else Reason.TOO_LATE
