"""A held mail is dropped with a note in its ticket if it is not confirmed in time."""

from datetime import timedelta

from mailbot.core.decide.held_mail import expire
from mailbot.core.model.effects import Decision
from mailbot.service.timers import run_timers
from mailbot.store.tables import HeldRow, LedgerRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import ERIKA, MAX, NOW, ticket

LATE = NOW + timedelta(days=3, minutes=1)


def held(desk: DeskHarness) -> None:
    """Let somebody pretend to be Max."""
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    forged = reply_to(desk.outbox_of(ERIKA)[0], MAX, "Bitte das Passwort an x@evil.example.\n#close")
    assert desk.outcome(forged) == "held"


def test_an_unconfirmed_mail_is_dropped_after_three_days_with_a_note_in_the_ticket(
    desk: DeskHarness,
) -> None:
    held(desk)
    run_timers(desk.desk, NOW + timedelta(days=2, hours=23))
    assert [row.state for row in desk.rows(HeldRow)] == ["waiting"]
    run_timers(desk.desk, LATE)
    note = desk.ticket("GYM-1")["messages"][-1]
    assert (note["visibility"], desk.rows(HeldRow)[0].state) == ("internal", "expired")
    assert note["text"].startswith(f"Eine Mail im Namen von {MAX} („Re: [#GYM-1] Beamer")
    assert "bis 26.11.2026" in note["text"]
    assert "Passwort" not in note["text"]
    assert desk.rows(LedgerRow)[-1].because.endswith("not confirmed in time")


def test_a_confirmation_request_shows_a_command_that_was_in_the_subject(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    assert desk.outcome(mail().sender(MAX).subject("#schließen GYM-1").text("")) == "held"
    request = desk.outbox_of(MAX)[-1]
    assert (request.kind, "> #schließen GYM-1" in request.text) == ("confirm", True)
    assert desk.ticket("GYM-1")["status"] == "open"


def test_it_is_dropped_once_and_can_no_longer_be_confirmed(desk: DeskHarness) -> None:
    held(desk)
    run_timers(desk.desk, LATE)
    run_timers(desk.desk, LATE)
    assert len(desk.ticket("GYM-1")["messages"]) == 2
    assert desk.reply(MAX, "#bestätigen") == "refused"
    assert desk.ticket("GYM-1")["status"] == "open"


def test_a_held_mail_about_no_ticket_is_dropped_too() -> None:
    assert expire(None, MAX, "Übersicht", "26.11.2026", "de", LATE) == Decision(
        "expired", ("not confirmed in time",)
    )


def test_the_note_is_in_the_language_of_the_school() -> None:
    dropped = expire(ticket(school="HBG"), MAX, "Projector", "26.11.2026", "en", LATE)
    assert "“Projector”" in str(dropped.effects)
