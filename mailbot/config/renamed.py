"""Old names of configuration keys, which work for one release."""

from collections.abc import Iterator

from mailbot.config.problem import FieldError, Location, key_of

_EACH = "*"
RENAMED: tuple[tuple[tuple[str, ...], str], ...] = (
    # the path of the old key, and the new key
    (("guard",), "health"),
    (("school", _EACH, "team", "members", _EACH, "also"), "aliases"),
    (("second_level", "members", _EACH, "also"), "aliases"),
)


def rename_keys(data: dict[str, object]) -> tuple[tuple[str, ...], list[FieldError]]:
    """Replace old names in a TOML document by the new ones; return what to rename, and the problems.

    A table that has both names is a problem, and stays as it is.
    """
    advice, problems = [], []
    for (*path, old), new in RENAMED:
        for location, table in list(_tables(data, (), tuple(path))):
            if old not in table:
                continue
            old_name = key_of((*location, old), data)
            new_name = new if location else f"[{new}]"
            if new in table:
                expected = f"is the old name of {new_name}, which is set too; remove the old one"
                problems.append(FieldError((*location, old), expected))
            else:
                advice.append(f"{old_name} is now {new_name}; rename it")
                _rename(table, old, new)
    return tuple(advice), problems


def _tables(
    value: object, at: Location, path: tuple[str, ...]
) -> Iterator[tuple[Location, dict[str, object]]]:
    """Yield each table at a path, with its location. The form reports values of a wrong type."""
    if not path:
        if isinstance(value, dict):
            yield at, value
        return
    step, rest = path[0], path[1:]
    if step == _EACH and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _tables(item, (*at, index), rest)
    elif isinstance(value, dict) and step in value:
        yield from _tables(value[step], (*at, step), rest)


def _rename(table: dict[str, object], old: str, new: str) -> None:
    """Rename a key in its place: problems are reported in the order of the file."""
    items = [(new if key == old else key, value) for key, value in table.items()]
    table.clear()
    table.update(items)
