"""Disclosure and erasure of people in saved answers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.privacy.requests import PersonErasure
from mailbot.store import disclosure
from mailbot.store.database import read_only
from mailbot.store.tables import EventRow, SavedAnswerRow, SavedAnswerUseRow
from tests.support.desk_harness import DeskInTime, reply_to
from tests.support.saved_answers import ALONE, TEXT, open_desk, public, texts, writes
from tests.support.scenario import ERIKA, EVE, KARL, LENA, MAX, NOW, TINA
from tests.support.school import problem


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskInTime]:
    with open_desk(tmp_path) as opened:
        yield opened


def test_disclosure_has_the_saved_answers_of_their_author_only(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    with read_only(desk.engine) as session:
        assert [a["text"] for a in disclosure.collect(session, MAX)["saved_answers"]] == [TEXT]
        assert disclosure.collect(session, ERIKA)["saved_answers"] == []


def test_forgotten_author_leaves_the_text_without_their_name(desk: DeskInTime) -> None:
    own = "Die Zugangsdaten liegen im Sekretariat im blauen Ordner bereit. Fragen an tina@stadt.example."
    quoting = "Es meldete: mein kleiner roter Drucker druckt leider keine Seiten mehr."
    desk.outcome(writes(TINA, f"#merken Ordner\n{own}"))
    desk.receive(reply_to(desk.outbox_of(MAX)[-1], TINA, own))
    desk.outcome(problem("Drucker", EVE).text("mein kleiner roter Drucker druckt leider keine Seiten mehr"))
    desk.outcome(writes(MAX, f"#merken Zitat\n{quoting}"))
    for person in (TINA, EVE):
        erasure = PersonErasure(desk.desk, person, NOW)
        for _ in erasure.steps():
            pass
    kept = texts(desk)
    assert (
        kept["", "Ordner"] == "Die Zugangsdaten liegen im Sekretariat im blauen Ordner bereit. Fragen an […]."
    )
    assert kept["GYM", "Zitat"] == "Es meldete: […]."
    rows = {row.name: row for row in desk.rows(SavedAnswerRow)}
    assert (rows["Ordner"].author, rows["Ordner"].author_name) == ("", "")
    assert "kleiner" not in rows["Zitat"].words
    assert rows["Zitat"].author == MAX


def forget(desk: DeskInTime, person: str) -> None:
    """Erase a person."""
    for _ in PersonErasure(desk.desk, person, NOW).steps():
        pass


@pytest.mark.parametrize(
    ("name", "new"),
    [
        ("Fragen an Änne Müller", "Fragen an 2"),
        ("FRAGEN an Müller-Änne", "FRAGEN an 2"),
        ("FRAGEN an Müller/Änne", "fragen an 2"),
    ],
)
def test_answer_named_after_a_forgotten_person_gets_a_name_that_commands_accept(
    desk: DeskInTime, name: str, new: str
) -> None:
    desk.outcome(writes(MAX, "#merken Fragen an\nEin anderer Text."))
    desk.outcome(writes(MAX, f"#merken {name}\nAlt."))
    desk.outcome(writes(MAX, f"#merken {name}\n{TEXT}"))
    desk.outcome(problem("Toner", f"Änne Müller <{KARL}>").text("Er ist leer."))
    assert desk.outcome(writes(MAX, f"#baustein {name} #1")) == "command"
    forget(desk, KARL)
    assert texts(desk) == {("GYM", "Fragen an"): "Ein anderer Text.", ("GYM", new): TEXT}
    assert [row.key for row in desk.rows(SavedAnswerRow)] == ["fragen an", "fragen an 2", "fragen an 2"]
    assert [row.key for row in desk.rows(SavedAnswerUseRow)] == ["fragen an 2"]
    assert not [row.detail for row in desk.rows(EventRow) if "mueller" in row.detail]
    desk.now += timedelta(hours=1)
    desk.outcome(writes(MAX, "#baustein Fragen an 2 #1"))
    assert public(desk)[-1] == ALONE
    assert desk.outcome(writes(MAX, "#vergessen Fragen an 2")) == "command"
    assert texts(desk) == {("GYM", "Fragen an"): "Ein anderer Text."}


def test_answers_that_had_only_the_name_of_a_forgotten_person_stay_apart(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#merken Lena Lehrerin\nEins."))
    desk.outcome(writes(MAX, "#merken Lehrerin Lena\nZwei."))
    forget(desk, LENA)
    assert sorted(name for _, name in texts(desk)) == ["Text", "Text 2"]
    assert sorted(texts(desk).values()) == ["Eins.", "Zwei."]
