"""The columns of a table of schools: the settings behind them, and the forms of values in cells.

The columns are read from the models of the configuration, so that a new setting of a school is a column.
"""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from mailbot.config.model import School, Table
from mailbot.school_table.members import format_members

Path = tuple[str, ...]
"""The keys from a school's table to a setting, such as ("imap", "port")."""
Value = object
EMPTY = '""'
"""The cell of a text or list without content; a cell without anything changes nothing."""
_NUMBER = re.compile("[0-9]{1,9}")
_PARTS = re.compile("[,;\r\n]")
MEMBERS: Path = ("team", "members")
COMMON: Mapping[str, Path] = {
    "key": ("key",),
    "name": ("name",),
    "address": ("address",),
    "login": ("imap", "username"),
    "password_file": ("imap", "password_file"),
    "password_env": ("imap", "password_env"),
    "team": ("team", "name"),
    "members": MEMBERS,
}
"""The columns of each table, in their order; login and password hold for SMTP too."""
SHARED: Mapping[Path, Path] = {path: ("smtp", path[1]) for path in COMMON.values() if path[0] == "imap"}
"""The settings of `smtp` beside those of `imap` that one column sets."""


def _leaves(table: type[Table], above: Path) -> Iterator[tuple[Path, FieldInfo]]:
    for key, field in table.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Table):
            yield from _leaves(kind, (*above, key))
        else:
            yield (*above, key), field


FIELDS: Mapping[Path, FieldInfo] = dict(_leaves(School, ()))
_OTHERS = {".".join(path): path for path in FIELDS if path not in COMMON.values()}
COLUMNS: Mapping[str, Path] = {**COMMON, **_OTHERS}
"""The path of each column; a column that is not common has the name of its path, such as `imap.port`."""
COLUMN_OF: Mapping[Path, str] = {path: column for column, path in COLUMNS.items()}


def _kinds(annotation: object) -> Iterator[object]:
    """Yield the types in an annotation: int of `Annotated[int, …] | None`."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _kinds(part)
    elif origin is Annotated:
        yield from _kinds(get_args(annotation)[0])
    else:
        yield origin or annotation


def value_of(path: Path, cell: str) -> Value:
    """Return the value in TOML of a cell; the form of the configuration checks it."""
    kinds = set(_kinds(FIELDS[path].annotation))
    text = "" if cell == EMPTY else cell
    if list in kinds:
        return [part for p in _PARTS.split(text) if (part := p.strip())]
    return int(text) if int in kinds and _NUMBER.fullmatch(text) else text


def cell_of(path: Path, value: Value) -> str:
    """Return the cell of a value in TOML; "" for a value of a wrong type, which the form reports."""
    if path == MEMBERS:
        return format_members(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or EMPTY
    return str(value).strip() or EMPTY


def setting(school: Mapping[str, object], path: Path) -> Value | None:
    """Return a setting of a school's table, or None."""
    found: object = school
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def cells_of(school: Mapping[str, object]) -> dict[str, str]:
    """Return the cells of a school by column; a setting that another column covers has none."""
    values = {path: setting(school, path) for path in FIELDS}
    covered = {
        smtp for imap, smtp in SHARED.items() if values[imap] is not None and values[smtp] == values[imap]
    }
    return {
        COLUMN_OF[path]: cell_of(path, value)
        for path, value in values.items()
        if value is not None and path not in covered
    }
