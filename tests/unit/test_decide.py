"""Commands by mail: their changes and notifications, and the mails that are refused as a whole."""

from datetime import UTC, date, datetime

import pytest

from mailbot.core.model.effects import AddMessage, Assign, LearnName, SetLevel, SetPriority, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Priority, Status, Ticket
from tests.support.scenario import (
    ERIKA,
    EVE,
    HANNA,
    HBG,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    TINA,
    TONI,
    answers,
    assigned,
    closed,
    ticket,
    writes,
)

EVERYBODY = (LENA, KARL, MAX, TONI, EVE)
LINES = (
    "close", "escalate", "return", "reopen", "take", "assign Erika", "priority high", "wait", "remind 1.12.",
    "note Nur für uns.", "show", "list", "help", "confirm",
)  # fmt: skip
DATES = {"1.12.": date(2026, 12, 1), "1.12": date(2026, 12, 1), "Freitag": date(2026, 11, 27)}


def test_mail_with_one_wrong_command_changes_nothing_and_is_returned_to_its_writer(
    subtests: pytest.Subtests,
) -> None:
    for writer in EVERYBODY:
        with subtests.test(writer=writer):
            mistyped = "clsoe" if writer in (LENA, KARL, EVE) else "blumenkohl"
            for line in LINES:
                done = answers(writer, ticket(), f"Bitte sehr.\n#{line}\n#{mistyped}").decide()
                assert (done.outcome, done.changes) == ("refused", ()), line
                assert done.notified == {(writer, "refusal")}, line
                assert "Bitte sehr." in done.notification(writer).text, line


def test_confirmation_is_refused_where_no_mail_is_held(subtests: pytest.Subtests) -> None:
    for writer in EVERYBODY:
        with subtests.test(writer=writer):
            assert answers(writer, ticket(), "#confirm").decide().outcome == "refused"


