"""Which ticket a mail belongs to, and what people outside a ticket learn about it."""

import pytest

from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.notification import Reason
from mailbot.core.model.ticket import Role, Status
from tests.support.scenario import (
    ERIKA,
    EVE,
    GYM,
    HANNA,
    HBG,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    TONI,
    answers,
    closed,
    ticket,
    writes,
)

TEAM = {(MAX, "new_ticket"), (ERIKA, "new_ticket")}


# -- closed tickets


@pytest.mark.parametrize("writer", [LENA, KARL])
def test_reply_reopens_a_closed_ticket(writer: str) -> None:
    done = answers(writer, closed(days_ago=13), "Er ist wieder dunkel.").decide()
    assert done.ticket().status is Status.OPEN
    assert done.notified == {(MAX, "reopened"), (ERIKA, "reopened")}


def test_late_reply_opens_a_new_ticket_related_to_the_old_one() -> None:
    done = (
        answers(LENA, closed(days_ago=15), "Er ist wieder dunkel.")
        .with_mail(subject="Re: [#GYM-1] Beamer defekt")
        .decide()
    )
    assert done.ticket("GYM-100").subject == "Beamer defekt"
    for to in (LENA, MAX):
        related = done.notification(to).related
        assert related is not None
        assert (related.key, done.notification(to).related_reason) == ("GYM-1", "closed-long-ago")


def test_late_reply_of_staff_is_added_to_the_closed_ticket() -> None:
    assert answers(MAX, closed(days_ago=15), "War die Lampe.").decide().ticket().status is Status.CLOSED


THANKS = [
    ("Danke!", True),
    ("Vielen Dank, jetzt geht es.", True),
    ("Super, danke schön!\n\nViele Grüße\nLena Lehrerin", True),
    ("Thanks a lot!", True),
    ("Lieben Dank, Erika!", True),
    ("Danke, Herr Mustermann! LG Karla", True),
    ("Danke an Toni vom Support 👍", False),
    ("Danke, aber er ist wieder dunkel.", False),
    ("Danke. Geht das auch in Raum 205?", False),
    ("Danke, leider ohne Erfolg", False),
    ("Er ist dunkel", False),
    (
        "Vielen Dank für die Hilfe neulich, heute war er beim Einschalten dunkel und roch verbrannt",
        False,
    ),
]


def test_thanks_do_not_reopen_a_closed_ticket(subtests: pytest.Subtests) -> None:
    for text, mere in THANKS:
        with subtests.test(text=text):
            done = answers(LENA, closed(), text).decide()
            assert (done.ticket().status is Status.CLOSED) == mere
            assert done.message.text == text


# -- which ticket


def test_subject_tag_identifies_the_ticket_for_its_participants() -> None:
    for writer in (LENA, KARL):
        done = writes(writer, "Nachtrag").tagged(ticket()).decide()
        assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "subject-tag")


def test_subject_tag_of_a_stranger_opens_a_new_ticket_and_only_the_team_sees_the_relation() -> None:
    done = writes(EVE, "Nachtrag").tagged(ticket()).decide()
    assert (done.outcome, done.ticket("GYM-100").subject) == ("opened", "Beamer defekt")
    assert done.notification(EVE).related is None
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-1", "subject-tag")


def test_an_outsider_who_forwards_a_mail_gets_another_ticket_and_the_team_sees_the_relation() -> None:
    for subject, forwarded in (("WG: [#GYM-1] Beamer", False), ("Fwd: Leinwand", False), ("Leinwand", True)):
        case = writes(EVE, "Bei mir klemmt die Leinwand.", subject=subject).answering(ticket(), to=LENA)
        done = case.with_mail(forwarded=forwarded).decide()
        assert (done.outcome, done.decision.ticket) == ("opened", "GYM-100"), subject
        assert (EVE, "receipt") in done.notified
        related = done.notification(MAX).related
        assert related is not None
        assert (related.key, done.notification(MAX).related_reason) == ("GYM-1", "forwarded")
    for sender, subject in ((EVE, "AW: [#GYM-1] Beamer"), (KARL, "WG: [#GYM-1] Beamer")):
        done = writes(sender, "Gerne.", subject=subject).answering(ticket(), to=LENA).decide()
        assert (done.outcome, done.decision.ticket) == ("reply", "GYM-1"), subject
        assert done.ticket().requester.email == LENA
        assert (EVE, "receipt") not in done.notified


