"""Undo changes the tickets of a bundle together."""

from dataclasses import replace

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import (
    MAX_BUNDLE,
    Status,
)
from tests.support.bundle_tickets import (
    BUNDLE,
    FIRST,
    KIRA,
    LEADING,
    OF_OLGA,
    OLGA,
    PAUL,
    SECOND,
    THIRD,
    about_bundle,
    change,
    problem,
    texts_to,
    to_outside,
)
from tests.support.scenario import (
    EARLIER,
    LENA,
    MAX,
    answers,
)


def test_undo_on_the_leading_ticket_undoes_the_same_change_of_all(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE}
    for line in ("#undo", "#rückgängig", "#annuler"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, closed[0], *closed).with_facts(changes=changes).decide()
            assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN] * 3
            assert {(to, n.kind.value) for to, n in to_outside(done).items()} == {
                (LENA, "undone"),
                (OLGA, "undone"),
                (PAUL, "undone"),
            }
            (result,) = done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done
            assert result.others == ("GYM-2", "GYM-4")


def test_undo_leaves_tickets_that_another_mail_changed_since() -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE} | {"GYM-2": change(OF_OLGA, OLGA)}
    done = about_bundle("#undo", MAX, closed[0], *closed).with_facts(changes=changes).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]


def test_undo_of_a_bundle_and_of_its_end(subtests: pytest.Subtests) -> None:
    plain = (FIRST, SECOND, THIRD)
    for now, before in ((BUNDLE, plain), (plain, BUNDLE)):
        with subtests.test(bundled=now is BUNDLE):
            changes = {one.key: replace(change(one), notified=()) for one in before}
            done = about_bundle("#undo", MAX, now[0], *now).with_facts(changes=changes).decide()
            expected = [one.bundle for one in before]
            assert [done.ticket(one.key).bundle for one in BUNDLE] == expected


def test_undo_of_unbundle_needs_the_former_bundle(subtests: pytest.Subtests) -> None:
    full = tuple(replace(problem(n, OLGA), bundle=1) for n in range(100, 99 + MAX_BUNDLE))
    for tickets, expected in (
        ((LEADING, SECOND), 1),
        ((FIRST, SECOND), None),
        ((LEADING, SECOND, *full), None),
    ):
        with subtests.test(tickets=len(tickets), expected=expected):
            changes = {"GYM-2": replace(change(OF_OLGA), notified=())}
            done = answers(MAX, SECOND, "#undo").with_facts(*tickets, changes=changes).decide()
            assert done.ticket("GYM-2").bundle == expected


def test_text_beside_undo_reaches_each_requester(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE}
    for shown, expected in ((closed, {LENA, OLGA, PAUL, KIRA}), (closed[:1], {LENA})):
        with subtests.test(shown=shown):
            shows = tuple((one.key, one.closed) for one in shown)
            case = about_bundle("Doch noch nicht.\n#undo", MAX, closed[0], *closed)
            done = case.answering(closed[0], shows=shows).with_facts(changes=changes).decide()
            assert texts_to(done) == expected
            receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
            assert ("text_alone" in [r.command for r in receipt.done]) == (expected == {LENA})
