"""What somebody does to a ticket ends one wait and begins the next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailbot.core.effects import (
    Append,
    Assign,
    Effect,
    Reminded,
    SetDue,
    SetLevel,
    SetPriority,
    SetStatus,
)
from mailbot.core.mail import Address
from mailbot.core.ticket import (
    Direction,
    Message,
    Priority,
    Status,
    Step,
    Ticket,
    Visibility,
    Wait,
)
from mailbot.core.transition import apply

LENA, MAX = Address("lena@schule.example"), Address("max@support.example")
OPENED = datetime(2026, 11, 23, 9, tzinfo=UTC)
NOW = OPENED + timedelta(days=3)
NEW = Ticket("GYM", 1, "Beamer", LENA, OPENED, OPENED)
TOUCHED = replace(NEW, wait=Wait(OPENED + timedelta(days=1), asked=False, step=Step.OVERDUE))
WAITING = replace(TOUCHED, status=Status.WAITING)
RESTS = replace(TOUCHED, due=NOW + timedelta(days=2))


def said(direction: Direction, visibility: Visibility = Visibility.PUBLIC) -> Append:
    author = LENA if direction is Direction.IN else MAX
    return Append("GYM-1", Message(direction, visibility, author, "Text", NOW))


ANSWER, NOTE, REPLY, BOUNCE = (
    said(Direction.OUT),
    said(Direction.OUT, Visibility.INTERNAL),
    said(Direction.IN),
    said(Direction.IN, Visibility.SYSTEM),
)
CLOSE, OPEN, WAIT = (SetStatus("GYM-1", s) for s in (Status.CLOSED, Status.OPEN, Status.WAITING))
UP = SetLevel("GYM-1", 2)
LATER = NOW + timedelta(days=5)

ROWS: list[tuple[str, Ticket, tuple[Effect, ...], Wait]] = [
    ("a new ticket asks", NEW, (REPLY,), Wait(OPENED)),
    ("an answer begins a calm wait", NEW, (ANSWER,), Wait(NOW, asked=False)),
    ("a note counts as touched", NEW, (NOTE,), Wait(NOW, asked=False)),
    ("who takes it has touched it", NEW, (Assign("GYM-1", MAX),), Wait(NOW, asked=False)),
    ("a priority counts as touched", NEW, (SetPriority("GYM-1", Priority.HIGH),), Wait(NOW, asked=False)),
    ("a reply asks anew", TOUCHED, (REPLY,), Wait(NOW)),
    ("a second reply does not delay the answer", replace(NEW, wait=Wait(OPENED)), (REPLY,), Wait(OPENED)),
    ("a bounce changes nothing", TOUCHED, (BOUNCE,), TOUCHED.waits),
    ("another ticket's answer changes nothing", NEW, (replace(ANSWER, ticket="GYM-2"),), Wait(OPENED)),
    ("a question stops the clock", TOUCHED, (WAIT, ANSWER), Wait(NOW, asked=False)),
    ("a second question waits as long again", WAITING, (ANSWER,), Wait(NOW, asked=False)),
    ("the answer to it asks us", WAITING, (REPLY, OPEN), Wait(NOW)),
    ("an automatic reply is no answer", WAITING, (BOUNCE,), WAITING.waits),
    ("the next level starts anew", TOUCHED, (UP, Assign("GYM-1", None), ANSWER), Wait(NOW)),
    ("opened again, it asks", replace(TOUCHED, status=Status.CLOSED), (OPEN,), Wait(NOW)),
    ("a date is a touch", NEW, (SetDue("GYM-1", LATER),), Wait(NOW, asked=False)),
    (
        "a reminder keeps the wait",
        NEW,
        (Reminded("GYM-1", Step.REMINDED, OPENED),),
        Wait(OPENED, asked=True, step=Step.REMINDED, told=NOW),
    ),
    (
        "what is overdue though touched is not untouched",
        replace(TOUCHED, wait=Wait(OPENED, asked=False)),
        (Reminded("GYM-1", Step.OVERDUE, OPENED),),
        Wait(OPENED, asked=False, step=Step.OVERDUE, told=NOW),
    ),
    (
        "a day that has come asks",
        replace(TOUCHED, due=NOW),
        (Reminded("GYM-1", Step.REMINDED, NOW),),
        Wait(NOW, asked=True, step=Step.REMINDED, told=NOW),
    ),
]


@pytest.mark.parametrize(("before", "effects", "expected"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_each_deed_has_its_wait(before: Ticket, effects: tuple[Effect, ...], expected: Wait) -> None:
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


@pytest.mark.parametrize(("before", "effects", "due"), [r[1:] for r in DATES], ids=[r[0] for r in DATES])
def test_a_date_lasts_until_it_is_over(
    before: Ticket, effects: tuple[Effect, ...], due: datetime | None
) -> None:
    assert apply(before, effects, NOW).due == due
