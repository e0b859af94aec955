"""Appointments at a desk with a database: invitations as sent, answers as received, privacy."""

import email
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.privacy.personal_data import build_matcher
from mailbot.service.sending import build_message
from mailbot.store import outbox
from mailbot.store.database import read_only, transaction
from mailbot.store.disclosure import collect
from mailbot.store.erasure import erase_ticket, redact_batch
from mailbot.store.tables import OutboxRow, TicketRow, metadata
from tests.support.calendar_replies import COMMENTS, COUNTERS, PROGRAMS, PROPOSED
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.message_lint import lint
from tests.support.rendered_samples import fields, hrefs
from tests.support.scenario import ERIKA, LENA, MAX, NOW

INVITED, CANCELLED = NotificationKind.APPOINTMENT, NotificationKind.APPOINTMENT_CANCELLED


@pytest.fixture
def visited(desk: DeskHarness) -> DeskHarness:
    """Let Lena report a problem, and Max make an appointment."""
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    assert desk.reply(MAX, "Ich bringe eine Lampe.\n#termin Do 11:00 Raum 204, im Müllerbau") == "command"
    return desk


def sent(desk: DeskHarness, person: str, kind: NotificationKind) -> tuple[OutboxRow, Message]:
    """Return the last mail of a kind to a person, as stored and as sent."""
    row = desk.outbox_of(person, kind)[-1]
    with transaction(desk.engine) as session:
        outbox.retry(session, row.id or 0, NOW)
        claimed = outbox.claim(session, ["GYM"], NOW + timedelta(days=1), most=100)
    (due,) = [one for one in claimed if one.id == row.id]
    raw = build_message(desk.desk, due, "support-gym@schule.example")
    assert list(lint(raw, person)) == []
    return row, email.message_from_bytes(raw)


def calendar_of(message: Message) -> Any:
    """Return the calendar of a mail: the last alternative; the file beside it is the same."""
    (part,) = [p for p in message.walk() if p.get_content_type() == "text/calendar"]
    (file,) = [p for p in message.walk() if p.get_content_type() == "application/ics"]
    assert part.get_payload(decode=True) == file.get_payload(decode=True)
    content: Any = part.get_payload(decode=True)
    calendar: Any = Calendar.from_ical(content)
    assert part.get_param("method") == calendar["METHOD"]
    alternative = next(p for p in message.walk() if p.get_content_type() == "multipart/alternative")
    parts: Any = alternative.get_payload()
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html", "text/calendar"]
    return calendar


def event_of(desk: DeskHarness, person: str, kind: NotificationKind = INVITED) -> Any:
    """Return the event in the last such mail to a person."""
    (event,) = calendar_of(sent(desk, person, kind)[1]).walk("VEVENT")
    return event


def answer(desk: DeskHarness, program: str, response: str, text: str = "", sequence: int = 0) -> str:
    """Let Lena's calendar program answer the invitation; return the outcome."""
    uid = desk.rows(TicketRow)[0].appointment_uid or ""
    return desk.outcome(PROGRAMS[program](uid, response, text, sequence))


def test_invitation_is_a_calendar_part_for_one_person(visited: DeskHarness) -> None:
    for person in (LENA, MAX):
        row, message = sent(visited, person, INVITED)
        calendar = calendar_of(message)
        (event,) = calendar.walk("VEVENT")
        assert calendar["METHOD"] == "REQUEST"
        assert event["DTSTART"].dt == datetime(2026, 11, 26, 11, 0, tzinfo=UTC)
        assert (str(event["ATTENDEE"]), event["SEQUENCE"]) == (f"mailto:{person}", 0)
        assert str(event["ORGANIZER"]) == "mailto:support-gym@schule.example"
        assert str(event["DESCRIPTION"]) == "Raum 204, im Müllerbau"
        assert MAX not in row.calendar or person == MAX
    assert "Ich bringe eine Lampe." in visited.outbox_of(LENA, INVITED)[-1].text


