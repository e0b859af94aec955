"""#mute: whose mails stop, whose do not, and when it ends."""

from dataclasses import replace

import pytest

from mailbot.core.model.facts import Change
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.policy import Absence
from mailbot.core.model.ticket import Ticket
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    TINA,
    TONI,
    answers,
    ticket,
)

AWAY = Absence(NOW.date())


def muted(*members: str, **what: object) -> Ticket:
    """Return a ticket that these members muted."""
    return replace(ticket(muted=members), **what)  # type: ignore[arg-type]


def informed(
    about: Ticket, writer: str = LENA, text: str = "Noch immer dunkel.", **facts: object
) -> set[str]:
    """Return the members who are notified of a mail about a ticket."""
    done = answers(writer, about, text).with_facts(**facts).decide()
    return {n.to.email for n in done.notifications if n.role.staff and n.to.email != writer}


def test_reply_of_the_requester_goes_to_the_others_of_the_team() -> None:
    assert informed(muted()) == {MAX, ERIKA}
    assert informed(muted(ERIKA)) == {MAX}


def test_if_each_member_muted_the_ticket_all_of_them_are_notified() -> None:
    assert informed(muted(ERIKA, MAX)) == {MAX, ERIKA}


def test_only_member_who_is_present_is_notified_although_they_muted_the_ticket() -> None:
    assert informed(muted(ERIKA), absences={MAX: AWAY}) == {ERIKA}


def test_note_of_a_colleague_is_not_sent_to_the_only_other_member_who_muted_the_ticket() -> None:
    assert informed(muted(ERIKA), MAX, "Die Lampe liegt im Keller.\n#note") == set()
    assert informed(muted(ERIKA, MAX), MAX, "Die Lampe liegt im Keller.\n#note") == set()


def test_mail_of_a_member_about_their_own_problem_reaches_a_colleague_who_muted_it() -> None:
    own = muted(ERIKA, requester=Address(MAX))
    assert informed(own, MAX) == {ERIKA}
    assert informed(own, MAX, "#close") == {ERIKA}
    assert informed(muted(ERIKA, cc=(Address(MAX_AT_HOME),)), MAX_AT_HOME) == {ERIKA}


def test_member_with_the_problem_is_not_the_only_reader_of_a_mail_about_it() -> None:
    own = muted(ERIKA, requester=Address(MAX))
    assert informed(own, KARL) == {MAX, ERIKA}


def test_assignee_and_their_deputy_get_all_mails() -> None:
    mine = muted(ERIKA, assignee=Address(ERIKA))
    assert informed(mine) == {ERIKA}
    deputy = muted(ERIKA, assignee=Address(MAX))
    assert informed(deputy, absences={MAX: Absence(NOW.date(), ERIKA)}) == {ERIKA}


def test_second_level_mutes_for_itself() -> None:
    assert informed(muted(TONI, level=2)) == {TINA}
    assert informed(muted(TONI), text="#close") == {MAX, ERIKA}


def test_mute_ends_when_the_ticket_is_assigned_to_its_member(subtests: pytest.Subtests) -> None:
    for line in ["#assign Erika", "#zuweisen Erika", "#attribuer Erika"]:
        with subtests.test(line=line):
            done = answers(MAX, muted(ERIKA, MAX), line).decide()
            assert done.ticket().muted == (MAX,)
            assert (ERIKA, "assigned") in done.notified


def test_mute_ends_when_its_member_answers_and_so_becomes_the_assignee() -> None:
    done = answers(ERIKA, muted(ERIKA, MAX), "Ist das Kabel eingesteckt?").decide()
    assert (done.ticket().assignee, done.ticket().muted) == (Address(ERIKA, "Erika Muster"), (MAX,))


def test_mute_belongs_to_the_person_not_to_their_address() -> None:
    assert answers(MAX_AT_HOME, ticket(), "#mute").decide().ticket().muted == (MAX,)
    assert answers(MAX_AT_HOME, muted(MAX), "#laut").decide().ticket().muted == ()


def test_text_beside_a_mute_is_an_answer_and_assigns_nothing() -> None:
    done = answers(MAX, ticket(), "Das macht Erika.\n#stumm").decide()
    assert (done.ticket().assignee, done.ticket().muted) == (None, (MAX,))
    assert (LENA, "answer") in done.notified


def test_a_second_mute_and_an_unmute_without_mute_change_nothing() -> None:
    for about, line in ((muted(MAX), "#stumm"), (ticket(), "#laut")):
        done = answers(MAX, about, line).decide()
        assert (done.changes, done.notification(MAX).done[0].already) == ((), True)


def test_assignee_cannot_mute(subtests: pytest.Subtests) -> None:
    for line in ["#mute", "#stumm", "#muet"]:
        with subtests.test(line=line):
            done = answers(MAX, ticket(assignee=Address(MAX)), line).decide()
            assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


def test_mute_beside_another_change_of_the_ticket_is_refused(subtests: pytest.Subtests) -> None:
    for other in ["#laut", "#close", "#take", "#priorität hoch", "#weiterleiten"]:
        with subtests.test(other=other):
            for text in (f"#stumm\n{other}", f"{other}\n#stumm"):
                done = answers(MAX, ticket(), text).decide()
                assert (done.reasons, done.changes) == ([Reason.AMBIGUOUS], ())


@pytest.mark.parametrize(("line", "other"), [("#laut", "#close"), ("#close", "#laut")])
def test_unmute_beside_another_change_of_the_ticket_is_refused(line: str, other: str) -> None:
    done = answers(MAX, muted(MAX), f"{line}\n{other}").decide()
    assert (done.reasons, done.changes) == ([Reason.AMBIGUOUS], ())


def test_mute_changes_no_wait_and_no_time_of_a_ticket() -> None:
    done = answers(MAX, ticket(), "#stumm").decide()
    before, after = ticket(), done.ticket()
    assert replace(after, muted=(), wait=None) == before
    assert after.waits == before.waits


def test_undo_takes_back_a_mute_and_an_unmute_of_oneself_only(subtests: pytest.Subtests) -> None:
    for line in ["#undo", "#rückgängig", "#annuler"]:
        with subtests.test(line=line):
            for now, before in ((muted(ERIKA, MAX), muted(ERIKA)), (muted(ERIKA), muted(ERIKA, MAX))):
                done = (
                    answers(MAX, now, line)
                    .with_facts(changes={"GYM-1": Change(MAX, EARLIER, before)})
                    .decide()
                )
                assert done.ticket().muted == before.muted
                assert done.notified == {(MAX, "command_receipt")}


def test_receipt_of_a_mute_offers_undo() -> None:
    assert answers(MAX, ticket(), "#stumm").decide().notification(MAX).undoable
