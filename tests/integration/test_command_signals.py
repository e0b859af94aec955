"""Several tickets in one mail, contradicting references and misspelled commands, with a database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.store.tables import OutboxRow
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.scenario import ERIKA, EVE, HANNA, LENA, MAX, POLICY
from tests.support.school import problem

OLGA = "olga@schule.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskHarness]:
    """A desk whose second school is English, with two tickets of Lena and one of Olga."""
    with open_harness(tmp_path, POLICY) as harness:
        for subject, sender in (("Beamer", LENA), ("Drucker", LENA), ("Maus", OLGA)):
            harness.receive(problem(subject, sender=sender).text(f"{subject} kaputt."))
        yield harness


def statuses(desk: DeskHarness) -> list[str]:
    """Return the statuses of the three tickets."""
    return [desk.ticket(f"GYM-{number}")["status"] for number in (1, 2, 3)]


@pytest.mark.parametrize("line", ["#close 1 3", "#erledigt 1, #3", "#schließen GYM-1 und GYM-3"])
def test_an_answer_to_an_overview_closes_several_tickets(desk: DeskHarness, line: str) -> None:
    desk.reply(MAX, "#list")
    before = len(desk.rows(OutboxRow))
    assert desk.reply(MAX, f"Alles geht wieder.\n{line}", NotificationKind.OVERVIEW) == "command"
    assert statuses(desk) == ["closed", "open", "closed"]
    for person in (LENA, OLGA):
        assert "Alles geht wieder." in desk.outbox_of(person, NotificationKind.CLOSED)[-1].text
    receipts = desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)
    assert len(receipts) == 1
    assert "GYM-1" in receipts[0].text
    assert "GYM-3" in receipts[0].text
    news = [(row.recipient, row.subject) for row in desk.rows(OutboxRow)[before:] if row.recipient == ERIKA]
    assert len(news) == len(set(news)) == 2


@pytest.mark.parametrize(
    "line", ["#close 1 99", "#close 1 Beamer", "#close 1\n#escalate 1", "#close 1\n#schlisen 3"]
)
def test_one_wrong_ticket_of_several_leaves_all_as_they_are(desk: DeskHarness, line: str) -> None:
    desk.reply(MAX, "#list")
    assert desk.reply(MAX, f"Alles geht wieder.\n{line}", NotificationKind.OVERVIEW) == "refused"
    assert statuses(desk) == ["open", "open", "open"]
    assert desk.outbox_of(LENA, NotificationKind.CLOSED) == []
    assert "Alles geht wieder." in desk.outbox_of(MAX, NotificationKind.REFUSAL)[-1].text


def test_the_thread_wins_over_the_tag_and_the_team_is_notified(desk: DeskHarness) -> None:
    reply = reply_to(desk.outbox_of(LENA)[0], LENA, "Raum 204.").subject("Re: [#GYM-2] Drucker")
    assert desk.outcome(reply) == "reply"
    assert [len(desk.ticket(f"GYM-{n}")["messages"]) for n in (1, 2)] == [2, 1]
    for member in (MAX, ERIKA):
        mail = desk.outbox_of(member, NotificationKind.REQUESTER_REPLY)[-1]
        assert mail.subject.startswith("[#GYM-1]")
        assert "GYM-2" in mail.text


def test_a_tag_of_another_persons_ticket_opens_a_new_ticket_and_notifies_only_the_team(
    desk: DeskHarness,
) -> None:
    assert desk.outcome(problem("Re: [#GYM-1] Beamer", sender=EVE).text("Hier auch.")) == "opened"
    assert len(desk.ticket("GYM-1")["messages"]) == 1
    assert "GYM-1" in desk.outbox_of(ERIKA)[-1].text
    assert "GYM-1" not in desk.outbox_of(EVE)[-1].text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("#schlissen", "#schließen"), ("#clsoe", "#close"), ("#weiterleitne", "#weiterleiten")],
)
def test_a_misspelled_command_is_answered_with_a_suggestion(
    desk: DeskHarness, typed: str, meant: str
) -> None:
    assert desk.reply(MAX, typed) == "refused"
    assert f"Meinten Sie {meant}?" in desk.outbox_of(MAX)[-1].text


@pytest.mark.parametrize(
    ("typed", "meant"), [("#clsoe", "#close"), ("#escalte", "#escalate"), ("#liste", None)]
)
def test_a_misspelled_command_is_answered_in_english(
    desk: DeskHarness, typed: str, meant: str | None
) -> None:
    desk.receive(problem("Mouse", sender="amy@heisenberg.example").text("It is stuck."), school="HBG")
    outcome = desk.outcome(reply_to(desk.outbox_of(HANNA)[-1], HANNA, typed), school="HBG")
    refusals = [row.text for row in desk.outbox_of(HANNA, NotificationKind.REFUSAL)]
    assert (outcome, [f"Did you mean {meant}?" in text for text in refusals]) == (
        ("refused", [True]) if meant else ("answered", [])
    )
