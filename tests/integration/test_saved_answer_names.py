"""Names of saved answers: how they are found, refused and kept."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind as Kind
from tests.support.desk_harness import DeskInTime
from tests.support.saved_answers import ALONE, TEXT, open_desk, public, texts, writes
from tests.support.scenario import MAX


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskInTime]:
    with open_desk(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Toner (leer)", "Toner leer"),
        ("„Größe A/B“", "Größe A/B"),
        (unicodedata.normalize("NFD", "Lösung"), "Lösung"),
        ("Maus und Tastatur", "Maus und Tastatur"),
        ("*Toner*", "Toner"),
    ],
)
def test_name_as_written_finds_its_saved_answer(desk: DeskInTime, written: str, name: str) -> None:
    desk.outcome(writes(MAX, f"#merken {written}\n{TEXT}"))
    assert texts(desk) == {("GYM", name): TEXT}
    assert desk.reply(MAX, f"#baustein {written} #GYM-1", Kind.NEW_TICKET) == "command"
    assert public(desk) == [ALONE]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Windows-11", "Windows-11"),
        ("HP-4050 Papierstau", "HP-4050 Papierstau"),
        ("Raum-204", "Raum-204"),
        ("Toner & Papier", "Toner Papier"),
        ("WLAN: neu", "WLAN neu"),
    ],
)
def test_name_may_look_like_a_ticket_or_have_usual_marks(desk: DeskInTime, written: str, name: str) -> None:
    assert desk.reply(MAX, f"{TEXT}\n#merken {written}", Kind.NEW_TICKET) == "command"
    assert texts(desk) == {("GYM", name): TEXT}
    assert desk.outcome(writes(MAX, f"#baustein {written} #GYM-1")) == "command"
    assert desk.outcome(writes(MAX, f"#vergessen {written}")) == "command"
    assert texts(desk) == {}


@pytest.mark.parametrize("written", ["C#", "104", "GYM-1", "A+B", "x" * 41])
def test_refusal_of_a_name_has_its_reason(desk: DeskInTime, written: str) -> None:
    assert desk.outcome(writes(MAX, f"#merken {written}\nText")) == "refused"
    assert "passt nicht als Name. Ein Name hat höchstens 40 Zeichen" in " ".join(
        desk.outbox_of(MAX, Kind.REFUSAL)[0].text.split()
    )


def test_refusal_of_an_unknown_name_invents_none(desk: DeskInTime) -> None:
    assert desk.reply(MAX, "#baustein Tonr", Kind.NEW_TICKET) == "refused"
    shown = desk.outbox_of(MAX, Kind.REFUSAL)[0].text
    assert "#bausteine zeigt alle" in shown
    assert "#baustein Toner" not in shown


def test_example_in_the_refusal_of_a_line_without_a_ticket_works(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#save Toner\n{TEXT}"))
    assert desk.outcome(writes(MAX, "#baustein Toner")) == "refused"
    assert "#baustein Toner #104" in desk.outbox_of(MAX, Kind.REFUSAL)[0].text
    assert desk.outcome(writes(MAX, "#baustein Toner #1")) == "command"
