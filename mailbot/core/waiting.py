"""The wait of a ticket: what somebody does to it ends one wait and begins the next."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailbot.core.effects import Append, Assign, Effect, Reminded, Restore, SetDue, SetPriority
from mailbot.core.ticket import Direction, Status, Ticket, Visibility, Wait


def advance(before: Ticket, after: Ticket, effects: Iterable[Effect], now: datetime) -> Ticket:
    """Return the ticket after these effects with its wait and its due date as they follow from them.

    The first row that fits decides. A requester who writes again does not start the clock anew: whoever is
    impatient must not be answered later for it.
    """
    own = [effect for effect in effects if getattr(effect, "ticket", None) == after.key]
    if any(isinstance(effect, Restore) for effect in own):
        return after
    wait = before.waits
    said = next((e for e in own if isinstance(e, Reminded)), None)
    if said is not None:
        asked = wait.asked or said.since > wait.since
        return replace(after, wait=Wait(said.since, asked, said.step, told=now))
    if after.status is Status.CLOSED or after.level != before.level or after.school != before.school:
        asked_for = after.due if after.due != before.due else None
        return replace(after, due=asked_for, wait=Wait(now))
    due = after.due if after.due is not None and after.due > now else None
    if after.status is not before.status:
        return replace(after, due=due, wait=Wait(now, asked=after.status is Status.OPEN))
    if any(map(_by_staff, own)):
        return replace(after, due=due, wait=Wait(now, asked=False))
    if not wait.asked and after.status is Status.OPEN and any(map(_by_requester, own)):
        return replace(after, due=due, wait=Wait(now))
    return replace(after, wait=wait)


def _by_staff(effect: Effect) -> bool:
    match effect:
        case Append(_, message):
            return message.direction is Direction.OUT and message.visibility is not Visibility.SYSTEM
        case Assign(_, assignee):
            return assignee is not None
        case SetPriority() | SetDue():
            return True
        case _:
            return False


def _by_requester(effect: Effect) -> bool:
    match effect:
        case Append(_, message):
            return message.direction is Direction.IN and message.visibility is Visibility.PUBLIC
        case _:
            return False
