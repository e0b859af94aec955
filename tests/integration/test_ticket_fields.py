"""The table of ticket fields is complete: store, undo, disclosure, erasure and output use each field."""

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from sqlalchemy import Row

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.effects import RevertChange
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Priority, ReminderStage, Status, Ticket, WaitState
from mailbot.core.model.ticket_fields import (
    FIELDS,
    PERSONAL_COLUMNS,
    columns_of,
    document_of,
    state_of,
    with_state,
)
from mailbot.core.model.transition import apply
from mailbot.preview import LANGUAGES
from mailbot.privacy.personal_data import build_matcher
from mailbot.store import tickets
from mailbot.store.database import read_only, transaction
from mailbot.store.disclosure import collect
from mailbot.store.erasure import erase_ticket, redact_batch
from mailbot.store.mapping import insert_ticket, to_ticket
from mailbot.store.tables import TicketRow, metadata
from tests.support.desk_harness import DeskHarness, open_harness
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import NOW

NAMES = [field.name for field in fields(Ticket)]
NO_FIELD = {"id", "look_at", "merged_into", "head", "entries"}
"""The columns of a ticket's row that are not part of the ticket."""
NOT_UNDONE = {"school", "number", "subject", "opened", "updated", "messages", "status_asked", "muted"}
NOT_UNDONE |= {"appointment_revision"}
NOT_ERASED = set(NAMES) - {"subject", "requester", "assignee", "cc", "muted", "appointment"}
NOT_PRINTED = {"number", "cc", "due", "wait", "status_asked", "muted", "appointment", "appointment_revision"}
NOT_PRINTED |= {"bundle"}
PAULA = "paula@schule.example"
EMPTY: tuple[Any, ...] = ("", [], None)


def value_of(position: int, name: str) -> Any:
    """Return a value that no other field has and that is not the field's default."""
    person, day = Address(f"{name}+{PAULA}", f"{name} {PAULA}"), NOW + timedelta(days=position)
    values: dict[Any, Any] = {
        str: f"{PAULA} {name}",
        int: position + 100,
        int | None: position + 100,
        Status: Status.WAITING,
        Priority: Priority.URGENT,
        datetime: day,
        datetime | None: day,
        Address: person,
        Address | None: person,
        tuple[Address, ...]: (person, Address(f"two+{PAULA}")),
        Appointment | None: Appointment(f"uid-{position}", day, position + 100, f"{PAULA} {name}"),
        tuple[str, ...]: (f"{name}+{PAULA}", f"two+{PAULA}"),
        WaitState | None: WaitState(
            day, awaiting_staff=False, stage=ReminderStage.OVERDUE, reminded_at=day + timedelta(hours=1)
        ),
    }
    return values[get_type_hints(Ticket)[name]]


FULL = Ticket(**{name: value_of(position, name) for position, name in enumerate(NAMES)})
OTHER = Ticket(
    **{
        field.name: field.default if field.default is not MISSING else getattr(FULL, field.name)
        for field in fields(Ticket)
    }
)


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[DeskHarness]:
    """Open a database that holds only the full ticket."""
    with open_harness(tmp_path) as desk:
        with transaction(desk.engine) as session:
            insert_ticket(session, FULL)
        yield desk


def read(desk: DeskHarness) -> tuple[Row[Any], Ticket]:
    """Return the only row of a database and its ticket."""
    with read_only(desk.engine) as session:
        row = tickets.by_ids(session, [1])[1]
        return row, to_ticket(session, row)


def test_the_table_has_one_row_for_each_field_of_a_ticket() -> None:
    assert sorted(field.name for field in FIELDS) == sorted(NAMES)


def test_the_full_ticket_has_a_value_in_each_field_that_its_default_does_not_have() -> None:
    assert [f.name for f in fields(Ticket) if getattr(FULL, f.name) == f.default] == []


def test_each_column_of_a_ticket_belongs_to_one_field() -> None:
    columns = set(TicketRow.model_fields) - NO_FIELD
    stored = [column for field in FIELDS if not field.table for column in field.columns]
    assert sorted(stored) == sorted(columns)


