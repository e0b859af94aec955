"""Disclosure and erasure of all data of a person, on both databases."""

import base64
import json
import quopri
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from mailbot.core.model.policy import Retention
from mailbot.privacy.requests import PersonErasure, disclose
from mailbot.service.operations import OperationError
from mailbot.service.retention import expire
from mailbot.store.audit_verify import verify
from mailbot.store.database import read_only, transaction
from mailbot.store.erasure import readable_text
from mailbot.store.tables import (
    EventRow,
    HeldRow,
    LedgerRow,
    MessageRow,
    OutboxRow,
    PersonRow,
    RawRow,
    TicketRow,
    metadata,
)
from tests.support.daemon import Daemon
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.scenario import MAX, NOW
from tests.support.school import SchoolEnv, problem
from tests.support.servers.postgres import Postgres

PAULA = "paula.personal@schule.example"
NAME = "Paula Persönlich"
FROM = f'"{NAME}" <{PAULA}>'
TICKETS = 50
FEW = 3
SECRET = "Sonderbare Auskunft Nummer {} über Beamer"
QUOTED = "Das Passwort der Kollegin lautet Rumpelstilzchen und sonst nichts"


@pytest.fixture
def many_tickets(desk: DeskHarness) -> DeskHarness:
    """A desk where Paula has 50 tickets, and left traces in a ticket of somebody else."""
    return with_traces(desk, TICKETS)


@pytest.fixture
def few_tickets(desk: DeskHarness) -> DeskHarness:
    """The same with few tickets, where their number proves nothing."""
    return with_traces(desk, FEW)


def with_traces(desk: DeskHarness, tickets: int) -> DeskHarness:
    """Let Paula write mails to a desk, and others write of her.

    Its SQLite is one that lets go of what is deleted without writing over it, as many are built.
    """
    if desk.engine.url.get_backend_name() == "sqlite":
        event.listen(desk.engine, "connect", lambda raw, _: raw.execute("PRAGMA secure_delete=OFF"))
        desk.engine.dispose()
    for n in range(tickets):
        mail = problem(f"Anliegen {n} Persönlich", FROM).text(f"{SECRET.format(n)}.\n\nGruß, {NAME}")
        desk.receive(mail, at=NOW - timedelta(days=tickets - n))
    for n in (1, 2):
        ticket = next(row for row in desk.outbox_of(MAX) if row.subject.startswith(f"[#GYM-{n}]"))
        quoted = f"Liegt bereit.\n#close\n\nAm 23.11.2026 schrieb {FROM}:\n> {SECRET.format(n - 1)}.\n"
        desk.receive(reply_to(ticket, MAX, quoted).attach("notiz.txt", f"von {PAULA}".encode(), "text/plain"))
    desk.receive(problem("Drucker").cc(PAULA).proven().text(f"Frag auch {PAULA} oder {NAME}."))
    desk.reply(MAX, "Ich frage sie.")
    desk.receive(reply_to(desk.outbox_of(PAULA)[-1], FROM, QUOTED))
    desk.reply(MAX, "Danke!\n> Das Passwort der Kollegin\n> lautet Rumpelstilzchen und sonst nichts")
    with transaction(desk.engine) as session:
        session.execute(text("UPDATE outbox SET state = 'sent'"))
        session.add(PersonRow(address=PAULA, name=NAME, undeliverable=f"550 {PAULA} unknown"))
        entry = session.exec(select(LedgerRow.id)).first() or 0
        session.add(HeldRow(ledger_id=entry, school="GYM", address=PAULA, until=NOW))
    return desk


def test_disclosure_contains_all_stored_data_in_readable_form(
    many_tickets: DeskHarness, tmp_path: Path
) -> None:
    file = tmp_path / "paula.zip"
    for _ in disclose(many_tickets.desk, PAULA, file, NOW):
        pass
    assert file.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(file) as archive:
        data = json.loads(archive.read("data.json"))
        mails = [archive.read(name) for name in archive.namelist() if name.startswith("mails/")]
        internal = json.loads(archive.read("internal.json"))
    assert len(data["tickets"]) == TICKETS + 1
    assert len(mails) == TICKETS + 1
    assert data["person"]["name"] == NAME
    assert {SECRET.format(n) in json.dumps(data, ensure_ascii=False) for n in range(TICKETS)} == {True}
    assert len(data["letters"]) >= TICKETS
    assert len(internal) == TICKETS + 1
    with pytest.raises(OperationError, match="exists"):
        next(disclose(many_tickets.desk, PAULA, file, NOW))


