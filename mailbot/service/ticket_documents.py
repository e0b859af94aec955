"""Read tickets for operators, as JSON values."""

from typing import Any

from mailbot.core.model.listing import Listing, Scope
from mailbot.core.model.ticket import Message
from mailbot.core.model.ticket_fields import document_of
from mailbot.service.desk import Desk
from mailbot.store import tickets
from mailbot.store.database import read_only

Document = dict[str, Any]


def message_document(message: Message) -> Document:
    """Return a message as `mailbot show --json` prints it."""
    return {
        "direction": message.direction.value,
        "author": message.author.email,
        "visibility": message.visibility.value,
        "text": message.text,
        "signature": message.signature,
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
    """Return the tickets of one school or all, the newest first; `status` is open, closed or all."""
    listing = Listing(Scope(status), (("school", school.upper()),) if school else ())
    with read_only(desk.engine) as session:
        return [document_of(ticket) for ticket in tickets.list_all(session, listing)]


def show_ticket(desk: Desk, name: str) -> Document | None:
    """Return a ticket with its messages and its audit trail, or None if no ticket has that key."""
    with read_only(desk.engine) as session:
        found = tickets.find_ticket(session, name.upper())
        if found is None:
            return None
        key, ticket = found
        messages = [message_document(m) for m in tickets.history(session, key)]
        events = [event.document() for event in tickets.events(session, key)]
        return {**document_of(ticket), "messages": messages, "events": events}
