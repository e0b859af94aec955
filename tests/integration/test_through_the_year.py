"""Schools get new keys and supporters leave: their tickets are neither lost nor forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Policy, Team
from mailbot.service.operations import OperationError
from mailbot.service.rename_school import orphaned, rename_school
from mailbot.service.timers import run_timers
from mailbot.store import people
from mailbot.store.audit_verify import verify
from mailbot.store.database import read_only, transaction
from mailbot.store.tables import BlockedRow, LedgerRow, OutboxRow
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, open_harness
from tests.support.mail_builder import mail
from tests.support.scenario import GYM, HBG, LENA, MAX, NOW

LATER = NOW + timedelta(days=1)
MSG = replace(GYM, key="MSG")
RENAMED = replace(GERMAN_POLICY, schools=(MSG, *GERMAN_POLICY.schools[1:]))


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[DeskHarness]:
    with open_harness(tmp_path) as found:
        yield found


def problem(subject: str, number: int) -> bytes:
    return (
        mail().sender(LENA).subject(subject).message_id(f"<{number}@schule.example>").text("kaputt\n").build()
    )


def under(harness: DeskHarness, policy: Policy) -> DeskHarness:
    """Return the same desk with another configuration."""
    return DeskHarness(replace(harness.desk, policy=policy), first_uid=100)


def test_a_renamed_school_keeps_its_tickets_their_old_keys_and_what_it_blocks(harness: DeskHarness) -> None:
    for number in (1, 2):
        harness.outcome(problem(f"Beamer {number}", number))
    with transaction(harness.engine) as session:
        people.block(session, "GYM", "spam@laut.example", MAX, NOW)
    after = under(harness, RENAMED)
    assert orphaned(after.desk) == {"GYM": 2}
    after.outcome(problem("Tastatur klemmt", 3), "MSG")  # before the operator has renamed it: MSG-1
    assert rename_school(after.desk, "gym", "msg", LATER) == (
        "2 tickets of GYM renamed to MSG; replies to the old keys find them"
    )
    assert orphaned(after.desk) == {}
    assert [after.ticket(key)["subject"] for key in ("GYM-1", "MSG-1")] == ["Beamer 1", "Tastatur klemmt"]
    assert after.ticket("GYM-1")["ticket"] == "MSG-3", "its number was taken"
    assert after.ticket("GYM-2")["ticket"] == "MSG-2"
    reply = mail().sender(LENA).subject("Re: [#GYM-2] Beamer 2").message_id("<4@schule.example>")
    decision = after.receive(reply.text("Er geht wieder.\n"), "MSG")
    assert decision is not None
    assert decision.ticket == "MSG-2"
    assert after.outcome(problem("Maus fehlt", 5), "MSG") == "opened"
    assert after.ticket("MSG-4")["subject"] == "Maus fehlt"
    assert {row.school for row in after.rows(LedgerRow)} == {"MSG"}
    assert {row.school for row in after.rows(OutboxRow)} == {"MSG"}
    assert {row.school for row in after.rows(BlockedRow)} == {"MSG"}
    with read_only(after.engine) as session:
        assert verify(session).problems == []


def test_only_a_key_that_the_configuration_no_longer_has_is_renamed(harness: DeskHarness) -> None:
    for old, new, said in (("GYM", "HBG", "GYM is still a school"), ("ABC", "XYZ", "XYZ is not a school")):
        with pytest.raises(OperationError, match=said):
            rename_school(harness.desk, old, new, NOW)


def without(policy: Policy, address: str) -> Policy:
    """Return a policy without a member of the first school."""
    left = tuple(member for member in GYM.team.members if member.address != address)
    team = Team(GYM.team.name, left, GYM.team.calendar)
    return replace(policy, schools=(replace(GYM, team=team), *policy.schools[1:]))


def test_tickets_of_a_supporter_who_left_return_to_the_team_which_gets_one_mail(harness: DeskHarness) -> None:
    others = [member.address for member in GYM.team.members if member.address != MAX]
    for number in (1, 2):
        harness.outcome(problem(f"Beamer {number}", number))
        harness.reply(MAX, "#take", NotificationKind.NEW_TICKET)
    run_timers(harness.desk, NOW)
    assert harness.ticket("GYM-1")["assignee"] == MAX
    after = under(harness, without(GERMAN_POLICY, MAX))
    for _ in range(2):
        run_timers(after.desk, NOW)
    assert [after.ticket(key)["assignee"] for key in ("GYM-1", "GYM-2")] == [None, None]
    for member in others:
        (row,) = [row for row in after.outbox_of(member) if "Wieder beim Team" in row.subject]
        assert "GYM-1" in row.text
        assert "GYM-2" in row.text
    assert not [row for row in after.outbox_of(MAX) if "Wieder beim Team" in row.subject]
    assert HBG.team.members[0].address not in {
        row.recipient for row in after.rows(OutboxRow) if "Wieder beim Team" in row.subject
    }
