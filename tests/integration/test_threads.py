"""Mails of one thread or of one Message-ID: what is the same ticket, and what is the same mail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.store.tables import OutboxRow, TicketCcRow
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import ERIKA, KARL, LENA, MAX, NOW

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
    "list without brackets": _copy(NOTE + FOOTER, "Physik: Netzteil"),
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


def test_a_mail_that_also_came_through_a_list_is_processed_once(desk: DeskHarness) -> None:
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
        _copy("", "Scan", "kopierer@schule.example").attach("scan.pdf", b"%PDF-1.7" + page)
        for page in (b"x", b"xx", b"yy")
    ]
    assert [desk.outcome(scan) for scan in scans] == ["opened"] * 3
    copies = [_copy(), _copy(NOTE + FOOTER, "[Physik] Netzteil")]
    assert [desk.outcome(made.attach("a.pdf", b"%PDF-1.7")) for made in copies] == ["opened", "duplicate"]


def _answers(sender: str, number: int, text: str, *references: str) -> MailBuilder:
    made = mail().sender(sender).subject("Re: Bühne").message_id(f"<b{number}@schule.example>").text(text)
    return made.header("In-Reply-To", references[-1]).header("References", " ".join(references))


def test_answers_of_one_person_to_a_mail_we_never_got_are_one_ticket(desk: DeskHarness) -> None:
    root, side = "<buehne@schule.example>", "<licht@schule.example>"
    assert desk.outcome(_answers(LENA, 1, "Der Ton knackt.", root)) == "opened"
    assert desk.outcome(_answers(KARL, 2, "Das Licht flackert.", root)) == "opened"
    assert "dieselbe Mail wie GYM-1" in desk.outbox_of(MAX)[-1].text
    assert desk.outcome(_answers(LENA, 3, "Er knackt nur links.", root, side)) == "reply"
    assert desk.ticket("GYM-1")["messages"][-1]["text"] == "Er knackt nur links."
    desk.reply(MAX, "#close")
    assert desk.outcome(_answers(LENA, 4, "Neues Problem: kein Bild.", side)) == "opened"


def test_nothing_goes_to_a_list_whose_author_is_unknown(desk: DeskHarness) -> None:
    post = mail().sender("Fachschaft <physik@listen.example>").header("List-Id", "<physik.listen.example>")
    desk.outcome(post.header("List-Post", "<mailto:physik@listen.example>").text(NOTE))
    assert "physik@listen.example ist die Adresse einer Liste" in desk.outbox_of(MAX)[-1].text
    assert desk.reply(MAX, "Läuft wieder.") == "refused"
    assert desk.reply(MAX, f"#für {LENA}", NotificationKind.NEW_TICKET) == "command"
    assert desk.reply(MAX, "Läuft wieder.", NotificationKind.NEW_TICKET) == "reply"
    assert desk.outbox_of(LENA)[-1].kind == "answer"
    assert not desk.outbox_of("physik@listen.example")


def test_reply_from_a_private_address_changes_neither_requester_nor_recipients(desk: DeskHarness) -> None:
    desk.outcome(mail().text(NOTE))
    desk.reply(MAX, "Welche Seriennummer hat es?")
    for private in ("Lena Lehrerin <lena.l@privat.example>", "ina@anderswo.example"):
        answered = reply_to(desk.outbox_of(LENA)[-1], private, f"Die Nummer weiß {private[:3]} nicht.")
        assert desk.outcome(answered) == "reply"
    ticket = desk.ticket("GYM-1")
    assert [message["text"] for message in ticket["messages"][-2:]] == [
        "Die Nummer weiß Len nicht.",
        "Die Nummer weiß ina nicht.",
    ]
    assert (ticket["requester"], desk.rows(TicketCcRow)) == (LENA, [])
    assert {row.recipient for row in desk.rows(OutboxRow)} == {LENA, MAX, ERIKA}
    assert "ina@anderswo.example" in desk.outbox_of(MAX)[-1].text


def test_a_typed_address_is_stored_in_the_form_of_its_domain(desk: DeskHarness) -> None:
    desk.outcome(mail().text(NOTE))
    sent = desk.outbox_of(MAX)[-1]
    for line, outcome in (
        ("#cc Ina <Ina@Weißgasse.Example>", "command"),
        ("#cc x@a\u200db.example", "refused"),
    ):
        made = reply_to(sent, MAX, line).header("Authentication-Results", "mx.schule.example; dmarc=pass")
        assert desk.outcome(made) == outcome, line
    assert [row.recipient_name for row in desk.outbox_of("ina@xn--weigasse-sya.example")] == ["Ina"]
    assert desk.outbox_of("ina@weissgasse.example") == []


def test_dates_that_cannot_be_do_not_change_the_time_of_a_ticket(desk: DeskHarness) -> None:
    dates = (
        "",
        "gestern",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "Mon, 18 Jan 2038 03:14:07 +0000",
        "Mo, 31. Feb 2026",
    )
    for number, written in enumerate(dates, 1):
        made = (
            mail()
            .header("Date", written)
            .message_id(f"<zeit{number}@schule.example>")
            .text(f"Fall {number}, {written}")
        )
        assert desk.outcome(made) == "opened", written
        assert desk.ticket(f"GYM-{number}")["opened"] == NOW.isoformat()


def test_mail_without_named_recipients_opens_a_ticket(desk: DeskHarness) -> None:
    for number, to in enumerate(("", "undisclosed-recipients:;", "Kollegium: ;", "<>"), 1):
        made = mail().header("To", to).message_id(f"<bcc{number}@schule.example>").text(f"Fall {number}")
        assert desk.outcome(made) == "opened", to
        assert desk.outbox_of(LENA)[-1].kind == "receipt", to


def test_a_mail_to_the_whole_school_adds_twenty_people_to_cc(desk: DeskHarness) -> None:
    colleagues = (
        *(f"eltern{n}@privat.example" for n in range(300)),
        *(f"kollege{n}@schule.example" for n in range(50)),
    )
    assert desk.outcome(mail().cc(*colleagues).proven().text(NOTE)) == "opened"
    assert {row.address for row in desk.rows(TicketCcRow)} == {*colleagues[300:320]}
