"""The quarantine: a mail that fails is kept with its reason, stops no other mail, and can be retried."""

import sqlite3
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from mailbot.clock import utc_now
from mailbot.core.model.mail import Mail
from mailbot.inbox import Mailbox
from mailbot.parse import parse
from mailbot.service import receive
from mailbot.store.database import TRANSIENT, read_only, transaction
from mailbot.store.ledger import MailLocation, start_attempts
from mailbot.store.tables import LedgerRow
from tests.support.daemon import Daemon
from tests.support.school import EDV, LENA, MAX, SchoolEnv, ingest_of, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

BROKEN = "{{ ticket.colour }}"
ENDLESS = "{% for a in range(10 ** 9) %}{% for b in range(10 ** 9) %}{% endfor %}{% endfor %}"
TEMPLATE = """{{% extends "staff.txt.j2" %}}
{{% block lead %}}{{% if "Bombe" in ticket.subject %}}{trouble}{{% endif %}}{{% endblock %}}
"""


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school whose operators have a template of their own for new tickets."""
    (tmp_path / "templates" / "de").mkdir(parents=True)
    return SchoolEnv(tmp_path, dovecot, smtp_server, user, bot='templates = "templates"')


def trouble(env: SchoolEnv, what: str) -> None:
    """Write into that template what happens to a mail with "Bombe" in its subject."""
    template = env.directory / "templates" / "de" / "new_ticket.txt.j2"
    template.write_text(TEMPLATE.format(trouble=what))


def bomb_between_others(env: SchoolEnv) -> None:
    """Deliver a mail for which the template fails, with one before and one behind it."""
    env.deliver(
        problem("Beamer dunkel").text("Er bleibt dunkel.\n"),
        problem("Bombe").text("Sie tickt.\n"),
        problem("Maus fehlt").text("Die Maus ist weg.\n"),
    )


@pytest.fixture
def quarantined(env: SchoolEnv) -> SchoolEnv:
    """A school with one mail in the quarantine, because of a broken template."""
    trouble(env, BROKEN)
    bomb_between_others(env)
    counts = env.run_once()
    assert (counts["opened"], counts["quarantined"]) == (2, 1)
    return env


def test_a_mail_with_a_broken_template_is_quarantined_and_later_mails_are_not(quarantined: SchoolEnv) -> None:
    assert [mail.subject for mail in quarantined.mails_to(MAX)] == [
        "[#GYM-1] Beamer dunkel",
        "[#GYM-2] Maus fehlt",
    ]
    assert not quarantined.dovecot.mails(quarantined.address)


def test_a_quarantined_mail_has_no_effect(quarantined: SchoolEnv) -> None:
    assert len(quarantined.json("tickets", "--status=all")) == 2
    assert all("Bombe" not in mail.subject for mail in quarantined.mails_to(LENA))


def test_a_quarantined_mail_is_reported_to_operators_once(quarantined: SchoolEnv) -> None:
    quarantined.deliver(problem("Noch eine Bombe").text("Sie tickt auch.\n"))
    assert quarantined.run_once()["quarantined"] == 1
    alert = quarantined.new_mail_to(EDV)
    assert "mailbot quarantine" in alert.text
    assert quarantined.call("status", status=1).count("alert ") == 1


def test_the_quarantine_shows_reason_traceback_and_raw_mail(quarantined: SchoolEnv) -> None:
    (entry,) = quarantined.json("quarantine")
    assert "colour" in entry["because"]
    shown = quarantined.call("quarantine", "show", str(entry["id"]))
    assert "Traceback (most recent call last)" in shown
    assert "Subject: Bombe" in shown


def test_a_mail_that_fails_again_stays_in_the_quarantine(quarantined: SchoolEnv) -> None:
    (entry,) = quarantined.json("quarantine")
    quarantined.call("quarantine", "retry", str(entry["id"]), status=1)
    assert len(quarantined.json("quarantine")) == 1


def test_a_quarantined_mail_is_processed_after_its_template_is_repaired(quarantined: SchoolEnv) -> None:
    (entry,) = quarantined.json("quarantine")
    trouble(quarantined, "")
    assert "opened GYM-3" in quarantined.call("quarantine", "retry", str(entry["id"]))
    assert quarantined.run_once()["sent"] == 4
    assert quarantined.mails_to(MAX)[-1].subject == "[#GYM-3] Bombe"
    assert len(quarantined.mails_to(EDV)) == 2
    assert quarantined.json("quarantine") == []


def test_a_mail_is_dropped_from_the_quarantine(quarantined: SchoolEnv) -> None:
    (entry,) = quarantined.json("quarantine")
    quarantined.call("quarantine", "drop", str(entry["id"]))
    assert quarantined.json("quarantine") == []
    quarantined.call("quarantine", "retry", str(entry["id"]), status=1)
    assert quarantined.run_once()["opened"] == 0


def test_a_mail_that_cannot_be_parsed_is_quarantined_and_processed_later(
    env: SchoolEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(raw: bytes) -> Mail:
        if b"Subject: Bombe" in raw:
            raise RuntimeError("recursion in a header")
        return parse(raw)

    bomb_between_others(env)
    with monkeypatch.context() as patch:
        patch.setattr(receive, "parse", fragile)
        counts = env.run_once()
    assert (counts["opened"], counts["quarantined"]) == (2, 1)
    (entry,) = env.json("quarantine")
    assert entry["because"] == "RuntimeError: recursion in a header"
    assert "opened GYM-3" in env.call("quarantine", "retry", str(entry["id"]))


def test_an_alert_that_cannot_be_written_keeps_no_mail_from_the_quarantine(env: SchoolEnv) -> None:
    trouble(env, BROKEN)
    (env.directory / "templates" / "de" / "alert.txt.j2").write_text("{{ 1 // 0 }}")
    bomb_between_others(env)
    counts = env.run_once()
    assert (counts["opened"], counts["quarantined"]) == (2, 1)


def test_a_mail_that_kills_the_process_three_times_is_quarantined(env: SchoolEnv) -> None:
    trouble(env, ENDLESS)
    bomb_between_others(env)
    with Daemon(env, forked=True) as daemon:
        for tries in (0, 1, 2, 3):  # the first time others were begun with it
            daemon.wait(partial(began, env, tries), f"attempt {tries} began")
            daemon.kill()
            daemon.start()
        daemon.wait_logged("outcome=quarantined")
        subjects = {"[#GYM-1] Beamer dunkel", "[#GYM-2] Maus fehlt"}  # either may come twice: it was killed
        daemon.wait(lambda: {at.subject for at in env.mails_to(MAX)} == subjects, "the mails around it")
        assert daemon.stop() == 0
    (entry,) = env.json("quarantine")
    assert entry["because"] == "the process died 3 times while it processed this mail"
    trouble(env, "")
    assert "opened GYM-3" in env.call("quarantine", "retry", str(entry["id"]))


def test_a_mail_that_was_in_progress_at_a_crash_is_not_processed_before_the_one_that_it_answers(
    env: SchoolEnv,
) -> None:
    env.deliver(
        problem().message_id("<problem@schule.example>").text("Der Beamer bleibt dunkel.\n"),
        problem("Re: Beamer").reply_to("<problem@schule.example>").text("Auch am Laptop.\n"),
    )
    with env.open() as (desk, _), transaction(desk.engine) as session:
        start_attempts(session, [MailLocation("GYM", env.dovecot.uid_validity(env.address), 2)])
    assert env.run_once()["opened"] == 1
    assert len(env.ticket()["messages"]) == 2


def test_a_mail_that_is_too_large_keeps_its_place_among_the_others(env: SchoolEnv) -> None:
    env.more = '[limits]\nmail = "20 kB"'
    env.write_config()
    env.deliver(
        problem("Beamer").text("dunkel"),
        problem("Film").text("zu lang").attach("film.bin", bytes(50_000), "application/octet-stream"),
        problem("Maus").text("weg"),
    )
    env.run_once()
    with env.open() as (desk, _), read_only(desk.engine) as session:
        assert [row.uid for row in session.exec(select(LedgerRow).order_by(col(LedgerRow.id)))] == [1, 2, 3]


def database(env: SchoolEnv) -> Path:
    """Return the database's file."""
    return env.directory / "state" / "mailbot.db"


