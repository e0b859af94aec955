"""Declare the tables. Rows do not leave the store: the core receives values."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field

from mailbot.store.base import Row

metadata = Row.metadata

HAS_TIMER = "look_at IS NOT NULL"
BUNDLED = "bundle IS NOT NULL"
DUE_STATES = ("queued", "sending", "uncertain")
DUE_CONDITION = "state IN ('queued', 'sending', 'uncertain')"
NOT_SENT = "state <> 'sent'"
HAS_HELD = "held_id IS NOT NULL"


class SchoolRow(Row, table=True):
    """The last ticket number of a school."""

    __tablename__ = "school"
    key: str = Field(primary_key=True)
    last_number: int = 0


class MailboxRow(Row, table=True):
    """The state of a school's mailbox. Mails received before `cutoff` are skipped; `left_alone` counts them.

    After a restore, mails received since `recover_since` may be in the folder of processed mails but not in
    the ledger.
    """

    __tablename__ = "mailbox"
    school: str = Field(primary_key=True)
    cutoff: datetime | None = None
    left_alone: int = 0
    last_success: datetime | None = None
    last_error: str = Field(default="", sa_type=Text)
    failing_since: datetime | None = None
    recover_since: datetime | None = None


class BlockedRow(Row, table=True):
    """An address whose mails to a school are ignored, because one was spam."""

    __tablename__ = "blocked"
    school: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    since: datetime
    by: str


class RawRow(Row, table=True):
    """A received mail as it arrived, compressed."""

    __tablename__ = "raw_mail"
    id: int | None = Field(default=None, primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int


class TicketRow(Row, table=True):
    """A ticket. Its next timer is due at `look_at`; `head` and `entries` describe its audit chain."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("school", "number"),
        Index("ix_ticket_school_status", "school", "status", "id"),
        Index(
            "ix_ticket_bundle", "school", "bundle", sqlite_where=text(BUNDLED), postgresql_where=text(BUNDLED)
        ),
        Index("ix_ticket_look_at", "look_at", sqlite_where=text(HAS_TIMER), postgresql_where=text(HAS_TIMER)),
    )
    id: int | None = Field(default=None, primary_key=True)
    school: str
    number: int
    subject: str = Field(sa_type=Text)
    status: str
    level: int
    priority: str
    requester: str = Field(index=True)
    requester_name: str = Field(default="", sa_type=Text)
    assignee: str | None = Field(default=None, index=True)
    assignee_name: str = Field(default="", sa_type=Text)
    opened: datetime
    updated: datetime
    closed: datetime | None = None
    due: datetime | None = None
    messages: int = 0
    waits_since: datetime
    # The wait state keeps the names of the first schema: exports and backups of all releases have them.
    asked: bool = True  # WaitState.awaiting_staff
    step: str = "nothing"  # WaitState.stage
    told: datetime | None = None  # WaitState.reminded_at
    appointment_uid: str | None = Field(default=None, index=True)
    appointment_begin: datetime | None = None
    appointment_minutes: int | None = None
    appointment_text: str = Field(default="", sa_type=Text)
    appointment_revision: int = 0
    status_asked: datetime | None = None
    muted: str = Field(default="", sa_type=Text)
    bundle: int | None = None
    look_at: datetime | None = None
    merged_into: int | None = Field(default=None, foreign_key="ticket.id")
    head: str = ""
    entries: int = 0


class TicketCcRow(Row, table=True):
    """A person in cc of a ticket; `position` is the order in which they were added."""

    __tablename__ = "ticket_cc"
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    address: str = Field(primary_key=True, index=True)
    name: str = Field(default="", sa_type=Text)
    position: int


class PlaceRow(Row, table=True):
    """A room or a numbered device that a ticket named when it was opened."""

    __tablename__ = "place"
    __table_args__ = (Index("ix_place_name", "name", "kind", "ticket_id"),)
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)


class AliasRow(Row, table=True):
    """An alias of a ticket: an earlier key, the key of a merged ticket, or one of an imported help desk."""

    __tablename__ = "alias"
    name: str = Field(primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)


