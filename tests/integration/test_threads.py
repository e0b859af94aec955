"""Mails of one thread or of one Message-ID: what is the same ticket, and what is the same mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk_harness import DeskHarness, open_harness
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import KARL, LENA, MAX

FOOTER = "\n\n_______________\nVerteiler Fachschaft Physik\nAbmelden: physik-leave@listen.example"
NOTE = "Das Netzteil im Physikraum brummt."


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskHarness]:
    with open_harness(tmp_path) as harness:
        yield harness


def _copy(text: str = NOTE, subject: str = "Netzteil", sender: str = LENA, **fields: str) -> MailBuilder:
    made = mail().sender(sender).subject(subject).message_id("<netzteil@schule.example>").text(text)
    for name, value in fields.items():
        made.header(name.replace("_", "-"), value)
    return made


COPIES = {
    "footer": _copy(NOTE + FOOTER),
    "list in the subject": _copy(NOTE, "[Physik] Netzteil"),
    "list in an answer": _copy(NOTE + FOOTER, "Re: [Physik] Netzteil"),
    "banner": _copy(f"Diese Mail kommt von außerhalb.\n\n{NOTE}", "[EXTERN] Netzteil"),
    "From of the list": _copy(NOTE + FOOTER, sender="Lena via Physik <physik@listen.example>", Reply_To=LENA),
}
OTHERS = {
    "other text": _copy("Die Klingel in Raum 3 fehlt."),
    "other time": _copy(Date="Mon, 23 Nov 2026 11:00:00 +0100"),
    "no time": _copy(Date=""),
    "other file": _copy().attach("scan.pdf", b"%PDF-1.7 zwei"),
    "other person": _copy(sender=KARL),
    "other subject": _copy(NOTE, "Scan 2"),
}


def test_a_mail_that_came_through_a_list_as_well_is_handled_once(desk: DeskHarness) -> None:
    assert desk.outcome(_copy()) == "opened"
    assert {name: desk.outcome(made) for name, made in COPIES.items()} == dict.fromkeys(COPIES, "duplicate")
    assert {name: desk.outcome(made) for name, made in OTHERS.items()} == dict.fromkeys(OTHERS, "opened")


def test_the_direct_mail_after_that_of_the_list_is_the_same(desk: DeskHarness) -> None:
    assert [desk.outcome(_copy(NOTE + FOOTER, "[Physik] Netzteil")), desk.outcome(_copy())] == [
        "opened",
        "duplicate",
    ]


def test_scans_of_a_copier_with_one_message_id_are_tickets_of_their_own(desk: DeskHarness) -> None:
    scans = [
        _copy("", "Scan", "kopierer@schule.example").attach("scan.pdf", b"%PDF-1.7" + b"x" * n)
        for n in (1, 2, 3)
    ]
    assert [desk.outcome(scan) for scan in scans] == ["opened"] * 3


def _answers(sender: str, number: int, text: str, *references: str) -> MailBuilder:
    made = mail().sender(sender).subject("Re: Bühne").message_id(f"<b{number}@schule.example>").text(text)
    return made.header("In-Reply-To", references[-1]).header("References", " ".join(references))


def test_answers_of_one_person_to_a_mail_we_never_got_are_one_ticket(desk: DeskHarness) -> None:
    root, side = "<buehne@schule.example>", "<licht@schule.example>"
    assert desk.outcome(_answers(LENA, 1, "Der Ton knackt.", root)) == "opened"
    assert desk.outcome(_answers(KARL, 2, "Das Licht flackert.", root)) == "opened"
    assert desk.outcome(_answers(LENA, 3, "Er knackt nur links.", root, side)) == "reply"
    assert desk.ticket("GYM-1")["messages"][-1]["text"] == "Er knackt nur links."
    desk.reply(MAX, "#close")
    assert desk.outcome(_answers(LENA, 4, "Neues Problem: kein Bild.", side)) == "opened"
