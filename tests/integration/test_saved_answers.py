"""Saved answers: saving, using, changing, deleting, undoing, and the offers for a new ticket."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.store.audit import Origin
from mailbot.store.audit_verify import verify
from mailbot.store.database import read_only, transaction
from mailbot.store.rename_school import rename_school
from mailbot.store.tables import EventRow, MessageRow, SavedAnswerRow, SavedAnswerUseRow
from tests.support.desk_harness import DeskInTime
from tests.support.mail_builder import mail
from tests.support.rendered_samples import fields, hrefs
from tests.support.saved_answers import ALONE, TEXT, open_desk, public, texts, undo, writes
from tests.support.scenario import ERIKA, EVE, HANNA, KARL, LENA, MAX, NOW, TONI
from tests.support.school import problem

ANSWER = "Hallo Frau Lehrerin,\n\nbitte die Tonerkassette im Drucker tauschen.\n\nGruß\nMax Mustermann"
QUOTED = "\n\n-- \nMax Mustermann\nTel. 0123 456789\n\nAm 23.11.2026 schrieb Lena:\n> Der Drucker ist leer."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskInTime]:
    with open_desk(tmp_path) as opened:
        yield opened


def test_answer_is_sent_as_usual_and_saved_without_what_belongs_to_that_mail_only(desk: DeskInTime) -> None:
    assert desk.reply(MAX, f"{ANSWER}\n#merken Toner leer{QUOTED}", Kind.NEW_TICKET) == "command"
    assert "Hallo Frau Lehrerin" in desk.outbox_of(LENA, Kind.ANSWER)[0].text
    assert texts(desk) == {("GYM", "Toner leer"): TEXT}
    (receipt,) = desk.outbox_of(MAX, Kind.COMMAND_RECEIPT)
    assert TEXT in receipt.text


def test_mail_of_its_own_saves_its_text_and_opens_no_ticket(desk: DeskInTime) -> None:
    assert desk.outcome(writes(MAX, f"#merken Toner\nGuten Tag {{name}},\n{TEXT}")) == "command"
    assert texts(desk) == {("GYM", "Toner"): f"Guten Tag {{name}},\n{TEXT}"}
    assert [row.text for row in desk.rows(MessageRow)] == ["Er ist leer."]


@pytest.mark.parametrize("line", ["#use toner", "#baustein „Toner“", "#modèle TONER!"])
def test_saved_answer_is_sent_below_own_words_with_its_placeholders_filled(
    desk: DeskInTime, line: str
) -> None:
    desk.outcome(writes(MAX, "#save Toner\nGuten Tag {name}, zu {ticket}: Toner tauschen. {team} {unknown}"))
    assert desk.reply(ERIKA, f"Bin gleich da.\n{line}\n#close", Kind.NEW_TICKET) == "command"
    expected = "Guten Tag Lena Lehrerin, zu GYM-1: Toner tauschen. Team Marienschule {unknown}"
    assert public(desk) == [f"Bin gleich da.\n\n{expected}"]
    assert desk.ticket("GYM-1")["status"] == "closed"
    assert expected in desk.outbox_of(LENA, Kind.CLOSED)[0].text


def test_answer_that_is_saved_has_its_own_placeholders_filled(desk: DeskInTime) -> None:
    assert desk.reply(MAX, "Hallo {name}, bitte tauschen.\n#merken Toner", Kind.NEW_TICKET) == "command"
    assert public(desk) == ["Hallo Lena Lehrerin, bitte tauschen."]
    assert texts(desk) == {("GYM", "Toner"): "Hallo {name}, bitte tauschen."}


def test_name_of_a_requester_is_no_placeholder_and_no_command(desk: DeskInTime) -> None:
    desk.outcome(problem("Toner", f'"{{ticket}} #close" <{KARL}>').text("leer"))
    desk.outcome(writes(MAX, "#save Toner\nBitte {name} fragen."))
    assert desk.reply(MAX, "#use Toner", Kind.NEW_TICKET) == "command"
    assert public(desk) == ["Bitte {ticket} #close fragen."]
    assert desk.ticket("GYM-2")["status"] == "open"


def test_second_level_saves_for_all_schools_and_a_school_may_have_its_own(desk: DeskInTime) -> None:
    desk.outcome(writes(TONI, "#save Toner\nFür alle."))
    assert desk.reply(ERIKA, "#vergessen Toner", Kind.NEW_TICKET, proven=True) == "refused"
    desk.outcome(writes(MAX, "#save TONER\nFür uns."))
    assert texts(desk) == {("", "Toner"): "Für alle.", ("GYM", "TONER"): "Für uns."}
    assert texts(desk, "HBG") == {("", "Toner"): "Für alle."}
    desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET)
    assert public(desk) == ["Für uns."]


@pytest.mark.parametrize("line", ["#save Toner\nText", "#unsave Toner", "#saved"])
@pytest.mark.parametrize("person", [LENA, EVE, HANNA])
def test_people_who_do_not_work_for_the_school_neither_read_nor_change_its_saved_answers(
    desk: DeskInTime, person: str, line: str
) -> None:
    desk.outcome(writes(MAX, f"#save Toner\n{TEXT}"))
    built = writes(person, line)
    desk.receive(built.proven("mx.heisenberg.example") if person == HANNA else built)
    assert texts(desk) == {("GYM", "Toner"): TEXT}
    assert desk.outbox_of(person, Kind.SAVED_ANSWERS) == []
    assert all(TEXT not in row.text for row in desk.outbox_of(person))


def test_links_of_the_list_use_change_and_delete(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    assert desk.reply(MAX, "#bausteine", Kind.NEW_TICKET) == "answered"
    page = desk.outbox_of(MAX, Kind.SAVED_ANSWERS)[0].html
    bodies = {link["body"].split("\r\n")[0]: link for link in map(fields, hrefs(page)) if "body" in link}
    change, use = bodies["#merken Toner"], bodies["#baustein Toner"]

    def taps(link: dict[str, str], text: str = "") -> str:
        built = mail().sender(MAX).subject(link["subject"])
        return desk.outcome(built.text(link["body"].replace("tauschen", text or "tauschen")))

    assert taps(dict(change), "schütteln") == "command"
    assert texts(desk) == {("GYM", "Toner"): TEXT.replace("tauschen", "schütteln")}
    assert public(desk) == []
    assert taps(dict(use)) == "command"
    assert public(desk) == [ALONE.replace("tauschen", "schütteln")]
    assert taps(dict(bodies["#vergessen Toner"])) == "command"
    assert texts(desk) == {}


def test_saved_text_is_the_problem_of_a_ticket_that_the_same_mail_opens(desk: DeskInTime) -> None:
    line = f"#für {KARL}\n#merken Toner\nDer Toner ist leer, bitte tauschen."
    assert desk.outcome(writes(MAX, line)) == "opened"
    assert desk.rows(MessageRow)[-1].text == "Der Toner ist leer, bitte tauschen."
    assert texts(desk) == {("GYM", "Toner"): "Der Toner ist leer, bitte tauschen."}


def test_saved_text_is_not_sent_to_a_ticket_that_the_same_mail_mutes(desk: DeskInTime) -> None:
    assert desk.outcome(writes(MAX, f"#merken Toner\n#stumm 1\nHallo {{name}},\n{TEXT}")) == "command"
    assert (public(desk), desk.outbox_of(LENA, Kind.ANSWER)) == ([], [])
    assert texts(desk) == {("GYM", "Toner"): f"Hallo {{name}},\n{TEXT}"}
    assert desk.ticket("GYM-1")["events"][-1]["action"] == "muted"


def test_every_change_has_an_audit_entry(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET)
    desk.outcome(writes(MAX, "#vergessen Toner"))
    undo(desk, MAX)
    found = [(r.actor, r.action, r.detail) for r in desk.rows(EventRow) if r.action.startswith("answer")]
    assert found == [
        (MAX, "answer saved", "GYM toner"),
        (MAX, "answer used", "toner"),
        (MAX, "answer deleted", "GYM toner"),
        (MAX, "answer restored", "GYM toner"),
    ]
    with read_only(desk.engine) as session:
        assert verify(session).problems == []


REFUSED = (
    "#merken Toner",  # without text
    "#merken\nText",
    "#merken 104\nText",
    "#merken GYM-1\nText",
    "#merken A+B\nText",
    "#merken <b>fett</b>\nText",
    "#merken " + "x" * 41 + "\nText",
    "#merken Toner\n" + "x" * 4_001,
    "#baustein Niemals\nText",
    "#merken Toner\nText\n#schlissen",
)


def test_wrong_mail_saves_and_sends_nothing(subtests: pytest.Subtests, desk: DeskInTime) -> None:
    for text in REFUSED:
        with subtests.test(text=text):
            assert desk.reply(MAX, text, Kind.NEW_TICKET) == "refused"
            assert (texts(desk), public(desk)) == ({}, [])


def test_school_has_at_most_200_saved_answers(desk: DeskInTime) -> None:
    with transaction(desk.engine) as session:
        for n in range(200):
            session.add(
                SavedAnswerRow(
                    school="GYM", key=f"n{n}", name=f"N{n}", text="x", words="x", author="", at=NOW
                )
            )
    assert desk.outcome(writes(MAX, "#merken Neu\nText")) == "refused"
    assert desk.outcome(writes(MAX, "#merken N7\nText")) == "command"
    assert desk.outcome(writes(TONI, "#merken Neu\nText")) == "command"


def test_second_answer_within_minutes_is_held_although_it_has_no_own_words(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.reply(ERIKA, "Ich komme vorbei.", Kind.NEW_TICKET)
    desk.now -= timedelta(minutes=8)
    assert desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET) == "held"
    assert public(desk) == ["Ich komme vorbei."]


def test_notification_of_a_new_ticket_offers_what_fits_and_one_tap_answers_and_closes(
    desk: DeskInTime,
) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.outcome(writes(MAX, "#merken Kennwort\nDas Kennwort setzt das Sekretariat zurück."))
    desk.outcome(problem("Toner leer", LENA).text("Der Drucker im Lehrerzimmer hat keinen Toner mehr."))
    notification = desk.outbox_of(ERIKA, Kind.NEW_TICKET)[-1]
    assert "Mit „Toner“ antworten und schließen" in notification.html
    assert "Kennwort" not in notification.html
    assert "Toner“ antworten" not in desk.outbox_of(LENA, Kind.RECEIPT)[-1].html
    link = next(one for one in map(fields, hrefs(notification.html)) if "#baustein" in one.get("body", ""))
    tapped = mail().sender(ERIKA).subject(link["subject"]).text(link["body"])
    assert desk.outcome(tapped) == "command"
    assert desk.ticket("GYM-2")["status"] == "closed"
    assert ALONE in desk.outbox_of(LENA, Kind.CLOSED)[-1].text


def test_answer_is_offered_for_words_of_tickets_that_it_answered(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#merken Standard\nBitte aus- und einschalten."))
    desk.outcome(problem("Dokumentenkamera flimmert", LENA).text("Das Bild flimmert."))
    assert desk.rows(SavedAnswerUseRow) == []
    desk.reply(MAX, "#baustein Standard\n#close", Kind.NEW_TICKET)
    desk.outcome(problem("Dokumentenkamera flimmert schon wieder", LENA).text("Bild flimmert."))
    assert "Standard" in desk.outbox_of(ERIKA, Kind.NEW_TICKET)[-1].html


def test_without_saved_answers_a_new_ticket_costs_one_statement_and_other_mail_none(desk: DeskInTime) -> None:
    statements: list[str] = []
    listen(desk.engine, "connect", lambda raw, _: raw.set_trace_callback(statements.append))
    desk.engine.dispose()
    assert desk.outcome(problem("Tafel", LENA).text("Sie klemmt.")) == "opened"
    assert sum("FROM saved_answer" in statement for statement in statements) == 1
    statements.clear()
    assert desk.reply(MAX, "Ich sehe nach.\n#close", Kind.NEW_TICKET) == "command"
    assert statements
    assert sum("FROM saved_answer" in statement for statement in statements) == 0


def test_renamed_school_keeps_its_saved_answers(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}"))
    desk.reply(MAX, "#baustein Toner", Kind.NEW_TICKET)
    with transaction(desk.engine) as session:
        rename_school(session, "GYM", "HBG", Origin("operator", NOW))
    assert texts(desk, "HBG") == {("HBG", "Toner"): TEXT}
    assert [row.school for row in desk.rows(SavedAnswerUseRow)] == ["HBG"]


@pytest.mark.parametrize(
    "text",
    ["A & B", "100 %", "a < b", "a > b", "1 + 1", "https://schule.example/?id=3&lang=de", "ß" * 300],
)
def test_text_that_a_link_would_change_has_no_link_that_changes_it(desk: DeskInTime, text: str) -> None:
    desk.outcome(writes(MAX, f"#merken Toner\n{text}"))
    desk.outcome(writes(MAX, f"#merken Papier\n{TEXT}"))
    desk.reply(MAX, "#bausteine", Kind.NEW_TICKET)
    page = desk.outbox_of(MAX, Kind.SAVED_ANSWERS)[0].html
    bodies = [link["body"].split("\r\n")[0] for link in map(fields, hrefs(page)) if "body" in link]
    assert "#merken Papier" in bodies
    assert "#merken Toner" not in bodies
    assert "#vergessen Toner" in bodies


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (
            "Hallo,\n#use Toner\n\nIch komme morgen.\n\nGruß\nMax",
            "Hallo,\n\nT\n\nIch komme morgen.\n\nGruß\nMax",
        ),
        ("\n\n#use Toner\nFalls nicht: melden.", "T\n\nFalls nicht: melden."),
        ("Oben\n#use Toner\nMitte\n#close\n#use Papier\nUnten", "Oben\n\nT\n\nMitte\n\nP\n\nUnten"),
        ("Guten Tag,\n#use Toner\nViele Grüße", "Guten Tag,\n\nT\n\nViele Grüße"),
        ("#use Papier\n#use Toner", "P\n\nT"),
        ("#use Deckel", "Der Deckel klemmt."),
        ("Hallo,\n#use Deckel", "Hallo,\n\nder Deckel klemmt."),
    ],
)
def test_saved_text_takes_the_place_of_its_line(desk: DeskInTime, written: str, sent: str) -> None:
    desk.outcome(writes(MAX, "#save Toner\nT"))
    desk.outcome(writes(MAX, "#save Papier\nP"))
    desk.outcome(writes(MAX, "#save Deckel\nder Deckel klemmt."))
    assert desk.reply(MAX, written, Kind.NEW_TICKET) == "command"
    assert public(desk) == [sent]


def test_own_words_beside_a_saved_answer_have_their_placeholders_filled(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#save Toner\n{TEXT}"))
    desk.reply(MAX, "Hallo {name},\n#use Toner\nzu {ticket}", Kind.NEW_TICKET)
    assert public(desk) == [f"Hallo Lena Lehrerin,\n\n{TEXT}\n\nzu GYM-1"]


def test_name_of_a_requester_without_one_is_left_out(desk: DeskInTime) -> None:
    desk.outcome(problem("Toner", KARL).text("leer"))
    desk.outcome(writes(MAX, "#save Toner\nHallo {name},\n{name}, es geht {ticket}. {name}"))
    assert desk.reply(MAX, "#use Toner", Kind.NEW_TICKET) == "command"
    assert public(desk) == ["Hallo,\nes geht GYM-2."]


def test_text_of_an_internal_mail_is_not_saved(desk: DeskInTime) -> None:
    assert desk.reply(MAX, f"{TEXT}\n#notiz\n#merken Toner", Kind.NEW_TICKET) == "refused"
    assert texts(desk) == {}
    assert "internen Mail" in desk.outbox_of(MAX, Kind.REFUSAL)[0].text


def test_reply_to_a_note_is_not_saved(desk: DeskInTime) -> None:
    desk.reply(ERIKA, "Sie fragt oft.\n#notiz", Kind.NEW_TICKET)
    assert desk.reply(MAX, f"{TEXT}\n#merken Toner", Kind.NOTE) == "refused"
    assert texts(desk) == {}


def test_notification_of_a_new_ticket_shows_the_beginning_of_what_it_offers(desk: DeskInTime) -> None:
    desk.outcome(writes(TONI, "#merken Toner\nFür alle."))
    desk.outcome(writes(MAX, f"#merken Toner\n{TEXT}\n{'Toner ' * 40}"))
    desk.outcome(problem("Toner leer", LENA).text("Der Drucker hat keinen Toner mehr."))
    notification = desk.outbox_of(ERIKA, Kind.NEW_TICKET)[-1]
    for shown in (notification.text, notification.html):
        assert TEXT in " ".join(shown.split())
        assert "Toner " * 20 not in shown
        assert "Für alle." not in shown


def test_second_level_lists_uses_changes_and_deletes_its_own_answer(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#save Toner\nFür uns."))
    desk.outcome(writes(TONI, "#save Toner\nFür alle."))
    desk.outcome(writes(TONI, "#saved"))
    page = desk.outbox_of(TONI, Kind.SAVED_ANSWERS)[0].html
    assert ("Für alle." in page, "Für uns." in page) == (True, False)
    bodies = {link["body"].split("\r\n")[0]: link for link in map(fields, hrefs(page)) if "body" in link}
    assert "#merken Toner" in bodies
    desk.reply(MAX, "#weiterleiten", Kind.NEW_TICKET)
    assert desk.reply(TONI, "#use Toner", Kind.ESCALATED_SECOND_LEVEL) == "command"
    assert public(desk)[-1] == "Für alle."
    link = bodies["#vergessen Toner"]
    assert desk.outcome(mail().sender(TONI).subject(link["subject"]).text(link["body"])) == "command"
    assert texts(desk) == {("GYM", "Toner"): "Für uns."}


def test_page_beyond_the_last_one_is_the_last_one(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, f"#save Toner\n{TEXT}"))
    assert desk.outcome(writes(MAX, "#bausteine 2")) == "answered"
    shown = desk.outbox_of(MAX, Kind.SAVED_ANSWERS)[0].text
    assert TEXT in shown
    assert "noch keine" not in shown


def test_saved_answer_goes_to_the_tickets_that_get_the_text(desk: DeskInTime) -> None:
    desk.outcome(writes(MAX, "#save Toner\n{ticket} ist fertig."))
    for person in (KARL, LENA):
        desk.outcome(problem("Beamer", person).text("Er ist dunkel."))
    assert desk.reply(MAX, "#baustein Toner\n#close 1 2", Kind.NEW_TICKET, proven=True) == "command"
    assert sorted(public(desk)) == ["GYM-1 ist fertig.", "GYM-2 ist fertig."]
    assert [desk.ticket(f"GYM-{n}")["status"] for n in (1, 2, 3)] == ["closed", "closed", "open"]


@pytest.mark.parametrize(("person", "scope"), [(MAX, "für die Schule"), (TONI, "für alle Schulen")])
def test_receipt_says_for_whom_an_answer_is_saved(desk: DeskInTime, person: str, scope: str) -> None:
    for _ in range(2):
        desk.outcome(writes(person, f"#save Toner\n{TEXT}"))
    assert all(scope in receipt.text for receipt in desk.outbox_of(person, Kind.COMMAND_RECEIPT))
