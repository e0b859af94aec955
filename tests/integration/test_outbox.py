"""The outbox sends at least once, at most twice, and in order; refusals of the account fail no mail."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, update

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.runtime.sender import AccountSender
from mailbot.service.retry import GIVE_UP_AFTER, next_attempt
from mailbot.service.sending import record_and_claim
from mailbot.store import outbox
from mailbot.store.database import transaction
from mailbot.store.outbox import HOLD_BEHIND_EARLIER, ClaimedMail, SendOutcome
from mailbot.store.tables import OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.outbox_runs import POOL, QUOTA, Clock, drain, report, smtp, states
from tests.support.scenario import ERIKA, LENA, MAX, NOW
from tests.support.school import problem
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.smtp import RecordingSmtpServer


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


def test_a_failed_mail_that_is_retried_is_the_same_mail_with_all_its_attempts(desk: DeskHarness) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    clock = Clock()
    with ScriptedServer(b"220 x\r\n", smtp({b".": None})) as server:
        for clock.now in (NOW, NOW + timedelta(hours=1)):
            drain(desk, server.port, clock)
        first = b"".join(server.heard).split(b"DATA\r\n")[1].split(b"\r\n.\r\n")[0]
    failed = [row.id for row in desk.rows(OutboxRow) if row.state == "failed"]
    clock.now += GIVE_UP_AFTER
    with transaction(desk.engine) as session:
        for mail_id in failed:
            outbox.retry(session, mail_id or 0, clock.now)
    with ScriptedServer(b"220 x\r\n", smtp({b"RCPT": b"451 4.3.0 later\r\n"})) as server:
        drain(desk, server.port, clock)
    clock.now += timedelta(hours=1)
    with ScriptedServer(b"220 x\r\n", smtp({})) as server:
        drain(desk, server.port, clock)
        assert first in b"".join(server.heard)
    assert {row.id: row.state for row in desk.rows(OutboxRow) if row.id in failed} == dict.fromkeys(
        failed, "sent"
    )
    assert len(failed) == 3


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
