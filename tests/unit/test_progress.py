"""#status: what it answers, what it records, and when it reminds the staff."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import RecordStatusQuestion
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Progress, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Status, Ticket, WaitState
from tests.support.scenario import (
    ERIKA,
    EVE,
    GYM,
    HBG,
    KARL,
    LENA,
    MAX,
    NOW,
    POLICY,
    TINA,
    TONI,
    answers,
    ticket,
    writes,
)

THURSDAY = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""NOW is the Monday after: two working days after Thursday, one after Friday."""
RECORDED = (RecordStatusQuestion("GYM-1"),)


def asked(at: datetime | None, **what: object) -> Ticket:
    """Return a ticket without progress since its opening, whose status was asked for at that time."""
    opened = THURSDAY - timedelta(days=1)
    plain = ticket(opened=opened, wait=WaitState(opened), status_asked=at)
    return replace(plain, **what)  # type: ignore[arg-type]


def test_first_question_is_answered_and_recorded_and_the_staff_get_no_mail() -> None:
    for line in ("#status", "#stand", "#Stand?", "#état", "#statut"):
        done = answers(LENA, asked(None), line).decide()
        assert (done.outcome, done.changes) == ("answered", RECORDED), line
        assert done.notified == {(LENA, "ticket_status")}
        assert done.notification(LENA).progress is Progress.ASKED
        assert done.ticket().status_asked == NOW


def test_question_after_two_working_days_without_progress_reminds_the_team(subtests: pytest.Subtests) -> None:
    for line in ["#status", "#stand", "#état"]:
        with subtests.test(line=line):
            done = answers(LENA, asked(THURSDAY), line).decide()
            assert done.notified == {(LENA, "ticket_status"), (MAX, "reminder"), (ERIKA, "reminder")}
            assert done.notification(LENA).progress is Progress.REMINDED
            assert {done.notification(MAX).reason, done.notification(ERIKA).reason} == {"asked"}
            assert done.changes == RECORDED


def test_reminder_goes_to_the_assignee_only() -> None:
    done = answers(LENA, asked(THURSDAY, assignee=Address(ERIKA)), "#stand").decide()
    assert done.notified == {(LENA, "ticket_status"), (ERIKA, "reminder")}


def test_reminder_about_a_ticket_at_second_level_goes_there() -> None:
    done = answers(LENA, asked(THURSDAY, level=2), "#stand").decide()
    assert done.notified == {(LENA, "ticket_status"), (TONI, "reminder"), (TINA, "reminder")}


def test_holidays_of_the_team_are_no_working_days() -> None:
    closed = Calendar(closed=frozenset({FRIDAY.date()}))
    school = replace(GYM, team=replace(GYM.team, calendar=closed))
    case = answers(LENA, asked(THURSDAY), "#stand").with_facts(school=school)
    case = replace(case, policy=replace(POLICY, schools=(school, HBG)))
    assert case.decide().notified == {(LENA, "ticket_status")}


def test_question_on_the_next_working_day_reminds_no_one_and_keeps_the_time_of_the_first() -> None:
    done = answers(LENA, asked(FRIDAY), "#stand").decide()
    assert (done.notified, done.changes) == ({(LENA, "ticket_status")}, ())
    assert done.notification(LENA).progress is Progress.ASKED_AGAIN


def test_progress_since_the_first_question_makes_the_second_one_a_first_one() -> None:
    taken = asked(THURSDAY, wait=WaitState(FRIDAY, awaiting_staff=False), assignee=Address(MAX))
    done = answers(LENA, taken, "#stand").decide()
    assert (done.notified, done.changes) == ({(LENA, "ticket_status")}, RECORDED)


@pytest.mark.parametrize(
    "rests",
    [
        {"status": Status.WAITING},
        {"status": Status.CLOSED, "closed": NOW - timedelta(hours=1)},
        {"due": NOW + timedelta(days=3)},
    ],
    ids=["waits for the requester", "is closed", "is due later"],
)
def test_ticket_with_a_plan_causes_no_reminder(rests: dict[str, object]) -> None:
    done = answers(LENA, asked(THURSDAY, **rests), "#stand").decide()
    assert (done.notified, done.changes) == ({(LENA, "ticket_status")}, ())
    assert done.notification(LENA).progress is Progress.TOLD


@pytest.mark.parametrize("writer", [MAX, TONI])
def test_question_of_the_staff_is_answered_only(writer: str) -> None:
    done = answers(writer, asked(THURSDAY), "#stand").decide()
    assert (done.notified, done.changes) == ({(writer, "ticket_status")}, ())


def test_person_in_copy_may_ask_and_ask_again() -> None:
    assert answers(KARL, asked(None), "#stand").decide().changes == RECORDED
    done = answers(KARL, asked(THURSDAY), "#stand").decide()
    assert done.notified == {(KARL, "ticket_status"), (MAX, "reminder"), (ERIKA, "reminder")}


def test_question_in_a_new_mail_needs_no_proof(subtests: pytest.Subtests) -> None:
    for writer in [LENA, MAX, TONI]:
        with subtests.test(writer=writer):
            done = writes(writer, "#stand 1").with_facts(asked(None)).decide()
            assert (done.outcome, done.notified) == ("answered", {(writer, "ticket_status")})


def test_forged_question_is_answered_to_the_registered_address_and_records_nothing() -> None:
    done = answers(LENA, asked(THURSDAY), "#stand").failed().decide()
    assert (done.notified, done.changes) == ({(LENA, "ticket_status")}, ())


def test_stranger_learns_nothing() -> None:
    case = writes(EVE, "#stand 1").proven().with_facts(asked(None))
    assert case.decide().reasons == [Reason.NO_SUCH_TICKET]


def test_question_without_a_ticket_is_refused_with_an_example() -> None:
    done = writes(LENA, "#stand").proven().decide()
    assert done.reasons == [Reason.NO_TICKET]


def test_link_of_an_old_mail_works_long_after_the_closing() -> None:
    old = asked(None, status=Status.CLOSED, closed=NOW - timedelta(days=100))
    done = answers(LENA, old, "#stand").decide()
    assert (done.outcome, done.notified, done.changes) == ("answered", {(LENA, "ticket_status")}, ())


def test_text_beside_the_question_reaches_the_team_once() -> None:
    done = answers(LENA, asked(THURSDAY), "Die Lampe blinkt jetzt.\n#stand").decide()
    assert done.notified == {
        (LENA, "ticket_status"),
        (MAX, "requester_reply"),
        (ERIKA, "requester_reply"),
    }


def test_one_mail_may_ask_for_several_tickets() -> None:
    case = writes(LENA, "#stand 1 2").with_facts(asked(None), replace(asked(None), number=2))
    done = case.decide()
    kinds = [(n.kind, n.ticket and n.ticket.key) for n in done.notifications]
    assert kinds == [(NotificationKind.TICKET_STATUS, f"GYM-{number}") for number in (1, 2)]
    assert done.changes == tuple(RecordStatusQuestion(f"GYM-{number}") for number in (1, 2))
