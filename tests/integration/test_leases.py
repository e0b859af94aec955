"""Leases of mailboxes, and events that several workers see at the same moment."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from mailbot.core.model.policy import School
from mailbot.runtime.mailbox_supervisor import MailboxSupervisor
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.rendezvous import assigned_to
from mailbot.runtime.wakeup import Wakeup
from mailbot.service.alerts import end_alert, raise_alert
from mailbot.service.desk import Desk
from mailbot.service.receive import receive
from mailbot.service.registration import invite_due
from mailbot.store import leases, outbox, tickets
from mailbot.store.database import open_database, transaction
from mailbot.store.leases import Lease, LeaseLostError
from mailbot.store.ledger import MailLocation
from mailbot.store.outbox import CLAIM_TTL, SendOutcome
from mailbot.store.tables import LedgerRow, OutboxRow, TicketRow
from tests.integration.test_store import together
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.new_database import new_postgresql
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import NOW
from tests.support.school import problem
from tests.support.servers.postgres import Postgres

NAMES = st.sets(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=6)
SCHOOLS = tuple(f"S{number}" for number in range(8))


@given(NAMES, NAMES)
def test_each_mailbox_is_assigned_to_one_worker(workers: set[str], schools: set[str]) -> None:
    shares = [assigned_to(worker, workers, schools) for worker in workers]
    assert sorted(school for share in shares for school in share) == sorted(schools)


@given(NAMES, NAMES, st.data())
def test_when_a_worker_ends_only_its_own_mailboxes_move(
    workers: set[str], schools: set[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(workers)))
    for worker in workers - {gone}:
        assert assigned_to(worker, workers - {gone}, schools) >= assigned_to(worker, workers, schools)


ANNA, BELA = "anna", "bela"
LONG, OVER = timedelta(minutes=5), timedelta(seconds=-1)


@pytest.fixture
def shared(postgres: Postgres) -> Iterator[DeskHarness]:
    """A desk on a PostgreSQL."""
    engine = open_database(new_postgresql(postgres))
    yield DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES, ANNA))
    engine.dispose()


def taken(desk: DeskHarness, worker: str, lives: timedelta = LONG) -> Lease | None:
    """Send a heartbeat of a worker that is valid for that time, and try to acquire the mailbox of GYM."""
    with transaction(desk.engine) as session:
        leases.heartbeat(session, worker, lives)
        return leases.acquire(session, "GYM", worker)


def process(desk: DeskHarness, lease: Lease | None, uid: int = 1) -> str:
    """Process a mail of GYM under a lease; return its outcome."""
    decision = receive(
        desk.desk, MailLocation("GYM", 1, uid), problem().text("dunkel").build(), NOW, NOW, lease=lease
    )
    return decision.outcome if decision else "nothing"


def test_only_mailboxes_of_dead_workers_are_acquired(shared: DeskHarness) -> None:
    first = taken(shared, ANNA)
    assert first is not None
    assert taken(shared, BELA) is None
    assert taken(shared, ANNA, OVER) is not None
    second = taken(shared, BELA)
    assert second is not None
    assert second.token > first.token


def test_released_mailbox_can_be_acquired_by_any_worker(shared: DeskHarness) -> None:
    lease = taken(shared, ANNA)
    assert lease is not None
    with transaction(shared.engine) as session:
        leases.release(session, lease)
    assert taken(shared, BELA) is not None


def test_a_restarted_worker_releases_a_mailbox_that_is_no_longer_assigned_to_it(shared: DeskHarness) -> None:
    theirs = sorted(assigned_to(BELA, {ANNA, BELA}, SCHOOLS))
    with transaction(shared.engine) as session:
        leases.heartbeat(session, BELA, LONG)
        leases.heartbeat(session, ANNA, LONG)
        assert leases.acquire(session, theirs[0], ANNA) is not None
    MailboxSupervisor(shared.desk, tuple(theirs), unneeded).heartbeat()
    with transaction(shared.engine) as session:
        assert leases.acquire(session, theirs[0], BELA) is not None


def unneeded(school: str, lease: Lease | None) -> MailboxWorker:
    """Make no worker."""
    raise AssertionError(f"{school} is watched under {lease}")


def test_a_worker_without_its_lease_writes_nothing(shared: DeskHarness) -> None:
    old = taken(shared, ANNA, OVER)
    new = taken(shared, BELA)
    with pytest.raises(LeaseLostError, match="GYM"):
        process(shared, old)
    assert shared.rows(LedgerRow) == []
    assert shared.rows(TicketRow) == []
    assert process(shared, new) == "opened"


def test_only_the_lease_holder_quarantines_a_mail(shared: DeskHarness) -> None:
    old = taken(shared, ANNA, OVER)
    taken(shared, BELA)
    with pytest.raises(LeaseLostError):
        receive(shared.desk, MailLocation("GYM", 1, 1), b"kills", None, NOW, attempts=4, lease=old)
    assert shared.rows(LedgerRow) == []


def test_a_mailbox_moves_only_after_the_running_transaction(shared: DeskHarness) -> None:
    old = taken(shared, ANNA, OVER)
    takeover = threading.Thread(target=taken, args=(shared, BELA))
    with transaction(shared.engine) as session:
        leases.assert_held(session, old)
        takeover.start()
        takeover.join(0.5)
        assert takeover.is_alive()
    takeover.join(30)
    assert not takeover.is_alive()


def test_a_wakeup_that_is_closed_is_neither_set_nor_closed_again() -> None:
    wakeup = Wakeup()
    wakeup.close()
    with open_pipe() as (other, _):  # takes the numbers of the closed descriptors
        wakeup.set()
        wakeup.close()
        os.set_blocking(other, False)
        with pytest.raises(BlockingIOError):
            os.read(other, 1)


@contextmanager
def open_pipe() -> Iterator[tuple[int, int]]:
    """Open a pipe; it must still be open at the end."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def school(key: str) -> School:
    """Return one of the further schools."""
    return replace(GERMAN_POLICY.schools[0], key=key)


