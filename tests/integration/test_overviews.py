"""Overviews, search and similar solved tickets, from the query to the reply, on both databases."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from mailbot.core.model.effects import Decision
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.service.desk import Desk
from mailbot.service.receive import receive
from mailbot.store.database import Engine, transaction
from mailbot.store.ledger import MailLocation
from mailbot.store.tables import OutboxRow
from tests.support.mail_builder import mail
from tests.support.packaged_templates import TEMPLATES

LENA = "lena@schule.example"
OTTO = "otto@schule.example"
MAX = "max@support.example"
WEST = "west@support.example"
TONI = "toni@stadt.example"

_numbers = itertools.count(1)


def _school(key: str, name: str, member: str) -> School:
    team = Team(f"Team {name}", (Member(member),))
    address = f"support-{key.lower()}@schule.example"
    return School(key, name, address, team, domains=("schule.example",), authserv_id="mx.schule.example")


POLICY = Policy(
    "Schul-Support",
    (_school("GYM", "Gymnasium", MAX), _school("RSW", "Realschule West", WEST)),
    Team("Technik", (Member(TONI),)),
)


@dataclass
class Office:
    """A desk that is handed mails whose senders the mail server has checked."""

    desk: Desk
    now: datetime = field(default=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))

    def get(self, sender: str, text: str, subject: str = "Anfrage", school: str = "GYM") -> Decision:
        """Hand in a mail; some minutes pass."""
        number = next(_numbers)
        self.now += timedelta(minutes=4)
        written = mail().sender(sender).subject(subject).message_id(f"<o{number}@schule.example>").text(text)
        domain = sender.partition("@")[2]
        written.header("Authentication-Results", f"mx.schule.example; dmarc=pass header.from={domain}")
        decision = receive(self.desk, MailLocation(school, 1, number), written.build(), None, self.now)
        assert decision is not None
        assert decision.outcome != "quarantined", decision.because
        return decision

    def solve(self, subject: str, text: str, answer: str, school: str = "GYM", sender: str = OTTO) -> str:
        """Have a problem reported and answered; return the ticket's name."""
        name = self.get(sender, text, subject, school).ticket or ""
        self.get(WEST if school == "RSW" else MAX, f"{answer}\n#close", f"[#{name}] {subject}", school)
        return name

    def last(self, recipient: str) -> OutboxRow:
        """Return the latest mail to a person."""
        with transaction(self.desk.engine) as session:
            rows = session.exec(select(OutboxRow).where(OutboxRow.recipient == recipient)).all()
        return max(rows, key=lambda row: row.id or 0)

    def ask(self, sender: str, text: str, school: str = "GYM") -> str:
        """Send a query; return the text of the reply."""
        assert self.get(sender, text, school=school).outcome == "answered"
        return self.last(sender).text

    def found(self, sender: str, words: str) -> list[str]:
        """Return the tickets that a search finds, in their order."""
        return re.findall(r"^([A-Z]{3}-\d+)  ", self.ask(sender, f"#suche {words}"), re.M)


@pytest.fixture
def office(engine: Engine) -> Office:
    """A desk on each of the databases."""
    return Office(Desk(engine, POLICY, TEMPLATES))


@pytest.fixture
def stocked(office: Office) -> Office:
    """A desk with a few tickets of two schools."""
    office.get(LENA, "Der Beamer bleibt dunkel.", "Gerät in Raum 204")
    office.get(OTTO, "Die Tür klemmt. Müller", "Beamerwagen")
    office.get(OTTO, "Papier fehlt.", "Drucker")
    office.get("ina@schule.example", "Beamer zeigt Überhitzung.", "Beamer 204", "RSW")
    return office


FOUND: tuple[tuple[str, str, list[str]], ...] = (
    (MAX, "beamer", ["GYM-2", "GYM-1"]),
    (MAX, "BEAMER 204", ["GYM-1"]),
    (MAX, "dunk raum", ["GYM-1"]),
    (MAX, "mueller", ["GYM-2"]),
    (MAX, "MÜLLER", ["GYM-2"]),
    (MAX, "ueberhitzung", []),
    (TONI, "überhitzung", ["RSW-1"]),
    (TONI, "beamer", ["RSW-1", "GYM-2", "GYM-1"]),
    (LENA, "beamer", ["GYM-1"]),
    ("fremd@schule.example", "beamer", []),
    (MAX, "eamer", []),
    (MAX, "2 0 4", []),
)


