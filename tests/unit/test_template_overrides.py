"""Templates of operators: single files, old names, mistakes."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

from mailbot import samples
from mailbot.preview import broken_templates, sample
from mailbot.render import BrokenTemplateError, Templates
from tests.support.packaged_templates import TEMPLATES

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

PACKAGED = Path(__file__).parents[2] / "templates"


def test_unknown_name_in_a_template_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "assigned_info.txt.j2").write_text("Betreff\n\n{{ tickett.key }}")
    with pytest.raises(BrokenTemplateError, match="templates/de/assigned_info: 'tickett' is undefined"):
        sample(samples.notifications("de")["assigned_info"], "de", Templates(tmp_path))


def test_broken_templates_are_reported_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.preview.FORMS", (("en", False),))
    assert list(broken_templates(TEMPLATES)) == []
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "note.html.j2").write_text("{% if %}")
    (tmp_path / "en" / "assigned_info.txt.j2").write_text("{{ no.such }}")
    assert [line.partition(": ")[0] for line in broken_templates(Templates(tmp_path))] == [
        "templates/en/note",
        "templates/en/assigned_info",
    ]


def test_own_template_that_cannot_be_read_is_reported_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.preview.FORMS", (("en", False),))
    (tmp_path / "en").mkdir()
    file = tmp_path / "en" / "note.txt.j2"
    file.write_bytes("Note\n\nGrüße".encode("latin-1"))
    expected = f"{file} is not in UTF-8 (line 3); save it in this encoding"
    assert list(broken_templates(Templates(tmp_path))) == [f"templates/en/note: {expected}"]

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(FileSystemLoader, "get_source", refuse)  # root may read every file
    assert f"Permission denied: '{file}'" in next(broken_templates(Templates(tmp_path)))


def test_fifo_in_place_of_a_template_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailbot.preview.FORMS", (("de", False),))
    (tmp_path / "de").mkdir()
    os.mkfifo(tmp_path / "de" / "receipt.txt.j2")
    templates = Templates(tmp_path)
    assert (list(broken_templates(templates)), templates.old_names()) == ([], [])


def test_operator_overrides_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "assigned_info.txt.j2").write_text("Unser {{ ticket.key }}\n\nEigener Text\n")
    ours, packaged = (
        sample(samples.notifications("de")["assigned_info"], "de", t)
        for t in (Templates(tmp_path), TEMPLATES)
    )
    assert (ours.subject, ours.text) == ("Unser GYM-104", "Eigener Text\n")
    assert ours.html.replace("Unser GYM-104", packaged.subject) == packaged.html


OLD_RECEIPT = "Erledigt: {{ notice.done[0].command }}\n\n{{ notice.to.name }} {{ ticket.key }}"
OLD_REPORT = "{{ notice.report.total.answer.ninetieth }}"


def test_templates_with_names_of_version_0_1_work_and_are_reported(tmp_path: Path) -> None:
    folder = tmp_path / "de"
    folder.mkdir()
    receipt, report = folder / "done.txt.j2", folder / "report.txt.j2"
    receipt.write_text(OLD_RECEIPT)
    report.write_text(OLD_REPORT)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "done.txt.j2").write_text("a part that keeps its name")
    templates = Templates(tmp_path)
    for informal in (False, True):
        outgoing = sample(samples.notifications("de")["command_receipt"], "de", templates, informal=informal)
        assert (outgoing.subject, outgoing.text) == ("Erledigt: close", "Max Mustermann GYM-104\n")
    assert sample(samples.notifications("de")["report"], "de", templates).subject == "6.1"
    assert [str(old) for old in templates.old_names()] == [
        f"{receipt}: done.txt.j2 is now command_receipt.txt.j2",
        f"{receipt}: notice is now notification",
        f"{report}: ninetieth is now p90",
        f"{report}: notice is now notification",
    ]


def test_values_with_names_of_version_0_2_work_and_are_reported(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    receipt, digest = (tmp_path / "de" / f"{name}.txt.j2" for name in ("command_receipt", "digest"))
    receipt.write_text("{{ notification.done[0].told | length }} {{ words.told }}")
    digest.write_text("{{ notification.tickets[0].waits.step }}")
    templates = Templates(tmp_path)
    assert (
        sample(samples.notifications("de")["command_receipt"], "de", templates).subject == "2 Benachrichtigt"
    )
    assert sample(samples.notifications("de")["digest"], "de", templates).subject == "overdue"
    assert [str(old) for old in templates.old_names()] == [
        f"{receipt}: told is now notified",
        f"{digest}: step is now stage",
    ]


def test_template_with_the_new_name_takes_precedence_over_one_with_the_old_name(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "taken.txt.j2").write_text("alt\n\nalt")
    (tmp_path / "de" / "assigned_info.txt.j2").write_text("neu\n\nneu")
    assert sample(samples.notifications("de")["assigned_info"], "de", Templates(tmp_path)).subject == "neu"


def test_a_file_of_phrases_is_reported(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "informal.txt").write_text("Guten Tag | Hallo")
    assert [(old.old, old.new) for old in Templates(tmp_path).old_names()] == [
        ("informal.txt", 'you("Sie …", "du …") within the templates')
    ]


def test_a_template_of_an_operator_has_both_forms_of_address(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "assigned_info.txt.j2").write_text('{{ you("Ihr", "Dein") }} Ticket')
    subjects = [
        sample(
            samples.notifications("de")["assigned_info"], "de", Templates(tmp_path), informal=informal
        ).subject
        for informal in (False, True)
    ]
    assert subjects == ["Ihr Ticket", "Dein Ticket"]


def test_templates_without_old_names_are_not_reported(tmp_path: Path) -> None:
    shutil.copytree(PACKAGED, tmp_path / "templates")
    assert Templates(tmp_path / "templates").old_names() == []
