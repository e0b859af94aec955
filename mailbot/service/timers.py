"""Run the timers: apply the timers that are due, each ticket in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from mailbot.core.model.policy import School, Team
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.timers.digest import decide_digest, digest_slot
from mailbot.core.timers.ticket_timers import TimerContext, decide_timer, next_check
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import BOT, Desk
from mailbot.service.former_members import return_tickets
from mailbot.service.held_mail import expire_overdue
from mailbot.store import tickets, timers
from mailbot.store.apply import apply_decision
from mailbot.store.audit import Origin
from mailbot.store.database import TRANSIENT, Session, read_only, transaction
from mailbot.store.enqueue import enqueue
from mailbot.store.facts import names_and_absences
from mailbot.store.threads import is_from_list

log = structlog.get_logger()

RETRY_AFTER = timedelta(hours=1)


def run_timers(desk: Desk, now: datetime) -> int:
    """Run each timer that is due, once; return the number of tickets and teams with a change.

    If a ticket or a digest fails, alerts the operators and runs the others; a ticket is tried again after
    `RETRY_AFTER`. Raises the errors in `TRANSIENT` when the database is down.
    """
    with read_only(desk.engine) as session:
        due = timers.due(session, now)
    done = _return_tickets(desk, now)
    done += sum(_check_ticket(desk, ticket_id, now) for ticket_id in due)
    done += expire_overdue(desk, now)
    return done + sum(_send_digest(desk, *team, now) for team in _teams(desk))


def _return_tickets(desk: Desk, now: datetime) -> int:
    """Return the tickets of former members to their teams; an error is an alert."""
    topic = "tickets of former members"
    try:
        returned = return_tickets(desk, now)
        with transaction(desk.engine) as session:
            end_alert(session, desk, topic, now)
    except TRANSIENT:
        raise
    except Exception as error:
        log.exception("tickets not returned")
        with transaction(desk.engine) as session:
            _alert(session, desk, topic, error, now)
        return 0
    return returned


def _check_ticket(desk: Desk, ticket_id: int, now: datetime) -> bool:
    """Evaluate a ticket's timers; return whether one fired."""
    try:
        with transaction(desk.engine) as session:
            ticket = timers.claim(session, ticket_id, now)
            if ticket is None:
                return False
            end_alert(session, desk, _topic(ticket), now)
            return _apply_timer(session, desk, ticket_id, ticket, now)
    except TRANSIENT:
        raise
    except Exception as error:
        log.exception("ticket check failed", ticket=ticket_id)
        with transaction(desk.engine) as session:
            # Claimed again, as the rollback has released the lock: another worker may have checked it.
            if (ticket := timers.claim(session, ticket_id, now)) is not None:
                timers.postpone(session, ticket_id, now + RETRY_AFTER)
                _alert(session, desk, _topic(ticket), error, now)
        return False


def _topic(ticket: Ticket) -> str:
    return f"ticket {ticket.key}"


def _apply_timer(session: Session, desk: Desk, ticket_id: int, ticket: Ticket, now: datetime) -> bool:
    """Apply a ticket's timers unless its school is no longer configured; return whether one fired."""
    school = desk.policy.school(ticket.school)
    if school is None:
        timers.postpone(session, ticket_id, now + timedelta(days=1))
        return False
    context = _context(session, desk, ticket_id, ticket, school, now)
    decision = decide_timer(context)
    if decision is not None:
        apply_decision(
            session, Origin(BOT, now), school.key, decision, desk.render_all(decision, school, now)
        )
        log.info(
            "timer fired", ticket=context.ticket.key, outcome=decision.outcome, because=decision.because[0]
        )
        context = replace(context, ticket=tickets.current(session, ticket_id))
    timers.postpone(session, ticket_id, next_check(context))
    return decision is not None


def _context(
    session: Session, desk: Desk, ticket_id: int, ticket: Ticket, school: School, now: datetime
) -> TimerContext:
    names, absences = names_and_absences(session, school, desk.policy, now)
    history = tickets.history(session, ticket_id)
    unread = is_from_list(session, ticket_id, ticket.requester.email)
    bundle = tickets.bundle_of(session, ticket)
    return TimerContext(ticket, school, desk.policy, now, names, history, absences, unread, bundle)


def _teams(desk: Desk) -> list[tuple[Team, Role, School | None]]:
    policy = desk.policy
    schools: list[tuple[Team, Role, School | None]] = [(s.team, Role.SUPPORTER, s) for s in policy.schools]
    return [*schools, (policy.second_level, Role.SECOND_LEVEL, None)]


def _send_digest(desk: Desk, team: Team, role: Role, school: School | None, now: datetime) -> bool:
    """Send a team its digest, once each morning; return whether there was one."""
    slot = digest_slot(team, desk.policy, now)
    if slot is None:
        return False
    sender = school or desk.policy.schools[0]
    job = f"digest {school.key if school else role.value}"
    try:
        with transaction(desk.engine) as session:
            if not timers.claim_run(session, job, slot):
                return False
            end_alert(session, desk, job, now)
            open_tickets = _open_tickets(session, school)
            names, absences = names_and_absences(session, sender, desk.policy, now)
            decision = decide_digest(team, role, open_tickets, desk.policy, now, names, absences)
            enqueue(session, sender.key, desk.render_all(decision, sender, now), now)
            return bool(decision.effects)
    except TRANSIENT:
        raise
    except Exception as error:
        log.exception("digest not created", job=job)
        with transaction(desk.engine) as session:
            # A digest that fails is not tried again before the next morning.
            timers.claim_run(session, job, slot)
            _alert(session, desk, job, error, now)
        return False


def _open_tickets(session: Session, school: School | None) -> tuple[Ticket, ...]:
    return timers.open_tickets(session, 1, school.key) if school else timers.open_tickets(session, 2)


def _alert(session: Session, desk: Desk, topic: str, error: Exception, now: datetime) -> None:
    details = (("reason", f"{type(error).__name__}: {error}"), ("todo", "mailbot check"))
    raise_alert(session, desk, topic, details, now)