def test_moving_closing_and_undoing_are_later_revisions_of_the_same_event(visited: DeskHarness) -> None:
    first = event_of(visited, LENA)
    assert visited.reply(MAX, "#visit Friday 9:30", INVITED) == "command"
    moved = event_of(visited, LENA)
    assert visited.reply(MAX, "#close", INVITED) == "command"
    cancelled = event_of(visited, LENA, CANCELLED)
    assert visited.reply(MAX, "#undo", NotificationKind.COMMAND_RECEIPT) == "command"
    again = event_of(visited, LENA)
    events = (first, moved, cancelled, again)
    assert len({str(event["UID"]) for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2, 3]
    assert [event["STATUS"] for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED"]
    assert moved["DTSTART"].dt == again["DTSTART"].dt == cancelled["DTSTART"].dt


def test_undo_of_the_visit_cancels_it_and_restores_the_ticket(visited: DeskHarness) -> None:
    assert visited.reply(MAX, "#rückgängig", NotificationKind.COMMAND_RECEIPT) == "command"
    row = visited.rows(TicketRow)[0]
    assert (row.appointment_begin, row.due, row.assignee) == (None, None, None)
    assert event_of(visited, LENA, CANCELLED)["STATUS"] == "CANCELLED"


def test_audit_trail_has_the_appointment_and_the_answer(visited: DeskHarness) -> None:
    answer(visited, "Apple", "DECLINED", "Da bin ich krank.")
    events = visited.ticket("GYM-1")["events"]
    made = next(event for event in events if event["action"] == "appointment")
    assert (made["actor"], made["detail"]) == (MAX, "2026-11-26T11:00+00:00 30 min")
    assert "declined: the appointment of GYM-1" in events[-1]["because"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_assignee_is_notified_of_the_answer_of_each_program(desk: DeskHarness, program: str) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    desk.reply(MAX, "#termin Do 10:00 Raum 204")
    mails = len(desk.rows(OutboxRow))
    for response, words in (
        ("ACCEPTED", "angenommen"),
        ("TENTATIVE", "unter Vorbehalt"),
        ("DELEGATED", "an jemand anders"),
        ("DECLINED", "abgelehnt"),
    ):
        uid = desk.rows(TicketRow)[0].appointment_uid or ""
        built = PROGRAMS[program](uid, response).replace(
            b"Message-ID: <", f"Message-ID: <{response}".encode()
        )
        assert desk.outcome(built) == "filed"
        (notification,) = desk.rows(OutboxRow)[mails:]
        mails += 1
        assert (notification.recipient, notification.kind) == (MAX, "appointment_answer")
        assert (
            f"Lena Lehrerin hat den Termin am Donnerstag, 26. November 2026, 11:00 Uhr {words}"
            in notification.text
        )
    assert desk.ticket("GYM-1")["status"] == "open"


@pytest.mark.parametrize("program", COUNTERS)
def test_proposed_time_reaches_the_assignee_and_is_accepted_by_one_tap(
    desk: DeskHarness, program: str
) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    desk.reply(MAX, "#termin Do 10:00 Raum 204, hinten")  # the time of the samples
    uid = desk.rows(TicketRow)[0].appointment_uid or ""
    assert desk.outcome(COUNTERS[program](uid)) == "filed"
    assert len(desk.rows(TicketRow)) == 1
    told = desk.outbox_of(MAX, NotificationKind.APPOINTMENT_ANSWER)[-1]
    assert "andere Zeit vor: Donnerstag, 26. November 2026, 14:00 Uhr." in " ".join(told.text.split())
    bodies = [fields(href)["body"].replace("\r\n", "\n") for href in hrefs(told.html)]
    (tap,) = [body for body in bodies if body.startswith("#termin")]
    assert tap.startswith("#termin 2026-11-26 13:00 45 min Raum 204, hinten\n")
    assert (
        desk.outcome(mail().sender(MAX).subject("Re: Beamer").message_id("<t@x.example>").text(tap))
        == "command"
    )
    event = event_of(desk, LENA)
    assert (event["DTSTART"].dt, event["UID"], event["SEQUENCE"]) == (PROPOSED, uid, 1)
    assert str(event["DESCRIPTION"]) == "Raum 204, hinten"


def test_proposal_for_the_invitation_of_another_organizer_opens_no_ticket(visited: DeskHarness) -> None:
    for built in (program("other@firma.example") for program in COUNTERS.values()):
        assert (
            visited.outcome(built.replace(b"<AS8P", b"<other").replace(b"<calendar-", b"<any-")) == "ignored"
        )
    words = COUNTERS["Outlook"]("other@firma.example", "Der Termin ist falsch eingetragen.")
    assert visited.outcome(words) == "opened"


def test_answer_to_the_former_time_is_filed_without_notification(visited: DeskHarness) -> None:
    visited.reply(MAX, "#visit Friday 9:30", INVITED)
    before = len(visited.rows(OutboxRow))
    assert answer(visited, "Google", "ACCEPTED") == "filed"  # to the first time
    assert len(visited.rows(OutboxRow)) == before
    assert visited.ticket("GYM-1")["messages"][-1]["visibility"] == "system"


def test_same_answer_delivered_twice_is_notified_once(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    desk.reply(MAX, "#termin Do 10:00 Raum 204")  # the time of the samples
    built = PROGRAMS["Outlook"](desk.rows(TicketRow)[0].appointment_uid or "", "ACCEPTED")
    before = len(desk.rows(OutboxRow))
    raw = [desk.receive(built), desk.receive(built)]
    assert [decision and decision.outcome for decision in raw] == ["filed", "duplicate"]
    assert len(desk.rows(OutboxRow)) == before + 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_sentence_of_each_program_is_not_taken_for_words_of_a_person(
    visited: DeskHarness, program: str
) -> None:
    assert answer(visited, program, "DECLINED") == "filed"
    assert visited.ticket("GYM-1")["messages"][-1]["visibility"] == "system"


@pytest.mark.parametrize("program", COMMENTS)
def test_comment_in_each_program_reaches_the_assignee(visited: DeskHarness, program: str) -> None:
    assert answer(visited, program, "DECLINED", "Da bin ich krank.") == "reply"
    message = visited.ticket("GYM-1")["messages"][-1]
    assert (message["text"], message["attachments"]) == ("Da bin ich krank.", [])
    assert "Da bin ich krank." in visited.outbox_of(MAX)[-1].text


def test_words_in_an_answer_to_a_cancelled_appointment_reopen_the_ticket(visited: DeskHarness) -> None:
    uid = visited.rows(TicketRow)[0].appointment_uid or ""
    visited.reply(MAX, "#close", INVITED)
    built = PROGRAMS["Outlook"](uid, "DECLINED", "Es geht aber noch nicht!")
    assert visited.outcome(built.replace(b"[#GYM-1] ", b"")) == "reply"
    assert "Es geht aber noch nicht!" in visited.outbox_of(MAX, NotificationKind.REOPENED)[-1].text


def test_guessed_identifier_finds_no_ticket(visited: DeskHarness) -> None:
    assert visited.outcome(PROGRAMS["Apple"]("gym-1-guess@schule.example", "DECLINED")) != "quarantined"
    assert visited.outbox_of(MAX, NotificationKind.APPOINTMENT_ANSWER) == []


def test_identifiers_of_two_appointments_differ(visited: DeskHarness) -> None:
    first = str(event_of(visited, LENA)["UID"])
    visited.reply(MAX, "#close", INVITED)
    visited.reply(MAX, "#reopen", NotificationKind.COMMAND_RECEIPT)
    visited.reply(MAX, "#visit Friday 9:30", NotificationKind.COMMAND_RECEIPT)
    second = str(event_of(visited, LENA)["UID"])
    assert first != second
    assert min(len(first), len(second)) > 40


def test_refused_appointment_sends_nothing(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    assert desk.reply(MAX, "Ich komme.\n#termin Sa 11:00") == "refused"
    refusal = desk.outbox_of(MAX, NotificationKind.REFUSAL)[-1]
    assert "„Sa 11:00“ liegt außerhalb der Arbeitszeit des Teams." in refusal.text
    assert [row.kind for row in desk.outbox_of(LENA)] == ["receipt"]


def test_disclosure_and_erasure_know_appointments_and_calendar_parts(visited: DeskHarness) -> None:
    with read_only(visited.engine) as session:
        found = collect(session, LENA)
    assert found["tickets"][0]["appointment_text"] == "Raum 204, im Müllerbau"
    assert any("BEGIN:VCALENDAR" in letter["calendar"] for letter in found["letters"])
    matcher = build_matcher([LENA, "Lena Lehrerin"], (), ())
    with transaction(visited.engine) as session:
        redact_batch(session, metadata.tables["outbox"], 0, matcher)
    assert all("lena" not in row.calendar.lower() for row in visited.rows(OutboxRow))
    with transaction(visited.engine) as session:
        erase_ticket(session, 1, NOW)
    row = visited.rows(TicketRow)[0]
    assert (row.appointment_uid, row.appointment_begin, row.appointment_text) == (None, None, "")
    assert visited.rows(OutboxRow) == []


def test_person_named_in_the_text_of_an_appointment_is_found(visited: DeskHarness) -> None:
    with transaction(visited.engine) as session:
        redact_batch(session, metadata.tables["ticket"], 0, build_matcher(["Müllerbau"], (), ()))
    assert "Müllerbau" not in visited.rows(TicketRow)[0].appointment_text


def test_reply_to_an_invitation_reaches_the_assignee(visited: DeskHarness) -> None:
    built = reply_to(visited.outbox_of(LENA, INVITED)[-1], LENA, "Geht es auch um zwölf?")
    assert visited.outcome(built) == "reply"
    assert visited.outbox_of(MAX)[-1].kind == "requester_reply"
    assert visited.outbox_of(ERIKA, NotificationKind.REQUESTER_REPLY) == []


def test_calendar_part_of_a_mail_is_no_attachment_of_the_ticket(visited: DeskHarness, tmp_path: Path) -> None:
    answer(visited, "Google", "ACCEPTED")
    assert visited.ticket("GYM-1")["messages"][-1]["attachments"] == []
