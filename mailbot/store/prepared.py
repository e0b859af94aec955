"""Execute statements that are compiled once for each database and each shape of their values.

SQLAlchemy compiles a statement and converts values; the driver executes it. `Connection.execute` takes
longer: it looks up the compiled form of each statement and prepares a result for any use.

The shape of values is their names and the lengths of lists: a list in a condition becomes `IN (?, ?, …)`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Executable, Insert
from sqlalchemy.engine import Connection, Dialect, IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlmodel import Session

Values = Mapping[str, Any]
Converter = Callable[[Any], Any]


class _Prepared:
    """A statement, compiled for a database and a shape of values."""

    def __init__(self, statement: Any, values: Values, dialect: Dialect) -> None:
        is_insert = isinstance(statement, Insert)  # otherwise PostgreSQL returns the key of each row
        compiled = statement.compile(dialect=dialect, column_keys=sorted(values), for_executemany=is_insert)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        expanded = compiled.construct_expanded_state({n: values[n] for n in binds.keys() & values.keys()})
        self.sql = expanded.statement
        self._positions = expanded.positiontup
        self._lists = expanded.parameter_expansion
        self._constants = {name: bind.value for name, bind in binds.items() if name not in values}
        self._defaults = [(column.key, column.default) for column in getattr(compiled, "insert_prefetch", ())]
        self._to_driver = _converters(
            (expanded_name, bind.type.dialect_impl(dialect).bind_processor(dialect))
            for name, bind in binds.items()
            for expanded_name in self._lists.get(name, [name])
        )
        self.columns = _result_columns(statement, dialect)

    def parameters(self, values: Values) -> Any:
        """Return values in the form that the driver expects."""
        given = {**self._constants, **values}
        for name, default in self._defaults:
            given[name] = default.arg(None) if default.is_callable else default.arg
        for name, expanded in self._lists.items():
            items = given[name]
            flat = items if len(items) == len(expanded) else chain.from_iterable(items)
            given.update(zip(expanded, flat, strict=True))
        for name, convert in self._to_driver:
            given[name] = convert(given[name])
        return tuple([given[name] for name in self._positions]) if self._positions is not None else given


def _result_columns(statement: Any, dialect: Dialect) -> SimpleResultMetaData | None:
    """Return the names of the columns and the conversions of values; None if only the driver knows them."""
    columns = getattr(statement, "exported_columns", ())  # none of `text`
    processors = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    names = [column.name for column in columns]
    # The public way to give conversions to a result is `Connection.execute`, which this module replaces.
    return SimpleResultMetaData(names, _processors=processors if any(processors) else None) if names else None


def _converters(found: Iterable[tuple[str, Converter | None]]) -> list[tuple[str, Converter]]:
    return [(name, convert) for name, convert in found if convert is not None]


_prepared: WeakKeyDictionary[Executable, dict[tuple[object, ...], _Prepared]] = WeakKeyDictionary()


def execute(
    session: Session, statement: Executable, values: Values | Sequence[Values] | None = None
) -> Result[*tuple[Any, ...]]:
    """Execute a statement, once for each of several sets of values; raise the errors of SQLAlchemy.

    Several sets have the same names. The statement belongs to a module, so that it is compiled once.
    """
    connection = _connection(session)
    sets = list(values) if isinstance(values, Sequence) else [values or {}]
    prepared = _prepare(statement, sets[0], connection.dialect)
    parameters = [prepared.parameters(one) for one in sets]
    cursor = connection.connection.cursor()
    try:
        if len(parameters) == 1:
            cursor.execute(prepared.sql, parameters[0])
        else:
            cursor.executemany(prepared.sql, parameters)
        rows = cursor.fetchall() if cursor.description else []
    except Exception as error:  # noqa: BLE001 - as SQLAlchemy does, which raises it again
        # Nothing public turns an error of the driver into one of SQLAlchemy, and closes a lost connection.
        connection._handle_dbapi_exception(error, prepared.sql, None, cursor, None)
    columns = prepared.columns or SimpleResultMetaData([column[0] for column in cursor.description or ()])
    cursor.close()
    return IteratorResult(columns, iter(rows))


def _connection(session: Session) -> Connection:
    """Return the connection of a session's transaction; `Session.connection` takes longer."""
    connection: Connection | None = session.info.get("connection")
    if connection is None or connection.closed:
        connection = session.info["connection"] = session.connection()
    return connection


def _prepare(statement: Executable, values: Values, dialect: Dialect) -> _Prepared:
    by_shape = _prepared.get(statement)
    if by_shape is None:
        by_shape = _prepared[statement] = {}
    is_insert = isinstance(statement, Insert)  # has lists only as values
    lengths = () if is_insert else (len(v) for v in values.values() if isinstance(v, list | tuple))
    shape = (dialect.name, *values, *lengths)
    prepared = by_shape.get(shape)
    if prepared is None:
        prepared = by_shape[shape] = _Prepared(statement, values, dialect)
    return prepared
