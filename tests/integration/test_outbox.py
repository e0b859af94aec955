"""The outbox sends at least once, at most twice, and in order; refusals of the account fail no mail."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from mailbot.config import SmtpAccount
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.runtime.sender import AccountSender, send_all_once
from mailbot.service.retry import GIVE_UP_AFTER, PAUSE_ACCOUNT, backoff_seconds, next_attempt
from mailbot.service.sending import record_and_claim
from mailbot.smtp.refusals import MAX_CONSECUTIVE_REFUSALS
from mailbot.store import outbox
from mailbot.store.database import transaction
from mailbot.store.outbox import HOLD_BEHIND_EARLIER, ClaimedMail, SendOutcome
from mailbot.store.tables import AlertRow, OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import EDV, ERIKA, LENA, MAX, NOW
from tests.support.school import problem
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.smtp import RecordingSmtpServer


def smtp(answers: dict[bytes, bytes | None]) -> Callable[[], Answer]:
    """Return a script of a server that takes mail, but for these answers; None closes the connection."""

    def begin() -> Answer:
        text = False

        def answer(line: bytes) -> bytes | None:
            nonlocal text
            if text and line != b".":
                return b""
            text = False
            verb = b"." if line == b"." else line.split(b" ")[0].upper()
            plain = {b"DATA": b"354 go\r\n"}
            said = answers.get(verb, plain.get(verb, b"250 fine\r\n"))
            text = verb == b"DATA" and said == b"354 go\r\n"
            return said

        return answer

    return begin


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


POOL = ThreadPoolExecutor(4)


def drain(desk: DeskHarness, port: int, clock: Clock) -> AccountSender:
    """Send what is due; return the lane."""
    sender = AccountSender(desk.desk, SmtpAccount("localhost", port, "none"), ("GYM", "HBG"), clock, POOL)
    asyncio.run(sender.send_all())
    return sender


def states(desk: DeskHarness) -> list[str]:
    return [row.state for row in desk.rows(OutboxRow)]


@pytest.mark.parametrize("answer", [None, b"gibberish\r\n"])
def test_a_mail_that_the_server_may_have_accepted_is_sent_at_most_twice(
    desk: DeskHarness, answer: bytes | None
) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    clock = Clock()
    with ScriptedServer(b"220 x\r\n", smtp({b".": answer})) as server:
        for _ in range(60):
            drain(desk, server.port, clock)
            clock.now += timedelta(hours=3)
        texts = server.heard.count(b".\r\n")
    mails = [row for row in desk.rows(OutboxRow) if row.kind in ("receipt", "new_ticket")]
    assert [row.state for row in mails] == ["failed"] * 3
    assert all("it may have arrived" in row.last_error for row in mails)
    notices = [
        row for row in desk.rows(OutboxRow) if row.kind in (NotificationKind.BOUNCE, NotificationKind.ALERT)
    ]
    assert texts <= 2 * (len(mails) + len(notices))


def test_an_uncertain_mail_is_not_retried_at_once(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    clock = Clock()
    with ScriptedServer(b"220 x\r\n", smtp({b".": None})) as server:
        drain(desk, server.port, clock)
        clock.now += timedelta(minutes=20)
        drain(desk, server.port, clock)
        ids = [line for line in server.heard if line.startswith(b"Message-ID")]
    assert len(ids) == len(set(ids))


def test_a_mail_waits_for_an_earlier_one_of_its_thread_for_a_limited_time(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    desk.reply(MAX, "Kabel?")
    with transaction(desk.engine) as session:
        [first] = outbox.claim(session, ["GYM"], NOW)
        again = NOW + timedelta(minutes=30)
        held = SendOutcome(first.id, "queued", "450 busy", again)
        claimed = []
        outbox.record(session, [held], NOW)
        while due := outbox.claim(session, ["GYM"], NOW, most=20):
            claimed += [mail.outgoing for mail in due]
            outbox.record(session, [SendOutcome(mail.id, "sent") for mail in due], NOW)
    waits = first.outgoing.recipient.email
    assert waits == LENA
    assert LENA not in [sent_mail.recipient.email for sent_mail in claimed]
    assert {sent_mail.recipient.email for sent_mail in claimed} == {MAX, ERIKA}
    with transaction(desk.engine) as session:
        [late] = outbox.claim(session, ["GYM"], NOW + HOLD_BEHIND_EARLIER)
    assert late.outgoing.recipient.email == LENA


def test_schools_that_share_an_account_send_in_turn(
    desk: DeskHarness,
) -> None:
    for number in range(20):
        desk.receive(problem(f"Beamer {number}", f"t{number}@schule.example").text("dunkel"))
    desk.receive(problem("Tafel").text("klemmt"), "HBG")
    schools = ("GYM", "HBG")
    for most, places in ((1, [1, 3]), (20, [5, 6])):
        turns: list[str] = []
        while due := record_and_claim(
            desk.desk, schools, [], None, NOW, after=turns[-1] if turns else "", most=most
        ):
            turns += [mail.school for mail in due]
        assert [place for place, school in enumerate(turns) if school == "HBG"] == places
        assert len(turns) == len(desk.rows(OutboxRow))
        with transaction(desk.engine) as session:
            outbox.requeue_interrupted(session, desk.desk.worker, NOW)


QUOTA = b"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException\r\n"


def report(desk: DeskHarness, number: int) -> None:
    """Let `number` teachers report a problem each."""
    for n in range(number):
        desk.receive(problem(f"Beamer {n}", sender=f"lehrer{n}@schule.example").text("dunkel"))


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


def test_mails_in_quick_succession_share_a_connection(
    desk: DeskHarness, smtp_server: RecordingSmtpServer
) -> None:
    sender = AccountSender(desk.desk, smtp_server.account(), ("GYM", "HBG"), Clock(), POOL)

    async def run() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(sender.run(stop))
        for number in (1, 2):
            desk.receive(problem(f"Beamer {number}", sender=f"lehrer{number}@schule.example").text("dunkel"))
            sender.wakeup.set()
            while "queued" in states(desk) or "sending" in states(desk):
                await asyncio.sleep(0.01)
        stop.set()
        await running

    asyncio.run(asyncio.wait_for(run(), 60))
    assert len(smtp_server.received) == len(desk.rows(OutboxRow)) > 2
    assert smtp_server.connections == 1


def test_mails_are_claimed_and_recorded_in_batches(
    desk: DeskHarness, smtp_server: RecordingSmtpServer
) -> None:
    report(desk, 20)
    commits: list[object] = []
    event.listen(desk.engine, "commit", commits.append)
    account = replace(smtp_server.account(), connections=3)
    asyncio.run(AccountSender(desk.desk, account, ("GYM", "HBG"), Clock(), POOL).send_all())
    assert set(states(desk)) == {"sent"}
    assert len(commits) < 1.5 * len(smtp_server.received)  # one by one: two for each mail
    ids = [message_id(mail.raw) for mail in smtp_server.received]
    assert sorted(ids) == sorted(row.message_id for row in desk.rows(OutboxRow))
    assert smtp_server.connections == 3


def message_id(raw: bytes) -> str:
    return raw.partition(b"\r\nMessage-ID: ")[2].partition(b"\r\n")[0].decode()


def test_mails_of_a_batch_that_were_not_attempted_are_due_as_before(desk: DeskHarness) -> None:
    report(desk, 10)
    with transaction(desk.engine) as session:
        session.execute(update(OutboxRow).values(last_error="450 busy"))
    ends = iter([b"250 taken\r\n", b"250 taken\r\n", QUOTA])

    def begin() -> Answer:
        answer = smtp({b".": b"250 end\r\n"})()
        return lambda line: next(ends) if (said := answer(line)) == b"250 end\r\n" else said

    with ScriptedServer(b"220 x\r\n", begin) as server:
        drain(desk, server.port, Clock())
    sent, refused, *others = [row for row in desk.rows(OutboxRow) if row.kind != NotificationKind.ALERT][1:]
    assert (sent.state, refused.state, refused.last_error) == ("sent", "queued", QUOTA[4:].decode().strip())
    unchanged = {(row.state, row.attempts, row.next_attempt, row.last_error) for row in others}
    assert (len(others), unchanged) == (27, {("queued", 0, NOW, "450 busy")})


def test_no_attempt_begins_when_another_worker_may_soon_claim_the_mail(
    desk: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(desk, 5)
    clock = Clock()

    def begin() -> Answer:
        answer = smtp({b".": b"250 taken\r\n"})()

        def slow(line: bytes) -> bytes | None:
            clock.now += timedelta(minutes=3) if line == b"." else timedelta(0)
            return answer(line)

        return slow

    taken: list[datetime] = []
    claim = outbox.claim

    def note_time(*args: Any, **kwargs: Any) -> list[ClaimedMail]:
        claimed = claim(*args, **kwargs)
        if claimed:
            taken.append(clock.now)
        return claimed

    monkeypatch.setattr(outbox, "claim", note_time)
    with ScriptedServer(b"220 x\r\n", begin) as server:
        drain(desk, server.port, clock)
        assert server.heard.count(b".\r\n") == len(desk.rows(OutboxRow)) == 15
    assert set(states(desk)) == {"sent"}
    # An attempt takes three minutes here, so two begin within the four minutes after each claim.
    assert [(time - NOW) / timedelta(minutes=1) for time in taken] == [0, 3, 9, 15, 21, 27, 33, 39]


def test_an_undeliverable_mail_is_noted_in_its_ticket(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    desk.reply(MAX, "Das Kabel ist lose.")
    with ScriptedServer(b"220 x\r\n", smtp({b"RCPT": b"550 5.1.1 no such user\r\n"})) as server:
        drain(desk, server.port, Clock())
    trail = [(e["action"], e["detail"]) for e in desk.ticket("GYM-1")["events"]]
    assert ("undelivered", f"{LENA}: 5.1.1 no such user") in trail


@given(st.lists(st.sampled_from(["temporary", "uncertain"]), max_size=60), st.integers(0, 3))
def test_a_mail_is_retried_for_five_days_and_twice_if_uncertain(outcomes: list[str], seed: int) -> None:
    created = now = NOW
    doubts = 0
    for attempts, outcome in enumerate(outcomes, 1):
        doubts += outcome == "uncertain"
        again = next_attempt(
            attempts, created, now, uncertain=outcome == "uncertain", uncertain_attempts=doubts
        )
        if again is None:
            assert doubts >= 2 or now > created + GIVE_UP_AFTER - timedelta(hours=5)
            return
        assert again > now
        assert doubts < 2 or outcome == "temporary"
        now = again + timedelta(seconds=seed)
    assert now < created + GIVE_UP_AFTER + timedelta(hours=5)
