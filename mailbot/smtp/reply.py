"""Classify the refusals of SMTP servers: account, domain, recipient or mail (RFC 5321, 3463, 7372)."""

import re
from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """What a refusal is about."""

    ACCOUNT = "account"  # the sender's login, permissions or limits: other mails would be refused as well
    DOMAIN = "domain"  # SPF, DKIM or DMARC of the sender's domain: its mails fail at some servers
    RECIPIENT = "recipient"  # the recipient's address, mailbox or limits
    MAIL = "mail"  # the size or the content of one mail
    UNCLEAR = "unclear"  # the reply does not say


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns of replies that are about one thing.

    `status` is a pattern for the enhanced status code without its class (RFC 3463), such as "1.1". `words`
    are patterns for the text in lower case without addresses; one of them must match. If both are given, both
    must match. With `permanent_only` the rule applies to 5yz replies only.
    """

    about: About
    reason: str
    status: str = ""
    words: tuple[str, ...] = ()
    permanent_only: bool = False


_LIMIT = (
    r"(limit|quota|exceed|too many|maxim|\bmax\b|\bonly\b|reached|threshold|kontingent|überschritten|dépass)"
)
_PERIOD = (
    r"((per|an?|each|every|last) (second|minute|hour|day|month)"
    r"|hourly|daily|monthly|\d-hours?|(hour|day) limit"
    r"|(pro|je) (minute|stunde|tag)|par (heure|jour)|quotidien)"
)
_MESSAGES = r"(messages?|e-?mails?|mails?|recipients|connections|sessions|nachrichten|empfänger|empfaenger)"

RULES = (
    Rule(
        About.ACCOUNT, "the sender's address or permissions", status=r"1\.[78]|2\.252|7\.(13|30|57|60|64|139)"
    ),
    Rule(About.ACCOUNT, "the sender's limit", status=r"4\.5|1\.9[0-2]|7\.23[23]"),
    Rule(About.ACCOUNT, "the account is blocked", status=r"7\.(8|50[1-3]|51[12]|70[58]|750)"),
    Rule(
        About.DOMAIN,
        "the domain is not authenticated",
        status=r"7\.(2[0-4]|2[67]|509|515)",
        permanent_only=True,
    ),
    Rule(
        About.DOMAIN,
        "the domain is not authenticated",
        words=(
            r"\b(dmarc|spf|dkim)\b[a-z ]{0,20} policy|policy[a-z ]{0,20} (dmarc|spf|dkim)\b",
            r"\b(dmarc|dkim|spf) "
            r"((policy|validation|verification|authentication|evaluation|check|alignment|signature) ){0,2}"
            "(has |is |was )?(failed|fails|failure|fail|rejected|violation|violated)",
            r"(fail(s|ed)?|not pass)[a-z ]{0,20} (dmarc|dkim|spf)\b",
        ),
        permanent_only=True,
    ),
    Rule(
        About.RECIPIENT,
        "the recipient's limit",
        words=(
            r"(limit|quota|rate|many)\b[a-z ]{0,40} (for|to) (this |that |the |a )?(single )?recipient\b",
            r"limit\b[a-z ]{0,20} to (this|that|the) (user|mail ?box|address)\b",
            r"\brecipient exceeded",
        ),
    ),
    Rule(
        About.ACCOUNT,
        "the sender's limit",
        words=(
            r"\b(sending|outgoing|outbound|submission) (e?-?mails? |messages? )?(limit|quota|count)\b"
            ".*exceed",
            r"exceeded[a-z ]{0,20} number of (e-?mails|mails|messages)[a-z ]{0,20}"
            " (may|can) send(?! to (it|them|this))",
            r"(versand|sende)(kontingent|limit|menge)|anzahl (der )?(ausgehende|versendete|gesendete)",
            r"your sending allowance",
        ),
    ),
    Rule(About.RECIPIENT, "the recipient's mailbox", words=(r"storedrv\.deliver", "recipient thread limit")),
    Rule(About.MAIL, "the content of the mail", words=("message (score|contains)", "attachments? exceed")),
    Rule(
        About.RECIPIENT,
        "the recipient's address, mailbox or rules",
        words=(
            r"(this|the) (group|list|recipient|user|mail ?box)\b",
            r"(by|for) recipient|recipient('s| has| account)\b",
            r"\buser( account)? (is )?(suspended|disabled|locked|temporarily)",
            "account suspended: ?$",
        ),
        permanent_only=True,
    ),
    Rule(
        About.ACCOUNT,
        "the sender's permissions",
        words=(
            "send ?as ?denied",
            r"(permissions?|allowed|authori[sz]ed|permitted) to send",
            "not owned by|that you own",
            "sender (address |login )?(is )?(rejected|blocked|disabled)",
            "sender (address )?(is )?not (allowed|permitted|authori[sz]ed)(?! to)",
            r"(unauthori[sz]ed|bad outbound|banned) sender|allowed to use (this|that|the) (sender|from)\b",
            "(sender|from)( address)? does not match|(sender|email address) is not verified",
            "absender[a-z -]{0,30}gesperrt|absender[a-zäöü ]{0,30}nicht (verwenden|nutzen)",
            "absender((?! an )[a-zäöü ]){0,30}nicht senden(?! an)",
            "not one of your addresses",
            "absender[a-z ]{0,30}(nicht (erlaubt|zugelassen|gestattet|berechtigt)|gehört nicht|unzulässig)",
            "invalid credentials|client (was |is )?not authenticated|basic authentication",
        ),
    ),
    Rule(
        About.ACCOUNT,
        "the sender's limit",
        words=(
            "submission ?quota",
            r"(send|sending|outgoing|outbound|relay|sender|versand)[a-z ]{0,30} ?(limit|quota)",
            r"(limit|quota)[a-z ]{0,40} (outgoing|outbound|sent)\b",
            "sending (messages )?too|sender has exceeded|too much mail from",
            "(limite|quota) (d.|di |[a-z]{3,12} di )?(envoi|invio)|l[íi]mite de env[íi]o|limiet voor"
            " verzenden",
            "limit wysyłan|limit wysylan|gönderim (limiti|kotası)|küldési (limit|korlát)",
            "unusual (rate|amount) of unsolicited e?mail originating from your",
        ),
    ),
    Rule(
        About.ACCOUNT,
        "the account is blocked",
        words=(
            r"\b(sending|sending of e?-?mails?|(outgoing|outbound) (e-?)?mails?)( from)?[a-z ]{0,30}"
            "(paused|suspended|disabled|blocked|stopped|deactivated)",
            "(disabled|blocked|locked|suspended) (for|from) sending(?! and receiving)",
            "(disabled|blocked|locked|suspended) (due to|because of|after) (abuse|spam|suspicious)",
            "compromised",
            "account (is )?suspended for (outgoing|outbound) (spam|abuse)",
            "versand[a-zäöü ]{0,60}(gesperrt|blockiert|deaktiviert|eingeschränkt|ausgesetzt)|für den versand",
            "(ihr|dein) (e-mail-)?(konto|postfach|account)[a-z ]{0,30}(gesperrt|deaktiviert)",
            "compte (est )?(suspendu|bloqué)|account (è )?sospeso",
        ),
    ),
    Rule(About.RECIPIENT, "the recipient's address or mailbox", status=r"1\.([1-6]|9|10)|2\.[1-4]|4\.4"),
    Rule(About.RECIPIENT, "the recipient accepts mail from some senders only", status=r"7\.1(2[4-9]|3[0-6])"),
    Rule(About.MAIL, "the size or the format of the mail", status=r"3\.4|6\.\d+|4\.6"),
    Rule(
        About.UNCLEAR,
        "the server does not relay the mail",
        words=(
            r"\brelay(ing)?( access)?( is)? (denied|prohibited|not (allowed|permitted))",
            r"(unable|not (able|allowed|permitted)|refused?|cannot) to relay|\bcannot relay",
            r"not local\b.*authenticat|authenticat.*not local\b",
        ),
    ),
    Rule(
        About.RECIPIENT,
        "the recipient's address or mailbox",
        words=(
            "mailbox|inbox|maildir|postfach|benutzer|speicher",
            "over ?-?quota|over storage|disk quota|allowed storage",
            "on (the )?server|auf dem server|receiving",
            "unknown(?! (error|mailer|command|sender))|no such|unroute?able",
            r"(not|n't) (exist|have an?)\b|existiert nicht",
            "(user|recipient|address)( is)? (not found|not local|inactive|disabled|invalid)",
            "unbekannte[rn]? (empfänger|empfaenger)",
            "(empfänger|empfaenger|destinataire)[a-z ]{0,20} (unbekannt|ungültig|inconnu|invalide)",
            "empfänger (akzeptiert|nimmt)[a-z ]{0,20} kein",
            "bo[iî]te[a-zà-ü ]{0,30} pleine|casella[a-z ]{0,20} piena|buz[óo]n[a-z ]{0,20}"
            " lleno|postvak[a-z ]{0,10} vol\\b",
            "(utente|utilisateur|usuario|destinatario) (sconosciuto|inconnu|desconocido)|onbekende"
            " (ontvanger|gebruiker)",
            "nieznany (użytkownik|odbiorca)|skrzynka[a-z ]{0,20} pełna",
        ),
    ),
    Rule(About.ACCOUNT, "the sender's limit", words=(f"{_LIMIT}.*{_PERIOD}", f"{_PERIOD}.*{_LIMIT}")),
    Rule(
        About.MAIL,
        "the size or the content of the mail",
        words=(
            r"\bspam\b|virus|malware|phishing|content|unsolicited|attachment|anhang|anhänge",
            r"\bsize\b|too (large|big|long)|zu (groß|gross|lang)|length|header|\bhops?\b|\blinks?\b",
        ),
    ),
    Rule(
        About.ACCOUNT,
        "the sender's limit",
        words=(
            r"rate[ -]?limit|limits?\b|kontingent(?! des (empf|postfach))|throttl|threshold",
            r"too (fast|quickly|frequent)",
            rf"(too|zu) ?(many|viele) (?!invalid|bad|unknown)(\w+ ){{0,2}}{_MESSAGES}",
            f"{_MESSAGES} (count )?quota",
        ),
    ),
    Rule(About.ACCOUNT, "the sender's quota", status=r"[02]\.0|7\.\d+", words=("quota",)),
    Rule(About.RECIPIENT, "the recipient's quota", words=("quota",)),
    Rule(
        About.ACCOUNT,
        "the account is blocked",
        words=("suspend|gesperrt|your account|temporarily",),
        permanent_only=True,
    ),
    Rule(
        About.ACCOUNT,
        "the server asks to try again later",
        words=(r"(try|retry|again|send|resend|come)[a-z ]{0,30} later", "spaeter|später"),
        permanent_only=True,
    ),
    Rule(About.RECIPIENT, "the recipient", words=("recipient( address)? (rejected|refused|not)",)),
    Rule(About.UNCLEAR, "the reply does not say"),
)
"""The first rule that matches applies."""

_STATUS = re.compile(r"^\W*[245]\.(\d{1,3}\.\d{1,3})(?![.\d])|#[245]\.(\d{1,3}\.\d{1,3})(?![.\d])")
_ADDRESSES = re.compile(r"https?://\S+|\S*@\S*")
_VARYING = re.compile(r"\S*\d\S*|[^\w\s]")


def classify(code: int, text: str) -> Rule:
    """Return the rule that applies to a reply; `text` is the reply without its three-digit code."""
    status = enhanced_status(text)
    words = " ".join(_ADDRESSES.sub(" ", text).lower().split())
    return next(rule for rule in RULES if _matches(rule, code, status, words))


def enhanced_status(text: str) -> str:
    """Return subject and detail of the enhanced status code, such as "1.1", or "" (RFC 3463, 2)."""
    found = _STATUS.search(text)
    return (found[1] or found[2]) if found else ""


def shape(text: str) -> str:
    """Return a reply without addresses, ids, numbers and punctuation, to compare it with others."""
    return " ".join(_VARYING.sub(" ", _ADDRESSES.sub(" ", text)).lower().split())


def _matches(rule: Rule, code: int, status: str, words: str) -> bool:
    if rule.permanent_only and code < 500:
        return False
    if rule.status and not re.fullmatch(rule.status, status):
        return False
    return not rule.words or any(re.search(pattern, words) for pattern in rule.words)
