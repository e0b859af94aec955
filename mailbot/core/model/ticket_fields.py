"""The fields of a ticket: how each is stored, undone, erased and shown.

The store, `#undo`, disclosure, erasure, the command line and notifications use this table. In notifications
it supplies the basic data that differ from those of a new ticket; `templates/parts/head.*` has the others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Priority, ReminderStage, Status, Ticket, WaitState

State = dict[str, Any]
"""The fields that `#undo` restores, as JSON in the audit trail."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """Convert values of one type to columns and back; `erased` is the value that erasure leaves.

    `from_json` reads columns from JSON, where a time is a string. It never gets the value None.
    """

    to_columns: Callable[[Any], tuple[Any, ...]]
    from_columns: Callable[..., Any]
    from_json: Callable[..., Any]
    erased: Any = None


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,)


def _identity(value: Any) -> Any:
    return value


def _enum(of: type[StrEnum]) -> FieldType:
    return FieldType(lambda value: (value.value,), of, of)


def _optional_person(email: str | None, name: str) -> Address | None:
    return Address(email, name) if email else None


def _people(pairs: list[list[str]]) -> tuple[Address, ...]:
    return tuple(Address(email, name) for email, name in pairs)


def _wait(since: datetime, awaiting_staff: bool, stage: str, reminded_at: datetime | None) -> WaitState:
    return WaitState(since, awaiting_staff, ReminderStage(stage), reminded_at)


def _wait_from_json(since: str, awaiting_staff: bool, stage: str, reminded_at: str | None) -> WaitState:
    reminded = datetime.fromisoformat(reminded_at) if reminded_at else None
    return _wait(datetime.fromisoformat(since), awaiting_staff, stage, reminded)


def _appointment(
    uid: str | None, begin: datetime | None, minutes: int | None, text: str
) -> Appointment | None:
    return Appointment(uid, begin, minutes, text) if uid and begin and minutes else None


def _appointment_from_json(uid: str, begin: str, minutes: int, text: str) -> Appointment:
    return Appointment(uid, datetime.fromisoformat(begin), minutes, text)


NUMBER = FieldType(_as_tuple, _identity, _identity)
TEXT = FieldType(_as_tuple, _identity, _identity, erased="")
TIME = FieldType(_as_tuple, _identity, datetime.fromisoformat)
PERSON = FieldType(lambda person: (person.email, person.name), Address, Address, erased=Address(""))
OPTIONAL_PERSON = FieldType(
    lambda person: (person.email, person.name) if person else (None, ""), _optional_person, _optional_person
)
PEOPLE = FieldType(lambda people: ([[p.email, p.name] for p in people],), _people, _people, erased=())
ADDRESSES = FieldType(
    lambda addresses: (" ".join(addresses),), lambda text: tuple(text.split()), _identity, erased=()
)
WAIT = FieldType(
    lambda wait: (wait.since, wait.awaiting_staff, wait.stage.value, wait.reminded_at), _wait, _wait_from_json
)
APPOINTMENT = FieldType(
    lambda found: (found.uid, found.begin, found.minutes, found.text) if found else (None, None, None, ""),
    _appointment,
    _appointment_from_json,
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a ticket.

    `undo`: `#undo` restores it. `personal`: erasure empties it. `cli`: `mailbot tickets` prints it, in JSON
    only or in the table too. `shown_to`: the readers who see it in the basic data, unless a new ticket has
    that value. `read`: the attribute to read it from, if that is not `name`. `table`: the table that stores
    the field, with one row for each value, if it is not a column of the ticket table.
    """

    name: str
    kind: FieldType
    columns: tuple[str, ...]
    undo: bool = False
    personal: bool = False
    cli: Literal["no", "json", "table"] = "no"
    shown_to: Literal["no", "staff", "all"] = "no"
    read: str = ""
    table: str = ""

    def value(self, ticket: Ticket) -> Any:
        """Return the field's value."""
        return getattr(ticket, self.read or self.name)

    def to_columns(self, ticket: Ticket) -> tuple[Any, ...]:
        """Return the values of the field's columns."""
        return self.kind.to_columns(self.value(ticket))

    def to_json(self, ticket: Ticket) -> Any:
        """Return the field as JSON: None, the value of its only column, or a list of its columns' values."""
        values = [_json(value) for value in self.to_columns(ticket)]
        return values if len(values) > 1 and values[0] is not None else values[0]

    def from_json(self, written: Any) -> Any:
        """Return the value that `to_json` wrote."""
        if written is None:
            return None
        return self.kind.from_json(*(written if len(self.columns) > 1 else (written,)))

    def shown(self, ticket: Ticket) -> Any:
        """Return the field as `mailbot tickets --json` prints it; of people only the address."""
        return _json(self.to_columns(ticket)[0])


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


