"""Members who write from an address that is not registered, and the colleagues who read it."""

import pytest

from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.notification import Cause, Reason
from mailbot.core.model.ticket import Status, Visibility
from tests.support.rendered_samples import rendered
from tests.support.scenario import HANNA, MAX, MailScenario, assigned, ticket, writes

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

PRIVATE = "max.m@gmx.example"  # Max, who is registered with other addresses


def test_reply_from_an_unknown_address_to_a_mail_to_staff_changes_nothing_and_both_sides_know() -> None:
    for case in (lambda case: case, MailScenario.proven):
        mail = writes(PRIVATE, "Kabel getauscht.\n\n#schließen", name="Max").answering(assigned(MAX), to=MAX)
        done = case(mail).decide()
        assert (done.outcome, done.ticket().status) == ("filed", Status.OPEN)
        assert (done.message.visibility, done.message.text) == (Visibility.INTERNAL, mail.mail.text)
        assert done.notified == {(MAX, "requester_reply"), (PRIVATE, "refusal")}
        team, private = done.notification(MAX), done.notification(PRIVATE)
        assert ([p.line for p in team.problems], team.from_outside) == (["#schließen"], True)
        assert (private.text, private.ticket, private.history) == ("", None, ())


def test_member_of_another_school_is_no_unknown_address() -> None:
    done = writes(HANNA, "#anwesend").answering(ticket(), to=HANNA).decide()
    assert done.outcome == "command"


def test_unknown_address_is_notified_once_a_day_that_nothing_was_done() -> None:
    refused_before = RecentActivity(refused={Cause.UNPROVEN: frozenset({Reason.UNKNOWN_ADDRESS.value})})
    again = (
        writes(PRIVATE, "Noch etwas.")
        .answering(assigned(MAX), to=MAX)
        .with_facts(recent_activity=refused_before)
    )
    assert again.decide().notified == {(MAX, "requester_reply")}


def test_team_reads_the_unknown_address_and_can_execute_its_command() -> None:
    mail = rendered("requester_reply_unknown")
    lead = "Max Privat <max.m@zuhause.example> (unbekannte Adresse) hat geschrieben."
    assert f"{lead} #close wurde nicht ausgeführt." in mail.text
    assert ">Ausführen und senden<" in mail.html
    assert "Beamer" not in rendered("refusal_unknown_address").text
