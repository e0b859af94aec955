"""Import tickets from another help desk, each in one transaction and only once."""

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
from mailbot.importer.import_model import EntryKind, SourceEntry, SourceFile, SourceTicket, map_ticket
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
    """The counts of an import or of its dry run, by school, and the warnings.

    `known` counts tickets that an earlier run has imported; `left_out` counts tickets that are not imported.
    """

    tickets: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)
    files: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    warnings: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, object]:
        """Return the report as `--json` prints it."""
        names = ("tickets", "messages", "files", "known")
        counts = {name: dict(getattr(self, name)) for name in names}
        return {**counts, "left_out": self.left_out, "misfits": dict(self.warnings)}


def import_ticket(
    desk: Desk,
    source: SourceTicket,
    mapping: Mapping[str, str],
    report: ImportReport,
    now: datetime,
    *,
    dry: bool,
) -> None:
    """Import a ticket and count it in the report; with `dry`, only count.

    A ticket that was imported before gets its new entries only. Its status and assignee are not changed.
    """
    destination = map_ticket(source, mapping, desk.policy)
    report.warnings.update(destination.warnings)
    school = destination.school
    if school is None:
        report.left_out += 1
        return
    with read_only(desk.engine) as session:
        known = tickets.find_ticket(session, source.alias)
        # An import can be repeated: entries that were imported before are skipped by their Message-ID.
        imported = tickets.message_ids(session, known[0]) if known is not None else set()
    entries = [entry for entry in source.entries if _message_id(entry, school) not in imported]
    report.known[school.key] += known is not None
    report.tickets[school.key] += known is None
    report.messages[school.key] += len(entries)
    report.files[school.key] += sum(f.content is not None for entry in entries for f in entry.files)
    if dry or (known is not None and not entries):
        return
    with transaction(desk.engine) as session:
        key = known[1].key if known is not None else _open(session, source, school)
        for entry in entries:
            _add_entry(session, key, entry, school)
        if known is None:
            _restore_state(session, key, source, school, destination.level, now)


def record_import(desk: Desk, report: ImportReport, now: datetime) -> None:
    """Record the counts of the import in the audit trail; each ticket has its own audit entries."""
    detail = ", ".join(f"{getattr(report, name).total()} {name}" for name in ("tickets", "messages", "files"))
    with transaction(desk.engine) as session:
        record(session, Origin(desk.actor, now), "imported", detail)


def _open(session: Session, source: SourceTicket, school: School) -> str:
    """Open the ticket, with its old number as an alias; return its key."""
    ticket = Ticket(
        school.key,
        tickets.next_number(session, school.key),
        one_line(source.subject),
        source.requester,
        opened=source.opened,
        updated=source.opened,
        cc=source.cc,
    )
    opened = Decision(
        "imported", (f"ticket {source.number} of the other help desk",), (OpenTicket(ticket),), ticket.key
    )
    apply_decision(session, Origin(ACTOR, source.opened), school.key, opened, ())
    found = tickets.find_ticket(session, ticket.key)
    if found is None:
        raise LookupError(f"ticket {ticket.key} was not written")
    tickets.add_alias(session, source.alias, found[0])
    return ticket.key


def _add_entry(session: Session, key: str, entry: SourceEntry, school: School) -> None:
    raw = as_mail(entry, school)
    mail = parse(raw)
    message = Message(
        direction=Direction.IN if entry.kind is EntryKind.MESSAGE else Direction.OUT,
        visibility=Visibility.INTERNAL if entry.kind is EntryKind.NOTE else Visibility.PUBLIC,
        author=entry.author,
        text=mail.ticket_text,
        at=entry.at,
        message_id=_message_id(entry, school),
        attachments=tuple(map(Attachment.of, mail.parts)),
    )
    origin = Origin(
        ACTOR, entry.at, message.message_id, raw_id=raw_mail.store(session, raw_mail.compress(raw))
    )
    decision = Decision(
        "imported", (f"entry {entry.number} of the other help desk",), (AddMessage(key, message),)
    )
    apply_decision(session, origin, school.key, decision, ())


def _restore_state(
    session: Session, key: str, source: SourceTicket, school: School, level: int, now: datetime
) -> None:
    """Set the ticket's state to that of the other desk, at the time of its closing or of its last entry.

    Reminders of an open ticket count from now, so that an import does not cause many reminders at once.
    """
    changes: list[Effect] = []
    if level == 2:
        changes.append(SetLevel(key, level))
    if source.priority is not Priority.NORMAL:
        changes.append(SetPriority(key, source.priority))
    if source.assignee is not None:
        changes.append(Assign(key, source.assignee))
    if source.due is not None and source.status is Status.OPEN:
        changes.append(SetDue(key, source.due))
    if source.status is Status.CLOSED:
        changes.append(SetStatus(key, Status.CLOSED))
    else:
        changes.append(RecordReminder(key, ReminderStage.NOTHING, now))
    last = max((entry.at for entry in source.entries), default=source.opened)
    at = source.closed or last
    decision = Decision("imported", ("state in the other help desk",), tuple(changes))
    apply_decision(session, Origin(ACTOR, at), school.key, decision, ())


def _message_id(entry: SourceEntry, school: School) -> str:
    """Return the entry's Message-ID, so that later replies match the ticket, or one made from its number."""
    if entry.message_id.startswith("<") and entry.message_id.endswith(">"):
        return entry.message_id
    return f"<entry-{entry.number}@{school.address.rpartition('@')[2]}>"


def as_mail(entry: SourceEntry, school: School) -> bytes:
    """Return an entry as a mail (RFC 5322), because each message is stored with its raw mail."""
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
    """Return a person's name and address for a header (RFC 5322, 3.4); the address may be empty."""
    return f'"{quote(one_line(person.name))}" <{one_line(person.email)}>'


def _attach(mail: EmailMessage, file: SourceFile) -> None:
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
