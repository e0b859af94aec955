"""One call processes a full mailbox. MAILS sets its size; `make bench-backlog` measures the speed."""

import os
from pathlib import Path

from tests.support.school import SchoolEnv
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.workload import audit, deliver, make_workload

MAILS = int(os.environ.get("MAILS", "80"))


def test_one_call_turns_a_full_mailbox_into_exactly_its_tickets_messages_and_notifications(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    workload = make_workload(MAILS)
    deliver(env, workload.mails)
    assert sum("\\Seen" in stored.flags for stored in dovecot.mails(user)) > MAILS // 10
    counts = env.json("once")
    opened, mails = len(workload.threads), workload.expected_mails()
    assert counts == {
        "fetched": MAILS,
        "opened": opened,
        "replies": MAILS - opened,
        "ignored": 0,
        "quarantined": 0,
        "sent": mails,
        "failed": 0,
    }
    assert set(env.json("once").values()) == {0}
    found = audit(env, workload)
    assert found.broken == ()
    assert (found.tickets, found.messages, found.sent) == (opened, MAILS, mails)
