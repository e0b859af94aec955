"""A ticket's life on real servers: from the teacher's mail to the closed ticket."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from mailbot.store.database import transaction
from mailbot.store.tables import SlotRow, TicketRow
from tests.support.mail_builder import mail
from tests.support.school import EDV, ERIKA, LENA, MAX, TONI, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0"
    "0000030101001827b8a30000000049454e44ae426082"
)


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on a mailbox of its own."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def test_a_problem_becomes_a_ticket_a_receipt_and_a_mail_to_each_member(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n").attach("foto.png", PNG, "image/png"))
    counts = env.run_once()
    assert counts == {
        "fetched": 1, "opened": 1, "replies": 0, "ignored": 0, "quarantined": 0, "sent": 3, "failed": 0,
    }  # fmt: skip
    assert env.new_mail_to(LENA).subject == "[#GYM-1] Beamer in Raum 204 defekt"
    for member in (MAX, ERIKA):
        sent = env.new_mail_to(member)
        assert sent.subject == "[#GYM-1] Beamer in Raum 204 defekt"
        assert "Hallo Team Marienschule" in sent.text
        assert "Der Beamer bleibt dunkel." in sent.text
        assert [p.get_filename() for p in sent.message.walk() if p.get_filename()] == ["foto.png"]


def test_a_whole_day_from_the_problem_to_the_closed_ticket(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    env.deliver(env.new_mail_to(MAX).answer(MAX, "#übernehmen"))
    assert env.run_once()["replies"] == 1
    assert "von Ihnen übernommen" in env.new_mail_to(MAX).text
    assert "mustermann.m" in env.new_mails_to(ERIKA)[-1].text
    assert env.ticket()["assignee"] == MAX
    taken = env.mails_to(MAX)[0]
    env.deliver(taken.answer(MAX, "Ist das Kabel eingesteckt?"))
    env.run_once()
    answer = env.new_mail_to(LENA)
    assert answer.text.startswith("Ist das Kabel eingesteckt?") or "Ist das Kabel eingesteckt?" in answer.text
    env.deliver(answer.answer(LENA, "Ja, ist es."))
    env.run_once()
    reply = env.new_mail_to(MAX)
    assert "Ja, ist es." in reply.text
    env.deliver(reply.answer(MAX, "Das muss sich ein Techniker ansehen.\n#eskalieren"))
    env.run_once()
    assert "Das muss sich ein Techniker ansehen." in env.new_mail_to(LENA).text
    ticket = env.ticket()
    assert (ticket["level"], ticket["status"], ticket["assignee"]) == (2, "open", None)
    escalated = env.new_mail_to(TONI)
    assert "Der Beamer bleibt dunkel." in escalated.text
    env.deliver(escalated.answer(TONI, "Lampe getauscht, bitte prüfen.\n#zurück"))
    env.run_once()
    env.new_mails_to(LENA)
    env.new_mails_to(TONI)
    env.new_mails_to(MAX)
    returned = env.new_mails_to(ERIKA)[-1]
    env.deliver(returned.answer(ERIKA, "Alles geht wieder.\n#close"))
    env.run_once()
    assert "Alles geht wieder." in env.new_mail_to(LENA).text
    ticket = env.ticket()
    assert (ticket["level"], ticket["status"]) == (1, "closed")
    assert env.run_once()["fetched"] == 0


def test_question_waits_for_its_answer_and_ticket_is_snoozed_until_its_day(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    env.deliver(env.new_mail_to(MAX).answer(MAX, "In welchem Raum steht er?\n#rückfrage"))
    env.run_once()
    question = env.new_mail_to(LENA)
    assert "In welchem Raum steht er?" in question.text
    assert "wartet auf Ihre Antwort" in question.text
    assert env.ticket()["status"] == "waiting"
    env.deliver(question.answer(LENA, "In Raum 204."))
    env.run_once()
    assert env.ticket()["status"] == "open"
    env.deliver(env.new_mails_to(MAX)[-1].answer(MAX, "#wiedervorlage in 3 Wochen"))
    env.run_once()
    receipt = env.new_mail_to(MAX)
    assert "Wiedervorlage: " in receipt.text
    event = env.ticket()["events"][-1]
    assert (event["action"], event["actor"]) == ("due", MAX)
    env.deliver(receipt.answer(MAX, "#wiedervorlage gestern"))
    env.run_once()
    assert "#wiedervorlage morgen" in env.new_mail_to(MAX).text


def at_noon(env: SchoolEnv, times: str) -> None:
    """Choose a time zone in which it is about noon, with work on every day."""
    hour = datetime.now(UTC).hour
    env.bot = f'timezone = "Etc/GMT{hour - 12:+d}"'
    env.more = '[hours]\nsat = "07:30-16:00"\nsun = "07:30-16:00"'
    env.times = times
    env.write_config()


def test_an_untouched_ticket_causes_a_reminder(env: SchoolEnv) -> None:
    at_noon(env, 'digest = ""')
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(MAX)
    assert not env.run_once()["sent"]
    with env.open() as (desk, _), transaction(desk.engine) as session:
        row = session.get_one(TicketRow, 1)
        row.waits_since -= timedelta(days=2)
        row.look_at = row.waits_since
    assert env.run_once()["sent"] == 2
    reminder = env.new_mail_to(MAX)
    assert reminder.subject == "[#GYM-1] Erinnerung: Beamer in Raum 204 defekt"
    assert "Der Beamer bleibt dunkel." in reminder.text
    assert reminder.message["Auto-Submitted"] == "auto-generated"
    assert not env.run_once()["sent"]


def test_open_tickets_come_as_a_digest_in_the_morning(env: SchoolEnv) -> None:
    at_noon(env, 'digest = "10:00"')
    assert not env.run_once()["sent"]
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(MAX)
    with env.open() as (desk, _), transaction(desk.engine) as session:
        for slot in session.exec(select(SlotRow)):
            session.delete(slot)
    assert env.run_once()["sent"] == 2
    digest = env.new_mail_to(MAX)
    assert digest.subject == "Heute: 1 offenes Ticket – Gymnasium Marienschule"
    env.deliver(digest.answer(MAX, "#übernehmen 1"))
    env.run_once()
    assert env.ticket()["assignee"] == MAX


def test_a_typo_changes_nothing_and_comes_back_with_the_nearest_command(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    env.deliver(env.new_mail_to(MAX).answer(MAX, "Geht wieder.\n#schlissen"))
    env.run_once()
    assert not env.new_mails_to(LENA)
    refusal = env.new_mail_to(MAX)
    assert "#schließen" in refusal.text
    assert "Geht wieder." in refusal.text
    assert env.ticket()["status"] == "open"


def test_an_unauthenticated_command_is_held_until_the_registered_address_confirms(
    env: SchoolEnv,
) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(MAX)
    forged = env.new_mail_to(LENA).answer(MAX, "Geht wieder.\n#close")
    env.deliver(forged)
    env.run_once()
    assert env.ticket()["status"] == "open"
    assert not env.new_mails_to(LENA)
    question = env.new_mail_to(MAX)
    env.deliver(question.answer(MAX, "#bestätigen"))
    env.run_once()
    assert env.ticket()["status"] == "closed"
    assert "Geht wieder." in env.new_mail_to(LENA).text


def test_a_greeting_below_a_query_is_sent_to_no_one(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    key = env.new_mail_to(MAX).action_key
    tapped = mail().sender(MAX).subject("Übersicht").message_id("<tap@support.example>")
    env.deliver(tapped.text(f"#übersicht\n\n\n[mailbot:{key}]\n\nViele Grüße\nMax Mustermann\n"))
    env.run_once()
    assert not env.new_mails_to(LENA)
    assert "GYM-1" in env.new_mail_to(MAX).text


def test_a_mail_that_cannot_be_fetched_is_reported_once_and_stops_no_other(
    tmp_path: Path, start_dovecot: Callable[..., Dovecot], smtp_server: RecordingSmtpServer, user: str
) -> None:
    server = start_dovecot()
    env = SchoolEnv(tmp_path, server, smtp_server, user)
    env.deliver(*(problem(f"Problem {n}").text("kaputt") for n in range(3)))
    server.make_unreadable(user, 2)
    assert env.run_once()["opened"] == 2
    assert "UID 3" in env.new_mail_to(EDV).text
    assert env.run_once()["opened"] == 0
    assert not env.new_mails_to(EDV)


def test_a_dead_team_address_is_reported_only_to_operators(env: SchoolEnv) -> None:
    for member in (MAX, ERIKA):
        env.smtp.replies[member] = "550 5.1.1 no such user"
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.run_once()
    assert [sent.subject for sent in env.mails_to(LENA)] == ["[#GYM-1] Beamer in Raum 204 defekt"]
    alert_texts = "".join(sent.text for sent in env.mails_to(EDV))
    assert MAX in alert_texts
    assert ERIKA in alert_texts


def test_an_answer_waits_while_the_mail_account_is_at_its_limit(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    env.smtp.refuses_data = "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"
    env.deliver(env.new_mail_to(MAX).answer(MAX, "Das Kabel war lose.\n\n#close"))
    for _ in range(3):
        env.call("once", status=1)
        assert "SubmissionQuotaExceeded" in env.call("status", "--probe", status=2)
        status = env.json("status", status=1)
        assert (status["outbox"].keys(), len(status["alerts"])) == ({"queued", "sent"}, 1)
    env.smtp.refuses_data = ""
    env.make_due()
    env.call("once")
    assert "Das Kabel war lose." in env.new_mail_to(LENA).text
    assert env.json("status")["outbox"].keys() == {"sent"}
    assert len(env.mails_to(EDV)) == 2


def test_an_action_key_in_a_pasted_link_is_removed(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    sent = env.new_mail_to(MAX)
    link = f"mailto:support@schule.example?body=%23close%0D%0A%5Bmailbot%3A{sent.action_key}%5D"
    env.deliver(sent.answer(MAX, f"Bitte hier klicken: {link}"))
    env.run_once()
    answer = env.new_mail_to(LENA)
    assert "Bitte hier klicken" in answer.text
    assert sent.action_key not in answer.raw.decode()


def test_a_forwarded_notification_opens_a_ticket_of_its_own_without_the_key(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    env.new_mails_to(LENA)
    env.new_mails_to(ERIKA)
    sent = env.new_mail_to(MAX)
    forward = (
        "Zur Info\n\n-------- Weitergeleitete Nachricht --------\nBetreff: Beamer\nVon: Schul-Support\n"
        f"Datum: 23.11.2026\nAn: Max\n\nHallo Team\n[mailbot:{sent.action_key}]\n"
    )
    env.deliver(mail().sender(MAX).subject("WG: Beamer").message_id("<wg@support.example>").text(forward))
    assert env.run_once()["opened"] == 1
    assert not env.new_mails_to(LENA)
    assert all(sent.action_key not in other.raw.decode() for other in env.new_mails_to(ERIKA))


def test_a_member_that_is_a_machine_gets_no_endless_row_of_refusals(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    sent = env.new_mail_to(MAX)
    for _ in range(3):
        env.deliver(*(sent.answer(MAX, "#unsinn") for _ in range(30)))
        env.run_once()
    assert len(env.new_mails_to(MAX)) == 60


def test_operators_are_notified_once_of_an_unreadable_mailbox_and_of_its_recovery(
    env: SchoolEnv,
) -> None:
    env.imap = 'folder = "Nowhere"'
    env.write_config()
    for _ in range(2):
        assert env.run_once()["failed"] == 1
        assert len(env.mails_to(EDV)) == 1
    env.imap = ""
    env.write_config()
    assert env.run_once()["failed"] == 0
    assert len(env.mails_to(EDV)) == 2
