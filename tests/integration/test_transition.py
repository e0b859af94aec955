"""A ticket changes by one function: notifications show the stored state."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.effects import (
    Decision,
    Merge,
    Move,
    Notify,
    RevertChange,
    SetAppointment,
    SetDue,
    SetLevel,
    SetRequester,
    SetStatus,
    Split,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Status, Ticket
from mailbot.core.model.transition import apply
from mailbot.store.database import read_only
from mailbot.store.tickets import find_ticket
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import LENA, MAX, NOW, TONI, ticket

LINES = (
    "#close", "#escalate", "#return", "#wait", "#reopen", "#take", "#priority high", "#remind Friday",
    "#undo", "#note", "#assign Erika", "#cc karl@schule.example",
    "#escalate\n#remind Friday", "#close\n#priority low", "", "#visit Thursday 11:00", "#visit Friday 9:30",
)  # fmt: skip
STEPS = st.lists(st.tuples(st.sampled_from((MAX, TONI, LENA)), st.sampled_from(LINES)), max_size=6)


def stored(desk: DeskHarness, key: str) -> Ticket:
    """Return a ticket as the database holds it."""
    with read_only(desk.engine) as session:
        found = find_ticket(session, key)
        assert found is not None
        return found[1]


def shown(decision: Decision) -> list[Ticket]:
    """Return the tickets that the notifications of a decision show."""
    found = [effect.notification.ticket for effect in decision.effects if isinstance(effect, Notify)]
    return [replace(ticket, wait=ticket.waits) for ticket in found if ticket is not None]


@given(STEPS)
@settings(max_examples=20, deadline=None)
def test_notifications_show_the_ticket_that_is_stored(steps: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as directory, open_harness(Path(directory)) as desk:
        desk.outcome(mail().text("Der Beamer bleibt dunkel."))
        desk.outcome(reply_to(desk.outbox_of(MAX)[-1], MAX, "#escalate"))
        for minute, (writer, line) in enumerate(steps):
            built = reply_to(desk.outbox_of(writer)[-1], writer, f"Ein Satz, Nummer {minute}.\n{line}")
            decision = desk.receive(built, at=NOW + timedelta(hours=minute))
            assert decision is not None
            assert decision.outcome != "quarantined"
            if decision.outcome in ("reply", "command"):
                for seen in shown(decision):
                    assert seen == stored(desk, seen.key)


def test_merge_and_split_count_the_messages_of_both_tickets() -> None:
    for effect, expected in ((Merge("GYM-2", "GYM-1", 2), (5, 0)), (Split("GYM-1", 3, "GYM-2"), (2, 3))):
        found = [apply(one, [effect], NOW) for one in (ticket(messages=3), ticket(2, messages=2))]
        assert tuple(one.messages for one in found) == expected


def test_a_due_date_ends_when_the_ticket_is_handed_over_or_closed() -> None:
    resting = ticket(due=NOW + timedelta(days=3))
    for effect in (SetLevel("GYM-1", 2), SetStatus("GYM-1", Status.CLOSED)):
        assert apply(resting, [effect], NOW).due is None


def test_an_appointment_ends_when_the_ticket_is_handed_over_or_closed() -> None:
    visited = ticket(appointment=Appointment("uid", NOW + timedelta(days=3), 30), appointment_revision=1)
    for effect in (SetLevel("GYM-1", 2), SetStatus("GYM-1", Status.CLOSED), Move("GYM-1", "HBG", 7)):
        after = apply(visited, [effect], NOW)
        assert (after.appointment, after.appointment_revision) == (None, 2)


def test_revision_of_an_appointment_grows_with_each_change_and_its_undo() -> None:
    none, uid = ticket(), Appointment("uid", NOW + timedelta(days=3), 30)
    made = apply(none, [SetAppointment("GYM-1", uid)], NOW)
    undone = apply(made, [RevertChange("GYM-1", none, NOW)], NOW)
    redone = apply(undone, [RevertChange("GYM-1", made, NOW)], NOW)
    other = apply(redone, [SetRequester("GYM-1", Address("olga@schule.example"))], NOW)
    found = [t.appointment_revision for t in (made, undone, redone, other, apply(other, [], NOW))]
    assert (found, undone.appointment, redone.appointment) == ([1, 2, 3, 4, 4], None, uid)


def test_a_due_date_that_comes_with_the_handing_over_stays_even_if_it_was_so_before() -> None:
    due = NOW + timedelta(days=3)
    assert apply(ticket(due=due), [SetLevel("GYM-1", 2), SetDue("GYM-1", due)], NOW).due == due
