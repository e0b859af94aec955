"""The fields of a ticket, read from the annotations of `Ticket`: one list for all that stores or shows them.

Rows, `#undo`, disclosure, erasure, JSON and the basic data of letters loop over `FIELDS`. A field of a known
type needs nothing else here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args, get_type_hints

from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Priority, ReminderStage, Status, Ticket, Trait, WaitState


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of a type are stored. `columns` are suffixes of the field's name, or names of their own.

    `pack` returns the columns' values, `unpack` takes them. `dump` and `load` convert to JSON and back.
    `show` returns what `mailbot tickets --json` prints. `empty` remains after erasure.
    """

    columns: tuple[str, ...] = ("",)
    pack: Callable[[Any], tuple[Any, ...]] = lambda value: (value,)
    unpack: Callable[..., Any] = lambda value: value
    dump: Callable[[Any], Any] = lambda value: value
    load: Callable[[Any], Any] = lambda value: value
    show: Callable[[Any], Any] = lambda value: value
    empty: Any = ""


def _pair(person: Address | None) -> list[str] | None:
    return [person.email, person.name] if person else None


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _moment(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None


_PLAIN = Codec()
_MOMENT = Codec(dump=_iso, load=_moment, show=_iso)
_WAIT = Codec(
    ("waits_since", "asked", "step", "told"),
    pack=lambda wait: (wait.since, wait.asked, wait.step.value, wait.told),
    unpack=lambda since, asked, step, told: WaitState(since, asked, ReminderStage(step), told),
    dump=lambda wait: [_iso(wait.since), wait.asked, wait.step.value, _iso(wait.told)],
    load=lambda kept: WaitState(
        datetime.fromisoformat(kept[0]), kept[1], ReminderStage(kept[2]), _moment(kept[3])
    ),
)
_PERSON = Codec(
    ("", "_name"),
    pack=lambda person: (person.email, person.name),
    unpack=Address,
    dump=_pair,
    load=lambda pair: Address(*pair),
    show=lambda person: person.email,
    empty=Address(""),
)
_PERSON_OR_NOBODY = Codec(
    ("", "_name"),
    pack=lambda person: (person.email, person.name) if person else (None, ""),
    unpack=lambda email, name: Address(email, name) if email else None,
    dump=_pair,
    load=lambda pair: Address(*pair) if pair else None,
    show=lambda person: person.email if person else None,
    empty=None,
)
_PEOPLE = Codec(
    pack=lambda people: ([_pair(person) for person in people],),
    unpack=lambda pairs: tuple(Address(*pair) for pair in pairs),
    dump=lambda people: [_pair(person) for person in people],
    load=lambda pairs: tuple(Address(*pair) for pair in pairs),
    empty=(),
)
CODECS: Mapping[Any, Codec] = {
    str: _PLAIN,
    int: _PLAIN,
    datetime: _MOMENT,
    datetime | None: _MOMENT,
    Address: _PERSON,
    Address | None: _PERSON_OR_NOBODY,
    tuple[Address, ...]: _PEOPLE,
    WaitState | None: _WAIT,
    **{
        kind: Codec(pack=lambda value: (value.value,), unpack=kind, dump=str, load=kind, show=str)
        for kind in (Status, Priority)
    },
}


@dataclass(frozen=True, slots=True)
class TicketField:
    """One field of a ticket, its columns and its traits."""

    name: str
    codec: Codec
    columns: tuple[str, ...]
    traits: frozenset[Trait]

    def of(self, ticket: Ticket) -> Any:
        """Return the value of a ticket."""
        return ticket.waits if self.codec is _WAIT else getattr(ticket, self.name)


def _fields() -> tuple[TicketField, ...]:
    found = []
    for name, hint in get_type_hints(Ticket, include_extras=True).items():
        kind, *traits = get_args(hint) if hasattr(hint, "__metadata__") else (hint,)
        codec = CODECS[kind]
        own = codec is _WAIT
        columns = tuple(column if own else name + column for column in codec.columns)
        found.append(TicketField(name, codec, columns, frozenset(traits)))
    return tuple(found)


FIELDS = _fields()
COLUMNS = tuple(column for field in FIELDS for column in field.columns)


def with_trait(trait: Trait) -> tuple[TicketField, ...]:
    """Return the fields that have a trait."""
    return tuple(field for field in FIELDS if trait in field.traits)


def to_columns(ticket: Ticket) -> dict[str, Any]:
    """Return the columns of a ticket."""
    return {
        column: value
        for field in FIELDS
        for column, value in zip(field.columns, field.codec.pack(field.of(ticket)), strict=True)
    }


def from_columns(row: Any) -> Ticket:
    """Return the ticket of an object that has the columns as attributes."""
    values = {f.name: f.codec.unpack(*(getattr(row, column) for column in f.columns)) for f in FIELDS}
    return Ticket(**values)


def emptied_columns() -> dict[str, Any]:
    """Return what remains of the personal columns after erasure."""
    return {
        column: value
        for field in with_trait(Trait.PERSONAL)
        for column, value in zip(field.columns, field.codec.pack(field.codec.empty), strict=True)
    }
