"""The change of a ticket by a mail, as the recipients are decided from it."""

from collections.abc import Iterable

from mailbot.core.commands.context import MailContext
from mailbot.core.model.effects import AddCc
from mailbot.core.model.ticket import Message, Ticket
from mailbot.core.recipients.ticket_change import TicketChange


def change_by_mail(
    case: MailContext, before: Ticket, after: Ticket, message: Message | None, cc_added: Iterable[AddCc] = ()
) -> TicketChange:
    """Return the change of a ticket by a mail; `cc_added` are the people whom its headers put in cc."""
    facts = case.facts
    return TicketChange(
        before=before,
        after=after,
        school=facts.school,
        policy=case.policy,
        absences=facts.absences,
        names=facts.names,
        actor=case.sender,
        message=message,
        history=facts.histories.get(before.key, ()),
        cc_added=frozenset(added.person.email for added in cc_added),
        related=case.match.related,
        related_reason=case.match.related_reason,
        similar=facts.similar,
    )
