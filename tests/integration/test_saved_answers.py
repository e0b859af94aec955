"""Saved answers: saving, using, changing, deleting, undoing, and the offers for a new ticket."""

import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.event import listen

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.privacy.requests import PersonErasure
from mailbot.service.maintenance import maintain
from mailbot.store import disclosure, saved_answers
from mailbot.store.audit import Origin
from mailbot.store.audit_verify import verify
from mailbot.store.database import read_only, transaction
from mailbot.store.rename_school import rename_school
from mailbot.store.tables import EventRow, MessageRow, SavedAnswerRow, SavedAnswerUseRow
from tests.support.desk_harness import DeskInTime, open_harness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.rendered_samples import fields, hrefs
from tests.support.scenario import ERIKA, EVE, HANNA, KARL, LENA, MAX, NOW, TINA, TONI
from tests.support.school import problem

TEACHER = f"Lena Lehrerin <{LENA}>"
ANSWER = "Hallo Frau Lehrerin,\n\nbitte die Tonerkassette im Drucker tauschen.\n\nGruß\nMax Mustermann"
TEXT = "bitte die Tonerkassette im Drucker tauschen."
ALONE = f"B{TEXT[1:]}"  # as it is sent without own words above
QUOTED = "\n\n-- \nMax Mustermann\nTel. 0123 456789\n\nAm 23.11.2026 schrieb Lena:\n> Der Drucker ist leer."
TAKE_BACK = ("#undo", "#rückgängig", "#annuler")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskInTime]:
    """A desk with one open ticket of Lena."""
    with open_harness(tmp_path) as harness:
        desk = DeskInTime(harness.desk)
        assert desk.outcome(problem("Drucker druckt nicht", TEACHER).text("Er ist leer.")) == "opened"
        yield desk


def texts(desk: DeskInTime, *schools: str) -> dict[tuple[str, str], str]:
    """Return the text of each saved answer of some schools and of those for all, by school and name."""
    with read_only(desk.engine) as session:
        return {(a.school, a.name): a.text for a in saved_answers.load(session, schools or ("GYM",))}


def writes(person: str, text: str) -> MailBuilder:
    """Return an authenticated mail of its own."""
    return mail().sender(person).subject("Textbaustein").text(text).proven()


def undo(desk: DeskInTime, person: str, line: str = "#undo") -> str:
    """Reply to the last receipt of a person."""
    return desk.reply(person, line, Kind.COMMAND_RECEIPT)


def public(desk: DeskInTime) -> list[str]:
    """Return the public answers of the staff."""
    return [row.text for row in desk.rows(MessageRow) if (row.direction, row.visibility) == ("out", "public")]


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


def test_receipt_of_undo_has_one_full_stop(desk: DeskInTime) -> None:
    desk.reply(MAX, "Fertig.\n#close", Kind.NEW_TICKET)
    undo(desk, MAX)
    receipt = desk.outbox_of(MAX, Kind.COMMAND_RECEIPT)[-1].text
    assert "zurückholen" in receipt
    assert ".." not in receipt
