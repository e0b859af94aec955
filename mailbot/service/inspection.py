"""What operators look at: tickets, one ticket, how things stand. Plain values, ready for JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mailbot.core.facts import Listing, Scope
from mailbot.core.ticket import Message, Ticket
from mailbot.service.desk import Desk
from mailbot.service.registration import not_registered
from mailbot.store import alerts, ledger, outbox, tickets
from mailbot.store.database import reading
from mailbot.store.facts import count_open
from mailbot.store.rows import identity, ticket_of

Document = dict[str, Any]


def ticket_document(ticket: Ticket) -> Document:
    """Return a ticket as `mailbot tickets --json` prints it."""
    return {
        "ticket": ticket.key,
        "school": ticket.school,
        "status": ticket.status.value,
        "level": ticket.level,
        "priority": ticket.priority.value,
        "requester": ticket.requester.email,
        "assignee": ticket.assignee.email if ticket.assignee else None,
        "subject": ticket.subject,
        "opened": ticket.opened.isoformat(),
        "updated": ticket.updated.isoformat(),
        "closed": ticket.closed.isoformat() if ticket.closed else None,
        "messages": ticket.messages,
    }


def message_document(message: Message) -> Document:
    """Return a message as `mailbot show --json` prints it."""
    return {
        "direction": message.direction.value,
        "author": message.author.email,
        "visibility": message.visibility.value,
        "text": message.text,
        "at": message.at.isoformat(),
        "message_id": message.message_id,
        "attachments": [
            {
                "filename": a.filename,
                "content_type": a.content_type,
                "size": a.size,
                "withheld": a.danger.value,
            }
            for a in message.attachments
        ],
    }


def list_tickets(desk: Desk, school: str | None, status: str) -> list[Document]:
    """Return the tickets of one school or all, the newest first; status is open, closed or all."""
    wanted = Listing(Scope(status), school.upper() if school else None)
    with reading(desk.engine) as session:
        return [ticket_document(ticket) for ticket in tickets.listed(session, wanted)]


def show_ticket(desk: Desk, name: str) -> Document | None:
    """Return a ticket with its messages and its audit trail, or None if there is none of that name."""
    with reading(desk.engine) as session:
        row = tickets.by_name(session, name.upper())
        if row is None:
            return None
        key = identity(row.id)
        messages = [message_document(m) for m in tickets.history(session, key)]
        events = [event.document() for event in tickets.events(session, key)]
        return {**ticket_document(ticket_of(row)), "messages": messages, "events": events}


def status(desk: Desk) -> Document:
    """Return how mailboxes, outbox, quarantine and tickets stand."""
    with reading(desk.engine) as session:
        known = {row.school: row for row in ledger.mailboxes(session)}
        rows = [(school.key, school.address, known.get(school.key)) for school in desk.policy.schools]
        mailboxes = [
            {
                "school": key,
                "address": address,
                "last_success": row.last_success.isoformat() if row and row.last_success else None,
                "last_error": row.last_error if row else "",
                "failing_since": row.failing_since.isoformat() if row and row.failing_since else None,
                "left_alone": row.left_alone if row else 0,
            }
            for key, address, row in rows
        ]
        return {
            "mailboxes": mailboxes,
            "outbox": outbox.counts(session),
            "quarantine": ledger.count_quarantined(session),
            "open_tickets": count_open(session),
            "not_registered": not_registered(session, desk.policy, datetime.now(UTC)),
            "alerts": alerts.standing(session),
        }


def healthy(document: Mapping[str, Any]) -> bool:
    """Tell whether nothing of a status asks for an operator."""
    failing = any(mailbox["failing_since"] for mailbox in document["mailboxes"])
    return not (failing or document["quarantine"] or document["outbox"].get("failed") or document["alerts"])
