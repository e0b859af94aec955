"""Find the recipients that a bounce is about. The only module that knows flufl.bounce."""

import email
import logging
import re
from collections.abc import Iterable

from mailbot.addresses import canonical_address
from mailbot.core.classify.bounce_words import TEXT_SAYS_FAILURE
from mailbot.core.classify.failure_cause import first_line_with_cause
from mailbot.core.model.mail import Action, DeliveryStatus

logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)  # it logs a traceback for every odd mail
_BLOCK = re.compile(r"\r?\n[ \t]*\r?\n")
_FIELD = re.compile(r"^([A-Za-z-]{3,60}):[ \t]*(.*(?:\r?\n[ \t]+.*)*)", re.M)
_MESSAGE_ID = re.compile(r"^[> ]{0,4}Message-ID:\s*(<[^<>\s]{1,990}>)", re.I | re.M)
_ADDRESS = re.compile(r"[^\s<>;,:\"'()\[\]]{1,100}@[A-Za-z0-9][A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_ALONE = re.compile(rf"^[ \t]{{0,8}}<?{_ADDRESS.pattern}>?:?[ \t\r]*$|^<{_ADDRESS.pattern}>:", re.M)
# Amazon SES reports in JSON, whose quotation marks are escaped if it is within JSON.
_NAMED_BY_SERVICE = re.compile(
    r"(?:emailAddress\\?\"\s{0,9}:\s{0,9}|recipients\\?\"\s{0,9}:\s{0,9}\[\s{0,9})\\?\"([^\"\\\s]{3,300})"
)
# The word boundary is behind the first digit: a search for a digit is faster than for a boundary.
_STATUS = re.compile(r"([245](?<!\w.)\.\d{1,3}\.\d{1,3})\b")
_REPLY = re.compile(r"([45])(?<!\w.)\d\d[ -]")
_DELAYED = re.compile(
    r"delayed|delay\b|postponed|deferred|put off|still (?:being )?retr|will (?:keep|continue|be retried)"
    r"|(?:we|it|i|server|system|mailer|software) (?:will|shall) (?:\w+ ){0,3}(?:try|retry|attempt)"
    r"|(?:not|at) (?:yet been delivered|the moment)|no action is required|warning|temporar"
    r"|verzöger|weitere zustell|(?:noch|vorläufig|derzeit|momentan|vorübergehend) nicht zugestellt"
    r"|vorübergehend"
    r"|(?:wird|werden) (?:\w+ ){0,4}(?:erneut|weiter\w*|nochmals?|wiederholt) (?:\w+ ){0,3}(?:versuch"
    r"|zugestellt)"
    r"|versuch\w* (?:wird|werden) (?:fortgesetzt|wiederholt)|keine (?:weitere )?aktion erforderlich"
    r"|retard[ée]|différée?|nouvelle tentative|ritard|ancora tentat|vertraagd|aplazad|retrasad"
)  # in lower case
# Sentences of reports about success. Any other wording counts as a failure, which must not be missed.
_DELIVERED = re.compile(
    r"(?:was|has been) (?:successfully )?(?:delivered|relayed) to the (?:following|destination)"
    r"|delivery to (?:these|the following) recipients(?: or groups)? is complete"
    r"|wurde an (?:die )?folgenden? empfänger (?:zugestellt|weitergeleitet)"
    r"|notificationtype\W{1,9}delivery\b"  # Amazon SES
)  # in lower case
# Lines and parts of lines with the sender and the identifiers of the returned mail.
_NO_RECIPIENT = re.compile(
    r"^[> \t]{0,8}(?:message-id|in-reply-to|references|from|sender|return-path|x-[\w-]+|received|dkim[\w-]+"
    r"|(?:arc-)?authentication-results|reply-to):.*"
    r"|(?:envelope-from|smtp\.mailfrom=|mail from:|\bid ) ?<?\S+",
    re.I | re.M,
)
# A line above the returned mail, or a field that only its header has: no cause is below the first of them.
_RETURNED_MAIL = re.compile(
    r"^[> \t]{0,8}(?:[-=_*]{2,80}[^\n]{0,50}\b"
    r"(?:[Oo]riginal|[Rr]eturned|[Uu]rsprüngliche|[Cc]opy of (?:the|your)) "
    r"(?:[Mm]essage|[Mm]ail|[Nn]achricht)\b"
    r"|Received: (?:from|by|\(|;)|Return-Path: ?<|DKIM-Signature:|ARC-[A-Za-z-]{4,30}:"
    r"|X-(?:Spam|Virus|Mailer|Originating|Google|Received|MS-)[A-Za-z-]{0,60}:)",
    re.M,
)
_SCANNED = 100_000
_FLUFL = 5_000  # bytes; its detectors go over them again and again


def from_report(text: str, message_id: str) -> tuple[DeliveryStatus, ...]:
    """Return the recipients that a message/delivery-status part reports (RFC 3464, 2)."""
    found = []
    for block in _BLOCK.split(text[:_SCANNED].strip()):
        # Reversed, so that the first of several fields with one name counts.
        fields = {name.lower(): " ".join(value.split()) for name, value in reversed(_FIELD.findall(block))}
        recipient = _address(fields.get("final-recipient", "")) or _address(
            fields.get("original-recipient", "")
        )
        original = _address(fields.get("original-recipient", ""))
        if not recipient and not original:
            continue
        status = _first(_STATUS, fields.get("status", "")) or _first(
            _STATUS, fields.get("diagnostic-code", "")
        )
        action = _action(fields.get("action", ""), status)
        diagnostic = fields.get("diagnostic-code", "")
        # mailbot wrote to the original recipient; the final one may be behind a forwarding rule.
        found.append(DeliveryStatus(original or recipient, action, status, diagnostic[:500], message_id))
    return tuple(found)


def from_text(
    content: bytes, subject: str, text: str, message_id: str, senders: Iterable[str]
) -> tuple[DeliveryStatus, ...]:
    """Return the recipients that a bounce without a report names; `senders` sent the returned mail.

    They are in a mail service's JSON, on lines of their own, or the only ones beside the senders and
    identifiers; else those that flufl.bounce finds; else any in the text.
    """
    beginning = "\n".join(line for line in text[:20_000].split("\n") if "@" in line)
    named = _found(_ADDRESS, beginning)[:5]
    others = _found(_ADDRESS, _NO_RECIPIENT.sub("", beginning))[:5] if len(named) > 1 else named
    others = [address for address in others if address not in senders] or named
    recipients = (
        _found(_NAMED_BY_SERVICE, beginning)
        or _found(_ALONE, beginning)
        or (others if len(others) == 1 else _by_flufl(content[:_FLUFL]))
        or named
    )
    text = text[:_SCANNED]
    status = _first(_STATUS, text)
    reply = _REPLY.search(text)
    replied = text[text.rfind("\n", 0, reply.start()) + 1 :].partition("\n")[0] if reply else ""
    action = _action_of_text(status[:1], reply[1] if reply else "", subject.lower(), text[:2000].lower())
    diagnostic = " ".join(replied.split())[:500]
    if not diagnostic:
        returned = _RETURNED_MAIL.search(text)
        report = text[: returned.start()] if returned else text
        lines = [" ".join(line.split())[:500] for line in report.splitlines()[:200]]
        diagnostic = first_line_with_cause(lines)
    message_id = message_id or _first(_MESSAGE_ID, text)  # some append the mail to their text
    return tuple(DeliveryStatus(who, action, status, diagnostic, message_id) for who in recipients)


def _action_of_text(status: str, reply: str, subject: str, text: str) -> Action:
    """Return what a text says; `status` and `reply` are the first digits of its codes, or ""."""
    if status == "4":
        return Action.DELAYED
    if status == "5" or reply == "5":
        return Action.FAILED
    if _DELAYED.search(text):
        return Action.FAILED if status else Action.DELAYED
    return Action.DELIVERED if not reply and _says_delivered(subject, text) else Action.FAILED


def _says_delivered(subject: str, text: str) -> bool:
    """Return whether a report is about success only; one report may be about several recipients."""
    return bool(_DELIVERED.search(text)) and not TEXT_SAYS_FAILURE.search(f"{subject}\n{text}")


def _found(pattern: re.Pattern[str], text: str) -> list[str]:
    found = (
        canonical_address(match[match.re.groups].strip(" \t\r\n<>:")) for match in pattern.finditer(text)
    )
    return list(dict.fromkeys(address for address in found if address and not _is_daemon(address)))


def _by_flufl(content: bytes) -> list[str]:
    from flufl.bounce import all_failures  # noqa: PLC0415 - takes its time to load, and few mails need it

    try:
        temporary, permanent = all_failures(email.message_from_bytes(content))
    except Exception:  # noqa: BLE001 - raises assorted ones on hostile mails; the wording is looked at then
        return []
    names = [
        who.decode("utf-8", "replace") if isinstance(who, bytes) else str(who)
        for who in {*temporary, *permanent}
    ]
    return sorted(filter(None, map(canonical_address, names)))


def _is_daemon(address: str) -> bool:
    return address.startswith(("mailer-daemon@", "postmaster@"))


def _address(value: str) -> str:
    match = _ADDRESS.search(value) if "@" in value else None
    return (canonical_address(match[0]) or "") if match else ""


def _first(pattern: re.Pattern[str], value: str) -> str:
    match = pattern.search(value)
    return match[1] if match else ""


def _action(word: str, status: str) -> Action:
    try:
        return Action(word.split(" ", maxsplit=1)[0].strip("();").lower())
    except ValueError:
        return Action.DELAYED if status.startswith("4") else Action.FAILED
