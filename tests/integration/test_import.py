"""The osTicket import: tickets come with threads, files, state and numbers, and once."""

import json
from pathlib import Path
from typing import Any

import pytest

from mailbot.parse import parse, part_contents
from mailbot.store import raw_mail
from mailbot.store.database import read_only
from tests.support.osticket import OsTicketDatabase
from tests.support.school import ERIKA, LENA, MAX, TONI, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.mariadb import PASSWORD, MariaDb
from tests.support.servers.smtp import RecordingSmtpServer

pytestmark = pytest.mark.xdist_group("MariaDB")  # one process starts the server

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0"
    "0000030101001827b8a30000000049454e44ae426082"
)


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school that moves to mailbot."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


class Move:
    """An osTicket and the call that takes it over."""

    def __init__(self, env: SchoolEnv, mariadb: MariaDb) -> None:
        database = mariadb.new_database()
        self.old = OsTicketDatabase(mariadb.connect(database))
        self.env, self.url = env, mariadb.url(database)
        self.password_file = env.directory / "osticket"
        self.password_file.write_text(PASSWORD + "\n")

    def call(self, *options: str, status: int = 0) -> str:
        """Run the import; return what it prints."""
        password = ("--password-file", str(self.password_file))
        return self.env.call("import", "osticket", self.url, *password, *options, status=status)

    def report(self, *options: str) -> Any:
        """Run the import and return its report."""
        return json.loads(self.call("--json", *options))


@pytest.fixture
def move(env: SchoolEnv, mariadb: MariaDb) -> Move:
    """A move from an empty osTicket."""
    return Move(env, mariadb)


def solved(old: OsTicketDatabase, number: str = "482913") -> int:
    """Write a solved ticket with question, answer and note."""
    thread = old.ticket(
        number, "Beamer in Raum 204", state="closed", closed="2026-03-03 10:00:00", agent=MAX, priority=4
    )
    old.collaborator(thread, "karl@schule.example")
    question = old.entry(thread, "M", "<p>Der <b>Beamer</b> bleibt dunkel.</p>", mid="<frage@schule.example>")
    old.file(question, "foto.png", PNG, "image/png")
    old.entry(thread, "N", "Kabel war lose.", format="text", agent=MAX, created="2026-03-03 09:00:00")
    old.entry(thread, "R", "<p>Das Kabel steckt wieder.</p>", agent=MAX, created="2026-03-03 09:30:00")
    return thread


def test_a_solved_ticket_comes_with_its_thread_its_people_and_its_state(move: Move) -> None:
    solved(move.old)
    assert move.report()["tickets"] == {"GYM": 1}
    ticket = move.env.ticket("GYM-1")
    assert (ticket["status"], ticket["priority"], ticket["requester"]) == ("closed", "urgent", LENA)
    assert (ticket["assignee"], ticket["subject"]) == (MAX, "Beamer in Raum 204")
    assert (ticket["opened"], ticket["closed"]) == ("2026-03-02T07:15:00+00:00", "2026-03-03T09:00:00+00:00")
    assert [(m["direction"], m["visibility"], m["author"], m["text"]) for m in ticket["messages"]] == [
        ("in", "public", LENA, "Der Beamer bleibt dunkel."),
        ("out", "internal", MAX, "Kabel war lose."),
        ("out", "public", MAX, "Das Kabel steckt wieder."),
    ]
    assert [a["filename"] for m in ticket["messages"] for a in m["attachments"]] == ["foto.png"]
    assert {event["actor"] for event in ticket["events"]} == {"import"}


def test_files_are_imported_byte_for_byte(move: Move) -> None:
    large = bytes(range(256)) * 20  # more than one chunk
    thread = move.old.ticket("1", "Plan")
    move.old.file(move.old.entry(thread, "M", "anbei"), "Plan 'ü'.bin", large, "application/octet-stream")
    move.report()
    with move.env.open() as (desk, _), read_only(desk.engine) as session:
        raw = raw_mail.load(session, 1)
    (part,) = parse(raw).parts
    assert (part.filename, part_contents(raw)[part.path]) == ("Plan 'ü'.bin", large)


def test_an_answer_to_an_old_mail_finds_the_ticket_by_its_old_number(move: Move) -> None:
    move.old.entry(move.old.ticket("482913", "Beamer"), "M", "dunkel")
    move.report()
    move.env.deliver(problem("Re: Beamer [#482913]").text("Er ist wieder dunkel."))
    move.env.run_once()
    assert [m["text"] for m in move.env.ticket("GYM-1")["messages"]][-1] == "Er ist wieder dunkel."


def test_an_answer_to_an_old_mail_finds_the_ticket_by_its_message_id(move: Move) -> None:
    move.old.entry(move.old.ticket("1", "Maus"), "M", "klemmt", mid="<frage@schule.example>")
    move.report()
    move.env.deliver(problem("Maus").reply_to("<frage@schule.example>").text("Immer noch."))
    move.env.run_once()
    assert move.env.ticket("GYM-1")["messages"][-1]["text"] == "Immer noch."


