"""Commands about the mails that their author gets of a ticket: mute, unmute."""

from mailbot.core.commands.command import STAFF
from mailbot.core.commands.definition import (
    TICKETS,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
    all_name_tickets,
    resolve_tickets,
)
from mailbot.core.model.effects import SetMuted
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Ticket


def _resolve_muted(request: Request) -> Resolved[None]:
    """Return the tickets; refuse those that are assigned to the sender: only they get the mails."""
    context = request.context
    tickets, _ = resolve_tickets(request)
    for ticket in tickets:
        if ticket.assignee is not None and ticket.assignee.email in context.sender_addresses:
            raise request.refusal(Reason.WORKS_HERE, context.person.shown)
    return tickets, None


def _mute(ticket: Ticket, _: None, actor: Address) -> tuple[SetMuted, ...]:
    return () if actor.email in ticket.muted else (SetMuted(ticket.key, actor.email, muted=True),)


def _unmute(ticket: Ticket, _: None, actor: Address) -> tuple[SetMuted, ...]:
    return (SetMuted(ticket.key, actor.email, muted=False),) if actor.email in ticket.muted else ()


MUTE = TicketCommand(
    name="mute",
    words={"de": ("stumm",), "fr": ("silence", "muet")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_muted, fits=all_name_tickets, optional=True),
    handler=_mute,
    alone=True,
    for_author_only=True,
)
UNMUTE = TicketCommand(
    name="unmute",
    words={"de": ("laut",), "fr": ("réactiver",)},
    roles=STAFF,
    argument=TICKETS,
    handler=_unmute,
    alone=True,
    for_author_only=True,
)
QUIET = (MUTE, UNMUTE)
