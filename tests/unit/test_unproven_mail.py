"""Mail whose sender is not proven: held, confirmed, or filed without its commands."""

from datetime import date, timedelta

import pytest

from mailbot.core.model.effects import HoldMail, ReleaseMail
from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Status, WaitState
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    EVE,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    TONI,
    Outcome,
    answers,
    closed,
    ticket,
    unproven,
    writes,
)


def test_unauthenticated_mail_of_staff_is_held_for_the_registered_address(subtests: pytest.Subtests) -> None:
    for writer, asked in [(MAX, MAX), (MAX_AT_HOME, MAX), (TONI, TONI)]:
        with subtests.test(writer=writer):
            for text in ("Erledigt.", "#close", "#note x", "Danke.\n#help", "#blumenkohl"):
                done = unproven(text, writer).decide()
                assert (done.outcome, done.changes, done.notified) == ("held", (), {(asked, "confirm")}), text
                (hold,) = [e for e in done.effects if isinstance(e, HoldMail)]
                assert hold.until == NOW + timedelta(days=3), text


def test_queries_of_staff_need_no_proof_since_the_answer_goes_to_the_registered_address() -> None:
    page = {Listing(Scope.OPEN, (("school", "GYM"),)): Page((ticket(),), total=1)}
    for line, kind in (("#list", "overview"), ("#show 1", "ticket_details"), ("#help", "help")):
        for case in (writes(MAX_AT_HOME, line), writes(MAX_AT_HOME, "", subject=line)):
            done = case.with_facts(ticket(), listings=page).decide()
            assert done.notified == {(MAX, kind)}, line
    assert writes(MAX, "#show 9").decide().notified == {(MAX, "refusal")}


def test_confirmation_request_shows_a_command_of_the_subject() -> None:
    question = writes(MAX, "", subject="#abwesend 1.12.").decide().notification(MAX)
    assert (question.kind, question.text.strip()) == (NotificationKind.CONFIRM, "#abwesend 1.12.")


def test_mail_of_staff_is_held_if_the_server_says_that_it_is_forged() -> None:
    for scenario in (
        answers(MAX, ticket(), "#close"),
        writes(MAX, "#close").keyed(ticket()),
        answers(MAX, ticket(), "Bitte melden Sie sich bei x@evil.example."),
        writes(MAX, "#help"),
        writes(MAX, "Der Beamer ist dunkel."),
    ):
        done = scenario.failed().decide()
        assert (done.outcome, done.changes, done.notified) == ("held", (), {(MAX, "confirm")})


def test_mail_of_a_requester_is_filed_if_the_server_says_that_it_is_forged() -> None:
    done = answers(LENA, closed(), "Geht wieder nicht.").failed().decide()
    assert (done.outcome, done.ticket().status) == ("reply", Status.OPEN)


def test_commands_of_a_requester_are_text_if_the_server_says_that_the_mail_is_forged(
    subtests: pytest.Subtests,
) -> None:
    told = {(MAX, "requester_reply"), (ERIKA, "requester_reply")}
    for case, text in (
        (answers(LENA, ticket(), "Geht wieder.\n#close"), "Geht wieder.\n#close"),
        (writes(LENA, "#close").keyed(ticket()), "#close"),
        (answers(LENA, ticket(), "#helped"), "#helped"),
        (answers(LENA, ticket(), "#list\n#close"), "#list\n#close"),
        (answers(LENA, ticket(), "").with_mail(subject="#close"), "#close"),
    ):
        with subtests.test(text=text):
            done = case.failed().decide()
            assert (done.outcome, done.message.text.strip(), done.notified) == ("reply", text, told)
            assert done.ticket().status is Status.OPEN
            assert case.decide().ticket().status is Status.CLOSED


def test_team_learns_that_a_sender_may_be_forged_and_who_was_not_added_to_cc() -> None:
    people = (Address("rosa@schule.example"), Address(KARL), Address("x@anderswo.example"))
    for scenario, missing in (
        (writes(LENA, "Kennwort?"), people[:2]),
        (answers(LENA, ticket(), "Und?"), people[:1]),
    ):
        done = scenario.with_mail(cc=people).failed().decide()
        assert (done.notification(ERIKA).forged, done.notification(ERIKA).not_in_cc) == (True, missing)
    unknown = writes(LENA, "Kennwort?").with_mail(cc=people).decide().notification(ERIKA)
    assert (unknown.forged, unknown.not_in_cc) == (False, people[:2])
    proven = writes(LENA, "Kennwort?").with_mail(cc=people).proven().decide().notification(ERIKA)
    assert (proven.forged, proven.not_in_cc) == (False, ())


def test_text_of_a_stranger_neither_reopens_nor_wakes_a_ticket() -> None:
    asked = ticket(status=Status.WAITING, wait=WaitState(EARLIER, awaiting_staff=False))
    answered = ticket(wait=WaitState(EARLIER, awaiting_staff=False))
    for before in (closed(), asked, answered):
        done = writes(EVE, "Bei mir auch.").answering(before, to=LENA).proven().decide()
        assert (done.outcome, len(done.messages)) == ("reply", 1)
        assert done.ticket().status is before.status
        assert done.ticket().waits.awaiting_staff is before.waits.awaiting_staff
        assert {kind for _, kind in done.notified} == {"requester_reply"}


