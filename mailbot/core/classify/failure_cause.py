"""Name the cause of a failed delivery by the words and the enhanced status code of a server's reply."""

import re
from collections.abc import Sequence

_MAX_LENGTH = 1_000  # characters of a reply that are read

# The first match counts. Servers choose codes carelessly, so clear words come before the codes.
# All in lower case: patterns that ignore case take five times as long.
_WORDS_BEFORE_CODES = (
    ("uncertain", r"so it may have arrived"),
    (
        "full",
        r"(?:mail|in|post)?box(?: is| size limit)? ?(?:full|exceeded)|(?:over|exceed\w*"
        r"|out of) (?:\w+ ){0,3}quota"
        r"|quota (?:\w+ ){0,2}exceed|quotaexceeded|insufficient (?:system )?(?:storage|disk)"
        r"|not enough storage"
        r"|exceed\w* (?:\w+ ){0,2}storage|(?:postfach|mailbox|speicher\w*)\b.{0,40}\b(?:voll"
        r"|überschritten|erschöpft)|kein speicherplatz"
        r"|bo[iî]te.{0,60}\bpleine|espace (?:\w+ ){0,2}insuffisant|quota (?:\w+ ){0,2}dépassé",
    ),
    (
        "too_large",
        r"(?:message|mail)(?: is)? too (?:large|big|long)|message size|size of (?:the|this"
        r"|your) (?:message|mail)"
        r"|(?:nachricht|mail|anhang|anhänge)\b.{0,30}\bzu groß|trop (?:volumineux|gros|lourd)",
    ),
    (
        "unknown_address",
        r"(?:user|recipient|mailbox|address|account|alias|empfänger|adresse|benutzer|konto|postfach)\b.{0,30}"
        r"\b(?:unknown|not (?:be )?found|n[o']t exist|invalid|unbekannt|nicht gefunden|nicht vorhanden"
        r"|existiert nicht|gibt es nicht|ungültig)"
        r"|(?:unknown|no such|invalid|unbekannte[rs]?) (?:local )?(?:user|recipient|mailbox|address|account"
        r"|person|part|empfänger|adresse|benutzer)|recipient(?:not)found"
        r"|does ?n[o'’]t (?:[\w.]+ ){0,3}(?:account|user)"
        r"|recipient address rejected: access denied|destinataire inconnu|(?:adresse|utilisateur)\b.{0,30}"
        r"\b(?:inconnue?|introuvable|n['’]existe pas)",
    ),
)
_CODES = (
    ("full", r"[45]\.2\.2"),
    ("too_large", r"[45]\.(?:2\.3|3\.4)"),
    ("unknown_address", r"[45]\.1\.(?:1|3|6|10)"),
    ("unknown_domain", r"[45]\.(?:1\.2|4\.4)"),
    ("disabled", r"[45]\.2\.1"),
    ("refused", r"[45]\.(?:6|7)\.\d{1,3}"),
    ("unreachable", r"[45]\.4\.\d{1,3}"),
)
_WORDS_AFTER_CODES = (
    (
        "disabled",
        r"mailbox (?:is )?(?:un|not )available|disabled|deactivated|suspended|inactive|\bgesperrt"
        r"|deaktiviert|abgeschaltet|désactivé|suspendu",
    ),
    (
        "unknown_domain",
        r"(?:host|domain)\b.{0,30}\b(?:not (?:be )?found|unknown|unbekannt|nicht gefunden|n[o']t exist)"
        r"|(?:no such|unknown) (?:host|domain)|nxdomain|unrouteable|unroutable|domaine inconnu",
    ),
    (
        "refused",
        r"\bspam|junk|blocked|blacklist|blocklist|reputation|\bvirus|malware|polic(?:y|ies)"
        r"|not (?:authori[sz]ed"
        r"|permitted|allowed)|(?:access|relay\w*) denied|rejected|refused by|abgelehnt|abgewiesen"
        r"|nicht erlaubt"
        r"|blockiert|rejeté|refusé|indésirable",
    ),
    (
        "unreachable",
        r"timed? ?out|timeout|connection (?:refused|reset|closed)|unreachable|try again|retry|expired"
        r"|too long"
        r"|nicht erreichbar|zeitüberschreitung|injoignable|délai|temporar",
    ),
)
# The templates have a phrase for each cause.
_CAUSES = tuple(
    (cause, re.compile(pattern))
    for cause, pattern in (
        *_WORDS_BEFORE_CODES,
        *((cause, rf"(?<![\d.]){code}(?![\d.])") for cause, code in _CODES),
        *_WORDS_AFTER_CODES,
    )
)
_ANY_CAUSE = re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern in _CAUSES))


def first_line_with_cause(lines: Sequence[str]) -> str:
    """Return the first line that names a cause, or ""."""
    text = "\n".join(line[:_MAX_LENGTH] for line in lines).lower()
    found = _ANY_CAUSE.search(text)
    return lines[text.count("\n", 0, found.start())] if found else ""


def failure_cause(reply: str) -> str:
    """Return the cause that a server's reply (RFC 5321, 4.2; RFC 3463) names, or "" if none is known."""
    text = reply[:_MAX_LENGTH].lower()
    return next((cause for cause, pattern in _CAUSES if pattern.search(text)), "")
