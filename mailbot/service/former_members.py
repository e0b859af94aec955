"""Return the tickets of supporters who left the configuration to their teams."""

from datetime import datetime

import structlog

from mailbot.core.model.policy import School, Team
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.timers.former_members import has_former_assignee, return_to_team
from mailbot.service.desk import BOT, Desk
from mailbot.store import tickets, timers
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin
from mailbot.store.database import Session, read_only, transaction
from mailbot.store.facts import names_and_absences

log = structlog.get_logger()


def former_assignees(desk: Desk) -> list[Ticket]:
    """Return the tickets that are assigned to people who cannot work on them."""
    with read_only(desk.engine) as session:
        return _former(session, desk)


def _former(session: Session, desk: Desk) -> list[Ticket]:
    return [ticket for ticket in timers.assigned_tickets(session) if has_former_assignee(ticket, desk.policy)]


def return_tickets(desk: Desk, now: datetime) -> int:
    """Unassign the tickets of former members; each team gets one mail. Return the number of tickets."""
    found = former_assignees(desk)
    if not found:
        return 0
    with transaction(desk.engine) as session:
        tickets.find_for_update(session, [ticket.key for ticket in found])
        found = _former(session, desk)  # another worker may have returned them before they were locked
        for school in desk.policy.schools:
            own = [ticket for ticket in found if ticket.school == school.key and ticket.level == 1]
            _return(session, desk, school, (school.team, Role.SUPPORTER), own, now)
        second_level = [ticket for ticket in found if ticket.level == 2]
        team = (desk.policy.second_level, Role.SECOND_LEVEL)
        _return(session, desk, desk.policy.schools[0], team, second_level, now)
    log.info("tickets returned to their teams", tickets=len(found), because="the assignee left the team")
    return len(found)


def _return(
    session: Session, desk: Desk, school: School, team: tuple[Team, Role], found: list[Ticket], now: datetime
) -> None:
    if not found:
        return
    names, absences = names_and_absences(session, school, desk.policy, now)
    decision = return_to_team(*team, found, names, absences)
    mails = desk.render_all(decision, school, now)
    apply_decision(session, Origin(BOT, now), school.key, decision, mails)
