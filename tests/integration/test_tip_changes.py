"""A tip is enabled, changed, ended and undone by staff alone, as they read before."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.store.tables import SavedAnswerRow
from tests.support.desk_harness import open_harness, reply_to
from tests.support.scenario import ERIKA, EVE, HANNA, LENA, MAX
from tests.support.tips import LINES, SAVED, TEXT, Desk, has_tip, writes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without tickets."""
    with open_harness(tmp_path) as harness:
        yield Desk(harness.desk)


@pytest.mark.parametrize("language", LINES)
def test_tip_is_shown_to_its_author_before_one_tap_enables_it(desk: Desk, language: str) -> None:
    propose, enable, end, _ = LINES[language]
    desk.outcome(writes(MAX, f"#save Toner\n{SAVED}"))
    assert desk.outcome(writes(MAX, propose)) == "command"
    shown = desk.receipts(MAX)[-1]
    assert (TEXT in shown.text, "Viele Grüße" in shown.text, "{name}" in shown.text) == (True, False, False)
    assert "noch nicht eingeschaltet" in " ".join(shown.text.split())
    assert desk.tips() == []
    assert has_tip(desk.report_problem()) == (False, False)
    assert desk.tap(shown, MAX, "#tipp Toner ja") == "command"
    assert desk.tips() == [("GYM", TEXT)]
    assert desk.outcome(writes(MAX, end)) == "command"
    assert desk.tips() == []
    desk.outcome(reply_to(shown, MAX, enable))
    assert desk.tips() == [], "the saved answer has a newer version than the text that was shown"
    assert desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, enable)) == "command"
    assert desk.tips() == [("GYM", TEXT)]


def test_yes_enables_only_a_text_that_its_author_has_seen(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    assert desk.outcome(writes(MAX, "#tipp Toner ja")) == "command"
    assert desk.tips() == []
    shown = desk.receipts(MAX)[-1]
    desk.outcome(writes(ERIKA, "#merken Toner\nAnderer Text."))
    desk.tap(shown, MAX, "#tipp Toner ja")
    assert desk.tips() == []
    assert "Anderer Text." in desk.receipts(MAX)[-1].text
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
    assert desk.tips() == [("GYM", "Anderer Text.")]


def test_receipt_about_another_tip_enables_none(desk: Desk) -> None:
    for name, text in (("Toner", SAVED), ("Papierstau", "Bitte alle Klappen öffnen.")):
        desk.outcome(writes(MAX, f"#merken {name}\n{text}"))
    desk.outcome(writes(MAX, "#tipp Papierstau"))
    assert desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")) == "command"
    assert desk.tips() == []
    assert TEXT in desk.receipts(MAX)[-1].text


def test_name_may_end_with_the_word_that_enables_a_tip(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner ok\n{SAVED}"))
    desk.outcome(writes(MAX, "#tipp Toner ok"))
    assert desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ok ja") == "command"
    assert desk.tips() == [("GYM", TEXT)]


@pytest.mark.parametrize("line", ["#tipp Toner", "#tipp Toner ja", "#tipp-aus Toner", "#tipp Papier"])
@pytest.mark.parametrize("person", [LENA, EVE, HANNA])
def test_people_who_do_not_work_for_the_school_change_no_tip(desk: Desk, person: str, line: str) -> None:
    desk.enable()
    desk.outcome(writes(MAX, "#merken Papier\nPapier liegt im Keller."))
    before = [(row.text, row.tip) for row in desk.rows(SavedAnswerRow)]
    assert desk.outcome(writes(person, line)) in ("refused", "opened")
    assert [(row.text, row.tip) for row in desk.rows(SavedAnswerRow)] == before
    assert desk.receipts(person) == []
    assert not any(TEXT in sent.text or "Keller" in sent.text for sent in desk.outbox_of(person))


def test_changed_answer_is_no_tip_any_more_as_the_receipt_explains(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(ERIKA, "#merken Toner\nNeuer Text zur Tonerkassette im Drucker."))
    assert desk.tips() == []
    assert "der Tipp mit dem alten Text ist ausgeschaltet" in " ".join(desk.receipts(ERIKA)[-1].text.split())
    assert has_tip(desk.report_problem()) == (False, False)
    assert desk.tap(desk.receipts(ERIKA)[-1], ERIKA, "#tipp Toner") == "command"
    assert desk.outcome(reply_to(desk.receipts(ERIKA)[-2], ERIKA, "#rückgängig")) == "command"
    assert desk.tips() == [("GYM", TEXT)]


def test_same_text_under_another_spelling_of_its_name_stays_a_tip(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(ERIKA, f"#merken TONER\n{SAVED}"))
    assert desk.tips() == [("GYM", TEXT)]


def test_deleted_answer_is_no_tip_until_it_is_restored(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(MAX, "#vergessen Toner"))
    assert (desk.tips(), has_tip(desk.report_problem())) == ([], (False, False))
    assert "Textbaustein und Tipp gelöscht" in desk.receipts(MAX)[-1].text
    desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, "#rückgängig"))
    assert desk.tips() == [("GYM", TEXT)]


