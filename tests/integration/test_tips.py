"""Tips: enabling, sending, solving, changing and ending them on a real database, in three languages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.privacy.requests import PersonErasure
from mailbot.reporting.model import Month
from mailbot.service.desk import Desk as ServiceDesk
from mailbot.service.report import report_of
from mailbot.store.audit_verify import verify
from mailbot.store.database import open_database, read_only
from tests.support.desk_harness import GERMAN_POLICY, open_harness, reply_to
from tests.support.new_database import new_postgresql
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import ERIKA, EVE, HANNA, KARL, LENA, MAX, NOW, POLICY, TONI
from tests.support.school import problem
from tests.support.servers.postgres import Postgres
from tests.support.tips import LEAD, LINES, SAVED, TEXT, Desk, has_tip, writes


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without tickets."""
    with open_harness(tmp_path) as harness:
        yield Desk(harness.desk)


@pytest.fixture
def desk_on_postgresql(postgres: Postgres) -> Iterator[Desk]:
    """A desk without tickets on PostgreSQL."""
    engine = open_database(new_postgresql(postgres))
    yield Desk(ServiceDesk(engine, GERMAN_POLICY, TEMPLATES))
    engine.dispose()


def test_receipt_of_a_similar_problem_has_the_tip_and_one_tap_closes_the_ticket(desk: Desk) -> None:
    desk.enable()
    receipt = desk.report_problem()
    assert has_tip(receipt) == (True, True)
    assert (TEXT in receipt.text, TEXT in receipt.html) == (True, True)
    assert not any(TEXT in sent.text and LEAD in sent.text for sent in desk.outbox_of(ERIKA))
    assert desk.tap(receipt, LENA, "#tipp-hat-geholfen") == "command"
    assert desk.ticket("GYM-1")["status"] == "closed"
    assert desk.audited()[-2:] == [(LENA, "tip sent", "toner"), (LENA, "solved by tip", "toner")]
    (closed,) = desk.outbox_of(ERIKA, Kind.CLOSED_TEAM)
    assert "Der Tipp in der Bestätigung hat geholfen." in " ".join(closed.text.split())
    assert "Der Tipp hat geholfen" in desk.receipts(LENA)[-1].text
    with read_only(desk.engine) as session:
        assert verify(session).problems == []


@pytest.mark.parametrize("language", LINES)
def test_solved_ticket_is_opened_again_by_reply_and_by_undo(desk: Desk, language: str) -> None:
    solve = LINES[language][3]
    desk.enable()
    desk.outcome(reply_to(desk.report_problem(), LENA, solve))
    desk.outcome(reply_to(desk.receipts(LENA)[-1], LENA, "#rückgängig"))
    assert desk.ticket("GYM-1")["status"] == "open"
    desk.outcome(reply_to(desk.outbox_of(LENA, Kind.RECEIPT)[-1], LENA, solve))
    desk.outcome(reply_to(desk.outbox_of(LENA, Kind.RECEIPT)[-1], LENA, "#öffnen"))
    assert desk.ticket("GYM-1")["status"] == "open"
    desk.outcome(reply_to(desk.outbox_of(LENA, Kind.RECEIPT)[-1], LENA, solve))
    desk.outcome(reply_to(desk.receipts(LENA)[-1], LENA, "Jetzt ist er doch wieder leer."))
    assert desk.ticket("GYM-1")["status"] == "open"


def test_team_reads_that_the_receipt_had_a_tip(desk: Desk) -> None:
    line = "In der Bestätigung stand der Tipp „Toner“."
    desk.report_problem()
    desk.enable()
    desk.report_problem(KARL)
    desk.outcome(problem("Kreide", EVE).text("Die Tonerkassette im Drucker ist leer, wo liegt Ersatz?"))
    mails = desk.outbox_of(ERIKA, Kind.NEW_TICKET)
    assert [line in sent.text for sent in mails] == [False, True, False]
    assert [line in sent.html for sent in mails] == [False, True, False]


def test_team_reads_of_no_tip_if_the_receipt_was_not_sent(desk: Desk) -> None:
    desk.enable()
    for number in range(POLICY.limits.hourly_automatic + 1):
        desk.outcome(
            problem(f"Toner {number}").text("Die Tonerkassette im Drucker ist leer, wo liegt Ersatz?")
        )
    receipts = [has_tip(sent)[0] for sent in desk.outbox_of(LENA, Kind.RECEIPT)]
    told = ["stand der Tipp" in sent.text for sent in desk.outbox_of(ERIKA, Kind.NEW_TICKET)]
    assert (sum(told), told[-1]) == (sum(receipts), False)


