"""What people do to each other on real servers: absences, second addresses, answers that cross, thanks."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailbot.store import people
from mailbot.store.database import read_only
from tests.house import ERIKA, LENA, MAX, TONI, House, Letter, problem
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

SECOND = "erika@privat.example"


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on a mailbox of its own."""
    return House(tmp_path, dovecot, smtp_server, user)


def report(house: House, text: str = "Der Beamer bleibt dunkel.") -> None:
    house.deliver(problem().text(f"{text}\n"))
    house.once()


def say(house: House, letter: Letter, sender: str, text: str) -> None:
    house.deliver(letter.answer(sender, text))
    house.once()


def forget(house: House) -> None:
    for address in (LENA, MAX, ERIKA, TONI):
        house.new_letters(address)


def in_days(number: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Berlin")).date() + timedelta(days=number)).isoformat()


def leave(house: House, letter: Letter, sender: str, more: str = "") -> Letter:
    """Let somebody say good-bye for a week; return the receipt."""
    say(house, letter, sender, f"#abwesend {in_days(7)} {more}")
    return house.letter(sender)


def test_who_is_away_gets_a_receipt_with_the_day_in_words(house: House) -> None:
    report(house)
    day = date.fromisoformat(in_days(7))
    receipt = leave(house, house.letter(MAX), MAX)
    assert f"{day.day}. " in receipt.text
    assert str(day.year) in receipt.text
    assert "an die anderen im Team" in receipt.text
    assert "#anwesend" in receipt.text


def test_the_rest_of_the_team_gets_new_tickets_until_the_absence_is_ended(house: House) -> None:
    report(house)
    receipt = leave(house, house.letter(MAX), MAX)
    forget(house)
    report(house)
    assert house.letter(ERIKA)
    assert not house.new_letters(MAX)
    say(house, receipt, MAX, "#anwesend")
    assert "wieder anwesend" in house.letter(MAX).text
    report(house)
    assert house.letter(MAX)


def test_an_absence_ends_by_itself(house: House) -> None:
    report(house)
    last = date.fromisoformat(in_days(7))
    leave(house, house.letter(MAX), MAX)
    with house.open() as (desk, _), read_only(desk.engine) as session:
        assert list(people.absences(session, last)) == [MAX]
        assert people.absences(session, last + timedelta(days=1)) == {}


def test_the_deputy_gets_the_reply_to_a_ticket_whose_assignee_is_away(house: House) -> None:
    house.members = f'"{MAX}", "{ERIKA}", "third@support.example"'
    house.write_config()
    report(house)
    letter = house.letter(MAX)
    say(house, letter, MAX, "Ist das Kabel drin?")
    leave(house, letter, MAX, "erika")
    forget(house)
    house.new_letters("third@support.example")
    say(house, house.letters(LENA)[-1], LENA, "Ja, ist es.")
    assert "Ja, ist es." in house.letter(ERIKA).text
    assert not house.new_letters(MAX)
    assert not house.new_letters("third@support.example")


def test_the_team_gets_the_reply_when_the_assignee_is_away_without_a_deputy(house: House) -> None:
    report(house)
    letter = house.letter(MAX)
    say(house, letter, MAX, "Ist das Kabel drin?")
    leave(house, letter, MAX)
    forget(house)
    say(house, house.letters(LENA)[-1], LENA, "Ja, ist es.")
    assert "Ja, ist es." in house.letter(ERIKA).text
    assert not house.new_letters(MAX)


def test_the_team_gets_it_all_the_same_when_everybody_is_away(house: House) -> None:
    report(house)
    for member in (MAX, ERIKA):
        leave(house, house.letter(member), member)
    report(house)
    assert house.letter(MAX)
    assert house.letter(ERIKA)


def test_a_deputy_has_to_be_a_colleague(house: House) -> None:
    report(house)
    refusal = leave(house, house.letter(MAX), MAX, "lena")
    assert "„lena“ passt hier nicht" in refusal.text
    forget(house)
    report(house)
    assert house.letter(MAX)


def test_a_day_that_is_over_is_refused(house: House) -> None:
    report(house)
    say(house, house.letter(MAX), MAX, "#abwesend 2020-01-01")
    assert "„2020-01-01“ passt hier nicht" in house.letter(MAX).text


def test_second_level_can_be_away_too(house: House) -> None:
    house.deliver(mail().sender(f"Toni Technik <{TONI}>").subject(f"#away {in_days(3)}"))
    house.once()
    say(house, house.letter(TONI), TONI, "#bestätigen")
    assert "abwesend gemeldet" in house.letter(TONI).text


def test_a_member_who_writes_from_the_second_address_is_the_same_person(house: House) -> None:
    house.members = f'"{MAX}", {{ address = "{ERIKA}", name = "Erika Beispiel", also = ["{SECOND}"] }}'
    house.write_config()
    report(house)
    say(house, house.letter(ERIKA), SECOND, "#übernehmen")
    receipt = house.letter(ERIKA)
    assert "von Ihnen übernommen" in receipt.text
    assert receipt.text.startswith("Hallo Erika Beispiel,")
    assert house.ticket()["assignee"] == ERIKA
    say(house, receipt, SECOND, "#liste meine")
    assert "GYM-1" in house.letter(ERIKA).text
    assert not house.letters(SECOND)


def test_the_second_answer_within_minutes_is_held_and_sent_by_one_tap(house: House) -> None:
    report(house)
    first, second = house.letter(MAX), house.letter(ERIKA)
    forget(house)
    house.deliver(first.answer(f"Max Mustermann <{MAX}>", "Ist das Kabel drin?"))
    house.once()
    assert "Ist das Kabel drin?" in house.letter(LENA).text
    house.new_letters(ERIKA)
    say(house, second, ERIKA, "Bitte den Stecker ziehen.\n#close")
    held = house.letter(ERIKA)
    assert held.subject == "[#GYM-1] Noch nicht gesendet: Max Mustermann war schneller"
    assert "Ist das Kabel drin?" in held.text
    assert "Bitte den Stecker ziehen." in held.text
    assert not house.new_letters(LENA)
    assert house.ticket()["status"] == "open"
    say(house, held, ERIKA, "#bestätigen")
    assert "Bitte den Stecker ziehen." in house.letter(LENA).text
    assert house.ticket()["status"] == "closed"


def test_who_answers_a_copy_of_the_first_answer_is_not_held(house: House) -> None:
    house.members = f'"{MAX}", "{ERIKA}"'
    report(house)
    first = house.letter(MAX)
    say(house, first, MAX, "#zuweisen erika")
    say(house, first, MAX, "Ist das Kabel drin?")
    copy = house.new_letters(ERIKA)[-1]
    house.new_letters(LENA)
    say(house, copy, ERIKA, "Und ist der Schalter an?")
    assert "Und ist der Schalter an?" in house.letter(LENA).text


def test_an_internal_note_is_never_held(house: House) -> None:
    report(house)
    first, second = house.letter(MAX), house.letter(ERIKA)
    say(house, first, MAX, "Ist das Kabel drin?")
    forget(house)
    say(house, second, ERIKA, "Das war neulich schon so.\n#notiz")
    assert "Das war neulich schon so." in house.letter(MAX).text


def test_the_time_in_which_answers_cross_can_be_set_to_nothing(house: House) -> None:
    house.more = "[limits]\nanswer_collision_minutes = 0"
    house.write_config()
    report(house)
    first, second = house.letter(MAX), house.letter(ERIKA)
    house.deliver(first.answer(MAX, "Kabel?"), second.answer(ERIKA, "Stecker?"))
    house.once()
    assert len(house.new_letters(LENA)) == 3


def test_a_mere_thank_you_leaves_the_ticket_closed_and_bothers_nobody(house: House) -> None:
    report(house)
    say(house, house.letter(MAX), MAX, "Geht wieder.\n#close")
    closed = house.new_letters(LENA)[-1]
    forget(house)
    say(house, closed, LENA, "Vielen Dank!")
    assert house.ticket()["status"] == "closed"
    assert house.ticket()["messages"][-1]["text"] == "Vielen Dank!"
    assert not house.new_letters(MAX)
    say(house, closed, LENA, "Danke, aber es geht immer noch nicht.")
    assert house.ticket()["status"] == "open"
    assert "immer noch nicht" in house.letter(MAX).text


def test_thanks_with_a_file_are_read_by_somebody(house: House) -> None:
    report(house)
    say(house, house.letter(MAX), MAX, "Geht wieder.\n#close")
    closed = house.new_letters(LENA)[-1]
    house.deliver(closed.answer(LENA, "Danke!").attach("liste.txt", b"alle Fehler", "text/plain"))
    house.once()
    assert house.ticket()["status"] == "open"


PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA7\n=abcd\n-----END PGP MESSAGE-----\n"


def test_the_sender_of_an_encrypted_mail_is_told_what_to_do(house: House) -> None:
    house.deliver(problem("Geheim").text(PGP))
    counts = house.once()
    assert (counts["opened"], counts["quarantined"]) == (0, 0)
    letter = house.letter(LENA)
    assert letter.subject == "Bitte noch einmal senden: Geheim"
    assert "unverschlüsselt" in letter.text
    assert not house.new_letters(MAX)
    assert house.dovecot.mails(house.address) == []
    assert len(house.dovecot.mails(house.address, "Mailbot/Done")) == 1


def test_the_sender_of_an_smime_mail_is_told_too(house: House) -> None:
    hidden = problem().header("Content-Type", "application/pkcs7-mime; smime-type=enveloped-data")
    head = "".join(f"{name}: {value}\r\n" for name, value in hidden.fields.items())
    house.deliver(f"{head}Content-Transfer-Encoding: base64\r\n\r\nMIIBHgYJKoZIhvcNAQcDoIIBDzCC\r\n".encode())
    house.once()
    assert "verschlüsselt" in house.letter(LENA).text


def test_an_encrypted_reply_is_noted_in_its_ticket(house: House) -> None:
    report(house)
    reply = house.letter(LENA).answer(LENA, "")
    reply.bodies = [("plain", PGP)]
    house.deliver(reply)
    house.once()
    assert house.letter(LENA).subject.startswith("[#GYM-1] Bitte noch einmal senden")
    assert house.ticket()["messages"][-1]["visibility"] == "system"


def test_the_sender_of_a_mail_too_large_is_told_its_size_and_the_mail_is_filed(house: House) -> None:
    house.more = '[limits]\nmail = "100 kB"'
    house.write_config()
    house.deliver(problem("Film").text("anbei").attach("film.mp4", b"x" * 2_000_000, "video/mp4"))
    counts = house.once()
    assert (counts["opened"], counts["quarantined"], counts["replies"]) == (0, 0, 1)
    letter = house.letter(LENA)
    assert "Mit 2,7 MB ist sie zu groß" in letter.text
    assert "höchstens 100 kB" in letter.text
    assert house.once()["fetched"] == 0
    assert not house.new_letters(LENA)


def test_no_machine_is_told_that_its_mail_was_too_large(house: House) -> None:
    house.more = '[limits]\nmail = "1 kB"'
    house.write_config()
    house.deliver(problem().header("Auto-Submitted", "auto-replied").text("x" * 5000))
    assert house.once()["ignored"] == 1
    assert not house.new_letters(LENA)


def test_whoever_sends_what_nobody_can_read_hears_of_it_once_a_day(house: House) -> None:
    house.deliver(*(problem(f"Geheim {number}").text(PGP) for number in range(4)))
    house.once()
    assert len(house.new_letters(LENA)) == 1
