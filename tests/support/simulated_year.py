"""Simulate a school year at a desk with a real database; the mails of people are random."""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from itertools import count
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from mailbot import holidays
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.effects import Decision
from mailbot.core.model.policy import Member, Policy, School, Team, Times
from mailbot.core.model.ticket_fields import State, state_of
from mailbot.service.desk import Desk
from mailbot.service.timers import run_timers
from mailbot.store import people, tickets
from mailbot.store.database import Engine, read_only
from mailbot.store.mapping import to_ticket
from mailbot.store.tables import OutboxRow, TicketRow
from tests.support.calendar_replies import thunderbird
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import MailBuilder
from tests.support.packaged_templates import TEMPLATES
from tests.support.school import problem
from tests.support.simulated_year_texts import (
    FIRST_LEVEL,
    IN_THE_MORNING,
    NEWS,
    OFFER,
    OUTAGE,
    REQUESTER,
    SECOND_LEVEL,
    TAPS,
    TIP_LINK,
    WORK,
    Texts,
)

BERLIN = ZoneInfo("Europe/Berlin")
START, END = datetime(2026, 8, 1, tzinfo=BERLIN), datetime(2027, 8, 1, tzinfo=BERLIN)
EVERY = timedelta(minutes=1)
AT_SCHOOL = Calendar(
    closed=holidays.public("NW") | holidays.school("NW"),
    timezone=BERLIN,
    school_holidays=holidays.named("NW"),
)
AT_THE_OFFICE = Calendar(closed=holidays.public("NW"), timezone=BERLIN)


def _team(name: str, domain: str, *members: str) -> Team:
    calendar = AT_THE_OFFICE if domain == "stadt.example" else AT_SCHOOL
    return Team(name, tuple(Member(f"{m.lower()}@{domain}", m) for m in members), calendar)


GYM = School(
    "GYM",
    "Gymnasium",
    "support-gym@schule.example",
    _team("Team GYM", "support.example", "Max", "Erika", "Moritz"),
    domains=("schule.example",),
    authserv_id="mx.schule.example",
)
HBG = School(
    "HBG",
    "Heisenberg",
    "support-hbg@hbg.example",
    _team("Team HBG", "helfer.example", "Hanna", "Hugo"),
    language="en",
    domains=("hbg.example",),
    authserv_id="mx.hbg.example",
)
POLICY = Policy(
    "Support",
    (GYM, HBG),
    _team("Technik", "stadt.example", "Toni", "Tina"),
    times=Times(reminder_hours=8, overdue_hours=24, escalate_hours=40),
)
TEACHERS = {
    "GYM": tuple(f"lehrer{n}@schule.example" for n in range(12)),
    "HBG": tuple(f"teacher{n}@hbg.example" for n in range(6)),
}
SERVERS = {school.key: school.authserv_id for school in (GYM, HBG)}
SELLERS = tuple(f"gewinn{n}@anderswo.example" for n in range(4))
COLLEAGUES = {m.address: m.name for team in (GYM.team, HBG.team, POLICY.second_level) for m in team.members}
TOPICS = ("Beamer dunkel", "Drucker leer", "WLAN langsam", "Maus fehlt", "Kennwort vergessen", "Tafel hängt")


@dataclass(frozen=True)
class PlannedAction:
    """One step: a mail (or timers, without `writer`), the decision and the notifications."""

    at: datetime
    writer: str
    text: str
    decision: Decision | None
    mails: tuple[OutboxRow, ...]
    away: frozenset[str]


