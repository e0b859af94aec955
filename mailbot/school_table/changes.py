"""Compare a row of a table with a school of the configuration."""

from collections.abc import Iterator, Mapping

from mailbot.school_table.columns import COLUMNS, MEMBERS, SHARED, Path, Value, cell_of, setting, value_of
from mailbot.school_table.members import members_of

Changes = Mapping[Path, Value | None]
"""The new values of settings; None removes a setting."""
_PASSWORDS = ("password_file", "password_env")


def changes_of(school: Mapping[str, object], cells: Mapping[str, str], *, shared: bool) -> Changes:
    """Return what the cells of a row change; a cell with the present value changes nothing.

    The login and the password hold for SMTP too, if the school has one login for both servers, or is new and
    `shared`. A password in one form replaces that in the other form.
    """
    given = {path: cell for column, cell in cells.items() if (path := COLUMNS[column]) != ("key",)}
    if school:
        sharing = _sharing(school)
    else:
        given, sharing = {("key",): cells["key"], **given}, set(SHARED.values()) if shared else set()
    for path, other in SHARED.items():
        if path in given and other in sharing:
            given.setdefault(other, given[path])
    changes = {path: value for path, cell in given.items() for value in _changed(school, path, cell)}
    return {**changes, **dict.fromkeys(_replaced(school, changes))}


def _sharing(school: Mapping[str, object]) -> set[Path]:
    """Return the settings of SMTP that follow those of IMAP: the same login, and the same password."""
    same = {smtp: setting(school, smtp) == setting(school, imap) for imap, smtp in SHARED.items()}
    if setting(school, ("smtp", "username")) is None or not same["smtp", "username"]:
        return set()
    return set(same) if all(same.values()) else {("smtp", "username")}


def _changed(school: Mapping[str, object], path: Path, cell: str) -> Iterator[Value]:
    """Yield the new value of a setting, or nothing."""
    before = setting(school, path)
    if before is not None and cell == cell_of(path, before):
        return
    value = members_of(cell, before) if path == MEMBERS else value_of(path, cell)
    if value != before:
        yield value


def _replaced(school: Mapping[str, object], changes: Changes) -> Iterator[Path]:
    for server in ("imap", "smtp"):
        paths = {(server, key) for key in _PASSWORDS}
        if len(paths & changes.keys()) == 1:
            yield from (path for path in paths - changes.keys() if setting(school, path) is not None)


def applied(school: Mapping[str, object], changes: Changes) -> dict[str, object]:
    """Return the table of a school with these changes."""
    result = dict(school)
    for (key, *rest), value in changes.items():
        if rest:
            inner = result.get(key)
            result[key] = applied(inner if isinstance(inner, Mapping) else {}, {tuple(rest): value})
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result
