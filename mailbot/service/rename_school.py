"""Rename a school: the operator has changed its key in the configuration."""

from datetime import datetime

from mailbot.counting import counted
from mailbot.service.desk import Desk
from mailbot.service.operations import OperationError
from mailbot.store import rename_school as store
from mailbot.store.audit import Origin
from mailbot.store.database import read_only, transaction


def rename_school(desk: Desk, old: str, new: str, now: datetime) -> str:
    """Give all tickets of a school the key of another one; return a line about it for the operator.

    Raises OperationError if the configuration has the old key or lacks the new one.
    """
    old, new = old.upper(), new.upper()
    if desk.policy.school(new) is None:
        known = ", ".join(school.key for school in desk.policy.schools)
        raise OperationError(f"{new} is not a school of the configuration: {known}")
    if desk.policy.school(old) is not None:
        raise OperationError(f"{old} is still a school of the configuration: give it its new key there first")
    with transaction(desk.engine) as session:
        number = store.rename_school(session, old, new, Origin(desk.actor, now))
    return f"{counted(number, 'ticket')} of {old} renamed to {new}; replies to the old keys find them"


def orphaned(desk: Desk) -> dict[str, int]:
    """Return the number of open tickets by key of each school that is not in the configuration."""
    with read_only(desk.engine) as session:
        found = store.open_tickets(session)
    return {key: number for key, number in found.items() if desk.policy.school(key) is None}