class MessageRow(Row, table=True):
    """One mail or note in a ticket."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_author_at", "author", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    direction: str
    visibility: str
    author: str
    author_name: str = Field(default="", sa_type=Text)
    text: str = Field(sa_type=Text)
    quoted: str = Field(default="", sa_type=Text)
    at: datetime
    message_id: str = Field(default="", index=True, sa_type=Text)
    raw_id: int | None = Field(default=None, foreign_key="raw_mail.id", index=True)
    proven: bool | None = None  # whether its author was authenticated; unknown before version 0.2
    forged: bool = False  # whether the mail server said that From was forged
    signature: str = Field(default="", sa_type=Text)  # of a requester; earlier messages have none


class AttachmentRow(Row, table=True):
    """A file of a message; `path` is its MIME part in the raw mail."""

    __tablename__ = "attachment"
    id: int | None = Field(default=None, primary_key=True)
    message_row: int = Field(foreign_key="message.id", index=True)
    raw_id: int = Field(foreign_key="raw_mail.id", index=True)
    path: str
    filename: str = Field(sa_type=Text)
    content_type: str
    size: int
    inline: bool = False
    danger: str = ""


class SavedAnswerRow(Row, table=True):
    """A version of a saved answer; the newest of a school and key counts. An empty text deletes it."""

    __tablename__ = "saved_answer"
    id: int | None = Field(default=None, primary_key=True)
    school: str = Field(index=True)  # "" for all schools
    key: str
    name: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    words: str = Field(sa_type=Text)
    author: str
    author_name: str = Field(default="", sa_type=Text)
    at: datetime
    tip: str = Field(default="", sa_type=Text)  # the text for requesters, "" if it is no tip


class SavedAnswerUseRow(Row, table=True):
    """A ticket that was answered with a saved answer."""

    __tablename__ = "saved_answer_use"
    id: int | None = Field(default=None, primary_key=True)
    school: str = Field(index=True)
    key: str
    ticket_id: int = Field(foreign_key="ticket.id", index=True)


class EventRow(Row, table=True):
    """An entry of the audit trail: a change with its actor, time, mail, proof of trust and reason.

    `before` is the state that undoing the change restores. `salt`, `digest` and `link` are described in
    `mailbot.store.audit_hash`.
    """

    __tablename__ = "event"
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    at: datetime
    actor: str
    action: str
    detail: str = Field(default="", sa_type=Text)
    message_id: str = Field(default="", sa_type=Text)
    because: str = Field(default="", sa_type=Text)
    trusted: str = Field(default="", sa_type=Text)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    salt: str = ""
    digest: str = ""
    link: str = ""


class ChainRow(Row, table=True):
    """The head of an audit chain that belongs to no ticket."""

    __tablename__ = "chain"
    name: str = Field(primary_key=True)
    head: str = ""
    entries: int = 0


class LedgerRow(Row, table=True):
    """A fetched mail with its outcome and the reason."""

    __tablename__ = "ledger"
    __table_args__ = (
        UniqueConstraint("school", "uid_validity", "uid"),
        Index("ix_ledger_quarantined", "id", sqlite_where=text("outcome = 'quarantined'"),
              postgresql_where=text("outcome = 'quarantined'")),
    )  # fmt: skip
    id: int | None = Field(default=None, primary_key=True)
    school: str
    uid_validity: int = Field(sa_type=BigInteger)  # 32 bits unsigned (RFC 9051, 2.3.1.1)
    uid: int = Field(sa_type=BigInteger)
    content_id: str = Field(index=True)
    message_id: str = Field(default="", sa_type=Text)
    sender: str = Field(default="", index=True, sa_type=Text)
    subject: str = Field(default="", sa_type=Text)
    received: datetime | None = None
    at: datetime
    outcome: str
    because: str = Field(default="", sa_type=Text)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    raw_id: int | None = Field(default=None, foreign_key="raw_mail.id", index=True)
    traceback: str = Field(default="", sa_type=Text)


class AttemptRow(Row, table=True):
    """A mail in progress; `tries` counts the attempts with it alone, to find one that kills the process."""

    __tablename__ = "attempt"
    school: str = Field(primary_key=True)
    uid_validity: int = Field(primary_key=True, sa_type=BigInteger)
    uid: int = Field(primary_key=True, sa_type=BigInteger)
    tries: int = 0


class HeldRow(Row, table=True):
    """A mail that is held until its sender's registered address confirms it."""

    __tablename__ = "held"
    id: int | None = Field(default=None, primary_key=True)
    ledger_id: int = Field(foreign_key="ledger.id")
    school: str
    address: str
    until: datetime
    state: str = "waiting"