def test_search_finds_words_only_in_tickets_that_the_person_may_see(stocked: Office) -> None:
    for sender, words, expected in FOUND:
        assert (words, stocked.found(sender, words)) == (words, expected)


SIGNS = [
    '"beamer" OR drucker', "beamer OR drucker", "beamer NOT raum", "subject:drucker", "{public} : beamer",
    "beamer* NEAR drucker", "'beamer' | 'drucker'", "beamer:*C & !x", "\\ ' \" ( ) beamer <-> drucker",
    "_gym_beamer", "beamer' ; DROP TABLE ticket; --",
]  # fmt: skip


def test_no_character_of_a_search_is_syntax_of_the_database(
    subtests: pytest.Subtests, stocked: Office
) -> None:
    for words in SIGNS:
        with subtests.test(words=words):
            assert stocked.found(MAX, words) == []
            assert stocked.found(MAX, "beamer") == ["GYM-2", "GYM-1"]


def test_search_without_words_is_refused_with_an_example(office: Office) -> None:
    assert office.get(MAX, "#suche ???").outcome == "refused"
    assert "#suche Beamer 204" in office.last(MAX).text


def test_requesters_do_not_find_internal_notes(stocked: Office) -> None:
    stocked.get(MAX, "Ersatzlampe liegt im Keller.\n#notiz", "[#GYM-1] Gerät in Raum 204")
    assert stocked.found(MAX, "ersatzlampe") == ["GYM-1"]
    assert stocked.found(LENA, "ersatzlampe") == []
    assert stocked.found(LENA, "raum dunkel") == ["GYM-1"]


def test_later_answers_are_found(stocked: Office) -> None:
    stocked.get(MAX, "Bitte die Sicherung prüfen.", "[#GYM-1] Gerät in Raum 204")
    assert stocked.found(LENA, "sicherung dunkel") == ["GYM-1"]


def test_a_search_shows_the_25_that_fit_best_and_how_many_there_are(office: Office) -> None:
    office.get(LENA, "Hilfe", "Beamer")
    for _ in range(27):
        office.get(LENA, "Beamer geht nicht", "Raum")
    answer = office.ask(MAX, "#find beamer")
    assert "Treffer für „beamer“ (28)" in answer
    assert re.findall(r"^(GYM-\d+)  ", answer, re.M) == ["GYM-1", *(f"GYM-{n}" for n in range(28, 4, -1))]
    assert "Hier stehen die 25, die am besten passen." in answer


def test_a_long_list_comes_in_pages_that_one_tap_turns(office: Office) -> None:
    for n in range(1, 53):
        office.get(LENA, "kaputt", f"Nummer {n}")

    def numbers(text: str) -> list[int]:
        return [int(n) for n in re.findall(r"^GYM-(\d+)  ", text, re.M)]

    first, second, last = (office.ask(MAX, f"#list open {page}") for page in (1, 2, 99))
    assert numbers(first) == list(range(52, 27, -1))
    assert numbers(second) == list(range(27, 2, -1))
    assert numbers(last) == [2, 1]
    assert "Seite 1 von 3" in first
    assert "Weiter: #übersicht offen 2" in first
    assert "Zurück: #übersicht offen 1" in second
    assert "Weiter" not in last


def test_second_level_reads_its_own_tickets_first_then_school_by_school(stocked: Office) -> None:
    answer = stocked.ask(TONI, "#list")
    order = re.findall(r"^(Gymnasium|Realschule West|[A-Z]{3}-\d+)\b", answer.partition("(4)")[2], re.M)
    assert order == ["Gymnasium", "GYM-3", "GYM-2", "GYM-1", "Realschule West", "RSW-1"]
    stocked.get(MAX, "#weiterleiten", "[#GYM-2] Beamerwagen")
    answer = stocked.ask(TONI, "#list")
    order = re.findall(r"^(Bei|Gymnasium|Realschule West|[A-Z]{3}-\d+)\b", answer.partition("(4)")[2], re.M)
    assert order == ["Bei", "GYM-2", "Gymnasium", "GYM-3", "GYM-1", "Realschule West", "RSW-1"]


