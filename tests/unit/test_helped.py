"""#helped and #reopen in reply to the mail about the closing."""

import pytest

from mailbot.core.model.effects import AddMessage, RecordHelped
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Status, Visibility
from tests.support.scenario import ERIKA, KARL, LENA, MAX, NOW, answers, closed, ticket

HELPED = (RecordHelped("GYM-1"),)
LINES = ("#helped", "#geholfen", "#Geholfen!", "#utile")


def test_it_is_counted_without_any_mail_and_the_ticket_stays_closed(subtests: pytest.Subtests) -> None:
    for line in LINES:
        with subtests.test(line=line):
            done = answers(LENA, closed(), line).decide()
            assert (done.outcome, done.effects) == ("filed", HELPED)
            assert done.ticket().status is Status.CLOSED
            assert done.ticket().updated == NOW


def test_thanks_beside_it_are_filed_too(subtests: pytest.Subtests) -> None:
    for text in ["Danke!", "Vielen Dank, Max!", "Merci !"]:
        with subtests.test(text=text):
            done = answers(LENA, closed(), f"{text}\n#geholfen").decide()
            assert (done.outcome, done.notified) == ("filed", set())
            (message,) = [effect.message for effect in done.effects if isinstance(effect, AddMessage)]
            assert (message.text, message.visibility) == (text, Visibility.PUBLIC)
            assert HELPED[0] in done.effects


def test_further_text_reaches_the_team_and_leaves_the_ticket_closed() -> None:
    done = answers(LENA, closed(), "Aber der Ton fehlt noch.\n#geholfen").decide()
    assert done.ticket().status is Status.CLOSED
    assert HELPED[0] in done.effects
    assert done.notified == {(MAX, "requester_reply"), (ERIKA, "requester_reply"), (LENA, "command_receipt")}


def test_long_after_the_closing_it_is_filed_too() -> None:
    done = answers(LENA, closed(days_ago=200), "#geholfen").decide()
    assert (done.outcome, done.effects, done.decision.ticket) == ("filed", HELPED, "GYM-1")


def test_on_an_open_ticket_it_closes_like_close(subtests: pytest.Subtests) -> None:
    for line in LINES:
        with subtests.test(line=line):
            done = answers(LENA, ticket(assignee=Address(MAX)), line).decide()
            assert done.ticket().status is Status.CLOSED
            assert done.notified == {(MAX, "closed_team"), (LENA, "command_receipt")}


@pytest.mark.parametrize("writer", [KARL, MAX])
def test_only_the_requester_can_say_that_it_helped(writer: str) -> None:
    done = answers(writer, closed(), "#geholfen").decide()
    assert (done.reasons, done.changes) == ([Reason.FORBIDDEN], ())


def test_member_with_a_problem_of_their_own_is_a_requester() -> None:
    mine = closed()
    mine = ticket(requester=Address(MAX), status=Status.CLOSED, closed=mine.closed)
    assert answers(MAX, mine, "#geholfen").decide().effects == HELPED


def test_undo_after_it_does_not_open_the_ticket_that_a_colleague_closed() -> None:
    case = answers(LENA, closed(), "#undo")
    assert case.decide().reasons == [Reason.NOTHING_TO_UNDO]


def test_problem_that_is_still_there_opens_the_ticket_and_the_receipt_asks_what_it_is(
    subtests: pytest.Subtests,
) -> None:
    for line in ["#reopen", "#öffnen", "#rouvrir"]:
        with subtests.test(line=line):
            done = answers(LENA, closed(), line).decide()
            assert done.ticket().status is Status.OPEN
            assert done.notified == {(MAX, "reopened"), (ERIKA, "reopened"), (LENA, "command_receipt")}
            receipt = done.notification(LENA, NotificationKind.COMMAND_RECEIPT)
            assert [item.command for item in receipt.done] == ["reopen_why"]


def test_receipt_asks_no_one_who_wrote_what_is_wrong_and_no_member() -> None:
    for writer, text in ((LENA, "Das Bild flackert.\n#öffnen"), (MAX, "#öffnen")):
        done = answers(writer, closed(), text).decide()
        receipt = done.notification(writer, NotificationKind.COMMAND_RECEIPT)
        assert [item.command for item in receipt.done] == ["reopen"]
