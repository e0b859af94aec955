"""Timers of a ticket and the digest, by working hours."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import Assign, Decision, Notify, SetLevel, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence, Member, Policy, School, Team, Times
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
    ReminderStage,
    Role,
    Status,
    Ticket,
    Visibility,
    WaitState,
)
from mailbot.core.model.transition import apply
from mailbot.core.timers.digest import decide_digest, digest_slot
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer, next_check

BERLIN = ZoneInfo("Europe/Berlin")
LENA, RAINER = Address("lena@schule.example", "Lena"), Address("rektor@schule.example")
MAX, ERIKA, TONI = (Address(f"{name}@support.example", name.title()) for name in ("max", "erika", "toni"))
HOLIDAYS = frozenset({date(2026, 12, 22) + timedelta(days=n) for n in range(16)})
TEAM = Team(
    "Team", (Member(MAX.email, "Max"), Member(ERIKA.email)), Calendar(closed=HOLIDAYS, timezone=BERLIN)
)
SECOND = Team("Technik", (Member(TONI.email),), Calendar(timezone=BERLIN))
SCHOOL = School("GYM", "Gymnasium", "support@schule.example", TEAM)
POLICY = Policy("Support", (SCHOOL,), SECOND, times=Times(escalate_hours=40))
MONDAY = datetime(2026, 11, 23, 9, tzinfo=BERLIN)
NEW = Ticket("GYM", 1, "Beamer", LENA, MONDAY, MONDAY, cc=(RAINER,))
TAKEN = replace(NEW, assignee=MAX, wait=WaitState(MONDAY, awaiting_staff=False))
WAITING = replace(TAKEN, status=Status.WAITING)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def decided(ticket: Ticket, now: datetime, policy: Policy = POLICY) -> Decision | None:
    return decide_timer(TimerContext(ticket, SCHOOL, policy, now, {ERIKA.email: "Erika"}))


def notices_of(decision: Decision | None) -> list[Notification]:
    return [e.notification for e in decision.effects if isinstance(e, Notify)] if decision else []


def kinds(decision: Decision | None) -> list[tuple[str, str]]:
    return [(notice.kind.value, notice.to.email.partition("@")[0]) for notice in notices_of(decision)]


def live(
    ticket: Ticket, until: datetime, policy: Policy = POLICY
) -> list[tuple[datetime, list[tuple[str, str]]]]:
    """Let time pass with a check at each `next_check`; return who got which notification, and when."""
    passing = TimerContext(ticket, SCHOOL, policy, ticket.opened)
    mails = []
    while (now := next_check(passing)) is not None and now < until:
        passing = replace(passing, now=now)
        decision = decide_timer(passing)
        if decision is not None:
            before, effects = passing.ticket, decision.effects
            passing = replace(passing, ticket=apply(before, effects, now))
            mails.append((now, kinds(decision)))
    return mails


def test_untouched_ticket_is_reminded_of_then_overdue_then_escalated() -> None:
    assert [(when, mails[0]) for when, mails in live(NEW, at("2026-12-02 12:00"))] == [
        (at("2026-11-24 08:30"), ("reminder", "max")),
        (at("2026-11-26 07:30"), ("overdue", "max")),
        (at("2026-11-27 15:00"), ("escalated_requester", "lena")),
        (at("2026-11-30 14:30"), ("reminder", "toni")),
    ]


def test_only_the_assignee_is_reminded() -> None:
    asked = replace(TAKEN, wait=WaitState(MONDAY))
    assert kinds(decided(asked, at("2026-11-24 08:30"))) == [("reminder", "max")]


def test_former_member_of_staff_is_not_an_assignee() -> None:
    left = replace(TAKEN, assignee=LENA, wait=WaitState(MONDAY))
    assert kinds(decided(left, at("2026-11-24 08:30"))) == [("reminder", "max"), ("reminder", "erika")]


def test_people_are_called_by_the_names_in_their_own_mails() -> None:
    assert [n.to.name for n in notices_of(decided(NEW, at("2026-11-24 08:30")))] == ["Max", "Erika"]


def test_touched_ticket_becomes_overdue_without_a_reminder() -> None:
    assert [notices_of for _, notices_of in live(TAKEN, at("2026-12-18 12:00"))] == [[("overdue", "max")]]


def test_nothing_happens_outside_working_hours(subtests: pytest.Subtests) -> None:
    for now in [
        "2026-11-24 16:00",
        "2026-11-24 23:00",
        "2026-11-25 07:29",
        "2026-11-28 12:00",
        "2026-12-22 10:00",
    ]:
        with subtests.test(now=now):
            assert decided(NEW, at(now)) is None
            look = next_check(TimerContext(NEW, SCHOOL, POLICY, at(now)))
            assert look is not None
            assert look > at(now)


def test_second_level_is_reminded_in_its_own_working_hours() -> None:
    up = replace(NEW, level=2, wait=WaitState(at("2026-12-21 15:00")))
    assert kinds(decided(up, at("2026-12-23 10:00"))) == [("reminder", "toni")]
    assert notices_of(decided(up, at("2026-12-23 10:00")))[0].role is Role.SECOND_LEVEL


def test_assignee_of_the_other_level_is_reminded_in_their_own_working_hours() -> None:
    taken = replace(TAKEN, level=2)  # the office works in the school holidays, Max does not
    holiday, school_day = at("2026-12-23 10:00"), at("2027-01-07 10:00")
    assert decided(replace(taken, wait=WaitState(at("2026-12-16 09:00"))), holiday) is None
    assert kinds(decided(replace(taken, wait=WaitState(at("2026-12-16 09:00"))), school_day)) == [
        ("overdue", "max")
    ]


def test_automatic_escalation_has_the_effects_of_the_command() -> None:
    photo = Attachment("2", "foto.png", "image/png", 1_000, raw=7)
    history = (Message(Direction.IN, Visibility.PUBLIC, LENA, "Dunkel.", MONDAY, attachments=(photo,)),)
    decision = decide_timer(TimerContext(NEW, SCHOOL, POLICY, at("2026-11-30 12:00"), {}, history))
    assert decision is not None
    assert decision.effects[:2] == (SetLevel("GYM-1", 2), Assign("GYM-1", None))
    assert kinds(decision) == [
        ("escalated_requester", "lena"),
        ("escalated_requester", "rektor"),
        ("escalated_second_level", "toni"),
        ("escalated_team", "max"),
        ("escalated_team", "erika"),
    ]
    to_second_level = notices_of(decision)[2]
    assert (to_second_level.history, to_second_level.attachments) == (history, (photo,))
    assert {notice.ticket.level for notice in notices_of(decision) if notice.ticket} == {2}


def test_no_ticket_is_escalated_automatically_by_default() -> None:
    policy = replace(POLICY, times=Times())
    assert [notices_of[0][0] for _, notices_of in live(NEW, at("2027-01-31 12:00"), policy)] == [
        "reminder",
        "overdue",
    ]


def test_no_ticket_is_escalated_while_second_level_is_closed() -> None:
    away = replace(SECOND, calendar=Calendar(closed=frozenset({date(2026, 11, 30)}), timezone=BERLIN))
    passing = TimerContext(NEW, SCHOOL, replace(POLICY, second_level=away), at("2026-11-30 12:00"))
    assert kinds(decide_timer(passing))[0][0] == "overdue"
    assert (
        next_check(replace(passing, ticket=replace(NEW, wait=WaitState(MONDAY, reminded_at=MONDAY))))
        is not None
    )


def test_requester_is_reminded_of_a_question_and_then_the_ticket_is_closed() -> None:
    assert live(WAITING, at("2027-03-01 12:00")) == [
        (at("2026-11-30 07:30"), [("wait_reminder", "lena")]),
        (at("2026-12-07 07:30"), [("closed_waiting", "lena"), ("closed_waiting", "rektor")]),
    ]


def test_list_that_is_the_requester_gets_no_mail_by_a_timer() -> None:
    reminded = replace(WAITING, wait=replace(WAITING.waits, stage=ReminderStage.REMINDED))
    for ticket, when in (
        (WAITING, "2026-12-01 10:00"),
        (reminded, "2026-12-08 10:00"),
        (NEW, "2026-12-14 10:00"),
    ):
        context = TimerContext(ticket, SCHOOL, POLICY, at(when), unread=True)
        decision = decide_timer(context)
        assert decision is not None
        assert LENA.email not in {note.to.email for note in notices_of(decision)}, decision.outcome


def test_school_holidays_do_not_count_as_time_to_answer() -> None:
    asked = replace(
        WAITING, opened=at("2026-12-18 14:00"), wait=WaitState(at("2026-12-18 14:00"), awaiting_staff=False)
    )
    assert [when.date() for when, _ in live(asked, at("2027-03-01 12:00"))] == [
        date(2027, 1, 12),
        date(2027, 1, 19),
    ]


def test_requester_reminded_late_has_the_same_days_left() -> None:
    late = replace(WAITING, wait=WaitState(MONDAY, awaiting_staff=False, reminded_at=at("2027-01-12 07:30")))
    reminded = replace(late, wait=replace(late.waits, stage=ReminderStage.REMINDED))
    assert decided(reminded, at("2027-01-18 12:00")) is None
    decision = decided(reminded, at("2027-01-19 12:00"))
    assert decision is not None
    assert decision.effects[0] == SetStatus("GYM-1", Status.CLOSED)


def test_reminder_repeats_the_question() -> None:
    history = (
        Message(Direction.OUT, Visibility.PUBLIC, ERIKA, "Welcher Raum?", MONDAY),
        Message(Direction.OUT, Visibility.INTERNAL, MAX, "Wohl 204.", MONDAY),
    )
    (notice,) = notices_of(
        decide_timer(TimerContext(WAITING, SCHOOL, POLICY, at("2026-12-01 10:00"), {}, history))
    )
    assert (notice.text, notice.author) == ("Welcher Raum?", ERIKA)


def test_ticket_is_snoozed_until_its_day_and_then_counts_as_untouched() -> None:
    rests = replace(TAKEN, due=at("2026-12-10 07:30"))
    mails = live(rests, at("2026-12-16 12:00"))
    assert mails[0] == (at("2026-12-10 07:30"), [("reminder", "max")])
    assert [notices_of[0][0] for _, notices_of in mails[1:]] == ["overdue"]


def test_due_day_of_a_waiting_ticket_reminds_staff_and_restarts_the_wait() -> None:
    rests = replace(WAITING, due=at("2026-12-03 07:30"))
    assert live(rests, at("2027-01-22 12:00")) == [
        (at("2026-12-03 07:30"), [("reminder", "max")]),
        (at("2026-12-10 07:30"), [("wait_reminder", "lena")]),
        (at("2026-12-17 07:30"), [("closed_waiting", "lena"), ("closed_waiting", "rektor")]),
    ]


def test_closed_ticket_has_no_next_check() -> None:
    closed = replace(NEW, status=Status.CLOSED, closed=MONDAY)
    assert next_check(TimerContext(closed, SCHOOL, POLICY, MONDAY)) is None
    assert decided(closed, at("2027-05-03 10:00")) is None


def test_zero_hours_or_days_switch_a_timer_off() -> None:
    never = replace(POLICY, times=Times(0, 0, 0, 0, 0, None))
    assert live(NEW, at("2027-06-01 12:00"), never) == []
    assert live(WAITING, at("2027-06-01 12:00"), never) == []


def digest(*tickets: Ticket, absences: Mapping[str, Absence] = MappingProxyType({})) -> dict[str, list[int]]:
    decision = decide_digest(TEAM, Role.SUPPORTER, tickets, POLICY, at("2026-11-25 07:30"), {}, absences)
    assert {notice.kind for notice in notices_of(decision)} <= {NotificationKind.DIGEST}
    return {n.to.email.partition("@")[0]: [t.number for t in n.tickets] for n in notices_of(decision)}


def test_digest_lists_unassigned_and_own_tickets_with_the_longest_wait_first() -> None:
    mine = replace(TAKEN, number=2, wait=WaitState(MONDAY - timedelta(days=3)))
    hers = replace(TAKEN, number=3, assignee=ERIKA)
    assert digest(NEW, mine, hers) == {"max": [2, 1], "erika": [1, 3]}


@pytest.mark.parametrize(
    ("absences", "expected"),
    [
        ({"max@support.example": "erika@support.example"}, {"erika": [2]}),
        ({"max@support.example": ""}, {"erika": [2]}),
        ({"erika@support.example": "max@support.example"}, {"max": [2]}),
        ({"max@support.example": "", "erika@support.example": ""}, {}),
    ],
    ids=["to-the-deputy", "to-the-team", "only-ones-own", "nobody-is-there"],
)
def test_absent_member_gets_no_digest_and_the_deputy_or_team_gets_their_tickets(
    absences: dict[str, str], expected: dict[str, list[int]]
) -> None:
    away = {person: Absence(date(2026, 11, 30), deputy) for person, deputy in absences.items()}
    assert digest(replace(TAKEN, number=2), absences=away) == expected


def test_digest_of_second_level_is_sorted_by_configured_school() -> None:
    env = replace(POLICY, schools=(replace(SCHOOL, key="RS2"), SCHOOL))
    first = replace(NEW, level=2, number=1, wait=WaitState(MONDAY))
    older = replace(NEW, level=2, number=2, wait=WaitState(MONDAY - timedelta(days=1)))
    other = replace(NEW, level=2, number=3, school="RS2")
    gone = replace(NEW, level=2, number=4, school="XYZ")
    decision = decide_digest(
        SECOND, Role.SECOND_LEVEL, (first, older, other, gone), env, at("2026-11-25 07:30"), {}, {}
    )
    assert [[t.number for t in notice.tickets] for notice in notices_of(decision)] == [[3, 2, 1]]


@pytest.mark.parametrize(
    "ticket",
    [
        replace(NEW, status=Status.CLOSED),
        replace(NEW, status=Status.WAITING),
        replace(NEW, due=at("2026-11-26 07:30")),
        replace(TAKEN, wait=WaitState(at("2026-11-24 15:00"), awaiting_staff=False)),
    ],
    ids=["closed", "waits", "rests", "just-touched"],
)
def test_no_digest_is_sent_without_tickets_to_work_on(ticket: Ticket) -> None:
    assert digest(ticket) == {}


@pytest.mark.parametrize(
    "ticket",
    [
        NEW,
        replace(TAKEN, wait=WaitState(at("2026-11-24 15:00"))),
        replace(
            TAKEN, due=at("2026-11-25 07:30"), wait=WaitState(at("2026-11-24 15:00"), awaiting_staff=False)
        ),
        TAKEN,
    ],
    ids=["nobodys", "reply", "due-today", "idle"],
)
def test_digest_is_sent_if_one_ticket_needs_attention(ticket: Ticket) -> None:
    assert digest(ticket).get("max") == [1]


MORNINGS = [
    ("early", "2026-11-25 07:29", None),
    ("begin", "2026-11-25 07:30", "2026-11-25"),
    ("late", "2026-11-25 11:29", "2026-11-25"),
    ("too-late", "2026-11-25 11:30", None),
    ("saturday", "2026-11-28 08:00", None),
    ("holidays", "2026-12-23 08:00", None),
]


def test_digest_is_sent_in_the_morning_of_a_working_day(subtests: pytest.Subtests) -> None:
    for name, now, slot in MORNINGS:
        with subtests.test(name):
            assert digest_slot(TEAM, POLICY, at(now)) == slot


def test_digest_waits_for_working_hours_and_can_be_switched_off() -> None:
    early = replace(POLICY, times=Times(digest=time(6)))
    assert digest_slot(TEAM, early, at("2026-11-25 07:00")) is None
    assert digest_slot(TEAM, early, at("2026-11-25 07:30")) == "2026-11-25"
    assert digest_slot(TEAM, replace(POLICY, times=Times(digest=None)), at("2026-11-25 08:00")) is None


def test_a_ticket_of_a_bundle_has_a_reminder_of_its_own_only_for_a_reply_that_the_others_lack(
    subtests: pytest.Subtests,
) -> None:
    for leading, own, represented in (
        (True, True, True),
        (True, False, True),
        (False, True, False),
        (False, False, True),
    ):
        with subtests.test(leading=leading, own=own):
            tickets = [
                replace(NEW, number=number, bundle=1, wait=WaitState(MONDAY, awaiting_staff=awaiting))
                for number, awaiting in ((1, leading), (2, own))
            ]
            context = TimerContext(tickets[1], SCHOOL, POLICY, MONDAY, bundle=tuple(tickets))
            assert context.is_represented is represented
