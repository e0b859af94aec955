"""Rules of merge, split and spam."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import (
    SetBlocked,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Status, Visibility
from tests.support.command_rows import ASKED, HISTORY, OTHER, UP, last_change
from tests.support.scenario import (
    ERIKA,
    EVE,
    LENA,
    MAX,
    TONI,
    answers,
    closed,
    ticket,
    writes,
)


@pytest.mark.parametrize("line", ["#merge 1", "#zusammenführen GYM-1"])
def test_ticket_is_not_merged_with_itself(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


def test_tickets_of_two_schools_are_not_merged() -> None:
    there = ticket(12, school="HBG")
    case = answers(TONI, UP, "#merge HBG-12").with_facts(there)
    assert case.decide().reasons == [Reason.NOT_HERE]


def test_merge_opens_the_target_if_the_other_ticket_was_open() -> None:
    done = answers(MAX, ticket(), "#merge 12").proven().with_facts(closed(12)).decide()
    assert done.ticket("GYM-12").status is Status.OPEN


def test_requester_of_both_tickets_is_not_notified_of_a_merge() -> None:
    done = answers(MAX, ticket(), "#merge 12").with_facts(ticket(12)).decide()
    assert LENA not in {to for to, _ in done.notified}


def test_ticket_with_one_message_is_not_split() -> None:
    done = answers(MAX, ticket(), "#trennen").with_facts(histories={"GYM-1": (ASKED,)}).decide()
    assert done.reasons == [Reason.NOT_HERE]


def test_ticket_of_a_colleague_is_not_marked_as_spam() -> None:
    done = answers(MAX, ticket(requester=Address(ERIKA)), "#spam").decide()
    assert (done.reasons, done.changes) == ([Reason.NOT_HERE], ())


def test_text_above_merge_split_or_spam_is_internal(subtests: pytest.Subtests) -> None:
    for line in ["#merge 12", "#split", "#spam"]:
        with subtests.test(line=line):
            case = answers(MAX, ticket(), f"Das war Werbung.\n{line}").proven()
            case = case.with_facts(OTHER, histories={"GYM-1": HISTORY})
            assert case.decide().message.visibility is Visibility.INTERNAL


def test_merge_split_and_spam_are_refused_together_with_another_change(subtests: pytest.Subtests) -> None:
    for line in ["#merge 12", "#split", "#spam"]:
        with subtests.test(line=line):
            for other in ("#close", "#take", "#undo", "#cc olga@schule.example"):
                case = (
                    answers(MAX, ticket(), f"{line}\n{other}")
                    .proven()
                    .with_facts(OTHER, histories={"GYM-1": HISTORY}, changes={"GYM-1": last_change(MAX)})
                )
                assert Reason.AMBIGUOUS in case.decide().reasons, other


def test_change_of_several_tickets_cannot_be_undone() -> None:
    change = replace(last_change(MAX), irreversible=True)
    done = answers(MAX, ticket(), "#undo").with_facts(changes={"GYM-1": change}).decide()
    assert done.reasons == [Reason.CANNOT_UNDO]


def test_mail_of_a_blocked_sender_is_ignored() -> None:
    done = writes(EVE, "Kaufen Sie!").with_facts(blocked=frozenset({("GYM", EVE)})).decide()
    assert (done.outcome, done.effects) == ("ignored", ())


@pytest.mark.parametrize("line", ["#reopen", "#öffnen"])
def test_reopening_a_ticket_unblocks_its_requester(line: str) -> None:
    case = answers(MAX, closed(), line).with_facts(blocked=frozenset({("GYM", LENA)}))
    assert SetBlocked("GYM", LENA, blocked=False, ticket="GYM-1") in case.decide().effects
