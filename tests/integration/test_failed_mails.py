"""Operators are alerted once of mails with a person's text that failed permanently."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.monitoring.status import status
from mailbot.service import sending
from mailbot.service.desk import Desk
from mailbot.service.maintenance import maintain
from mailbot.service.operations import drop_unsent_mail, retry_unsent_mail
from mailbot.service.sending import record_and_claim
from mailbot.store.database import transaction
from mailbot.store.outbox import SendOutcome
from mailbot.store.tables import AlertRow, OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import EDV, LENA, MAX, NOW
from tests.support.school import problem


def alerts(desk: DeskHarness) -> list[str]:
    return [row.text for row in desk.rows(AlertRow) if row.topic == "failed mails"]


def fail(desk: DeskHarness, *kinds: NotificationKind) -> list[int]:
    """Send all due mails, but let those of these kinds fail; return their numbers."""
    failed, done = list[int](), list[SendOutcome]()
    while claimed := record_and_claim(desk.desk, ("GYM",), done, None, NOW):
        [due] = claimed
        fails = due.outgoing.kind in kinds
        done = [SendOutcome(due.id, "failed", "5.7.1 refused") if fails else SendOutcome(due.id, "sent")]
        failed += [due.id] * fails
    return failed


def test_a_failure_that_cannot_be_notified_does_not_keep_other_outcomes_from_being_recorded(
    desk: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receive(problem("Beamer").text("dunkel"))
    claimed = record_and_claim(desk.desk, ("GYM",), [], None, NOW, most=20)
    monkeypatch.setattr(sending, "failure_notifications", lambda *_: 1 / 0)
    failed, *others = claimed
    outcomes = [
        SendOutcome(failed.id, "failed", "5.1.1 unknown"),
        *(SendOutcome(o.id, "sent") for o in others),
    ]
    record_and_claim(desk.desk, ("GYM",), outcomes, None, NOW)
    assert [row.state for row in desk.rows(OutboxRow)] == ["failed", *["sent"] * len(others)]
    assert alerts(desk) == []


@pytest.fixture
def answered(desk: DeskHarness) -> DeskHarness:
    """A desk where Max has closed Lena's ticket with an answer."""
    desk.receive(problem("Beamer").text("dunkel"))
    desk.reply(MAX, "Das Kabel war lose.\n#close")
    return desk


def test_a_failed_answer_is_reported_to_its_author_and_needs_no_operator(
    answered: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.monitoring.status.utc_now", lambda: NOW)
    assert fail(answered, NotificationKind.CLOSED)
    assert len(answered.outbox_of(MAX, NotificationKind.BOUNCE)) == 1
    assert (alerts(answered), answered.outbox_of(EDV, NotificationKind.ALERT)) == ([], [])
    counts = status(answered.desk)["outbox"]
    assert (counts.get("failed", 0), counts["undelivered"]) == (0, 1)


def test_the_author_sends_a_failed_answer_again_by_one_tap(answered: DeskHarness) -> None:
    assert fail(answered, NotificationKind.CLOSED)
    answered.reply(MAX, "#erneut", NotificationKind.BOUNCE)
    (answer,) = answered.outbox_of(LENA, NotificationKind.CLOSED)
    assert (answer.state, answer.attempts) == ("queued", 0)
    assert fail(answered) == []
    answered.reply(MAX, "#erneut", NotificationKind.BOUNCE)
    assert answered.outbox_of(MAX)[-1].reasons == "nothing_to_resend"


def test_a_failed_mail_to_the_team_is_reported_to_operators(answered: DeskHarness) -> None:
    mail, _ = fail(answered, NotificationKind.NEW_TICKET)
    assert alerts(answered) == [
        f"{mail}: new_ticket to {MAX}; 5.7.1 refused; "
        "mailbot outbox; then mailbot outbox retry NUMBER or mailbot outbox drop NUMBER"
    ]
    assert status(answered.desk)["outbox"]["failed"] == 2


def test_undelivered_mails_are_counted_for_a_week(
    answered: DeskHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(answered, NotificationKind.RECEIPT)
    for days, number in ((6, 1), (8, 0)):
        monkeypatch.setattr("mailbot.monitoring.status.utc_now", lambda days=days: NOW + timedelta(days=days))
        assert status(answered.desk)["outbox"].get("undelivered", 0) == number


def test_several_failed_mails_are_one_alert(
    answered: DeskHarness,
) -> None:
    failed = fail(answered, NotificationKind.CLOSED, NotificationKind.NEW_TICKET, NotificationKind.BOUNCE)
    assert len(failed) >= 3
    assert len(answered.outbox_of(EDV, NotificationKind.ALERT)) == 1


def test_a_notice_of_failure_that_failed_itself_keeps_the_alert(answered: DeskHarness) -> None:
    answer, notice = fail(answered, NotificationKind.CLOSED, NotificationKind.BOUNCE)
    drop_unsent_mail(answered.desk, answer)
    assert len(alerts(answered)) == 1
    drop_unsent_mail(answered.desk, notice)
    assert alerts(answered) == []


def test_a_failed_receipt_is_not_reported(answered: DeskHarness) -> None:
    assert fail(answered, NotificationKind.RECEIPT)
    assert alerts(answered) == []


@pytest.mark.parametrize("operation", [retry_unsent_mail, drop_unsent_mail])
def test_the_alert_ends_when_the_last_failed_mail_is_retried_or_dropped(
    answered: DeskHarness, operation: Callable[[Desk, int], str]
) -> None:
    numbers = fail(answered, NotificationKind.NEW_TICKET)
    for number in numbers:
        assert len(alerts(answered)) == 1
        operation(answered.desk, number)
    assert alerts(answered) == []
    assert len(answered.outbox_of(EDV, NotificationKind.ALERT)) == 2


def test_the_alert_ends_in_the_night_after_the_mail_was_erased(answered: DeskHarness) -> None:
    numbers = fail(answered, NotificationKind.NEW_TICKET)
    assert len(alerts(answered)) == 1
    with transaction(answered.engine) as session:
        for number in numbers:
            session.delete(session.get_one(OutboxRow, number))
    maintain(answered.desk, NOW + timedelta(days=1))
    assert alerts(answered) == []
