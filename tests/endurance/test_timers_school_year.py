"""Timers over a simulated school year, August 2026 to July 2027, with holidays and random events."""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailbot import holidays
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import AddMessage, Assign, Effect, Notify, SetDue, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team, Times
from mailbot.core.model.ticket import Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.timers.digest import decide_digest, digest_slot
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer, next_check
from tests.support.working_days import days_between

BERLIN = ZoneInfo("Europe/Berlin")
START, END = datetime(2026, 8, 1, tzinfo=BERLIN), datetime(2027, 8, 1, tzinfo=BERLIN)
OFF = holidays.public("NW") | holidays.school("NW")
AT_SCHOOL = Calendar(closed=OFF, timezone=BERLIN)
AT_THE_OFFICE = Calendar(closed=holidays.public("NW"), timezone=BERLIN)
STAFF = ("max@support.example", "erika@support.example")
TEAM = Team("Team", tuple(map(Member, STAFF)), AT_SCHOOL)
SECOND = Team("Technik", (Member("toni@stadt.example"),), AT_THE_OFFICE)
SCHOOL = School("GYM", "Gymnasium", "support@schule.example", TEAM)
LENA = Address("lena@schule.example")
TICKETS = 100
EVERY = timedelta(minutes=5)


@dataclass
class Year:
    """The help desk of one school without mails: people act at random, timers are decided by the product."""

    chance: random.Random
    times: Times
    tickets: dict[int, Ticket] = field(default_factory=dict)
    actions: dict[int, list[tuple[datetime, str]]] = field(default_factory=dict)
    sent: list[tuple[datetime, Notification]] = field(default_factory=list)
    agenda: list[tuple[datetime, int, int, str]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=itertools.count)

    looks: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policy = Policy("Support", (SCHOOL,), SECOND, times=self.times)

    def look_at(self, when: datetime, number: int) -> None:
        """Plan the next check of a ticket; it replaces an earlier plan, as in the column of the table."""
        self.looks[number] = when
        self.plan(when, number, "look")

    def plan(self, when: datetime, number: int, what: str) -> None:
        heapq.heappush(self.agenda, (when.astimezone(BERLIN), next(self.order), number, what))

    def run(self) -> None:
        for number in range(1, TICKETS + 1):
            self.plan(START + timedelta(seconds=self.chance.randrange(364 * 86_400)), number, "open")
        for day in range(365):
            self.plan(START + timedelta(days=day, hours=7, minutes=30), 0, "digest")
        while self.agenda and self.agenda[0][0] < END:
            now, _, number, what = heapq.heappop(self.agenda)
            {"open": self.open, "look": self.look, "digest": self.digest}.get(what, self.act)(
                now, number, what
            )

    def open(self, now: datetime, number: int, what: str) -> None:
        self.tickets[number] = Ticket("GYM", number, "Beamer", LENA, now, now)
        self.actions[number] = [(now, "open")]
        self.look_at(now + EVERY, number)
        for act in self.chance.choices(("", "take", "answer", "wait", "rest", "close"), k=2):
            if act:
                when = AT_SCHOOL.add(now, timedelta(hours=self.chance.expovariate(1 / 12)))
                self.plan(when, number, act)

    def act(self, now: datetime, number: int, what: str) -> None:
        ticket = self.tickets[number]
        if ticket.status is Status.CLOSED:
            return
        counts = {"answer": Direction.OUT, "wait": Direction.OUT, "reply": Direction.IN}.get(what)
        effects: list[Effect] = []
        if counts:
            message = Message(counts, Visibility.PUBLIC, LENA, "Text", now)
            effects.append(AddMessage(ticket.key, message))
        if what in ("take", "answer") and ticket.assignee is None:
            effects.append(Assign(ticket.key, Address(self.chance.choice(STAFF))))
        if what == "rest":
            effects.append(SetDue(ticket.key, AT_SCHOOL.add_days(now, self.chance.randrange(1, 20))))
        status = {"wait": Status.WAITING, "close": Status.CLOSED, "reply": Status.OPEN}.get(what)
        if status not in (None, ticket.status):
            effects.append(SetStatus(ticket.key, status or Status.OPEN))
        self.change(now, number, effects)
        self.actions[number].append((now, what))
        if what in ("answer", "wait") and self.chance.random() < 0.6:
            self.plan(now + timedelta(hours=self.chance.expovariate(1 / 72)), number, "reply")

    def change(self, now: datetime, number: int, effects: list[Effect] | tuple[Effect, ...]) -> None:
        before = self.tickets[number]
        self.tickets[number] = apply(before, effects, now)
        self.sent += [(now, e.notification) for e in effects if isinstance(e, Notify)]
        if any(not isinstance(e, Notify) for e in effects):
            self.look_at(now + EVERY, number)

    def look(self, now: datetime, number: int, what: str) -> None:
        if self.looks[number] != now:
            return
        decision = decide_timer(TimerContext(self.tickets[number], SCHOOL, self.policy, now))
        if decision is not None:
            self.actions[number].append((now, decision.outcome))
            self.change(now, number, decision.effects)
        following = next_check(TimerContext(self.tickets[number], SCHOOL, self.policy, now))
        if following is not None:
            assert following > now or decision is not None
            self.look_at(max(following, now + EVERY), number)

    def digest(self, now: datetime, number: int, what: str) -> None:
        for team, role, level in ((TEAM, Role.SUPPORTER, 1), (SECOND, Role.SECOND_LEVEL, 2)):
            if digest_slot(team, self.policy, now):
                tickets = [t for t in self.tickets.values() if t.level == level]
                mails = decide_digest(team, role, tickets, self.policy, now, {}, {})
                self.sent += [(now, e.notification) for e in mails.effects if isinstance(e, Notify)]


