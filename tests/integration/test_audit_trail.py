"""The audit trail: actor, time, mail and proof of each entry; every later change of an entry is detected."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service.maintenance import maintain
from mailbot.service.operations import drop_unsent_mail, operator_log, retry_unsent_mail, unblock
from mailbot.service.registration import invite
from mailbot.store import audit_hash, audit_verify
from mailbot.store.audit import Origin, record
from mailbot.store.audit_verify import VerifyResult, seal, verify
from mailbot.store.database import Engine, open_database, read_only, transaction
from mailbot.store.erasure import erase_audit_entries
from mailbot.store.schema import migrate
from mailbot.store.tables import EventRow, MessageRow, OutboxRow, TicketRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.scenario import ERIKA, LENA, MAX, NOW
from tests.support.school import problem


@pytest.fixture
def used_desk(desk: DeskHarness) -> DeskHarness:
    """A desk with two tickets, one of them closed, whose audit trail is sealed."""
    desk.receive(problem("Beamer").text("dunkel"))
    desk.receive(problem("Drucker").text("leer"))
    desk.reply(MAX, "Ist neu.\n#close")
    with transaction(desk.engine) as session:
        assert seal(session, "mailbot", NOW)[0] == 2
    return desk


def checked(desk: DeskHarness) -> VerifyResult:
    """Check the whole audit trail."""
    with read_only(desk.engine) as session:
        return verify(session)


def test_each_entry_says_how_the_actor_was_authenticated(used_desk: DeskHarness) -> None:
    said = {(row.actor, row.trusted) for row in used_desk.rows(EventRow) if row.ticket_id}
    assert said == {
        (LENA, "nothing proves that this mail is from its From address"),
        (MAX, "replies to a mail that was sent to this person"),
    }
    assert {event["trusted"] for event in used_desk.ticket("GYM-1")["events"]} <= {
        trusted for _, trusted in said
    }


def test_a_proven_copy_of_a_processed_mail_adds_its_proof_and_nothing_else(desk: DeskHarness) -> None:
    original = problem("Beamer").text("dunkel")
    first = original.build()
    forged = b"Authentication-Results: mx.schule.example; dmarc=fail\r\n" + first
    assert desk.outcome(forged) == "opened"
    before, sent = desk.ticket("GYM-1"), desk.rows(OutboxRow)
    proven = original.proven().build()
    assert [desk.outcome(copy) for copy in (first, proven, proven)] == ["duplicate"] * 3
    after = desk.ticket("GYM-1")
    assert [(e["action"], e["actor"], e["trusted"]) for e in after["events"][len(before["events"]) :]] == [
        ("proven", LENA, "Authentication-Results: dmarc=pass for schule.example")
    ]
    assert {**after, "events": before["events"]} == before
    assert desk.rows(OutboxRow) == sent
    (message,) = desk.rows(MessageRow)
    assert (message.proven, message.forged) == (True, False)
    assert checked(desk).problems == []


def test_an_untouched_trail_holds(used_desk: DeskHarness) -> None:
    result = checked(used_desk)
    assert result.problems == []
    assert result.entries == len(used_desk.rows(EventRow)) > 6


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE event SET actor = 'eve@anderswo.example' WHERE action = 'status'",
        "UPDATE event SET detail = 'open' WHERE action = 'status'",
        "UPDATE event SET because = '' WHERE action = 'status'",
        "UPDATE event SET trusted = 'dmarc=pass' WHERE action = 'status'",
        "UPDATE event SET before = NULL WHERE action = 'status'",
        "UPDATE event SET action = 'level' WHERE action = 'status'",
        "UPDATE event SET at = '2026-11-01 00:00:00' WHERE action = 'status'",
        "UPDATE event SET ticket_id = 1 WHERE action = 'status'",
        "DELETE FROM event WHERE action = 'message'",
        "DELETE FROM event WHERE ticket_id = 2 AND id = (SELECT max(id) FROM event WHERE ticket_id = 2)",
        "DELETE FROM event WHERE ticket_id IS NULL",
        "INSERT INTO event (ticket_id, at, actor, action, detail, message_id, because, trusted, salt, digest,"
        " link) SELECT ticket_id, at, actor, action, detail, message_id, because, trusted, salt, digest, link"
        " FROM event WHERE action = 'status'",
        "UPDATE event SET actor = '', detail = '', message_id = '', because = '', trusted = '', salt = '',"
        " before = NULL WHERE action = 'status'",
        "UPDATE ticket SET entries = 0, head = '' WHERE id = 2",
        "DELETE FROM event WHERE ticket_id = 2; UPDATE ticket SET entries = 0, head = '' WHERE id = 2",
    ],
)
def test_tampering_is_noticed(used_desk: DeskHarness, tampering: str) -> None:
    with transaction(used_desk.engine) as session:
        for statement in tampering.split(";"):
            session.execute(text(statement))
    assert checked(used_desk).problems


def test_an_entry_removed_before_the_first_link_leaves_a_gap(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    desk.reply(MAX, "Ist neu.\n#close")
    with transaction(desk.engine) as session:
        session.execute(text("DELETE FROM event WHERE action = 'message'"))
        session.execute(text("UPDATE ticket SET entries = (SELECT count(*) FROM event)"))
    assert [line for line in checked(desk).problems if "does not follow" in line]


def test_a_rewritten_chain_is_noticed_by_its_seal(used_desk: DeskHarness) -> None:
    with transaction(used_desk.engine) as session:
        ticket, link = session.get_one(TicketRow, 2), ""
        for row in [r for r in used_desk.rows(EventRow) if r.ticket_id == 2]:
            values = audit_hash.append_link(row.model_dump() | {"actor": "eve@anderswo.example"}, link)
            session.merge(EventRow(**values))
            link = values["link"]
        ticket.head = link
    assert [line for line in checked(used_desk).problems if "seal" in line]


def test_personal_data_in_an_entry_is_erased_only_with_an_entry_that_records_it(
    used_desk: DeskHarness,
) -> None:
    with transaction(used_desk.engine) as session:
        rows = [row.id for row in used_desk.rows(EventRow) if row.actor == MAX and row.id is not None]
        assert erase_audit_entries(session, rows) == len(rows)
    assert checked(used_desk).problems
    with transaction(used_desk.engine) as session:
        record(session, Origin("operator", NOW), audit_verify.ERASED, f'{{"entries":{len(rows)}}}')
    assert checked(used_desk).problems == []


def test_entries_after_a_link_are_linked_the_next_time_and_none_twice(used_desk: DeskHarness) -> None:
    used_desk.receive(reply_to(used_desk.outbox_of(LENA)[0], LENA, "Es eilt."))
    with transaction(used_desk.engine) as session:
        assert [seal(session, "mailbot", NOW)[0] for _ in range(2)] == [1, 0]
    assert checked(used_desk).problems == []


def test_the_chain_is_extended_once_a_night(used_desk: DeskHarness) -> None:
    assert not maintain(used_desk.desk, NOW.replace(hour=1))
    assert [maintain(used_desk.desk, NOW) for _ in range(2)] == [True, False]
    assert maintain(used_desk.desk, NOW + timedelta(days=1))
    assert checked(used_desk).problems == []


def test_the_name_of_a_member_is_learnt_once_and_noted(used_desk: DeskHarness) -> None:
    for name in ("Max M.", "Max M.", "Max Mustermann"):
        used_desk.receive(
            reply_to(
                used_desk.outbox_of(MAX, NotificationKind.NEW_TICKET)[1],
                f"{name} <{MAX}>",
                f"Ich bin es, {name}",
            )
        )
    noted = [(row.actor, row.detail) for row in used_desk.rows(EventRow) if row.action == "name learnt"]
    assert noted == [(MAX, f"{MAX} Max M."), (MAX, f"{MAX} Max Mustermann")]
    assert checked(used_desk).problems == []


def test_operator_commands_have_audit_entries(used_desk: DeskHarness) -> None:
    by_hand = DeskHarness(replace(used_desk.desk, actor="operator root"))
    mail = used_desk.outbox_of(LENA)[0].id or 0
    retry_unsent_mail(by_hand.desk, mail)
    drop_unsent_mail(by_hand.desk, mail)
    used_desk.reply(MAX, "#spam")
    unblock(by_hand.desk, LENA)
    on_tickets = [e["action"] for e in used_desk.ticket("GYM-1")["events"] if e["actor"] == "operator root"]
    assert on_tickets == ["outgoing mail retried", "outgoing mail dropped"]
    assert [(d["actor"], d["action"], d["detail"]) for d in operator_log(used_desk.desk)] == [
        ("operator root", "unblocked", f"{LENA} in GYM")
    ]
    assert checked(used_desk).problems == []


def test_invitations_of_members_have_one_entry(desk: DeskHarness) -> None:
    by_hand = replace(desk.desk, actor="operator root")
    assert set(invite(by_hand, [MAX, ERIKA], NOW)) == {MAX, ERIKA}
    (entry,) = operator_log(desk.desk)
    assert (entry["actor"], entry["action"]) == ("operator root", "invited")
    assert set(entry["detail"].split(", ")) == {MAX, ERIKA}


def test_a_desk_of_the_first_version_keeps_its_trail_and_gets_it_chained(
    tmp_path: Path, postgres_url: str
) -> None:
    for url in (f"sqlite:///{tmp_path / 'old.db'}", postgres_url):
        engine = open_database(url)
        _fill_first_schema(engine)
        migrate(engine)
        with read_only(engine) as session:
            result = verify(session)
        assert (result.entries, result.problems) == (2, [])
        with transaction(engine) as session:
            session.execute(text("UPDATE event SET actor = 'eve' WHERE id = 1"))
        with read_only(engine) as session:
            assert verify(session).problems
        engine.dispose()


def _fill_first_schema(engine: Engine) -> None:
    """Make a desk as 0.1.0 left it: a ticket with a message and two entries."""
    config = Config()
    config.set_main_option("script_location", str(Path(audit_verify.__file__).parent / "migrations"))
    rows = {
        "ticket": "1, 'GYM', 1, 'Beamer', 'open', 1, 'normal', 'lena@schule.example', '', '', '[]', :at, :at,"
        " 1, :at, TRUE, 'nothing'",
        "message": "1, 1, 'in', 'public', 'lena@schule.example', '', 'dunkel', '', :at, ''",
        "event": "1, 1, :at, 'lena', 'opened', 'Beamer', '', '', NULL), "
        "(2, 1, :at, 'max', 'level', '2', '', '', '[1]'",
    }
    names = {
        "ticket": "id, school, number, subject, status, level, priority, requester, requester_name,"
        " assignee_name, cc, opened, updated, messages, waits_since, asked, step",
        "message": "id, ticket_id, direction, visibility, author, author_name, text, quoted, at, message_id",
        "event": "id, ticket_id, at, actor, action, detail, message_id, because, before",
    }
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for table, values in rows.items():
            statement = f"INSERT INTO {table} ({names[table]}) VALUES ({values})"  # noqa: S608 - our own
            connection.execute(text(statement), {"at": "2026-11-01 10:00:00.123"})
