"""Attacks by files: dangerous files are detected by content and are not sent until an operator releases them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.mail import Danger, Part
from mailbot.parse import limits
from mailbot.parse.danger import Budget, danger, with_danger
from mailbot.service.operations import OperationError, release_files
from tests.support.attacks import Scene, prepared, scene
from tests.support.desk_harness import reply_to
from tests.support.mail_exchange import parsed, sent
from tests.support.scenario import LENA, MAX

PE = b"MZ\x90\0\x03\0\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
PDF = b"%PDF-1.4\n"


def zipped(*members: tuple[str, bytes], flag: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with these members; `flag` is set in their headers."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    made = bytearray(file.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.find(mark)
        made[at + offset] |= flag
    return bytes(made)


def wide(text: str) -> bytes:
    """Return a name as OLE files hold it."""
    return text.encode("utf-16-le")


def deep(levels: int) -> bytes:
    """Return archives inside each other, a harmless text in the innermost."""
    return zipped(("x.zip", deep(levels - 1))) if levels else zipped(("x.txt", b"Hallo"))


def overlapping(members: int, content: bytes) -> bytes:
    """Return an archive whose entries all name the same data (PKWARE APPNOTE 4.3)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, name = deflate.compress(content) + deflate.flush(), b"a.doc"
    notified = (20, 0, 8, 0, 33, zlib.crc32(content), len(packed), len(content), len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *notified) + name + packed
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *notified, 0, 0, 0, 0, 0) + name
    size = len(entry) * members
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, members, members, size, len(local), 0)
    return local + entry * members + end


