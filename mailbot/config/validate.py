"""A TOML document against the models: what is wrong in form, and what can be looked at all the same."""

import copy
import difflib
from collections.abc import Iterator
from typing import Annotated, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mailbot.config.fields import Places
from mailbot.config.model import Document, Table
from mailbot.config.problem import Finding, Location

_SENTENCES = {
    "string_type": 'must be a text in quotation marks "…"',
    "int_type": "must be a whole number",
    "list_type": "must be a list [ … ]",
    "model_type": "must be a table {{ … }}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least one entry",
    "value_error": "{error}",
}
_HIDDEN = frozenset({"password_file", "password_env", "database"})


def validate(data: dict[str, object], places: Places) -> tuple[Document, list[Finding]]:
    """Return what is right of the document, and what is wrong with the rest (nothing, if all is right)."""
    findings = list(_missing(Document, data, ()))
    remaining = copy.deepcopy(data)
    while True:
        try:
            return Document.model_validate(remaining, context=places), findings
        except ValidationError as error:
            errors = error.errors(include_url=False)
        if remaining == data:
            findings += map(_finding, errors)
        for location in sorted((e["loc"] for e in errors), key=str, reverse=True):
            _remove(remaining, location)


def _missing(model: type[Table], data: dict[str, object], at: Location) -> Iterator[Finding]:
    for name in model.required:
        if name not in data:
            yield Finding((*at, name), f"missing; needed is {model.model_fields[name].description}")
    for name, value in data.items():
        inner = _table(model.model_fields[name].annotation) if name in model.model_fields else None
        if inner is None:
            continue
        for step, table in _tables(value):
            yield from _missing(inner, table, (*at, name, *step))


def _tables(value: object) -> Iterator[tuple[Location, dict[str, object]]]:
    if isinstance(value, dict):
        yield (), value
    for index, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield (index,), item


def _table(annotation: object) -> type[Table] | None:
    """Return the model that an annotation speaks of, directly or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    inner = get_args(annotation)[:1] if get_origin(annotation) in (list, Annotated) else ()
    return _table(inner[0]) if inner else None


def _finding(error: ErrorDetails) -> Finding:
    location = error["loc"]
    if error["type"] == "extra_forbidden":
        return Finding(location, _unknown(location))
    if location == ("school",):
        return Finding(location, "must be written [[school]], one table for each school")
    expected = {name: str(value).replace("'", '"') for name, value in error.get("ctx", {}).items()}
    right = _SENTENCES.get(error["type"], error["msg"]).format_map(expected)
    return Finding(location, right, None if location[-1] in _HIDDEN else error["input"])


def _unknown(location: Location) -> str:
    known = _known(location[:-1])
    near = difflib.get_close_matches(str(location[-1]), known, n=2)
    return f"unknown; did you mean {' or '.join(near)}?" if near else f"unknown; known are {', '.join(known)}"


def _known(location: Location) -> tuple[str, ...]:
    model: type[Table] = Document
    for step in location:
        if isinstance(step, str):
            model = _table(model.model_fields[step].annotation) or model
    return tuple(model.model_fields)


def _remove(data: object, location: Location) -> None:
    """Take away what stands at a location, or the innermost thing around it that the document has."""
    step, *rest = location
    child = _child(data, step)
    if rest and _child(child, rest[0]) is not None:
        _remove(child, tuple(rest))
    elif isinstance(data, dict):
        del data[step]
    elif isinstance(data, list):
        del data[int(step)]


def _child(data: object, step: int | str) -> object:
    """TOML knows no null: None is nothing."""
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return data[step]
    return None
