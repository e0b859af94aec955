"""#undo: permissions, restored state and notifications."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence
from mailbot.core.model.ticket import Role, Status, Ticket
from tests.support.scenario import (
    ERIKA,
    EVE,
    KARL,
    MAX_AT_HOME,
    NOW,
    TONI,
    MailScenario,
    answers,
    assigned,
    closed,
    ticket,
)
from tests.support.scenario import LENA as TEACHER
from tests.support.scenario import MAX as SUPPORTER
from tests.support.school import LENA, MAX, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

CLOSED = (
    SentNotification(Address(TEACHER), Role.REQUESTER, NotificationKind.CLOSED),
    SentNotification(Address(ERIKA), Role.SUPPORTER, NotificationKind.CLOSED_TEAM),
)


def undoes(
    writer: str,
    line: str = "#undo",
    *,
    actor: str = "",
    now: Ticket | None = None,
    before: Ticket | None = None,
    notified: tuple[SentNotification, ...] = CLOSED,
    hours: float = 1,
) -> MailScenario:
    """Begin a case: somebody answers with #undo after a change, made by `actor`."""
    change = Change(actor or writer, NOW - timedelta(hours=hours), before or assigned(ERIKA), notified)
    return answers(writer, now or closed(), line).with_facts(changes={"GYM-1": change})


def test_person_who_changed_a_ticket_may_undo_the_change(subtests: pytest.Subtests) -> None:
    for line in ["#undo", "#RÜCKGÄNGIG!"]:
        for writer in [TEACHER, SUPPORTER, TONI]:
            with subtests.test(line=line, writer=writer):
                done = undoes(writer, line).decide()
                assert (done.ticket().status, done.ticket().assignee) == (Status.OPEN, Address(ERIKA))
                assert done.notification(writer, NotificationKind.COMMAND_RECEIPT).done[0].command == "undo"


def test_people_in_cc_and_strangers_may_not_undo(subtests: pytest.Subtests) -> None:
    for line in ["#undo", "#rückgängig"]:
        for writer in [KARL, EVE]:
            with subtests.test(line=line, writer=writer):
                done = undoes(writer, line).decide()
                assert (done.outcome, done.changes) == ("refused", ())


def test_person_with_two_addresses_may_undo_from_either() -> None:
    assert undoes(MAX_AT_HOME, actor=SUPPORTER).decide().ticket().status is Status.OPEN


def test_later_change_by_another_person_prevents_undo() -> None:
    done = undoes(SUPPORTER, actor=ERIKA).decide()
    assert (done.changes, done.reasons) == ((), [Reason.CHANGED_SINCE])


def test_change_older_than_a_day_cannot_be_undone() -> None:
    done = undoes(SUPPORTER, hours=25).decide()
    assert (done.changes, done.reasons) == ((), [Reason.TOO_LATE])


def test_undo_without_an_earlier_change_is_refused() -> None:
    done = answers(SUPPORTER, ticket(), "#undo").decide()
    assert (done.changes, done.reasons) == ((), [Reason.NOTHING_TO_UNDO])


def test_undo_with_an_argument_is_refused() -> None:
    done = undoes(SUPPORTER, "#undo das").decide()
    assert (done.changes, done.reasons) == ((), [Reason.ARGUMENT])


def test_undo_together_with_another_change_is_refused() -> None:
    done = undoes(SUPPORTER, "#undo\n#reopen").decide()
    assert (done.changes, done.reasons) == ((), [Reason.AMBIGUOUS])


def test_people_notified_of_a_change_are_notified_of_its_undo_and_no_others() -> None:
    assert undoes(SUPPORTER).decide().notified == {
        (TEACHER, "undone"),
        (ERIKA, "undone"),
        (SUPPORTER, "command_receipt"),
    }


@pytest.mark.parametrize(("deputy", "notified"), [("", set()), (TONI, {(TONI, "undone")})])
def test_deputy_of_an_absent_member_is_notified_of_undo(deputy: str, notified: set[tuple[str, str]]) -> None:
    away = {ERIKA: Absence(NOW.date(), deputy)}
    done = undoes(SUPPORTER).with_facts(absences=away).decide()
    assert done.notified == {(TEACHER, "undone"), (SUPPORTER, "command_receipt"), *notified}


def test_requester_who_only_got_an_answer_is_not_notified_of_undo() -> None:
    notified = (SentNotification(Address(TEACHER), Role.REQUESTER, NotificationKind.ANSWER),)
    assert undoes(SUPPORTER, notified=notified).decide().notified == {(SUPPORTER, "command_receipt")}


def test_text_beside_undo_reaches_the_requester() -> None:
    done = undoes(SUPPORTER, "Doch noch nicht fertig.\n#undo", notified=()).decide()
    assert done.notification(TEACHER, NotificationKind.ANSWER).text == "Doch noch nicht fertig."
    assert done.ticket().assignee == Address(ERIKA)


STATE = ("status", "level", "assignee", "priority", "due", "closed", "requester")


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on a mailbox of its own."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def state(env: SchoolEnv) -> dict[str, object]:
    """Return the fields that #undo restores, as far as `mailbot show` prints them."""
    shown = env.ticket()
    return {name: shown.get(name) for name in STATE}


@pytest.mark.parametrize("lines", ["#close", "#escalate\n#priority high", "#remind tomorrow\n#wait"])
def test_undo_restores_the_ticket_and_a_second_undo_reverts_the_first(env: SchoolEnv, lines: str) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    opened = env.new_mail_to(MAX)
    env.deliver(opened.answer(MAX, "#übernehmen"))
    env.run_once()
    before = state(env)
    env.deliver(opened.answer(MAX, lines))
    env.run_once()
    after = state(env)
    receipt = env.new_mails_to(MAX)[-1]
    assert "#r%C3%BCckg%C3%A4ngig" in receipt.html.replace("%23", "#")
    env.new_mails_to(LENA)
    env.deliver(receipt.answer(MAX, "#rückgängig"))
    env.run_once()
    assert after != before
    assert state(env) == before
    assert env.ticket()["events"][-1]["action"] == "undone"
    assert "war ein Versehen" in env.new_mail_to(LENA).text
    env.deliver(env.new_mails_to(MAX)[-1].answer(MAX, "#undo"))
    env.run_once()
    assert state(env) == after
