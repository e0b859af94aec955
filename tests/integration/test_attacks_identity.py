"""No forged mail changes a ticket, and none makes us write to a forged From."""

from pathlib import Path

import pytest

from tests.support.attacks import ELSEWHERE, IDENTITY, NAMES
from tests.support.attacks.desk import forged, prepared, result, scene
from tests.support.scenario import LENA, MAX
from tests.support.school import ROOT

SUCCEEDED = [
    "I01",
    "I06",
    "I08",
    "I09",
    "I10",
    "L12",
    "L13",
    "I54",
    "F01",
    "F02",
    "C01",
    "C03",
    "C04",
    "C05",
    "C06",
    "C18",
    "C20",
    "C28",
    "C31",
    "C32",
    "C33",
    "C34",
    "C35",
    "C39",
    "C61",
    "C62",
    "T04",
    "P-tickets",
    "P-show-GYM-1",
    "T34",
    "M05",
    "K01",
    "K02",
    "K04",
    "M09",
    "K07",
    "K08",
    "T52-20",
    "T52-100",
]


def test_every_attack_that_succeeded_once_is_tried() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(SUCCEEDED) - ELSEWHERE.keys() <= {name.split()[0] for name in NAMES}
    for place in ELSEWHERE.values():
        file, _, test = place.partition("::")
        assert f"def {test}(" in (ROOT / file).read_text()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database in which Lena's ticket is there."""
    made = tmp_path_factory.mktemp("attacks") / "prepared.db"
    prepared(made)
    return made


def test_no_attack_acts_as_another_person(subtests: pytest.Subtests, file: Path, tmp_path: Path) -> None:
    for attack in IDENTITY:
        with subtests.test(attack.name), scene(file, tmp_path) as at:
            assert result(attack, at) == attack.must, attack.tries


def test_a_forged_mail_brings_its_writer_neither_answers_nor_the_ticket(file: Path, tmp_path: Path) -> None:
    with scene(file, tmp_path) as at:
        spy = "spion@schule.example"
        at.harness.outcome(forged(LENA, "Wie lautet das Kennwort?", "Kennwort").cc(spy))
        at.harness.reply(MAX, "Es lautet Rumpelstilzchen.")
        at.harness.outcome(forged(spy, "#show GYM-2", "x").proven())
        assert [row.kind for row in at.harness.outbox_of(spy) if "Rumpelstilzchen" in row.text] == []
