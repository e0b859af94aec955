"""Take over tickets of an older help desk, each in one transaction, and none twice."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote

from mailbot.core.model.effects import (
    AddMessage,
    Assign,
    Decision,
    Effect,
    OpenTicket,
    RecordReminder,
    SetDue,
    SetLevel,
    SetPriority,
    SetStatus,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import School
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
    Priority,
    ReminderStage,
    Status,
    Ticket,
    Visibility,
)
from mailbot.importer.import_model import EntryKind, OldEntry, OldFile, SourceTicket, map_ticket
from mailbot.parse import parse
from mailbot.sanitize import clean, one_line
from mailbot.service.desk import Desk
from mailbot.store import raw_mail, tickets
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin, record
from mailbot.store.database import Session, read_only, transaction

ACTOR = "import"

_CONTENT_TYPE = re.compile(r"(image|audio|video|application)/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})")


@dataclass(slots=True)
class ImportReport:
    """What was taken over (or would be): tickets and messages by school, and what does not fit."""

    tickets: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    misfits: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, object]:
        """Return it as `--json` prints it."""
        names = ("tickets", "messages", "files", "known")
        counts = {name: dict(getattr(self, name)) for name in names}
        return {**counts, "left_out": self.left_out, "misfits": dict(self.misfits)}


def import_ticket(
    desk: Desk,
    old: SourceTicket,
    mapping: Mapping[str, str],
    report: ImportReport,
    now: datetime,
    *,
    dry: bool,
) -> None:
    """Take a ticket over and note it in the report; `dry`: change nothing.

    A ticket that was taken over before gets the entries that it got since in the old desk; how it stands is
    decided here by then.
    """
    placement = map_ticket(old, mapping, desk.policy)
    report.misfits.update(placement.misfits)
    school = placement.school
    if school is None:
        report.left_out += 1
        return
    with read_only(desk.engine) as session:
        known = tickets.find_ticket(session, old.alias)
        there = tickets.message_ids(session, known[0]) if known is not None else set()
    entries = [entry for entry in old.entries if _message_id(entry, school) not in there]
    report.known[school.key] += known is not None
    report.tickets[school.key] += known is None
    report.messages[school.key] += len(entries)
    report.files[school.key] += sum(f.content is not None for entry in entries for f in entry.files)
    if dry or (known is not None and not entries):
        return
    with transaction(desk.engine) as session:
        name = known[1].key if known is not None else _open(session, old, school)
        for entry in entries:
            _append(session, name, entry, school)
        if known is None:
            _settle(session, name, old, school, placement.level, now)


def note_import(desk: Desk, report: ImportReport, now: datetime) -> None:
    """Say in the audit trail who took over how much; what came of each ticket stands in the ticket's own."""
    detail = ", ".join(f"{getattr(report, name).total()} {name}" for name in ("tickets", "messages", "files"))
    with transaction(desk.engine) as session:
        record(session, Origin(desk.actor, now), "imported", detail)


def _open(session: Session, old: SourceTicket, school: School) -> str:
    """Open the ticket and note its old number; return its name."""
    ticket = Ticket(
        school.key,
        tickets.next_number(session, school.key),
        one_line(old.subject),
        old.requester,
        opened=old.opened,
        updated=old.opened,
        cc=old.cc,
    )
    opened = Decision(
        "imported", (f"ticket {old.number} of the old help desk",), (OpenTicket(ticket),), ticket.key
    )
    apply_decision(session, Origin(ACTOR, old.opened), school.key, opened, ())
    found = tickets.find_ticket(session, ticket.key)
    if found is None:
        raise LookupError(f"{ticket.key} was not written")
    tickets.add_alias(session, old.alias, found[0])
    return ticket.key


def _append(session: Session, name: str, entry: OldEntry, school: School) -> None:
    octets = as_mail(entry, school)
    mail = parse(octets)
    files = tuple(
        Attachment(p.path, p.filename, p.content_type, p.size, p.inline, danger=p.danger) for p in mail.parts
    )
    message = Message(
        direction=Direction.IN if entry.kind is EntryKind.MESSAGE else Direction.OUT,
        visibility=Visibility.INTERNAL if entry.kind is EntryKind.NOTE else Visibility.PUBLIC,
        author=entry.author,
        text=mail.ticket_text,
        at=entry.at,
        message_id=_message_id(entry, school),
        attachments=files,
    )
    origin = Origin(
        ACTOR, entry.at, message.message_id, raw_id=raw_mail.store(session, raw_mail.compress(octets))
    )
    decision = Decision(
        "imported", (f"entry {entry.number} of the old help desk",), (AddMessage(name, message),)
    )
    apply_decision(session, origin, school.key, decision, ())


def _settle(
    session: Session, name: str, old: SourceTicket, school: School, level: int, now: datetime
) -> None:
    """Let the ticket stand as it stood; what happened last is when it was closed, or its last entry.

    The clock of an open one begins now: nobody shall be reminded of all of them at once.
    """
    changes: list[Effect] = []
    if level == 2:
        changes.append(SetLevel(name, level))
    if old.priority is not Priority.NORMAL:
        changes.append(SetPriority(name, old.priority))
    if old.assignee is not None:
        changes.append(Assign(name, old.assignee))
    if old.due is not None and old.status is Status.OPEN:
        changes.append(SetDue(name, old.due))
    if old.status is Status.CLOSED:
        changes.append(SetStatus(name, Status.CLOSED))
    else:
        changes.append(RecordReminder(name, ReminderStage.NOTHING, now))
    last = max((entry.at for entry in old.entries), default=old.opened)
    at = old.closed or last
    decision = Decision("imported", ("as it stood in the old help desk",), tuple(changes))
    apply_decision(session, Origin(ACTOR, at), school.key, decision, ())


def _message_id(entry: OldEntry, school: School) -> str:
    """Return the entry's Message-ID, by which late answers find the ticket, or one made of its number."""
    if entry.message_id.startswith("<") and entry.message_id.endswith(">"):
        return entry.message_id
    return f"<entry-{entry.number}@{school.address.rpartition('@')[2]}>"


def as_mail(entry: OldEntry, school: School) -> bytes:
    """Return an entry as the mail that it was or could have been (RFC 5322): raw mails are what is kept."""
    mail = EmailMessage(policy=SMTP)
    mail["Date"] = format_datetime(entry.at)
    mail["From"] = _mailbox(entry.author)
    mail["To"] = school.address
    mail["Subject"] = one_line(entry.subject)
    mail["Message-ID"] = _message_id(entry, school)
    mail.set_content(clean(entry.body), subtype="html" if entry.html else "plain")
    for file in entry.files:
        _attach(mail, file)
    return mail.as_bytes()


def _mailbox(person: Address) -> str:
    """Return name and address (RFC 5322, 3.4); who wrote without an address has only a name."""
    return f'"{quote(one_line(person.name))}" <{one_line(person.email)}>'


def _attach(mail: EmailMessage, file: OldFile) -> None:
    if file.content is None:
        return
    kind = _CONTENT_TYPE.fullmatch(file.content_type.lower())
    maintype, subtype = kind.groups() if kind else ("application", "octet-stream")
    inline = bool(file.content_id)
    mail.add_attachment(
        file.content,
        maintype=maintype,
        subtype=subtype,
        filename=one_line(file.name),
        disposition="inline" if inline else "attachment",
        cid=f"<{one_line(file.content_id)}>" if inline else None,
    )
