"""The day of product.md on real servers: from the teacher's mail to the closed ticket."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from mailbot.store.database import transaction
from mailbot.store.tables import SlotRow, TicketRow
from tests.house import EDV, ERIKA, LENA, MAX, TONI, House, problem
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0"
    "0000030101001827b8a30000000049454e44ae426082"
)


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on a mailbox of its own."""
    return House(tmp_path, dovecot, smtp_server, user)


def test_a_problem_becomes_a_ticket_a_receipt_and_a_letter_to_each_member(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n").attach("foto.png", PNG, "image/png"))
    counts = house.once()
    assert counts == {
        "fetched": 1, "opened": 1, "replies": 0, "ignored": 0, "quarantined": 0, "sent": 3, "failed": 0,
    }  # fmt: skip
    assert house.letter(LENA).subject == "[#GYM-1] Beamer in Raum 204 defekt"
    for member in (MAX, ERIKA):
        letter = house.letter(member)
        assert letter.subject == "[#GYM-1] Beamer in Raum 204 defekt"
        assert "Hallo Team Marienschule" in letter.text
        assert "Der Beamer bleibt dunkel." in letter.text
        assert [p.get_filename() for p in letter.message.walk() if p.get_filename()] == ["foto.png"]


def test_a_whole_day_from_the_problem_to_the_closed_ticket(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    house.deliver(house.letter(MAX).answer(MAX, "#übernehmen"))
    assert house.once()["replies"] == 1
    assert "von Ihnen übernommen" in house.letter(MAX).text
    assert "mustermann.m" in house.new_letters(ERIKA)[-1].text
    assert house.ticket()["assignee"] == MAX
    taken = house.letters(MAX)[0]
    house.deliver(taken.answer(MAX, "Ist das Kabel eingesteckt?"))
    house.once()
    answer = house.letter(LENA)
    assert answer.text.startswith("Ist das Kabel eingesteckt?") or "Ist das Kabel eingesteckt?" in answer.text
    house.deliver(answer.answer(LENA, "Ja, ist es."))
    house.once()
    reply = house.letter(MAX)
    assert "Ja, ist es." in reply.text
    house.deliver(reply.answer(MAX, "Das muss sich ein Techniker ansehen.\n#eskalieren"))
    house.once()
    assert "Das muss sich ein Techniker ansehen." in house.letter(LENA).text
    ticket = house.ticket()
    assert (ticket["level"], ticket["status"], ticket["assignee"]) == (2, "open", None)
    escalated = house.letter(TONI)
    assert "Der Beamer bleibt dunkel." in escalated.text
    house.deliver(escalated.answer(TONI, "Lampe getauscht, bitte prüfen.\n#zurück"))
    house.once()
    house.new_letters(LENA)
    house.new_letters(TONI)
    house.new_letters(MAX)
    returned = house.new_letters(ERIKA)[-1]
    house.deliver(returned.answer(ERIKA, "Alles geht wieder.\n#close"))
    house.once()
    assert "Alles geht wieder." in house.letter(LENA).text
    ticket = house.ticket()
    assert (ticket["level"], ticket["status"]) == (1, "closed")
    assert house.once()["fetched"] == 0


def test_a_question_waits_for_its_answer_and_a_ticket_rests_until_its_day(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    house.deliver(house.letter(MAX).answer(MAX, "In welchem Raum steht er?\n#rückfrage"))
    house.once()
    question = house.letter(LENA)
    assert "In welchem Raum steht er?" in question.text
    assert "wartet auf Ihre Antwort" in question.text
    assert house.ticket()["status"] == "waiting"
    house.deliver(question.answer(LENA, "In Raum 204."))
    house.once()
    assert house.ticket()["status"] == "open"
    house.deliver(house.new_letters(MAX)[-1].answer(MAX, "#wiedervorlage in 3 Wochen"))
    house.once()
    receipt = house.letter(MAX)
    assert "Wiedervorlage: " in receipt.text
    event = house.ticket()["events"][-1]
    assert (event["action"], event["actor"]) == ("due", MAX)
    house.deliver(receipt.answer(MAX, "#wiedervorlage gestern"))
    house.once()
    assert "#wiedervorlage morgen" in house.letter(MAX).text


def at_noon(house: House, times: str) -> None:
    """Move the house to where it is about noon, and let it work every day."""
    hour = datetime.now(UTC).hour
    house.bot = f'timezone = "Etc/GMT{hour - 12:+d}"'
    house.more = '[hours]\nsat = "07:30-16:00"\nsun = "07:30-16:00"'
    house.times = times
    house.write_config()


def test_a_ticket_that_nobody_touches_is_brought_to_mind(house: House) -> None:
    at_noon(house, 'digest = ""')
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(MAX)
    assert not house.once()["sent"]
    with house.open() as (desk, _), transaction(desk.engine) as session:
        row = session.get_one(TicketRow, 1)
        row.waits_since -= timedelta(days=2)
        row.look_at = row.waits_since
    assert house.once()["sent"] == 2
    reminder = house.letter(MAX)
    assert reminder.subject == "[#GYM-1] Erinnerung: Beamer in Raum 204 defekt"
    assert "Der Beamer bleibt dunkel." in reminder.text
    assert reminder.message["Auto-Submitted"] == "auto-generated"
    assert not house.once()["sent"]


def test_what_is_open_in_the_morning_comes_as_a_digest(house: House) -> None:
    at_noon(house, 'digest = "10:00"')
    assert not house.once()["sent"]
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(MAX)
    with house.open() as (desk, _), transaction(desk.engine) as session:
        for slot in session.exec(select(SlotRow)):
            session.delete(slot)
    assert house.once()["sent"] == 2
    digest = house.letter(MAX)
    assert digest.subject == "Heute: 1 offenes Ticket – Gymnasium Marienschule"
    house.deliver(digest.answer(MAX, "#übernehmen 1"))
    house.once()
    assert house.ticket()["assignee"] == MAX


def test_a_typo_changes_nothing_and_comes_back_with_the_nearest_command(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    house.deliver(house.letter(MAX).answer(MAX, "Geht wieder.\n#schlissen"))
    house.once()
    assert not house.new_letters(LENA)
    refusal = house.letter(MAX)
    assert "#schließen" in refusal.text
    assert "Geht wieder." in refusal.text
    assert house.ticket()["status"] == "open"


def test_an_answer_whose_from_nobody_proves_is_held_until_the_registered_address_confirms(
    house: House,
) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(MAX)
    forged = house.letter(LENA).answer(MAX, "Geht wieder.\n#close")
    house.deliver(forged)
    house.once()
    assert house.ticket()["status"] == "open"
    assert not house.new_letters(LENA)
    question = house.letter(MAX)
    house.deliver(question.answer(MAX, "#bestätigen"))
    house.once()
    assert house.ticket()["status"] == "closed"
    assert "Geht wieder." in house.letter(LENA).text


def test_the_greeting_under_a_question_reaches_nobody(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    key = house.letter(MAX).action_key
    tapped = mail().sender(MAX).subject("Übersicht").message_id("<tap@support.example>")
    house.deliver(tapped.text(f"#übersicht\n\n\n[mailbot:{key}]\n\nViele Grüße\nMax Mustermann\n"))
    house.once()
    assert not house.new_letters(LENA)
    assert "GYM-1" in house.letter(MAX).text


def test_a_mail_that_the_server_does_not_give_is_told_once_and_stops_no_other(
    tmp_path: Path, start_dovecot: Callable[..., Dovecot], smtp_server: SmtpServer, user: str
) -> None:
    server = start_dovecot()
    house = House(tmp_path, server, smtp_server, user)
    house.deliver(*(problem(f"Problem {n}").text("kaputt") for n in range(3)))
    server.make_unreadable(user, 2)
    assert house.once()["opened"] == 2
    assert "UID 3" in house.letter(EDV).text
    assert house.once()["opened"] == 0
    assert not house.new_letters(EDV)


def test_a_dead_address_of_the_team_is_told_to_the_operators_and_to_nobody_outside(house: House) -> None:
    for member in (MAX, ERIKA):
        house.smtp.replies[member] = "550 5.1.1 no such user"
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.once()
    assert [letter.subject for letter in house.letters(LENA)] == ["[#GYM-1] Beamer in Raum 204 defekt"]
    told = "".join(letter.text for letter in house.letters(EDV))
    assert MAX in told
    assert ERIKA in told


def test_an_answer_waits_while_the_mail_account_is_at_its_limit(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    house.smtp.refuses_data = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"
    house.deliver(house.letter(MAX).answer(MAX, "Das Kabel war lose.\n\n#close"))
    for _ in range(3):
        house.call("once", status=1)
        assert "SubmissionQuotaExceeded" in house.call("status", "--probe", status=2)
        status = house.json("status", status=1)
        assert (status["outbox"].keys(), len(status["alerts"])) == ({"queued", "sent"}, 1)
    house.smtp.refuses_data = ""
    house.make_due()
    house.call("once")
    assert "Das Kabel war lose." in house.letter(LENA).text
    assert house.json("status")["outbox"].keys() == {"sent"}
    assert len(house.letters(EDV)) == 2


def test_a_key_in_a_pasted_link_reaches_nobody(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    letter = house.letter(MAX)
    link = f"mailto:support@schule.example?body=%23close%0D%0A%5Bmailbot%3A{letter.action_key}%5D"
    house.deliver(letter.answer(MAX, f"Bitte hier klicken: {link}"))
    house.once()
    answer = house.letter(LENA)
    assert "Bitte hier klicken" in answer.text
    assert letter.action_key not in answer.octets.decode()


def test_a_forwarded_notification_opens_a_ticket_of_its_own_without_the_key(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    house.new_letters(LENA)
    house.new_letters(ERIKA)
    letter = house.letter(MAX)
    forward = (
        "Zur Info\n\n-------- Weitergeleitete Nachricht --------\nBetreff: Beamer\nVon: Schul-Support\n"
        f"Datum: 23.11.2026\nAn: Max\n\nHallo Team\n[mailbot:{letter.action_key}]\n"
    )
    house.deliver(mail().sender(MAX).subject("WG: Beamer").message_id("<wg@support.example>").text(forward))
    assert house.once()["opened"] == 1
    assert not house.new_letters(LENA)
    assert all(letter.action_key not in other.octets.decode() for other in house.new_letters(ERIKA))


def test_a_member_that_is_a_machine_gets_no_endless_row_of_refusals(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    letter = house.letter(MAX)
    for _ in range(3):
        house.deliver(*(letter.answer(MAX, "#unsinn") for _ in range(30)))
        house.once()
    assert len(house.new_letters(MAX)) == 60


def test_one_call_tells_the_operators_once_of_a_mailbox_that_cannot_be_read_and_of_its_recovery(
    house: House,
) -> None:
    house.imap = 'folder = "Nowhere"'
    house.write_config()
    for _ in range(2):
        assert house.once()["failed"] == 1
        assert len(house.letters(EDV)) == 1
    house.imap = ""
    house.write_config()
    assert house.once()["failed"] == 0
    assert len(house.letters(EDV)) == 2
