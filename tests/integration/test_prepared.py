"""Prepared statements: values and errors are the same as those of SQLAlchemy's own execution."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Executable, bindparam, insert, select, text, tuple_
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from mailbot.store.database import Engine, open_database, read_only, transaction
from mailbot.store.prepared import execute
from mailbot.store.tables import metadata
from tests.support.new_database import new_postgresql
from tests.support.servers.postgres import Postgres

EVENT, BLOCKED = metadata.tables["event"], metadata.tables["blocked"]
INSERT = insert(EVENT).returning(EVENT.c.id)
INSERT_BLOCKED = insert(BLOCKED)
ALL = select(EVENT).order_by(EVENT.c.id)
OF_ACTORS = select(EVENT.c.actor).where(EVENT.c.actor.in_(bindparam("actors", expanding=True)))
OF_PAIRS = select(BLOCKED.c.by).where(
    tuple_(BLOCKED.c.school, BLOCKED.c.address).in_(bindparam("pairs", expanding=True))
)
AT = datetime(2026, 11, 29, 12, tzinfo=timezone(timedelta(hours=1)))


def test_rows_have_the_values_that_sqlalchemy_reads(engine: Engine) -> None:
    with transaction(engine) as session:
        for before in (None, {"status": "öffen"}):
            execute(session, INSERT, {"at": AT, "actor": "max", "action": "status", "before": before})
        rows = execute(session, ALL).all()
        assert [tuple(row) for row in rows] == [tuple(row) for row in session.connection().execute(ALL)]
        assert [(row.at, row.before, row.detail) for row in rows] == [
            (datetime(2026, 11, 29, 11, tzinfo=UTC), None, ""),
            (datetime(2026, 11, 29, 11, tzinfo=UTC), {"status": "öffen"}, ""),
        ]


def test_lists_of_any_length_are_conditions(engine: Engine) -> None:
    with transaction(engine) as session:
        pairs = [("GYM", "a@x.example"), ("HBG", "b@x.example"), ("HBG", "c@x.example")]
        values = [{"school": s, "address": a, "since": AT, "by": a[0]} for s, a in pairs]
        execute(session, INSERT_BLOCKED, values)
        for actor in "abc":
            execute(session, INSERT, {"at": AT, "actor": actor, "action": "status"})
        for number in (0, 1, 3, 2):
            some = {"actors": tuple("abc"[:number])}
            assert set(execute(session, OF_ACTORS, some).scalars()) == set("abc"[:number])
            assert set(execute(session, OF_PAIRS, {"pairs": pairs[:number]}).scalars()) == set("abc"[:number])


def test_errors_are_those_of_sqlalchemy_without_the_values(engine: Engine) -> None:
    blocked = {"school": "GYM", "address": "secret@x.example", "since": AT, "by": "max"}

    def write_both(engine: Engine, statement: Executable, values: dict[str, Any]) -> None:
        with transaction(engine) as session:
            execute(session, INSERT_BLOCKED, blocked)
            execute(session, statement, values)

    for statement, values, expected in (
        (INSERT_BLOCKED, blocked, IntegrityError),
        (text("SELECT nothing FROM nowhere"), {}, SQLAlchemyError),
    ):
        with pytest.raises(expected) as raised:
            write_both(engine, statement, values)
        assert "secret" not in str(raised.value).partition("DETAIL")[0]
    with transaction(engine) as session:
        assert execute(session, OF_PAIRS, {"pairs": [("GYM", "secret@x.example")]}).all() == []


def test_postgresql_keeps_its_plans_of_statements_when_a_session_only_read(postgres: Postgres) -> None:
    engine = open_database(new_postgresql(postgres))
    for _ in range(10):  # psycopg lets the server prepare a statement that it executes for the sixth time
        with read_only(engine) as session:
            execute(session, ALL)
    with read_only(engine) as session:
        kept = execute(session, text("SELECT count(*) FROM pg_prepared_statements")).scalar_one()
    engine.dispose()
    assert kept >= 1
