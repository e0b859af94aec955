"""Invitations are written for calendar programs, and the answers of five programs are understood."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from mailbot.core.classify.classify import classify
from mailbot.core.model.appointment import Appointment, AttendeeResponse, CalendarMethod, Response
from mailbot.core.model.mail import Address, MailKind
from mailbot.itip import Invitation, folded, read, write
from mailbot.parse import limits, parse
from tests.support.any_text import any_text
from tests.support.calendar_replies import BEGIN, COMMENTS, COUNTERS, PROGRAMS, PROPOSED

UID = "gym-104-a2b3c4d5e6f7@schule.example"
INVITATION = Invitation(
    method=CalendarMethod.REQUEST,
    appointment=Appointment(UID, BEGIN, 45, "Raum 204; bitte,\nLampe \\ „Kabel“ & Müll 😕"),
    sequence=3,
    organizer=Address("support-gym@schule.example", "Schul-Support"),
    attendee=Address("lena@schule.example", 'Dr. "Lena", Lehrerin: Ä'),
    summary="[#GYM-104] " + "Beamer in Räumen defekt; " * 6,
    location="Gymnasium Marienschule",
    stamp=datetime(2026, 11, 23, 10, tzinfo=UTC),
    zone="Europe/Berlin",
)
Program = Callable[..., bytes]


def event_in(written: str) -> Any:
    """Return the only event of an iCalendar object."""
    (found,) = Calendar.from_ical(folded(written).decode()).walk("VEVENT")
    return found


def test_invitation_has_the_appointment_in_the_time_zone_of_the_school() -> None:
    event = event_in(write(INVITATION))
    begin, end = event["DTSTART"], event["DTEND"]
    assert (begin.params["TZID"], begin.dt, end.dt) == ("Europe/Berlin", BEGIN, BEGIN + timedelta(minutes=45))
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == (UID, 3, "CONFIRMED")
    assert str(event["DESCRIPTION"]) == INVITATION.appointment.text
    assert str(event["SUMMARY"]) == INVITATION.summary
    assert str(event["ORGANIZER"]) == "mailto:support-gym@schule.example"
    assert str(event["ATTENDEE"]) == "mailto:lena@schule.example"
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"


def test_cancellation_has_the_same_identifier_and_its_status() -> None:
    written = write(replace(INVITATION, method=CalendarMethod.CANCEL))
    event = event_in(written)
    assert "METHOD:CANCEL" in written.split("\n")
    assert (event["UID"], event["STATUS"]) == (UID, "CANCELLED")


def test_time_zone_in_the_invitation_gives_the_time_of_the_zone(subtests: pytest.Subtests) -> None:
    for zone in ["Europe/Berlin", "America/New_York", "Asia/Kolkata"]:
        for month in [1, 3, 7, 10, 12]:
            with subtests.test(zone=zone, month=month):
                begin = datetime(2027, month, 28, 12, 0, tzinfo=ZoneInfo(zone))
                appointment = replace(INVITATION.appointment, begin=begin)
                # The library applies the rules of a name that it does not know.
                unknown = f"{zone.replace('/', '-')}-{month}"
                written = (
                    write(replace(INVITATION, zone=zone, appointment=appointment))
                    .replace(f"TZID:{zone}", f"TZID:{unknown}")
                    .replace(f"TZID={zone}", f"TZID={unknown}")
                )
                event = event_in(written)
                assert event["DTSTART"].dt == begin


def test_lines_are_folded_to_75_octets_within_no_character() -> None:
    content = folded(write(replace(INVITATION, summary="x" + "äß€😕" * 60)))
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_text_of_a_person_adds_no_property() -> None:
    hostile = "x\r\nATTENDEE:mailto:eve@anderswo.example\r\nEND:VEVENT\x0bBEGIN:VALARM\x1e"
    person = Address('lena@schule.example"\r\nX-A:b', f'Lena";X=y:{hostile}')
    written = write(
        replace(
            INVITATION,
            attendee=person,
            summary=hostile,
            location=hostile,
            appointment=replace(INVITATION.appointment, text=hostile),
        )
    )
    names = [line.partition(":")[0].partition(";")[0] for line in written.split("\n")]
    assert names.count("ATTENDEE") == names.count("UID") == 1
    assert "VALARM" not in [line.partition(":")[2] for line in written.split("\n")]
    assert "X-A" not in names


def test_answer_of_each_program_is_understood(subtests: pytest.Subtests) -> None:
    for name, program in PROGRAMS.items():
        for response in Response:
            with subtests.test(name=name, response=response):
                mail = parse(program(UID, response.value.upper(), sequence=2))
                answer = mail.calendar_answer
                assert answer is not None
                assert (answer.uid, answer.sequence, answer.begin) == (UID, 2, BEGIN)
                assert answer.responses == (AttendeeResponse("lena@schule.example", response),)
                assert classify(mail, frozenset({"support-gym@schule.example"})).kind is MailKind.AUTO_REPLY


def test_comment_of_an_answer_is_found(subtests: pytest.Subtests) -> None:
    for name, program in COMMENTS.items():
        with subtests.test(name):
            comment = (
                "Da bin ich auf Klassenfahrt; geht es auch am Freitag, 3. Stunde, oder später am Nachmittag?"
            )
            mail = parse(program(UID, "DECLINED", comment))
            answer = mail.calendar_answer
            assert answer is not None
            written = answer.responses[0].comment or answer.comment or (mail.text if answer.in_body else "")
            assert written == comment


@pytest.mark.parametrize("program", COUNTERS)
def test_proposal_of_another_time_is_understood(program: str) -> None:
    mail = parse(COUNTERS[program](UID, sequence=2))
    answer = mail.calendar_answer
    assert answer is not None
    assert (answer.uid, answer.sequence) == (UID, 2)
    assert answer.begin == (BEGIN if program == "Outlook" else None)
    assert answer.responses == (
        AttendeeResponse("lena@schule.example", Response.TENTATIVE, proposed=PROPOSED, minutes=45),
    )
    assert classify(mail, frozenset({"support-gym@schule.example"})).kind is MailKind.AUTO_REPLY


def test_proposal_without_a_readable_time_or_response_is_a_tentative_answer() -> None:
    attendee = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lena@schule.example"
    for times in [(), ("DTSTART:soon",), ("DTSTART:20261126T100000",), ("DTEND:20261126T100000Z",)]:
        found = read(event(attendee, *times, method="COUNTER"))
        assert found is not None
        assert found.responses == (AttendeeResponse("lena@schule.example", Response.TENTATIVE),)
    assert read(event(attendee)) is None


def test_proposal_that_ends_before_it_begins_or_days_later_has_no_length() -> None:
    for end in ("20261126T095900Z", "20261126T100000Z", "20261128T100000Z", "99991231T235959Z"):
        lines = ("ATTENDEE:mailto:lena@schule.example", "DTSTART:20261126T100000Z", f"DTEND:{end}")
        found = read(event(*lines, method="COUNTER"))
        assert found is not None
        assert (found.responses[0].proposed, found.responses[0].minutes) == (BEGIN, 0)


def test_delegate_is_not_taken_for_the_attendee() -> None:
    lines = [
        'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:olga@schule.example":mailto:lena@schule.example',
        'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:lena@schule.example":MAILTO:Olga@Schule.example',
    ]
    answer = read(event(*lines))
    assert answer is not None
    found = answer.of(frozenset({"lena@schule.example"}))
    assert found is not None
    assert found.response is Response.DELEGATED
    assert answer.of(frozenset({"eve@anderswo.example"})) is None


def event(*lines: str, method: str = "REPLY") -> bytes:
    """Return an answer with these properties."""
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            f"METHOD:{method}",
            "BEGIN:VEVENT",
            f"UID:{UID}",
            *lines,
            "END:VEVENT",
            "END:VCALENDAR",
        )
    ).encode()


LENA = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:lena@schule.example"


NO_ANSWERS = [
    b"",
    b"\xff\xfe\x00",
    event(LENA, method="REQUEST"),
    event(LENA).replace(b"VEVENT", b"VTODO"),
    event(LENA).replace(UID.encode(), b""),
    event("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:lena@schule.example"),
    event("ATTENDEE;PARTSTAT=ACCEPTED:lena"),
    event("ATTENDEE"),
    event('ATTENDEE;PARTSTAT="ACC:mailto:x'),
    event(LENA).replace(b"\r\n", b"\r"[:0]),
]


def test_part_that_is_no_answer_is_ignored(subtests: pytest.Subtests) -> None:
    for number, content in enumerate(NO_ANSWERS):
        with subtests.test(number=number):
            assert read(content) is None


WRONG_PROPERTIES = [
    "DTSTART:99999999T999999Z",
    "DTSTART;VALUE=DATE:20261126",
    "DTSTART;TZID=Nowhere/Land:20261126T110000",
    "DTSTART:20261126T110000",
    "SEQUENCE:-1",
    "SEQUENCE:" + "9" * 400,
    "SEQUENCE:x",
    "COMMENT;ALTREP=:",
]


def test_answer_with_a_wrong_property_is_read_without_it_or_not_at_all(subtests: pytest.Subtests) -> None:
    for line in WRONG_PROPERTIES:
        with subtests.test(line=line):
            answer = read(event(LENA, line))
            assert answer is None or (answer.uid, answer.begin) == (UID, None)


def test_wrong_time_in_an_answer_spares_the_rest_of_it(subtests: pytest.Subtests) -> None:
    for line in ["DTSTART:99999999T999999Z", "DTSTART;TZID=/:x", "DTSTART:"]:
        with subtests.test(line=line):
            answer = read(event(LENA, line))
            assert answer is not None
            assert (answer.uid, answer.begin) == (UID, None)


def test_answer_with_many_other_properties_is_read() -> None:
    answer = read(event(*(f"X-NUMBER:{n}" for n in range(500)), LENA))
    assert answer is not None
    assert answer.responses == (AttendeeResponse("lena@schule.example", Response.ACCEPTED),)


def test_no_recurrence_of_an_answer_is_expanded() -> None:
    endless = "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:00010101T000000\r\n"
    endless += (
        "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    content = event(LENA, "DTSTART;TZID=X:20261126T110000", "RRULE:FREQ=SECONDLY")
    answer = read(content.replace(b"BEGIN:VEVENT", f"{endless}\r\nBEGIN:VEVENT".encode()))
    assert answer is not None
    assert answer.begin is None


def test_much_of_everything_in_an_answer_is_bounded() -> None:
    for piece in (
        LENA,
        "BEGIN:VALARM",
        "COMMENT:" + "x" * 900,
        " folded",
        "X" * 200,
        "ATTENDEE;" + "A=B;" * 99,
    ):
        content = event(LENA, *[piece] * (limits.CALENDAR // len(piece)))
        answer = read(content[: limits.CALENDAR])
        assert answer is None or (len(answer.responses) <= 30 and len(answer.comment) <= 2_000)


@given(st.binary(max_size=400) | any_text(max_size=400).map(str.encode))
@settings(deadline=None)
def test_reading_never_raises(noise: bytes) -> None:
    read(noise)
    read(event(LENA).replace(b"mailto:lena", b"mailto:" + noise))
    read(event(LENA, "COMMENT").replace(b"COMMENT", b"COMMENT:" + noise))
    read(event(LENA, "X").replace(b"\r\nX\r\n", b"\r\n" + noise + b"\r\n"))
