"""A mail and a timer with the same effect notify the same people."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.model.effects import Notify
from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence, Member, Policy, Team, Times, effective_member
from mailbot.core.model.ticket import Attachment, Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.recipients.recipients import assignees, split_attachments
from mailbot.core.recipients.ticket_change import TicketChange
from mailbot.core.timers.digest import decide_digest
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    GYM,
    HANNA,
    KARL,
    LENA,
    MAX,
    NOW,
    POLICY,
    TINA,
    TONI,
    MailScenario,
    answers,
    assigned,
    ticket,
)

UNTOUCHED = ticket(opened=NOW - timedelta(days=60))
UNTIL = date(2026, 12, 1)
HOURS = replace(POLICY, times=Times(escalate_hours=40))
IN_BOTH_TEAMS = replace(
    HOURS, second_level=replace(HOURS.second_level, members=(Member(TONI), Member(MAX, "Max Mustermann")))
)


def away(**deputies: str) -> dict[str, Absence]:
    addresses = {"max": MAX, "erika": ERIKA, "toni": TONI, "tina": TINA}
    return {addresses[name]: Absence(UNTIL, deputy) for name, deputy in deputies.items()}


PHOTO = Attachment("2", "foto.png", "image/png", 1_000, raw=7)
VIRUS = replace(PHOTO, filename="virus.exe", danger=Danger.PROGRAM)
HISTORY = (
    Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Dunkel.", EARLIER, attachments=(PHOTO, VIRUS)),
    Message(Direction.OUT, Visibility.INTERNAL, Address(MAX), "Lampe?", EARLIER),
    Message(Direction.IN, Visibility.SYSTEM, Address(LENA), "Abwesend.", EARLIER),
)

ESCALATIONS: list[tuple[str, Ticket, dict[str, Absence], Policy]] = [
    ("plain", UNTOUCHED, {}, HOURS),
    ("nobody in cc", replace(UNTOUCHED, cc=()), {}, HOURS),
    ("a colleague has it", replace(UNTOUCHED, assignee=Address(MAX)), {}, HOURS),
    ("the requester is a supporter", replace(UNTOUCHED, requester=Address(MAX)), {}, HOURS),
    ("a technician is in cc", replace(UNTOUCHED, cc=(Address(TONI),)), {}, HOURS),
    ("a supporter is away", UNTOUCHED, away(max=""), HOURS),
    ("a technician is away", UNTOUCHED, away(toni=TINA), HOURS),
    ("a technician stands in for a supporter", UNTOUCHED, away(max=TONI), HOURS),
    ("second level is away", UNTOUCHED, away(toni="", tina=""), HOURS),
    ("everybody is away", UNTOUCHED, away(max=ERIKA, erika=MAX, toni="", tina=TONI), HOURS),
    ("a member of both teams", UNTOUCHED, {}, IN_BOTH_TEAMS),
]


def by_mail(about: Ticket, absences: dict[str, Absence], policy: Policy) -> list[Notification]:
    """Return the notifications of `#escalate` by Erika, without her receipt."""
    case: MailScenario = replace(answers(ERIKA, about, "#escalate"), policy=policy)
    outcome = case.with_facts(absences=absences, histories={about.key: HISTORY}).decide()
    return [n for n in outcome.notifications if n.kind is not NotificationKind.COMMAND_RECEIPT]


def by_timer(about: Ticket, absences: dict[str, Absence], policy: Policy) -> list[Notification]:
    decision = decide_timer(TimerContext(about, GYM, policy, NOW, {}, HISTORY, absences))
    assert decision is not None
    assert decision.outcome == "escalated"
    return [effect.notification for effect in decision.effects if isinstance(effect, Notify)]


def test_timer_escalates_with_the_same_notifications_as_the_command(subtests: pytest.Subtests) -> None:
    for name, about, absences, policy in ESCALATIONS:
        with subtests.test(name):
            mail, timer = by_mail(about, absences, policy), by_timer(about, absences, policy)
            assert {n.author and n.author.email for n in mail} == {ERIKA}
            assert [replace(n, author=None) for n in mail] == [n for n in timer if n.to.email != ERIKA]
            assert len({n.to.email for n in timer}) == len(timer), "notified twice"


def test_escalation_sends_the_history_and_its_harmless_files_to_second_level() -> None:
    (toni,) = [n for n in by_timer(UNTOUCHED, {}, HOURS) if n.to.email == TONI]
    assert (toni.kind, toni.history) == (NotificationKind.ESCALATED_SECOND_LEVEL, HISTORY)
    assert (toni.attachments, toni.listed) == ((PHOTO,), (VIRUS,))


WHO_IS_REMINDED: list[tuple[str, Ticket, dict[str, Absence], set[str]]] = [
    ("nobody has it", ticket(), {}, {MAX, ERIKA}),
    ("the assignee", assigned(MAX), {}, {MAX}),
    ("the deputy", assigned(MAX), away(max=ERIKA), {ERIKA}),
    ("the team of somebody away", assigned(MAX), away(max=""), {ERIKA}),
    ("the team of somebody who left", assigned(LENA), {}, {MAX, ERIKA}),
    ("second level", ticket(level=2), {}, {TONI, TINA}),
    ("a supporter with a ticket of second level", assigned(MAX, level=2), {}, {MAX}),
    ("all if nobody is present", assigned(MAX), away(max=ERIKA, erika=MAX), {MAX, ERIKA}),
]


def test_reminder_is_sent_to_the_recipients_of_a_reply(subtests: pytest.Subtests) -> None:
    for name, about, absences, expected in WHO_IS_REMINDED:
        with subtests.test(name):
            reply = answers(LENA, about, "Noch immer dunkel.").with_facts(absences=absences).decide()
            recipients = {to for to, kind in reply.notified if kind == NotificationKind.REQUESTER_REPLY}
            overdue = replace(about, opened=UNTOUCHED.opened)
            decision = decide_timer(TimerContext(overdue, GYM, POLICY, NOW, {}, HISTORY, absences))
            assert decision is not None
            reminders = [effect.notification for effect in decision.effects if isinstance(effect, Notify)]
            assert {n.to.email for n in reminders} == recipients == expected
            assert {n.history for n in reminders} == {HISTORY[1:2]}, "the last message of a person"


PEOPLE = tuple(f"p{n}@x.example" for n in range(6))
ABSENCES = st.dictionaries(
    st.sampled_from(PEOPLE), st.builds(Absence, st.just(UNTIL), st.sampled_from(("", *PEOPLE)))
)
TEAMS = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True).map(
    lambda people: Team("Team", tuple(map(Member, people)))
)


@given(TEAMS, TEAMS, ABSENCES, st.sampled_from(PEOPLE), st.sampled_from((1, 2)))
def test_absent_member_is_notified_only_if_no_member_is_present(
    first: Team, second: Team, absences: dict[str, Absence], assignee: str, level: int
) -> None:
    school = replace(GYM, team=first)
    policy = Policy("Support", (school,), second)
    about = assigned(assignee, level)
    change = TicketChange(about, about, school, policy, absences, {}, NOW, None)
    recipients = [to.email for to, _ in assignees(change, about)]
    assert recipients
    if not absences.keys().isdisjoint(recipients):
        team, staff = second if level == 2 else first, (*first.members, *second.members)
        assert not any(effective_member(member, absences, staff) for member in team.members)
        assert recipients == [member.address for member in team.members]


def test_closing_by_a_timer_says_that_no_answer_arrived() -> None:
    waiting = replace(UNTOUCHED, status=Status.WAITING)
    decision = decide_timer(
        TimerContext(waiting, GYM, replace(POLICY, times=Times(wait_reminder_days=0)), NOW)
    )
    assert decision is not None
    recipients = [
        (e.notification.to.email, e.notification.kind) for e in decision.effects if isinstance(e, Notify)
    ]
    assert recipients == [(LENA, NotificationKind.CLOSED_WAITING), (KARL, NotificationKind.CLOSED_WAITING)]


HAS_IT: list[tuple[str, Ticket, dict[str, Absence], set[str]]] = [
    ("nobody", UNTOUCHED, {}, {MAX, ERIKA}),
    ("a member", replace(UNTOUCHED, assignee=Address(MAX)), {}, {MAX}),
    ("a deputy", replace(UNTOUCHED, assignee=Address(MAX)), away(max=ERIKA), {ERIKA}),
    ("a deputy of another team", replace(UNTOUCHED, assignee=Address(MAX)), away(max=TONI), {ERIKA}),
    ("a technician", replace(UNTOUCHED, assignee=Address(TONI)), {}, set()),
    ("a supporter of another school", replace(UNTOUCHED, assignee=Address(HANNA)), {}, {MAX, ERIKA}),
]


def test_digest_shows_a_ticket_to_its_assignee_or_to_the_team(subtests: pytest.Subtests) -> None:
    for name, about, absences, expected in HAS_IT:
        with subtests.test(name):
            decision = decide_digest(GYM.team, Role.SUPPORTER, [about], POLICY, NOW, {}, absences)
            assert {
                effect.notification.to.email for effect in decision.effects if isinstance(effect, Notify)
            } == expected


def test_dangerous_or_too_large_file_is_listed_but_not_sent() -> None:
    small, large = replace(PHOTO, size=3), replace(PHOTO, size=9)
    assert split_attachments((VIRUS, small, large, small), 6) == ((small, small), (VIRUS, large))


def test_support_address_in_cc_is_not_notified() -> None:
    about = ticket(cc=(Address(GYM.address), Address(KARL)))
    assert {(LENA, "answer"), (KARL, "answer")} <= answers(MAX, about, "Läuft wieder.").decide().notified
    assert GYM.address not in {to for to, _ in answers(MAX, about, "Läuft wieder.").decide().notified}
