"""Change and write schools in the text of a TOML file. The only module that knows tomlkit.

Each [[school]] is edited alone: tomlkit would move tables that are between the schools.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from mailbot.school_table.changes import Changes, applied

_HEADER = re.compile(r"[ \t]*\[\[?([^\[\]\n]*)\]\]?[ \t]*(?:#.*)?")
_ADDRESS = re.compile(r"[^\s<>\"',]+@[^\s<>\"',]+")
_ARRAY_WIDTH = 90


class EditError(Exception):
    """The text cannot be changed with its comments and its order."""


def edit(text: str, changes: Mapping[int, Changes]) -> str:
    """Return the text of a TOML file in which schools, by number from 0, have new settings.

    Raises EditError if the result would not be what `changes` say.
    """
    lines = text.splitlines(keepends=True)
    blocks = list(_blocks(lines))
    expected = tomllib.loads(text)
    schools = expected["school"]
    if len(blocks) != len(schools):
        raise EditError
    for number, change in changes.items():
        schools[number] = applied(schools[number], change)
    for number in sorted(changes, reverse=True):
        begin, end = blocks[number]
        lines[begin:end] = [_edit_block("".join(lines[begin:end]), changes[number])]
    result = "".join(lines)
    if _parsed(result) != expected:
        raise EditError
    return result


def _parsed(text: str) -> object:
    try:
        return tomllib.loads(text)
    except ValueError:
        return None


def _blocks(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end line of each [[school]], without blank lines and comments at its end."""
    headers = [(number, found[1].strip()) for number, line in enumerate(lines) if (found := _header(line))]
    for position, (begin, name) in enumerate(headers):
        if name == "school":
            ends = (n for n, other in headers[position + 1 :] if not other.startswith("school."))
            end = next(ends, len(lines))
            while lines[end - 1].strip() == "" or lines[end - 1].lstrip().startswith("#"):
                end -= 1
            yield begin, end


def _header(line: str) -> re.Match[str] | None:
    return _HEADER.fullmatch(line.rstrip("\r\n"))


def _edit_block(block: str, changes: Changes) -> str:
    try:
        document = tomlkit.parse(block)
        school: Any = document["school"][0]
        for path, value in changes.items():
            _set(school, path, value)
        result = tomlkit.dumps(document)
    except (TOMLKitError, KeyError, TypeError, AttributeError, IndexError, ValueError):
        raise EditError from None  # tomlkit has other exceptions for text that it does not expect
    return result if result.endswith("\n") else result + "\n"


def _set(table: Any, path: tuple[str, ...], value: object) -> None:
    """Set or remove a setting below a table of tomlkit."""
    key, *rest = path
    before = table.get(key)
    if rest and isinstance(before, tomlkit.items.InlineTable) and _is_flat(before):
        table[key] = _item(applied(before.unwrap(), {tuple(rest): value}))
    elif rest:
        if before is None:
            table[key] = _item(applied({}, {tuple(rest): value}))
        else:
            _set(before, tuple(rest), value)
    elif value is None:
        del table[key]
    elif isinstance(before, tomlkit.items.Array) and isinstance(value, list):
        _set_items(before, value)
    else:
        table[key] = _item(value)


def _is_flat(table: Any) -> bool:
    return not any(isinstance(value, dict | list) for value in table.values())


def _set_items(array: Any, values: list[object]) -> None:
    """Change only the items that differ; the comment beside a person stays beside that person."""
    before = array.unwrap()
    matcher = SequenceMatcher(None, list(map(_identity, before)), list(map(_identity, values)), False)
    for tag, low, high, begin, end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            for number, (old, new) in enumerate(zip(before[low:high], values[begin:end], strict=True)):
                if old != new:
                    array[low + number] = _item(new)
            continue
        for number, value in enumerate(values[begin:end]):
            array.insert(low + number, _item(value))
        for _ in range(low, high):
            del array[low + end - begin]


def _identity(item: object) -> tuple[str, ...]:
    """Return the addresses of a member; for another item the item itself."""
    text = repr(item)
    return tuple(_ADDRESS.findall(text.lower())) or (text,)


def _item(value: object) -> Any:
    """Return a value for tomlkit, which needs the line end of a new one below a dotted key."""
    return tomlkit.parse(f"x = {_text(value)}\n")["x"]


def _text(value: object) -> str:
    """Return a value in TOML, on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_text(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return tomlkit.item(value).as_string()


def append(text: str, schools: Iterable[Mapping[str, object]]) -> str:
    """Return the text of a TOML file with new schools at its end; raise EditError if it has another form."""
    before = text.rstrip() + "\n\n" if text.strip() else ""
    expected = [*tomllib.loads(text).get("school", []), *schools]
    result = before + "\n\n".join("\n".join(_school(school)) for school in schools) + "\n"
    parsed = _parsed(result)
    if not isinstance(parsed, dict) or parsed["school"] != expected:
        raise EditError
    return result


def _school(school: Mapping[str, object]) -> Iterator[str]:
    yield "[[school]]"
    yield from _lines(school, apart="team")
    team = school.get("team")
    if isinstance(team, Mapping):
        yield "[school.team]"
        yield from _lines(team)


def _lines(table: Mapping[str, object], apart: str = "") -> Iterator[str]:
    for key, value in table.items():
        line = f"{key} = {_text(value)}"
        if key == apart:
            continue
        if isinstance(value, list) and len(line) > _ARRAY_WIDTH:
            line = "\n".join([f"{key} = [", *(f"    {_text(item)}," for item in value), "]"])
        yield line
