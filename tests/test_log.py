"""The log tells what became of a mail and why, and nothing of what people wrote or who they are."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.daemon import Daemon
from tests.house import ERIKA, LENA, MAX, ROOT, TONI, House, problem
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

TEMPLATE = """{% extends "staff.txt.j2" %}
{% block lead %}{% if "Bombe" in ticket.subject %}{{ {}[ticket.subject ~ text] }}{% endif %}{% endblock %}
"""
WORDS = ("Geheimbeamer", "Kabelsalat", "Netzteilbrand", "Bombe", "Zeitzünder", "frobniziere", "Lehrerin")
PEOPLE = (LENA, MAX, ERIKA, TONI, "unbekannt@anderswo.example")


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school with a template that stumbles over some mails, and says over which words."""
    (tmp_path / "templates" / "de").mkdir(parents=True)
    (tmp_path / "templates" / "de" / "new_ticket.txt.j2").write_text(TEMPLATE)
    return House(tmp_path, dovecot, smtp_server, user, bot='templates = "templates"', invitations=True)


def said_by(house: House, call: str) -> str:
    """Run a call; return what it says on stderr."""
    return subprocess.run(
        house.command(call), capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    ).stderr


def assert_discreet(log: str) -> None:
    for secret in (*WORDS, *PEOPLE):
        assert secret.lower() not in log.lower(), log


def test_a_day_at_the_desk_leaves_no_name_no_address_and_no_words_in_the_log(house: House) -> None:
    lena = f"Lena Lehrerin <{LENA}>"
    house.deliver(
        problem("Geheimbeamer").sender(lena).text("Kabelsalat hinter dem Netzteilbrand"),
        problem("Bombe").sender(lena).text("Zeitzünder"),
        mail()
        .sender("unbekannt@anderswo.example")
        .to(house.address)
        .subject("Kabelsalat [#GYM-1]")
        .text("?"),
    )
    log = said_by(house, "once")
    team = house.letters(MAX)
    house.deliver(
        team[0].answer(MAX, "#frobniziere Kabelsalat"),
        team[0].answer(MAX, "#note\n\nNetzteilbrand"),
        team[0].answer("unbekannt@anderswo.example", "#close"),
        house.letters(LENA)[0].answer(LENA, "Kabelsalat!"),
    )
    log += said_by(house, "once")
    assert "outcome=opened" in log
    assert "outcome=refused" in log
    assert "outcome=quarantined" in log
    assert "BrokenTemplateError" in log
    assert_discreet(log)


def test_the_daemon_counts_whom_it_invites_and_names_nobody(house: House) -> None:
    with Daemon(house) as daemon:
        daemon.wait_said("invited")
        daemon.wait(lambda: len(house.letters(MAX)) == 1, "the invitation")
        assert daemon.stop() == 0
    assert "members=3" in daemon.log
    assert_discreet(daemon.log)


def test_a_traceback_tells_where_it_was_and_not_over_whose_words(house: House) -> None:
    alert = house.directory / "templates" / "de" / "alert.txt.j2"
    alert.write_text("{{ {}[notice.details | string] }}")
    house.deliver(problem("Bombe").text("Zeitzünder"))
    log = said_by(house, "once")
    assert "alert not written" in log
    assert "letter.py" in log
    assert "BrokenTemplateError" in log
    assert_discreet(log)


def test_a_database_that_refuses_a_mail_says_nothing_of_its_words(house: House) -> None:
    said_by(house, "once")
    with sqlite3.connect(house.directory / "state" / "mailbot.db") as database:
        database.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON message WHEN NEW.text LIKE '%Kabelsalat%'"
            " BEGIN SELECT RAISE(ABORT, 'Kabelsalat of lena@schule.example'); END"
        )
    house.deliver(problem("Geheimbeamer").text("Kabelsalat"))
    log = said_by(house, "once")
    assert "outcome=quarantined" in log
    assert "IntegrityError" in log
    assert_discreet(log)


def test_what_a_library_complains_of_is_told_by_its_place_alone() -> None:
    complaint = (
        "import logging; from mailbot.cli.frame import _log_to_stderr; _log_to_stderr()\n"
        "try: {}['Kabelsalat']\n"
        "except KeyError: logging.getLogger('apscheduler').exception('of %s', 'lena@schule.example')\n"
    )
    log = subprocess.run(
        [sys.executable, "-c", complaint], capture_output=True, text=True, cwd=ROOT, check=True
    ).stderr
    assert "library=apscheduler" in log
    assert "KeyError" in log
    assert_discreet(log)
