"""Decide about alerts of a school's devices: they open a ticket without a receipt, or join an open one."""

from dataclasses import replace

from mailbot.core.classify.trust import Trust
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.match import Match
from mailbot.core.decide.open_ticket import open_ticket
from mailbot.core.decide.ticket_changes import change_ticket
from mailbot.core.model.effects import Decision, Notify
from mailbot.core.model.ticket import Role


def decide_alert(context: MailContext) -> Decision:
    """Open a ticket, or add the alert to the ticket that it repeats; the sender is never notified.

    The team is not notified of the same words again within the hour.
    """
    context = replace(context, trust=Trust(False, "sent by a program", context.trust.forged))
    repeated = context.facts.recent_activity.is_repeat(context.mail.subject, context.mail.text, proven=False)
    if context.ticket is not None:
        changed = change_ticket(context, context.ticket, [])
        decision = Decision("reply", ("repeats an alert",), changed.effects, context.ticket.key)
    else:
        decision = open_ticket(context)
    return replace(
        decision,
        effects=tuple(
            effect
            for effect in decision.effects
            if not isinstance(effect, Notify)
            or not (repeated or effect.notification.to.email == context.sender.email)
        ),
    )


def join_same_report(context: MailContext) -> MailContext:
    """Match a mail that belongs to no ticket to the sender's open ticket with the same words."""
    ticket = context.facts.ticket(context.facts.same_report)
    if context.ticket is not None or ticket is None or context.match.related is not None:
        return context
    match = Match(ticket, None, f"has the same words as {ticket.key}, which is open")
    return replace(context, match=match, role=Role.REQUESTER)