def began(env: SchoolEnv, tries: int) -> bool:
    """Return whether the processing of the mail with UID 2 was started that many times."""
    with closing(sqlite3.connect(database(env))) as connection:
        row = connection.execute("SELECT tries FROM attempt WHERE uid = 2").fetchone()
    return bool(row == (tries,))


class Lock:
    """Hold a write transaction on the database of a school."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def taken(self) -> datetime:
        """Take the lock; used as a clock that is read before a mail is processed."""
        self._connection.execute("BEGIN IMMEDIATE")
        return utc_now()

    def release(self) -> None:
        """Let others write."""
        self._connection.execute("ROLLBACK")


def impatient(connection: sqlite3.Connection, *_: object) -> None:
    """Have a connection wait for a lock hardly at all."""
    connection.execute("PRAGMA busy_timeout = 1")


def test_a_locked_database_quarantines_no_mail(env: SchoolEnv) -> None:
    with (
        env.open() as (desk, settings),
        closing(sqlite3.connect(database(env), isolation_level=None)) as other,
        Mailbox.open(settings.imap["GYM"]) as box,
    ):
        event.listen(desk.engine, "checkout", impatient)
        lock = Lock(other)
        clocks, outcomes = [utc_now], list[str]()

        def clock() -> datetime:
            return clocks[-1]()

        ingest = ingest_of(desk, settings, clock=clock, processed=outcomes.append)
        ingest.process_new(box)
        env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
        box.refresh()
        clocks.append(lock.taken)
        for _ in range(5):
            with pytest.raises(TRANSIENT):
                ingest.process_new(box)
            lock.release()
        clocks.pop()
        ingest.process_new(box)
        assert outcomes == ["opened"]


def test_a_mail_whose_subject_the_database_refuses_is_kept_without_it(env: SchoolEnv) -> None:
    """As PostgreSQL refuses what its encoding lacks, and as triggers or full columns may do."""
    with env.open() as (desk, _), transaction(desk.engine) as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON ledger WHEN NEW.subject LIKE '%💥%'"
            " BEGIN SELECT RAISE(ABORT, 'no equivalent in encoding LATIN1: 💥'); END"
        )
    env.deliver(problem("Beamer 💥").text("dunkel\n"), problem("Maus fehlt").text("Die Maus ist weg.\n"))
    counts = env.run_once()
    assert (counts["opened"], counts["quarantined"]) == (1, 1)
    (entry,) = env.json("quarantine")
    assert entry["subject"] == "(cannot be stored)"
    assert entry["because"].startswith("IntegrityError")
    with closing(sqlite3.connect(env.directory / "state" / "mailbot.db")) as connection:
        connection.execute("DROP TRIGGER refuse")
    assert "opened GYM-2" in env.call("quarantine", "retry", str(entry["id"]))