# -- what several do at the same moment happens once


def test_a_ticket_that_another_worker_merges_meanwhile_is_read_as_its_target(shared: DeskHarness) -> None:
    for subject in ("Beamer", "Drucker"):
        shared.outcome(problem(subject).text("dunkel"))
    first, second = (row.id for row in shared.rows(TicketRow))
    found: dict[str, int] = {}

    def read() -> None:
        with transaction(shared.engine) as session:
            rows = tickets.find_for_update(session, ["GYM-1", "GYM-2"])
            found.update({name: row.id for name, row in rows.items()})

    reader = threading.Thread(target=read)
    with transaction(shared.engine) as session:
        tickets.find_for_update(session, ["GYM-1", "GYM-2"])
        reader.start()
        reader.join(0.5)
        assert reader.is_alive()
        session.execute(update(TicketRow).where(col(TicketRow.id) == first).values(merged_into=second))
    reader.join(30)
    assert found == {"GYM-1": second, "GYM-2": second}


def test_a_failure_seen_by_several_workers_is_reported_once(shared: DeskHarness) -> None:
    def see(_: int) -> None:
        with transaction(shared.engine) as session:
            raise_alert(session, shared.desk, "outbox", (("reason", "stuck"),), NOW)

    together(see)
    assert [sent.kind for sent in shared.rows(OutboxRow)] == ["alert"]


def test_the_end_of_a_failure_is_reported_once(shared: DeskHarness) -> None:
    with transaction(shared.engine) as session:
        raise_alert(session, shared.desk, "outbox", (("reason", "stuck"),), NOW)

    def see(_: int) -> None:
        with transaction(shared.engine) as session:
            end_alert(session, shared.desk, "outbox", NOW + timedelta(hours=1))

    together(see)
    assert len(shared.rows(OutboxRow)) == 2


def test_a_member_is_invited_once_by_workers_that_start_together(shared: DeskHarness) -> None:
    inviting = replace(shared.desk, policy=replace(GERMAN_POLICY, invitations=True))
    together(lambda _: invite_due(inviting, NOW, reminders=False))
    invited = [sent.recipient for sent in shared.rows(OutboxRow)]
    assert invited
    assert len(set(invited)) == len(invited)


def test_a_late_worker_does_not_change_the_state_of_a_sent_mail(shared: DeskHarness) -> None:
    shared.receive(problem().text("dunkel"))
    late = NOW + CLAIM_TTL + timedelta(minutes=1)
    with transaction(shared.engine) as session:
        slow, other = outbox.claim(session, ["GYM"], NOW, ANNA, most=2)
    with transaction(shared.engine) as session:
        taken = {mail.id for mail in outbox.claim(session, ["GYM"], late, BELA, most=20)}
    assert taken >= {slow.id, other.id}
    with transaction(shared.engine) as session:
        outbox.record(session, [SendOutcome(slow.id, "failed", "too late")], late, ANNA)
    assert [row.state for row in shared.rows(OutboxRow) if row.id == slow.id] == ["sending"]
