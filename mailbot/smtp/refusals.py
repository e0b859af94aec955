"""Decide whether an SMTP server refuses single mails, or every mail of the account."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from mailbot.smtp.reply import About, shape

ACCOUNT = "refuses the account; mails wait in the outbox: "
DOMAIN = "refuses the sender's domain, see its SPF, DKIM and DMARC; mails wait in the outbox: "
SAME_REPLY = "refuses mails to different recipients with the same reply: "
EVERY_MAIL = "refuses every mail: "
_SAME_REPLY = re.compile(rf"{SAME_REPLY}|refuses \w+ to different people alike: ")
"""The stored reason of this version, or of version 0.1."""

MAX_CONSECUTIVE_REFUSALS = 5
"""If a server refuses more mails than that in sequence, the cause is the account and not the mails."""


class RefusalScope(Enum):
    """What a refusal applies to."""

    MAIL = auto()  # only this mail
    UNDECIDED = auto()  # perhaps the account: try this mail once more before it fails
    ACCOUNT = auto()  # other mails would be refused as well: pause the account


@dataclass(frozen=True, slots=True)
class Refusal:
    """A mail that the server refused; `attempts` includes this one."""

    mail: int
    recipient: str
    about: About
    reply: str
    permanent: bool
    attempts: int = 1


@dataclass(slots=True)
class RefusalTracker:
    """The refusals of one account's server since it last accepted a mail.

    `suspect` is the mail whose refusal paused the account. If the account has sent another mail since, a
    second refusal applies to the suspect alone: a misunderstood reply to one mail does not block the others.
    A refusal of the domain pauses the account once: if other servers accept mails, later ones apply to mails.
    """

    consecutive: int = 0
    suspect: int | None = None
    _last: tuple[str, str] | None = None  # the shape of a reply, and the recipient of the mail
    _accepted: bool = False
    _domain_refused: bool = False

    def restore(self, reason: str) -> None:
        """Restore the state from the reason for which an earlier process paused the account."""
        self._domain_refused = reason.startswith(DOMAIN)
        if found := _SAME_REPLY.match(reason):
            self._last = shape(reason[found.end() :]), ""

    def record_accepted(self) -> None:
        """Record that the server accepted a mail."""
        self.consecutive, self._last, self._accepted = 0, None, True

    def scope_of(self, refusal: Refusal) -> tuple[RefusalScope, str]:
        """Record a refusal; return its scope, and for an account the reason for the operators."""
        if refusal.about is About.RECIPIENT:
            return RefusalScope.MAIL, ""
        self.consecutive += 1
        known = refusal.mail == self.suspect and self._accepted
        if not known and (reason := self._account_reason(refusal)):
            self.suspect, self._accepted = refusal.mail, False
            return RefusalScope.ACCOUNT, reason
        if not refusal.permanent or refusal.about is not About.UNCLEAR:
            return RefusalScope.MAIL, ""
        first = refusal.attempts == 1
        if not known and (first or not self._accepted):
            self._last = shape(refusal.reply), refusal.recipient
        return RefusalScope.UNDECIDED if first else RefusalScope.MAIL, ""

    def _account_reason(self, refusal: Refusal) -> str:
        """Return why a refusal applies to the account, or "" if it does not."""
        if refusal.about is About.ACCOUNT:
            return ACCOUNT + refusal.reply
        if refusal.about is About.DOMAIN and refusal.permanent:
            partly = self._domain_refused and self._accepted
            self._domain_refused = True
            return "" if partly else DOMAIN + refusal.reply
        if refusal.permanent and refusal.about is About.UNCLEAR and self._is_repeated(refusal):
            return SAME_REPLY + refusal.reply
        return EVERY_MAIL + refusal.reply if self.consecutive > MAX_CONSECUTIVE_REFUSALS else ""

    def _is_repeated(self, refusal: Refusal) -> bool:
        """Return whether another recipient's mail got this reply; after a pause any recipient's counts."""
        if self._last is None or self._last[0] != shape(refusal.reply):
            return False
        if self._last[1] == refusal.recipient:
            return False
        self._last = self._last[0], ""
        return True
