"""Alerts of a school's devices open tickets without a receipt; the same words join the open ticket."""

from dataclasses import replace

import pytest

from mailbot.core.decide.decide import decide
from mailbot.core.decide.understanding import understand
from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import School
from tests.support.scenario import ERIKA, EVE, GYM, MAX, NOW, POLICY, MailScenario, Outcome, ticket, writes

COPIER = "kopierer@schule.example"
GENERATED = ("auto-submitted", "auto-generated")


def _decided(case: MailScenario, school: School = GYM) -> Outcome:
    case = replace(case, facts=replace(case.facts, school=school))
    return Outcome(case, decide(understand(case.mail, school, POLICY), case.facts, POLICY, NOW))


def _alert(*fields: tuple[str, str], sender: str = COPIER, subject: str = "Toner leer") -> MailScenario:
    case = writes(sender, "Fach 2\n#close", subject=subject)
    return case.with_mail(headers=(("from", sender), *(fields or (GENERATED,))))


def test_alert_opens_a_ticket_without_receipt_and_executes_nothing(subtests: pytest.Subtests) -> None:
    for field in [GENERATED, ("precedence", "bulk"), ("return-path", "<>")]:
        with subtests.test(field=field):
            done = _decided(_alert(field))
            assert (done.outcome, done.notified) == ("opened", {(MAX, "new_ticket"), (ERIKA, "new_ticket")})
            assert done.message.text == "Fach 2\n#close"


def test_answers_lists_outsiders_and_the_support_address_open_nothing(subtests: pytest.Subtests) -> None:
    for case in [
        _alert(GENERATED, ("list-help", "<mailto:x@y.example>")),
        _alert(subject="Re: Toner"),
        _alert(subject="[#GYM-1] Toner"),
        _alert().with_mail(in_reply_to=("<1@x>",)),
        _alert(sender=EVE),
        _alert(sender=GYM.address),
        _alert(("auto-submitted", "auto-replied")),
    ]:
        with subtests.test(case=case):
            assert _decided(case).outcome == "ignored"


def test_alerts_are_ignored_if_the_school_wants_it() -> None:
    assert _decided(_alert(), replace(GYM, machines="ignore")).outcome == "ignored"


@pytest.mark.parametrize(
    ("earlier", "notified"), [((), {MAX, ERIKA}), (("Toner leer\nFach 2\n#close",), set())]
)
def test_same_words_join_the_open_ticket_and_notify_once_an_hour(
    earlier: tuple[str, ...], notified: set[str]
) -> None:
    case = _alert().with_facts(
        ticket(requester=Address(COPIER), cc=()),
        same_report="GYM-1",
        recent_activity=RecentActivity(recent_texts=earlier),
    )
    done = _decided(case)
    assert (done.outcome, done.decision.ticket) == ("reply", "GYM-1")
    assert {to for to, _ in done.notified} == notified
