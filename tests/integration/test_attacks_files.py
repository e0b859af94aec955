"""Dangerous files are detected by content and are not sent until an operator releases them."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.mail import Danger, Part
from mailbot.parse import limits
from mailbot.parse.danger import Budget, danger, with_danger
from mailbot.service.operations import OperationError, release_files
from tests.support.attacks import FILES
from tests.support.attacks.desk import Scene, prepared, scene
from tests.support.attacks.files import OLE, PDF, PE, N, S, overlapping, zipped
from tests.support.compound_file import compound_file
from tests.support.desk_harness import reply_to
from tests.support.mail_exchange import parsed, sent
from tests.support.scenario import LENA, MAX


def test_dangerous_files_are_detected_by_content(subtests: pytest.Subtests) -> None:
    for case, name, content, expected in FILES:
        with subtests.test(case):
            assert danger(name, content, Budget()) is expected


def test_streams_that_share_their_data_are_read_once() -> None:
    made = bytearray(compound_file({"aa": b"x" * 1_000_000, **{f"s{n}": b"" for n in range(90)}}))
    first = made.find("aa\0".encode("utf-16-le"))
    for n in range(90):
        other = made.find(f"s{n}\0".encode("utf-16-le"))
        made[other + 116 : other + 128] = made[first + 116 : first + 128]
    assert danger("brief.msg", bytes(made) + "_3701".encode("utf-16-le"), Budget()) is S


def attached(*files: bytes) -> list[Danger]:
    """Return what is said of files that are attached to one mail."""
    parts = (Part(str(n), f"{n}.zip", "application/zip", len(file)) for n, file in enumerate(files))
    return [part.danger for part in with_danger(parts, files)]


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
