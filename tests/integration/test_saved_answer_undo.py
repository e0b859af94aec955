"""Undo of saved answers: texts, deletions and uses are restored."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.service.maintenance import maintain
from mailbot.store.tables import SavedAnswerRow, SavedAnswerUseRow
from tests.support.desk_harness import DeskInTime, reply_to
from tests.support.saved_answers import TEXT, open_desk, texts, undo, writes
from tests.support.scenario import ERIKA, MAX, NOW

TAKE_BACK = ("#undo", "#rückgängig", "#annuler")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskInTime]:
    with open_desk(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("line", TAKE_BACK)
def test_undo_restores_the_text_and_the_author_before_a_change(desk: DeskInTime, line: str) -> None:
    desk.outcome(writes(ERIKA, "#merken Toner\nAlt."))
    desk.outcome(writes(MAX, "#merken Toner\nNeu."))
    assert texts(desk) == {("GYM", "Toner"): "Neu."}
    assert undo(desk, MAX, line) == "command"
    assert texts(desk) == {("GYM", "Toner"): "Alt."}
    assert [row.author for row in desk.rows(SavedAnswerRow)] == [ERIKA]
    assert undo(desk, ERIKA, line) == "command"
    assert texts(desk) == {}


def test_undo_brings_back_a_deleted_answer(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#merken Toner\nAlt."))
    desk.outcome(writes(MAX, "#vergessen Toner"))
    assert texts(desk) == {}
    assert undo(desk, MAX) == "command"
    assert texts(desk) == {("GYM", "Toner"): "Alt."}


def test_change_by_a_colleague_prevents_undo(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#merken Toner\nAlt."))
    desk.outcome(writes(ERIKA, "#merken Toner\nNeu."))
    assert undo(desk, MAX) == "refused"
    assert texts(desk) == {("GYM", "Toner"): "Neu."}


def test_undo_of_an_answer_that_closed_and_saved_takes_back_both(desk: DeskInTime) -> None:
    desk.reply(MAX, f"{TEXT}\n#merken Toner\n#close", Kind.NEW_TICKET)
    assert (texts(desk), desk.ticket("GYM-1")["status"]) == ({("GYM", "Toner"): TEXT}, "closed")
    assert undo(desk, MAX) == "command"
    assert (texts(desk), desk.ticket("GYM-1")["status"]) == ({}, "open")


def test_undo_of_saving_leaves_an_older_change_of_the_ticket(desk: DeskInTime) -> None:
    desk.reply(MAX, "#priorität hoch", Kind.NEW_TICKET)
    desk.outcome(writes(MAX, f"{TEXT}\n#merken Toner"))
    assert undo(desk, MAX) == "command"
    assert (texts(desk), desk.ticket("GYM-1")["priority"]) == ({}, "high")


def test_undo_of_using_reopens_and_forgets_the_use(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.reply(MAX, "#baustein Toner\n#close", Kind.NEW_TICKET)
    assert len(desk.rows(SavedAnswerUseRow)) == 1
    assert undo(desk, MAX) == "command"
    assert (desk.ticket("GYM-1")["status"], desk.rows(SavedAnswerUseRow)) == ("open", [])


def test_undo_of_a_later_mail_keeps_the_use_by_an_earlier_one(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET)
    desk.now += timedelta(hours=1)
    desk.outcome(reply_to(desk.outbox_of(MAX, Kind.NEW_TICKET)[-1], MAX, "#baustein Toner\n#close"))
    assert len(desk.rows(SavedAnswerUseRow)) == 2
    assert undo(desk, MAX) == "command"
    assert (desk.ticket("GYM-1")["status"], len(desk.rows(SavedAnswerUseRow))) == ("open", 1)
    desk.outcome(reply_to(desk.outbox_of(MAX, Kind.NEW_TICKET)[-1], MAX, "#priorität hoch"))
    assert undo(desk, MAX) == "command"
    assert len(desk.rows(SavedAnswerUseRow)) == 1


def test_replaced_versions_stay_for_undo_and_go_after_two_days(desk: DeskInTime) -> None:
    for text in ("Eins.", "Zwei."):
        desk.outcome(writes(MAX, f"#merken Toner\n{text}"))
    desk.outcome(writes(MAX, "#merken Weg\nText."))
    desk.outcome(writes(MAX, "#vergessen Weg"))
    desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET)
    maintain(desk.desk, NOW + timedelta(days=1))
    assert len(desk.rows(SavedAnswerRow)) == 4
    maintain(desk.desk, NOW + timedelta(days=3))
    assert [(row.name, row.text) for row in desk.rows(SavedAnswerRow)] == [("Toner", "Zwei.")]
    assert len(desk.rows(SavedAnswerUseRow)) == 1


@pytest.mark.parametrize("line", ["#merken Toner\nNeu.", "#vergessen Toner"])
def test_night_after_a_change_leaves_what_undo_restores(desk: DeskInTime, line: str) -> None:
    desk.outcome(writes(ERIKA, "#merken Toner\nAlt."))
    desk.now += timedelta(days=30)
    desk.outcome(writes(MAX, line))
    maintain(desk.desk, desk.now + timedelta(hours=12))
    assert len(desk.rows(SavedAnswerRow)) == 2
    desk.now += timedelta(hours=20)
    assert undo(desk, MAX) == "command"
    maintain(desk.desk, desk.now + timedelta(days=3))
    assert texts(desk) == {("GYM", "Toner"): "Alt."}


def test_receipt_of_undo_has_one_full_stop(desk: DeskInTime) -> None:
    desk.reply(MAX, "Fertig.\n#close", Kind.NEW_TICKET)
    undo(desk, MAX)
    receipt = desk.outbox_of(MAX, Kind.COMMAND_RECEIPT)[-1].text
    assert "zurückholen" in receipt
    assert ".." not in receipt