def test_a_ticket_is_read_as_it_was_written(stored: DeskHarness) -> None:
    assert read(stored)[1] == FULL


def test_undo_restores_each_field_that_a_command_changes() -> None:
    state = json.loads(json.dumps(state_of(FULL)))
    undone = apply(OTHER, [RevertChange(OTHER.key, with_state(OTHER, state), NOW)], NOW)
    assert {name for name in NAMES if getattr(undone, name) != getattr(FULL, name)} <= NOT_UNDONE
    changed = {name for name in NOT_UNDONE if getattr(undone, name) != getattr(OTHER, name)}
    assert changed <= {"updated", "appointment_revision"}


def test_undo_restores_a_field_without_a_value() -> None:
    before = replace(OTHER, wait=OTHER.waits)
    state = json.loads(json.dumps(state_of(before)))
    undone = apply(FULL, [RevertChange(FULL.key, with_state(FULL, state), NOW)], NOW)
    assert {name for name in NAMES if getattr(undone, name) != getattr(before, name)} <= NOT_UNDONE


STATE = {
    "status": "waiting",
    "level": 2,
    "priority": "urgent",
    "assignee": ["max@support.example", "Max"],
    "requester": ["lena@schule.example", "Lena"],
    "cc": [["karl@schule.example", ""]],
    "closed": None,
    "due": "2026-12-01T08:00:00+00:00",
    "wait": ["2026-11-28T08:00:00+00:00", False, "reminded", "2026-11-29T08:00:00+00:00"],
}
"""A state as release 0.1.1 wrote it."""


def test_a_state_is_written_as_in_release_0_1_1() -> None:
    assert state_of(with_state(FULL, STATE)) == {**state_of(FULL), **STATE}
    assert with_state(FULL, STATE).assignee == Address("max@support.example", "Max")
    unassigned = {**STATE, "assignee": None}
    assert state_of(with_state(FULL, unassigned)) == {**state_of(FULL), **unassigned}


def test_a_field_that_an_old_state_lacks_keeps_its_value() -> None:
    for name in STATE:
        old = {key: value for key, value in STATE.items() if key != name}
        assert getattr(with_state(FULL, old), name) == getattr(FULL, name)


def test_disclosure_gives_out_each_column(stored: DeskHarness) -> None:
    with read_only(stored.engine) as session:
        (found,) = collect(session, FULL.requester.email)["tickets"]
    about_others = {"muted": "", "bundle": None}
    assert found == {**columns_of(FULL), **about_others, "messages": [], "internal": []}


def test_erasure_empties_each_field_with_personal_data(stored: DeskHarness) -> None:
    with transaction(stored.engine) as session:
        erase_ticket(session, 1, NOW)
    row, ticket = read(stored)
    assert [column for column in PERSONAL_COLUMNS if getattr(row, column) not in EMPTY] == []
    assert {name for name in NAMES if getattr(ticket, name) == getattr(FULL, name)} == NOT_ERASED - {"status"}
    assert (ticket.status, row.look_at) == (Status.CLOSED, None)


def test_a_sweep_finds_a_person_in_each_field_with_personal_data(stored: DeskHarness) -> None:
    with transaction(stored.engine) as session:
        redact_batch(session, metadata.tables["ticket"], 0, build_matcher([PAULA], (), ()))
    columns = columns_of(read(stored)[1])
    assert [column for column, value in columns.items() if PAULA in str(value)] == ["school"]


def test_the_command_line_prints_each_field_that_it_has_always_printed() -> None:
    written = document_of(FULL)
    assert list(written) == [
        "ticket", "school", "status", "level", "priority", "requester", "assignee", "subject", "opened",
        "updated", "closed", "messages",
    ]  # fmt: skip
    assert set(NAMES) - set(written) == NOT_PRINTED
    assert json.loads(json.dumps(written))["requester"] == FULL.requester.email


def test_every_language_has_a_label_for_each_field_in_mails() -> None:
    for language in LANGUAGES:
        head: Any = TEMPLATES.words(language)["head"]
        assert {field.name for field in FIELDS if field.shown_to != "no"} <= set(head)