def test_tags_of_other_help_desks_stay_in_the_subject() -> None:
    imported = ticket(7)
    for subject, expected in (
        ("Re: [#5533] Ihre Bestellung", "Re: [#5533] Ihre Bestellung"),
        ("[#REQ-12] Ihre Bestellung", "[#REQ-12] Ihre Bestellung"),
        ("AW: [#GYM-3] [#REQ-12] Ihre Bestellung", "[#REQ-12] Ihre Bestellung"),
        ("Re: [#900700] Beamer", "Re: [#900700] Beamer"),
    ):
        case = writes(EVE, "Bitte bestätigen.", subject=subject).with_facts(
            imported, aliases={"#900700": "GYM-7"}
        )
        assert case.decide().ticket("GYM-100").subject == expected


def test_thread_takes_precedence_over_the_tag_and_the_team_sees_the_disagreement() -> None:
    done = answers(LENA, ticket(1), "Nachtrag").tagged(ticket(2)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "reply")
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-2", "disagree")


def test_action_key_takes_precedence_over_the_tag() -> None:
    done = writes(LENA, "Nachtrag").tagged(ticket(2)).keyed(ticket(1)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "key")


def test_action_key_of_a_mail_to_another_person_is_ignored() -> None:
    done = writes(EVE, "#close").keyed(ticket(), to=MAX).proven().decide()
    assert (done.decision.matched_by, done.reasons) == (None, [Reason.NO_TICKET])


# -- strangers


def test_stranger_gets_no_information_about_a_ticket(subtests: pytest.Subtests) -> None:
    for line in ["#show", "#close", "#show GYM-1", "#close 1", "#show 1 99", "#show 1\n#close"]:
        with subtests.test(line=line):
            known = writes(EVE, line).with_facts(ticket()).proven().decide()
            unknown = writes(EVE, line).proven().decide()
            assert known.effects == unknown.effects
            assert known.outcome == "refused"


def test_command_of_an_unauthenticated_stranger_is_ordinary_text(subtests: pytest.Subtests) -> None:
    for line in ["#show 1", "#close", "#clsoe", "#list quatsch"]:
        with subtests.test(line=line):
            done = writes(EVE, line).with_facts(ticket()).decide()
            assert done.notified == {(EVE, "receipt"), *TEAM}
            assert done.notification(MAX).text == line


def test_answer_to_a_stranger_in_the_thread_contains_no_ticket_number(subtests: pytest.Subtests) -> None:
    for text in ["#show", "#close", "#help", "#list", "#clsoe"]:
        with subtests.test(text=text):
            done = writes(EVE, text).answering(ticket(), to=LENA).proven().decide()
            sent = done.notification(EVE)
            assert (sent.ticket, [p.argument for p in sent.problems if "GYM" in p.argument]) == (None, [])
            assert sent.role is Role.REQUESTER


def test_overview_for_a_stranger_lists_only_their_own_tickets() -> None:
    page = Page((ticket(),), total=1)
    lists = {Listing(Scope.ALL, (("school", "GYM"),)): page, Listing(Scope.ALL, by_school=True): page}
    assert writes(EVE, "#list all").with_facts(listings=lists).decide().notification(EVE).tickets == ()


def test_overview_lists_the_tickets_of_the_members_school_from_any_mailbox(subtests: pytest.Subtests) -> None:
    for writer, school, tickets in [
        (MAX, GYM, "GYM"),
        (MAX_AT_HOME, HBG, "GYM"),
        (HANNA, GYM, "HBG"),
        (TONI, HBG, None),
    ]:
        with subtests.test(writer=writer):
            wanted = Listing(Scope.OPEN, (("school", tickets),) if tickets else (), by_school=tickets is None)
            lists = {wanted: Page((ticket(7),), total=1)}
            asked = writes(writer, "#list", school=school)
            done = asked.answering(None).with_facts(listings=lists).decide()
            assert [t.number for t in done.notification(writer).tickets] == [7]
