"""An upgrade keeps all data: a desk filled by each released version works with the newest schema."""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import MetaData, func, select, text

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service.desk import Desk
from mailbot.store.database import Engine, open_database
from mailbot.store.schema import migrate, migrations, upgrade
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, reply_to
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import LENA, MAX

RELEASED = Path(__file__).parent / "released"
VERSIONS = {"0.1.0": "0001", "0.1.1": "0011", "0.2.0": "0016"}
"""The schema of each released version."""

NEW_KINDS = {
    "copied": "added_to_cc",
    "done": "command_receipt",
    "sheet": "ticket_details",
    "taken": "assigned_info",
}
"""Kinds of notifications that have a new name since 0.1.1."""


def rows(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and row of a desk that was filled with that version."""
    for line in (RELEASED / f"{version}.jsonl").read_text("utf-8").splitlines():
        document = json.loads(line)
        yield document["table"], {name: value_of(value) for name, value in document["row"].items()}


def value_of(written: Any) -> Any:
    """Read a value that JSON does not know."""
    match written:
        case {"bytes": value, **others} if not others:
            return base64.b64decode(value)
        case {"datetime": value, **others} if not others:
            return datetime.fromisoformat(value)
        case {"date": value, **others} if not others:
            return date.fromisoformat(value)
        case _:
            return written


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database that holds nothing."""
    sqlite = f"sqlite:///{tmp_path / 'mailbot.db'}"
    engine = open_database(sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    yield engine
    engine.dispose()


def fill(engine: Engine, version: str) -> None:
    """Bring a database to the schema of a version and put its rows in."""
    upgrade(engine, VERSIONS[version])
    tables = MetaData()
    tables.reflect(engine)
    naive = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        for name, row in rows(version):
            values = {
                k: v.replace(tzinfo=None) if naive and isinstance(v, datetime) else v for k, v in row.items()
            }
            connection.execute(tables.tables[name].insert().values(values))
        if not naive:  # the next rows get the next numbers
            for table in {name for name, row in rows(version) if isinstance(row.get("id"), int)}:
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\"")  # noqa: S608
                )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_row_is_kept_by_the_upgrade(empty: Engine, version: str) -> None:
    fill(empty, version)
    migrate(empty)
    tables = MetaData()
    tables.reflect(empty)
    wanted: dict[str, int] = {}
    for name, row in now(rows(version)):
        wanted[name] = wanted.get(name, 0) + 1
        table = tables.tables[name]
        keys = [column for column in table.primary_key.columns if column.name in row]
        with empty.connect() as connection:
            found = connection.execute(table.select().where(*(column == row[column.name] for column in keys)))
            kept = dict(found.mappings().one())
        assert {key: plain(kept[key]) for key in row} == {key: plain(value) for key, value in row.items()}
    with empty.connect() as connection:
        for name, number in wanted.items():
            assert (
                connection.execute(select(func.count()).select_from(tables.tables[name])).scalar() == number
            )


