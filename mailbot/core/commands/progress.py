"""The query for the progress of a ticket: status."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mailbot.core.commands.command import EVERYONE, LineLookups, Viewer
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    Query,
    Request,
    Resolved,
    TypedArgument,
    all_name_tickets,
    resolve_tickets,
)
from mailbot.core.commands.syntax import ticket_names
from mailbot.core.model.effects import Effect, Notify, RecordStatusQuestion
from mailbot.core.model.notification import Notification, Progress
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.core.recipients.recipients import deduplicate, to_staff_of_question

PATIENCE_DAYS = 2
"""Working days without progress after which a second question reminds the staff."""


def _look_up_holders(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key), holders=True)


def _resolve_asked(request: Request) -> Resolved[None]:
    """Return the tickets that the words name, or that of the mail, even long after its closing."""
    if (ticket := request.context.match.closed_long_ago) is not None:
        request = replace(request, default=(ticket,))
    return resolve_tickets(request)


def _progress(context: MailContext, ticket: Ticket) -> Progress:
    """Return what a question for the status of a ticket means: a new one, one more, or a reminder."""
    may_ask = context.role_on(ticket) in (Role.REQUESTER, Role.CC) and not context.trust.forged
    resting = ticket.due is not None and ticket.due > context.now
    if ticket.status is not Status.OPEN or resting or not may_ask:
        return Progress.TOLD
    asked = ticket.status_asked
    if asked is None or ticket.waits.since > asked:
        return Progress.ASKED
    team = context.policy.team_at(ticket.level, context.school_of(ticket))
    # A text beside the question goes to the staff anyway.
    if context.now < team.calendar.add_days(asked, PATIENCE_DAYS) or not context.has_no_content:
        return Progress.ASKED_AGAIN
    return Progress.REMINDED


def _status(context: MailContext, tickets: tuple[Ticket, ...], _: None) -> Iterator[Notification]:
    for ticket in tickets:
        yield reply(
            context,
            NotificationKind.TICKET_STATUS,
            ticket,
            role=context.role_on(ticket),
            since=context.facts.held_since.get(ticket.key, ticket.opened),
            progress=_progress(context, ticket),
        )


def _record(context: MailContext, tickets: tuple[Ticket, ...], _: None) -> Iterable[Effect]:
    """Record the question; remind the staff if nothing happened since an earlier one."""
    for ticket in tickets:
        progress = _progress(context, ticket)
        if progress in (Progress.ASKED, Progress.REMINDED):
            yield RecordStatusQuestion(ticket.key)
        if progress is Progress.REMINDED:
            change = context.change(ticket, ticket, None)
            yield from map(Notify, deduplicate(to_staff_of_question(change), change))


STATUS_QUESTION = Query(
    name="status",
    words={"de": ("stand",), "fr": ("état", "statut")},
    roles=EVERYONE,
    argument=TypedArgument(
        resolve=_resolve_asked, fits=all_name_tickets, lookups=_look_up_holders, optional=True
    ),
    example="104",
    answers=_status,
    effects=_record,
)