def test_a_list_shows_age_and_assignee(stocked: Office) -> None:
    stocked.get(MAX, "#take", "[#GYM-1] Gerät in Raum 204")
    stocked.now += timedelta(days=3)
    answer = stocked.ask(MAX, "#list")
    assert "Drucker\n  otto@schule.example · offen · seit 3 Tagen · noch niemand" in answer
    assert "lena@schule.example · offen · seit 3 Tagen · max@support.example" in answer


def test_each_row_of_a_supporters_list_shows_and_closes_with_one_tap(stocked: Office) -> None:
    stocked.ask(MAX, "#list")
    page = stocked.last(MAX).html
    for number in (1, 2, 3):
        assert f"body=%23zeige%20GYM-{number}%0D" in page
        assert f"body=%23schlie%C3%9Fen%20GYM-{number}%0D" in page
    stocked.ask(LENA, "#list")
    assert "schlie" not in stocked.last(LENA).html


def test_a_number_in_a_search_closes_no_ticket(stocked: Office) -> None:
    decision = stocked.get(MAX, "#find beamer 1\n#close")
    assert decision.outcome == "refused"


def similar(sent: str) -> list[str]:
    """Return the tickets below "Ähnliche Tickets"."""
    return re.findall(r"^([A-Z]{3}-\d+)  ", sent.partition("Ähnliche Tickets")[2], re.M)


def test_a_new_problem_comes_with_a_solved_one_like_it_and_its_answer(office: Office) -> None:
    office.solve("Drucker leer", "Kein Toner im Lehrerzimmer.", "Toner getauscht.")
    old = office.solve("Beamer Raum 204 dunkel", "Kein Bild.", "Hallo,\n\nHDMI 1 wählen.\n\nGruß\nMax")
    office.get(LENA, "Liebes Team, der Beamer bleibt dunkel.", "Beamer in Raum 204")
    sent = office.last(MAX)
    assert similar(sent.text) == [old]
    assert "  HDMI 1 wählen.\n" in sent.text
    assert f"body=%23zeige%20{old}%0D" in sent.html
    assert "HDMI" not in office.last(LENA).text


def _solved_silently(office: Office) -> None:
    name = office.get(OTTO, "Kein Bild.", "Beamer Raum 204 dunkel").ticket
    office.get(MAX, "#close", f"[#{name}] Beamer Raum 204 dunkel")


def _noted_and_closed(office: Office) -> None:
    name = office.get(OTTO, "Kein Bild.", "Beamer Raum 204 dunkel").ticket
    office.get(MAX, "Otto hat ihn fallen lassen.\n#note\n#close", f"[#{name}] Beamer Raum 204 dunkel")


UNHELPFUL: dict[str, Callable[[Office], object]] = {
    "open": lambda office: office.get(OTTO, "Kein Bild.", "Beamer Raum 204 dunkel"),
    "closed without an answer": _solved_silently,
    "closed with an internal note": _noted_and_closed,
    "of another school": lambda office: office.solve("Beamer Raum 204 dunkel", "x", "HDMI wählen.", "RSW"),
    "about something else": lambda office: office.solve("Drucker Raum 12", "Papierstau", "Papier entfernt."),
}


@pytest.mark.parametrize("kind", UNHELPFUL)
def test_a_ticket_that_does_not_help_is_not_shown(office: Office, kind: str) -> None:
    UNHELPFUL[kind](office)
    office.get(
        LENA, "Der Beamer bleibt dunkel.\nViele Grüße\nLena Lehrerin", "Beamer in Raum 204 bleibt dunkel"
    )
    sent = office.last(MAX).text
    assert "bleibt dunkel" in sent
    assert similar(sent) == []


def test_a_solved_ticket_that_is_open_again_is_not_shown(office: Office) -> None:
    old = office.solve("Beamer Raum 204 dunkel", "Kein Bild.", "HDMI 1 wählen.")
    office.get(MAX, "#reopen", f"[#{old}] Beamer Raum 204 dunkel")
    office.get(LENA, "Der Beamer bleibt dunkel.", "Beamer in Raum 204 dunkel")
    assert similar(office.last(MAX).text) == []


def test_three_similar_tickets_are_shown_at_most(office: Office) -> None:
    names = [office.solve("Beamer Raum 204 dunkel", "Kein Bild.", f"Antwort {n}") for n in range(5)]
    office.get(LENA, "Kein Bild.", "Beamer in Raum 204 dunkel")
    assert similar(office.last(MAX).text) == names[:1:-1]