def test_nothing_of_a_forgotten_person_is_found_in_the_database(
    many_tickets: DeskHarness, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert set(needles()) - missing(many_tickets, request), "the search finds what is there"
    forget(many_tickets)
    assert set(needles()) - missing(many_tickets, request) == set()
    assert [row.requester for row in many_tickets.rows(TicketRow)].count("") == TICKETS
    with read_only(many_tickets.engine) as session:
        assert verify(session).problems == []


def test_erasure_keeps_other_peoples_texts_and_the_statistics(few_tickets: DeskHarness) -> None:
    before = few_tickets.rows(TicketRow)
    forget(few_tickets)
    after = few_tickets.rows(TicketRow)
    figures = ("school", "number", "level", "priority", "opened", "messages")
    assert [[getattr(row, f) for f in figures] for row in after] == [
        [getattr(row, f) for f in figures] for row in before
    ]
    other = few_tickets.ticket(f"GYM-{FEW + 1}")
    assert other["messages"][0]["text"] == "Frag auch […] oder […]."
    assert [m["text"] for m in other["messages"][1:]] == ["Ich frage sie.", "", "Danke!"]
    assert all(row.outcome for row in few_tickets.rows(LedgerRow))
    assert len({row.id for row in few_tickets.rows(EventRow) if row.salt}) > 0


def test_an_erased_person_who_writes_again_is_unknown(few_tickets: DeskHarness) -> None:
    sent = few_tickets.outbox_of(PAULA)[0]
    forget(few_tickets)
    few_tickets.receive(reply_to(sent, PAULA, "Noch etwas"))
    assert few_tickets.rows(TicketRow)[-1].number == FEW + 2


def test_erasure_is_refused_for_members_and_for_pending_mail(few_tickets: DeskHarness) -> None:
    with pytest.raises(OperationError, match="configuration"):
        PersonErasure(few_tickets.desk, MAX, NOW).check()
    with transaction(few_tickets.engine) as session:
        row = session.exec(select(OutboxRow).where(OutboxRow.recipient == PAULA)).first()
        assert row is not None
        row.state = "queued"
    with pytest.raises(OperationError, match="1 mails"):
        PersonErasure(few_tickets.desk, PAULA, NOW).check()


def test_retention_erases_raw_mails_then_texts_then_mails_without_a_ticket(few_tickets: DeskHarness) -> None:
    few_tickets.receive(
        problem("Werbung", "werbung@anderswo.example").header("Precedence", "bulk").text("Kaufen Sie")
    )
    days = few_tickets.desk.policy.retention
    with transaction(few_tickets.engine) as session:
        session.execute(text("UPDATE ticket SET status = 'open', closed = NULL WHERE number > 2"))
    expire(few_tickets.desk, NOW + timedelta(days=days.mail_days - 1))
    assert len(few_tickets.rows(RawRow)) == len(few_tickets.rows(LedgerRow)) - 1  # the advertisement
    expire(few_tickets.desk, NOW + timedelta(days=days.mail_days + 1))
    closed = {row.id for row in few_tickets.rows(TicketRow) if row.status == "closed"}
    assert {row.raw_id for row in few_tickets.rows(MessageRow) if row.ticket_id in closed} == {None}
    assert all(row.text for row in few_tickets.rows(MessageRow))
    expire(few_tickets.desk, NOW + timedelta(days=days.text_days + 1))
    assert [row.requester for row in few_tickets.rows(TicketRow)][:3] == ["", "", PAULA]
    assert few_tickets.rows(LedgerRow)[-1].sender == ""
    with read_only(few_tickets.engine) as session:
        assert verify(session).problems == []
    assert len(few_tickets.rows(TicketRow)) == FEW + 1


def test_retention_of_0_keeps_everything(few_tickets: DeskHarness) -> None:
    policy = replace(few_tickets.desk.policy, retention=Retention(0, 0, 0))
    before = few_tickets.rows(MessageRow), len(few_tickets.rows(RawRow)), len(few_tickets.rows(OutboxRow))
    expire(replace(few_tickets.desk, policy=policy), NOW + timedelta(days=9_999))
    assert (
        few_tickets.rows(MessageRow),
        len(few_tickets.rows(RawRow)),
        len(few_tickets.rows(OutboxRow)),
    ) == before


def forget(harness: DeskHarness) -> None:
    """Forget Paula."""
    forgetting = PersonErasure(replace(harness.desk, actor="operator root"), PAULA, NOW)
    forgetting.check()
    steps, total = list(forgetting.steps()), forgetting.total()
    assert len(steps) > total > 0


def needles() -> Iterator[bytes]:
    """Yield what must be nowhere: address, name and texts, as they are, in base64 and quoted-printable."""
    for plain in (PAULA, NAME, "Rumpelstilzchen", *(SECRET.format(n) for n in range(TICKETS))):
        raw = plain.encode()
        yield raw
        yield quopri.encodestring(raw).strip(b"\n")
        for shift in range(3):  # base64 looks different by where in its groups of three bytes a word begins
            encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
            yield encoded[4 if shift else 0 : -2]


def missing(harness: DeskHarness, request: pytest.FixtureRequest) -> set[bytes]:
    """Return the needles that are in no file of the database and in no stored mail."""
    haystack = [raw.lower() for raw in (*files(harness, request), *values(harness), *mails(harness))]
    return {needle for needle in needles() if not any(needle.lower() in raw for raw in haystack)}


def files(harness: DeskHarness, request: pytest.FixtureRequest) -> Iterable[bytes]:
    """Yield the bytes of all files that the database consists of."""
    if harness.engine.url.get_backend_name() == "sqlite":
        database = Path(harness.engine.url.database or "")
        return [path.read_bytes() for path in database.parent.glob(f"{database.name}*")]
    with harness.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
        oid = connection.execute(
            text("SELECT oid FROM pg_database WHERE datname = current_database()")
        ).scalar()
    postgres: Postgres = request.getfixturevalue("postgres")
    return [path.read_bytes() for path in postgres.files(f"base/{oid}")]


def values(harness: DeskHarness) -> Iterator[bytes]:
    """Yield every value of every table: what is long may lie compressed in the files."""
    with read_only(harness.engine) as session:
        for table in metadata.tables:
            yield "\n".join(map(str, session.execute(text(f"SELECT * FROM {table}")).all())).encode()  # noqa: S608


def mails(harness: DeskHarness) -> Iterator[bytes]:
    """Yield what can be read in the mails that are kept."""
    for row in harness.rows(RawRow):
        yield readable_text(zlib.decompress(row.content)).encode()


def test_a_person_is_erased_while_the_daemon_processes_the_mails_of_others(env: SchoolEnv) -> None:
    with Daemon(env, forked=True) as daemon:
        env.deliver(*(problem(f"Anliegen {n} Persönlich", FROM).text(SECRET.format(n)) for n in range(5)))
        daemon.wait(lambda: len(env.mails_to(PAULA)) == 5, "Paula's receipts")
        daemon.wait(lambda: env.status()["outbox"] == {"sent": 15}, "nothing waits to be sent")
        others = [f"otto{n}@schule.example" for n in range(30)]
        env.deliver(*(problem(f"Maus {n}", other).text("weg") for n, other in enumerate(others)))
        counts = env.json("forget", PAULA)
        daemon.wait(lambda: all(env.mails_to(other) for other in others), "the receipts of the others")
        assert daemon.stop() == 0
        assert "Traceback" not in daemon.log
    assert counts["tickets"] == 5
    listed = env.json("tickets", "--status", "all")
    assert sorted(t["requester"] for t in listed if t["requester"]) == sorted(others)
    assert sorted(int(t["ticket"].removeprefix("GYM-")) for t in listed) == list(range(1, 36))
    with env.open() as (desk, _):
        for table in (LedgerRow, OutboxRow, MessageRow, EventRow):
            assert PAULA not in str(DeskHarness(desk).rows(table))
