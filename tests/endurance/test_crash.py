"""A kill at any moment loses and doubles nothing. KILLS, MAILS and SEED set the size."""

import os
import threading
from pathlib import Path

from tests.support.crash_loop import run_until_done
from tests.support.forked import ForkedProcess
from tests.support.school import SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority
from tests.support.workload import audit, make_workload

KILLS = int(os.environ.get("KILLS", "3"))
MAILS = int(os.environ.get("MAILS", "50"))
SEED = int(os.environ.get("SEED", "1"))


def test_kills_at_random_moments_lose_and_duplicate_nothing(env: SchoolEnv) -> None:
    workload = make_workload(MAILS, SEED)
    run_until_done(env, workload, KILLS, SEED)
    found = audit(env, workload, KILLS)
    print(found)
    assert found.broken == ()


class HeldDelivery:
    """Takes mails from an SMTP server, and keeps it from answering until `released` is set."""

    def __init__(self) -> None:
        self.reached, self.released = threading.Event(), threading.Event()

    def deliver(self, user: str, *mails: bytes) -> None:
        """Report that a mail is there, and wait."""
        self.reached.set()
        self.released.wait(60)


def test_a_mail_that_the_first_call_was_sending_when_it_was_killed_is_sent_by_the_next_call(
    tmp_path: Path, dovecot: Dovecot, authority: CertificateAuthority, user: str
) -> None:
    held = HeldDelivery()
    with RecordingSmtpServer(authority, deliver_to=held) as smtp:
        env = SchoolEnv(tmp_path, dovecot, smtp, user)
        env.deliver(problem().text("dunkel"))
        first = ForkedProcess(env.arguments("once"), env.directory / "output")
        reached = held.reached.wait(60)
        first.kill()
        first.wait()
        held.released.set()
        assert reached
        assert env.json("once")["sent"] == 3
        assert env.json("outbox") == []
