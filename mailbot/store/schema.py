"""Compare and migrate the schema of the database (migrations: alembic)."""

# ruff: noqa: PLC0415 - alembic is imported to migrate only: most calls find the newest schema

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection, Engine

from mailbot.store.backup import backup
from mailbot.store.database import truncate_wal

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x6D61696C  # the key of a PostgreSQL advisory lock


class SchemaError(Exception):
    """This program cannot use the database's schema."""


def revisions() -> list[str]:
    """Return the revisions of the schema, oldest first: the number in the name of each migration."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def schemas(engine: Engine) -> tuple[str | None, str]:
    """Return the schema revision of a database, None if it has none, and the one that this program needs."""
    with engine.connect() as connection:
        current = None
        if inspect(connection).has_table("alembic_version"):
            current = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return current, revisions()[-1]


def is_known(revision: str) -> bool:
    """Return whether this program knows a schema revision."""
    return revision in revisions()


def migrations() -> "Config":
    """Return the alembic configuration with the location of the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def migrate(engine: Engine) -> None:
    """Migrate the schema to the newest revision; a SQLite file that is not empty is backed up first.

    Raise SchemaError if the schema is that of a newer program.
    """
    current, head = schemas(engine)
    if current == head:
        return
    if current is not None and not is_known(current):
        raise _newer(current)
    if current is not None and engine.url.get_backend_name() == "sqlite" and engine.url.database:
        before = Path(f"{engine.url.database}.before-{head}")
        if not before.exists():  # otherwise a failed upgrade left it
            backup(engine, before)
    upgrade(engine)
    truncate_wal(engine)


def is_empty(engine: Engine) -> bool:
    """Return whether a database has no schema yet."""
    return schemas(engine)[0] is None


def refuse_other(engine: Engine) -> None:
    """Raise SchemaError if the database has another schema than the one that this program needs."""
    current, head = schemas(engine)
    if current is None or current == head:
        return
    if not is_known(current):
        raise _newer(current)
    raise SchemaError(
        f"its schema {current} is older than {head}, which this mailbot needs; start the daemon,"
        " which migrates it, or run mailbot upgrade-database"
    )


def _newer(schema: str) -> SchemaError:
    return SchemaError(
        f"its schema {schema} is that of a newer mailbot; install that version, or restore a backup"
    )


def require_current(engine: Engine) -> None:
    """Raise SchemaError unless the schema is the one that this program needs; give an empty database one."""
    refuse_other(engine)
    migrate(engine)


def require_known(engine: Engine) -> None:
    """Raise SchemaError if the schema is that of a newer program; give an empty database one."""
    current, _ = schemas(engine)
    if current is None or not is_known(current):
        migrate(engine)


def require_utf8(engine: Engine) -> None:
    """Raise SchemaError if PostgreSQL cannot store every character: the database has another encoding."""
    if engine.url.get_backend_name() == "sqlite":
        return
    with engine.connect() as connection:
        encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise SchemaError(
            f"its encoding is {encoding}, and mails need UTF8; create it with"
            " createdb --template=template0 --encoding=UTF8, then move the data (pg_dump, psql)"
        )


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate the schema to a revision, in one transaction; raise SchemaError if that is unknown."""
    from alembic import command
    from alembic.util import CommandError

    config = migrations()
    try:
        with _without_foreign_keys(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except CommandError as error:
        raise SchemaError(str(error)) from error


@contextmanager
def _without_foreign_keys(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction in which SQLite can replace a table that other tables refer to.

    SQLite changes a table by copying and dropping it, and sets this pragma only outside of transactions.
    """
    if engine.url.get_backend_name() != "sqlite":
        with engine.begin() as connection:
            # Workers that start together wait for the first one to finish the migration.
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection
        return
    with engine.connect() as connection:
        sqlite: Any = connection.connection.driver_connection
        sqlite.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise LookupError("after the migration a row refers to a missing row")
        finally:
            sqlite.execute("PRAGMA foreign_keys=ON")
