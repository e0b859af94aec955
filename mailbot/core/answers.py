"""Letters that answer the mail itself: receipts, overviews, sheets, help."""

from collections.abc import Iterator
from dataclasses import replace

from mailbot.core.audience import travel
from mailbot.core.case import Case
from mailbot.core.facts import Listing
from mailbot.core.notice import Notice, NoticeKind
from mailbot.core.orders import Order
from mailbot.core.overview import Page
from mailbot.core.ticket import Role, Ticket, Visibility

QUESTIONS = frozenset({"list", "find", "show", "help"})
ANSWERED = QUESTIONS | {"register"}


def answer(case: Case, kind: NoticeKind, ticket: Ticket | None = None, **what: object) -> Notice:
    """Return a letter that answers the mail; it names no ticket in which the writer takes no part.

    What members of the staff ask in this capacity is answered to their registered address.
    """
    shown = ticket if ticket is not None and case.takes_part(ticket) else None
    role = case.role
    if kind is NoticeKind.RECEIPT or (shown is None and role is Role.STRANGER):
        role = Role.REQUESTER
    message_id = case.mail.message_id
    to = case.person if role.staff else case.sender
    notice = Notice(kind, to, role, shown, author=case.sender, in_reply_to=message_id)
    return replace(notice, **what)  # type: ignore[arg-type]  # the fields of Notice by name


def replies_to(case: Case, order: Order) -> Iterator[Notice]:
    """Yield the letters that answer a question."""
    if order.listing is not None:
        yield _overview(case, order.listing)
    match order.command.name:
        case "show":
            yield from (_sheet(case, ticket) for ticket in order.tickets)
        case "register":
            yield answer(case, NoticeKind.WELCOME)
        case "help":
            yield answer(case, NoticeKind.HELP, case.ticket)


def _overview(case: Case, wanted: Listing) -> Notice:
    page = case.facts.listings.get(wanted, Page())
    return answer(
        case,
        NoticeKind.OVERVIEW,
        tickets=page.tickets,
        scope=wanted.scope.value,
        words=wanted.written,
        total=page.total,
        page=page.number,
    )


def _sheet(case: Case, ticket: Ticket) -> Notice:
    staff = any(role.staff for role in case.roles(ticket))
    readable = {Visibility.PUBLIC, Visibility.INTERNAL} if staff else {Visibility.PUBLIC}
    history = tuple(m for m in case.facts.histories.get(ticket.key, ()) if m.visibility in readable)
    files = (file for message in history for file in message.attachments)
    travelling, listed = travel(files, case.policy.limits.attachments)
    role = case.role_in(ticket)
    return answer(
        case, NoticeKind.SHEET, ticket, role=role, history=history, attachments=travelling, listed=listed
    )
