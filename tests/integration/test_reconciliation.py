"""The nightly comparison of mailbox and ledger, and the processing of missing mails after a restore."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import select

from mailbot.check import CheckResult, run_checks
from mailbot.config import load
from mailbot.inbox import Mailbox
from mailbot.runtime import application
from mailbot.runtime.differences import GRACE, Difference, differences
from mailbot.runtime.old_mail import OldMail
from mailbot.runtime.reconciliation import reconcile
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import AlertRow, LedgerRow
from tests.support.scenario import NOW
from tests.support.school import LENA, SchoolEnv, mailbox_of, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import wait_until
from tests.support.servers.smtp import RecordingSmtpServer

OLD = NOW - timedelta(days=30)
LATELY = NOW - 2 * GRACE


def found(in_folder: dict[int, datetime], processed: set[int], **more: Any) -> Difference:
    return differences(in_folder, processed, **{"cutoff": OLD, "now": NOW, "moves": True, **more})


def test_a_mail_that_was_never_processed_is_a_difference() -> None:
    assert found({7: LATELY}, set()).unprocessed == (7,)


def test_a_processed_mail_still_in_the_folder_is_a_difference_if_mails_are_filed() -> None:
    assert found({7: LATELY}, {7}).unmoved == (7,)
    assert not found({7: LATELY}, {7}, moves=False)


@pytest.mark.parametrize("received", [NOW - GRACE / 2, OLD - timedelta(days=1)])
def test_mail_in_progress_or_older_than_the_cutoff_is_not_missing(received: datetime) -> None:
    assert not found({7: received}, set())


@given(st.sets(st.integers(1, 50)), st.sets(st.integers(1, 50)))
def test_every_processed_mail_is_compared_once(in_folder: set[int], processed: set[int]) -> None:
    difference = found(dict.fromkeys(in_folder, LATELY), processed)
    assert set(difference.unprocessed) == in_folder - processed
    assert set(difference.unmoved) == in_folder & processed


def reconciled(env: SchoolEnv) -> Difference:
    """Compare the school's mailbox with its ledger."""
    with env.open() as (desk, settings), Mailbox.open(settings.imap["GYM"]) as box:
        mailbox = mailbox_of(desk, settings)
        return reconcile(mailbox, box, OldMail(mailbox, 7).cutoff())


def alerts(env: SchoolEnv) -> list[str]:
    with env.open() as (desk, _), read_only(desk.engine) as session:
        return [row.topic for row in session.exec(select(AlertRow))]


def test_a_mailbox_whose_mails_were_processed_and_moved_has_no_difference(env: SchoolEnv) -> None:
    env.deliver(problem().text("dunkel"), problem("Drucker").text("leer"))
    env.run_once()
    assert not reconciled(env)
    assert alerts(env) == []


def test_a_mail_left_unprocessed_is_reported_once_and_so_is_its_end(env: SchoolEnv) -> None:
    env.run_once()
    two_hours_ago = datetime.now(UTC) - timedelta(hours=2)
    env.dovecot.deliver(env.address, problem().text("dunkel").build(), received=two_hours_ago)
    assert reconciled(env).unprocessed
    assert reconciled(env).unprocessed
    assert alerts(env) == ["mailbox GYM: not as the ledger says"]
    env.run_once()
    assert not reconciled(env)
    assert alerts(env) == []


def test_a_mail_moved_by_hand_is_reported(env: SchoolEnv) -> None:
    env.deliver(problem().text("dunkel"))
    env.run_once()
    env.deliver(problem("Drucker").text("leer"))
    with env.dovecot.login(env.address) as client:
        client.uid("MOVE", "1:*", "Mailbot/Done")
    assert reconciled(env).unknown_in_processed == 1


def ledger_check(env: SchoolEnv) -> CheckResult:
    """Return what `mailbot check` says about the ledger."""
    found = run_checks(load(env.config, {}), with_roundtrip=False)
    return next(result for result in list(found) if result.subject == "GYM ledger")


def test_check_reports_a_database_that_is_younger_than_the_mail(env: SchoolEnv) -> None:
    env.deliver(problem().text("dunkel"), problem("Drucker").text("leer"))
    env.run_once()
    assert ledger_check(env).ok
    with env.open() as (desk, _), transaction(desk.engine) as session:
        session.execute(update(LedgerRow).values(message_id="<another@mail.example>"))
    found = ledger_check(env)
    assert not found.ok
    assert "lacks 2 of the 2 mails" in found.text
    assert "the database is younger than the mail" in found.text


def test_the_daemon_compares_each_mailbox_once_a_night(
    tmp_path: Path,
    dovecot: Dovecot,
    smtp_server: RecordingSmtpServer,
    user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, imap="poll_seconds = 1")
    env.deliver(problem().text("dunkel"))
    env.run_once()
    env.deliver(problem("Drucker").text("leer"))
    with dovecot.login(user) as client:
        client.uid("MOVE", "1:*", "Mailbot/Done")
    clock = [datetime.now(UTC).replace(hour=12)]
    monkeypatch.setattr(application, "utc_now", lambda: clock[-1])
    for expected in (["mailbox GYM: not as the ledger says"], []):  # the second daemon has nothing to do
        with env.open() as (desk, _), transaction(desk.engine) as session:
            session.execute(delete(AlertRow))
        daemon = application.Application(load(env.config, {}))
        daemon.start()
        try:
            daemon.health.clock = lambda: clock[-1]
            daemon.run_timers()
            if expected:
                wait_until(lambda: bool(alerts(env)), 60)
        finally:
            daemon.stop()
        assert alerts(env) == expected


def test_after_a_restore_mails_since_the_backup_are_processed_again_once(
    env: SchoolEnv,
) -> None:
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    file = env.directory / "backup"
    env.call("backup", str(file))
    env.deliver(problem("Drucker").text("leer"), env.mails_to(LENA)[0].answer(LENA, "Es eilt."))
    env.run_once()
    env.call("restore", str(file))
    assert [t["subject"] for t in env.json("tickets")] == ["Beamer"]
    env.run_once()
    assert sorted(t["subject"] for t in env.json("tickets")) == ["Beamer", "Drucker"]
    assert [m["text"] for m in env.ticket()["messages"]] == ["dunkel", "Es eilt."]
    assert env.run_once()["fetched"] == 0
    assert not reconciled(env)
    assert len(env.dovecot.mails(env.address, "Mailbot/Done")) == 3


def test_mail_that_a_person_moves_back_is_moved_again_and_processed_once(env: SchoolEnv) -> None:
    env.deliver(problem("Beamer").text("dunkel"))
    env.run_once()
    with env.dovecot.login(env.address, "Mailbot/Done") as client:
        client.uid("MOVE", "1:*", "INBOX")
    counts = env.run_once()
    assert (counts["opened"], counts["ignored"], counts["sent"]) == (0, 1, 0)
    assert len(env.json("tickets")) == 1
    assert env.dovecot.mails(env.address) == []
