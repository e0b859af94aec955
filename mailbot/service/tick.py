"""A moment passes: what is due is decided and written, each ticket in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from mailbot.core.model.policy import School, Team
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.timers.digest import decide_digest, digest_slot
from mailbot.core.timers.timers import TimerContext, decide_timer, next_check
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.holding import drop_overdue
from mailbot.store import clock, people, tickets
from mailbot.store.audit import Origin
from mailbot.store.database import TRANSIENT, IntegrityError, Session, read_only, transaction
from mailbot.store.facts import names_of_staff
from mailbot.store.rows import identity, ticket_of
from mailbot.store.tables import TicketRow
from mailbot.store.writing import post_alone, write

log = structlog.get_logger()

AFTER_TROUBLE = timedelta(hours=1)


def tick(desk: Desk, now: datetime) -> int:
    """Do what is due now and return how many tickets and teams that were; called again it does nothing twice.

    A ticket or digest that cannot be handled is told to the operators, waits an hour and does not stop the
    others. Raises what `TRANSIENT` names when the database is away.
    """
    with read_only(desk.engine) as session:
        due = clock.due(session, now)
    moved = sum(_look(desk, ticket_id, now) for ticket_id in due)
    moved += drop_overdue(desk, now)
    return moved + sum(_digest(desk, *about, now) for about in _teams(desk))


def _look(desk: Desk, ticket_id: int, now: datetime) -> bool:
    """Look at a ticket; tell whether something was done."""
    try:
        with transaction(desk.engine) as session:
            row = clock.claim(session, ticket_id, now)
            if row is None:
                return False
            end_alert(session, desk, _topic(row), now)
            return _pass(session, desk, row, now)
    except TRANSIENT:
        raise
    except Exception as error:
        log.exception("ticket not looked at", ticket=ticket_id)
        with transaction(desk.engine) as session:
            if (row := clock.claim(session, ticket_id, now)) is not None:
                row.look_at = now + AFTER_TROUBLE
                _complain(session, desk, _topic(row), error, now)
        return False


def _topic(row: TicketRow) -> str:
    return f"ticket {row.school}-{row.number}"


def _pass(session: Session, desk: Desk, row: TicketRow, now: datetime) -> bool:
    """Let time pass on a ticket; a school that is no longer configured has nobody to be told."""
    school = desk.policy.school(row.school)
    if school is None:
        row.look_at = now + timedelta(days=1)
        return False
    passing = _passing(session, desk, row, school, now)
    decision = decide_timer(passing)
    if decision is not None:
        write(session, Origin(BOT, now), school.key, decision, desk.letters(decision, school, now))
        log.info("time", ticket=passing.ticket.key, outcome=decision.outcome, because=decision.because[0])
        passing = replace(passing, ticket=ticket_of(session, row))
    row.look_at = next_check(passing)
    return decision is not None


def _passing(session: Session, desk: Desk, row: TicketRow, school: School, now: datetime) -> TimerContext:
    names = names_of_staff(session, school, desk.policy)
    history = tickets.history(session, identity(row.id))
    absences = people.absences(session, people.today(desk.policy, now))
    return TimerContext(ticket_of(session, row), school, desk.policy, now, names, history, absences)


def _teams(desk: Desk) -> list[tuple[Team, Role, School | None]]:
    policy = desk.policy
    schools: list[tuple[Team, Role, School | None]] = [(s.team, Role.SUPPORTER, s) for s in policy.schools]
    return [*schools, (policy.second_level, Role.SECOND_LEVEL, None)]


def _digest(desk: Desk, team: Team, role: Role, school: School | None, now: datetime) -> bool:
    """Send a team its digest, once a morning; tell whether there was one."""
    slot = digest_slot(team, desk.policy, now)
    if slot is None:
        return False
    sender = school or desk.policy.schools[0]
    job = f"digest {school.key if school else role.value}"
    try:
        with transaction(desk.engine) as session:
            if not clock.claim_slot(session, job, slot):
                return False
            end_alert(session, desk, job, now)
            found = _open_tickets(session, school)
            names = names_of_staff(session, sender, desk.policy)
            absences = people.absences(session, people.today(desk.policy, now))
            decision = decide_digest(team, role, found, desk.policy, now, names, absences)
            for letter in desk.letters(decision, sender, now):
                post_alone(session, sender.key, letter, now)
            return bool(decision.effects)
    except TRANSIENT:
        raise
    except IntegrityError:  # another worker was faster
        return False
    except Exception as error:
        log.exception("digest not written", job=job)
        with transaction(desk.engine) as session:
            clock.claim_slot(session, job, slot)
            _complain(session, desk, job, error, now)
        return False


def _open_tickets(session: Session, school: School | None) -> tuple[Ticket, ...]:
    return clock.open_tickets(session, 1, school.key) if school else clock.open_tickets(session, 2)


def _complain(session: Session, desk: Desk, topic: str, error: Exception, now: datetime) -> None:
    details = (("reason", f"{type(error).__name__}: {error}"), ("todo", "mailbot check"))
    raise_alert(session, desk, topic, details, now)
