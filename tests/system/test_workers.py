"""Several workers on one PostgreSQL: one worker per mailbox, and another one after its death."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mailbot.core.model.policy import School
from mailbot.runtime.mailbox_supervisor import LEASE
from mailbot.runtime.rendezvous import assigned_to
from tests.support.daemon import Daemon
from tests.support.desk_harness import GERMAN_POLICY
from tests.support.fixtures import require
from tests.support.school import MAX, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.postgres import Postgres
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer

SCHOOLS = tuple(f"S{number}" for number in range(8))
TAKEN_OVER = LEASE.total_seconds() + 30  # a worker beats every few seconds, and a busy machine is slow


def school(key: str) -> School:
    """Return one of the further schools."""
    return replace(GERMAN_POLICY.schools[0], key=key)


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
