"""Answers to an invitation: acceptance, refusal, a proposal, words beside them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailbot.core.classify.classify import CALENDAR_REPLY
from mailbot.core.decide.understanding import understand
from mailbot.core.model.appointment import AttendeeResponse, CalendarAnswer, Response
from mailbot.core.model.effects import AddMessage
from mailbot.core.model.mail import Address, MailKind, Part
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Status, Ticket, Visibility, WaitState
from tests.support.appointments import APPOINTMENT, BEGIN, OVER, UID, VISITED
from tests.support.scenario import (
    ERIKA,
    EVE,
    GYM,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    POLICY,
    TONI,
    MailScenario,
    closed,
    photo,
    writes,
)

PROGRAM = "{} hat die Einladung angenommen."
WORDS = "Da bin ich krank, bitte am Freitag um 9."


def reply(
    sender: str,
    response: Response = Response.ACCEPTED,
    comment: str = "",
    text: str = PROGRAM,
    about: Ticket = VISITED,
    parts: tuple[Part, ...] = (),
    **what: object,
) -> MailScenario:
    """Begin a scenario: the calendar program of a person answers the invitation."""
    answer = CalendarAnswer(UID, (AttendeeResponse(sender, response, comment),), 0, BEGIN)
    case = writes(sender, text.format(sender), subject="Zugesagt: Beamer").with_mail(
        calendar_answer=replace(answer, **what),  # type: ignore[arg-type]
        reports=(CALENDAR_REPLY,),
        parts=(Part("3", "invite.ics", "text/calendar", 3), *parts),
    )
    kind = understand(case.mail, GYM, POLICY).classification
    return replace(case, verdict=kind).with_facts(about, by_appointment=about.key)


def test_assignee_is_notified_of_the_answer_of_the_requester(subtests: pytest.Subtests) -> None:
    for response in Response:
        with subtests.test(response=response):
            done = reply(LENA, response).decide()
            assert (done.outcome, done.notified) == ("filed", {(MAX, "appointment_answer")})
            found = done.notification(MAX)
            assert (found.answer and found.answer.response, found.appointment, found.text) == (
                response,
                APPOINTMENT,
                "",
            )
            assert done.message.visibility is Visibility.SYSTEM
            assert replace(done.ticket(), updated=VISITED.updated, messages=1, wait=None) == VISITED
            assert f"{response.value}: the appointment of GYM-1" in done.decision.because


@pytest.mark.parametrize(
    "case",
    [
        reply(LENA, Response.DECLINED, WORDS),
        reply(LENA, Response.DECLINED, text=WORDS, in_body=True),
        reply(LENA, Response.DECLINED, text=WORDS),
        reply(LENA, Response.DECLINED, WORDS, text=WORDS),
    ],
    ids=["comment", "Microsoft", "body", "both"],
)
def test_words_of_the_requester_are_a_reply_that_shows_the_response(case: MailScenario) -> None:
    done = case.decide()
    found = done.notification(MAX)
    assert (done.outcome, found.kind, found.text) == ("reply", NotificationKind.APPOINTMENT_ANSWER, WORDS)
    assert found.answer is not None
    assert found.answer.response is Response.DECLINED
    assert (done.message.visibility, done.message.direction) == (Visibility.PUBLIC, Direction.IN)
    assert done.message.attachments == ()


def test_file_beside_an_answer_is_kept_and_sent_to_the_assignee() -> None:
    done = reply(LENA, Response.DECLINED, parts=(photo(),)).decide()
    assert [file.filename for file in done.message.attachments] == ["foto.png"]
    assert [file.filename for file in done.notification(MAX).attachments] == ["foto.png"]


@pytest.mark.parametrize("case", [
    reply(LENA, text=WORDS, begin=BEGIN - timedelta(hours=1)),
    reply(LENA, text=WORDS, about=replace(VISITED, appointment=OVER)),
    reply(EVE, text=WORDS),
    reply(KARL, text=WORDS),
], ids=["former time", "over", "stranger", "cc"])  # fmt: skip
def test_words_beside_a_response_that_does_not_count_are_a_plain_reply(case: MailScenario) -> None:
    done = case.decide()
    assert (done.outcome, done.notified, done.message.text) == ("reply", {(MAX, "requester_reply")}, WORDS)


def test_words_reach_the_ticket_after_its_appointment_was_cancelled() -> None:
    case = reply(LENA, text="Es geht aber noch nicht!").with_facts(closed(), by_appointment=None)
    assert understand(case.mail, GYM, POLICY).lookups.tags == ("GYM-1",)
    done = case.with_facts(by_subject_tag="GYM-1").decide()
    assert (done.ticket().status, done.message.text) == (Status.OPEN, "Es geht aber noch nicht!")
    assert "reopened" in {kind for _, kind in done.notified}


def test_words_in_an_answer_are_no_commands() -> None:
    done = reply(LENA, text="Danke, hat sich erledigt.\n#close").decide()
    assert (done.ticket().status, done.message.text) == (Status.OPEN, "Danke, hat sich erledigt.\n#close")


def test_words_of_the_assignee_are_a_note_to_the_team_that_stops_no_reminder() -> None:
    waits = replace(VISITED, wait=WaitState(NOW - timedelta(days=1)))
    done = reply(MAX, Response.DECLINED, WORDS, about=waits).proven().decide()
    assert done.notified == {(ERIKA, "appointment_answer")}
    assert (done.message.visibility, done.message.text) == (Visibility.INTERNAL, WORDS)
    assert done.ticket().wait == waits.wait


def test_words_of_the_assignee_without_proof_are_held() -> None:
    done = reply(MAX, Response.DECLINED, WORDS).decide()
    assert (done.outcome, done.messages, done.notified) == ("held", [], {(MAX, "confirm")})


def test_team_is_notified_that_the_assignee_declines_if_the_mail_is_proven() -> None:
    assert reply(MAX, Response.DECLINED).proven().decide().notified == {(ERIKA, "appointment_answer")}
    unproven = reply(MAX, Response.DECLINED).decide()
    assert (unproven.outcome, unproven.notified) == ("filed", set())
    assert (unproven.message.proven, unproven.message.visibility) == (False, Visibility.SYSTEM)
    assert reply(MAX).proven().decide().notified == set()


def test_answer_from_another_address_of_an_attendee_counts() -> None:
    assert reply(MAX_AT_HOME).decide().outcome == "filed"


def test_answer_of_a_person_who_is_not_invited_is_only_filed(subtests: pytest.Subtests) -> None:
    for sender in [EVE, KARL, ERIKA, TONI]:
        with subtests.test(sender=sender):
            done = reply(sender).decide()
            assert (done.outcome, done.notified, done.message.visibility) == (
                "filed",
                set(),
                Visibility.SYSTEM,
            )


def proposal(sender: str, text: str = "", begin: datetime = BEGIN) -> MailScenario:
    """Begin a scenario: the calendar program of a person proposes another time."""
    proposed = AttendeeResponse(sender, Response.TENTATIVE, "", BEGIN + timedelta(days=1), 45)
    return reply(sender, text=text or PROPOSES, responses=(proposed,), begin=begin)


PROPOSES = "{} hat eine neue Uhrzeit für den Termin vorgeschlagen."


def test_assignee_is_notified_of_a_proposal_and_nothing_changes() -> None:
    done = proposal(LENA).decide()
    assert (done.outcome, done.notified) == ("filed", {(MAX, "appointment_answer")})
    found = done.notification(MAX).answer
    assert found is not None
    assert (found.proposed, found.minutes) == (BEGIN + timedelta(days=1), 45)
    assert done.message.visibility is Visibility.SYSTEM
    assert replace(done.ticket(), updated=VISITED.updated, messages=1, wait=None) == VISITED
    assert "proposes another time: the appointment of GYM-1" in done.decision.because


def test_words_beside_a_proposal_are_a_reply_that_shows_it() -> None:
    done = proposal(LENA, WORDS).decide()
    found = done.notification(MAX)
    assert (done.outcome, found.kind, found.text) == ("reply", NotificationKind.APPOINTMENT_ANSWER, WORDS)
    assert found.answer is not None
    assert found.answer.proposed == BEGIN + timedelta(days=1)


def test_proposal_that_does_not_count_is_only_filed() -> None:
    for case in (
        proposal(EVE),
        proposal(KARL),
        proposal(LENA, begin=BEGIN - timedelta(hours=1)),
        proposal(LENA).failed(),
        proposal(MAX),
    ):
        assert case.decide().notified == set()
    assert proposal(MAX).proven().decide().notified == {(ERIKA, "appointment_answer")}


def test_answer_to_the_invitation_of_another_organizer_is_filed_unless_a_person_wrote_words() -> None:
    for case in (reply(LENA), proposal(LENA)):
        assert case.with_facts(by_appointment=None).decide().outcome == "ignored"
    for case in (reply(LENA, text=WORDS), proposal(LENA, WORDS)):
        done = case.with_facts(by_appointment=None).decide()
        assert (done.outcome, done.message.text) == ("opened", WORDS)


def test_sentence_of_a_program_in_any_language_is_no_word_of_a_person() -> None:
    for text in (
        "{} nimmt vielleicht an der Besprechung teil.",
        "{} a accepté cette invitation.",
        "{} heeft deze uitnodiging geaccepteerd.",
        "{} ha accettato questo invito.",
        "{} ha aceptado esta invitación.",
        "{} elfogadta a meghívást.",
    ):
        case = reply(LENA, text=text).with_facts(by_appointment=None)
        assert case.decide().outcome == "ignored", text


def test_answer_to_another_invitation_is_processed_as_before() -> None:
    done = reply(LENA).with_facts(by_appointment=None).decide()
    assert (done.outcome, done.effects) == ("ignored", ())
    threaded = reply(LENA).answering(VISITED).with_facts(by_appointment=None).of_kind(MailKind.AUTO_REPLY)
    assert (threaded.decide().outcome, threaded.decide().notified) == ("filed", set())


def test_answer_that_the_mail_server_takes_for_forged_has_no_notification() -> None:
    assert reply(LENA).failed().decide().notified == set()


@pytest.mark.parametrize(
    "case",
    [
        reply(LENA, begin=BEGIN - timedelta(hours=1)),
        reply(LENA, begin=None, sequence=0, about=replace(VISITED, appointment_revision=2)),
        reply(
            LENA,
            about=replace(VISITED, appointment=replace(APPOINTMENT, begin=NOW - timedelta(hours=2))),
            begin=None,
        ),
    ],
    ids=["another time", "an earlier sequence", "over"],
)
def test_answer_to_an_earlier_time_or_after_the_end_is_only_filed(case: MailScenario) -> None:
    done = case.decide()
    assert (done.outcome, done.notified) == ("filed", set())


def test_flood_of_answers_notifies_the_assignee_ten_times_an_hour() -> None:
    messages = tuple(
        Message(Direction.IN, Visibility.SYSTEM, Address(LENA), str(n), NOW - timedelta(minutes=n))
        for n in range(10)
    )
    assert reply(LENA).with_facts(histories={"GYM-1": messages[:9]}).decide().notified != set()
    done = reply(LENA).with_facts(histories={"GYM-1": messages}).decide()
    assert (done.notified, len([e for e in done.effects if isinstance(e, AddMessage)])) == (set(), 1)
