"""An SMTP account that is refused is paused; other accounts and mails are sent."""

import asyncio
import threading
from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy import event

from mailbot.config import SmtpAccount
from mailbot.runtime.sender import AccountSender, send_all_once
from mailbot.service.retry import PAUSE_ACCOUNT, backoff_seconds
from mailbot.smtp.refusals import MAX_CONSECUTIVE_REFUSALS
from mailbot.store.tables import AlertRow, OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.outbox_runs import POOL, QUOTA, Clock, drain, report, smtp, states
from tests.support.scenario import EDV
from tests.support.school import problem
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.smtp import RecordingSmtpServer


def smtp_alerts(desk: DeskHarness) -> list[str]:
    return [row.text for row in desk.rows(AlertRow) if row.topic.startswith("SMTP")]


@pytest.mark.parametrize(
    "refused",
    [
        {b".": QUOTA},
        {b"DATA": b"550 5.4.5 Daily user sending limit exceeded\r\n"},
        {b"RCPT": b"550 limit per hour reached, retry later\r\n"},
        {b"RCPT": b"554 5.7.0 refused\r\n"},
        {b".": b"554 Transaction failed\r\n"},
    ],
)
def test_mails_wait_while_the_account_is_refused_and_all_arrive_afterwards(
    desk: DeskHarness, refused: dict[bytes, bytes | None]
) -> None:
    report(desk, 3)
    clock = Clock()
    answers = dict(refused)
    with ScriptedServer(b"220 x\r\n", smtp(answers)) as server:
        for _ in range(20):  # each time by a process of its own, for eight days
            drain(desk, server.port, clock)
            assert set(states(desk)) == {"queued"}
            clock.now += timedelta(hours=10)
        assert len(smtp_alerts(desk)) == 1
        assert len(desk.outbox_of(EDV)) == 1
        answers.clear()
        drain(desk, server.port, clock)
    assert set(states(desk)) == {"sent"}
    assert (smtp_alerts(desk), len(desk.outbox_of(EDV))) == ([], 2)


def test_a_paused_account_is_probed_with_one_mail(desk: DeskHarness) -> None:
    report(desk, 3)
    with ScriptedServer(b"220 x\r\n", smtp({b".": QUOTA})) as server:
        sender = drain(desk, server.port, Clock())
        assert server.heard.count(b".\r\n") == 1
    assert not sender.is_up
    assert "SubmissionQuotaExceeded" in smtp_alerts(desk)[0]


def test_pause_of_an_account_grows_while_the_server_refuses_it() -> None:
    assert [backoff_seconds(n, PAUSE_ACCOUNT) for n in (0, 1, 9, 10, 10**6)] == [1, 2, 512, 900, 900]


