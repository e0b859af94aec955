"""Absences, aliases, crossing answers and thanks, on real servers."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailbot.store import people
from mailbot.store.database import read_only
from tests.support.mail_builder import mail
from tests.support.school import ERIKA, LENA, MAX, TONI, ReceivedMail, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

SECOND = "erika@privat.example"


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on a mailbox of its own."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def report(env: SchoolEnv, text: str = "Der Beamer bleibt dunkel.") -> None:
    env.deliver(problem().text(f"{text}\n"))
    env.run_once()


def say(env: SchoolEnv, sent: ReceivedMail, sender: str, text: str) -> None:
    env.deliver(sent.answer(sender, text))
    env.run_once()


def forget(env: SchoolEnv) -> None:
    for address in (LENA, MAX, ERIKA, TONI):
        env.new_mails_to(address)


def in_days(number: int) -> str:
    return (datetime.now(ZoneInfo("Europe/Berlin")).date() + timedelta(days=number)).isoformat()


def leave(env: SchoolEnv, sent: ReceivedMail, sender: str, more: str = "") -> ReceivedMail:
    """Let somebody say good-bye for a week; return the receipt."""
    say(env, sent, sender, f"#abwesend {in_days(7)} {more}")
    return env.new_mail_to(sender)


def test_an_absence_receipt_has_the_last_day_in_words(env: SchoolEnv) -> None:
    report(env)
    day = date.fromisoformat(in_days(7))
    receipt = leave(env, env.new_mail_to(MAX), MAX)
    assert f"{day.day}. " in receipt.text
    assert str(day.year) in receipt.text
    assert "an die anderen im Team" in receipt.text
    assert "#anwesend" in receipt.text


def test_the_rest_of_the_team_gets_new_tickets_until_the_absence_is_ended(env: SchoolEnv) -> None:
    report(env)
    receipt = leave(env, env.new_mail_to(MAX), MAX)
    forget(env)
    report(env)
    assert env.new_mail_to(ERIKA)
    assert not env.new_mails_to(MAX)
    say(env, receipt, MAX, "#anwesend")
    assert "wieder anwesend" in env.new_mail_to(MAX).text
    report(env)
    assert env.new_mail_to(MAX)


def test_an_absence_ends_by_itself(env: SchoolEnv) -> None:
    report(env)
    last = date.fromisoformat(in_days(7))
    leave(env, env.new_mail_to(MAX), MAX)
    with env.open() as (desk, _), read_only(desk.engine) as session:
        assert list(people.names_and_absences(session, (), last)[1]) == [MAX]
        assert people.names_and_absences(session, (), last + timedelta(days=1))[1] == {}


def test_the_deputy_gets_the_reply_to_a_ticket_whose_assignee_is_away(env: SchoolEnv) -> None:
    env.members = f'"{MAX}", "{ERIKA}", "third@support.example"'
    env.write_config()
    report(env)
    sent = env.new_mail_to(MAX)
    say(env, sent, MAX, "Ist das Kabel drin?")
    leave(env, sent, MAX, "erika")
    forget(env)
    env.new_mails_to("third@support.example")
    say(env, env.mails_to(LENA)[-1], LENA, "Ja, ist es.")
    assert "Ja, ist es." in env.new_mail_to(ERIKA).text
    assert not env.new_mails_to(MAX)
    assert not env.new_mails_to("third@support.example")


def test_the_team_gets_the_reply_when_the_assignee_is_away_without_a_deputy(env: SchoolEnv) -> None:
    report(env)
    sent = env.new_mail_to(MAX)
    say(env, sent, MAX, "Ist das Kabel drin?")
    leave(env, sent, MAX)
    forget(env)
    say(env, env.mails_to(LENA)[-1], LENA, "Ja, ist es.")
    assert "Ja, ist es." in env.new_mail_to(ERIKA).text
    assert not env.new_mails_to(MAX)


def test_team_gets_the_ticket_even_if_all_members_are_away(env: SchoolEnv) -> None:
    report(env)
    for member in (MAX, ERIKA):
        leave(env, env.new_mail_to(member), member)
    report(env)
    assert env.new_mail_to(MAX)
    assert env.new_mail_to(ERIKA)


def test_a_deputy_has_to_be_a_colleague(env: SchoolEnv) -> None:
    report(env)
    refusal = leave(env, env.new_mail_to(MAX), MAX, "lena")
    assert "„lena“ passt hier nicht" in refusal.text
    forget(env)
    report(env)
    assert env.new_mail_to(MAX)


def test_a_day_that_is_over_is_refused(env: SchoolEnv) -> None:
    report(env)
    say(env, env.new_mail_to(MAX), MAX, "#abwesend 2020-01-01")
    assert "„2020-01-01“ passt hier nicht" in env.new_mail_to(MAX).text


def test_second_level_can_be_away_too(env: SchoolEnv) -> None:
    env.deliver(mail().sender(f"Toni Technik <{TONI}>").subject(f"#away {in_days(3)}"))
    env.run_once()
    say(env, env.new_mail_to(TONI), TONI, "#bestätigen")
    assert "abwesend gemeldet" in env.new_mail_to(TONI).text


def test_a_member_who_writes_from_an_alias_is_the_same_person(env: SchoolEnv) -> None:
    env.members = f'"{MAX}", {{ address = "{ERIKA}", name = "Erika Beispiel", aliases = ["{SECOND}"] }}'
    env.write_config()
    report(env)
    say(env, env.new_mail_to(ERIKA), SECOND, "#übernehmen")
    receipt = env.new_mail_to(ERIKA)
    assert "von Ihnen übernommen" in receipt.text
    assert "\nHallo Erika Beispiel," in receipt.text
    assert env.ticket()["assignee"] == ERIKA
    say(env, receipt, SECOND, "#liste meine")
    assert "GYM-1" in env.new_mail_to(ERIKA).text
    assert not env.mails_to(SECOND)


def test_the_second_answer_within_minutes_is_held_and_sent_by_one_tap(env: SchoolEnv) -> None:
    report(env)
    first, second = env.new_mail_to(MAX), env.new_mail_to(ERIKA)
    forget(env)
    env.deliver(first.answer(f"Max Mustermann <{MAX}>", "Ist das Kabel drin?"))
    env.run_once()
    assert "Ist das Kabel drin?" in env.new_mail_to(LENA).text
    env.new_mails_to(ERIKA)
    say(env, second, ERIKA, "Bitte den Stecker ziehen.\n#close")
    held = env.new_mail_to(ERIKA)
    assert held.subject == "[#GYM-1] Noch nicht gesendet: Max Mustermann war schneller"
    assert "Ist das Kabel drin?" in held.text
    assert "Bitte den Stecker ziehen." in held.text
    assert not env.new_mails_to(LENA)
    assert env.ticket()["status"] == "open"
    say(env, held, ERIKA, "#bestätigen")
    assert "Bitte den Stecker ziehen." in env.new_mail_to(LENA).text
    assert env.ticket()["status"] == "closed"


def test_a_reply_to_a_copy_of_the_first_answer_is_not_held(env: SchoolEnv) -> None:
    env.members = f'"{MAX}", "{ERIKA}"'
    report(env)
    first = env.new_mail_to(MAX)
    say(env, first, MAX, "#zuweisen erika")
    say(env, first, MAX, "Ist das Kabel drin?")
    copy = env.new_mails_to(ERIKA)[-1]
    env.new_mails_to(LENA)
    say(env, copy, ERIKA, "Und ist der Schalter an?")
    assert "Und ist der Schalter an?" in env.new_mail_to(LENA).text


def test_an_internal_note_is_never_held(env: SchoolEnv) -> None:
    report(env)
    first, second = env.new_mail_to(MAX), env.new_mail_to(ERIKA)
    say(env, first, MAX, "Ist das Kabel drin?")
    forget(env)
    say(env, second, ERIKA, "Das war neulich schon so.\n#notiz")
    assert "Das war neulich schon so." in env.new_mail_to(MAX).text


def test_the_time_in_which_answers_cross_can_be_set_to_nothing(env: SchoolEnv) -> None:
    env.more = "[limits]\nanswer_collision_minutes = 0"
    env.write_config()
    report(env)
    first, second = env.new_mail_to(MAX), env.new_mail_to(ERIKA)
    env.deliver(first.answer(MAX, "Kabel?"), second.answer(ERIKA, "Stecker?"))
    env.run_once()
    assert len(env.new_mails_to(LENA)) == 3


def test_a_thank_you_leaves_the_ticket_closed_and_notifies_no_one(env: SchoolEnv) -> None:
    report(env)
    say(env, env.new_mail_to(MAX), MAX, "Geht wieder.\n#close")
    closed = env.new_mails_to(LENA)[-1]
    forget(env)
    say(env, closed, LENA, "Vielen Dank!")
    assert env.ticket()["status"] == "closed"
    assert env.ticket()["messages"][-1]["text"] == "Vielen Dank!"
    assert not env.new_mails_to(MAX)
    say(env, closed, LENA, "Danke, aber es geht immer noch nicht.")
    assert env.ticket()["status"] == "open"
    assert "immer noch nicht" in env.new_mail_to(MAX).text


def test_thanks_with_a_file_are_sent_to_the_staff(env: SchoolEnv) -> None:
    report(env)
    say(env, env.new_mail_to(MAX), MAX, "Geht wieder.\n#close")
    closed = env.new_mails_to(LENA)[-1]
    env.deliver(closed.answer(LENA, "Danke!").attach("liste.txt", b"alle Fehler", "text/plain"))
    env.run_once()
    assert env.ticket()["status"] == "open"


PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA7\n=abcd\n-----END PGP MESSAGE-----\n"


def test_the_sender_of_an_encrypted_mail_is_answered_with_advice(env: SchoolEnv) -> None:
    env.deliver(problem("Geheim").text(PGP))
    counts = env.run_once()
    assert (counts["opened"], counts["quarantined"]) == (0, 0)
    sent = env.new_mail_to(LENA)
    assert sent.subject == "Bitte noch einmal senden: Geheim"
    assert "unverschlüsselt" in sent.text
    assert not env.new_mails_to(MAX)
    assert env.dovecot.mails(env.address) == []
    assert len(env.dovecot.mails(env.address, "Mailbot/Done")) == 1


def test_the_sender_of_an_smime_mail_is_answered_with_advice(env: SchoolEnv) -> None:
    hidden = problem().header("Content-Type", "application/pkcs7-mime; smime-type=enveloped-data")
    head = "".join(f"{name}: {value}\r\n" for name, value in hidden.fields.items())
    env.deliver(f"{head}Content-Transfer-Encoding: base64\r\n\r\nMIIBHgYJKoZIhvcNAQcDoIIBDzCC\r\n".encode())
    env.run_once()
    assert "verschlüsselt" in env.new_mail_to(LENA).text


def test_an_encrypted_reply_is_noted_in_its_ticket(env: SchoolEnv) -> None:
    report(env)
    reply = env.new_mail_to(LENA).answer(LENA, "")
    reply.bodies = [("plain", PGP)]
    env.deliver(reply)
    env.run_once()
    assert env.new_mail_to(LENA).subject.startswith("[#GYM-1] Bitte noch einmal senden")
    assert env.ticket()["messages"][-1]["visibility"] == "system"


def test_the_sender_of_a_mail_too_large_is_answered_with_its_size_and_the_mail_is_filed(
    env: SchoolEnv,
) -> None:
    env.more = '[limits]\nmail = "100 kB"'
    env.write_config()
    env.deliver(problem("Film").text("anbei").attach("film.mp4", b"x" * 2_000_000, "video/mp4"))
    counts = env.run_once()
    assert (counts["opened"], counts["quarantined"], counts["replies"]) == (0, 0, 1)
    sent = env.new_mail_to(LENA)
    assert "Mit 2,7 MB ist sie zu groß" in sent.text
    assert "höchstens 100 kB" in sent.text
    assert env.run_once()["fetched"] == 0
    assert not env.new_mails_to(LENA)


def test_automatic_mail_too_large_is_not_answered(env: SchoolEnv) -> None:
    env.more = '[limits]\nmail = "1 kB"'
    env.write_config()
    env.deliver(problem().header("Auto-Submitted", "auto-replied").text("x" * 5000))
    assert env.run_once()["ignored"] == 1
    assert not env.new_mails_to(LENA)


def test_the_sender_of_unreadable_mail_is_answered_once_a_day(env: SchoolEnv) -> None:
    env.deliver(*(problem(f"Geheim {number}").text(PGP) for number in range(4)))
    env.run_once()
    assert len(env.new_mails_to(LENA)) == 1
