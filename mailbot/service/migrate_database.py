"""Move the whole desk from SQLite to PostgreSQL, with both databases locked."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.service.bootstrap import DeskError, exclusive_lock
from mailbot.store.audit import Origin, record
from mailbot.store.database import (
    Engine,
    SchemaError,
    SQLAlchemyError,
    first_line,
    migrate,
    open_database,
    schemas,
    transaction,
)
from mailbot.store.transfer import Transfer, occupied

NOTHING = "nothing was moved"


@contextmanager
def migration(settings: Settings, file: Path, actor: str) -> Iterator[Transfer]:
    """Open and lock both databases; commit the transfer afterwards if all rows are equal.

    Raises DeskError, with nothing moved, if it cannot begin or a row differs.
    """
    if not settings.database.startswith("postgresql"):
        wanted = '"postgresql://USER@HOST/DATABASE"'
        raise DeskError(f"{settings.file}: bot.database: name the new database, as in {wanted}; {NOTHING}")
    if not file.is_file():
        raise DeskError(f"{file}: there is no such file; name the SQLite file of the desk; {NOTHING}")
    settings.state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(exclusive_lock(settings))
        old, new = open_database(f"sqlite:///{file}"), open_database(settings.database)
        stack.callback(old.dispose)
        stack.callback(new.dispose)
        with _in_words(str(file)):
            _check_schema(old, file)
        where = f"{settings.file}: bot.database"
        with _in_words(where):
            migrate(new)
        with _in_words(str(file)), transaction(old) as source:
            source.connection()  # takes the write lock
            with _in_words(where), transaction(new) as target:
                if names := occupied(target):
                    raise DeskError(
                        f"{where}: holds something in {', '.join(names)}; give a new one; {NOTHING}"
                    )
                transfer = Transfer(source, target)
                with _in_words(f"{where}: table", transfer):
                    yield transfer
                if transfer.differences:
                    raise DeskError(f"{where}: not all is there as it is in {file}, see above; {NOTHING}")
                record(target, Origin(actor, utc_now()), "moved to PostgreSQL", file.name)


def _check_schema(old: Engine, file: Path) -> None:
    current, needed = schemas(old)
    if current is None:
        raise DeskError(f"{file}: is no desk of mailbot; {NOTHING}")
    if current != needed:
        how = f'call mailbot status once with database = "sqlite:///{file.resolve()}"'
        raise DeskError(f"{file}: has the schema {current}, this mailbot needs {needed}: {how}; {NOTHING}")


@contextmanager
def _in_words(where: str, transfer: Transfer | None = None) -> Iterator[None]:
    """Raise a database error as DeskError that names the place."""
    try:
        yield
    except (SQLAlchemyError, SchemaError) as error:
        place = f"{where} {transfer.table}" if transfer else where
        raise DeskError(f"{place}: {first_line(error)}; {NOTHING}") from error
