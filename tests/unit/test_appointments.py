"""#visit makes, moves and cancels an appointment; the assignee is notified of answers."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import Notify, SetBlocked
from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import Role, Status, Ticket, Visibility
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer
from tests.support.appointments import APPOINTMENT, BEGIN, OVER, UID, VISITED
from tests.support.scenario import (
    ERIKA,
    GYM,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    POLICY,
    TONI,
    MailScenario,
    Outcome,
    answers,
    closed,
    ticket,
)

FRIDAY = date(2026, 11, 27)
CALENDAR = (NotificationKind.APPOINTMENT, NotificationKind.APPOINTMENT_CANCELLED)
TIMES = {  # the reason of a refusal by the words, in three languages
    Reason.PAST: ("#visit today 9:00", "#termin heute 9:00", "#rdv aujourd'hui 9h00"),
    Reason.TOO_FAR: ("#visit Dec 1 2027 9:00", "#termin 1.12.2027 9:00", "#rdv 1/12/2027 9h00"),
    Reason.OUTSIDE_HOURS: ("#visit Friday 6pm", "#termin Fr 15:45", "#rdv vendredi 7h00"),
    Reason.HOLIDAY: ("#visit Dec 24 9:00", "#termin 24.12. 9:00", "#rdv 24/12 9h00"),
}
DAYS = {
    "today": NOW.date(), "heute": NOW.date(), "aujourd'hui": NOW.date(),
    "Dec 1 2027": date(2027, 12, 1), "1.12.2027": date(2027, 12, 1), "1/12/2027": date(2027, 12, 1),
    "Friday": FRIDAY, "Fr": FRIDAY, "vendredi": FRIDAY, "Mo": date(2026, 11, 30), "Sa": date(2026, 11, 28),
    "Dec 24": date(2026, 12, 24), "24.12.": date(2026, 12, 24), "24/12": date(2026, 12, 24),
}  # fmt: skip


def off(day: date, *, at_school: bool = True) -> Policy:
    """Return the policy with a day on which the school, or second level, is off."""
    off_days = Calendar(closed=frozenset({day}))
    if at_school:
        return replace(POLICY, schools=(replace(GYM, team=replace(GYM.team, calendar=off_days)),))
    return replace(POLICY, second_level=replace(POLICY.second_level, calendar=off_days))


def visits(writer: str, text: str, about: Ticket | None = None) -> MailScenario:
    """Begin a scenario: a member answers a mail about a ticket with that text."""
    case = answers(writer, about or ticket(), text)
    return case.with_facts(dates=DAYS, token="abc")


def calendar_mails(done: Outcome) -> dict[str, Notification]:
    """Return the mails with a calendar part by their recipient."""
    found = [n for n in done.notifications if n.kind in CALENDAR]
    assert len(found) == len({n.to.email for n in found})
    return {n.to.email: n for n in found}


def kinds(done: Outcome) -> dict[str, str]:
    """Return the kinds of these mails by their recipient."""
    return {to: n.kind.value for to, n in calendar_mails(done).items()}


def test_visit_invites_the_requester_and_the_assignee_and_snoozes_the_ticket() -> None:
    done = visits(MAX, "Ich bringe die Lampe.\n#termin Fr 11 Uhr 45 min Raum 204").decide()
    after = done.ticket()
    assert after.appointment == Appointment(UID, BEGIN, 45, "Raum 204")
    assert (after.due, after.appointment_revision) == (BEGIN, 1)
    assert after.assignee is not None
    assert after.assignee.email == MAX
    assert done.notified == {
        (LENA, "appointment"),
        (MAX, "appointment"),
        (KARL, "answer"),
        (ERIKA, "assigned_info"),
        (MAX, "command_receipt"),
    }
    assert done.notification(LENA).text == "Ich bringe die Lampe."
    (result,) = done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done
    assert (result.command, result.due, result.already) == ("visit", BEGIN, False)
    assert {person.email for person in result.notified} == {LENA, KARL, ERIKA}


def test_assignee_is_invited_if_a_colleague_makes_the_appointment() -> None:
    about = ticket(assignee=Address(ERIKA, "Erika Muster"))
    assert set(kinds(visits(MAX, "#visit Friday 11:00", about).decide())) == {LENA, ERIKA}


def test_internal_text_beside_an_appointment_does_not_reach_the_requester() -> None:
    done = visits(MAX, "Sie hat den Stecker gezogen.\n#note\n#termin Fr 11:00").decide()
    assert done.notification(LENA).text == ""
    assert done.message.visibility is Visibility.INTERNAL


def test_second_visit_moves_the_appointment(subtests: pytest.Subtests) -> None:
    for line in ["#termin Fr 12:00", "#visit Friday 12:00", "#rdv vendredi à 12h00"]:
        with subtests.test(line=line):
            done = visits(MAX, line, VISITED).with_facts(token="another").decide()
            after = done.ticket()
            assert after.appointment is not None
            assert (after.appointment.uid, after.appointment.begin) == (UID, BEGIN + timedelta(hours=1))
            assert (after.appointment_revision, after.due) == (2, after.appointment.begin)
            assert {n.reason for n in calendar_mails(done).values()} == {"moved"}


def test_same_visit_again_changes_nothing() -> None:
    done = visits(MAX, "#termin Fr 11:00 Raum 204", VISITED).decide()
    assert (done.changes, kinds(done)) == ((), {})
    assert done.notification(MAX).done[0].already


def test_appointment_after_one_that_is_over_is_a_new_one() -> None:
    over = replace(VISITED, appointment=replace(APPOINTMENT, uid="old", begin=NOW - timedelta(days=1)))
    after = visits(MAX, "#termin Fr 11:00", over).decide().ticket()
    assert after.appointment is not None
    assert after.appointment.uid == UID


def test_time_is_refused_with_the_reason(subtests: pytest.Subtests) -> None:
    for reason, line in [(r, line) for r, lines in TIMES.items() for line in lines]:
        with subtests.test(line=line):
            case = replace(visits(MAX, f"Ich komme.\n{line}"), policy=off(date(2026, 12, 24)))
            done = case.decide()
            assert (done.outcome, done.changes, done.reasons) == ("refused", (), [reason])
            assert {to for to, _ in done.notified} == {MAX}


DAYS_AND_REASONS = [
    (date.min, Reason.PAST),
    (date.max, Reason.TOO_FAR),
    (NOW.date() - timedelta(days=1), Reason.PAST),
    (NOW.date() + timedelta(days=367), Reason.TOO_FAR),
    (date(2027, 11, 23), None),
]


def test_day_is_at_most_a_year_away(subtests: pytest.Subtests) -> None:
    for day, reason in DAYS_AND_REASONS:
        with subtests.test(day=day):
            berlin = Calendar(timezone=ZoneInfo("Europe/Berlin"))
            policy = replace(POLICY, schools=(replace(GYM, team=replace(GYM.team, calendar=berlin)),))
            case = replace(visits(MAX, "#termin dann 9:00").with_facts(dates={"dann": day}), policy=policy)
            done = case.decide()
            assert done.reasons == ([reason] if reason else [])
            after = done.ticket().appointment
            assert after is None or after.begin == datetime(2027, 11, 23, 8, tzinfo=UTC)


def test_appointment_ends_within_the_working_hours() -> None:
    assert visits(MAX, "#termin Fr 15:30").decide().reasons == []
    assert visits(MAX, "#termin Fr 15:30 45 min").decide().reasons == [Reason.OUTSIDE_HOURS]
    assert visits(MAX, "#termin Sa 11:00").decide().reasons == [Reason.OUTSIDE_HOURS]


@pytest.mark.parametrize("at_school", [True, False])
def test_second_level_visits_no_school_that_is_off(*, at_school: bool) -> None:
    case = visits(TONI, "#termin Fr 11:00", ticket(level=2))
    assert case.decide().reasons == []
    assert replace(case, policy=off(FRIDAY, at_school=at_school)).decide().reasons == [Reason.HOLIDAY]


def test_visit_takes_tickets_behind_the_time() -> None:
    case = visits(MAX, "#termin Fr 11:00 #12 GYM-13 Raum 204").answering(None)
    done = case.proven().with_facts(ticket(12), ticket(13)).decide()
    found = [done.ticket(key).appointment for key in ("GYM-12", "GYM-13")]
    assert [a and (a.uid, a.text) for a in found] == [
        ("gym-12-abc@schule.example", "Raum 204"),
        ("gym-13-abc@schule.example", "Raum 204"),
    ]


def test_visit_conflicts_with_commands_that_end_or_replace_it(subtests: pytest.Subtests) -> None:
    for other in ["#close", "#wait", "#escalate", "#remind Friday", "#undo", "#visit Mo 9:00"]:
        with subtests.test(other=other):
            change = Change(MAX, NOW, ticket())
            case = visits(MAX, f"#termin Fr 11:00\n{other}").with_facts(changes={"GYM-1": change})
            assert case.decide().reasons == [Reason.AMBIGUOUS]


def test_visit_opens_a_closed_ticket() -> None:
    done = visits(MAX, "#termin Fr 11:00", closed()).decide()
    assert (done.ticket().status, kinds(done)[LENA]) == (Status.OPEN, "appointment")


def test_closing_cancels_the_appointment(subtests: pytest.Subtests) -> None:
    for writer in [MAX, LENA]:
        for line in ["#close", "#erledigt", "#résolu"]:
            with subtests.test(writer=writer, line=line):
                done = answers(writer, VISITED, line).decide()
                assert kinds(done) == {LENA: "appointment_cancelled", MAX: "appointment_cancelled"}
                assert (done.ticket().appointment, done.ticket().appointment_revision) == (None, 2)
                assert all(n.appointment == APPOINTMENT for n in calendar_mails(done).values())
                assert writer == LENA or (LENA, "closed") in done.notified


def test_handing_a_ticket_over_cancels_the_appointment(subtests: pytest.Subtests) -> None:
    for line in ["#escalate", "#move HBG", "#merge 12"]:
        with subtests.test(line=line):
            case = answers(TONI if "move" in line else MAX, VISITED, line).proven()
            done = case.with_facts(ticket(12), numbers_elsewhere={"HBG": 7}).decide()
            assert kinds(done) == {LENA: "appointment_cancelled", MAX: "appointment_cancelled"}
            assert {n.ticket and n.ticket.school for n in calendar_mails(done).values()} == {"GYM"}


def test_sender_of_spam_is_not_notified_of_a_cancelled_appointment() -> None:
    done = answers(MAX, VISITED, "#spam").decide()
    assert any(isinstance(effect, SetBlocked) for effect in done.effects)
    assert kinds(done) == {MAX: "appointment_cancelled"}


def test_appointment_that_has_begun_is_not_cancelled() -> None:
    begun = replace(VISITED, appointment=replace(APPOINTMENT, begin=NOW))
    assert kinds(answers(MAX, begun, "#close").decide()) == {}


def test_closing_by_time_cancels_the_appointment() -> None:
    waiting = replace(VISITED, status=Status.WAITING, due=None, opened=NOW - timedelta(days=60))
    decision = decide_timer(
        TimerContext(waiting, GYM, replace(POLICY, times=replace(POLICY.times, wait_reminder_days=0)), NOW)
    )
    assert decision is not None
    found = {e.notification.to.email: e.notification.kind.value for e in decision.effects
             if isinstance(e, Notify) and e.notification.kind in CALENDAR}  # fmt: skip
    assert found == {LENA: "appointment_cancelled", MAX: "appointment_cancelled"}


def test_assignee_is_reminded_when_the_appointment_begins_and_not_before() -> None:
    old = replace(VISITED, opened=NOW - timedelta(days=60))
    assert decide_timer(TimerContext(old, GYM, POLICY, BEGIN - timedelta(minutes=1))) is None
    decision = decide_timer(TimerContext(old, GYM, POLICY, BEGIN))
    assert decision is not None
    (notification,) = [e.notification for e in decision.effects if isinstance(e, Notify)]
    assert (notification.to.email, notification.kind) == (MAX, NotificationKind.REMINDER)


def test_new_assignee_is_invited_and_the_former_one_no_longer() -> None:
    done = answers(MAX, VISITED, "#assign Erika").decide()
    assert kinds(done) == {MAX: "appointment_cancelled", ERIKA: "appointment"}
    assert (ERIKA, "assigned") in done.notified
    assert done.ticket().appointment_revision == 2


def test_new_requester_is_invited_and_the_former_one_no_longer() -> None:
    done = answers(MAX, VISITED, "#für olga@schule.example").decide()
    assert kinds(done) == {LENA: "appointment_cancelled", "olga@schule.example": "appointment"}


def test_requester_that_is_a_list_is_not_invited() -> None:
    case = visits(MAX, "#termin Fr 11:00").with_facts(from_lists=frozenset({"GYM-1"}))
    assert set(kinds(case.decide())) == {MAX}


def test_supporter_with_a_problem_of_their_own_is_invited_once() -> None:
    mine = ticket(requester=Address(MAX_AT_HOME), assignee=Address(MAX))
    assert set(kinds(visits(ERIKA, "#termin Fr 11:00", mine).decide())) == {MAX_AT_HOME}


def test_cancellation_says_whether_the_appointment_takes_place_without_its_recipient() -> None:
    assert calendar_mails(answers(MAX, VISITED, "#assign Erika").decide())[MAX].reason == "not-invited"
    change = Change(MAX, NOW - timedelta(hours=1), replace(VISITED, appointment=OVER))
    undone = answers(MAX, VISITED, "#undo").with_facts(changes={"GYM-1": change}).decide()
    assert {n.to.email: n.reason for n in calendar_mails(undone).values()} == {LENA: "", MAX: ""}


def test_undo_of_a_visit_cancels_it(subtests: pytest.Subtests) -> None:
    for line in ["#undo", "#rückgängig", "#annuler"]:
        with subtests.test(line=line):
            sent = (
                SentNotification(Address(LENA), Role.REQUESTER, NotificationKind.APPOINTMENT),
                SentNotification(Address(ERIKA), Role.SUPPORTER, NotificationKind.ASSIGNED_INFO),
            )
            change = Change(MAX, NOW - timedelta(hours=1), replace(VISITED, appointment=None, due=None), sent)
            done = answers(MAX, VISITED, line).with_facts(changes={"GYM-1": change}).decide()
            assert done.notified == {
                (LENA, "appointment_cancelled"),
                (MAX, "appointment_cancelled"),
                (ERIKA, "undone"),
                (MAX, "command_receipt"),
            }
            assert (done.ticket().appointment, done.ticket().due) == (None, None)
            assert done.ticket().appointment_revision == 2


def test_undo_of_closing_restores_the_appointment_as_a_later_revision() -> None:
    sent = (SentNotification(Address(LENA), Role.REQUESTER, NotificationKind.CLOSED),)
    present = replace(closed(), assignee=Address(MAX), appointment_revision=2)
    change = Change(MAX, NOW - timedelta(hours=1), replace(VISITED, appointment_revision=2), sent)
    done = answers(MAX, present, "#undo").with_facts(changes={"GYM-1": change}).decide()
    assert {(LENA, "appointment"), (MAX, "appointment"), (LENA, "undone")} <= done.notified
    assert (done.ticket().appointment, done.ticket().appointment_revision) == (APPOINTMENT, 3)