FIELDS = (
    Field("school", TEXT, ("school",), cli="json"),
    Field("number", NUMBER, ("number",)),
    Field("status", _enum(Status), ("status",), undo=True, cli="table", shown_to="all"),
    Field("level", NUMBER, ("level",), undo=True, cli="table"),
    Field("priority", _enum(Priority), ("priority",), undo=True, cli="table", shown_to="staff"),
    Field("requester", PERSON, ("requester", "requester_name"), undo=True, personal=True, cli="table"),
    Field(
        "assignee",
        OPTIONAL_PERSON,
        ("assignee", "assignee_name"),
        undo=True,
        personal=True,
        cli="table",
        shown_to="staff",
    ),
    Field("subject", TEXT, ("subject",), personal=True, cli="table"),
    Field("opened", TIME, ("opened",), cli="json"),
    Field("updated", TIME, ("updated",), cli="json"),
    Field("closed", TIME, ("closed",), undo=True, cli="json", shown_to="all"),
    Field("messages", NUMBER, ("messages",), cli="json"),
    Field("due", TIME, ("due",), undo=True, shown_to="all"),
    Field("cc", PEOPLE, ("cc",), undo=True, personal=True, shown_to="all", table="ticket_cc"),
    Field("wait", WAIT, ("waits_since", "asked", "step", "told"), undo=True, read="waits"),
    Field(
        "appointment",
        APPOINTMENT,
        ("appointment_uid", "appointment_begin", "appointment_minutes", "appointment_text"),
        undo=True,
        personal=True,
        shown_to="all",
    ),
    Field("appointment_revision", NUMBER, ("appointment_revision",)),
    Field("status_asked", TIME, ("status_asked",)),
    Field("muted", ADDRESSES, ("muted",), personal=True),
    Field("bundle", NUMBER, ("bundle",), undo=True, shown_to="staff"),
)
PERSONAL_COLUMNS = tuple(
    column for field in FIELDS if field.personal and not field.table for column in field.columns
)
CLI_TABLE = tuple(field.name for field in FIELDS if field.cli == "table")


_OF_NEW_TICKET = {field.name: field.default for field in dataclass_fields(Ticket)}


def columns_of(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as database columns; a field with a table of its own is a list of rows."""
    return {
        column: value
        for field in FIELDS
        for column, value in zip(field.columns, field.to_columns(ticket), strict=True)
    }


def from_columns(row: object, **lists: Any) -> Ticket:
    """Return the ticket of a row and the lists from other tables."""

    def value(column: str) -> Any:
        return lists[column] if column in lists else getattr(row, column)

    return Ticket(**{f.name: f.kind.from_columns(*map(value, f.columns)) for f in FIELDS})


def state_of(ticket: Ticket) -> State:
    """Return the fields of a ticket that `#undo` restores, as the audit trail stores them."""
    return {field.name: field.to_json(ticket) for field in FIELDS if field.undo}


def with_state(ticket: Ticket, state: State) -> Ticket:
    """Return the ticket with a state from the audit trail.

    A state written by an earlier release lacks newer fields: these keep their present value.
    """
    restorable = {field.name: field.from_json(state[field.name]) for field in FIELDS if field.name in state}
    return replace(ticket, **restorable)


def restored(ticket: Ticket, before: Ticket) -> Ticket:
    """Return the ticket with the fields of `before` that `#undo` restores."""
    return replace(ticket, **{field.name: getattr(before, field.name) for field in FIELDS if field.undo})


def without_personal_data(ticket: Ticket, now: datetime) -> Ticket:
    """Return a ticket without its personal data; it is closed at `now` if it was open."""
    emptied = replace(ticket, **{field.name: field.kind.erased for field in FIELDS if field.personal})
    return replace(emptied, status=Status.CLOSED, closed=ticket.closed or now)


def notification_values(ticket: Ticket, *, staff: bool) -> list[tuple[str, Any]]:
    """Return names and values of the fields that these readers see, unless a new ticket has that value.

    A due date is left out if it is that of the appointment.
    """
    readers = ("all", "staff") if staff else ("all",)
    values = ((field.name, getattr(ticket, field.name)) for field in FIELDS if field.shown_to in readers)
    shown = [(name, value) for name, value in values if value != _OF_NEW_TICKET[name]]
    rests = ticket.appointment is not None and ticket.due == ticket.appointment.begin
    return [(name, value) for name, value in shown if not (rests and name == "due")]


def document_of(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as `mailbot tickets --json` prints it."""
    return {"ticket": ticket.key} | {field.name: field.shown(ticket) for field in FIELDS if field.cli != "no"}