@pytest.fixture(scope="module", params=[(1, 0), (2, 40)], ids=["by-hand", "up-by-itself"])
def year(request: pytest.FixtureRequest) -> Year:
    seed, hours = request.param
    simulated = Year(random.Random(seed), Times(escalate_hours=hours))
    simulated.run()
    return simulated


def test_year_contains_every_kind_of_timer_notification(year: Year) -> None:
    kinds = Counter(notice.kind for _, notice in year.sent)
    wanted = {
        NotificationKind.REMINDER,
        NotificationKind.OVERDUE,
        NotificationKind.WAIT_REMINDER,
        NotificationKind.CLOSED_WAITING,
    }
    assert min(kinds[kind] for kind in wanted | {NotificationKind.DIGEST}) > 5
    assert (kinds[NotificationKind.ESCALATED_REQUESTER] > 20) is bool(year.times.escalate_hours)


def test_nothing_is_sent_outside_working_hours_or_in_holidays(year: Year) -> None:
    for when, notice in year.sent:
        calendar = AT_THE_OFFICE if notice.role is Role.SECOND_LEVEL else AT_SCHOOL
        assert calendar.is_open(when), (when, notice.kind)
        assert when.weekday() < 5
        assert when.date() not in holidays.public("NW")


def test_notification_is_not_repeated_within_a_wait(year: Year) -> None:
    for number, actions in year.actions.items():
        counts: Counter[str] = Counter()
        for _, what in actions:
            touched = what in {"open", "take", "answer", "wait", "rest", "reply", "close", "escalated"}
            counts = Counter() if touched else counts
            counts[what] += 1
            # a due day may come within a wait, and causes its own reminder
            assert counts["overdue"] <= 1, (number, actions)
            assert counts["wait_reminder"] <= 1, (number, actions)
            assert counts["reminder"] <= 1, (number, actions)


def test_people_get_few_mails_for_a_ticket(year: Year) -> None:
    mails = Counter((n.to.email, n.ticket.key) for _, n in year.sent if n.ticket is not None)
    actions = {f"GYM-{number}": len(done) for number, done in year.actions.items()}
    for (person, key), count in mails.items():
        assert count <= 2 + actions[key], (person, key)
    assert sum(mails.values()) / TICKETS < 5


def test_every_untouched_ticket_is_reminded_of_in_time(year: Year) -> None:
    for number, actions in year.actions.items():
        opened = actions[0][0]
        if number == 0 or year.tickets[number].due is not None:
            continue
        deadline = AT_SCHOOL.add(opened, timedelta(hours=year.times.reminder_hours))
        touched = [when for when, what in actions[1:] if when <= deadline]
        if deadline + timedelta(hours=1) < END and not touched:
            assert any(
                what in ("reminder", "escalated") and when < deadline + timedelta(hours=1)
                for when, what in actions
            ), (number, actions)


def test_waiting_ticket_is_closed_after_a_reminder_and_never_becomes_overdue(year: Year) -> None:
    for number, actions in year.actions.items():
        asked: datetime | None = None
        for when, what in actions:
            if what in ("wait",):
                asked = when
            elif what in ("reply", "close", "closed_waiting"):
                if what == "closed_waiting":
                    assert asked is not None
                    assert days_between(AT_SCHOOL, asked, when) >= year.times.wait_close_days
                asked = None
            elif asked is not None:
                assert what not in ("overdue", "escalated"), (number, actions)
        ticket = year.tickets[number]
        if ticket.status is Status.WAITING and ticket.due is None:
            waited = days_between(AT_SCHOOL, ticket.waits.since, END)
            assert waited <= year.times.wait_close_days, (number, actions)


def test_ticket_is_reminded_of_before_it_is_closed_without_an_answer(year: Year) -> None:
    for actions in year.actions.values():
        whats = [what for _, what in actions]
        for at in (n for n, what in enumerate(whats) if what == "closed_waiting"):
            assert "wait_reminder" in whats[:at]


def test_person_gets_at_most_one_digest_a_day_and_none_without_tickets(year: Year) -> None:
    digests = [(when, n) for when, n in year.sent if n.kind is NotificationKind.DIGEST]
    assert max(Counter((when.date(), n.to.email) for when, n in digests).values()) == 1
    assert all(n.tickets for _, n in digests)


def test_calendar_of_the_year_has_holidays() -> None:
    summer, christmas, monday = date(2027, 7, 20), date(2026, 12, 28), date(2026, 11, 23)
    assert [AT_SCHOOL.is_workday(day) for day in (summer, christmas, monday)] == [False, False, True]
