"""What was found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at: whether it is as it should be, and what it is or what to do."""

    ok: bool
    subject: str
    text: str