def test_another_account_sends_while_one_is_paused(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    desk.receive(problem("Tafel").text("klemmt"), "HBG")

    async def both(*senders: AccountSender) -> None:
        await asyncio.gather(*(sender.send_all() for sender in senders))

    refuses = ScriptedServer(b"220 x\r\n", smtp({b".": QUOTA}))
    takes = ScriptedServer(b"220 x\r\n", smtp({}))
    with refuses, takes:
        servers = (("GYM", refuses), ("HBG", takes))
        senders = [
            AccountSender(desk.desk, SmtpAccount("localhost", s.port, "none"), (k,), Clock(), POOL)
            for k, s in servers
        ]
        asyncio.run(both(*senders))
    found = {(row.school, row.state) for row in desk.rows(OutboxRow)}
    assert found == {("GYM", "queued"), ("HBG", "sent")}


def test_a_message_that_is_being_built_delays_no_other_account(desk: DeskHarness) -> None:
    desk.receive(
        problem("Beamer").text("dunkel").attach("beamer.png", b"\x89PNG\r\n\x1a\n" * 10, "image/png")
    )
    desk.receive(problem("Tafel").text("klemmt"), "HBG")
    delivered = threading.Event()

    def wait(_: object, __: object, statement: str, *___: object) -> None:
        """Block the query for the file until the other account's message is delivered."""
        if statement.startswith("SELECT") and "raw_mail" in statement and not delivered.wait(60):
            raise AssertionError("the other account waits, too")

    def begin() -> Answer:
        answer = smtp({b".": b"250 taken\r\n"})()

        def tell(line: bytes) -> bytes | None:
            if (said := answer(line)) == b"250 taken\r\n":
                delivered.set()
            return said

        return tell

    event.listen(desk.engine, "before_cursor_execute", wait)
    with ScriptedServer(b"220 x\r\n", smtp({})) as large, ScriptedServer(b"220 x\r\n", begin) as small:
        accounts = (("GYM", large.port), ("HBG", small.port))
        senders = [
            AccountSender(desk.desk, SmtpAccount("localhost", port, "none"), (school,), Clock(), POOL)
            for school, port in accounts
        ]
        asyncio.run(send_all_once(senders))
    assert set(states(desk)) == {"sent"}
    assert b"beamer.png" in b"".join(large.heard)


def test_one_refused_mail_does_not_stop_the_others(
    desk: DeskHarness, smtp_server: RecordingSmtpServer
) -> None:
    smtp_server.replies["lehrer0@schule.example"] = "550 5.7.1 rate limit exceeded"
    report(desk, 3)
    clock = Clock()
    sender = AccountSender(desk.desk, smtp_server.account(), ("GYM", "HBG"), clock, POOL)
    for _ in range(4):
        asyncio.run(sender.send_all())
        clock.now += timedelta(minutes=20)
    [refused] = [row for row in desk.rows(OutboxRow) if row.state != "sent"]
    assert (refused.recipient, refused.state, sender.is_up) == ("lehrer0@schule.example", "queued", True)
    assert refused.attempts > 1
    assert len(desk.outbox_of(EDV)) == 2  # the alert and its end


def test_an_intermittent_rate_limit_is_reported_once(desk: DeskHarness) -> None:
    report(desk, 4)
    clock, ends = Clock(), cycle([QUOTA, b"250 taken\r\n"])

    def begin() -> Answer:
        answer = smtp({b".": b"250 end\r\n"})()
        return lambda line: next(ends) if (said := answer(line)) == b"250 end\r\n" else said

    with ScriptedServer(b"220 x\r\n", begin) as server:
        sender = AccountSender(
            desk.desk, SmtpAccount("localhost", server.port, "none"), ("GYM",), clock, POOL
        )
        while states(desk).count("sent") < 10:
            asyncio.run(sender.send_all())
            clock.now += timedelta(minutes=20)
            assert len(desk.outbox_of(EDV)) <= 1 or "queued" not in states(desk)[:12]


def test_two_unknown_recipients_do_not_pause_the_account(
    desk: DeskHarness, smtp_server: RecordingSmtpServer
) -> None:
    report(desk, 12)
    for n in range(10):
        smtp_server.replies[f"lehrer{n}@schule.example"] = f"550 5.1.1 <lehrer{n}@schule.example> unknown"
    sender = AccountSender(desk.desk, smtp_server.account(), ("GYM", "HBG"), Clock(), POOL)
    asyncio.run(sender.send_all())
    failed = [row.recipient for row in desk.rows(OutboxRow) if row.state == "failed"]
    assert failed == [f"lehrer{n}@schule.example" for n in range(10)]
    assert (sender.is_up, smtp_alerts(desk), set(states(desk))) == (True, [], {"failed", "sent"})


def test_a_server_that_refuses_everything_as_spam_pauses_the_account(desk: DeskHarness) -> None:
    report(desk, 6)
    clock = Clock()
    with ScriptedServer(b"220 x\r\n", smtp({b".": b"554 5.7.1 spam\r\n"})) as server:
        sender = drain(desk, server.port, clock)
    assert not sender.is_up
    assert states(desk).count("failed") == MAX_CONSECUTIVE_REFUSALS
    assert "sending" not in states(desk)
    with ScriptedServer(b"220 x\r\n", smtp({})) as server:
        clock.now += timedelta(hours=2)
        sender.account = SmtpAccount("localhost", server.port, "none")
        asyncio.run(sender.send_all())
    assert sender.is_up
    assert "queued" not in states(desk)
