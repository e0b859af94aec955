"""Mails that nobody here can read: hidden by encryption, or too large to be taken."""

from mailbot.core.model.mail import Mail, Protection
from mailbot.core.model.policy import Limits

TOO_LARGE = "too-large"
ENCRYPTED = "encrypted"

_PGP = "-----BEGIN PGP MESSAGE-----"


def why(mail: Mail, limits: Limits) -> str:
    """Return why a mail cannot be read, TOO_LARGE or ENCRYPTED, or "" if it can.

    Of a mail that is too large only the header was fetched; `Mail.size` is what the mailbox says.
    """
    if mail.size > limits.mail:
        return TOO_LARGE
    hidden = mail.protection is not Protection.NONE and not mail.text.partition(_PGP)[0].strip()
    return ENCRYPTED if hidden else ""
