"""Every outcome of a mail and every state of an outgoing mail has its words for operators."""

import re
from pathlib import Path

from mailbot.core.decide import early_exits
from mailbot.core.model.outcomes import OUTCOMES, SENDING_STATES, OutcomeGroup, outcome_of
from mailbot.store import ledger, outbox
from mailbot.store.tables import DUE_STATES

DECIDE = Path(__file__).parents[2] / "mailbot/core/decide"


def test_every_outcome_of_a_decision_on_a_mail_has_a_sentence() -> None:
    texts = [module.read_text("utf-8") for module in DECIDE.glob("*.py")]
    found = {name for text in texts for name in re.findall(r'Decision\(\s*"([\w-]+)"', text)}
    found |= set(re.findall(r'"(\w+)" if \w+ else "(?:\w+)"', "".join(texts))) & {"command", "answered"}
    assert len(found) > 8
    named = {ledger.QUARANTINED, early_exits.TOO_LARGE, early_exits.ENCRYPTED}
    assert found | named <= OUTCOMES.keys()


def test_every_state_of_an_outgoing_mail_has_a_sentence() -> None:
    assert {*DUE_STATES, outbox.BOUNCED, "sent", "failed", "dropped"} == SENDING_STATES.keys()


def test_an_outcome_of_another_version_is_shown_as_it_is() -> None:
    assert (outcome_of("postponed").group, outcome_of("postponed").sentence) == (
        OutcomeGroup.OTHER,
        "postponed",
    )
