"""One rule decides where a reply goes: the first line, the links, the receipt and the decision follow it."""

import pytest

from mailbot import samples
from mailbot.core.model.effects import HoldMail, Register
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind, ReplyRoute, reply_route
from mailbot.core.model.ticket import Role, Status, Visibility
from tests.support.rendered_samples import rendered
from tests.support.scenario import (
    KARL,
    LENA,
    MAX,
    TINA,
    TONI,
    MailScenario,
    Outcome,
    answers,
    assigned,
    ticket,
    writes,
)

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

FIRST_LINES = {
    ReplyRoute.REQUESTER: "Ihre Antwort geht an ",
    ReplyRoute.STAFF: "Ihre Antwort bleibt intern, ",
    ReplyRoute.NOBODY: "Hier zählen nur Befehle: ",
    ReplyRoute.REGISTRATION: "Jede Antwort auf diese Mail bestätigt Ihre Adresse.",
}


def answer_to(kind: NotificationKind, text: str, *, internal: bool = False) -> MailScenario:
    return writes(MAX, text).answering(ticket(), kind=kind, internal=internal)


def test_every_notification_of_staff_states_in_its_first_line_where_a_reply_goes() -> None:
    staff = {name: n for name, n in samples.notifications("de").items() if n.role.staff}
    assert len({n.reply_route for n in staff.values()}) == len(ReplyRoute)
    for name, notification in staff.items():
        if notification.kind is not NotificationKind.MOVED_AWAY:  # its reader has no role on the ticket
            line = rendered(name).text.partition("\n")[0]
            assert line.startswith(FIRST_LINES[notification.reply_route]), name


def test_only_notifications_whose_replies_reach_the_requester_offer_to_answer_and_close() -> None:
    for name, notification in samples.notifications("de").items():
        if notification.role.staff and "Antworten und schließen" in rendered(name).html:
            assert notification.reply_route is ReplyRoute.REQUESTER, name
    assert "Schließen ohne Antwort" in rendered("note").html


def test_receipt_says_that_the_text_of_a_silent_closure_stayed_internal() -> None:
    done = answer_to(NotificationKind.NOTE, "Läuft wieder.\n#schließen", internal=True).decide()
    assert done.notification(LENA).text == ""
    assert [line.command for line in done.notification(MAX).done] == ["close", "note"]


def test_text_without_a_recipient_is_returned_and_thanks_are_filed(subtests: pytest.Subtests) -> None:
    for kind in [k for k in NotificationKind if reply_route(k, internal=False) == "nobody"]:
        with subtests.test(kind=kind):
            done = answer_to(kind, "Ich komme morgen vorbei.").decide()
            assert (done.outcome, done.notified, done.changes) == ("refused", {(MAX, "refusal")}, ())
            assert (done.reasons, done.notification(MAX).text) == (
                [Reason.NO_RECIPIENT],
                "Ich komme morgen vorbei.",
            )
            thanks = answer_to(kind, "Ok, danke!").decide()
            assert (thanks.outcome, thanks.notified) == ("filed", set())
            assert (thanks.message.visibility, thanks.ticket().status) == (Visibility.SYSTEM, Status.OPEN)


def test_returned_text_is_sent_to_the_requester_or_kept_as_a_note_by_one_tap() -> None:
    held = answer_to(NotificationKind.COMMAND_RECEIPT, "Ich komme morgen vorbei.")
    assert any(isinstance(effect, HoldMail) for effect in held.decide().effects)
    sent = held.with_facts(confirmed="confirmed by Max", released=NotificationKind.REFUSAL).decide()
    assert {(LENA, "answer"), (KARL, "answer")} <= sent.notified
    note = answer_to(NotificationKind.REFUSAL, "#notiz\n\nIch komme morgen vorbei.").decide()
    assert note.message.visibility is Visibility.INTERNAL
    links = rendered("refusal_unaddressed").html
    assert ">An Lena Lehrerin senden<" in links
    assert ">Als Notiz speichern<" in links


def test_confirmation_of_the_sender_alone_sends_no_text_without_a_recipient() -> None:
    case = answer_to(NotificationKind.COMMAND_RECEIPT, "Ich komme.")
    confirmed = case.with_facts(confirmed="confirmed by Max", released=NotificationKind.CONFIRM)
    assert confirmed.decide().reasons == [Reason.NO_RECIPIENT]


@pytest.mark.parametrize("kind", [NotificationKind.OVERVIEW, NotificationKind.DIGEST, NotificationKind.HELP])
def test_text_about_no_ticket_is_returned_with_the_help(kind: NotificationKind) -> None:
    def answer(text: str) -> Outcome:
        return writes(MAX, text).answering(None, kind=kind, role=Role.SUPPORTER).decide()

    done = answer("Danke, GYM-4 erledige ich heute.")
    assert (done.outcome, done.notified) == ("refused", {(MAX, "refusal")})
    assert answer("Danke").notified == set()
    assert "#weiterleiten" in rendered("refusal_unaddressed_overview").text


def test_corrected_mail_stays_as_internal_as_the_refused_one() -> None:
    refused = answer_to(NotificationKind.NOTE, "Schlüssel liegt im Tresor.\n#schliesen", internal=True)
    refusal = refused.decide().notification(MAX)
    assert refusal.internal
    again = answer_to(refusal.kind, "Schlüssel liegt im Tresor.\n#schließen", internal=refusal.internal)
    assert again.decide().message.visibility is Visibility.INTERNAL


def test_text_of_a_returned_ticket_goes_to_the_team_only() -> None:
    done = answers(TONI, assigned(TINA, level=2), "Batterie bitte vor Ort einlegen.\n#zurück").decide()
    assert done.message.visibility is Visibility.INTERNAL
    assert not {LENA, KARL} & {to for to, _ in done.notified}
    assert done.notification(MAX).text == "Batterie bitte vor Ort einlegen."
    assert [line.command for line in done.notification(TONI).done] == ["return", "note"]


def test_any_reply_to_an_invitation_registers(subtests: pytest.Subtests) -> None:
    for text in ["Was muss ich da machen? Ich bin dabei!", "", "#anmelden", "Ok"]:
        with subtests.test(text=text):
            done = writes(MAX, text).answering(None, kind=NotificationKind.INVITATION).decide()
            assert done.changes[:1] == (Register(MAX),)
            assert done.notified == {(MAX, "welcome")}


def test_reply_to_an_invitation_by_another_person_does_not_register() -> None:
    forwarded = writes(LENA, "Ich bin dabei.").answering(None, to=MAX, kind=NotificationKind.INVITATION)
    assert not any(isinstance(effect, Register) for effect in forwarded.decide().effects)
