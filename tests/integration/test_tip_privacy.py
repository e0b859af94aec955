"""Tips and personal data: names in proposals, disclosure, erasure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from mailbot.privacy.requests import PersonErasure
from mailbot.store import disclosure
from mailbot.store.audit_verify import verify
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import SavedAnswerRow
from tests.support.desk_harness import open_harness, reply_to
from tests.support.scenario import ERIKA, KARL, LENA, MAX, NOW, TONI
from tests.support.school import problem
from tests.support.tips import TEXT, Desk, writes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without tickets."""
    with open_harness(tmp_path) as harness:
        yield Desk(harness.desk)


def test_disclosure_has_the_tip_and_erasure_ends_one_that_names_the_person(desk: Desk) -> None:
    desk.enable(text=f"{TEXT} Sonst hilft karl@schule.example weiter.")
    with read_only(desk.engine) as session:
        assert disclosure.collect(session, MAX)["saved_answers"][-1]["tip"] == desk.tips()[0][1]
    desk.report_problem(KARL)
    for _ in PersonErasure(desk.desk, KARL, NOW).steps():
        pass
    assert not any(KARL in row.text + row.tip for row in desk.rows(SavedAnswerRow))
    assert desk.tips() == []


def test_erasure_ends_a_tip_with_the_surname_of_the_person(desk: Desk) -> None:
    desk.enable(text=f"{TEXT} Sonst hilft Frau Lehrerin weiter.")
    lena = problem("Beamer").text("Er ist kaputt.").header("From", f"Lena Lehrerin <{LENA}>")
    desk.outcome(lena)
    for _ in PersonErasure(desk.desk, LENA, NOW).steps():
        pass
    assert desk.tips() == []
    assert desk.audited()[-1][1:] == ("tip disabled", "GYM toner")
    with read_only(desk.engine) as session:
        assert verify(session).problems == []


def test_erasure_of_its_author_leaves_a_tip_that_does_not_name_them(desk: Desk) -> None:
    desk.enable()
    for _ in PersonErasure(desk.desk, MAX, NOW).steps():
        pass
    assert desk.tips() == [("GYM", TEXT)]


def test_proposal_says_who_will_read_the_tip_and_names_people_in_it(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT} Sonst hilft Erika unter 0241 123456."))
    desk.outcome(writes(MAX, "#tipp Toner"))
    text = " ".join(desk.receipts(MAX)[-1].text.split())
    assert "Das lesen alle in der Schule, die so etwas melden." in text
    assert "Darin steht: 0241 123456, Erika" in text
    desk.outcome(writes(TONI, f"#merken Toner\n{TEXT}"))
    desk.outcome(writes(TONI, "#tipp Toner"))
    text = " ".join(desk.receipts(TONI)[-1].text.split())
    assert "Das lesen alle in allen Schulen, die so etwas melden." in text
    assert "Darin steht" not in text


def test_name_of_the_author_stays_cut_after_a_colleague_changed_the_tip(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}\n\nOtto Ehemalig"))
    with transaction(desk.engine) as session:
        session.execute(update(SavedAnswerRow).values(author="otto@old.example", author_name="Otto Ehemalig"))
    for _ in range(2):
        desk.outcome(writes(ERIKA, "#tipp Toner"))
        desk.tap(desk.receipts(ERIKA)[-1], ERIKA, "#tipp Toner ja")
        assert desk.tips() == [("GYM", TEXT)]
        desk.outcome(writes(ERIKA, "#tipp-aus Toner"))
        assert desk.tips() == []
    assert {row.author for row in desk.rows(SavedAnswerRow)} == {"otto@old.example"}
    assert desk.outcome(reply_to(desk.receipts(ERIKA)[-1], ERIKA, "#rückgängig")) == "command"
    assert desk.tips() == [("GYM", TEXT)]
