"""Notifications of PostgreSQL reach workers without a heartbeat."""

import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import pytest

from mailbot.config import ImapAccount
from mailbot.core.model.policy import School
from mailbot.runtime.mailbox_supervisor import MailboxSupervisor
from mailbot.runtime.mailbox_worker import MailboxWorker
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.runtime.wakeup import Wakeup
from mailbot.service.desk import Desk
from mailbot.store.database import open_database, transaction
from mailbot.store.leases import Lease
from mailbot.store.pg_notify import Listener, notify
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.new_database import new_postgresql
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import NOW
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import wait_until

SCHOOLS = tuple(f"S{number}" for number in range(8))


ANNA, BELA = "anna", "bela"


@pytest.fixture
def shared(postgres: Postgres) -> Iterator[DeskHarness]:
    """A desk on a PostgreSQL."""
    engine = open_database(new_postgresql(postgres))
    yield DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES, ANNA))
    engine.dispose()


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
