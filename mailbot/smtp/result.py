"""The result of an attempt to send a mail, from the replies of the server (RFC 5321, 4.2)."""

from dataclasses import dataclass
from typing import Literal

from mailbot.smtp.reply import About, classify

State = Literal["sent", "temporary", "permanent", "uncertain"]

_CLOSING = 421
_TOO_LARGE = 552
# Reply codes that concern the login and not the mail (RFC 4954, 6).
_LOGIN_CODES = frozenset({454, 530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of one attempt to send a mail.

    `uncertain`: the connection broke during or after DATA, so the server may have accepted the mail.
    `server_down`: the connection or the account failed, so other mails would fail as well.
    `reply` is one printable line without the password, or "" if the server accepted the mail; `about` says
    what a refusal is about.
    """

    state: State
    code: int | None
    reply: str
    server_down: bool = False
    about: About = About.UNCLEAR


def refusal(code: int, reply: str) -> SendResult:
    """Return the result of a reply to RCPT, DATA or the text that refuses the mail."""
    about = classify(code, reply).about
    # Even a 5yz is temporary for this mail: it is sent when the account works again.
    if about is About.ACCOUNT:
        return SendResult("temporary", code, reply, server_down=True, about=about)
    server_down = code == _CLOSING or code in _LOGIN_CODES
    permanent = code >= 500 and not server_down
    return SendResult("permanent" if permanent else "temporary", code, reply, server_down, about)


def sender_refusal(code: int, reply: str, sender: str) -> SendResult:
    """Return the result of a refused MAIL: it is about the mail's size, or the account and all its mails."""
    if code == _TOO_LARGE and classify(code, reply).about is not About.ACCOUNT:
        return SendResult("permanent", code, reply, about=About.MAIL)
    about = About.UNCLEAR if code == _CLOSING else About.ACCOUNT
    reason = f"the server refuses the sender {sender}: {reply}"
    return SendResult("temporary", code, reason, server_down=True, about=about)
