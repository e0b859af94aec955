"""The picture of a ticket's states in ARCHITECTURE.md shows each change of state that the core decides."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path

from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.effects import Effect
from mailbot.core.model.policy import Times
from mailbot.core.model.ticket import ReminderStage, Role, Status, Ticket, WaitState
from mailbot.core.model.transition import apply
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer
from tests.support.scenario import EARLIER, GYM, LENA, MAX, NOW, POLICY, TONI, answers, ticket

PAGE = Path(__file__).parents[2] / "ARCHITECTURE.md"
LINE = re.compile(r"^    ([\w, ]+?) +── (.+?) ─+▶ ([\w ]+)$", re.MULTILINE)
ARGUMENTS = {"assign": "Erika", "cc": "karl@schule.example", "for": "karl@schule.example"}
ARGUMENTS |= {"priority": "high", "remind": "morgen"}
SENDERS = {Role.REQUESTER: LENA, Role.SUPPORTER: MAX, Role.SECOND_LEVEL: TONI}
REMINDED = WaitState(NOW - timedelta(days=60), stage=ReminderStage.OVERDUE)


def drawn() -> set[tuple[str, str, str]]:
    """Return the arrows of the picture: state, event, new state."""
    section = PAGE.read_text("utf-8").partition("## The states of a ticket\n")[2].partition("\n## ")[0]
    return {
        (state, event, after)
        for states, events, after in LINE.findall(section)
        for state, event in product(states.split(", "), events.split(", "))
    }


def tickets() -> Iterator[Ticket]:
    """Yield a ticket in each state."""
    for status, level in product(Status, (1, 2)):
        yield ticket(status=status, level=level, closed=EARLIER if status is Status.CLOSED else None)


def mail_events(before: Ticket) -> Iterator[tuple[str, tuple[Effect, ...]]]:
    """Yield what the mails of requester and staff cause: replies, and each command about one ticket."""
    yield "reply of the requester", answers(LENA, before, "Es geht wieder nicht.").decide().effects
    yield "answer by staff", answers(MAX, before, "Ist das Kabel drin?").decide().effects
    for command, (role, sender) in product(COMMANDS, SENDERS.items()):
        if role in command.roles:
            line = f"#{command.name} {ARGUMENTS.get(command.name, '')}"
            yield f"#{command.name}", answers(sender, before, line).decide().effects


def no_activity(before: Ticket) -> tuple[Effect, ...]:
    """Return what time causes after the reminders."""
    policy = replace(POLICY, times=Times(escalate_hours=40))
    decision = decide_timer(TimerContext(replace(before, wait=REMINDED), GYM, policy, NOW, {}))
    return decision.effects if decision else ()


def decided() -> set[tuple[str, str, str]]:
    """Return the changes of state that the core decides."""
    found = set()
    for before in tickets():
        for event, effects in (*mail_events(before), ("no activity", no_activity(before))):
            after = apply(before, effects, NOW)
            if after.status is not before.status:
                found.add((before.status.value, event, after.status.value))
            if after.level != before.level:
                found.add((f"level {before.level}", event, f"level {after.level}"))
    return found


def test_the_picture_in_the_architecture_shows_what_the_core_decides() -> None:
    assert drawn() == decided()
