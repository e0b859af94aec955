"""Members are invited to register, a few times each; one link registers them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.core.model.ticket import Role
from mailbot.core.timers.invitations import Contact, unregistered
from mailbot.samples import scene
from mailbot.service.registration import invite_due
from tests.support.daemon import Daemon
from tests.support.mail_builder import mail
from tests.support.school import ERIKA, LENA, MAX, TONI, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
POLICY = replace(scene.policy("de"), schools=scene.policy("de").schools[:1])
MUSTERMANN = scene.MAX.email

DUE = (
    (Contact(), False, True),
    (Contact(invited=NOW - WEEK, invitations=1), False, False),
    (Contact(invited=NOW - WEEK, invitations=1), True, True),
    (Contact(invited=NOW - WEEK + timedelta(minutes=1), invitations=1), True, False),
    (Contact(invited=NOW - WEEK, invitations=2), True, True),
    (Contact(invited=NOW - 9 * WEEK, invitations=3), True, False),
    (Contact(unreachable=True), True, False),
)


def test_a_member_is_invited_once_and_reminded_twice_a_week_apart(subtests: pytest.Subtests) -> None:
    for contact, reminders, expected in DUE:
        with subtests.test(contact=contact, reminders=reminders):
            invitee = next(iter(unregistered(POLICY, {MUSTERMANN: contact})))
            assert invitee.due(NOW, reminders=reminders) is expected


def test_invitations_are_not_repeated_at_night_or_on_sundays() -> None:
    invitee = next(iter(unregistered(POLICY, {MUSTERMANN: Contact(invited=NOW - WEEK, invitations=1)})))
    assert not invitee.due(NOW + timedelta(hours=12), reminders=True)
    assert not invitee.due(NOW + timedelta(days=6), reminders=True)


def test_registered_members_are_not_invited() -> None:
    found = unregistered(POLICY, {MUSTERMANN: Contact(registered=NOW)})
    assert [invitee.member.address for invitee in found] == [scene.ERIKA.email, scene.TECHNIK.email]


def test_a_member_of_two_teams_is_invited_once() -> None:
    found = unregistered(replace(POLICY, schools=POLICY.schools * 2), {})
    assert [i.role for i in found] == [Role.SUPPORTER, Role.SUPPORTER, Role.SECOND_LEVEL]


def test_the_second_invitation_says_that_it_is_a_reminder() -> None:
    invitee = next(iter(unregistered(POLICY, {MUSTERMANN: Contact(name="Max", invitations=1)})))
    assert (invitee.notification().reason, invitee.notification().to.name) == ("reminder", "Max")


@pytest.fixture
def env(tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str) -> SchoolEnv:
    """A school on a mailbox of its own."""
    return SchoolEnv(tmp_path, dovecot, smtp_server, user)


def test_one_tap_on_the_invitation_registers_and_is_answered_by_the_welcome(env: SchoolEnv) -> None:
    assert env.json("invite") == [MAX, ERIKA, TONI]
    env.run_once()
    invitation = env.new_mail_to(MAX)
    assert "Team Marienschule" in invitation.text
    tapped = f"#anmelden\n\n\n[mailbot:{invitation.action_key}]\n"
    env.deliver(mail().sender(f"Max Mustermann <{MAX}>").subject("Anmeldung").text(tapped))
    env.run_once()
    welcome = env.new_mail_to(MAX)
    assert "Hallo Max Mustermann," in welcome.text
    assert all(word in welcome.text for word in ("Antworten", "#schließen", "#weiterleiten", "#übersicht"))
    assert env.json("status")["not_registered"] == [ERIKA, TONI]
    assert env.json("invite") == [ERIKA, TONI]


def test_a_registration_that_nothing_proves_waits_for_confirmation(env: SchoolEnv) -> None:
    env.deliver(mail().sender(MAX).subject("#anmelden"))
    env.run_once()
    assert env.json("status")["not_registered"] == [MAX, ERIKA, TONI]
    env.deliver(env.new_mail_to(MAX).answer(MAX, "#bestätigen"))
    env.run_once()
    assert env.json("status")["not_registered"] == [ERIKA, TONI]


def test_a_teacher_cannot_register_as_a_supporter(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel."))
    env.run_once()
    env.deliver(env.new_mail_to(LENA).answer(LENA, "#anmelden"))
    env.run_once()
    assert "können Sie hier nicht verwenden" in env.new_mail_to(LENA).text


def test_unregistered_members_get_tickets(env: SchoolEnv) -> None:
    env.deliver(problem().text("Der Beamer bleibt dunkel.\n"))
    env.run_once()
    assert env.json("status")["not_registered"] == [MAX, ERIKA, TONI]
    assert "Der Beamer bleibt dunkel." in env.new_mail_to(MAX).text


def test_an_operator_invites_single_members_by_any_of_their_addresses(env: SchoolEnv) -> None:
    env.members = f'"{MAX}", {{ address = "{ERIKA}", aliases = ["erika@privat.example"] }}'
    env.write_config()
    assert env.call("invite", "erika@privat.example") == f"invited: {ERIKA}\n"
    assert env.call("invite", "fremd@anderswo.example", status=2) == ""


def test_the_daemon_invites_new_members_once_and_reminds_them_later(env: SchoolEnv) -> None:
    env.invitations = True
    env.write_config()
    with env.open() as (desk, _):
        start = NOW - 4 * WEEK  # a Monday morning before the holidays
        assert invite_due(desk, start, reminders=False) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + WEEK, reminders=False) == []
        assert invite_due(desk, start + WEEK, reminders=True) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + 2 * WEEK, reminders=True) == [MAX, ERIKA, TONI]
        assert invite_due(desk, start + 3 * WEEK, reminders=True) == []
    env.run_once()
    assert [sent.subject.startswith("Zur Erinnerung") for sent in env.mails_to(MAX)] == [
        False, True, True,
    ]  # fmt: skip


def test_invitations_can_be_switched_off(env: SchoolEnv) -> None:
    with env.open() as (desk, _):
        assert invite_due(desk, NOW, reminders=True) == []


def test_a_daemon_that_starts_invites_every_member_once(env: SchoolEnv) -> None:
    env.invitations = True
    env.write_config()
    for _ in range(2):
        with Daemon(env, forked=True) as daemon:
            daemon.wait(lambda: bool(env.mails_to(TONI)), "second level has the invitation")
            assert daemon.stop() == 0
    assert [len(env.mails_to(member)) for member in (MAX, ERIKA, TONI)] == [1, 1, 1]
