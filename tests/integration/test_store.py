"""The store on SQLite and on PostgreSQL: one transaction, nothing twice, nothing lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, func, select

from mailbot.core.model.listing import Listing, Scope
from mailbot.render import Templates
from mailbot.service.desk import Desk
from mailbot.store import mailboxes, mapping, outbox, people, raw_mail, tickets
from mailbot.store.database import Engine, open_database, read_only, transaction
from mailbot.store.outbox import SendOutcome
from mailbot.store.schema import migrate
from mailbot.store.tables import (
    EventRow,
    LedgerRow,
    MessageRow,
    OutboxRow,
    RawRow,
    SchoolRow,
    TicketRow,
    metadata,
)
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.new_database import new_sqlite
from tests.support.scenario import LENA, NOW
from tests.support.school import problem

T = TypeVar("T")
WORKERS = 8


def together(work: Callable[[int], T], workers: int = WORKERS) -> list[T]:
    """Let several threads begin the same work at the same moment."""
    gate = threading.Barrier(workers)

    def begin(number: int) -> T:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(begin, range(workers)))


# -- the schema


def is_compared(name: str | None, kind: str, _: object) -> bool:
    """Leave out the full-text index: each database has one of its own kind, with tables of its own."""
    return kind != "table" or name is None or name.partition("_")[0] != "search"


def test_the_migrations_give_exactly_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        opts = {"compare_type": True, "include_name": is_compared}
        context = MigrationContext.configure(connection, opts=opts)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    with read_only(engine) as session:
        assert session.exec(select(func.count()).select_from(TicketRow)).one() == 0


def test_foreign_keys_hold(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(EventRow(ticket_id=999, at=NOW, actor="", action="opened"))


def test_times_come_back_aware_and_in_utc(engine: Engine) -> None:
    berlin = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    with transaction(engine) as session:
        mailboxes.record_success(session, "GYM", berlin)
    with read_only(engine) as session:
        stored = mailboxes.states(session)[0].last_success
    assert stored == berlin
    assert stored is not None
    assert stored.tzinfo is UTC


# -- numbers and races


def test_numbers_have_no_gaps_and_no_duplicates_under_concurrent_writers(desk: DeskHarness) -> None:
    def write(worker: int) -> None:
        for n in range(5):
            desk.receive(
                problem(f"Problem {worker}.{n}").sender(f"lena{worker}@schule.example").text("x"),
                uid=1 + worker * 5 + n,
            )

    together(write)
    assert [row.outcome for row in desk.rows(LedgerRow)] == ["opened"] * (WORKERS * 5)
    assert sorted(row.number for row in desk.rows(TicketRow)) == list(range(1, WORKERS * 5 + 1))
    assert [row.last_number for row in desk.rows(SchoolRow)] == [WORKERS * 5]


def test_a_school_that_two_workers_store_at_once_is_stored_once(engine: Engine) -> None:
    def write(worker: int) -> None:
        with transaction(engine) as session:
            tickets.set_last_number(session, "GYM", tickets.next_number(session, "GYM"))

    together(write)
    with read_only(engine) as session:
        assert session.exec(select(SchoolRow.last_number)).all() == [WORKERS]


def test_concurrent_replies_to_one_ticket_are_all_counted(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    (receipt,) = desk.outbox_of(LENA)
    built = [reply_to(receipt, LENA, f"Nachtrag {n}", f"<n{n}@schule.example>") for n in range(WORKERS)]
    together(lambda n: desk.receive(built[n], uid=100 + n))
    (row,) = desk.rows(TicketRow)
    assert row.messages == len(desk.rows(MessageRow)) == WORKERS + 1


def test_several_workers_process_a_mail_once(desk: DeskHarness) -> None:
    raw = problem().text("Dunkel.").build()
    together(lambda _: desk.receive(raw, uid=7))
    assert (len(desk.rows(TicketRow)), len(desk.rows(MessageRow))) == (1, 1)


# -- all or nothing


def test_a_failed_transaction_leaves_nothing(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "new_ticket.txt.j2").write_text("{{ no_such_thing }}")
    desk = DeskHarness(Desk(engine, replace(GERMAN_POLICY, operators=()), Templates(tmp_path)))
    decision = desk.receive(problem().text("Dunkel."))
    assert decision is not None
    assert decision.outcome == "quarantined"
    for table in (TicketRow, MessageRow, EventRow, OutboxRow, SchoolRow):
        assert desk.rows(table) == []
    (entry,) = desk.rows(LedgerRow)
    assert "no_such_thing" in entry.traceback
    assert len(desk.rows(RawRow)) == 1


def test_a_database_that_was_read_only_for_a_while_is_written_again(tmp_path: Path) -> None:
    engine = open_database(new_sqlite(tmp_path / "mailbot.db"))
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "PRAGMA query_only = ON"
        )  # as if it was opened while nothing could be written
    with pytest.raises(OperationalError, match="readonly"), transaction(engine) as session:
        session.add(SchoolRow(key="GYM"))
    with transaction(engine) as session:
        session.add(SchoolRow(key="GYM"))
    engine.dispose()


def test_the_number_of_a_failed_transaction_is_given_again(engine: Engine) -> None:
    def write_and_fail() -> None:
        with transaction(engine) as session:
            tickets.next_number(session, "GYM")
            tickets.set_last_number(session, "GYM", 7)
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with read_only(engine) as session:
        assert session.get(SchoolRow, "GYM") is None


# -- duplicates


def test_a_processed_uid_stays_processed(desk: DeskHarness) -> None:
    assert desk.receive(mail().subject("Beamer").message_id("<a@x.example>").text("dunkel"), uid=7)
    assert desk.receive(mail().subject("Drucker").message_id("<b@x.example>").text("leer"), uid=7) is None
    assert [row.subject for row in desk.rows(TicketRow)] == ["Beamer"]


def test_a_second_delivery_of_a_mail_is_known_by_its_content(desk: DeskHarness) -> None:
    raw = problem().text("Dunkel.").build()
    again = b"Received: from a by b; Mon, 23 Nov 2026 10:00:01 +0100\r\nX-Spam: no\r\n" + raw
    assert [desk.outcome(o) for o in (raw, again)] == ["opened", "duplicate"]
    assert len(desk.rows(TicketRow)) == 1


def test_another_mail_with_the_same_message_id_is_no_duplicate(desk: DeskHarness) -> None:
    first, second = (problem().message_id("<same@x.example>").text(text) for text in ("Eins", "Zwei"))
    assert [desk.outcome(m) for m in (first, second)] == ["opened", "opened"]


def test_a_problem_sent_to_two_schools_opens_a_ticket_in_each(desk: DeskHarness) -> None:
    raw = problem().text("Dunkel.").build()
    assert [desk.outcome(raw, school) for school in ("GYM", "HBG", "HBG")] == [
        "opened",
        "opened",
        "duplicate",
    ]


def test_a_reply_in_two_mailboxes_is_filed_once(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    raw = reply_to(desk.outbox_of(LENA)[0], LENA, "Nachtrag").build()
    assert [desk.outcome(raw, school) for school in ("GYM", "HBG")] == ["reply", "duplicate"]


def test_a_reply_in_two_mailboxes_at_the_same_moment_is_filed_once(desk: DeskHarness) -> None:
    desk.receive(problem().text("Dunkel."))
    desk.receive(problem("Anderes").text("x"), "HBG")
    raw = reply_to(desk.outbox_of(LENA)[0], LENA, "Nachtrag").build()
    together(lambda n: desk.receive(raw, ("GYM", "HBG")[n % 2], uid=50 + n // 2), workers=4)
    assert [row.text for row in desk.rows(MessageRow)].count("Nachtrag") == 1


# -- the outbox


def test_concurrent_claims_return_each_mail_once(desk: DeskHarness) -> None:
    for n in range(10):
        desk.receive(problem(f"Problem {n}", f"t{n}@schule.example").text("x"))
    mails = len(desk.rows(OutboxRow))

    def claim(_: int) -> list[int]:
        mine: list[int] = []
        done: list[SendOutcome] = []
        while True:
            with transaction(desk.engine) as session:
                outbox.record(session, done, NOW)
                due = outbox.claim(session, ["GYM"], NOW, most=3)
            if not due:
                return mine
            mine += [mail.id for mail in due]
            done = [SendOutcome(mail.id, "sent") for mail in due]

    claimed = [sent_mail for mine in together(claim, 4) for sent_mail in mine]
    assert (len(claimed), len(set(claimed))) == (mails, mails)
    assert {row.state for row in desk.rows(OutboxRow)} == {"sent"}


def test_a_claimed_mail_is_requeued_when_its_worker_died(desk: DeskHarness) -> None:
    desk.receive(problem().text("x"))
    with transaction(desk.engine) as session:
        [_] = outbox.claim(session, ["GYM"], NOW)
    with transaction(desk.engine) as session:
        assert outbox.requeue_interrupted(session, "", NOW) == 1
        [again] = outbox.claim(session, ["GYM"], NOW)
    assert again.outgoing.message_id in {row.message_id for row in desk.rows(OutboxRow)}


# -- hostile bytes


HOSTILE = [
    ("nul in the text", mail().text("Beamer\0kaputt")),
    ("nul in the subject", mail().subject("Beamer\0kaputt").text("x")),
    ("encoded nul", mail().subject("=?utf-8?q?Beamer=00kaputt?=").text("x")),
    ("nul in the name", mail().sender("Lena\0 <lena@schule.example>").text("x")),
    ("nul in the Message-ID", mail().message_id("<a\0b@schule.example>").text("x")),
    ("lone surrogate in the subject", mail().subject("=?utf-16?b?2D0=?=").text("x")),
    ("lone surrogate as utf-8", mail().text("x").build().replace(b"Subject: ", b"Subject: \xed\xa0\xbd")),
    ("undecodable bytes", mail().text("x").build().replace(b"Lena", b"L\xff\xfe\x00na")),
    ("a huge number in a tag", mail().subject("Re: [#GYM-999999999] x").text("#close 999999999")),
    ("a huge subject", mail().subject("x" * 100_000).text("x")),
    ("a NUL file name", mail().text("x").attach("a\0b.png", b"x", "image/png")),
    ("a thread of thousands", mail().header("References", "<a@x> " * 3000).text("x")),
    ("a command with a NUL", mail().text("#close\0 12")),
    ("nothing at all", b""),
    ("no header", b"\r\n\r\nHallo"),
    ("only bytes", bytes(range(256)) * 4),
]  # fmt: skip


@pytest.mark.parametrize("raw", [o for _, o in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_hostile_bytes_cannot_break_a_write(desk: DeskHarness, raw: MailBuilder | bytes) -> None:
    assert desk.outcome(raw) in {"opened", "ignored", "refused"}
    assert len(desk.rows(LedgerRow)) == 1


def test_more_tickets_than_fit_into_one_statement_are_read_with_messages_and_cc(
    desk: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        desk.outcome(problem(f"Beamer {number}").cc("kollegin@schule.example").text(f"dunkel {number}"))

    def read() -> object:
        with read_only(desk.engine) as session:
            found = tickets.list_all(session, Listing(Scope.OPEN))
            return found, tickets.histories(session, [1, 2, 3, 4, 5])

    whole = read()
    monkeypatch.setattr(mapping, "MAX_KEYS", 2)
    assert read() == whole


def test_a_raw_mail_that_was_erased_is_a_lookup_error(desk: DeskHarness) -> None:
    with read_only(desk.engine) as session, pytest.raises(LookupError, match="raw mail 7"):
        raw_mail.load(session, 7)


def _plan_of(tmp_path: Path, part: str, read: Callable[[Session], object]) -> str:
    """Return how SQLite executes the only statement with this part that `read` sends."""
    engine = open_database(new_sqlite(tmp_path / "mailbot.db"))
    asked: list[str] = []
    with closing(engine.raw_connection()) as connection:
        assert connection.driver_connection is not None
        connection.driver_connection.set_trace_callback(asked.append)
    with read_only(engine) as session:
        assert not read(session)
    (found,) = (statement for statement in asked if part in statement)
    with engine.connect() as connected:
        return " ".join(str(row) for row in connected.exec_driver_sql(f"EXPLAIN QUERY PLAN {found}"))


def test_tickets_are_found_by_their_keys_through_an_index(tmp_path: Path) -> None:
    keys = ["GYM-1", "GYM-2", "HBG-1"]
    plan = _plan_of(tmp_path, "ticket.number IN", lambda session: tickets.find_all(session, keys))
    assert "(school=? AND number=?)" in plan


def test_blocked_senders_are_found_through_an_index(tmp_path: Path) -> None:
    pairs = [("GYM", "a@x.example"), ("GYM", "b@x.example"), ("HBG", "a@x.example")]
    plan = _plan_of(tmp_path, "blocked.address IN", lambda session: people.blocked(session, pairs))
    assert "(school=? AND address=?)" in plan
