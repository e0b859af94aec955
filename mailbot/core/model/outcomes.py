"""Words for operators: what became of a received mail, and the state of an outgoing one."""

from dataclasses import dataclass
from enum import StrEnum


class OutcomeGroup(StrEnum):
    """Outcomes that are counted together."""

    OPENED = "opened"
    ANSWERED = "answered"
    REFUSED = "refused"
    HELD = "held"
    FILED = "filed"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The group of an outcome, and a sentence about a mail with that outcome."""

    group: OutcomeGroup
    sentence: str


OUTCOMES = {
    "opened": Outcome(OutcomeGroup.OPENED, "opened a ticket"),
    "reply": Outcome(OutcomeGroup.ANSWERED, "was added to a ticket and sent on"),
    "command": Outcome(OutcomeGroup.ANSWERED, "its commands were executed"),
    "answered": Outcome(OutcomeGroup.ANSWERED, "its question to mailbot was answered"),
    "confirmed": Outcome(OutcomeGroup.ANSWERED, "confirmed a held mail"),
    "refused": Outcome(OutcomeGroup.REFUSED, "was refused; its sender has the reason"),
    "too-large": Outcome(OutcomeGroup.REFUSED, "is too large; its sender was notified"),
    "encrypted": Outcome(OutcomeGroup.REFUSED, "is encrypted; its sender was notified"),
    "held": Outcome(OutcomeGroup.HELD, "is held until its sender confirms it"),
    "filed": Outcome(OutcomeGroup.FILED, "was filed without a notification"),
    "ignored": Outcome(OutcomeGroup.IGNORED, "was ignored"),
    "duplicate": Outcome(OutcomeGroup.IGNORED, "arrived before"),
    "quarantined": Outcome(OutcomeGroup.QUARANTINED, "could not be processed"),
    "dropped": Outcome(OutcomeGroup.QUARANTINED, "could not be processed, and an operator dropped it"),
}
"""What became of a received mail, by the outcome in its ledger entry."""

SENDING_STATES = {
    "queued": "waits to be sent",
    "sending": "is being sent",
    "uncertain": "was perhaps sent; waits for another attempt",
    "sent": "was sent",
    "bounced": "was sent and came back",
    "failed": "could not be sent",
    "dropped": "was dropped by an operator",
}
"""What became of an outgoing mail, by its state in the outbox."""


def outcome_of(name: str) -> Outcome:
    """Return the outcome of this name; one of another version of mailbot is its own sentence."""
    return OUTCOMES.get(name) or Outcome(OutcomeGroup.OTHER, name)
