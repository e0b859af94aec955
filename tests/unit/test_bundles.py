"""Bundles: what is written to the leading ticket applies to all, and each person sees only their own."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import AddMessage, SetBundle
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason, shown_tickets
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import (
    MAX_BUNDLE,
    Attachment,
    Status,
    Ticket,
    Visibility,
)
from tests.support.bundle_tickets import (
    BUNDLE,
    FIRST,
    KIRA,
    LEADING,
    OF_OLGA,
    OF_PAUL,
    OLGA,
    PAUL,
    SECOND,
    THIRD,
    about_bundle,
    change,
    problem,
    received,
    to_outside,
)
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    LENA,
    MAX,
    NOW,
    TINA,
    TONI,
    answers,
    photo,
    ticket,
    writes,
)


def test_command_on_the_leading_ticket_changes_all_of_the_bundle(subtests: pytest.Subtests) -> None:
    cases = (
        ("#close", "#schließen", "#fermer"),
        ("#wait", "#rückfrage", "#attendre"),
        ("#escalate", "#weiterleiten", "#transmettre"),
    )
    states = (
        (Status.CLOSED, 1, "closed"),
        (Status.WAITING, 1, "waiting"),
        (Status.OPEN, 2, "escalated_requester"),
    )
    for lines, (status, level, kind) in zip(cases, states, strict=True):
        for line in lines:
            with subtests.test(line=line):
                done = about_bundle(f"Der Anbieter hat eine Störung.\n{line}").decide()
                assert done.outcome == "command"
                after = [done.ticket(one.key) for one in BUNDLE]
                assert [(one.status, one.level) for one in after] == [(status, level)] * 3
                found = {to: (n.kind.value, n.ticket and n.ticket.key) for to, n in to_outside(done).items()}
                expected = {LENA: "GYM-1", OLGA: "GYM-2", PAUL: "GYM-4", KIRA: "GYM-4"}
                assert found == {to: (kind, key) for to, key in expected.items()}


def test_reopening_the_leading_ticket_reopens_all(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    for line in ("#reopen", "#öffnen", "#rouvrir"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, closed[0], *closed).decide()
            assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN] * 3
            assert {(to, n.kind.value) for to, n in to_outside(done).items()} >= {(OLGA, "reopened")}


def test_returning_the_leading_ticket_returns_all_and_its_text_stays_with_the_staff() -> None:
    above = tuple(replace(one, level=2) for one in BUNDLE)
    done = about_bundle("Das kann die Schule selbst.\n#zurück", TONI, above[0], *above).decide()
    assert [done.ticket(one.key).level for one in BUNDLE] == [1, 1, 1]
    assert [m.visibility for m in done.messages] == [Visibility.INTERNAL]
    assert to_outside(done) == {}


def test_mail_with_nothing_for_the_other_requesters_reaches_one() -> None:
    screen = Attachment("2", "bildschirm.png", "image/png", 3)
    case = about_bundle("").with_mail(parts=(photo(),)).with_facts(histories=received(OF_OLGA, screen))
    assert set(to_outside(case.decide())) == {LENA}


def test_note_stays_in_the_leading_ticket() -> None:
    done = about_bundle("Der Router ist heiß.\n#notiz").decide()
    assert [e.ticket for e in done.effects if isinstance(e, AddMessage)] == ["GYM-1"]
    assert to_outside(done) == {}


def test_colleague_gets_one_mail_about_all_tickets_of_a_bundle(subtests: pytest.Subtests) -> None:
    for text in (
        "Wir sind dran.",
        "Läuft wieder.\n#close",
        "Bitte ansehen.\n#escalate",
        "Welcher Raum?\n#wait",
    ):
        with subtests.test(text=text):
            done = about_bundle(text).decide()
            staff = [n.to.email for n in done.notifications if n.role.staff]
            assert len(staff) == len(set(staff))
            assert ERIKA in staff


def test_assignee_of_one_ticket_is_notified_of_its_closing() -> None:
    mine = replace(OF_OLGA, assignee=Address(ERIKA))
    leading = replace(LEADING, assignee=Address(MAX))
    done = about_bundle("Läuft.\n#close", MAX, leading, leading, mine, OF_PAUL).decide()
    assert done.notification(ERIKA).kind is NotificationKind.CLOSED_TEAM


def test_copy_for_a_colleague_who_knows_the_assignee_is_about_the_leading_ticket(
    subtests: pytest.Subtests,
) -> None:
    leading = replace(LEADING, assignee=Address(MAX))
    about = (leading, OF_OLGA, OF_PAUL)
    for text, keys in (
        ("Läuft.\n#close", ("GYM-1", "GYM-2", "GYM-4")),
        ("Läuft.\n#close 2", ("GYM-2",)),
    ):
        with subtests.test(text=text):
            copy = about_bundle(text, MAX, leading, *about).decide().notification(ERIKA)
            assert copy.kind is NotificationKind.CLOSED_TEAM
            assert shown_tickets(copy) == keys


def test_receipt_has_one_line_about_all_tickets() -> None:
    done = about_bundle("Läuft wieder.\n#close").decide()
    (result,) = done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done
    assert (result.ticket and result.ticket.key, result.others) == ("GYM-1", ("GYM-2", "GYM-4"))
    assert {person.email for person in result.notified} == {LENA, OLGA, PAUL, KIRA, ERIKA}
    assert done.notification(MAX, NotificationKind.COMMAND_RECEIPT).undoable


def test_other_commands_change_the_leading_ticket_only() -> None:
    done = about_bundle("#priorität hoch").decide()
    changed = [one.key for one in BUNDLE if done.ticket(one.key).priority != one.priority]
    assert changed == ["GYM-1"]


def test_answer_to_a_ticket_that_follows_concerns_it_alone() -> None:
    done = about_bundle("Nur bei Ihnen hilft ein Neustart.\n#close", MAX, OF_OLGA).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]
    assert set(to_outside(done)) == {OLGA}


def test_requester_of_the_leading_ticket_acts_on_their_own_ticket_only() -> None:
    done = about_bundle("Geht wieder.\n#erledigt", LENA).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.CLOSED, Status.OPEN, Status.OPEN]
    assert set(to_outside(done)) == {LENA}


def test_reply_of_a_requester_stays_in_their_ticket_and_names_the_bundle_to_the_team() -> None:
    done = about_bundle("Bei mir auch im Keller.", OLGA, OF_OLGA).decide()
    assert [e.ticket for e in done.effects if isinstance(e, AddMessage)] == ["GYM-2"]
    mail = done.notification(ERIKA)
    assert mail.ticket is not None
    assert (mail.kind, mail.ticket.leading_key) == (NotificationKind.REQUESTER_REPLY, "GYM-1")
    assert set(to_outside(done)) == set()


def test_ticket_that_its_requester_closed_stays_closed_until_the_leading_one_is() -> None:
    solved = replace(OF_OLGA, status=Status.CLOSED, closed=EARLIER)
    done = about_bundle("Es dauert noch.\n#wait", MAX, LEADING, LEADING, solved, OF_PAUL).decide()
    assert done.ticket("GYM-2").status is Status.CLOSED
    assert OLGA not in to_outside(done)


def test_commands_that_name_tickets_of_a_bundle_are_executed_once_for_each() -> None:
    for text, lines in (
        ("Läuft.\n#close 1 2 4", [("close", "GYM-1")]),
        (
            "Läuft.\n#close 1 2 4\n#priorität hoch #4",
            [("close", "GYM-1"), ("close", "GYM-2"), ("close", "GYM-4"), ("priority", "GYM-4")],
        ),
    ):
        done = about_bundle(text).proven().decide()
        assert done.outcome == "command", done.reasons
        assert len(done.messages) == 3
        receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
        assert [(r.command, r.ticket and r.ticket.key) for r in receipt.done] == lines
    assert [done.ticket(one.key).priority.value for one in BUNDLE] == ["normal", "normal", "high"]


def test_first_named_ticket_or_that_of_the_mail_or_the_present_leading_one_leads(
    subtests: pytest.Subtests,
) -> None:
    cases = (
        ("#bundle 1 2 4", THIRD, (1, 1, 1)),
        ("#bündeln 2 und 1", THIRD, (4, 4, 4)),
        ("#grouper 2 4", FIRST, (1, 1, 1)),
        ("#bundle 4, 2", SECOND, (None, 4, 4)),
    )
    for line, about, expected in cases:
        with subtests.test(line=line, about=about.key):
            done = answers(MAX, about, line).with_facts(FIRST, SECOND, THIRD).proven().decide()
            assert tuple(done.ticket(f"GYM-{n}").bundle for n in (1, 2, 4)) == expected
            assert done.outcome == "command"
    new = problem(5, KIRA)
    done = answers(MAX, new, "#bundle 1").with_facts(*BUNDLE).decide()
    assert done.changes == (SetBundle("GYM-5", 1),)  # proof for the new ticket suffices


def test_bundling_asks_for_proof_of_each_ticket_that_it_changes() -> None:
    case = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(FIRST, SECOND)
    assert (case.decide().outcome, case.proven().decide().outcome) == ("held", "command")


def test_tickets_that_do_not_fit_into_a_bundle_are_refused_with_the_reason(subtests: pytest.Subtests) -> None:
    there = ticket(12, school="HBG")
    elsewhere = replace(problem(8, OLGA), bundle=7)
    full = [replace(problem(n, OLGA), bundle=1) for n in range(100, 99 + MAX_BUNDLE)]
    cases: tuple[tuple[str, tuple[Ticket, ...], Reason], ...] = (
        ("#bundle HBG-12", (there,), Reason.NOT_HERE),
        ("#bündeln 2", (replace(SECOND, status=Status.CLOSED, closed=EARLIER),), Reason.CLOSED),
        ("#grouper 8", (elsewhere,), Reason.BUNDLED),
        ("#bundle 1", (), Reason.ARGUMENT),
        ("#bündeln 99", (), Reason.NO_SUCH_TICKET),
        ("#regrouper 2", (SECOND, replace(FIRST, bundle=1), *full), Reason.BUNDLE_FULL),
    )
    for line, tickets, reason in cases:
        with subtests.test(line=line):
            done = answers(TONI, FIRST, line).with_facts(*tickets).proven().decide()
            assert (done.outcome, done.reasons, done.changes) == ("refused", [reason], ())
    merged = answers(MAX, FIRST, "#bundle 3").with_facts(SECOND, aliases={"GYM-3": "GYM-2"}).proven().decide()
    assert merged.reasons == [Reason.MERGED]


def test_bundled_ticket_is_not_merged_or_moved(subtests: pytest.Subtests) -> None:
    for writer, line in ((MAX, "#merge 12"), (TONI, "#move HBG")):
        for about in (LEADING, OF_OLGA):
            with subtests.test(line=line, about=about.key):
                case = about_bundle(line, writer, about).with_facts(ticket(12), numbers_elsewhere={"HBG": 7})
                assert case.proven().decide().reasons == [Reason.BUNDLED]


def test_unbundle_ends_the_bundle_on_its_leading_ticket_and_takes_out_any_other(
    subtests: pytest.Subtests,
) -> None:
    for line in ("#unbundle", "#entbündeln", "#dégrouper"):
        with subtests.test(line=line):
            ended = about_bundle(line).decide()
            assert [ended.ticket(one.key).bundle for one in BUNDLE] == [None, None, None]
            taken_out = about_bundle(line, MAX, OF_OLGA).decide()
            assert [taken_out.ticket(one.key).bundle for one in BUNDLE] == [1, None, 1]
            assert to_outside(ended) == to_outside(taken_out) == {}


def test_proof_for_the_leading_ticket_is_enough_for_its_bundle() -> None:
    assert about_bundle("Läuft.\n#close").decide().outcome == "command"
    assert about_bundle("Läuft.\n#close", TINA).decide().outcome == "command"
    stranger = writes("someone@anderswo.example", "#close 1").with_facts(*BUNDLE).proven().decide()
    assert stranger.changes == ()


def test_ticket_of_a_member_leads_only_without_another() -> None:
    mine = replace(FIRST, requester=Address(MAX, "Max"))
    done = answers(ERIKA, THIRD, "#bundle 1 2 4").with_facts(mine, SECOND).proven().decide()
    assert [done.ticket(one.key).bundle for one in BUNDLE] == [2, 2, 2]


def test_closed_ticket_is_left_out_of_a_bundle_and_the_receipt_names_it() -> None:
    solved = replace(FIRST, status=Status.CLOSED, closed=EARLIER)
    done = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(solved, SECOND).proven().decide()
    assert [done.ticket(one.key).bundle for one in BUNDLE] == [None, 2, 2]
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert ("bundle_closed", "GYM-1") in [(r.command, r.detail) for r in receipt.done]
    assert receipt.undoable


def test_receipt_of_bundle_is_about_the_leading_ticket_and_shows_all() -> None:
    done = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(FIRST, SECOND).proven().decide()
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert shown_tickets(receipt) == ("GYM-1", "GYM-2", "GYM-4")
    assert receipt.undoable


def test_reopening_leaves_tickets_that_were_closed_before() -> None:
    later = NOW.replace(hour=8)
    closed = tuple(replace(one, status=Status.CLOSED, closed=later) for one in BUNDLE)
    solved = replace(closed[1], closed=EARLIER)
    done = about_bundle("#reopen", MAX, closed[0], closed[0], solved, closed[2]).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]


def test_bundle_ends_for_all_of_its_tickets(subtests: pytest.Subtests) -> None:
    solved = replace(OF_OLGA, status=Status.CLOSED, closed=EARLIER)
    joined = replace(problem(5, KIRA), bundle=1)
    tickets = (LEADING, solved, OF_PAUL, joined)
    before = zip(BUNDLE, (FIRST, SECOND, THIRD), strict=True)
    changes = {one.key: replace(change(plain), notified=()) for one, plain in before}
    for line in ("#unbundle", "#spam", "#undo"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, LEADING, *tickets).with_facts(changes=changes).proven().decide()
            assert {done.ticket(one.key).bundle for one in tickets} == {None}
    spam = about_bundle("#spam", MAX, OF_OLGA).decide()
    assert [spam.ticket(one.key).bundle for one in BUNDLE] == [1, None, 1]


def test_second_level_is_notified_of_a_ticket_that_follows_one_it_has() -> None:
    leading = replace(LEADING, level=2)
    done = about_bundle("Noch einer.\n#escalate", MAX, leading, leading, OF_OLGA).decide()
    kinds = [n.kind for n in done.notifications if n.to.email == TONI]
    assert NotificationKind.ESCALATED_SECOND_LEVEL in kinds


def test_receipt_has_a_line_for_the_tickets_that_a_command_changed() -> None:
    solved = replace(LEADING, status=Status.CLOSED, closed=EARLIER)
    done = about_bundle("Läuft.\n#close", MAX, solved, solved, OF_OLGA, OF_PAUL).decide()
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert [(r.ticket and r.ticket.key, r.already, r.others) for r in receipt.done] == [
        ("GYM-1", True, ()),
        ("GYM-2", False, ("GYM-4",)),
    ]
    assert not receipt.undoable


def test_mail_to_colleagues_about_reopening_shows_the_bundle_as_it_is_then() -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    done = about_bundle("#reopen", MAX, closed[0], *closed).decide()
    assert done.notification(ERIKA).more_requesters == 2
