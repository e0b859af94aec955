"""The result of one check."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check's subject, whether it passed, and its state or what to do."""

    ok: bool
    subject: str
    text: str
