"""Rate limits of automatic replies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.core.model.facts import OpenedTickets, RecentActivity
from mailbot.core.model.notification import Cause
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Limits, Thresholds
from mailbot.monitoring.health import FLOOD, Snapshot, evaluate
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import LENA, MAX, NOW, POLICY, ticket, writes

TEAM = {(MAX, "new_ticket"), ("erika@support.example", "new_ticket")}


@pytest.mark.parametrize(("refused", "notified"), [((), 1), (("argument",), 1), (("unknown",), 0)])
def test_people_outside_the_teams_get_each_reason_once_a_day(refused: tuple[str, ...], notified: int) -> None:
    case = (
        writes(LENA, "#clsoe")
        .proven()
        .with_facts(recent_activity=RecentActivity(refused={Cause.PROVEN: frozenset(refused)}))
    )
    assert len(case.decide().notifications) == notified


def test_members_are_answered_for_every_mistake() -> None:
    case = (
        writes(MAX, "#clsoe")
        .proven()
        .with_facts(recent_activity=RecentActivity(refused={Cause.PROVEN: frozenset({"unknown"})}))
    )
    assert case.decide().notified == {(MAX, "refusal")}


DATED = "Beamer, Raum {}. Stand: {} um 12:30, Vorgang {}, {}"


@pytest.mark.parametrize(
    ("said", "receipts"),
    [
        (DATED.format(3, "26.11.2026", 81723, "HBG-7"), 0),
        (DATED.format(3, "25.11.2026", 90412, "HBG-8"), 0),
        (DATED.format(4, "26.11.2026", 81723, "HBG-7"), 1),
    ],
)
def test_the_same_words_once_more_get_no_second_receipt_but_reach_the_team(said: str, receipts: int) -> None:
    again = writes(LENA, DATED.format(3, "26.11.2026", 81723, "HBG-7"))
    recent = RecentActivity(recent_texts=("Maus\nTot", f"Beamer\n{said}"))
    notified = again.with_facts(recent_activity=recent).decide().notified
    assert notified == TEAM | ({(LENA, "receipt")} if receipts else set())


def test_another_subject_is_another_problem_even_with_the_same_text(subtests: pytest.Subtests) -> None:
    for subject, receipts in [
        ("Tastatur klemmt", 1),
        ("Kein Ton in Raum 7", 0),
        ("Re: [#GYM-4] Kein Ton in Raum 7", 0),
        ("Kein Ton in Raum 8", 1),
    ]:
        with subtests.test(subject=subject):
            recent = RecentActivity(recent_texts=("Kein Ton in Raum 7\nsiehe oben",))
            notified = (
                writes(LENA, "siehe oben", subject=subject)
                .with_facts(recent_activity=recent)
                .decide()
                .notified
            )
            assert notified == TEAM | ({(LENA, "receipt")} if receipts else set())


def test_the_subject_of_a_new_problem_is_read_from_its_ticket(desk: DeskHarness) -> None:
    for number, subject in enumerate(("Kein Ton", "Tastatur klemmt", "", "", "Kein Ton")):
        problem = mail().message_id(f"<{number}@schule.example>").subject(subject).text("siehe Betreff")
        desk.receive(problem, at=NOW + timedelta(seconds=number))
    assert len(desk.outbox_of(LENA, NotificationKind.RECEIPT)) == 3


def test_the_same_query_is_answered_again() -> None:
    again = RecentActivity(recent_texts=("#übersicht",) * 3)
    assert writes(LENA, "#übersicht").with_facts(recent_activity=again).decide().notified == {
        (LENA, "overview")
    }


def test_a_text_from_an_hour_ago_is_no_repetition(desk: DeskHarness) -> None:
    for minutes in (0, 10, 70):
        note = mail().message_id(f"<{minutes}@schule.example>").text("Der Drucker ist leer.")
        desk.receive(note, at=NOW + timedelta(minutes=minutes))
    assert len(desk.outbox_of(LENA, NotificationKind.RECEIPT)) == 2


def test_operators_are_alerted_while_a_flood_lasts() -> None:
    sight = Snapshot(NOW, NOW, automatic_replies=450)
    assert [concern.topic for concern in evaluate(sight, Thresholds())] == [FLOOD]
    assert evaluate(replace(sight, automatic_replies=449), Thresholds()) == ()


def test_above_the_ticket_limit_mails_are_added_to_the_last_ticket() -> None:
    full = RecentActivity(opened=OpenedTickets(20, "GYM-1"))
    done = writes(LENA, "Noch einer").with_facts(ticket(), recent_activity=full).decide()
    assert (done.outcome, done.decision.ticket, done.decision.matched_by) == ("reply", "GYM-1", None)
    lenient = replace(POLICY, limits=Limits(hourly_tickets=21))
    more = replace(writes(LENA, "Noch einer").with_facts(ticket(), recent_activity=full), policy=lenient)
    assert more.decide().outcome == "opened"


def test_mails_caused_by_a_persons_action_do_not_count(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    for line in ("#close", "#reopen", "#close", "#reopen", "#close"):
        desk.outcome(reply_to(desk.outbox_of(MAX)[-1], MAX, line))
    assert len(desk.outbox_of(LENA)) == 6
    desk.outcome(mail().message_id("<2@schule.example>").text("Jetzt streikt der Drucker."))
    assert len(desk.outbox_of(LENA, NotificationKind.RECEIPT)) == 2


def test_a_refusal_is_remembered_for_a_day(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    receipt = desk.outbox_of(LENA)[0]
    for number, at in enumerate((NOW, NOW + timedelta(hours=23), NOW + timedelta(hours=25))):
        desk.receive(reply_to(receipt, LENA, "#close 99", f"<wrong{number}@schule.example>"), at=at)
    assert len(desk.outbox_of(LENA, NotificationKind.REFUSAL)) == 2
