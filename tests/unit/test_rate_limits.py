"""Automatic replies and confirmation requests are limited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.core.model.facts import OpenedTickets, RecentActivity
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Cause
from mailbot.core.model.policy import Limits
from mailbot.core.model.ticket import Direction, Message, Visibility
from tests.support.scenario import (
    ERIKA,
    HANNA,
    LENA,
    MAX,
    NOW,
    POLICY,
    MailScenario,
    answers,
    ticket,
    unproven,
    writes,
)

TEAM = {(MAX, "new_ticket"), (ERIKA, "new_ticket")}


def test_at_the_overall_limit_only_texts_by_people_and_replies_to_members_are_sent() -> None:
    flood = RecentActivity(overall_hour=POLICY.limits.hourly_overall)
    assert writes(LENA, "Beamer").with_facts(recent_activity=flood).decide().notified == TEAM
    assert writes(MAX, "#help").proven().with_facts(recent_activity=flood).decide().notified == {
        (MAX, "help")
    }


def test_team_is_notified_of_a_flood_once_an_hour(subtests: pytest.Subtests) -> None:
    for minutes, expected in [((0, 10), False), ((61,), True), ((70, 5), False), ((130, 65), True)]:
        with subtests.test(minutes=minutes):
            written = [
                Message(
                    Direction.IN, Visibility.PUBLIC, Address(LENA), "Scherz", NOW - timedelta(minutes=ago)
                )
                for ago in (200, *minutes)
            ]
            recent = RecentActivity(opened=OpenedTickets(20, "GYM-1"))
            facts = {"recent_activity": recent, "histories": {"GYM-1": tuple(written)}}
            done = writes(LENA, "Noch ein Scherz").with_facts(ticket(messages=len(written)), **facts).decide()
            assert (done.outcome, bool(done.notified)) == ("reply", expected)
            proven = writes(LENA, "Der Server brennt").proven().with_facts(ticket(), **facts).decide()
            assert proven.outcome == "opened"


def crowded(case: MailScenario, hour: int = 0, day: int = 0) -> MailScenario:
    """Set the number of automatic replies that the sender already got."""
    return case.with_facts(recent_activity=RecentActivity({Cause.PROVEN: hour}, {Cause.PROVEN: day}))


def test_automatic_replies_to_people_outside_the_teams_are_limited(subtests: pytest.Subtests) -> None:
    for hour, day, answered in [(4, 4, True), (5, 5, False), (0, 20, False)]:
        with subtests.test(hour=hour):
            for text in ("Problem", "#help", "#list", "#close 9", "#clsoe"):
                done = crowded(writes(LENA, text).proven(), hour, day).decide()
                assert any(to == LENA for to, _ in done.notified) == answered, text
                assert (done.notified >= TEAM) == (text == "Problem"), text


def test_several_queries_of_one_mail_count_towards_the_limit() -> None:
    text = "\n".join(["#help", *(f"#list {scope}" for scope in ("open", "closed", "mine", "all"))])
    assert len(crowded(writes(LENA, text), 2).decide().notifications) == 3


def test_limits_of_people_outside_the_teams_do_not_apply_to_staff() -> None:
    assert crowded(answers(MAX, ticket(), "#help"), 50, 500).decide().notified == {(MAX, "help")}
    assert crowded(writes(HANNA, "#help").proven(), 50, 500).decide().notified == {(HANNA, "help")}


def test_confirmation_requests_are_limited() -> None:
    done = crowded(unproven("#close"), 5).decide()
    assert (done.outcome, done.notified) == ("held", set())


def test_limits_of_the_policy_apply() -> None:
    case = replace(writes(LENA, "#help"), policy=replace(POLICY, limits=Limits(hourly_automatic=0)))
    assert case.decide().notified == set()
