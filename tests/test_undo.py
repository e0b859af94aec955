"""#undo: who may take what back, what is restored, and who hears of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.core.model.facts import Change, SentNotice
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind, Reason
from mailbot.core.model.policy import Absence
from mailbot.core.model.ticket import Role, Status, Ticket
from tests.cases import (
    ERIKA,
    EVE,
    KARL,
    MAX_AT_HOME,
    NOW,
    TONI,
    Case,
    answers,
    assigned,
    closed,
    ticket,
)
from tests.cases import LENA as TEACHER
from tests.cases import MAX as SUPPORTER
from tests.house import LENA, MAX, House, problem
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

CLOSED = (
    SentNotice(Address(TEACHER), Role.REQUESTER, NotificationKind.CLOSED),
    SentNotice(Address(ERIKA), Role.SUPPORTER, NotificationKind.CLOSED_TEAM),
)


def undoes(
    writer: str,
    line: str = "#undo",
    *,
    actor: str = "",
    now: Ticket | None = None,
    before: Ticket | None = None,
    told: tuple[SentNotice, ...] = CLOSED,
    hours: float = 1,
) -> Case:
    """Begin a case: somebody answers with #undo after a change, made by `actor`."""
    change = Change(actor or writer, NOW - timedelta(hours=hours), before or assigned(ERIKA), told)
    return answers(writer, now or closed(), line).knowing(changes={"GYM-1": change})


@pytest.mark.parametrize("line", ["#undo", "#RÜCKGÄNGIG!"])
@pytest.mark.parametrize("writer", [TEACHER, SUPPORTER, TONI])
def test_who_changed_a_ticket_may_take_it_back(writer: str, line: str) -> None:
    done = undoes(writer, line).decided()
    assert (done.ticket().status, done.ticket().assignee) == (Status.OPEN, Address(ERIKA))
    assert done.letter(writer, NotificationKind.DONE).done[0].command == "undo"


@pytest.mark.parametrize("line", ["#undo", "#rückgängig"])
@pytest.mark.parametrize("writer", [KARL, EVE])
def test_who_is_only_in_copy_or_a_stranger_may_not(writer: str, line: str) -> None:
    done = undoes(writer, line).decided()
    assert (done.outcome, done.changes) == ("refused", ())


def test_a_person_with_two_addresses_may_use_either() -> None:
    assert undoes(MAX_AT_HOME, actor=SUPPORTER).decided().ticket().status is Status.OPEN


def test_what_somebody_else_changed_since_stays() -> None:
    done = undoes(SUPPORTER, actor=ERIKA).decided()
    assert (done.changes, done.reasons) == ((), [Reason.CHANGED_SINCE])


def test_a_change_of_more_than_a_day_ago_stays() -> None:
    done = undoes(SUPPORTER, hours=25).decided()
    assert (done.changes, done.reasons) == ((), [Reason.TOO_LATE])


def test_where_nothing_was_changed_there_is_nothing_to_take_back() -> None:
    done = answers(SUPPORTER, ticket(), "#undo").decided()
    assert (done.changes, done.reasons) == ((), [Reason.NOTHING_TO_UNDO])


def test_a_word_after_it_is_a_wrong_argument() -> None:
    done = undoes(SUPPORTER, "#undo das").decided()
    assert (done.changes, done.reasons) == ((), [Reason.ARGUMENT])


def test_it_goes_with_no_other_change() -> None:
    done = undoes(SUPPORTER, "#undo\n#reopen").decided()
    assert (done.changes, done.reasons) == ((), [Reason.AMBIGUOUS])


def test_who_was_told_of_the_change_is_told_that_it_was_taken_back_and_nobody_else() -> None:
    assert undoes(SUPPORTER).decided().told == {(TEACHER, "undone"), (ERIKA, "undone"), (SUPPORTER, "done")}


@pytest.mark.parametrize(("deputy", "told"), [("", set()), (TONI, {(TONI, "undone")})])
def test_who_is_away_meanwhile_is_not_told_but_the_deputy_is(deputy: str, told: set[tuple[str, str]]) -> None:
    away = {ERIKA: Absence(NOW.date(), deputy)}
    done = undoes(SUPPORTER).knowing(absences=away).decided()
    assert done.told == {(TEACHER, "undone"), (SUPPORTER, "done"), *told}


def test_the_requester_who_only_got_an_answer_is_not_told() -> None:
    told = (SentNotice(Address(TEACHER), Role.REQUESTER, NotificationKind.ANSWER),)
    assert undoes(SUPPORTER, told=told).decided().told == {(SUPPORTER, "done")}


def test_words_beside_it_reach_the_requester() -> None:
    done = undoes(SUPPORTER, "Doch noch nicht fertig.\n#undo", told=()).decided()
    assert done.letter(TEACHER, NotificationKind.ANSWER).text == "Doch noch nicht fertig."
    assert done.ticket().assignee == Address(ERIKA)


STATE = ("status", "level", "assignee", "priority", "due", "closed", "requester")


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on a mailbox of its own."""
    return House(tmp_path, dovecot, smtp_server, user)


def state(house: House) -> dict[str, object]:
    """Return what #undo restores, as far as `mailbot show` tells it."""
    shown = house.ticket()
    return {name: shown.get(name) for name in STATE}


@pytest.mark.parametrize("lines", ["#close", "#escalate\n#priority high", "#remind tomorrow\n#wait"])
def test_a_ticket_is_again_what_it_was_and_a_second_undo_takes_back_the_first(
    house: House, lines: str
) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    opened = house.letter(MAX)
    house.deliver(opened.answer(MAX, "#übernehmen"))
    house.once()
    before = state(house)
    house.deliver(opened.answer(MAX, lines))
    house.once()
    after = state(house)
    receipt = house.new_letters(MAX)[-1]
    assert "#r%C3%BCckg%C3%A4ngig" in receipt.html.replace("%23", "#")
    house.new_letters(LENA)
    house.deliver(receipt.answer(MAX, "#rückgängig"))
    house.once()
    assert after != before
    assert state(house) == before
    assert house.ticket()["events"][-1]["action"] == "undone"
    assert "zurückgenommen" in house.letter(LENA).text
    house.deliver(house.new_letters(MAX)[-1].answer(MAX, "#undo"))
    house.once()
    assert state(house) == after
