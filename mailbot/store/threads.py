"""Find earlier mails by what raw mails say of themselves: copies of a mail, and mails of the same thread."""

import zlib
from itertools import chain

from sqlalchemy import bindparam, func, or_, select
from sqlmodel import Session

from mailbot.core.classify.author import is_own_list
from mailbot.core.classify.duplicate import EarlierMail, adds_text, is_same_mail
from mailbot.core.model.facts import Copies
from mailbot.core.model.mail import Mail
from mailbot.parse import parse, part_contents
from mailbot.store import raw_mail, tickets
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata

MAX_COMPARED = 10
"""Maximum number of earlier mails of which the header is read."""

_HEADER = 65_536  # bytes of a compressed mail that are read, and four times that of its header

_MESSAGE, _TICKET, _CC, _RAW, _FILE = (
    metadata.tables[name] for name in ("message", "ticket", "ticket_cc", "raw_mail", "attachment")
)

# Read messages, the newest first, with the beginning of their raw mails.
_MESSAGES = (
    select(
        _MESSAGE.c.id,
        _MESSAGE.c.text,
        _MESSAGE.c.proven,
        _MESSAGE.c.raw_id,
        _TICKET.c.school,
        _TICKET.c.number,
        func.substr(_RAW.c.content, 1, _HEADER).label("content"),
    )
    .join(_TICKET, _TICKET.c.id == _MESSAGE.c.ticket_id)
    .join(_RAW, _RAW.c.id == _MESSAGE.c.raw_id)
    .order_by(_MESSAGE.c.id.desc())
    .limit(MAX_COMPARED)
)
_WITH_MESSAGE_ID = _MESSAGES.where(_MESSAGE.c.message_id == bindparam("message_id"))
# Find the messages in tickets of a school that are not closed and in which a person takes part.
_OF_PERSON = _MESSAGES.where(
    _TICKET.c.school == bindparam("school"),
    _TICKET.c.status.in_(tickets.NOT_CLOSED),
    or_(
        _TICKET.c.requester == bindparam("person"),
        _TICKET.c.id.in_(select(_CC.c.ticket_id).where(_CC.c.address == bindparam("person"))),
    ),
)
# Find the messages in tickets of a school that are not closed.
_OF_SCHOOL = _MESSAGES.where(
    _TICKET.c.school == bindparam("school"), _TICKET.c.status.in_(tickets.NOT_CLOSED)
)
# Read the mail that opened a ticket.
_FIRST = _MESSAGES.where(_MESSAGE.c.ticket_id == bindparam("ticket")).order_by(None).order_by(_MESSAGE.c.id)
# Read names and sizes of a message's files.
_FILES = select(_FILE.c.filename, _FILE.c.size).where(_FILE.c.message_row == bindparam("message"))


def changed_copy(session: Session, mail: Mail, school: str, raw_id: int | None) -> Copies | None:
    """Return what became of the same mail that came another way; None if it is not in a ticket of the school.

    An unproven mail does not replace a proven one that has more text. `raw_id` is the key of the raw mail.
    """
    if not mail.message_id or mail.date is None:
        return None
    for row in execute(session, _WITH_MESSAGE_ID, {"message_id": mail.message_id}):
        files = tuple((name, size) for name, size in execute(session, _FILES, {"message": row.id}))
        earlier = EarlierMail(_header(row.content), row.text, files)
        if (
            row.school == school
            and is_same_mail(earlier, mail)
            and (not files or _contents(session, row.raw_id) == _contents(session, raw_id))
        ):
            key, unproven = tickets.key_of(row), row.proven is False
            carried_out = not (unproven and adds_text(earlier, mail))
            reason = f"the same mail came another way before: {key}"
            return Copies(reason, (), carried_out, key if unproven else None)
    return None


def by_common_ancestor(session: Session, mail: Mail, school: str) -> str | None:
    """Return the key of an open ticket with a mail that answers the same mail; the sender's own comes first.

    mailbot never got that mail: the school's address came into Cc later.
    """
    if mail.sender is None or not (mail.references or mail.in_reply_to):
        return None
    thread = _thread(mail)
    values = {"school": school, "person": mail.sender.email}
    rows = chain(execute(session, _OF_PERSON, values), execute(session, _OF_SCHOOL, {"school": school}))
    return next((tickets.key_of(row) for row in rows if thread & _thread(_header(row.content))), None)


def is_from_list(session: Session, ticket: int, requester: str) -> bool:
    """Return whether the requester of a ticket is the list that distributed its first mail."""
    row = execute(session, _FIRST, {"ticket": ticket}).first()
    return row is not None and is_own_list(_header(row.content), requester)


def _contents(session: Session, raw_id: int | None) -> list[bytes]:
    """Return the contents of a mail's files. Two scans may have the same name, size and Date."""
    return sorted(part_contents(raw_mail.load(session, raw_id)).values()) if raw_id is not None else []


def _thread(mail: Mail) -> set[str]:
    return {*mail.references, *mail.in_reply_to, *((mail.message_id,) if mail.message_id else ())}


def _header(content: bytes) -> Mail:
    """Return a mail without its body."""
    # Bounded, because a mail of one repeated character inflates a thousandfold.
    beginning = zlib.decompressobj().decompress(content, 4 * _HEADER)
    return parse(beginning.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0])
