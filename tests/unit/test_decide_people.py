"""Decisions about absences, colliding answers and unreadable mails."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mailbot.core.model.effects import HoldMail, Register, SetAbsence
from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.mail import Address, Encryption, MailKind
from mailbot.core.model.notification import Cause, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence
from mailbot.core.model.ticket import Direction, Message, Role, Visibility
from tests.support.scenario import (
    ERIKA,
    HANNA,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    TINA,
    TONI,
    MailScenario,
    answers,
    assigned,
    closed,
    photo,
    ticket,
    writes,
)

LAST = date(2026, 12, 1)
DATES = {"1.12": LAST, "2026-12-01": LAST, "bis 1.12.2026": LAST, "1.1.2020": date(2020, 1, 1)}


def absent(case: MailScenario, *who: str, deputy: str = "") -> MailScenario:
    return case.with_facts(absences={person: Absence(LAST, deputy) for person in who})


def recipients_of(case: MailScenario) -> set[str]:
    return {to for to, _ in case.decide().notified}


def test_every_member_of_a_team_can_be_away(subtests: pytest.Subtests) -> None:
    for line in ["#away 1.12.", "#abwesend 2026-12-01", "#Abwesend bis 1.12.2026!"]:
        for writer in [MAX, ERIKA, HANNA, TONI]:
            with subtests.test(line=line, writer=writer):
                done = writes(writer, line).answering(None).with_facts(dates=DATES).decide()
                assert SetAbsence(writer, LAST) in done.effects
                assert done.notified == {(writer, "command_receipt")}
                assert done.notification(writer).done[0].until == LAST


def test_people_outside_the_teams_cannot_be_away_or_register(subtests: pytest.Subtests) -> None:
    for line in ["#away 1.12.", "#back", "#register", "#abwesend", "#anmelden"]:
        with subtests.test(line=line):
            assert writes(LENA, line).proven().decide().reasons == [Reason.FORBIDDEN]


def test_wrong_day_or_deputy_is_refused(subtests: pytest.Subtests) -> None:
    for line in ["#away", "#away Erika", "#away 1.1.2020", "#away 1.12 Hanna", "#back here"]:
        with subtests.test(line=line):
            done = writes(MAX, line).answering(None).with_facts(dates=DATES).decide()
            assert (done.changes, done.reasons) == ((), [Reason.ARGUMENT])


def test_deputy_is_found_by_name_or_address() -> None:
    for name in ("Erika", "erika muster", ERIKA):
        done = writes(MAX, f"#away 1.12 {name}").answering(None).with_facts(dates=DATES).decide()
        assert SetAbsence(MAX, LAST, ERIKA) in done.effects


def test_absence_and_registration_apply_to_all_addresses_of_a_person() -> None:
    done = (
        writes(MAX_AT_HOME, "#away 1.12.\n#register").answering(None, to=MAX).with_facts(dates=DATES).decide()
    )
    assert {e for e in done.effects if isinstance(e, SetAbsence | Register)} == {
        SetAbsence(MAX, LAST),
        Register(MAX),
    }
    assert done.notified == {(MAX, "command_receipt"), (MAX, "welcome")}


def test_receipt_of_back_says_whether_the_member_was_away() -> None:
    done = absent(writes(MAX, "#back").answering(None), MAX).decide()
    assert SetAbsence(MAX, None) in done.effects
    assert not done.notification(MAX).done[0].already
    assert writes(MAX, "#back").answering(None).decide().notification(MAX).done[0].already


def test_text_above_an_absence_is_sent() -> None:
    done = answers(MAX, ticket(), "Ist das Kabel drin?\n#away 1.12.").with_facts(dates=DATES).decide()
    assert done.message.text == "Ist das Kabel drin?"
    assert (LENA, "answer") in done.notified
    assert [d.command for d in done.notification(MAX).done] == ["away"]


def test_absent_members_are_not_notified_of_a_new_ticket() -> None:
    assert recipients_of(absent(writes(LENA, "Der Beamer ist aus."), MAX)) == {LENA, ERIKA}


def test_deputy_of_second_level_is_notified_instead() -> None:
    case = answers(LENA, assigned(TONI, level=2), "Er ist wieder aus.")
    assert recipients_of(absent(case, TONI, deputy=TINA)) == {TINA}


def test_team_is_notified_if_the_deputy_cannot_work_on_the_ticket() -> None:
    case = answers(LENA, assigned(MAX), "Er ist wieder aus.")
    assert recipients_of(absent(case, MAX, deputy=HANNA)) == {ERIKA}


def test_escalation_and_return_notify_present_members() -> None:
    up = absent(answers(MAX, assigned(MAX), "#escalate"), TONI)
    assert TINA in recipients_of(up)
    assert TONI not in recipients_of(up)
    back = absent(answers(TONI, assigned(TONI, level=2), "Bitte tauschen.\n#return"), ERIKA)
    assert MAX in recipients_of(back)
    assert ERIKA not in recipients_of(back)


def test_assignment_to_an_absent_member_is_reported_and_notifies_the_team() -> None:
    done = absent(answers(TONI, ticket(), "#assign Erika"), ERIKA).decide()
    assert done.notification(TONI).done[0].until == LAST
    assert ERIKA not in {to for to, _ in done.notified}
    assert (MAX, "assigned_info") in done.notified


def said(author: str, minutes: float, visibility: Visibility = Visibility.PUBLIC) -> Message:
    direction = Direction.IN if author in (LENA, KARL) else Direction.OUT
    at = NOW - timedelta(minutes=minutes)
    return Message(direction, visibility, Address(author), "Ist das Kabel drin?", at)


def after(case: MailScenario, *history: Message) -> MailScenario:
    return case.with_facts(histories={"GYM-1": history})


def held(case: MailScenario) -> bool:
    return any(isinstance(effect, HoldMail) for effect in case.decide().effects)


def test_answer_is_held_when_a_colleague_answered_minutes_ago() -> None:
    done = after(answers(ERIKA, assigned(MAX), "Stecker ziehen."), said(MAX, 4)).decide()
    assert (done.outcome, done.changes, done.notified) == ("held", (), {(ERIKA, "held_answer")})
    mail = done.notification(ERIKA)
    assert (mail.history[0].text, mail.text) == ("Ist das Kabel drin?", "Stecker ziehen.")


NOT_HELD = {
    "it was longer ago": (said(MAX, 6),),
    "it was one's own": (said(ERIKA, 1),),
    "it was a note": (said(MAX, 1, Visibility.INTERNAL),),
    "the requester wrote since": (said(MAX, 2), said(LENA, 1)),
    "nobody wrote": (),
}


def test_answer_is_not_held(subtests: pytest.Subtests) -> None:
    for why, history in NOT_HELD.items():
        with subtests.test(why=why):
            assert not held(after(answers(ERIKA, assigned(MAX), "Stecker ziehen."), *history))


def test_mail_without_text_for_the_requester_is_not_held(subtests: pytest.Subtests) -> None:
    for text in ["#close", "Nur für uns.\n#note", "#list"]:
        with subtests.test(text=text):
            assert not held(after(answers(ERIKA, assigned(MAX), text), said(MAX, 1)))


def test_answer_is_not_held_if_its_author_knows_the_first_answer() -> None:
    case = writes(ERIKA, "Stecker ziehen.").answering(assigned(MAX), kind=NotificationKind.ANSWER_COPY)
    assert not held(after(case, said(MAX, 1)))


def test_answer_from_the_other_level_with_the_ticket_holds_no_later_answer() -> None:
    assert not held(after(answers(ERIKA, ticket(), "Sie leuchtet."), said(TONI, 1)))
    assert not held(after(answers(TONI, ticket(level=2), "Ich komme."), said(MAX, 1)))
    assert held(after(answers(TINA, ticket(level=2), "Ich komme."), said(TONI, 1)))


def test_confirmed_answer_is_not_held_again() -> None:
    case = after(answers(ERIKA, assigned(MAX), "Stecker ziehen."), said(MAX, 1))
    assert not held(case.with_facts(confirmed="confirmed by erika"))


def test_answers_from_two_addresses_of_a_person_are_not_held() -> None:
    case = writes(MAX_AT_HOME, "Und der Schalter?").answering(assigned(MAX), to=MAX)
    assert not held(after(case, said(MAX, 1)))


def test_reply_of_a_requester_is_not_held() -> None:
    assert not held(after(answers(LENA, assigned(MAX), "Ja."), said(MAX, 1)))


def test_thanks_to_a_ticket_closed_long_ago_open_no_ticket() -> None:
    done = answers(LENA, closed(days_ago=30), "Vielen Dank!").decide()
    assert (done.outcome, done.decision.ticket, done.notified) == ("filed", "GYM-1", set())


def test_thanks_to_an_open_ticket_are_sent_to_its_assignee() -> None:
    assert recipients_of(answers(LENA, assigned(MAX), "Vielen Dank!")) == {MAX}


def test_thanks_with_a_picture_in_the_signature_are_thanks() -> None:
    logo = answers(LENA, closed(), "Danke!").with_mail(parts=(photo("logo.png", inline=True),))
    assert logo.decide().outcome == "filed"
    assert answers(LENA, closed(), "Danke!").with_mail(parts=(photo(),)).decide().outcome == "reply"


LARGE = {"size": 50_000_001}


def test_too_large_mail_opens_no_ticket_and_its_sender_is_notified() -> None:
    done = writes(LENA, "Film").with_mail(**LARGE).decide()
    assert (done.outcome, done.changes, done.notified) == ("too-large", (), {(LENA, "unreadable")})


def test_commands_in_an_unreadable_mail_are_not_executed() -> None:
    done = answers(MAX, ticket(), "#close").with_mail(**LARGE).decide()
    assert done.notified == {(MAX, "unreadable")}
    assert done.message.visibility is Visibility.SYSTEM


def test_too_large_automatic_mail_is_not_answered() -> None:
    assert recipients_of(writes(LENA).with_mail(**LARGE).of_kind(MailKind.AUTO_REPLY)) == set()


@pytest.mark.parametrize("protection", [Encryption.SMIME, Encryption.PGP])
def test_encrypted_mail_opens_no_ticket_and_its_sender_is_notified(protection: Encryption) -> None:
    done = writes(LENA).with_mail(encryption=protection).decide()
    assert (done.outcome, done.changes, done.notified) == ("encrypted", (), {(LENA, "unreadable")})


def test_mail_with_text_above_an_encrypted_block_is_read() -> None:
    text = "Der Beamer ist aus.\n-----BEGIN PGP MESSAGE-----\n"
    assert writes(LENA, text).with_mail(encryption=Encryption.PGP).decide().outcome == "opened"


def test_unreadable_mail_is_not_answered_beyond_the_rate_limit() -> None:
    case = writes(LENA).with_mail(**LARGE).with_facts(recent_activity=RecentActivity({Cause.PROVEN: 5}))
    assert recipients_of(case) == set()


def test_answer_to_a_stranger_does_not_name_the_ticket_of_a_forwarded_mail() -> None:
    done = writes("eve@anderswo.example").with_mail(**LARGE).answering(ticket(), to=LENA).decide()
    mail = done.notification("eve@anderswo.example")
    assert (mail.ticket, mail.role) == (None, Role.REQUESTER)


def test_answers_collide_only_within_the_configured_time() -> None:
    case = after(answers(ERIKA, assigned(MAX), "Stecker ziehen."), said(MAX, 1))
    limits = replace(case.policy.limits, answer_collision_minutes=0)
    assert not held(replace(case, policy=replace(case.policy, limits=limits)))
