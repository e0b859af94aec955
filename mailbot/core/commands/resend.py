"""The command that sends the author's undelivered mails of a ticket again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailbot.core.commands.command import STAFF, LineLookups, Viewer
from mailbot.core.commands.definition import (
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
    all_name_tickets,
)
from mailbot.core.commands.syntax import ticket_names
from mailbot.core.model.effects import ResendMails
from mailbot.core.model.facts import UndeliveredMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Ticket


@dataclass(frozen=True, slots=True)
class UndeliveredMails:
    """The author's undelivered mails of each ticket, by its key."""

    by_ticket: Mapping[str, tuple[UndeliveredMail, ...]] = field(compare=False)


def _look_up_failures(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key), failures=True)


def _resolve_failures(request: Request) -> Resolved[UndeliveredMails]:
    """Return the tickets and the author's undelivered mails; refuse a ticket without any."""
    tickets, context = request.tickets(request.line.args), request.context
    found: dict[str, tuple[UndeliveredMail, ...]] = {}
    for ticket in tickets:
        mails = context.facts.undelivered.get(ticket.key, ())
        found[ticket.key] = tuple(mail for mail in mails if mail.author in context.sender_addresses)
        if not found[ticket.key]:
            raise request.refusal(Reason.NOTHING_TO_RESEND, ticket.key)
    return tickets, UndeliveredMails(found)


def _resend(ticket: Ticket, mails: UndeliveredMails, _: Address) -> tuple[ResendMails, ...]:
    return (ResendMails(ticket.key, mails.by_ticket[ticket.key]),)


def _recipients(mails: UndeliveredMails) -> Receipt:
    recipients = (mail.recipient for found in mails.by_ticket.values() for mail in found)
    return Receipt(", ".join(dict.fromkeys(recipients)))


RESEND = TicketCommand(
    name="resend",
    words={"de": ("erneut", "nochmal"), "fr": ("réexpédier",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_failures, fits=all_name_tickets, lookups=_look_up_failures),
    hidden=True,
    handler=_resend,
    receipt=_recipients,
    undoable=False,
)
