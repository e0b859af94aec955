"""Whose trouble a refusal is: that of one letter, or that of the SMTP account that all its letters share."""

from dataclasses import dataclass
from enum import Enum, auto

from mailbot.smtp.reply import About, shape

ACCOUNT = "refuses the account, letters wait: "
ALIKE = "refuses letters to different people alike: "
EVERY = "refuses every letter: "

MAX_CONSECUTIVE_REFUSALS = 5
"""So many letters that a server did not take, one after the other, are its trouble and not theirs."""


class Ruling(Enum):
    """What a refusal means."""

    LETTER = auto()  # it is about this letter
    AGAIN = auto()  # it may be about the account: try this letter once more before it fails
    ACCOUNT = auto()  # other letters would be refused as well: pause the account


@dataclass(frozen=True, slots=True)
class Refusal:
    """One letter that the server did not take; `attempts` counts this one."""

    mail: int
    recipient: str
    about: About
    reply: str
    permanent: bool
    attempts: int = 1


@dataclass(slots=True)
class Refusals:
    """What the server of one account refused since it last took a letter.

    `suspect` is the letter whose refusal paused the account. If the account has taken another letter since,
    a second refusal concerns the suspect alone: a misunderstood reply to one letter stops no other.
    """

    in_a_row: int = 0
    suspect: int | None = None
    _last: tuple[str, str] | None = None  # the shape of a reply, and who the letter was for
    _taken: bool = False

    def remember(self, reason: str) -> None:
        """Start with the reason for which the account was paused before the program was started."""
        if reason.startswith(ALIKE):
            self._last = shape(reason.removeprefix(ALIKE)), ""

    def taken(self) -> None:
        """Note that the server took a letter."""
        self.in_a_row, self._last, self._taken = 0, None, True

    def rule(self, refusal: Refusal) -> tuple[Ruling, str]:
        """Return what a refusal means, and the reason to tell the operators where that is the account."""
        if refusal.about is About.RECIPIENT:
            return Ruling.LETTER, ""
        self.in_a_row += 1
        known = refusal.mail == self.suspect and self._taken
        if not known and (reason := self._against_account(refusal)):
            self.suspect, self._taken = refusal.mail, False
            return Ruling.ACCOUNT, reason
        if not refusal.permanent or refusal.about is not About.UNCLEAR:
            return Ruling.LETTER, ""
        first = refusal.attempts == 1
        if not known and (first or not self._taken):
            self._last = shape(refusal.reply), refusal.recipient
        return Ruling.AGAIN if first else Ruling.LETTER, ""

    def _against_account(self, refusal: Refusal) -> str:
        if refusal.about is About.ACCOUNT:
            return ACCOUNT + refusal.reply
        if refusal.permanent and refusal.about is About.UNCLEAR and self._is_repeated(refusal):
            return ALIKE + refusal.reply
        return EVERY + refusal.reply if self.in_a_row > MAX_CONSECUTIVE_REFUSALS else ""

    def _is_repeated(self, refusal: Refusal) -> bool:
        """Tell whether another recipient's letter got this reply; one pause is enough to know it."""
        if self._last is None or self._last[0] != shape(refusal.reply):
            return False
        if self._last[1] == refusal.recipient:
            return False
        self._last = self._last[0], ""
        return True
