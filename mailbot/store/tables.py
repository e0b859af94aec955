"""The tables. Rows never leave the store: the core is handed values."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, MetaData, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

NAMING_CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING_CONVENTION)

HAS_TIMER = "look_at IS NOT NULL"
DUE_STATES = ("queued", "sending", "uncertain")
DUE_CONDITION = "state IN ('queued', 'sending', 'uncertain')"
NOT_SENT = "state <> 'sent'"


class Row(SQLModel):
    """What all tables share."""

    metadata = metadata


class SchoolRow(Row, table=True):
    """The last ticket number given in a school."""

    __tablename__ = "school"
    key: str = Field(primary_key=True)
    last_number: int = 0


class MailboxRow(Row, table=True):
    """How a school's mailbox is doing; mail received before `cutoff` is left alone.

    After a backup was restored, mail received since `recover_since` may lie among the done ones unknown.
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
    """An address whose mails to a school are let be, because one was spam."""

    __tablename__ = "blocked"
    school: str = Field(primary_key=True)
    address: str = Field(primary_key=True)
    since: datetime
    by: str


class RawRow(Row, table=True):
    """The octets of a mail as they came, compressed."""

    __tablename__ = "raw_mail"
    id: int | None = Field(default=None, primary_key=True)
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int


class TicketRow(Row, table=True):
    """A ticket."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("school", "number"),
        Index("ix_ticket_school_status", "school", "status", "id"),
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
    asked: bool = True
    step: str = "nothing"
    told: datetime | None = None
    look_at: datetime | None = None
    merged_into: int | None = Field(default=None, foreign_key="ticket.id")
    head: str = ""
    entries: int = 0


class TicketCcRow(Row, table=True):
    """A person who gets a ticket's mails in copy; `position` keeps the order in which they were added."""

    __tablename__ = "ticket_cc"
    ticket_id: int = Field(primary_key=True, foreign_key="ticket.id")
    address: str = Field(primary_key=True, index=True)
    name: str = Field(default="", sa_type=Text)
    position: int


class AliasRow(Row, table=True):
    """Another name of a ticket: what it was before it was moved or merged, or in an older help desk."""

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
    raw_id: int | None = Field(default=None, foreign_key="raw_mail.id")


class AttachmentRow(Row, table=True):
    """A file of a message: the name of its part within the raw mail."""

    __tablename__ = "attachment"
    id: int | None = Field(default=None, primary_key=True)
    message_row: int = Field(foreign_key="message.id", index=True)
    raw_id: int = Field(foreign_key="raw_mail.id")
    path: str
    filename: str = Field(sa_type=Text)
    content_type: str
    size: int
    inline: bool = False
    danger: str = ""


class EventRow(Row, table=True):
    """The audit trail: who changed what, when, by which mail, trusted by what, why.

    `before` is the state to go back to. `salt`, `digest` and `link` are described in
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
    """The newest link of a chain of the audit trail that belongs to no ticket."""

    __tablename__ = "chain"
    name: str = Field(primary_key=True)
    head: str = ""
    entries: int = 0


class LedgerRow(Row, table=True):
    """Every mail ever fetched, with what became of it and why."""

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
    sender: str = Field(default="", sa_type=Text)
    subject: str = Field(default="", sa_type=Text)
    received: datetime | None = None
    at: datetime
    outcome: str
    because: str = Field(default="", sa_type=Text)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    raw_id: int | None = Field(default=None, foreign_key="raw_mail.id")
    traceback: str = Field(default="", sa_type=Text)


class AttemptRow(Row, table=True):
    """A mail that is being handled, so that one that kills the process is noticed: how often it was alone."""

    __tablename__ = "attempt"
    school: str = Field(primary_key=True)
    uid_validity: int = Field(primary_key=True, sa_type=BigInteger)
    uid: int = Field(primary_key=True, sa_type=BigInteger)
    tries: int = 0


class HeldRow(Row, table=True):
    """A mail that waits for its sender's registered address to confirm it."""

    __tablename__ = "held"
    id: int | None = Field(default=None, primary_key=True)
    ledger_id: int = Field(foreign_key="ledger.id")
    school: str
    address: str
    until: datetime
    state: str = "waiting"


class OutboxRow(Row, table=True):
    """A mail to be sent, or that was sent."""

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
    in_reply_to: str = Field(default="", sa_type=Text)
    references: list[str] = Field(
        default_factory=list, sa_column=Column("reference_ids", JSON, nullable=False)
    )
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    automatic: bool = True
    internal: bool = False
    author: str = ""
    reasons: str = ""  # of a refusal, with spaces between
    state: str = "queued"
    attempts: int = 0
    doubts: int = 0  # attempts after which the server may have it or not
    holder: str = ""  # the worker that is sending it
    next_attempt: datetime
    last_error: str = Field(default="", sa_type=Text)
    created: datetime
    sent: datetime | None = None


class PersonRow(Row, table=True):
    """What was learnt of an address: the name in own mails, and whether mail comes back.

    Of a member, by registered address, besides: whether registered, how often invited, and until when away.
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
    """Trouble that the operators were told of and that is not over yet."""

    __tablename__ = "alert"
    topic: str = Field(primary_key=True)
    since: datetime
    text: str = Field(sa_type=Text)


class WorkerRow(Row, table=True):
    """One of several daemons that share a PostgreSQL; counted among the living until then."""

    __tablename__ = "worker"
    name: str = Field(primary_key=True)
    until: datetime


class LeaseRow(Row, table=True):
    """Which worker reads a school's mailbox; whoever takes it over raises the token."""

    __tablename__ = "lease"
    school: str = Field(primary_key=True)
    worker: str
    token: int = Field(sa_type=BigInteger)


class HeartbeatRow(Row, table=True):
    """When the daemon of a state directory read its configuration, and when it last noted that it works.

    `worker` is its name in leases, too.
    """

    __tablename__ = "heartbeat"
    worker: str = Field(primary_key=True)
    started: datetime
    at: datetime


class SlotRow(Row, table=True):
    """A job that was done for a slot of time, so that nobody does it again."""

    __tablename__ = "slot"
    job: str = Field(primary_key=True)
    slot: str = Field(primary_key=True)
