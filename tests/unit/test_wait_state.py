"""Every action on a ticket ends one wait and starts the next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbot.core.model.effects import (
    AddMessage,
    Assign,
    Effect,
    RecordReminder,
    SetDue,
    SetLevel,
    SetPriority,
    SetStatus,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import (
    Direction,
    Message,
    Priority,
    ReminderStage,
    Status,
    Ticket,
    Visibility,
    WaitState,
)
from mailbot.core.model.transition import apply

LENA, MAX = Address("lena@schule.example"), Address("max@support.example")
OPENED = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOW = OPENED + timedelta(days=3)
NEW = Ticket("GYM", 1, "Beamer", LENA, OPENED, OPENED)
TOUCHED = replace(
    NEW, wait=WaitState(OPENED + timedelta(days=1), awaiting_staff=False, stage=ReminderStage.OVERDUE)
)
WAITING = replace(TOUCHED, status=Status.WAITING)
RESTS = replace(TOUCHED, due=NOW + timedelta(days=2))


def said(direction: Direction, visibility: Visibility = Visibility.PUBLIC) -> AddMessage:
    author = LENA if direction is Direction.IN else MAX
    return AddMessage("GYM-1", Message(direction, visibility, author, "Text", NOW))


ANSWER, NOTE, REPLY, BOUNCE = (
    said(Direction.OUT),
    said(Direction.OUT, Visibility.INTERNAL),
    said(Direction.IN),
    said(Direction.IN, Visibility.SYSTEM),
)
CLOSE, OPEN, WAIT = (SetStatus("GYM-1", s) for s in (Status.CLOSED, Status.OPEN, Status.WAITING))
UP = SetLevel("GYM-1", 2)
LATER = NOW + timedelta(days=5)

ROWS: list[tuple[str, Ticket, tuple[Effect, ...], WaitState]] = [
    ("a new ticket asks", NEW, (REPLY,), WaitState(OPENED)),
    ("an answer begins a calm wait", NEW, (ANSWER,), WaitState(NOW, awaiting_staff=False)),
    ("a note counts as touched", NEW, (NOTE,), WaitState(NOW, awaiting_staff=False)),
    ("who takes it has touched it", NEW, (Assign("GYM-1", MAX),), WaitState(NOW, awaiting_staff=False)),
    (
        "a priority counts as touched",
        NEW,
        (SetPriority("GYM-1", Priority.HIGH),),
        WaitState(NOW, awaiting_staff=False),
    ),
    ("a reply asks anew", TOUCHED, (REPLY,), WaitState(NOW)),
    (
        "a second reply does not delay the answer",
        replace(NEW, wait=WaitState(OPENED)),
        (REPLY,),
        WaitState(OPENED),
    ),
    ("a bounce changes nothing", TOUCHED, (BOUNCE,), TOUCHED.waits),
    ("another ticket's answer changes nothing", NEW, (replace(ANSWER, ticket="GYM-2"),), WaitState(OPENED)),
    ("a question stops the clock", TOUCHED, (WAIT, ANSWER), WaitState(NOW, awaiting_staff=False)),
    ("a second question waits as long again", WAITING, (ANSWER,), WaitState(NOW, awaiting_staff=False)),
    ("the answer to it asks us", WAITING, (REPLY, OPEN), WaitState(NOW)),
    ("an automatic reply is no answer", WAITING, (BOUNCE,), WAITING.waits),
    ("the next level starts anew", TOUCHED, (UP, Assign("GYM-1", None), ANSWER), WaitState(NOW)),
    ("opened again, it asks", replace(TOUCHED, status=Status.CLOSED), (OPEN,), WaitState(NOW)),
    ("a date is a touch", NEW, (SetDue("GYM-1", LATER),), WaitState(NOW, awaiting_staff=False)),
    (
        "a reminder keeps the wait",
        NEW,
        (RecordReminder("GYM-1", ReminderStage.REMINDED, OPENED),),
        WaitState(OPENED, awaiting_staff=True, stage=ReminderStage.REMINDED, reminded_at=NOW),
    ),
    (
        "what is overdue though touched is not untouched",
        replace(TOUCHED, wait=WaitState(OPENED, awaiting_staff=False)),
        (RecordReminder("GYM-1", ReminderStage.OVERDUE, OPENED),),
        WaitState(OPENED, awaiting_staff=False, stage=ReminderStage.OVERDUE, reminded_at=NOW),
    ),
    (
        "a day that has come asks",
        replace(TOUCHED, due=NOW),
        (RecordReminder("GYM-1", ReminderStage.REMINDED, NOW),),
        WaitState(NOW, awaiting_staff=True, stage=ReminderStage.REMINDED, reminded_at=NOW),
    ),
]


def test_each_action_starts_its_wait(subtests: pytest.Subtests) -> None:
    for name, before, effects, expected in ROWS:
        with subtests.test(name):
            assert apply(before, effects, NOW).waits == expected


DATES: list[tuple[str, Ticket, tuple[Effect, ...], datetime | None]] = [
    ("a date stays while the requester writes", RESTS, (REPLY,), RESTS.due),
    ("a date stays while the staff writes", RESTS, (NOTE,), RESTS.due),
    ("a date that is over goes with the next deed", replace(RESTS, due=OPENED), (NOTE,), None),
    ("a date that is over goes with an answer", replace(WAITING, due=OPENED), (REPLY, OPEN), None),
    ("a closed ticket has no date", RESTS, (CLOSE,), None),
    ("one side's date is not the other's", RESTS, (UP,), None),
    ("a date for the other side stays", RESTS, (UP, SetDue("GYM-1", LATER)), LATER),
    ("a new date replaces the old one", RESTS, (SetDue("GYM-1", LATER),), LATER),
]


def test_due_date_is_kept_until_it_has_passed(subtests: pytest.Subtests) -> None:
    for name, before, effects, due in DATES:
        with subtests.test(name):
            assert apply(before, effects, NOW).due == due
