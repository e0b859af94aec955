"""Rules of commands about requesters and people in cc."""

import pytest

from mailbot.core.model.effects import AddCc
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from tests.support.scenario import (
    ERIKA,
    EVE,
    KARL,
    LENA,
    MAX,
    TONI,
    answers,
    ticket,
    writes,
)


def test_supporter_who_forwards_a_problem_is_not_in_copy() -> None:
    mine = ticket(requester=Address(MAX, "Max Mustermann"))
    done = answers(MAX, mine, "#für olga@schule.example").decide()
    assert MAX not in [person.email for person in done.ticket().cc]


def test_previous_requester_is_added_to_cc() -> None:
    done = answers(MAX, ticket(), "#for olga@schule.example").decide()
    assert LENA in [person.email for person in done.ticket().cc]


@pytest.mark.parametrize("line", ["#cc support-gym@schule.example", "#für support-hbg@heisenberg.example"])
def test_support_address_cannot_receive_the_mails_of_a_ticket(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


def test_mails_of_a_ticket_do_not_go_to_its_mailbox_by_a_detail_behind_a_plus() -> None:
    done = answers(MAX, ticket(), "#for support-gym+beamer@schule.example").decide()
    assert (done.reasons, done.changes) == ([Reason.NOT_HERE], ())


def test_address_that_no_person_reads_becomes_neither_requester_nor_cc(subtests: pytest.Subtests) -> None:
    for line in ("#for noreply@schule.example", "#cc olga@schule.example do-not-reply@shop.example"):
        with subtests.test(line=line):
            done = answers(MAX, ticket(), line).decide()
            assert (done.reasons, done.changes) == ([Reason.UNREAD], ())
    done = writes(MAX, "#for keine.antwort@schule.example\nBeamer defekt").proven().decide()
    assert (done.reasons, done.changes) == ([Reason.UNREAD], ())


@pytest.mark.parametrize("line", [f"#cc {ERIKA}", f"#kopie {KARL} {TONI}"])
def test_people_who_work_on_a_ticket_are_not_added_to_cc(line: str) -> None:
    done = answers(MAX, ticket(), line).decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


def test_new_ticket_has_no_colleague_in_cc() -> None:
    done = writes(MAX, f"#cc {ERIKA}\n#for {LENA}\nDer Beamer ist dunkel.").proven().decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


@pytest.mark.parametrize(("more", "reasons"), [(19, []), (20, [Reason.TOO_MANY])])
def test_at_most_twenty_people_are_in_cc(more: int, reasons: list[Reason]) -> None:
    line = "#cc " + " ".join(f"person{n}@schule.example" for n in range(more))
    done = answers(MAX, ticket(), line).decide()
    assert done.reasons == reasons
    assert len(done.ticket().cc) == (1 if reasons else 20)


def test_colleague_may_be_the_requester() -> None:
    done = answers(MAX, ticket(), f"#für {ERIKA}").decide()
    assert done.ticket().requester.email == ERIKA


def test_people_in_cc_of_a_mail_join_the_ticket_that_it_answers_only(subtests: pytest.Subtests) -> None:
    olga = Address("olga@schule.example")
    for sender, text, joined in (
        (MAX, "Erledigt.", [AddCc("GYM-1", olga)]),
        (MAX, "Erledigt.\n#close 2", []),
        (EVE, "Erledigt.", []),
    ):
        with subtests.test(sender=sender, text=text):
            case = answers(sender, ticket(), text).with_facts(ticket(2)).proven().with_mail(cc=(olga,))
            assert [e for e in case.decide().effects if isinstance(e, AddCc)] == joined


def test_people_of_a_new_mail_go_into_the_ticket_that_its_command_names() -> None:
    done = (
        writes(MAX, "#cc olga@schule.example 2\nDer Beamer ist dunkel.")
        .with_facts(ticket(2))
        .proven()
        .decide()
    )
    assert AddCc("GYM-2", Address("olga@schule.example")) in done.effects