FRIDAY = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
CHANGES: list[tuple[str, str, Ticket, dict[str, object], set[tuple[str, str]]]] = [
    ("#close", MAX, ticket(), {"status": "closed", "assignee": MAX}, {(LENA, "closed"), (KARL, "closed"),
     (ERIKA, "closed_team")}),
    ("#close", MAX, assigned(MAX), {"status": "closed", "assignee": MAX},
     {(LENA, "closed"), (KARL, "closed")}),
    ("#close", MAX, assigned(ERIKA), {"status": "closed", "assignee": ERIKA},
     {(LENA, "closed"), (KARL, "closed"), (ERIKA, "closed_team")}),
    ("#close", MAX, closed(), {"status": "closed", "assignee": None}, set()),
    ("#close", TONI, ticket(level=2), {"status": "closed", "assignee": TONI}, {(LENA, "closed"),
     (KARL, "closed"), (TINA, "closed_team"), (MAX, "closed_team"), (ERIKA, "closed_team")}),
    ("#close", LENA, ticket(), {"status": "closed", "assignee": None}, {(MAX, "closed_team"),
     (ERIKA, "closed_team")}),
    ("#close", LENA, assigned(MAX), {"status": "closed", "assignee": MAX}, {(MAX, "closed_team")}),
    ("#escalate", MAX, assigned(MAX), {"level": 2, "status": "open", "assignee": None},
     {(LENA, "escalated_requester"), (KARL, "escalated_requester"), (TONI, "escalated_second_level"),
      (TINA, "escalated_second_level"), (ERIKA, "escalated_team")}),
    ("#escalate", MAX, closed(), {"level": 2, "status": "open", "assignee": None},
     {(LENA, "escalated_requester"), (KARL, "escalated_requester"), (TONI, "escalated_second_level"),
      (TINA, "escalated_second_level"), (ERIKA, "escalated_team")}),
    ("#escalate", MAX, ticket(level=2), {"level": 2}, set()),
    ("#return", TONI, assigned(TONI, level=2), {"level": 1, "status": "open", "assignee": None},
     {(MAX, "returned"), (ERIKA, "returned")}),
    ("#return", TONI, ticket(), {"level": 1}, set()),
    ("#reopen", MAX, closed(), {"status": "open", "closed": None}, {(LENA, "reopened"), (KARL, "reopened"),
     (ERIKA, "reopened")}),
    ("#reopen", LENA, closed(), {"status": "open"}, {(MAX, "reopened"), (ERIKA, "reopened")}),
    ("#reopen", MAX, ticket(), {"status": "open"}, set()),
    ("#take", MAX, ticket(), {"assignee": MAX}, {(ERIKA, "assigned_info")}),
    ("#take", MAX, assigned(ERIKA), {"assignee": MAX}, {(ERIKA, "assigned_info")}),
    ("#take", MAX, assigned(MAX), {"assignee": MAX}, set()),
    ("#take", TONI, ticket(level=2), {"assignee": TONI, "level": 2}, {(TINA, "assigned_info")}),
    ("#assign Erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign Erika", MAX, assigned(MAX), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign Muster, Erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign @erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    (f"#assign {TONI}", MAX, ticket(), {"assignee": TONI}, {(TONI, "assigned"), (ERIKA, "assigned_info")}),
    (f"#assign {MAX_AT_HOME}", ERIKA, ticket(), {"assignee": MAX}, {(MAX, "assigned")}),
    ("#wait", MAX, assigned(MAX), {"status": "waiting", "due": None}, {(LENA, "waiting"), (KARL, "waiting")}),
    ("#wait", MAX, closed(), {"status": "waiting", "closed": None},
     {(LENA, "waiting"), (KARL, "waiting"), (ERIKA, "reopened")}),
    ("#warten", TONI, assigned(TONI, level=2), {"status": "waiting", "level": 2},
     {(LENA, "waiting"), (KARL, "waiting")}),
    ("#wait", MAX, ticket(status=Status.WAITING), {"status": "waiting"}, set()),
    ("#remind Freitag", MAX, ticket(), {"status": "open", "due": FRIDAY, "assignee": None}, set()),
    ("#remind Freitag", MAX, ticket(status=Status.WAITING), {"status": "waiting", "due": FRIDAY}, set()),
    ("#remind Freitag", MAX, ticket(due=FRIDAY), {"due": FRIDAY}, set()),
    ("#remind Freitag", MAX, closed(), {"status": "open", "due": FRIDAY},
     {(LENA, "reopened"), (KARL, "reopened"), (ERIKA, "reopened")}),
    ("#priority dringend", MAX, ticket(), {"priority": "urgent"}, set()),
    ("#priority high", MAX, ticket(priority=Priority.HIGH), {"priority": "high"}, set()),
]  # fmt: skip


def test_command_changes_the_ticket_notifies_people_and_gets_a_receipt(subtests: pytest.Subtests) -> None:
    for line, writer, before, after, notified in CHANGES:
        with subtests.test(line=line, writer=writer):
            done = answers(writer, before, line).with_facts(dates=DATES).decide()
            stands = done.ticket()
            found = {
                name: getattr(stands, name).email
                if name == "assignee" and stands.assignee
                else getattr(stands, name)
                for name in after
            }
            assert found == after
            assert done.notified == notified | {(writer, "command_receipt")}
            assert done.messages == []
            (row,) = done.notification(writer, NotificationKind.COMMAND_RECEIPT).done
            assert {person.email for person in row.notified} == {to for to, kind in notified}
            assert row.already == (done.changes == ())
            assert row.ticket == done.ticket()


def test_one_line_closes_several_tickets() -> None:
    known = [ticket(n, requester=person, cc=()) for n, person in enumerate(_people(3), 12)]
    done = (
        writes(MAX, "Strom ist wieder da.\n#close 12, 13 und GYM-14")
        .answering(None)
        .with_facts(*known)
        .decide()
    )
    assert [done.ticket(t.key).status for t in known] == [Status.CLOSED] * 3
    assert {to for to, kind in done.notified if kind == "closed"} == {p.email for p in _people(3)}
    assert len(done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done) == 3
    assert [m.text for m in done.messages] == ["Strom ist wieder da."] * 3


def _people(count: int) -> list[Address]:
    return [Address(f"t{n}@schule.example") for n in range(count)]


def test_one_wrong_number_among_several_closes_no_ticket() -> None:
    done = writes(MAX, "#close 12 13").answering(None).with_facts(ticket(12)).decide()
    assert (done.outcome, done.changes, done.reasons) == ("refused", (), [Reason.NO_SUCH_TICKET])


def test_command_without_number_applies_to_the_tickets_of_the_other_lines() -> None:
    done = writes(MAX, "#close 12\n#priority low").answering(None).with_facts(ticket(12)).decide()
    assert done.ticket("GYM-12").priority is Priority.LOW


def test_command_without_any_ticket_is_refused() -> None:
    assert writes(MAX, "#close").answering(None).decide().reasons == [Reason.NO_TICKET]


def test_ticket_of_the_mail_is_unchanged_when_a_command_names_another() -> None:
    done = answers(MAX, ticket(), "#close 14").proven().with_facts(ticket(14)).decide()
    assert (done.ticket().status, done.ticket("GYM-14").status) == (Status.OPEN, Status.CLOSED)


CONTRADICTIONS = [
    ("#close\n#escalate", MAX, 1),
    ("#close\n#reopen", MAX, 1),
    ("#escalate\n#take", MAX, 1),
    ("#return\n#take", TONI, 2),
    ("#take\n#assign Erika", MAX, 1),
    ("#assign Max\n#assign Erika", TONI, 1),
    ("#priority low\n#priority high", MAX, 1),
    ("#close\n#wait", MAX, 1),
    ("#remind 1.12.\n#remind Freitag", MAX, 1),
    ("#close 1\n#escalate 1", MAX, 1),
]


def test_contradicting_commands_are_refused(subtests: pytest.Subtests) -> None:
    for lines, writer, level in CONTRADICTIONS:
        with subtests.test(lines=lines):
            done = answers(writer, ticket(level=level), lines).with_facts(dates=DATES).decide()
            assert (done.changes, done.reasons) == ((), [Reason.AMBIGUOUS])


def test_compatible_commands_are_executed(subtests: pytest.Subtests) -> None:
    for lines in ["#close\n#escalate 14", "#close\n#close", "#close\n#close 1", "#take\n#close"]:
        with subtests.test(lines=lines):
            assert answers(MAX, ticket(), lines).proven().with_facts(ticket(14)).decide().outcome == "command"


def test_command_written_twice_is_executed_once() -> None:
    done = answers(MAX, ticket(), "#close\n#schließen\n#close 1").decide()
    assert [type(e) for e in done.changes] == [SetStatus, Assign]
    assert [row.already for row in done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done] == [False]


@pytest.mark.parametrize("lines", ["#escalate\n#assign Toni", "#assign Toni\n#escalate"])
def test_assignment_with_an_escalation_works_in_either_order(lines: str) -> None:
    after = answers(MAX, ticket(), lines).decide().ticket()
    assert (after.level, after.assignee.email if after.assignee else None) == (2, TONI)


WRONG = [
    ("#close Beamer", Reason.ARGUMENT),
    ("#close 99", Reason.NO_SUCH_TICKET),
    ("#assign", Reason.ARGUMENT),
    ("#assign 12", Reason.ARGUMENT),
    ("#assign Niemand", Reason.ARGUMENT),
    ("#assign Hanna", Reason.ARGUMENT),
    ("#priority", Reason.ARGUMENT),
    ("#priority sehr", Reason.ARGUMENT),
    ("#remind", Reason.ARGUMENT),
    ("#remind demnächst", Reason.ARGUMENT),
    ("#remind Freitag #99", Reason.ARGUMENT),
    ("#list manche", Reason.ARGUMENT),
    ("#list open closed", Reason.ARGUMENT),
    ("#help me", Reason.ARGUMENT),
    ("#blumenkohl", Reason.UNKNOWN),
    ("#confirm", Reason.FORBIDDEN),
    ("#assign m", Reason.ARGUMENT),
]


def test_wrong_argument_is_refused_with_its_reason(subtests: pytest.Subtests) -> None:
    for line, reason in WRONG:
        with subtests.test(line=line):
            done = answers(MAX, ticket(), f"Danke.\n{line}\n#take").decide()
            assert (done.changes, done.reasons) == ((), [reason])
            assert done.notified == {(MAX, "refusal")}


def test_ambiguous_name_is_refused() -> None:
    two = ticket()
    case = answers(MAX, two, "#assign Toni")
    case = case.with_facts(names={TONI: "Toni T.", TINA: "Toni Tina"})
    assert case.decide().reasons == [Reason.AMBIGUOUS]


@pytest.mark.parametrize(("typed", "meant"), [("#clsoe", "close"), ("#schliesn", "schließen")])
def test_refusal_of_a_near_miss_suggests_the_nearest_command(typed: str, meant: str) -> None:
    (problem,) = answers(MAX, ticket(), typed).decide().notification(MAX).problems
    assert (problem.reason, problem.nearest) == (Reason.UNKNOWN, meant)


def test_supporter_cannot_change_the_tickets_of_another_school() -> None:
    foreign = ticket(3, "HBG", requester=_people(1)[0], cc=())
    unknown = answers(MAX, ticket(), "#close HBG-4").decide().notification(MAX).problems
    known = answers(MAX, ticket(), "#close HBG-3").with_facts(foreign).decide().notification(MAX).problems
    assert [p.reason for p in known] == [p.reason for p in unknown] == [Reason.NO_SUCH_TICKET]


def test_second_level_works_on_the_tickets_of_every_school() -> None:
    foreign = ticket(3, "HBG", cc=())
    done = answers(TONI, ticket(level=2), "#close HBG-3").proven().with_facts(foreign).decide()
    assert done.ticket("HBG-3").status is Status.CLOSED


def test_bare_number_names_a_ticket_of_the_school_that_received_the_mail() -> None:
    known = ticket(3, "HBG", cc=())
    done = writes(TONI, "#close 3", school=HBG).answering(None).with_facts(known, ticket(3)).decide()
    assert (done.ticket("HBG-3").status, done.ticket("GYM-3").status) == (Status.CLOSED, Status.OPEN)


def test_ticket_is_assigned_only_to_a_member_of_its_teams() -> None:
    foreign = ticket(3, "HBG", cc=())
    case = writes(TONI, "#assign Hanna HBG-3 GYM-1").answering(None).with_facts(foreign, ticket())
    assert case.decide().reasons == [Reason.ARGUMENT]
    case = writes(TONI, "#assign Hanna HBG-3").answering(None).with_facts(foreign)
    assert case.decide().notified >= {(HANNA, "assigned")}


def test_member_is_the_same_person_at_every_address() -> None:
    done = writes(MAX_AT_HOME, "#take").answering(ticket(), to=MAX).decide()
    assert done.notified == {(ERIKA, "assigned_info"), (MAX, "command_receipt")}
    assert done.ticket().assignee is not None
    assert done.ticket().assignee.email == MAX  # type: ignore[union-attr]


def test_name_in_a_trusted_mail_of_staff_is_stored_for_the_registered_address() -> None:
    case = writes(MAX_AT_HOME, "#take", name="Max M.").answering(ticket(), to=MAX)
    (learnt,) = [e for e in case.decide().effects if isinstance(e, LearnName)]
    assert (learnt.address.email, learnt.address.name) == (MAX, "Max M.")


def test_command_in_front_of_the_old_subject_is_executed() -> None:
    case = answers(MAX, ticket(), "Kabel getauscht.").with_mail(subject="#close Re: [#GYM-1] Beamer defekt")
    done = case.decide()
    assert done.ticket().status is Status.CLOSED
    assert done.notification(LENA).text == "Kabel getauscht."


def test_every_change_of_a_ticket_is_a_separate_effect() -> None:
    done = answers(MAX, ticket(), "Bitte.\n#escalate\n#priority high").decide()
    assert [type(e) for e in done.changes] == [AddMessage, SetLevel, Assign, SetPriority]


def test_question_is_sent_with_its_text_and_makes_the_writer_the_assignee() -> None:
    done = answers(MAX, ticket(), "In welchem Raum?\n#rückfrage").decide()
    assert done.notification(LENA).text == "In welchem Raum?"
    assert (done.notification(LENA).kind, done.ticket().assignee) == (
        NotificationKind.WAITING,
        Address(MAX, "Max Mustermann"),
    )
    assert done.notified >= {(ERIKA, "assigned_info")}


def test_question_about_a_waiting_ticket_is_sent_as_an_answer() -> None:
    done = answers(MAX, ticket(status=Status.WAITING), "Und welches Gerät?\n#wait").decide()
    assert done.notified == {
        (LENA, "answer"),
        (KARL, "answer"),
        (ERIKA, "assigned_info"),
        (MAX, "command_receipt"),
    }


def test_answer_to_a_question_opens_the_ticket() -> None:
    done = answers(LENA, ticket(status=Status.WAITING, assignee=Address(MAX)), "In 204.").decide()
    assert done.ticket().status is Status.OPEN
    assert done.notified == {(MAX, "requester_reply")}


def test_snooze_is_refused_for_a_day_not_within_the_next_two_years(subtests: pytest.Subtests) -> None:
    for name, day in [("today", date(2026, 11, 23)), ("past", date(2026, 11, 20)), ("far", date(2029, 1, 1))]:
        with subtests.test(name):
            done = answers(MAX, ticket(), "#remind irgendwann").with_facts(dates={"irgendwann": day}).decide()
            assert (done.changes, done.reasons) == ((), [Reason.ARGUMENT])
            assert done.notification(MAX).problems[0].expected == "#wiedervorlage morgen"


def test_snooze_until_a_day_off_ends_on_the_next_working_morning() -> None:
    saturday = {"Samstag": date(2026, 11, 28)}
    done = answers(MAX, ticket(), "#remind Samstag").with_facts(dates=saturday).decide()
    assert done.ticket().due == datetime(2026, 11, 30, 7, 30, tzinfo=UTC)


def test_one_line_snoozes_several_tickets() -> None:
    case = writes(MAX, "#remind Freitag #12 und GYM-13").answering(None)
    done = case.with_facts(ticket(12), ticket(13), dates=DATES).decide()
    assert [done.ticket(key).due for key in ("GYM-12", "GYM-13")] == [FRIDAY] * 2


def test_number_in_a_date_is_not_a_ticket() -> None:
    case = writes(MAX, "#remind in 3 Tagen").answering(None)
    done = case.with_facts(ticket(3), dates={"in 3 Tagen": date(2026, 11, 26)}).decide()
    assert (done.changes, done.reasons) == ((), [Reason.NO_TICKET])
