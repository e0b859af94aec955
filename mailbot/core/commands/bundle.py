"""Commands for tickets that report the same problem: bundle, unbundle."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailbot.core.commands.command import STAFF
from mailbot.core.commands.definition import (
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
    all_name_tickets,
    resolve_tickets,
)
from mailbot.core.commands.syntax import numbers, ticket_name
from mailbot.core.model.effects import Effect, SetBundle
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import MAX_BUNDLE, Status, Ticket


@dataclass(frozen=True, slots=True)
class Bundle:
    """The ticket that leads a bundle."""

    leading: Ticket


@dataclass(frozen=True, slots=True)
class EndedBundles:
    """The numbers of the other tickets of each bundle, by the key of the ticket that leads it."""

    others: Mapping[str, tuple[int, ...]] = field(compare=False)


def _resolve_bundle(request: Request) -> Resolved[Bundle]:
    """Return the tickets to bundle, and the ticket that leads them.

    That is the one that leads a bundle already, else that of the mail if the line does not name it, else the
    first one named.
    """
    named = request.tickets(request.line.args) if request.line.args else ()
    own = (request.own_ticket(),) if request.context.ticket is not None else ()
    if not named or (own and own[0] not in named):
        named = (*own, *named)
    if len(named) < 2:
        raise request.wrong(" ".join(request.line.args))
    leading = next((ticket for ticket in named if ticket.leads), named[0])
    _refuse_merged(request, named)
    for ticket in named:
        _refuse_unfit(request, ticket, leading)
    joining = tuple(ticket for ticket in named if ticket.bundle is None)
    present = request.context.facts.followers(leading)
    if len({t.key for t in (leading, *joining, *present)}) > MAX_BUNDLE:
        raise request.refusal(Reason.BUNDLE_FULL, str(MAX_BUNDLE))
    return joining or named, Bundle(leading)


def _refuse_merged(request: Request, named: Iterable[Ticket]) -> None:
    """Refuse the number of a ticket that was merged: it stands for another ticket."""
    aliases = request.context.facts.aliases
    school = request.context.facts.school.key
    for name in filter(None, (ticket_name(arg, school) for arg in numbers(request.line.args))):
        target = next((t for t in named if aliases.get(name) == t.key), None)
        if target is not None and name.rpartition("-")[0] == target.school:
            raise request.refusal(Reason.MERGED, name)


def _refuse_unfit(request: Request, ticket: Ticket, leading: Ticket) -> None:
    """Refuse a ticket of another school, a closed one, and one of another bundle."""
    if ticket.school != leading.school:
        raise request.refusal(Reason.NOT_HERE, ticket.key)
    if ticket.status is Status.CLOSED:
        raise request.refusal(Reason.CLOSED, ticket.key)
    if ticket.bundle is not None and ticket.leading_key != leading.key:
        raise request.refusal(Reason.BUNDLED, ticket.key)


def _bundle(ticket: Ticket, into: Bundle, _: Address) -> tuple[Effect, ...]:
    number = into.leading.number
    return () if ticket.bundle == number else (SetBundle(ticket.key, number),)


def _resolve_unbundled(request: Request) -> Resolved[EndedBundles]:
    tickets, _ = resolve_tickets(request)
    facts = request.context.facts
    return tickets, EndedBundles({t.key: tuple(o.number for o in facts.followers(t)) for t in tickets})


def _unbundle(ticket: Ticket, ended: EndedBundles, _: Address) -> tuple[Effect, ...]:
    if ticket.bundle is None:
        return ()
    return (SetBundle(ticket.key, None, ended.others.get(ticket.key, ())),)


BUNDLE = TicketCommand(
    name="bundle",
    words={"de": ("bündeln",), "fr": ("grouper", "regrouper")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_bundle),
    example="101 102",
    handler=_bundle,
    receipt=lambda into: Receipt(into.leading.key),
    alone=True,
)
UNBUNDLE = TicketCommand(
    name="unbundle",
    words={"de": ("entbündeln",), "fr": ("dégrouper",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_unbundled, fits=all_name_tickets, optional=True),
    complete_example=True,
    handler=_unbundle,
    alone=True,
    for_bundle=True,
)
BUNDLES = (BUNDLE, UNBUNDLE)