class OutboxRow(Row, table=True):
    """An outgoing mail; `shows` are the keys of the rows of the tickets that it shows."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "school",
            "next_attempt",
            sqlite_where=text(DUE_CONDITION),
            postgresql_where=text(DUE_CONDITION),
        ),
        Index(
            "ix_outbox_unsent", "id", "state", sqlite_where=text(NOT_SENT), postgresql_where=text(NOT_SENT)
        ),
        Index("ix_outbox_recipient_created", "recipient", "created"),
        Index("ix_outbox_kind_created", "kind", "created"),
        Index("ix_outbox_thread", "ticket_id", "recipient", "id"),
        Index("ix_outbox_held_id", "held_id", sqlite_where=text(HAS_HELD), postgresql_where=text(HAS_HELD)),
    )
    id: int | None = Field(default=None, primary_key=True)
    school: str
    message_id: str = Field(unique=True)
    key_hash: str = Field(unique=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    held_id: int | None = Field(default=None, foreign_key="held.id")
    kind: str
    role: str
    recipient: str
    recipient_name: str = Field(default="", sa_type=Text)
    sender_name: str = Field(default="", sa_type=Text)
    subject: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    html: str = Field(sa_type=Text)
    calendar: str = Field(default="", sa_type=Text)  # iCalendar in unfolded lines
    in_reply_to: str = Field(default="", sa_type=Text)
    references: list[str] = Field(
        default_factory=list, sa_column=Column("reference_ids", JSON, nullable=False)
    )
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    automatic: bool = True
    internal: bool = False
    author: str = ""
    reasons: str = ""  # of a refusal, and the cause unless it is proven, separated by spaces
    shows: list[int] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    state: str = "queued"
    attempts: int = 0
    doubts: int = 0  # attempts after which it is unknown whether the server accepted the mail
    holder: str = ""  # the worker that is sending it
    next_attempt: datetime
    last_error: str = Field(default="", sa_type=Text)
    created: datetime
    retried: datetime | None = None  # its attempts began again
    sent: datetime | None = None


class PersonRow(Row, table=True):
    """A person by address: the name in their own mails, and whether mail to them bounces.

    For a member, by registered address, also the registration, the invitations and the absence.
    """

    __tablename__ = "person"
    address: str = Field(primary_key=True)
    name: str = Field(default="", sa_type=Text)
    undeliverable: str = Field(default="", sa_type=Text)
    registered: datetime | None = None
    invited: datetime | None = None
    invitations: int = 0
    away_until: date | None = None
    deputy: str = ""


class AlertRow(Row, table=True):
    """A problem that the operators were notified of and that still exists."""

    __tablename__ = "alert"
    topic: str = Field(primary_key=True)
    since: datetime
    text: str = Field(sa_type=Text)


class WorkerRow(Row, table=True):
    """One of several daemons that share a PostgreSQL; it counts as alive until then."""

    __tablename__ = "worker"
    name: str = Field(primary_key=True)
    until: datetime


class LeaseRow(Row, table=True):
    """The worker that reads a school's mailbox; each acquisition raises the token."""

    __tablename__ = "lease"
    school: str = Field(primary_key=True)
    worker: str
    token: int = Field(sa_type=BigInteger)


class HeartbeatRow(Row, table=True):
    """When the daemon of a state directory read its configuration, and its last heartbeat.

    `worker` is also its name in leases.
    """

    __tablename__ = "heartbeat"
    worker: str = Field(primary_key=True)
    started: datetime
    at: datetime


class SlotRow(Row, table=True):
    """A job that ran for a period (`slot`), so that it does not run twice."""

    __tablename__ = "slot"
    job: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