@dataclass
class SimulatedYear:
    """The desk and its year; `undone` has the states before each change and after its undo."""

    engine: Engine
    rng: random.Random
    tickets: int
    steps: list[PlannedAction] = field(default_factory=list)
    undone: list[tuple[str, State, State, State]] = field(default_factory=list)
    now: datetime = START
    last_mail: int = 0

    def __post_init__(self) -> None:
        self.harness = DeskHarness(Desk(self.engine, POLICY, TEMPLATES))
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._left: dict[Texts, list[str]] = {}

    def run(self) -> None:
        """Simulate the year."""
        for _ in range(self.tickets):
            whenever = self.rng.random() < 0.2
            moments = (START + timedelta(seconds=self.rng.randrange(364 * 86_400)) for _ in count())
            self.plan(next(at for at in moments if whenever or AT_SCHOOL.is_open(at)), self.report)
        for week in (7, 16, 25, 34):
            self.plan(AT_SCHOOL.add(START + timedelta(weeks=week), timedelta(hours=1)), self.fail_network)
        for days in range(365):
            morning = datetime.combine((START + timedelta(days=days)).date(), time(7, 30), BERLIN)
            self.plan(morning, self.pass_time)
            if days % 30 == 10:
                for school in (GYM, HBG):
                    self.plan(morning + EVERY, partial(self.propose_tip, school))
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self.catch_up(at)
            self.now = at
            act()

    def plan(self, at: datetime, act: Callable[[], object]) -> None:
        """Schedule an action, if it is within the year."""
        if at < END:
            heapq.heappush(self._agenda, (at.astimezone(BERLIN), next(self._order), act))

    def catch_up(self, until: datetime) -> None:
        """Run the timers until that time, as a daemon that is down now and then."""
        while (due := self.next_check()) is not None and due < until:
            late = timedelta(hours=self.rng.uniform(1, 60)) if self.rng.random() < 0.03 else EVERY
            self.now = max(self.now, min(due.astimezone(BERLIN) + late, until))
            acted = self.pass_time()
            following = self.next_check()
            assert acted or following is None or following > self.now, "looked at again and again"

    def next_check(self) -> datetime | None:
        """Return the time of the next check of a ticket."""
        with read_only(self.engine) as session:
            query = select(TicketRow.look_at).where(col(TicketRow.look_at).is_not(None))
            return session.exec(query.order_by(col(TicketRow.look_at)).limit(1)).first()

    def pass_time(self) -> int:
        """Run the timers now; return the number of tickets and teams that they changed."""
        acted = run_timers(self.harness.desk, self.now)
        self.note("", "", None)
        return acted

    def report(self) -> None:
        """Let a teacher report a problem, a seller advertise, or a supporter forward a mail."""
        school = self.rng.choice(("GYM", "GYM", "HBG"))
        what = self.rng.choice(TOPICS)
        kind = self.rng.random()
        sender = self.rng.choice(SELLERS if kind < 0.06 else TEACHERS[school])
        mail = problem(what, sender=sender).text(f"{what} in Raum {201 + self.rng.randint(101, 399) % 9}.")
        if kind > 0.9:
            mail.cc(self.rng.choice(TEACHERS[school])).proven(SERVERS[school])
        self.write(sender, mail, what, school)

    def fail_network(self) -> None:
        """Let several teachers report that the network of their school fails."""
        school = self.rng.choice(("GYM", "HBG"))
        for teacher, (minutes, subject) in zip(itertools.cycle(TEACHERS[school]), OUTAGE, strict=False):
            mail = problem(subject, sender=teacher).text("Bei uns geht nichts.")
            report = partial(self.write, teacher, mail, subject, school)
            self.plan(self.now + timedelta(minutes=minutes), report)

    def propose_tip(self, school: School) -> None:
        """Let a supporter save an answer, and ask for its text as a tip."""
        writer = school.team.members[0].address
        for text in ("#merken Drucker leer\nBitte den Toner tauschen.", "#tipp Drucker leer"):
            mail = problem("Textbaustein", sender=writer).text(text).proven(SERVERS[school.key])
            self.write(writer, mail.message_id(f"<tip{next(self._order)}@mail.example>"), text, school.key)

    def write(self, writer: str, mail: MailBuilder, text: str, school: str) -> PlannedAction:
        """Process a mail and record its effects."""
        decision = self.harness.receive(mail, school, at=self.now)
        assert decision is not None
        return self.note(writer, text, decision)

    def note(self, writer: str, text: str, decision: Decision | None) -> PlannedAction:
        """Record a step with its notifications, and plan the reactions of their recipients."""
        with read_only(self.engine) as session:
            query = select(OutboxRow).where(col(OutboxRow.id) > self.last_mail).order_by(col(OutboxRow.id))
            mails = tuple(session.exec(query))
            away = frozenset(people.names_and_absences(session, (), self.now.date())[1])
        self.last_mail = max([self.last_mail, *(row.id or 0 for row in mails)])
        step = PlannedAction(self.now, writer, text, decision, mails, away)
        if writer or mails:
            self.steps.append(step)
        for sent in mails:
            self.expect_reaction(sent)
        return step

    def expect_reaction(self, sent: OutboxRow) -> None:
        """Plan the reply to a notification, if any."""
        staff = sent.recipient in COLLEAGUES
        link = TIP_LINK.search(sent.text) if sent.kind in ("receipt", "command_receipt") else None
        if link is not None and self.rng.random() < 0.7:
            self.plan(self.now + timedelta(minutes=20), lambda: self.tap(sent, link[1]))
        if self.rng.random() >= (WORK if staff else NEWS).get(sent.kind, 0):
            return
        wait = timedelta(hours=self.rng.expovariate(1 / 5))
        calendar = AT_THE_OFFICE if sent.role == "second-level" else AT_SCHOOL
        self.plan(calendar.add(self.now, wait) if staff else self.now + wait, lambda: self.react(sent))

    def react(self, sent: OutboxRow) -> None:
        """Let a present person reply to a notification, and sometimes undo that."""
        writer = sent.recipient
        with read_only(self.engine) as session:
            _, absences = people.names_and_absences(session, (), self.now.date())
            if writer in absences:
                return
        if sent.kind == "appointment" and writer not in COLLEAGUES and self.rng.random() < 0.7:
            self.answer_invitation(sent)
            return
        tables = {"second-level": SECOND_LEVEL, "supporter": FIRST_LEVEL}
        table = IN_THE_MORNING if sent.kind == "digest" else tables.get(sent.role, REQUESTER)
        offer = OFFER.search(sent.text) if sent.kind in ("new_ticket", "also_reported") else None
        text = offer[0].strip() if offer else self.filled(self.draw(table), sent)
        before = self.state(sent.ticket_id)
        if before and before.get("bundle") and table is FIRST_LEVEL and self.rng.random() < 0.1:
            text = "#entbündeln"
        if not text:
            return
        if table is REQUESTER and text not in TAPS:
            text = f"{text}\n{self.rng.choice(TOPICS)} ist dabei."
        built, school = reply_to(sent, writer, text), POLICY.school(sent.school)
        if school is not None and POLICY.find_member(writer):  # commands also name other tickets
            built = built.proven(school.authserv_id)
        step = self.write(writer, built, text, sent.school)
        taken_back = step.decision is not None and step.decision.outcome == "command" and before is not None
        if taken_back and self.rng.random() < 0.3:
            self.undo(step, sent, before or {})

    def tap(self, sent: OutboxRow, line: str) -> None:
        """Let a person use a link of a mail."""
        self.write(sent.recipient, reply_to(sent, sent.recipient, line), line, sent.school)

    def draw(self, table: Texts) -> str:
        """Return one of the texts; each comes as often as its weight before any comes more often."""
        left = self._left.setdefault(table, [])
        if not left:
            left += [text for weight, text in table for _ in range(weight)]
            self.rng.shuffle(left)
        return left.pop()

    def answer_invitation(self, sent: OutboxRow) -> None:
        """Let a calendar program answer an invitation."""
        values = dict(line.partition(":")[::2] for line in sent.calendar.split("\n"))
        begin = next(value for name, value in values.items() if name.startswith("DTSTART;"))
        response = self.rng.choice(("ACCEPTED", "DECLINED", "TENTATIVE"))
        raw = thunderbird(values["UID"], response, sequence=int(values["SEQUENCE"]))
        raw = raw.replace(b"lena@schule.example", sent.recipient.encode())
        raw = raw.replace(b"20261126T110000", begin.encode())
        raw = raw.replace(b"Message-ID: <", f"Message-ID: <{next(self._order)}".encode())
        decision = self.harness.receive(raw, sent.school, at=self.now)
        assert decision is not None
        self.note(sent.recipient, "", decision)

    def filled(self, text: str, sent: OutboxRow) -> str:
        """Replace placeholders by tickets, colleagues and days."""
        with read_only(self.engine) as session:
            rows = session.exec(select(TicketRow).where(TicketRow.status != "closed")).all()
        near = [row for row in rows if row.school == sent.school or sent.role == "second-level"]
        others = [f"{row.school}-{row.number}" for row in near if row.id != sent.ticket_id]
        team = next((t for t in (GYM.team, HBG.team, POLICY.second_level) if t.member(sent.recipient)), None)
        mates = [m.name for m in team.members if m.address != sent.recipient] if team else [""]
        picked = [self.rng.choice(others) if others else "GYM-9999" for _ in range(2)]
        return text.format(
            other=picked[0],
            other2=picked[1],
            colleague=self.rng.choice(mates),
            days=self.rng.randrange(2, 8),
            saved=self.rng.choice(("Drucker leer", "WLAN")),
        )

    def undo(self, step: PlannedAction, sent: OutboxRow, before: State) -> None:
        """Let a person undo at once, and record the states."""
        changed = self.state(sent.ticket_id) or {}
        if changed | {"wait": None} == before | {"wait": None}:  # so it was before: words alone are no change
            return
        self.now += timedelta(minutes=2)
        line = self.rng.choice(("#undo", "#rückgängig"))
        done = self.write(step.writer, reply_to(sent, step.writer, line), line, sent.school)
        if done.decision is not None and done.decision.outcome == "command":
            after = self.state(sent.ticket_id)
            self.undone.append((step.text, before, changed, after or {}))

    def state(self, ticket_id: int | None) -> State | None:
        """Return the state of a ticket that #undo restores."""
        if ticket_id is None:
            return None
        with read_only(self.engine) as session:
            row = tickets.by_ids(session, [ticket_id])[ticket_id]
            return state_of(to_ticket(session, row))
