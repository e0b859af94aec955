"""Move all data from SQLite to PostgreSQL, with both databases locked."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.service.bootstrap import DeskError, exclusive_lock
from mailbot.store.audit import Origin, record
from mailbot.store.database import Engine, SQLAlchemyError, first_line, open_database, transaction
from mailbot.store.schema import SchemaError, migrate, require_utf8, schemas
from mailbot.store.transfer import Transfer, occupied

UNCHANGED = "nothing was moved"


@contextmanager
def migration(settings: Settings, file: Path, actor: str) -> Iterator[Transfer]:
    """Open and lock both databases; commit the transfer at the end of the block if all rows are equal.

    Raises DeskError if the transfer cannot start or a row differs; nothing is moved then.
    """
    if not settings.database.startswith("postgresql"):
        example = '"postgresql://USER@HOST/DATABASE"'
        raise DeskError(f"{settings.file}: bot.database: set the new database, e.g. {example}; {UNCHANGED}")
    if not file.is_file():
        raise DeskError(f"{file}: no such file; give the path of the SQLite database; {UNCHANGED}")
    with ExitStack() as stack:
        stack.enter_context(exclusive_lock(settings))
        old, new = open_database(f"sqlite:///{file}"), open_database(settings.database)
        stack.callback(old.dispose)
        stack.callback(new.dispose)
        with _as_desk_error(str(file)):
            _check_schema(old, file)
        where = f"{settings.file}: bot.database"
        with _as_desk_error(where):
            require_utf8(new)
            migrate(new)
        with _as_desk_error(str(file)), transaction(old) as source:
            source.connection()  # takes the write lock
            with _as_desk_error(where), transaction(new) as target:
                if names := occupied(target):
                    raise DeskError(
                        f"{where}: has rows in {', '.join(names)}; use an empty database; {UNCHANGED}"
                    )
                transfer = Transfer(source, target)
                with _as_desk_error(f"{where}: table", transfer):
                    yield transfer
                if transfer.differences:
                    raise DeskError(f"{where}: rows differ from those in {file}, see above; {UNCHANGED}")
                record(target, Origin(actor, utc_now()), "moved to PostgreSQL", file.name)


def _check_schema(old: Engine, file: Path) -> None:
    current, needed = schemas(old)
    if current is None:
        raise DeskError(f"{file}: is not a database of mailbot; {UNCHANGED}")
    if current != needed:
        todo = f'run mailbot upgrade-database with database = "sqlite:///{file.resolve()}"'
        raise DeskError(f"{file}: has schema {current}, this mailbot needs {needed}; {todo}; {UNCHANGED}")


@contextmanager
def _as_desk_error(where: str, transfer: Transfer | None = None) -> Iterator[None]:
    """Raise a database error as a DeskError that says where it happened."""
    try:
        yield
    except (SQLAlchemyError, SchemaError) as error:
        location = f"{where} {transfer.table}" if transfer else where
        raise DeskError(f"{location}: {first_line(error)}; {UNCHANGED}") from error
