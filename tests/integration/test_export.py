"""An export has everything in open formats, and an import into an empty desk brings it back."""

import json
import mailbox
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.importer.exported import Import
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk
from mailbot.service.export import MAIL_FIELDS, Export, cell, safe_name
from mailbot.store import disclosure, portable, raw_mail
from mailbot.store.audit import Origin, record
from mailbot.store.audit_verify import ERASED, desk_entries, verify
from mailbot.store.database import open_database, read_only, transaction
from mailbot.store.erasure import erase_ticket
from mailbot.store.tables import LedgerRow, OutboxRow, TicketRow, metadata
from tests.support import released_rows
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, open_harness
from tests.support.new_database import new_postgresql
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import ERIKA, KARL, LENA, MAX, NOW, TONI
from tests.support.school import problem
from tests.support.servers.postgres import Postgres

PEOPLE = (ERIKA, KARL, LENA, MAX, TONI, released_rows.OLGA)


def export(harness: DeskHarness, directory: Path) -> dict[str, bytes]:
    """Export a desk; return the content of each file."""
    list(Export(harness.desk, directory).steps())
    return {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def read(harness: DeskHarness, directory: Path) -> None:
    """Import an export."""
    source = Import(harness.desk, directory)
    assert sum(source.steps()) == source.total()


def everything(harness: DeskHarness) -> Any:
    """Return every ticket, disclosure and audit entry of a desk, without action keys."""
    tickets = [harness.ticket(f"{row.school}-{row.number}") for row in harness.rows(TicketRow)]
    with read_only(harness.engine) as session:
        mails = [(p, list(disclosure.raw_mails(session, p))) for p in PEOPLE]
        disclosed = repr([disclosure.collect(session, person) for person in PEOPLE])
        no_keys = portable.ACTION_KEY.sub(portable.NO_KEY, disclosed)
        return tickets, mails, no_keys, desk_entries(session), verify(session)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A desk with varied content, and its export."""
    directory = tmp_path_factory.mktemp("filled")
    with open_harness(directory) as harness:
        released_rows._fill(harness)
        mail = (
            problem("=Foto", LENA)
            .text("Zeile\nFrom hier an\n>From dort\n\n-- \nLena Lehrerin\nTel. 0123 4567")
            .cc(KARL)  # nothing proves the sender: the team gets a link that puts KARL in cc
            .attach("../../böse.png", b"\x89PNG\0", "image/png")
        )
        assert harness.outcome(mail) == "opened"
        assert (
            harness.outcome(
                problem("Programm", LENA).text("x").attach("a.exe", b"MZ\0", "application/x-dosexec")
            )
            == "opened"
        )
        saved = problem("Toner", MAX).text("Hallo {name},\n=Kassette tauschen.\n#merken Toner").proven()
        assert harness.outcome(saved) == "command"
        assert harness.reply(MAX, "#baustein Toner", NotificationKind.NEW_TICKET) == "command"
        with transaction(harness.engine) as session:
            detail = {"entries": erase_ticket(session, 2, NOW).entries}
            record(session, Origin("operator", NOW), ERASED, json.dumps(detail))
        files = export(harness, directory / "export")
        yield harness, directory / "export", files


def test_an_import_brings_everything_back_and_a_second_export_has_the_same_bytes(
    filled: Any, tmp_path: Path
) -> None:
    harness, directory, files = filled
    assert b"Kassette" in files["data/saved_answer.jsonl"]
    assert files["data/saved_answer_use.jsonl"].count(b"\n") == 1
    with open_harness(tmp_path) as new:
        read(new, directory)
        assert everything(new) == everything(harness)
        assert everything(new)[-1].problems == []
        assert export(new, tmp_path / "again") == files
        old = {row.id: row.key_hash for row in harness.rows(OutboxRow)}
        assert all(
            row.key_hash != old[row.id] and portable.NO_KEY not in row.text + row.html
            for row in new.rows(OutboxRow)
        )
        assert DeskHarness(new.desk, first_uid=1_000).reply(MAX, "Läuft.\n#close") == "command"
        with pytest.raises(DeskError, match="has rows in"):
            list(Import(new.desk, directory).steps())


def test_the_export_moves_a_desk_between_databases(filled: Any, tmp_path: Path, postgres: Postgres) -> None:
    harness, directory, files = filled
    engine = open_database(new_postgresql(postgres))
    try:
        new = DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES), first_uid=1_000)
        read(new, directory)
        assert everything(new) == everything(harness)
        assert export(new, tmp_path / "again") == files
        assert new.outcome(problem("Neu", LENA).text("Ein neues Problem.")) == "opened"
    finally:
        engine.dispose()


def test_files_are_private_and_their_names_are_safe(filled: Any) -> None:
    harness, directory, files = filled
    modes = {stat.S_IMODE(p.stat().st_mode) for p in directory.rglob("*")}
    assert modes | {stat.S_IMODE(directory.stat().st_mode)} == {0o600, 0o700}
    attachments = {name.rpartition("-")[2] for name in files if name.startswith("attachments/")}
    assert attachments == {"böse.png", "a.exe.dangerous"}
    with read_only(harness.engine) as session:
        stored = {raw_mail.load(session, row.raw_id) for row in harness.rows(LedgerRow) if row.raw_id}
    boxes = [mailbox.mbox(path) for path in (directory / "mails").iterdir()]
    assert sum(len(box) for box in boxes) == len(stored)
    for box in boxes:
        box.close()
    assert safe_name("../../x") == "_.._x"
    assert safe_name("/etc/passwd") == "_etc_passwd"
    assert safe_name("...") == "_"
    assert (cell("=1+1"), cell(3)) == ("'=1+1", 3)
    assert b"'=Foto" in files["tickets.csv"]
    assert LENA.encode() not in b"".join(v for k, v in files.items() if k == "members.csv")
    assert MAX.encode() in files["members.csv"]


def test_no_key_is_exported(filled: Any) -> None:
    _, _, files = filled
    outbox = files["data/outbox.jsonl"]
    texts = "".join(json.loads(line)["text"] for line in outbox.splitlines())
    assert portable.NO_KEY in texts, "the text of a mail has links, too"
    assert b"key_hash" not in outbox
    assert not portable.ACTION_KEY.search(outbox.decode())
    assert portable.NO_KEY.encode() in outbox


Change = Callable[[Path], None]


def edit(file: str, line: int, **values: Any) -> Change:
    """Return a change of one line of an export."""

    def change(directory: Path) -> None:
        path = directory / file
        lines = path.read_text("utf-8").splitlines()
        lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | values)
        path.write_text("\n".join(lines) + "\n", "utf-8")

    return change


def write(file: str, content: bytes) -> Change:
    """Return a change that replaces a file."""

    def change(directory: Path) -> None:
        (directory / file).write_bytes(content)

    return change


def link(file: str) -> Change:
    """Return a change that replaces a file with a link."""

    def change(directory: Path) -> None:
        (directory / file).unlink()
        (directory / file).symlink_to("/etc/passwd")

    return change


TICKETS, MAILS = "data/ticket.jsonl", "data/raw_mail.jsonl"
REFUSED: list[tuple[Change, str]] = [
    (edit(TICKETS, 2, status="lost"), r"data/ticket\.jsonl: line 2: status: has a value"),
    (edit(TICKETS, 2, number="7"), "line 2: number: must be an integer"),
    (edit(TICKETS, 2, number=True), "line 2: number: must be an integer"),
    (edit(TICKETS, 2, number=2**40), "line 2: number: is too large"),
    (edit(TICKETS, 2, subject=None), "line 2: subject: must be a string"),
    (edit(TICKETS, 2, subject="\ud800"), "line 2: subject: has characters"),
    (edit(TICKETS, 2, opened="2026-11-23T10:00:00"), "line 2: opened: must be a time"),
    (edit(TICKETS, 2, secret="x"), "line 2: secret: is not a field"),
    (edit(TICKETS, 2, merged_into=999), "line 2: merged_into: refers to a missing row of ticket"),
    (edit(TICKETS, 1, merged_into=1), "line 1: merged_into: leads back to this ticket"),
    (edit(TICKETS, 6, merged_into=8), r"line \d: merged_into: leads back to this ticket"),
    (edit(TICKETS, 2, id=1), "line 2: id: occurs in an earlier line"),
    (edit(TICKETS, 3, school="GYM", number=1), "line 3: school/number: occurs in an earlier line"),
    (edit("data/message.jsonl", 3, ticket_id=999), "line 3: ticket_id: refers to a missing row of ticket"),
    (edit("data/event.jsonl", 1, before=[1]), "line 1: before: has another structure"),
    (edit("data/event.jsonl", 1, before={"\ud800": 1}), "line 1: before: has characters"),
    (edit("data/outbox.jsonl", 1, reference_ids=["\ud800"]), "line 1: reference_ids: has characters"),
    (edit("data/outbox.jsonl", 1, attachments=[{"path": 1}]), "line 1: attachments: has another"),
    (edit("data/outbox.jsonl", 1, shows=["1"]), "line 1: shows: has another structure"),
    (edit(MAILS, 1, mbox="../../etc/passwd"), "line 1: mbox: must be the name"),
    (edit(MAILS, 1, offset=-1), "line 1: offset: must be a number of bytes"),
    (edit(MAILS, 1, offset=2**63 - 1), r"line 1: offset: is beyond the end of mails/GYM\.mbox"),
    (edit(MAILS, 1, offset=1), "line 1: sha256: is not that of the mail"),
    (write(TICKETS, b"[" * 100_000), "line 1: is nested too deeply|line 1: is not JSON"),
    (write(TICKETS, b'{"id":1,"id":2}\n'), "line 1: is not JSON: a name occurs twice"),
    (write(TICKETS, b"[]\n"), "line 1: is not an object"),
    (write("data/slot.jsonl", b""), r"data/slot\.jsonl: line 0: is the last line"),
    (write("mailbot.json", b'{"format":"mailbot export","schema":"0001"}'), "schema: is another schema"),
    (link("mails/GYM.mbox"), r"GYM\.mbox: Too many levels"),
    (lambda directory: (directory / "mailbot.json").unlink(), r"mailbot\.json: No such file"),
]


def test_a_wrong_line_is_refused_with_its_place_and_nothing_is_imported(
    filled: Any, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    _, _, files = filled
    with open_harness(tmp_path) as new:
        for number, (change, reason) in enumerate(REFUSED):
            with subtests.test(reason=reason):
                copy = tmp_path / str(number)
                for name, content in files.items():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    (copy / name).write_bytes(content)
                change(copy)
                with pytest.raises(DeskError, match=reason) as refused:
                    list(Import(new.desk, copy).steps())
                assert "nothing was imported" in str(refused.value)
                with read_only(new.engine) as session:
                    assert portable.count(session) == 0


def test_an_export_needs_a_new_directory(filled: Any, tmp_path: Path) -> None:
    harness, directory, _ = filled
    with pytest.raises(DeskError, match="is not an empty directory"):
        list(Export(harness.desk, directory).steps())
    with pytest.raises(DeskError, match="No such file"):
        list(Export(harness.desk, tmp_path / "a" / "b").steps())


def test_a_damaged_mail_ends_an_export_with_its_id(tmp_path: Path) -> None:
    with open_harness(tmp_path) as harness:
        harness.outcome(problem("Beamer", LENA).text("Er bleibt dunkel."))
        with transaction(harness.engine) as session:
            session.connection().execute(metadata.tables["raw_mail"].update().values(content=b"x"))
        with pytest.raises(DeskError, match=r"raw_mail 1: is damaged in the database: .*restore a backup"):
            list(Export(harness.desk, tmp_path / "export").steps())


def test_every_table_and_column_is_exported_or_excluded_by_name_and_documented() -> None:
    for table in metadata.sorted_tables:
        if table.name in portable.EXCLUDED_TABLES:
            continue
        fields = {*portable.FIELDS_OF[table.name], *portable.EXCLUDED_COLUMNS.get(table.name, ())}
        assert fields == {column.name for column in table.columns}
    assert portable.EXCLUDED_TABLES.keys() <= metadata.tables.keys()
    page = (Path(__file__).parents[2] / "docs/export.md").read_text("utf-8")
    documented = {}
    for section in page.partition("## Fields")[2].partition("\n## ")[0].split("\n### `")[1:]:
        name, _, rest = section.partition(".jsonl`")
        documented[name] = re.findall(r"^\| `(\w+)` \|", rest, re.M)
    mails = {"raw_mail": [*portable.FIELDS_OF["raw_mail"], *MAIL_FIELDS]}
    assert documented == {name: list(fields) for name, fields in portable.FIELDS_OF.items()} | mails
    excluded = page.partition("## Not exported")[2].partition("\n## ")[0]
    columns = [f"`{t}.{c}`" for t, of in portable.EXCLUDED_COLUMNS.items() for c in of if c != "content"]
    missing = [n for n in (*columns, *(f"`{t}`" for t in portable.EXCLUDED_TABLES)) if n not in excluded]
    assert missing == []
