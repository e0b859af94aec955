"""Commands for tickets that report the same problem: bundle, unbundle."""

from collections.abc import Iterable
from dataclasses import dataclass

from mailbot.core.commands.command import STAFF
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    TICKETS,
    MemberChange,
    Receipt,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
)
from mailbot.core.commands.syntax import numbers, ticket_name
from mailbot.core.model.effects import Effect, SetBundle
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import MAX_BUNDLE, Status, Ticket


@dataclass(frozen=True, slots=True)
class Bundle:
    """The ticket that leads a bundle, and the keys of the tickets that do not join since they are closed."""

    leading: Ticket
    closed: tuple[str, ...] = ()


def _resolve_bundle(request: Request) -> Resolved[Bundle]:
    """Return the tickets to bundle, and the ticket that leads them; closed ones are left out."""
    named = request.tickets(request.line.args) if request.line.args else ()
    own = (request.own_ticket(),) if request.context.ticket is not None else ()
    if not named or (own and own[0] not in named):
        named = (*own, *named)
    if len(named) < 2:
        raise request.wrong(" ".join(request.line.args))
    _refuse_merged(request, named)
    fit = tuple(ticket for ticket in named if ticket.status is not Status.CLOSED or ticket.bundle is not None)
    closed = tuple(ticket.key for ticket in named if ticket not in fit)
    if len(fit) < 2:
        raise request.refusal(Reason.CLOSED, closed[0])
    leading = _leading(request, fit)
    for ticket in fit:
        _refuse_unfit(request, ticket, leading)
    joining = tuple(ticket for ticket in fit if ticket.bundle is None)
    present = request.context.facts.followers(leading)
    if len({t.key for t in (leading, *joining, *present)}) > MAX_BUNDLE:
        raise request.refusal(Reason.BUNDLE_FULL, str(MAX_BUNDLE))
    own_in_bundle = tuple(ticket for ticket in own if ticket in fit and ticket not in joining)
    return (*own_in_bundle, *joining) if joining else fit, Bundle(leading, closed)


def _leading(request: Request, named: tuple[Ticket, ...]) -> Ticket:
    """Return the ticket that leads a bundle: one that does already, else the first one.

    A reply of a member to their own problem is a requester's, so such a ticket leads only without another.
    """
    policy = request.context.policy
    by_others = (t for t in named if policy.find_member(t.requester.email) is None)
    return next((t for t in named if t.leads), next(by_others, named[0]))


def _refuse_merged(request: Request, named: Iterable[Ticket]) -> None:
    """Refuse the number of a ticket that was merged: it names another ticket now."""
    aliases = request.context.facts.aliases
    school = request.context.facts.school.key
    for name in filter(None, (ticket_name(arg, school) for arg in numbers(request.line.args))):
        target = next((t for t in named if aliases.get(name) == t.key), None)
        if target is not None and name.rpartition("-")[0] == target.school:
            raise request.refusal(Reason.MERGED, name)


def _refuse_unfit(request: Request, ticket: Ticket, leading: Ticket) -> None:
    """Refuse a ticket of another school, one of another bundle, and a closed one that leads."""
    if ticket.school != leading.school:
        raise request.refusal(Reason.NOT_HERE, ticket.key)
    if leading.status is Status.CLOSED:
        raise request.refusal(Reason.CLOSED, leading.key)
    if ticket.bundle is not None and ticket.leading_key != leading.key:
        raise request.refusal(Reason.BUNDLED, ticket.key)


def _bundle(ticket: Ticket, into: Bundle, _: Address) -> tuple[Effect, ...]:
    number = into.leading.number
    return () if ticket.bundle == number else (SetBundle(ticket.key, number),)


def _left_out(_: MailContext, into: Bundle) -> tuple[MemberChange, ...]:
    closed = ", ".join(into.closed)
    return (MemberChange((), already=True, detail=closed, phrase="bundle_closed"),) if closed else ()


def _unbundle(ticket: Ticket, _: None, __: Address) -> tuple[Effect, ...]:
    return () if ticket.bundle is None else (SetBundle(ticket.key, None),)


BUNDLE = TicketCommand(
    name="bundle",
    words={"de": ("bündeln",), "fr": ("grouper", "regrouper")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_bundle),
    example="101 102",
    handler=_bundle,
    receipt=lambda into: Receipt(into.leading.key),
    beside=_left_out,
    alone=True,
)
UNBUNDLE = TicketCommand(
    name="unbundle",
    words={"de": ("entbündeln",), "fr": ("dégrouper",)},
    roles=STAFF,
    argument=TICKETS,
    complete_example=True,
    handler=_unbundle,
    alone=True,
    for_bundle=True,
)
BUNDLES = (BUNDLE, UNBUNDLE)
