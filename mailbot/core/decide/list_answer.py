"""Refuse an answer by staff to a ticket whose requester is a mailing list."""

from collections.abc import Iterable

from mailbot.core.commands.assignment import FOR
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnyResolved
from mailbot.core.decide.execute import targets
from mailbot.core.model.notification import Reason, RefusedLine


def answers_to_lists(context: MailContext, commands: Iterable[AnyResolved]) -> tuple[RefusedLine, ...]:
    """Return a problem for each list that would get the text of a staff mail; `#for` names who gets it."""
    commands = tuple(commands)
    if context.has_no_answer or context.is_internal:
        return ()
    named = {ticket.key for command in commands if command.command == FOR for ticket in command.tickets}
    word = FOR.word(context.school.language)
    return tuple(
        RefusedLine(email, Reason.TO_LIST, argument=email, expected=f"#{word} {FOR.example}")
        for ticket in targets(context, commands)
        if ticket.key in context.facts.from_lists - named
        for email in (ticket.requester.email,)
    )