def test_confirmation_counts_only_if_the_server_does_not_say_that_it_is_forged() -> None:
    question = writes(MAX, "#confirm").answering(ticket(), kind=NotificationKind.CONFIRM, held=1)
    assert question.decide().outcome == "confirmed"
    assert question.failed().decide().outcome == "held"
    refusal = writes(LENA, "#confirm").answering(ticket(), kind=NotificationKind.REFUSAL, held=1)
    assert refusal.failed().decide().outcome == "reply"


def test_question_says_what_proof_is_missing(subtests: pytest.Subtests) -> None:
    fresh = writes(MAX, "#close 1").with_facts(ticket())
    other = writes(MAX, "#close 1 2").answering(ticket(), shows=(("GYM-1", None),)).with_facts(ticket(2))
    for case, expected in (
        (fresh, ("", False)),
        (other, ("not-shown", False)),
        (fresh.failed(), ("", True)),
        (fresh.failed(padding=8_000), ("unreadable-results", False)),
        (answers(MAX, ticket(), "#close").failed(padding=8_000), ("unreadable-results", False)),
    ):
        with subtests.test(expected=expected):
            question = case.decide().notification(MAX, NotificationKind.CONFIRM)
            assert (question.reason, question.forged) == expected


LONG_AGO = NOW - timedelta(days=31)


def test_notification_proves_its_recipient_for_the_tickets_that_it_shows(subtests: pytest.Subtests) -> None:
    for about, shows, line, outcome in [
        (ticket(), (("GYM-1", None),), "#close", "command"),
        (ticket(), (("GYM-1", LONG_AGO),), "#reopen", "held"),
        (ticket(), (("GYM-1", NOW - timedelta(days=29)),), "#reopen", "command"),
        (ticket(), (("GYM-1", None),), "#close 1 2", "held"),
        (ticket(), (("GYM-1", None),), "#for eve@evil.example GYM-2", "held"),
        (ticket(), (("GYM-1", None),), "#merge 2", "held"),
        (ticket(), (("GYM-1", None),), "#show 2", "answered"),
        (ticket(), (("GYM-1", None),), "#away 2026-12-01", "command"),
        (ticket(), (("GYM-1", LONG_AGO),), "#away 2026-12-01", "held"),
        (ticket(), (("GYM-1", None), ("GYM-2", None)), "#merge 2", "command"),
        (None, (("GYM-1", None), ("GYM-2", None)), "#close 1 2", "command"),
        (None, (("GYM-2", None),), "#close 1", "held"),
        (None, (("GYM-2", None),), "#for lena@schule.example\nBeamer", "held"),
        (None, (("GYM-9", LONG_AGO),), "#away 2026-12-01", "held"),
    ]:
        with subtests.test(about=about):
            known = {"dates": {"2026-12-01": date(2026, 12, 1)}}
            case = writes(MAX, line).answering(about, shows=shows, created=LONG_AGO)
            assert case.with_facts(ticket(), ticket(2), **known).decide().outcome == outcome
            keyed = case.with_facts(
                ticket(), ticket(2), **known, by_action_key=case.facts.answered, answered=None
            )
            assert keyed.decide().outcome == outcome
            assert case.with_facts(ticket(), ticket(2), **known).proven().decide().outcome != "held"


def test_confirmation_request_quotes_the_text_without_the_action_key() -> None:
    done = unproven(f"Fertig.\n#close\n\n[mailbot:{'a' * 26}]").decide()
    assert done.notification(MAX).text == "Fertig.\n#close"


def test_authenticated_mail_of_staff_needs_no_confirmation() -> None:
    assert writes(MAX, "#close").tagged(ticket()).proven().decide().outcome == "command"


def test_confirmed_mail_is_executed() -> None:
    done = unproven("#close").with_facts(confirmed="confirmed by Max").decide()
    assert done.ticket().status is Status.CLOSED
    assert "confirmed by Max" in done.decision.because


def test_only_the_registered_address_confirms() -> None:
    def confirmed_by(writer: str) -> Outcome:
        case = writes(writer, "#bestätigen").answering(
            ticket(), to=MAX, kind=NotificationKind.CONFIRM, held=7
        )
        return (case.proven() if writer == EVE else case).decide()

    assert confirmed_by(MAX).effects == (ReleaseMail(7, shown=frozenset({"GYM-1"})),)
    assert [confirmed_by(other).outcome for other in (EVE, ERIKA)] == ["refused", "held"]


def test_late_confirmation_is_refused() -> None:
    late = writes(MAX, "#confirm").answering(ticket(), kind=NotificationKind.CONFIRM, held=None)
    assert (late.decide().outcome, late.decide().changes) == ("refused", ())


def test_commands_of_a_requester_need_no_authentication() -> None:
    done = writes(LENA, "#close").tagged(ticket()).decide()
    assert done.ticket().status is Status.CLOSED


def test_command_within_an_unauthenticated_new_mail_of_a_member_opens_a_ticket() -> None:
    for text in ("Der Beamer geht nicht, bitte nicht mit #close schließen", "Läuft nicht. #notiz"):
        done = writes(MAX, text).decide()
        assert done.outcome == "opened", text
        assert (ERIKA, "new_ticket") in done.notified, text


def test_command_within_an_unauthenticated_answer_of_a_requesting_member_is_text() -> None:
    own = ticket(requester=Address(MAX), school="HBG", cc=())
    done = writes(MAX, "Geht immer noch nicht, #close war zu früh.").tagged(own).decide()
    assert done.outcome == "reply"
