"""The log has the outcome of each mail and its reason, and no texts or addresses of people."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.forked import ForkedProcess
from tests.support.mail_builder import mail
from tests.support.school import ERIKA, LENA, MAX, ROOT, TONI, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

TEMPLATE = """{% extends "staff.txt.j2" %}
{% block lead %}{% if "Bombe" in ticket.subject %}{{ {}[ticket.subject ~ text] }}{% endif %}{% endblock %}
"""
WORDS = ("Geheimbeamer", "Kabelsalat", "Netzteilbrand", "Bombe", "Zeitzünder", "frobniziere", "Lehrerin")
PEOPLE = (LENA, MAX, ERIKA, TONI, "unbekannt@anderswo.example")


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school with a template that stumbles over some mails, and says over which words."""
    (tmp_path / "templates" / "de").mkdir(parents=True)
    (tmp_path / "templates" / "de" / "new_ticket.txt.j2").write_text(TEMPLATE)
    return SchoolEnv(tmp_path, dovecot, smtp_server, user, bot='templates = "templates"', invitations=True)


def said_by(env: SchoolEnv, call: str) -> str:
    """Run a call in a process of its own; return what it says."""
    output = env.directory / "said"
    output.unlink(missing_ok=True)
    ForkedProcess(env.arguments(call), output, os.environ).wait(120)
    return output.read_text("utf-8")


def assert_discreet(log: str) -> None:
    for secret in (*WORDS, *PEOPLE):
        assert secret.lower() not in log.lower(), log


def test_the_log_of_a_day_has_no_name_no_address_and_no_words_of_a_mail(env: SchoolEnv) -> None:
    lena = f"Lena Lehrerin <{LENA}>"
    env.deliver(
        problem("Geheimbeamer").sender(lena).text("Kabelsalat hinter dem Netzteilbrand"),
        problem("Bombe").sender(lena).text("Zeitzünder"),
        mail().sender("unbekannt@anderswo.example").to(env.address).subject("Kabelsalat [#GYM-1]").text("?"),
    )
    log = said_by(env, "once")
    team = env.mails_to(MAX)
    env.deliver(
        team[0].answer(MAX, "#frobniziere Kabelsalat"),
        team[0].answer(MAX, "#note\n\nNetzteilbrand"),
        team[0].answer("unbekannt@anderswo.example", "#close"),
        env.mails_to(LENA)[0].answer(LENA, "Kabelsalat!"),
    )
    log += said_by(env, "once")
    assert "outcome=opened" in log
    assert "outcome=refused" in log
    assert "outcome=quarantined" in log
    assert "BrokenTemplateError" in log
    assert_discreet(log)


def test_the_log_counts_invitations_and_contains_no_address(env: SchoolEnv) -> None:
    with Daemon(env, forked=True) as daemon:
        daemon.wait_logged("members invited")
        daemon.wait(lambda: len(env.mails_to(MAX)) == 1, "the invitation")
        assert daemon.stop() == 0
    assert "members=3" in daemon.log
    assert_discreet(daemon.log)


def test_traceback_has_the_location_and_no_text_of_the_mail(env: SchoolEnv) -> None:
    alert = env.directory / "templates" / "de" / "alert.txt.j2"
    alert.write_text("{{ {}[notification.details | string] }}")
    env.deliver(problem("Bombe").text("Zeitzünder"))
    log = said_by(env, "once")
    assert "alert not created" in log
    assert "mail.py" in log
    assert "BrokenTemplateError" in log
    assert_discreet(log)


def test_the_error_of_a_database_that_refuses_a_mail_has_no_words_of_it(env: SchoolEnv) -> None:
    said_by(env, "once")
    with sqlite3.connect(env.directory / "state" / "mailbot.db") as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.text LIKE '%Kabelsalat%'"
            " BEGIN SELECT RAISE(ABORT, 'Kabelsalat of lena@schule.example'); END"
        )
    env.deliver(problem("Geheimbeamer").text("Kabelsalat"))
    log = said_by(env, "once")
    assert "outcome=quarantined" in log
    assert "IntegrityError" in log
    assert_discreet(log)


def test_warnings_of_libraries_are_logged_by_their_source_only() -> None:
    complaint = (
        "import logging; from mailbot.cli.log import log_to_stderr; log_to_stderr()\n"
        "try: {}['Kabel' + 'salat']\n"  # Python 3.13 shows this line
        "except KeyError: logging.getLogger('apscheduler').exception('of %s', 'lena@schule.example')\n"
    )
    log = subprocess.run(
        [sys.executable, "-c", complaint], capture_output=True, text=True, cwd=ROOT, check=True
    ).stderr
    assert "library=apscheduler" in log
    assert "KeyError" in log
    assert_discreet(log)