def now(old: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield table and row as the newest schema has them."""
    for name, row in old:
        people = row.pop("cc", ())
        if name == "raw_mail":
            row["content"] = row.pop("octets")
        if name == "outbox":
            row["kind"] = NEW_KINDS.get(row["kind"], row["kind"])
        yield name, row
        for position, (address, person) in enumerate(people):
            values = {"ticket_id": row["id"], "address": address, "name": person, "position": position}
            yield "ticket_cc", values


def test_the_audit_trail_shows_which_messages_were_forged(empty: Engine) -> None:
    fill(empty, "0.2.0")
    with empty.begin() as connection:
        found = connection.execute(text("SELECT ticket_id, message_id FROM message ORDER BY id LIMIT 1"))
        ticket, mail = found.one()
        denied = "Authentication-Results: dmarc=fail, so a reply or an action key proves nothing"
        connection.execute(
            text("UPDATE event SET trusted = :why WHERE ticket_id = :ticket AND message_id = :mail"),
            {"why": denied, "ticket": ticket, "mail": mail},
        )
        unproven = text("UPDATE message SET proven = false WHERE ticket_id = :ticket AND message_id = :mail")
        connection.execute(unproven, {"ticket": ticket, "mail": mail})
    migrate(empty)
    with empty.connect() as connection:
        forged = connection.execute(text("SELECT ticket_id, message_id FROM message WHERE forged"))
        assert forged.all() == [(ticket, mail)]


def test_people_in_copy_move_to_their_table_and_back(empty: Engine) -> None:
    upgrade(empty, "0011")
    tables = MetaData()
    tables.reflect(empty)
    template = next(row for name, row in rows("0.1.1") if name == "ticket")
    moments = [name for name, value in template.items() if isinstance(value, datetime)]
    template |= {name: plain(template[name]) for name in moments} if empty.dialect.name == "sqlite" else {}
    people = [["zoe@schule.example", "Zoë"], ["anna@schule.example", ""]]
    many = range(1, 2_502)  # more than one batch
    before = [{**template, "id": n, "number": n, "cc": people if n % 2 else []} for n in many]
    before[-1]["cc"] = [*people, people[0]]  # a person who is there twice is kept once
    with empty.begin() as connection:
        connection.execute(tables.tables["ticket"].insert(), before)
    migrate(empty)
    with empty.connect() as connection:
        found = connection.execute(text("SELECT * FROM ticket_cc ORDER BY ticket_id, position")).all()
    assert list(map(tuple, found)) == [
        (n, address, name, position) for n in many if n % 2 for position, (address, name) in enumerate(people)
    ]
    with empty.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.downgrade(config, "0011")
        after = connection.execute(tables.tables["ticket"].select().order_by(text("id"))).mappings().all()
    assert [row["cc"] for row in after] == [people if n % 2 else [] for n in many]


def test_kinds_of_notifications_are_renamed_and_back(empty: Engine) -> None:
    fill(empty, "0.1.1")
    kinds = text("SELECT id, kind FROM outbox ORDER BY id")
    with empty.begin() as connection:
        connection.execute(text("UPDATE outbox SET kind = 'copied' WHERE id = 1"))
        connection.execute(text("UPDATE outbox SET kind = 'sheet' WHERE id = 2"))
        before = connection.execute(kinds).all()
    migrate(empty)
    with empty.begin() as connection:
        after = connection.execute(kinds).all()
        assert list(map(tuple, after)) == [(mail, NEW_KINDS.get(kind, kind)) for mail, kind in before]
        config = migrations()
        config.attributes["connection"] = connection
        command.downgrade(config, "0013")
        assert connection.execute(kinds).all() == before
    assert {kind for _, kind in before} >= NEW_KINDS.keys()


def test_active_alerts_get_their_new_topics(empty: Engine) -> None:
    upgrade(empty, "0012")
    tables = MetaData()
    tables.reflect(empty)
    topics = ("failed letters", "letters by machine", "disk")
    rows_before = [{"topic": topic, "since": datetime(2026, 11, 1), "text": ""} for topic in topics]  # noqa: DTZ001 - as SQLite stores it
    with empty.begin() as connection:
        connection.execute(tables.tables["alert"].insert(), rows_before)
    migrate(empty)
    with empty.connect() as connection:
        found = connection.execute(text("SELECT topic FROM alert ORDER BY topic")).scalars().all()
    assert found == ["automatic replies", "disk", "failed mails"]


def plain(value: Any) -> Any:
    """Compare moments by their clock in UTC: SQLite keeps no zone."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


@pytest.mark.parametrize("version", VERSIONS)
def test_the_desk_works_on_after_the_upgrade(empty: Engine, version: str) -> None:
    fill(empty, version)
    migrate(empty)
    desk = DeskHarness(Desk(empty, GERMAN_POLICY, TEMPLATES), first_uid=1000)
    drucker = next(row for row in desk.outbox_of(LENA) if "GYM-2" in row.subject)
    assert desk.outcome(reply_to(drucker, LENA, "Es eilt.")) == "reply"
    assert desk.ticket("GYM-2")["messages"][-1]["text"] == "Es eilt."
    asked = desk.outbox_of(MAX, NotificationKind.REQUESTER_REPLY)[-1]
    assert desk.outcome(reply_to(asked, MAX, "Liegt bereit.\n#schließen")) == "command"
    assert desk.ticket("GYM-2")["status"] == "closed"


def test_a_sqlite_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'mailbot.db'}")
    fill(engine, "0.1.0")
    migrate(engine)
    engine.dispose()
    assert [path.name for path in tmp_path.glob("mailbot.db.before-*")]


def test_addresses_with_umlauts_in_the_domain_become_a_labels(empty: Engine) -> None:
    upgrade(empty, "0014")
    tables = MetaData()
    tables.reflect(empty)
    person, blocked = tables.tables["person"], tables.tables["blocked"]
    people = (
        "ina@weißgasse.example",
        "ina@xn--weigasse-sya.example",
        "olaf@weißgasse.example",
        "jörn@schule.example",
    )
    since = datetime(2026, 11, 1)  # noqa: DTZ001 - SQLite has no zones
    with empty.begin() as connection:
        for address in people:
            values = {"address": address, "name": "", "undeliverable": "", "invitations": 0, "deputy": ""}
            connection.execute(person.insert().values(values))
        connection.execute(blocked.insert().values(school="GYM", address=people[2], since=since, by=MAX))
    upgrade(empty, "0015")
    with empty.connect() as connection:
        found = {*connection.execute(select(person.c.address)).scalars()}
        assert found == {people[1], "olaf@xn--weigasse-sya.example", people[3]}
        assert connection.execute(select(blocked.c.address)).scalar() == "olaf@xn--weigasse-sya.example"
