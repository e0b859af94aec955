"""Regular expressions that recognise automatic mail: bounces, absence notes, receipts, other programs."""

import re

DAEMON = re.compile(
    r"(?:^|[<\s\"])(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mdaemon|mmdf"
    r"|mail[-_.]?delivery[-_.]?\w*|mail-?admin|deamon|bounces?-?\w*)(?:@|$|[>\s\"])|microsoft exchange"
    r"|mail delivery (?:sub)?system|mail system|mailer daemon|mail administrator|postfix"
    r"|internet mail delivery|mailzustell",
    re.I,
)
DAEMON_ADDRESS = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|mailerdaemon|mdaemon|mmdf|\"?post[ _.-]?master\"?"
    r"|microsoftexchange[0-9a-f]{8,})@?",
    re.I,
)
FAILED_SUBJECT = re.compile(
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
    r"|non (?:remis|distribu|délivr)"
    r"|échec (?:de (?:la )?)?(?:remise|distribution)|remise (?:impossible|retardée)"
    r"|retour à l['’]expéditeur|no entregad|mancata consegna|fehlgeschlagen.{0,20}zustell|error sending"
    r"|returned to sender|verzögerung bei der zustellung|dsn:",
    re.I,
)
FAILED_TEXT = re.compile(
    r"could not be delivered|was not delivered|undeliverable|delivery (?:has "
    r"|to the following .{0,40})?(?:failed|attempt)|user (?:is )?unknown"
    r"|(?:メールボックスが一杯|送信できませんでした"
    r"|配信できませんでした)|unknown user"
    r"|n['’](?:a|ont) pas pu être (?:remis|distribué|délivré)|no such (?:user"
    r"|recipient|mailbox|address)|mailbox (?:is )?(?:full|unavailable|not found|disabled)|"
    r"(?:recipient|address)(?: address)? rejected|permanent (?:fatal )?error|unable to deliver"
    r"|can(?:'t|not) be delivered|nicht zugestellt|konnte nicht .{0,40}zugestellt|unzustellbar"
    r"|unbekannter (?:empfänger|benutzer)|over quota|quota exceeded|does not exist|host (?:unknown"
    r"|not found)|returned to (?:the )?sender|\b5\d\d[ -]5\.\d\.\d|\b[45]\.\d\.\d\b",
    re.I,
)
# Subjects of absence notes: the phrase alone, or followed by the subject of the answered mail.
_AWAY_PHRASES = (
    *("auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse"),
    *("auto antwort", "automatic reply", "automatic response", "automated reply"),
    *("automated response", "automatic answer", "automatische antwort", "autom. antwort"),
    *("automatische rückantwort", "automatische empfangsbestätigung", "abwesenheitsnotiz"),
    *("abwesenheitsnachricht", "abwesenheitsmeldung", "abwesenheitsbenachrichtigung"),
    *("automatische abwesenheitsbenachrichtigung", "automatische abwesenheitsnotiz"),
    *("abwesenheitsassistent", "abwesenheitsinfo", "abwesenheitsagent", "nicht im büro"),
    *("nicht im haus", "nicht im dienst", "out of office", "out-of-office", "out of the office"),
    *("ooo", "out of office reply", "out of office autoreply", "out of office notification"),
    *("out of office message", "out of office assistant", "i am out of office"),
    *("i am out of the office", "vacation", "vacation reply", "vacation message"),
    *("vacation notice", "away", "away message", "away from office", "away from the office"),
    *("absence", "absence du bureau", "absent", "absente", "absence temporaire", "message d'absence"),
    *("message d’absence", "notification d'absence", "notification d’absence", "hors du bureau"),
    *("réponse automatique d'absence", "réponse automatique d’absence", "en congé", "en congés"),
    *("réponse automatique", "message automatique", "respuesta automática"),
    *("risposta automatica", "automatisch antwoord", "automatiskt svar", "autosvar"),
    *("automatisk svar", "odpowiedź automatyczna", "resposta automática", "automaattinen vastaus"),
    *("automatická odpověď", "автоответ", "自动回复", "自動応答", "afwezig", "niet aanwezig"),
    *("fuera de oficina", "fuera de la oficina", "ausente", "ausência", "fuori sede"),
    *("fuori ufficio", "assente", "frånvaro", "fravær", "ikke på kontoret", "poissa"),
    *("poza biurem", "nieobecność", "mimo kancelář", "вне офиса"),
)
_AWAY_WORDS = "|".join(re.escape(phrase) for phrase in sorted(_AWAY_PHRASES, key=len, reverse=True))
AWAY_SUBJECT = re.compile(
    rf"\s*(?:(?:re|aw):\s*)?\[?(?:{_AWAY_WORDS})\]?"
    r"(?:\s*[:;(\[\"„]|\s+[-–]\s|\s+(?:aus dem büro|bis|jusqu|du \d|re:|aw:|from \d|vom \d|\d)"
    r"|\s*(?:[.!]\s*)?$)"
    r"|\s*(?:abwesenheit|abwesend|(?-i:AUTO))\s*:",
    re.I,
)
RECEIPT_SUBJECT = re.compile(
    r"\s*(?:read|gelesen|return receipt|disposition notification|lesebestätigung"
    r"|empfangsbestätigung|not read|ungelesen gelöscht|lu|non lu|leído|letto|displayed|delivered"
    r"|accusé de (?:réception|lecture)|confirmation de lecture|accepté|refusé|provisoire"
    r"|zugestellt|übermittelt|recall|rückruf|accepted|declined|tentative|zugesagt|abgesagt"
    r"|angenommen|abgelehnt|mit vorbehalt(?: angenommen)?)\s*(?:\([^)]{0,20}\)\s*)?:",
    re.I,
)
AWAY_TEXT = re.compile(
    r"(?:this is an? auto(?:matic|mated)(?:ally generated)? (?:reply|response|message|e-?mail))"
    r"|automatisch (?:erstellte|generierte|versendete|erzeugte) (?:antwort|e-?mail|nachricht)"
    r"|(?:dies|das|es handelt sich).{0,30}automatische.{0,12} (?:antwort|nachricht|e-?mail)"
    r"|(?:i am|i'm|i will be|we are) (?:currently |presently |now )?(?:out of (?:the )?office"
    r"|away from (?:the |my )?(?:office|desk)|on (?:vacation|annual leave|holidays?|leave))"
    r"|(?:ich bin|bin ich|wir sind) .{0,60}(?:nicht (?:im (?:büro|haus|dienst|hause)|erreichbar"
    r"|am arbeitsplatz)|außer haus|abwesend|in (?:urlaub|elternzeit|den ferien)|im (?:urlaub|mutterschutz))"
    r"|je (?:suis|serai) .{0,40}(?:absente?\b|en congés?\b|en vacances|hors du bureau|injoignable"
    r"|indisponible)|(?:ceci|c['’]?est|il s['’]agit).{0,20}(?:message|réponse|courriel) automatique"
    r"|(?:wird|werden) .{0,40}nicht (?:automatisch )?weitergeleitet|your (?:e-?mail"
    r"|message) will not be forwarded",
    re.I,
)
AWAY_MORE = re.compile(
    r"(?:nicht|not|neither|weder) .{0,30}(?:weitergeleitet|forwarded)|(?:in )?(?:dringenden"
    r"|eiligen) (?:fällen|angelegenheiten)"
    r"|(?:wenden sie sich|kontaktieren sie|erreichen sie) .{0,60}(?:vertretung|kolleg|sekretariat"
    r"|@|unter)|meine vertretung"
    r"|ab (?:dem )?\d{1,2}\.\s?\d{0,2}.{0,20} (?:wieder|bin ich)|(?:bis (?:zum|einschließlich)"
    r"|vom) \d{1,2}\.|in (?:urgent|case of urgent)"
    r"|en cas d['’]urgence|(?:de retour le|jusqu['’]au|à partir du) (?:\w+ )?\d{1,2}(?:er)?\b"
    r"|(?:contacte[rz]|adresse[rz]-vous|joindre) .{0,60}(?:secrétariat|collègue|@)"
    r"|(?:urgent|immediate) (?:matters|assistance|issues|cases)|(?:return"
    r"|back) (?:to the office )?on|limited access to (?:my )?e-?mail",
    re.I,
)
SERVICE_REPORT = re.compile(
    r'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"(?:Bounce|Delivery|Complaint|DeliveryDelay)\\?"'
)
CHALLENGE = re.compile(
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
CHALLENGE_SUBJECT = re.compile(
    r"(?:please )?(?:confirm|verify|verification|confirmation) .{0,40}(?:your (?:message|e-?mail"
    r"|mail)|sender|required|request)|message (?:held|pending)|your (?:message|e-?mail) (?:is "
    r"|has been )?(?:held|requires? (?:verification|confirmation)|awaits)|spam ?arrest|boxtrapper"
    r"|bitte bestätigen sie ihre (?:nachricht|e-?mail)",
    re.I,
)
NO_REPLY = re.compile(
    r"(?:no|not|do[-_.]?not|donot)[-_.]?reply|noreply|keine?[-_.]?antwort|nicht[-_.]?antworten"
    r"|ne[-_.]?pas[-_.]?repondre|auto(?:mailer|responder|reply|confirm|message)|notifications?$|newsletter$"
    r"|mailings?$|bounces?[+@-]",
    re.I,
)
REPLY_SUBJECT = re.compile(
    r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:re|aw|antw|sv|fw|fwd|wg|tr|rép)(?:\[\d+\])?\s*:", re.I
)
BULK_WORD = re.compile(r"\s*(?:bulk|list|junk)\b", re.I)
AUTO_PRECEDENCE = re.compile(r"\s*auto[_-]?reply", re.I)
FEEDBACK_SUBJECT = re.compile(
    r"\s*(?:abuse report|email feedback report|complaint about|spam report)\b", re.I
)
