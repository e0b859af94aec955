"""Who or what wrote a mail: a table of signs, the first that fits decides (RFC 3834, 3464, 5965, 8098)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailbot.core.mail import Kind, Mail, Verdict

_DAEMON = re.compile(
    r"(?:^|[<\s\"])(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mmdf"
    r"|mail[-_.]?delivery[-_.]?\w*|mail-?admin|deamon|bounces?-?\w*)(?:@|$|[>\s\"])|microsoft exchange"
    r"|mail delivery (?:sub)?system|mail system|mailer daemon|mail administrator|postfix"
    r"|internet mail delivery|mailzustell",
    re.I,
)
_DAEMON_ADDRESS = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|mailerdaemon|mdaemon|mmdf|\"?post[ _.-]?master\"?"
    r"|microsoftexchange[0-9a-f]{8,})@?",
    re.I,
)
_FAILED_SUBJECT = re.compile(
    r"undeliver(?:able|ed)|unzustellbar|(?:nicht|un)[- ]?zu(?:gestellt|stellbar)|returned mail"
    r"|mail (?:delivery )?(?:system|failed|failure|status report|problem)"
    r"|delivery (?:status )?(?:notification|failure|failed|report|problem|error|delayed|status)"
    r"|delivery to .{1,80} failed|failure notice|failure delivery|non ?delivery|nondeliverable"
    r"|message (?:delivery|status|not delivered|undeliverable)|zustell(?:ung|fehler|bericht"
    r"|problem)\w*(?: .{0,40})?(?:fehl|verz|nicht|benachr)?|could not send message|cannot send"
    r"|can(?:'t| ?not) be delivered"
    r"|rejected mail|mail rejected|unable to deliver|warning: (?:message|could not send)"
    r"|warning - delayed|delayed mail|mail (?:could )?not (?:be )?delivered|bounced? (?:mail"
    r"|message)|your (?:e-?mail|message) .{0,40}(?:not delivered|rejected|failed|bounced)"
    r"|non remis|no entregad|mancata consegna|fehlgeschlagen.{0,20}zustell|error sending"
    r"|returned to sender|verzögerung bei der zustellung|dsn:",
    re.I,
)
_FAILED_TEXT = re.compile(
    r"could not be delivered|was not delivered|undeliverable|delivery (?:has "
    r"|to the following .{0,40})?(?:failed|attempt)|user (?:is )?unknown"
    r"|(?:メールボックスが一杯|送信できませんでした"
    r"|配信できませんでした)|unknown user|no such (?:user"
    r"|recipient|mailbox|address)|mailbox (?:is )?(?:full|unavailable|not found|disabled)|"
    r"(?:recipient|address)(?: address)? rejected|permanent (?:fatal )?error|unable to deliver"
    r"|can(?:'t|not) be delivered|nicht zugestellt|konnte nicht .{0,40}zugestellt|unzustellbar"
    r"|unbekannter (?:empfänger|benutzer)|over quota|quota exceeded|does not exist|host (?:unknown"
    r"|not found)|returned to (?:the )?sender|\b5\d\d[ -]5\.\d\.\d|\b[45]\.\d\.\d\b",
    re.I,
)
_AWAY_SUBJECT = re.compile(
    r"\s*(?:\[?(?:auto(?:matische)?[- ]?(?:reply|antwort|response|responder|mated reply"
    r"|matic reply|matic response)|automat(?:ic|ed|ische) (?:reply|response|answer|antwort"
    r"|rückantwort|empfangsbestätigung)|abwesenheits(?:notiz|nachricht|meldung|benachrichtigung"
    r"|assistent|info\w*|agent)|abwesenheit|out[ -]of[ -](?:the[ -])?office(?: (?:autoreply|reply"
    r"|auto-reply|notification|message|assistant))?|ooo|vacation(?: (?:reply|message|notice"
    r"|response))?|away(?: from (?:the )?office)?(?: message)?"
    r"|auto|autoreply|autoresponse|réponse automatique|respuesta automática|risposta automatica"
    r"|automatisch antwoord|automatiskt svar|autosvar|automatisk svar|odpowiedź automatyczna"
    r"|resposta automática|automaattinen vastaus|automatická odpověď|автоответ|自动回复|自動応答"
    r"|afwezig\w*|absence(?: du bureau)?|fuera de (?:la )?oficina|i am out of (?:the )?office"
    r"|nicht im (?:büro|haus|dienst)|fuori (?:sede|ufficio)|assente|frånvaro\w*|fravær\w*"
    r"|ikke på kontoret|poissa|poza biurem|nieobecność|ausente|ausência|absent|niet aanwezig"
    r"|mimo kancelář|вне офиса|отсутств\w+|urlaub)\]?(?:\s*[:;\-–(\[\"„]|\s+(?:aus dem büro|bis"
    r"|re:|aw:|from \d"
    r"|vom \d|\d)|\s*[.!]?\s*$)"
    r"|(?:re|aw): (?:auto(?:matic)?[- ]?reply|automatische antwort|abwesenheitsnotiz)\s*:)",
    re.I,
)
_RECEIPT_SUBJECT = re.compile(
    r"\s*(?:read|gelesen|return receipt|disposition notification|lesebestätigung"
    r"|empfangsbestätigung|not read|ungelesen gelöscht|lu|leído|letto|displayed|delivered"
    r"|zugestellt|übermittelt|recall|rückruf|accepted|declined|tentative|zugesagt|abgesagt"
    r"|angenommen|abgelehnt|mit vorbehalt(?: angenommen)?)\s*(?:\([^)]{0,20}\))?\s*[:]",
    re.I,
)
_AWAY_TEXT = re.compile(
    r"(?:this is an? auto(?:matic|mated)(?:ally generated)? (?:reply|response|message|e-?mail))"
    r"|automatisch (?:erstellte|generierte|versendete|erzeugte) (?:antwort|e-?mail|nachricht)"
    r"|(?:dies|das|es handelt sich).{0,30}automatische.{0,12} (?:antwort|nachricht|e-?mail)"
    r"|(?:i am|i'm|i will be|we are) (?:currently |presently |now )?(?:out of (?:the )?office"
    r"|away from (?:the |my )?(?:office|desk)|on (?:vacation|annual leave|holidays?|leave))"
    r"|(?:ich bin|bin ich|wir sind) .{0,60}(?:nicht (?:im (?:büro|haus|dienst|hause)|erreichbar"
    r"|am arbeitsplatz)|außer haus|abwesend|in (?:urlaub|elternzeit|den ferien)|im (?:urlaub|mutterschutz))"
    r"|(?:wird|werden) .{0,40}nicht (?:automatisch )?weitergeleitet|your (?:e-?mail"
    r"|message) will not be forwarded",
    re.I,
)
_AWAY_MORE = re.compile(
    r"(?:nicht|not|neither|weder) .{0,30}(?:weitergeleitet|forwarded)|(?:in )?(?:dringenden"
    r"|eiligen) (?:fällen|angelegenheiten)"
    r"|(?:wenden sie sich|kontaktieren sie|erreichen sie) .{0,60}(?:vertretung|kolleg|sekretariat"
    r"|@|unter)|meine vertretung"
    r"|ab (?:dem )?\d{1,2}\.\s?\d{0,2}.{0,20} (?:wieder|bin ich)|(?:bis (?:zum|einschließlich)"
    r"|vom) \d{1,2}\.|in (?:urgent|case of urgent)"
    r"|(?:urgent|immediate) (?:matters|assistance|issues|cases)|(?:return"
    r"|back) (?:to the office )?on|limited access to (?:my )?e-?mail",
    re.I,
)
_SERVICE_REPORT = re.compile(
    r'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"(?:Bounce|Delivery|Complaint|DeliveryDelay)\\?"'
)
_CHALLENGE = re.compile(
    r"(?:confirm|verify|authenticate|release) (?:that )?(?:you(?:r (?:message|e-?mail|address"
    r"|identity))?|delivery|the message).{0,120}(?:click|reply|link|deliver|spam|whitelist)"
    r"|(?:click|reply).{0,160}(?:so that|to have|in order (?:for|to)"
    r"|and) .{0,40}(?:your (?:message|e-?mail)).{0,40}(?:deliver|release|accept)"
    r"|boxtrapper|spamarrest|spam arrest|challenge[- /]response|tagged message delivery agent"
    r"|has been (?:held|quarantined) (?:until|pending|because)|bestätigen sie .{0,60}(?:dass sie"
    r"|ihre (?:nachricht|e-?mail)).{0,80}(?:zugestellt|spam)|sender (?:address )?(?:verification"
    r"|confirmation)",
    re.I | re.S,
)
_CHALLENGE_SUBJECT = re.compile(
    r"(?:please )?(?:confirm|verify|verification|confirmation) .{0,40}(?:your (?:message|e-?mail"
    r"|mail)|sender|required|request)|message (?:held|pending)|your (?:message|e-?mail) (?:is "
    r"|has been )?(?:held|requires? (?:verification|confirmation)|awaits)|spam ?arrest|boxtrapper"
    r"|bitte bestätigen sie ihre (?:nachricht|e-?mail)",
    re.I,
)
_NO_REPLY = re.compile(
    r"(?:no|not|do[-_.]?not|donot)[-_.]?reply|noreply|keine?[-_.]?antwort|nicht[-_.]?antworten"
    r"|nepasrepondre|auto(?:mailer|responder|reply|confirm|message)|notifications?$|newsletter$"
    r"|mailings?$|bounces?[+@-]",
    re.I,
)
_REPLY_SUBJECT = re.compile(r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:re|aw|antw|sv|fw|fwd|wg)(?:\[\d+\])?\s*:", re.I)
_BULK_WORD = re.compile(r"\s*(?:bulk|list|junk)\b", re.I)
_AUTO_PRECEDENCE = re.compile(r"\s*auto[_-]?reply", re.I)
_SENT_BY_PROGRAM = (
    "x-auto-response-suppress",
    "x-autosubmitted",
    "x-cron-env",
    "x-ebay-mailtracker",
    "x-facebook-notify",
    "x-github-reason",
    "x-jira-fingerprint",
    "x-mailbot",
)
_AUTO_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-autoreply-from",
    "x-auto-reply-from",
    "x-mail-autoreply",
    "x-mail-auto-reply",
    "x-vacation",
    "x-away",
    "x-ooo-reply",
    "x-autogenerated",
    "x-auto-response",
    "x-automatic-reply",
    "x-hmailserver-loopcount",
)
_FEEDBACK_SUBJECT = re.compile(
    r"\s*(?:abuse report|email feedback report|complaint about|spam report)\b", re.I
)

_UNSET = ("", "no", "none", "false", "0")

Test = Callable[[Mail], bool]


@dataclass(frozen=True, slots=True)
class _Sign:
    kind: Kind
    reason: str
    fits: Test


def _report(name: str) -> Test:
    return lambda mail: f"message/{name}" in mail.reports or name in _report_type(mail)


def _report_type(mail: Mail) -> str:
    value = mail.header("content-type").lower()
    return value.partition("report-type")[2][:60] if value.startswith("multipart/report") else ""


def _auto_submitted(prefix: str) -> Test:
    return lambda mail: mail.header("auto-submitted").strip().lower().startswith(prefix)


def _is_set(mail: Mail, names: tuple[str, ...]) -> bool:
    return any(name in names and value.strip().lower() not in _UNSET for name, value in mail.headers)


def _from_daemon(mail: Mail) -> bool:
    told = f"{mail.header('from')} {mail.header('sender')}"
    return bool(_DAEMON.search(told)) or bool(mail.sender and _DAEMON_ADDRESS.match(mail.sender.email))


def _from_program(mail: Mail) -> bool:
    return bool(mail.sender and _NO_REPLY.search(mail.sender.email.partition("@")[0]))


def _null_path(mail: Mail) -> bool:
    return any(mail.header(name).strip() in ("<>", "< >") for name in ("return-path", "x-envelope-from"))


def _words(mail: Mail) -> str:
    return f"{mail.text}\n{mail.signature}\n{mail.quoted}"[:4000]


def _by_hand(mail: Mail) -> bool:
    return bool((mail.in_reply_to or mail.references) and _REPLY_SUBJECT.match(mail.subject))


def _carries_original(mail: Mail) -> bool:
    return any(part.content_type in ("message/rfc822", "text/rfc822-headers") for part in mail.parts)


def _subject_says_failure(mail: Mail) -> bool:
    return not _REPLY_SUBJECT.match(mail.subject) and bool(_FAILED_SUBJECT.search(mail.subject))


def _text_says_failure(mail: Mail) -> bool:
    return bool(_FAILED_TEXT.search(_words(mail)))


def _away_by_form(mail: Mail) -> bool:
    """Tell an absence note without its header: two typical sentences, an answer, and nothing quoted."""
    text = mail.text[:3000]
    answers = bool(mail.in_reply_to or _REPLY_SUBJECT.match(mail.subject)) or _from_program(mail)
    return answers and not mail.quoted and bool(_AWAY_TEXT.search(text)) and bool(_AWAY_MORE.search(text))


def _list_post(mail: Mail) -> bool:
    to_list = mail.header("list-post") or mail.header("list-id") or mail.header("mailing-list")
    return bool(to_list) and not _by_hand(mail)


_SIGNS = (
    _Sign(Kind.BULK, "feedback report (RFC 5965)", _report("feedback-report")),
    _Sign(Kind.BOUNCE, "names failed recipients", lambda mail: bool(mail.delivery)),
    _Sign(Kind.AUTO_REPLY, "read receipt (RFC 8098)", _report("disposition-notification")),
    _Sign(Kind.BOUNCE, "delivery status notification (RFC 3464)", _report("delivery-status")),
    _Sign(Kind.BOUNCE, "delivery status notification (RFC 6533)", _report("global-delivery-status")),
    _Sign(Kind.BOUNCE, "X-Failed-Recipients", lambda mail: _is_set(mail, ("x-failed-recipients",))),
    _Sign(
        Kind.AUTO_REPLY,
        "subject of an automatic reply, from nobody who could be answered",
        lambda mail: bool(_AWAY_SUBJECT.match(mail.subject)) and (_null_path(mail) or _from_daemon(mail)),
    ),
    _Sign(
        Kind.BOUNCE,
        "written by a mail server, says that delivery failed",
        lambda mail: _from_daemon(mail) and (_subject_says_failure(mail) or _text_says_failure(mail)),
    ),
    _Sign(
        Kind.BOUNCE,
        "empty Return-Path, says that delivery failed",
        lambda mail: _null_path(mail) and _subject_says_failure(mail),
    ),
    _Sign(Kind.AUTO_REPLY, "Auto-Submitted: auto-replied (RFC 3834)", _auto_submitted("auto-replied")),
    _Sign(
        Kind.BOUNCE,
        "From is a mail server",
        lambda mail: _from_daemon(mail) and not (_by_hand(mail) and mail.text),
    ),
    _Sign(
        Kind.BOUNCE,
        "says that delivery failed and brings the mail back",
        lambda mail: _subject_says_failure(mail) and _text_says_failure(mail) and _carries_original(mail),
    ),
    _Sign(
        Kind.BOUNCE,
        "a program says that delivery failed",
        lambda mail: _from_program(mail) and _text_says_failure(mail) and not mail.in_reply_to,
    ),
    _Sign(
        Kind.BOUNCE,
        "report of a mail service",
        lambda mail: bool(_SERVICE_REPORT.search(mail.text[:4000])),
    ),
    _Sign(Kind.AUTO_REPLY, "Auto-Submitted: auto-notified (RFC 3834)", _auto_submitted("auto-notified")),
    _Sign(Kind.AUTO_REPLY, "header field of an automatic reply", lambda mail: _is_set(mail, _AUTO_HEADERS)),
    _Sign(
        Kind.AUTO_REPLY,
        "Precedence: auto_reply",
        lambda mail: bool(_AUTO_PRECEDENCE.match(mail.header("precedence"))),
    ),
    _Sign(
        Kind.AUTO_REPLY, "subject of an automatic reply", lambda mail: bool(_AWAY_SUBJECT.match(mail.subject))
    ),
    _Sign(
        Kind.AUTO_REPLY,
        "asks for a confirmation before delivery",
        lambda mail: bool(_CHALLENGE_SUBJECT.search(mail.subject) and _CHALLENGE.search(_words(mail))),
    ),
    _Sign(
        Kind.AUTO_REPLY,
        "subject of a receipt, no text of a human",
        lambda mail: bool(_RECEIPT_SUBJECT.match(mail.subject)) and (_null_path(mail) or not mail.text),
    ),
    _Sign(Kind.BULK, "Auto-Submitted (RFC 3834)", lambda mail: _is_set(mail, ("auto-submitted",))),
    _Sign(Kind.AUTO_REPLY, "empty Return-Path", lambda mail: _null_path(mail) and not _by_hand(mail)),
    _Sign(
        Kind.BULK, "subject of a feedback report", lambda mail: bool(_FEEDBACK_SUBJECT.match(mail.subject))
    ),
    _Sign(Kind.AUTO_REPLY, "form of an absence note", _away_by_form),
    _Sign(Kind.BULK, "names nobody who could be answered", lambda mail: mail.sender is None),
    _Sign(
        Kind.BULK,
        "header field of a program",
        lambda mail: _is_set(mail, _SENT_BY_PROGRAM) and not _by_hand(mail),
    ),
    _Sign(
        Kind.BULK,
        "sent to many (List-Unsubscribe, Precedence)",
        lambda mail: (
            (
                bool(_BULK_WORD.match(mail.header("precedence")))
                or _is_set(mail, ("list-unsubscribe", "feedback-id"))
            )
            and not _by_hand(mail)
        ),
    ),
)


def classify(mail: Mail, own_addresses: frozenset[str]) -> Verdict:
    """Return what kind of mail it is and the sign that told it; without a sign a human wrote it.

    A mail that came through a list is human if it answers, or if the list is one of our own addresses.
    """
    if mail.sender and mail.sender.email in own_addresses:
        return Verdict(Kind.LOOP, f"our own mail: From is {mail.sender.email}")
    for sign in _SIGNS:
        if sign.fits(mail):
            return Verdict(sign.kind, sign.reason)
    if _list_post(mail) and not any(address.email in own_addresses for address in (*mail.to, *mail.cc)):
        return Verdict(Kind.BULK, "came through a list (RFC 2919) and answers nothing")
    return Verdict(Kind.HUMAN, "no sign of a machine")