def test_subject_of_a_proposed_tip_is_a_question(desk: Desk, subtests: pytest.Subtests) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    for line, subject in (
        ("#tipp Toner", "Als Tipp zeigen? Toner"),
        ("#tipp-aus Toner", "Nichts geändert: "),
        ("#vergessen Toner", "Ausgeführt: "),
    ):
        with subtests.test(line=line):
            desk.outcome(writes(MAX, line))
            assert desk.receipts(MAX)[-1].subject.startswith(subject)


@pytest.mark.parametrize("language", LINES)
def test_ticket_without_a_tip_in_its_receipt_is_not_solved_by_one(desk: Desk, language: str) -> None:
    receipt = desk.report_problem()
    desk.enable()
    assert desk.outcome(reply_to(receipt, LENA, LINES[language][3])) == "refused"
    assert desk.ticket("GYM-1")["status"] == "open"
    assert "kein Tipp" in desk.outbox_of(LENA, Kind.REFUSAL)[-1].text


def test_only_the_requester_of_the_ticket_says_that_the_tip_solved_it(desk: Desk) -> None:
    desk.enable()
    desk.report_problem()
    assert desk.reply(MAX, "#tipp-hat-geholfen", Kind.NEW_TICKET) == "refused"
    desk.outcome(writes(KARL, "#tipp-hat-geholfen GYM-1"))
    desk.outcome(writes(EVE, "#tipp-hat-geholfen GYM-1"))
    assert desk.ticket("GYM-1")["status"] == "open"


def test_tip_does_not_count_for_a_ticket_that_the_team_closed(desk: Desk) -> None:
    desk.enable()
    receipt = desk.report_problem()
    desk.reply(MAX, "Getauscht.\n#close", Kind.NEW_TICKET)
    assert desk.outcome(reply_to(receipt, LENA, "#tipp-hat-geholfen")) == "command"
    assert "solved by tip" not in [action for _, action, _ in desk.audited()]


def test_receipt_has_at_most_one_tip_and_none_for_a_different_problem(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(MAX, "#merken Beamer\nBitte das Netzteil am Beamer fest hineindrücken."))
    desk.outcome(writes(MAX, "#tipp Beamer"))
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Beamer ja")
    assert len(desk.tips()) == 2
    receipt = desk.report_problem()
    assert (receipt.text.count(LEAD), TEXT in receipt.text, "Netzteil" in receipt.text) == (1, True, False)
    desk.outcome(problem("Drucker laut", LENA).text("Er rattert seit gestern."))
    assert has_tip(desk.outbox_of(LENA, Kind.RECEIPT)[-1]) == (False, False)


def test_two_tips_that_fit_equally_are_both_left_out(desk: Desk) -> None:
    desk.enable()
    desk.outcome(writes(MAX, f"#merken Toner leer\n{TEXT}"))
    desk.outcome(writes(MAX, "#tipp Toner leer"))
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner leer ja")
    assert len(desk.tips()) == 2
    assert has_tip(desk.report_problem()) == (False, False)


def test_people_outside_the_school_get_no_tip(desk: Desk) -> None:
    desk.enable()
    assert has_tip(desk.report_problem(EVE)) == (False, False)
    assert has_tip(desk.report_problem(MAX)) == (True, True)


def test_forged_mail_causes_no_tip(desk: Desk) -> None:
    desk.enable()
    forged = problem("Toner", LENA).text("Die Tonerkassette im Drucker ist leer, wo liegt Ersatz?")
    desk.outcome(forged.header("Authentication-Results", "mx.schule.example; dmarc=fail"))
    assert has_tip(desk.outbox_of(LENA, Kind.RECEIPT)[-1]) == (False, False)


def test_receipt_that_is_not_sent_carries_no_tip(tmp_path: Path) -> None:
    limits = replace(GERMAN_POLICY.limits, hourly_automatic=0)
    with open_harness(tmp_path, replace(GERMAN_POLICY, limits=limits)) as harness:
        desk = Desk(harness.desk)
        desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
        desk.outcome(writes(MAX, "#tipp Toner"))
        desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
        desk.outcome(problem("Toner", LENA).text("Die Tonerkassette im Drucker ist leer."))
        assert desk.outbox_of(LENA) == []
        assert "tip sent" not in [action for _, action, _ in desk.audited()]


