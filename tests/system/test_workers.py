"""Several workers on one PostgreSQL: one worker per mailbox, and another one after its death."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col

from mailbot.config import ImapAccount
from mailbot.core.model.policy import School
from mailbot.render import Templates
from mailbot.runtime.mailbox_supervisor import LEASE, MailboxSupervisor
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.rendezvous import assigned_to
from mailbot.runtime.school_mailbox import SchoolMailbox
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
from mailbot.store.pg_notify import Listener, notify
from mailbot.store.tables import LedgerRow, OutboxRow, TicketRow
from tests.integration.test_store import together
from tests.support.daemon import Daemon
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.fixtures import require
from tests.support.new_database import new_postgresql
from tests.support.scenario import NOW
from tests.support.school import MAX, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer

NAMES = st.sets(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=6)
SCHOOLS = tuple(f"S{number}" for number in range(8))
TAKEN_OVER = LEASE.total_seconds() + 30  # a worker beats every few seconds, and a busy machine is slow


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


# -- leases in the database

ANNA, BELA = "anna", "bela"
LONG, OVER = timedelta(minutes=5), timedelta(seconds=-1)


@pytest.fixture
def shared(postgres: Postgres) -> Iterator[DeskHarness]:
    """A desk on a PostgreSQL."""
    engine = open_database(new_postgresql(postgres))
    yield DeskHarness(Desk(engine, GERMAN_POLICY, Templates(), ANNA))
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


# -- notifications: a worker that gets one does not wait for its heartbeat


@dataclass
class Waiter:
    """Waits for notifications with a wakeup that only tests set."""

    wakeup: Wakeup

    def wait(self, listener: Listener) -> threading.Thread:
        """Wait for a notification, for an hour at most, in a thread."""
        thread = threading.Thread(target=listener.wait, args=(3600, self.wakeup.read))
        thread.start()
        return thread


@pytest.fixture
def waiter() -> Iterator[Waiter]:
    """A wakeup that only tests set."""
    wakeup = Wakeup()
    yield Waiter(wakeup)
    wakeup.close()


def send_notification(desk: DeskHarness) -> None:
    """Send a notification."""
    with transaction(desk.engine) as session:
        notify(session)


def test_a_notification_of_postgresql_is_received_at_once_and_once(
    shared: DeskHarness, waiter: Waiter
) -> None:
    with closing(Listener(shared.engine)) as listener:
        listener.wait(0, waiter.wakeup.read)  # from now on it listens
        waiting = waiter.wait(listener)
        send_notification(shared)
        waiting.join(60)
        assert not waiting.is_alive()
        again = waiter.wait(listener)
        again.join(0.5)
        assert again.is_alive()
        waiter.wakeup.set()
        again.join(60)
        assert not again.is_alive()


def test_notify_is_received_again_after_the_connection_was_lost(shared: DeskHarness, waiter: Waiter) -> None:
    with closing(Listener(shared.engine)) as listener:
        listener.wait(0, waiter.wakeup.read)
        with shared.engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
            )
        losing = waiter.wait(listener)
        losing.join(60)  # the lost connection ends the wait
        assert not losing.is_alive()
        listener.wait(0, waiter.wakeup.read)
        waiting = waiter.wait(listener)
        send_notification(shared)
        waiting.join(60)
        assert not waiting.is_alive()


def test_without_a_database_a_listener_only_waits(waiter: Waiter) -> None:
    engine = open_database("postgresql://nobody@127.0.0.1:1/nothing")
    with closing(Listener(engine)) as listener:
        listener.wait(0.01, waiter.wakeup.read)
    engine.dispose()


def test_mailboxes_move_by_notifications_alone(
    shared: DeskHarness, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["mailbot.runtime.mailbox_supervisor"], "HEARTBEAT_SECONDS", 3600.0)
    account = dovecot.account(user)
    with working(shared, ANNA, account) as anna:
        wait_until(lambda: held(anna), 60)
        with working(shared, BELA, account) as bela:
            wait_until(lambda: bool(bela.workers()) and held(anna, bela), 60)
        wait_until(lambda: held(anna), 60)


@contextmanager
def working(desk: DeskHarness, name: str, account: ImapAccount) -> Iterator[MailboxSupervisor]:
    """Let a worker work whose schools all read the same mailbox: what matters is who reads it."""
    its = replace(
        desk.desk, worker=name, policy=replace(GERMAN_POLICY, schools=tuple(school(key) for key in SCHOOLS))
    )

    def make_worker(key: str, lease: Lease | None) -> MailboxWorker:
        return MailboxWorker(
            SchoolMailbox(its, school(key), account, lambda: NOW, lease),
            first_contact_days=7,
            has_disk_space=lambda: True,
            on_processed=lambda *_: None,
            wake_senders=lambda: None,
        )

    supervisor = MailboxSupervisor(its, SCHOOLS, make_worker)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def school(key: str) -> School:
    """Return one of the further schools."""
    return replace(GERMAN_POLICY.schools[0], key=key)


def held(*supervisors: MailboxSupervisor) -> bool:
    """Return whether these share all mailboxes."""
    return sorted(worker.school for supervisor in supervisors for worker in supervisor.workers()) == sorted(
        SCHOOLS
    )


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


# -- daemons


@dataclass
class Team:
    """Two daemons on machines of their own, so to speak, with one PostgreSQL and one IMAP server."""

    envs: tuple[SchoolEnv, SchoolEnv]
    daemons: dict[str, Daemon]

    def shares(self) -> dict[str, list[str]]:
        """Return the schools that each living worker reads, by the state directory in its name."""
        return {directory_of(name): schools for name, schools in self.workers().items()}

    def workers(self) -> dict[str, list[str]]:
        """Return the schools that each living worker reads, by its name."""
        found: dict[str, list[str]] = self.envs[0].status()["workers"]
        return found

    def share(self, env: SchoolEnv) -> list[str]:
        """Return the schools that a daemon reads."""
        return self.shares().get(str(env.directory), [])

    def settled(self, *envs: SchoolEnv) -> bool:
        """Return whether exactly these workers are alive and each reads its share."""
        workers = self.workers()
        shares = {name: sorted(assigned_to(name, workers, self.all())) for name in workers}
        return {directory_of(name) for name in workers} == {str(h.directory) for h in envs} and (
            shares == {name: sorted(schools) for name, schools in workers.items()}
        )

    def all(self) -> list[str]:
        """Return all schools."""
        return ["GYM", *SCHOOLS]

    def deliver(self, word: str) -> None:
        """Put a problem into each mailbox."""
        for school in self.all():
            address = self.envs[0].address if school == "GYM" else address_of(self.envs[0], school)
            self.envs[0].dovecot.deliver(address, problem(f"{word} {school}").text(f"{word} fehlt").build())

    def opened(self) -> list[str]:
        """Return the subjects of all tickets."""
        return sorted(ticket["subject"] for ticket in self.envs[0].json("tickets"))


def directory_of(worker: str) -> str:
    """Return the directory of the daemon with this name."""
    return worker.split(":")[1].rpartition("/")[0]


def address_of(env: SchoolEnv, school: str) -> str:
    """Return the mailbox of one of the further schools."""
    return f"{school.lower()}-{env.address}"


@pytest.fixture
def team(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> Iterator[Team]:
    """Two running workers that share nine mailboxes."""
    with require(Postgres) as postgres, ExitStack() as stack:
        database = postgres.new_database()
        schools = [
            f'[[school]]\nkey = "{key}"\nname = "Schule {key}"\naddress = "{key.lower()}-{user}"\n'
            f'imap = {{ username = "{key.lower()}-{user}" }}\nteam = {{ name = "T", members = ["{MAX}"] }}\n'
            for key in SCHOOLS
        ]
        for key in SCHOOLS:
            dovecot.deliver(f"{key.lower()}-{user}")
        one, other = (
            SchoolEnv(tmp_path / name, dovecot, smtp_server, user, database=database, more="\n".join(schools))
            for name in ("one", "other")
        )
        daemons = {str(env.directory): Daemon(env, forked=True) for env in (one, other)}
        for daemon in daemons.values():
            daemon.launch()  # both at once: one of them makes the tables
            stack.push(daemon)
        found = Team((one, other), daemons)
        for daemon in daemons.values():
            daemon.wait(lambda: found.settled(one, other), "they share the mailboxes", TAKEN_OVER)
        yield found


def test_when_a_worker_is_killed_the_other_reads_its_mailboxes_within_the_lease(team: Team) -> None:
    one, other = team.envs
    team.deliver("Maus")
    wait_until(lambda: len(team.opened()) == 9, 60)
    team.daemons[str(one.directory)].kill()
    team.deliver("Kabel")
    wait_until(lambda: team.settled(other), TAKEN_OVER)
    wait_until(lambda: len(team.opened()) == 18, 60)
    assert len(set(team.opened())) == 18
    team.daemons[str(one.directory)].start()
    wait_until(lambda: team.settled(one, other), TAKEN_OVER)


def test_a_worker_that_continues_after_its_lease_expired_commits_nothing(team: Team) -> None:
    one, other = team.envs
    sleeper = team.daemons[str(one.directory)]
    sleeper.signal(signal.SIGSTOP)
    team.deliver("Maus")
    wait_until(lambda: team.settled(other), TAKEN_OVER)
    wait_until(lambda: len(team.opened()) == 9, 60)
    sleeper.signal(signal.SIGCONT)
    sleeper.wait_logged("mailbox lease (lost|released)", seconds=TAKEN_OVER)
    wait_until(lambda: team.settled(one, other), TAKEN_OVER)
    team.deliver("Kabel")
    wait_until(lambda: len(team.opened()) == 18, 60)
    assert len(set(team.opened())) == 18
    assert one.json("quarantine") == []


def test_a_worker_that_is_stopped_releases_its_mailboxes_at_once(team: Team) -> None:
    one, other = team.envs
    assert team.daemons[str(one.directory)].stop() == 0
    assert team.share(one) == []
    wait_until(lambda: team.settled(other), TAKEN_OVER)