P, M, A, S, N = Danger.PROGRAM, Danger.MACROS, Danger.ARCHIVE, Danger.OPAQUE, Danger.NONE
ATTACKS = [
    ("a program", "rechnung.exe", PE, P),
    ("a program called a picture", "foto.jpg", PE, P),
    ("a program without a name", "", PE, P),
    ("a program of Linux", "liste", b"\x7fELF\x02\x01", P),
    ("a program of macOS", "liste", b"\xcf\xfa\xed\xfe\x07", P),
    ("a program in Java", "liste.txt", b"\xca\xfe\xba\xbe\0\0", P),
    ("a shell script", "liste.txt", b"#!/bin/sh\nrm -rf /\n", P),
    ("a link of Windows", "Ordner.pdf", b"L\0\0\0\x01\x14\x02\0\0", P),
    ("a script by its name", "Rechnung.pdf.js", b"new ActiveXObject()", P),
    ("capitals and dots behind", "RECHNUNG.EXE. .", b"x", P),
    ("a web link", "Login.url", b"[InternetShortcut]", P),
    ("a disk image", "scan.iso", b"\0" * 100, P),
    ("an HTML application", "plan.hta", b"<script>", P),
    ("a page with a script", "Rechnung.html", b"<html><script>fetch('//x')</script>", P),
    ("a page that asks for a password", "Login.htm", b"<!DOCTYPE html><form action='//x'><input>", P),
    ("a page that leads on", "x.html", b"<meta http-equiv=\"refresh\" content=\"0;url=//x\">", P),
    ("a page without its name", "Rechnung", b"\xef\xbb\xbf \n<HTML><SCRIPT>", P),
    ("a page in UTF-16", "x.txt", "\ufeff<html><script>".encode("utf-16-le"), P),
    ("a drawing with a script", "logo.svg", b"<?xml version='1.0'?><svg onload='alert(1)'/>", P),
    ("a drawing with a page in it", "logo.svg", b"<svg><foreignObject></foreignObject></svg>", P),
    ("a page with all that belongs to it", "x.mht", b"From: x", P),
    ("a page in an archive", "seite.zip", zipped(("index.html", b"<script>")), A),
    ("Word with macros", "brief.docx", zipped(("word/document.xml", b"<w/>"), ("word/vbaProject.bin", OLE)), M),
    ("Word with macros by its name", "brief.docm", b"x", M),
    ("an old Word with macros", "brief.doc", OLE + wide("_VBA_PROJECT"), M),
    ("an old Excel with macros", "liste.xls", OLE + wide("Macros"), M),
    ("RTF with an object", "brief.rtf", b"{\\rtf1 {\\object\\objdata 0105}}", M),
    ("a program in an archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), ("b.scr", PE)), A),
    ("a program in an archive by its content", "fotos.zip", zipped(("b.jpg", PE)), A),
    ("a program in an archive in an archive", "fotos.zip", zipped(("x.zip", zipped(("b.jpg", PE)))), A),
    ("macros in an archive", "briefe.zip", zipped(("a.doc", OLE + wide("_VBA_PROJECT"))), A),
    ("an archive called a picture", "foto.jpg", zipped(("b.exe", PE)), A),
    ("an encrypted archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), flag=1), S),
    ("an encrypted Word", "brief.docx", OLE + wide("EncryptedPackage"), S),
    ("archives in archives", "x.zip", deep(limits.ARCHIVES + 1), S),
    ("a bomb in an archive", "x.zip", zipped(("x.zip", b"PK\x03\x04" + b"\0" * (limits.MEMBER_BYTES + 1))), S),
    ("an archive of many members", "x.zip", zipped(*((str(n), b"") for n in range(limits.MEMBERS + 1))), S),
    ("entries that name the same data", "x.zip", overlapping(2, OLE), S),
    ("entries that name the same data in an archive", "x.zip", zipped(("x.zip", overlapping(2, OLE))), S),
    ("an archive of bzip2", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_BZIP2), S),
    ("an archive of LZMA", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_LZMA), S),
    ("a broken archive", "x.zip", b"PK\x03\x04" + b"\xff" * 200, S),
    ("7z", "x.7z", b"7z\xbc\xaf\x27\x1c\0\4", S),
    ("RAR", "x.rar", b"Rar!\x1a\x07\x01\0", S),
    ("gzip", "x.gz", b"\x1f\x8b\x08\0", S),
    ("tar", "x.tar", b"x".ljust(257, b"\0") + b"ustar\0", S),
]  # fmt: skip
HARMLESS = [
    ("PDF", "plan.pdf", PDF, N),
    ("picture", "foto.jpg", b"\xff\xd8\xff\xe0", N),
    ("Word", "brief.docx", zipped(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<w/>")), N),
    ("an old Word", "brief.doc", OLE, N),
    ("pictures in an archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), ("mehr/b.jpg", b"\xff\xd8")), N),
    ("an archive in an archive", "fotos.zip", deep(1), N),
    ("an archive that is not compressed", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_STORED), N),
    ("one entry of its own data", "x.zip", overlapping(1, OLE), N),
    ("a page that only shows", "plan.html", b"<html><body><h1>Plan</h1><p style='color:red'>Mo</p></body></html>", N),
    ("a drawing that only shows", "logo.svg", b"<?xml version='1.0'?><svg><path d='M0 0'/></svg>", N),
    ("a text about scripts", "frage.txt", b"Was macht <script> und onload=?", N),
    ("a text that begins with MZ", "mz.txt", b"MZ am Montag", N),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [row[1:] for row in (*ATTACKS, *HARMLESS)],
    ids=[row[0] for row in (*ATTACKS, *HARMLESS)],
)
def test_dangerous_files_are_detected_by_content(name: str, content: bytes, expected: Danger) -> None:
    assert danger(name, content, Budget()) is expected


def attached(*files: bytes) -> list[Danger]:
    """Return what is said of files that are attached to one mail."""
    parts = (Part(str(n), f"{n}.zip", "application/zip", content) for n, content in enumerate(files))
    return [part.danger for part in with_danger(parts)]


def test_no_more_is_inflated_than_the_budget_of_a_mail() -> None:
    budget = Budget(1_000_000)
    file = zipped(("a.doc", OLE.ljust(600_000, b"\0")))
    assert [danger("x.zip", file, budget) for _ in range(3)] == [N, S, S]
    assert danger("plan.pdf", PDF, budget) is N


def test_all_archives_of_a_mail_share_one_budget() -> None:
    entries = b"PK\x03\x04" + b"PK\x01\x02" * 25_000
    plain = zipped(("a.txt", b"a"))
    assert attached(plain, entries, plain, PDF) == [N, S, S, N]


def test_the_entries_of_archives_in_archives_count_too() -> None:
    ten = zipped(*((str(n), b"") for n in range(10)))
    nested = zipped(*((f"{n}.zip", ten) for n in range(10)))
    assert danger("x.zip", nested, Budget(4_096 * 200)) is N
    assert danger("x.zip", nested, Budget(4_096 * 100)) is S


def test_entries_that_name_the_same_data_are_not_inflated() -> None:
    budget = Budget()
    assert danger("x.zip", overlapping(90, OLE.ljust(limits.MEMBER_BYTES, b"\0")), budget) is S
    assert limits.INFLATED - budget.left < 1_000_000


def files_of(at: Scene) -> dict[str, list[str]]:
    """Send what is due; return the files that travelled to whom."""
    found: dict[str, list[str]] = {}
    for due, raw in sent(at.harness, at.now):
        names = [part.get_filename() or "" for part in parsed(raw).iter_attachments()]
        found.setdefault(due.outgoing.recipient.email, []).extend(names)
    return found


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Scene]:
    """A desk with one ticket."""
    file = tmp_path / "prepared.db"
    prepared(file)
    with scene(file, tmp_path) as made:
        yield made


def test_a_program_is_withheld_with_a_note_until_an_operator_releases_it(at: Scene) -> None:
    files_of(at)
    receipt = at.mail(LENA)
    at.harness.outcome(
        reply_to(receipt, LENA, "Das Protokoll.").attach("tool.exe", PE).attach("plan.pdf", PDF)
    )
    assert files_of(at) == {MAX: ["plan.pdf"], "erika@support.example": ["plan.pdf"]}
    mail = at.harness.outbox_of(MAX)[-1]
    assert "tool.exe" in mail.text
    assert "Zurückgehalten" in mail.text
    assert "Zurückgehalten" in mail.html
    assert "#show GYM-1" in release_files(at.harness.desk, "GYM-1", ())
    at.harness.reply(MAX, "#zeige 1")
    assert files_of(at) == {MAX: ["tool.exe", "plan.pdf"]}
    assert at.state["events"][-1]["action"] == "released"


def test_attachments_are_classified_once_per_mail(at: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    files_of(at)
    report, notes = zipped(("word/document.xml", b"<w/>")), zipped(("a.txt", b"Hallo"))
    built = reply_to(at.mail(LENA), LENA, "Das Protokoll.")
    at.harness.outcome(built.attach("bericht.docx", report).attach("notizen.zip", notes))
    monkeypatch.setattr(zipfile, "ZipFile", None)
    expected = ["bericht.docx", "notizen.zip"]
    assert files_of(at) == {MAX: expected, "erika@support.example": expected}


def test_only_withheld_files_can_be_released(at: Scene) -> None:
    for name, files in (("GYM-99", ()), ("GYM-1", ()), ("GYM-1", ("plan.pdf",))):
        with pytest.raises(OperationError):
            release_files(at.harness.desk, name, files)


def test_the_staff_s_own_programs_do_not_reach_a_teacher(at: Scene) -> None:
    files_of(at)
    at.harness.outcome(reply_to(at.mail(MAX), MAX, "Bitte ausführen.").attach("fix.exe", PE))
    assert files_of(at)[LENA] == []