@pytest.mark.parametrize("line", ["#undo", "#rückgängig", "#annuler"])
def test_undo_takes_back_that_a_tip_was_enabled_or_ended(desk: Desk, line: str) -> None:
    desk.enable()
    assert desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, line)) == "command"
    assert desk.tips() == []
    desk.tap(desk.receipts(MAX)[-3], MAX, "#tipp Toner ja")
    assert desk.tips() == [("GYM", TEXT)]
    desk.outcome(writes(MAX, "#tipp-aus Toner"))
    assert desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, line)) == "command"
    assert desk.tips() == [("GYM", TEXT)]


def test_every_change_of_a_tip_has_an_audit_entry(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(MAX, "#tipp-aus Toner"))
    desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, "#rückgängig"))
    desk.outcome(writes(ERIKA, "#merken Toner\nNeu."))
    assert desk.audited() == [
        (MAX, "tip enabled", "GYM toner"),
        (MAX, "tip disabled", "GYM toner"),
        (ERIKA, "tip disabled", "GYM toner"),
    ]


@pytest.mark.parametrize("text", ["{name}", "x" * 1_001])
def test_text_that_suits_no_tip_is_refused(desk: Desk, text: str) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{text}"))
    assert desk.outcome(writes(MAX, "#tipp Toner")) == "refused"
    assert "1 bis 1000 Zeichen" in " ".join(desk.outbox_of(MAX, Kind.REFUSAL)[-1].text.split())


@pytest.mark.parametrize("line", ["#tipp Toner ja", "#tipp Toner", "#tipp-aus Toner", "#vergessen TONER"])
@pytest.mark.parametrize("save_first", [True, False])
def test_one_mail_changes_a_saved_answer_once(desk: Desk, line: str, save_first: bool) -> None:
    desk.enable()
    before = [(row.text, row.tip) for row in desk.rows(SavedAnswerRow)]
    save = "#merken Toner\nGanz neuer Text."
    text = f"{save}\n{line}" if save_first else f"{line}\n{save}"
    assert desk.outcome(writes(MAX, text)) == "refused"
    assert [(row.text, row.tip) for row in desk.rows(SavedAnswerRow)] == before
    assert "verträgt sich nicht mit #merken" in desk.outbox_of(MAX, Kind.REFUSAL)[-1].text.casefold()


def test_one_mail_cannot_delete_and_end_a_tip_but_changes_several_answers(desk: Desk) -> None:
    desk.enable()
    assert desk.outcome(writes(MAX, "#vergessen Toner\n#tipp-aus Toner")) == "refused"
    assert desk.tips() == [("GYM", TEXT)]
    assert desk.outcome(writes(MAX, "#merken Papierstau\nAlle Klappen öffnen.\n#tipp-aus Toner")) == "command"
    assert desk.tips() == []
    desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, "#rückgängig"))
    assert desk.tips() == [("GYM", TEXT)]


def test_receipt_of_a_new_saved_answer_has_the_link_that_proposes_it_as_a_tip(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner")
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
    assert desk.tips() == [("GYM", TEXT)]


def test_new_name_and_tip_in_one_mail_are_refused_with_the_reason(desk: Desk) -> None:
    desk.report_problem()
    assert desk.reply(MAX, f"{TEXT}\n#merken Toner\n#tipp Toner", Kind.NEW_TICKET) == "refused"
    text = " ".join(desk.outbox_of(MAX, Kind.REFUSAL)[-1].text.split())
    assert "Verträgt sich nicht mit #merken in derselben Mail." in text
    assert "gibt es nicht" not in text


def test_only_the_person_who_enabled_a_tip_undoes_that(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    desk.outcome(writes(ERIKA, "#tipp Toner"))
    desk.tap(desk.receipts(ERIKA)[-1], ERIKA, "#tipp Toner ja")
    desk.outcome(reply_to(desk.receipts(ERIKA)[-1], MAX, "#rückgängig"))
    assert desk.tips() == [("GYM", TEXT)]


def test_text_that_was_not_proposed_as_a_tip_is_shown_before_it_is_enabled(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    assert desk.outcome(reply_to(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")) == "command"
    assert desk.tips() == []
    desk.outcome(writes(MAX, "#merken Papier\nToner"))
    desk.report_problem()
    desk.outcome(reply_to(desk.outbox_of(MAX, Kind.NEW_TICKET)[-1], MAX, "#tipp Papier ja"))
    assert desk.tips() == []


@pytest.mark.parametrize(
    "text",
    [
        "Bitte so:\n\n1. Drucker aus.\n2. Klappe  öffnen.\n\n\nDanach: https://wiki.example/toner?a=1&b=2",
        "Zeile eins.\n> Zitat\n#104 ist der Drucker.\n-- so",
        "Sehr lange Zeile " * 20,
    ],
)
def test_tip_of_any_layout_is_enabled_by_its_link(desk: Desk, text: str) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{text}"))
    desk.outcome(writes(MAX, "#tipp Toner"))
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
    assert len(desk.tips()) == 1, desk.receipts(MAX)[-1].text


def test_link_enables_a_tip_beside_an_answer_whose_name_ends_with_its_last_word(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    desk.outcome(writes(MAX, "#merken Toner ja\nAndere Sache"))
    desk.outcome(writes(MAX, "#tipp Toner"))
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
    assert desk.tips() == [("GYM", TEXT)]
