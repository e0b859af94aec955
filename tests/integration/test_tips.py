"""Tips: enabling, sending, solving, changing and ending them on a real database, in three languages."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.privacy.requests import PersonErasure
from mailbot.render import Templates
from mailbot.reporting.model import Month
from mailbot.service.desk import Desk as ServiceDesk
from mailbot.service.report import report_of
from mailbot.store import disclosure
from mailbot.store.audit_verify import verify
from mailbot.store.database import open_database, read_only, transaction
from mailbot.store.tables import EventRow, OutboxRow, SavedAnswerRow
from tests.support.desk_harness import GERMAN_POLICY, DeskInTime, open_harness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.new_database import new_postgresql
from tests.support.rendered_samples import fields, hrefs
from tests.support.scenario import ERIKA, EVE, HANNA, KARL, LENA, MAX, NOW, POLICY, TONI
from tests.support.school import problem
from tests.support.servers.postgres import Postgres

TEXT = "Bitte die Tonerkassette im Drucker tauschen. Ersatz liegt im Sekretariat."
SAVED = f"Hallo {{name}},\n\n{TEXT}\n\nViele Grüße\nMax Mustermann"
LEAD = "Das hat anderen geholfen"
LINES = {
    "de": ("#tipp Toner", "#tipp Toner ja", "#tipp-aus Toner", "#tipp-hat-geholfen"),
    "en": ("#tip Toner", "#tip Toner yes", "#untip Toner", "#solved-by-tip"),
    "fr": ("#astuce Toner", "#astuce Toner oui", "#astuce-fin Toner", "#astuce-utile"),
}


_mails = count(1)


def unique() -> str:
    """Return a Message-ID that no other mail has."""
    return f"<tip{next(_mails)}@mail.example>"


class Desk(DeskInTime):
    """A desk with saved answers."""

    def enable(self, person: str = MAX, text: str = SAVED, language: str = "de") -> None:
        """Save an answer, read it as a tip, and tap the link that enables it."""
        self.outcome(writes(person, f"#save Toner\n{text}"))
        self.outcome(writes(person, LINES[language][0]))
        assert self.tap(self.receipts(person)[-1], person, LINES[language][1]) == "command"

    def tap(self, sent: OutboxRow, person: str, line: str) -> str:
        """Send the mail that the link with that line opens, and return its outcome."""
        links = [link for link in map(fields, hrefs(sent.html)) if link.get("body", "").startswith(line)]
        built = mail().sender(person).subject(links[0]["subject"]).message_id(unique())
        return self.outcome(built.text(links[0]["body"]))

    def receipts(self, person: str) -> list[OutboxRow]:
        """Return the receipts for commands of a person."""
        return self.outbox_of(person, Kind.COMMAND_RECEIPT)

    def tips(self) -> list[tuple[str, str]]:
        """Return the schools and texts of the enabled tips."""
        newest = {(row.school, row.key): row for row in self.rows(SavedAnswerRow)}
        return [(row.school, row.tip) for row in newest.values() if row.tip]

    def report_problem(self, sender: str = LENA, subject: str = "Toner") -> OutboxRow:
        """Report a problem that resembles the tip, and return its receipt."""
        words = "Die Tonerkassette im Drucker ist leer, wo liegt Ersatz?"
        self.outcome(problem(subject, sender).text(words))
        return self.outbox_of(sender, Kind.RECEIPT)[-1]

    def audited(self) -> list[tuple[str, str, str]]:
        """Return actor, action and detail of the entries about tips."""
        return [(r.actor, r.action, r.detail) for r in self.rows(EventRow) if "tip" in r.action.split()]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk without tickets."""
    with open_harness(tmp_path) as harness:
        yield Desk(harness.desk)


@pytest.fixture
def desk_on_postgresql(postgres: Postgres) -> Iterator[Desk]:
    """A desk without tickets on PostgreSQL."""
    engine = open_database(new_postgresql(postgres))
    yield Desk(ServiceDesk(engine, GERMAN_POLICY, Templates()))
    engine.dispose()


def writes(person: str, text: str) -> MailBuilder:
    """Return an authenticated mail of its own."""
    return mail().sender(person).subject("Textbaustein").message_id(unique()).text(text).proven()


def has_tip(sent: OutboxRow) -> tuple[bool, bool]:
    """Return whether a receipt has a tip in its text, and in its page."""
    return LEAD in sent.text, LEAD in sent.html


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


def test_ticket_that_a_tip_solved_brings_no_more_mails_than_one_that_its_requester_closed(desk: Desk) -> None:
    def sent(requester: str, line: str) -> list[list[str]]:
        before = [len(desk.outbox_of(person)) for person in (requester, MAX, ERIKA)]
        desk.outcome(reply_to(desk.report_problem(requester), requester, line))
        people = zip((requester, MAX, ERIKA), before, strict=True)
        return [[row.kind for row in desk.outbox_of(person)[old:]] for person, old in people]

    desk.enable()
    assert sent(LENA, "#tipp-hat-geholfen") == sent(KARL, "#erledigt")


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


def test_only_the_person_who_enabled_a_tip_undoes_that(desk: Desk) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{SAVED}"))
    desk.outcome(writes(ERIKA, "#tipp Toner"))
    desk.tap(desk.receipts(ERIKA)[-1], ERIKA, "#tipp Toner ja")
    desk.outcome(reply_to(desk.receipts(ERIKA)[-1], MAX, "#rückgängig"))
    assert desk.tips() == [("GYM", TEXT)]


def test_staff_of_another_school_get_no_tip_of_this_school(desk: Desk) -> None:
    desk.enable()
    assert has_tip(desk.report_problem(HANNA)) == (False, False)
    assert has_tip(desk.report_problem(TONI)) == (True, True)


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