def test_a_stranger_who_writes_an_old_number_opens_a_new_ticket(move: Move) -> None:
    solved(move.old, "482913")
    move.report()
    move.env.deliver(problem("[#482913] Werbung", sender="eve@anderswo.example").text("Kaufen Sie!"))
    assert move.env.run_once()["opened"] == 1
    assert len(move.env.ticket("GYM-1")["messages"]) == 3


def test_a_dry_run_reports_the_import_and_changes_nothing(move: Move) -> None:
    solved(move.old)
    said = move.call("--dry-run")
    assert "GYM" in said
    assert "Nothing was changed" in said
    assert move.env.ticket("GYM-1") is None


def test_a_second_run_imports_only_new_entries(move: Move) -> None:
    thread = solved(move.old)
    move.report()
    before = move.env.ticket("GYM-1")
    assert move.report()["messages"] == {"GYM": 0}
    assert move.env.ticket("GYM-1") == before
    move.old.entry(thread, "M", "Danke noch einmal!", created="2026-03-04 08:00:00")
    move.old.ticket("2", "Neu")
    report = move.report()
    assert (report["tickets"], report["known"], report["messages"]) == ({"GYM": 1}, {"GYM": 1}, {"GYM": 1})
    after = move.env.ticket("GYM-1")
    assert [m["text"] for m in after["messages"]][3:] == ["Danke noch einmal!"]
    assert after["status"] == "closed"


def test_the_report_names_unmapped_values(move: Move) -> None:
    move.old.ticket("1", "weg", state="deleted")
    move.old.ticket("2", "anderswo", department="Verwaltung")
    thread = move.old.ticket("3", "hier", agent="fort@support.example")
    entry = move.old.entry(thread, "M", "siehe Datei")
    move.old.file(entry, "plan.pdf", b"", "application/pdf", bk="F")
    report = move.report()
    assert (report["tickets"], report["left_out"]) == ({"GYM": 1}, 2)
    assert report["misfits"] == {
        "deleted in the other help desk": 1,
        "department 'Verwaltung' has no school; use --map": 1,
        "agent fort@support.example is not a member of a team": 1,
        "file 'plan.pdf' is not in the database but in the file system of the web server": 1,
    }


def test_departments_and_teams_are_mapped_to_schools_and_second_level(move: Move) -> None:
    move.old.ticket("1", "Netz", department="IT der Stadt", mailbox=move.env.address)
    move.old.ticket("2", "Server", team="Technik")
    move.old.ticket("3", "Maus", department="Marienschule (alt)")
    move.report(
        "--map",
        "IT der Stadt=second-level",
        "--map",
        "Technik=second-level",
        "--map",
        "Marienschule (alt)=GYM",
    )
    assert [move.env.ticket(f"GYM-{n}")["level"] for n in (1, 2, 3)] == [2, 2, 1]


def test_a_wrong_mapping_is_refused_before_anything_happens(move: Move) -> None:
    assert move.call("--map", "Verwaltung=XYZ", status=2) == ""


def test_edited_entries_are_imported_in_their_last_version(move: Move) -> None:
    thread = move.old.ticket("1", "Maus")
    move.old.entry(thread, "R", "falsch", agent=MAX, flags=0x0004)
    move.old.entry(thread, "R", "richtig", agent=MAX)
    move.report()
    assert [m["text"] for m in move.env.ticket("GYM-1")["messages"]] == ["richtig"]


def test_the_audit_trail_says_who_imported_how_many_tickets(move: Move) -> None:
    move.old.entry(move.old.ticket("1", "Maus"), "M", "weg")
    move.report()
    (deed,) = move.env.json("audit")
    assert (deed["action"], deed["detail"]) == ("imported", "1 tickets, 1 messages, 0 files")
    assert deed["actor"].startswith("operator ")


def test_dangerous_imported_files_are_withheld(move: Move) -> None:
    entry = move.old.entry(move.old.ticket("1", "Treiber"), "M", "anbei")
    move.old.file(entry, "treiber.exe", b"MZ\x90\0\x03\0", "application/octet-stream")
    move.old.file(entry, "plan.pdf", b"%PDF-1.4", "application/pdf")
    move.report()
    (message,) = move.env.ticket("GYM-1")["messages"]
    withheld = {a["filename"]: a["withheld"] for a in message["attachments"]}
    assert withheld == {"treiber.exe": "program", "plan.pdf": ""}


def test_imported_open_tickets_cause_no_reminder_at_once(move: Move) -> None:
    move.env.times = 'digest = ""\nreminder_hours = 8\nescalate_hours = 24'
    move.env.write_config()
    move.old.entry(move.old.ticket("1", "Seit März offen"), "M", "klemmt")
    move.report()
    move.env.run_once()
    assert not [*move.env.mails_to(MAX), *move.env.mails_to(ERIKA), *move.env.mails_to(TONI)]


def test_a_database_of_another_program_is_reported_in_one_line(move: Move, mariadb: MariaDb) -> None:
    move.url = mariadb.url(mariadb.new_database())
    assert move.call(status=1) == ""


def test_a_wrong_password_is_reported_and_not_shown(move: Move) -> None:
    move.password_file.write_text("Falsch & geraten")
    assert "geraten" not in move.call(status=1)
