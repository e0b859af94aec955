"""Phase 1, the form: check a TOML document against the models and report every problem."""

import difflib
from collections.abc import Iterable
from typing import get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from mailbot.config.model import Document, Table
from mailbot.config.problem import FieldError
from mailbot.config.types import SIZE

_SENTENCES = {
    "missing": "missing; expected {description}",
    "string_type": 'must be a text in quotation marks "…"',
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "date_type": "must be a day such as 2027-11-30, without quotation marks",
    "list_type": "must be a list [ … ]",
    "model_type": "must be a table {{ … }}",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "too_short": "needs at least one entry",
    "value_error": "{error}",
    "byte_size": f"must be {SIZE}",
    "byte_size_unit": f"must be {SIZE}",
}


def read_form(data: dict[str, object]) -> tuple[Document | None, list[FieldError]]:
    """Return the document, or None and every problem of its form."""
    try:
        return Document.model_validate(data), []
    except ValidationError as error:
        return None, [_field_error(details) for details in error.errors(include_url=False)]


def _field_error(error: ErrorDetails) -> FieldError:
    *path, key = location = error["loc"]
    fields = _fields(path)
    field = fields.get(str(key))
    if error["type"] == "extra_forbidden":
        return FieldError(location, _unknown(str(key), list(fields)))
    if location == ("school",):
        return FieldError(location, "must be written [[school]], one table for each school")
    values = {"description": field and field.description, "msg": error["msg"], **error.get("ctx", {})}
    expected = _SENTENCES.get(error["type"], "{msg}").format_map(values)
    if error["type"] == "literal_error":
        expected = expected.replace("'", '"')  # as TOML and all other sentences quote
    shown = error["type"] != "missing" and (field is None or field.repr)
    return FieldError(location, expected, error["input"] if shown else None)


def _fields(path: Iterable[int | str]) -> dict[str, FieldInfo]:
    """Return the known keys of the table at a path."""
    table: type[Table] = Document
    for step in path:
        if isinstance(step, str):
            table = _table(table.model_fields[step].annotation) or table
    return table.model_fields


def _table(annotation: object) -> type[Table] | None:
    """Return the model in an annotation: the model itself, or the one of a list's entries."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    inner = get_args(annotation)[:1]
    return _table(inner[0]) if inner else None


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=2)
    return f"unknown; did you mean {' or '.join(near)}?" if near else f"unknown; known are {', '.join(known)}"
