"""Members are invited to register, a few times each; one tap registers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot import samples
from mailbot.core.model.ticket import Role
from mailbot.core.timers.invitations import Contact, unregistered
from mailbot.service.registration import invite_due
from tests.daemon import Daemon
from tests.house import ERIKA, LENA, MAX, TONI, House, problem
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
POLICY = replace(samples.policy("de"), schools=samples.policy("de").schools[:1])
MUSTERMANN = samples.MAX.email

DUE = (
    (Contact(), False, True),
    (Contact(invited=NOW - WEEK, invitations=1), False, False),
    (Contact(invited=NOW - WEEK, invitations=1), True, True),
    (Contact(invited=NOW - WEEK + timedelta(minutes=1), invitations=1), True, False),
    (Contact(invited=NOW - WEEK, invitations=2), True, True),
    (Contact(invited=NOW - 9 * WEEK, invitations=3), True, False),
    (Contact(unreachable=True), True, False),
)


@pytest.mark.parametrize(("contact", "reminders", "expected"), DUE)
def test_a_member_is_invited_once_and_reminded_twice_a_week_apart(
    contact: Contact, reminders: bool, expected: bool
) -> None:
    invitee = next(iter(unregistered(POLICY, {MUSTERMANN: contact})))
    assert invitee.due(NOW, reminders=reminders) is expected


def test_nobody_is_reminded_at_night_or_on_a_sunday() -> None:
    invitee = next(iter(unregistered(POLICY, {MUSTERMANN: Contact(invited=NOW - WEEK, invitations=1)})))
    assert not invitee.due(NOW + timedelta(hours=12), reminders=True)
    assert not invitee.due(NOW + timedelta(days=6), reminders=True)


def test_who_registered_is_not_invited() -> None:
    found = unregistered(POLICY, {MUSTERMANN: Contact(registered=NOW)})
    assert [invitee.member.address for invitee in found] == [samples.ERIKA.email, samples.TECHNIK.email]


def test_a_member_of_two_teams_is_invited_once() -> None:
    found = unregistered(replace(POLICY, schools=POLICY.schools * 2), {})
    assert [i.role for i in found] == [Role.SUPPORTER, Role.SUPPORTER, Role.SECOND_LEVEL]


def test_the_second_invitation_says_that_it_is_a_reminder() -> None:
    invitee = next(iter(unregistered(POLICY, {MUSTERMANN: Contact(name="Max", invitations=1)})))
    assert (invitee.notification().reason, invitee.notification().to.name) == ("reminder", "Max")


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str) -> House:
    """A school on a mailbox of its own."""
    return House(tmp_path, dovecot, smtp_server, user)


def test_one_tap_on_the_invitation_registers_and_is_answered_by_the_welcome(house: House) -> None:
    assert house.json("invite") == [MAX, ERIKA, TONI]
    house.once()
    invitation = house.letter(MAX)
    assert "Team Marienschule" in invitation.text
    tapped = f"#anmelden\n\n\n[mailbot:{invitation.action_key}]\n"
    house.deliver(mail().sender(f"Max Mustermann <{MAX}>").subject("Anmeldung").text(tapped))
    house.once()
    welcome = house.letter(MAX)
    assert welcome.text.startswith("Hallo Max Mustermann,")
    assert all(word in welcome.text for word in ("Antworten", "#schließen", "#weiterleiten", "#übersicht"))
    assert house.json("status")["not_registered"] == [ERIKA, TONI]
    assert house.json("invite") == [ERIKA, TONI]


def test_a_registration_that_nothing_proves_waits_for_confirmation(house: House) -> None:
    house.deliver(mail().sender(MAX).subject("#anmelden"))
    house.once()
    assert house.json("status")["not_registered"] == [MAX, ERIKA, TONI]
    house.deliver(house.letter(MAX).answer(MAX, "#bestätigen"))
    house.once()
    assert house.json("status")["not_registered"] == [ERIKA, TONI]


def test_a_teacher_cannot_register_as_a_supporter(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel."))
    house.once()
    house.deliver(house.letter(LENA).answer(LENA, "#anmelden"))
    house.once()
    assert "steht Ihnen hier nicht zu" in house.letter(LENA).text


def test_members_who_are_not_registered_get_tickets_all_the_same(house: House) -> None:
    house.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    house.once()
    assert house.json("status")["not_registered"] == [MAX, ERIKA, TONI]
    assert "Der Beamer bleibt dunkel." in house.letter(MAX).text


def test_an_operator_invites_single_members_by_any_of_their_addresses(house: House) -> None:
    house.members = f'"{MAX}", {{ address = "{ERIKA}", also = ["erika@privat.example"] }}'
    house.write_config()
    assert house.call("invite", "erika@privat.example") == f"invited: {ERIKA}\n"
    assert house.call("invite", "fremd@anderswo.example", status=2) == ""


def test_the_daemon_invites_new_members_once_and_reminds_them_later(house: House) -> None:
    house.invitations = True
    house.write_config()
    with house.open() as (desk, _):
        start = NOW - 4 * WEEK  # a Monday morning before the holidays
        assert invite_due(desk, start, reminders=False) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + WEEK, reminders=False) == []
        assert invite_due(desk, start + WEEK, reminders=True) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + 2 * WEEK, reminders=True) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + 3 * WEEK, reminders=True) == []
    house.once()
    assert [letter.subject.startswith("Zur Erinnerung") for letter in house.letters(MAX)] == [
        False, True, True,
    ]  # fmt: skip


def test_invitations_can_be_switched_off(house: House) -> None:
    with house.open() as (desk, _):
        assert invite_due(desk, NOW, reminders=True) == []


def test_a_daemon_that_starts_invites_every_member_once(house: House) -> None:
    house.invitations = True
    house.write_config()
    for _ in range(2):
        with Daemon(house) as daemon:
            daemon.wait(lambda: bool(house.letters(TONI)), "second level has the invitation")
            assert daemon.stop() == 0
    assert [len(house.letters(member)) for member in (MAX, ERIKA, TONI)] == [1, 1, 1]
