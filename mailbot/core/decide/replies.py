"""Letters that answer the mail itself: receipts, overviews, sheets, help."""

from collections.abc import Iterator
from dataclasses import replace

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.resolve import ResolvedCommand
from mailbot.core.model.listing import Listing, Page
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.ticket import Role, Ticket, Visibility
from mailbot.core.recipients.content import split_attachments

QUESTIONS = frozenset({"list", "find", "show", "help"})
ANSWERED = QUESTIONS | {"register"}


def reply(
    case: MailContext, kind: NotificationKind, ticket: Ticket | None = None, **what: object
) -> Notification:
    """Return a letter that answers the mail; it names no ticket in which the writer takes no part.

    What members of the staff ask in this capacity is answered to their registered address.
    """
    shown = ticket if ticket is not None and case.takes_part(ticket) else None
    role = case.role
    if kind is NotificationKind.RECEIPT or (shown is None and role is Role.STRANGER):
        role = Role.REQUESTER
    message_id = case.mail.message_id
    to = case.person if role.staff else case.sender
    notice = Notification(kind, to, role, shown, author=case.sender, in_reply_to=message_id)
    return replace(notice, **what)  # type: ignore[arg-type]  # the fields of Notice by name


def answers_to(case: MailContext, order: ResolvedCommand) -> Iterator[Notification]:
    """Yield the letters that answer a question."""
    if order.listing is not None:
        yield _overview(case, order.listing)
    match order.command.name:
        case "show":
            yield from (_sheet(case, ticket) for ticket in order.tickets)
        case "register":
            yield reply(case, NotificationKind.WELCOME)
        case "help":
            yield reply(case, NotificationKind.HELP, case.ticket)


def _overview(case: MailContext, wanted: Listing) -> Notification:
    page = case.facts.listings.get(wanted, Page())
    return reply(
        case,
        NotificationKind.OVERVIEW,
        tickets=page.tickets,
        scope=wanted.scope.value,
        words=wanted.written,
        total=page.total,
        page=page.number,
    )


def _sheet(case: MailContext, ticket: Ticket) -> Notification:
    staff = any(role.staff for role in case.roles(ticket))
    readable = {Visibility.PUBLIC, Visibility.INTERNAL} if staff else {Visibility.PUBLIC}
    history = tuple(m for m in case.facts.histories.get(ticket.key, ()) if m.visibility in readable)
    files = (file for message in history for file in message.attachments)
    travelling, listed = split_attachments(files, case.policy.limits.attachments)
    role = case.role_in(ticket)
    return reply(
        case,
        NotificationKind.SHEET,
        ticket,
        role=role,
        history=history,
        attachments=travelling,
        listed=listed,
    )