def test_tip_of_second_level_is_for_all_schools_and_a_school_has_its_own(desk: Desk) -> None:
    desk.enable(TONI, "Bitte die Tonerkassette im Drucker tauschen. Sie ist bei der Stadt.")
    assert [school for school, _ in desk.tips()] == [""]
    assert "bei der Stadt" in desk.report_problem().text
    for line in ("#tipp Toner", "#tipp-aus Toner"):
        assert desk.outcome(writes(MAX, line)) == "refused"
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    assert has_tip(desk.report_problem(KARL)) == (False, False), "the text of the school is no tip yet"
    assert desk.outcome(writes(TONI, "#tipp-aus Toner")) == "command"
    assert desk.tips() == []


def test_list_of_saved_answers_shows_which_are_tips_and_has_links_for_both(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    desk.outcome(writes(MAX, "#bausteine"))
    desk.tap(desk.outbox_of(MAX, Kind.SAVED_ANSWERS)[-1], MAX, "#tipp Toner")
    desk.tap(desk.receipts(MAX)[-1], MAX, "#tipp Toner ja")
    desk.outcome(writes(MAX, "#bausteine"))
    page = desk.outbox_of(MAX, Kind.SAVED_ANSWERS)[-1]
    assert "liest ihn gleich in der Bestätigung" in page.text
    desk.tap(page, MAX, "#tipp-aus Toner")
    assert desk.tips() == []


def test_placeholders_of_a_tip_are_replaced_in_the_receipt(desk: Desk) -> None:
    desk.enable(
        text="Die Tonerkassette für {ticket} liegt bei {team}, sagt {name}. Drucker danach einschalten."
    )
    receipt = " ".join(desk.report_problem().text.replace("> ", "").split())
    assert "Die Tonerkassette für GYM-1 liegt bei Team Marienschule, sagt." in receipt


def test_report_counts_the_tickets_that_tips_solved(desk: Desk) -> None:
    desk.enable()
    desk.outcome(reply_to(desk.report_problem(), LENA, "#tipp-hat-geholfen"))
    desk.outcome(reply_to(desk.report_problem(KARL), KARL, "#tipp-hat-geholfen"))
    desk.outcome(reply_to(desk.receipts(KARL)[-1], KARL, "#rückgängig"))
    desk.reply(MAX, "Getauscht.\n#close", Kind.NEW_TICKET)
    month = Month(NOW.date().replace(day=1), ZoneInfo("Europe/Berlin"))
    total = report_of(desk.desk, month).total
    assert (total.closed, total.solved_by_tips) == (2, 1)


def test_ticket_that_a_tip_solved_brings_no_more_mails_than_one_that_its_requester_closed(desk: Desk) -> None:
    def sent(requester: str, line: str) -> list[list[str]]:
        before = [len(desk.outbox_of(person)) for person in (requester, MAX, ERIKA)]
        desk.outcome(reply_to(desk.report_problem(requester), requester, line))
        people = zip((requester, MAX, ERIKA), before, strict=True)
        return [[row.kind for row in desk.outbox_of(person)[old:]] for person, old in people]

    desk.enable()
    assert sent(LENA, "#tipp-hat-geholfen") == sent(KARL, "#erledigt")


def test_staff_of_another_school_get_no_tip_of_this_school(desk: Desk) -> None:
    desk.enable()
    assert has_tip(desk.report_problem(HANNA)) == (False, False)
    assert has_tip(desk.report_problem(TONI)) == (True, True)


def test_tip_is_enabled_sent_undone_and_erased_on_postgresql(desk_on_postgresql: Desk) -> None:
    desk = desk_on_postgresql
    desk.enable(text=f"{TEXT} Sonst hilft Frau Lehrerin weiter.")
    desk.outcome(writes(ERIKA, "#tipp-aus Toner"))
    assert desk.outcome(reply_to(desk.receipts(ERIKA)[-1], ERIKA, "#rückgängig")) == "command"
    receipt = desk.report_problem(KARL)
    assert has_tip(receipt) == (True, True)
    desk.tap(receipt, KARL, "#tipp-hat-geholfen")
    assert desk.ticket("GYM-1")["status"] == "closed"
    desk.outcome(problem("Beamer").text("Er ist kaputt.").header("From", f"Lena Lehrerin <{LENA}>"))
    for _ in PersonErasure(desk.desk, LENA, NOW).steps():
        pass
    assert desk.tips() == []
    with read_only(desk.engine) as session:
        assert verify(session).problems == []
