"""Words with which servers and list managers report that a mail was not delivered, by language.

All patterns see text in lower case: to ignore case takes five times as long.
"""

import re

_SUBJECT_SAYS_FAILURE = {
    "en": (
        r"undeliver(?:able|ed)|returned mail|failed mail\b|delayed mail|returned to sender|dsn:",
        r"mail (?:delivery )?(?:system|failed|failure|status report|problem|warning|error)",
        r"delivery (?:status )?(?:notification|failure|failed|report|problem|error|delayed?|status)",
        r"delivery (?:status )?(?:warning|incomplete)|delivery has been delayed",
        r"delivery to .{1,80} failed|failure notice|failure delivery",
        r"non[- ]?delivery|non[- ]?deliver(?:ed|able)",
        r"message (?:delivery|status|not delivered|undeliverable)|could not send message|cannot send",
        r"can(?:'t| ?not) be delivered|unable to deliver|error sending",
        r"virus in your (?:e-?mail|mail|message)",
        r"rejected mail|mail (?:rejected|refused|blocked)|bounced? (?:mail|message)",
        r"warning: (?:message|could not send)|warning - delayed|scanmail message: to sender",
        r"(?:message|mail) (?:was |is )?(?:rejected|refused|returned)",
        r"(?:mail|message) (?:(?:could|can) )?not (?:be )?delivered",
        r"your (?:e-?mail|message|mail) .{0,40}(?:not delivered|rejected|failed|bounced)",
        r"message (?:you sent )?(?:was )?blocked|blocked your (?:message|e-?mail)",
    ),
    "de": (
        r"unzustellbar|(?:nicht|un)[- ]?zu(?:gestellt|stellbar)|nicht (?:übermittelt|ausgeliefert)",
        r"benachrichtigung (?:zum|über den) (?:übermittlungs|zustell)status",
        r"virus in (?:ihrer|deiner) (?:e-?mail|mail|nachricht)",
        r"zustell(?:ung|fehler|bericht|problem|warn)\w*(?: .{0,40})?(?:fehl|verz|nicht|benachr|unmög)?",
        r"fehlgeschlagen.{0,20}zustell|verzögerung bei der zustellung",
        r"weiterleitung (?:ist )?fehlgeschlagen",
        r"(?:nachricht|e-?mail) (?:wurde )?(?:nicht zugestellt|abgewiesen|abgelehnt|zurückgewiesen)",
        r"(?:nachricht|e-?mail) (?:wurde )?verzögert",
        r"(?:mail|nachricht) .{0,20}(?:konnte|wurde) (?:leider )?nicht zugestellt",
        r"ihre (?:e-?mail|mail|nachricht) .{0,40}wurde (?:blockiert|gestoppt|nicht angenommen)",
    ),
    "fr": (
        r"non (?:remis|distribu|délivr)\w*|(?:rapport|avis) de non[- ](?:remise|distribution)",
        r"échec (?:de (?:la )?)?(?:remise|distribution|livraison)|remise (?:impossible|retardée)",
        r"retour à l['’]expéditeur",
    ),
    "es": (
        r"no (?:se )?(?:ha |pudo |puede )?(?:podido )?entreg|imposible entregar",
        r"error (?:de|en la) entrega|entrega (?:retrasada|aplazada)",
    ),
    "it": (
        r"mancat[ao] (?:consegna|recapito|ricezione)|errore di recapito|consegna ritardata",
        r"(?:consegna|recapito) non riuscit|non recapitabile|impossibile recapitare",
    ),
    "nl": (
        r"niet (?:bezorgd|afgeleverd)|onbestelbaar",
        r"(?:bezorging|aflevering) (?:is )?(?:mislukt|vertraagd)",
    ),
    "pl": (
        r"niedostarczon|nie(?: można| udało się)? (?:dostarcz|doręcz)|błąd (?:dostarcz|doręcz)\w+",
        r"niedoręczon",
    ),
    "tr": (r"teslim edileme|i\u0307?letileme",),  # the lower case of İ is two characters
    "uk, ru": (r"не (?:вдалося доставити|удалось доставить|удается доставить)|недоставлен|не доставлен",),
    "cs, hu": (r"nedoručiteln|kézbesíthetetlen|kézbesítés(?:i hiba)? sikertelen|sikertelen kézbesítés",),
}
SUBJECT_SAYS_FAILURE = re.compile(
    "|".join(words for language in _SUBJECT_SAYS_FAILURE.values() for words in language)
)

_TEXT_SAYS_FAILURE = {
    "codes": (r"\b5\d\d[ -]5\.\d\.\d|\b[45]\.\d{1,2}\.\d{1,3}\b",),
    "en": (
        r"could not be delivered|(?:was|been|is) not (?:been )?delivered|undeliverable",
        r"delivery (?:has |to the following .{0,40})?(?:failed|attempt)|permanent (?:fatal )?error",
        r"user (?:is )?unknown|unknown user|unknown recipient|recipient (?:is )?unknown|no mailbox here",
        r"(?:not|n['’]t) able to deliver|unable to deliver|can(?:'t|not) be delivered",
        r"recipients? could not be reached|could ?n[o']t (?:be )?deliver|have a problem delivering",
        r"no such (?:user|recipient|mailbox|address|person)|does not exist|host (?:unknown|not found)",
        r"mailbox (?:is )?(?:full|unavailable|not found|disabled)|(?:box|mailbox|inbox) is full",
        r"did(?: not|n['’]t) reach (?:the following|some or all|its|all)",
        r"(?:recipient|address)(?: address)? rejected|over quota|quota exceeded",
        r"delivery to .{1,100} (?:is |was |has been )?(?:put off|delayed|postponed|deferred|failed)",
        r"returned to (?:the )?sender|waiting in (?:the|our) queue",
        r"(?:was|has been|have been) (?:blocked|delayed)|blocked your (?:message|e-?mail)",
        r"your (?:message|e-?mail|mail) to \S{1,80}@\S{1,80} (?:was|has been) (?:rejected|refused|returned)",
    ),
    "de": (
        r"nicht (?:zugestellt|ausgeliefert)|konnte nicht .{0,40}zugestellt|unzustellbar",
        r"(?:konnten?|kann|können) .{0,60}nicht .{0,40}(?:zugestellt|erreicht|übermittelt|ausgeliefert)",
        r"konnte die nachricht nicht (?:übermitteln|zustellen|ausliefern)|mail(?:adresse)? ist ungültig",
        r"ihre (?:nachricht|e-?mail|mail) .{0,80}nicht .{0,60}weitergeleitet werden",
        r"(?:einige oder alle|folgenden?) empfänger .{0,40}nicht erreicht",
        r"(?:zustellung|übermittlung an \S{1,80}@) ?.{0,80}"
        r"(?:fehlgeschlagen|nicht möglich|gescheitert|verzögert)",
        r"postfach .{0,30}(?:voll|nicht (?:vorhanden|gefunden|verfügbar))",
        r"empfänger .{0,80}(?:nicht bekannt|unbekannt)|unbekannter (?:empfänger|benutzer)",
        r"fehler bei der (?:nachrichten)?zustellung",
        r"ihre (?:nachricht|e-?mail|mail) an \S{1,80}@\S{1,80} wurde .{0,60}"
        r"(?:abgelehnt|abgewiesen|zurückgewiesen)",
    ),
    "fr": (
        r"n['’](?:a|ont) pas pu être (?:remis|distribué|délivré|livré)|destinataire inconnu",
        r"(?:impossible|échec) (?:de )?(?:la )?(?:remettre|remise|distribuer)",
        r"bo[iî]te (?:aux lettres |de réception )?(?:est )?pleine",
        r"(?:remise|distribution) .{0,80}(?:retardée|différée)",
        r"n['’](?:est|a) pas (?:parvenu|atteint) .{0,30}(?:tous|certains|destinataire)",
        r"impossible de joindre .{0,30}destinataire",
    ),
    "es": (
        r"no se (?:ha podido|pudo) entregar|no (?:pudo|ha podido) ser entregad|usuario desconocido",
        r"buzón .{0,30}lleno|entrega .{0,80}(?:retrasad|aplazad)",
        r"no (?:llegó|ha llegado) a .{0,30}destinatari|no se (?:puede|pudo) localizar a los destinatari",
    ),
    "it": (
        r"non (?:è stato possibile|ha potuto) (?:recapitare|consegnare)",
        r"non (?:è|sono) stat[oi] (?:recapitat|consegnat)|impossibile (?:recapitare|consegnare)",
        r"casella .{0,30}piena|consegna .{0,80}ritardat",
        r"non ha raggiunto .{0,30}destinatari|impossibile raggiungere .{0,30}destinatari",
    ),
    "nl": (
        r"kon niet worden (?:bezorgd|afgeleverd)|is niet (?:bezorgd|afgeleverd)|postvak (?:is )?vol\b",
        r"onbekende (?:gebruiker|ontvanger)|(?:bezorging|aflevering) .{0,80}vertraagd",
        r"niet bereikt|geadresseerden? niet",
    ),
    "pl": (
        r"nie mog(?:ła|ło|ły) zostać (?:dostarczon|doręczon)|nieznany (?:użytkownik|odbiorca)",
        r"nie dotarła do .{0,40}(?:adresat|odbiorc)|skrzynka (?:odbiorcza )?jest (?:pełna|przepełniona)",
        r"nie udało się (?:dostarczyć|doręczyć)",
    ),
    "tr": (r"teslim edileme",),
    "uk, ru": (r"не (?:вдалося доставити|удалось доставить|було доставлено|доставлен)",),
    "hu, ja": (r"nem kézbesíthet", r"メールボックスが一杯|送信できませんでした|配信できませんでした"),
}
TEXT_SAYS_FAILURE = re.compile(
    "|".join(words for language in _TEXT_SAYS_FAILURE.values() for words in language)
)

_LIST_SUBJECT = {
    "en": (
        r"mail refused|post(?:ing)? (?:to .{1,60} )?(?:rejected|refused|not accepted)|returned post",
        r"(?:rejected|unauthori[sz]ed|refused) (?:post|message)|auto-discard",
        r"non-?member (?:submission|post)|by (?:a )?non-?member",
        r"request to mailing list .{1,80} rejected|bounce \S{1,100}:|message distribution",
        r"not (?:distributed|accepted)|awaits moderator|waiting for moderat",
    ),
    "de": (
        r"abgelehnt|zurückgewiesen|abgewiesen|nicht (?:verteilt|weitergeleitet)",
        r"(?:wartet|warten) auf .{0,20}(?:bestätigung|freigabe|genehmigung|moderat)",
    ),
    "fr": (r"rejet|refusé",),
}
LIST_SUBJECT = re.compile("|".join(words for language in _LIST_SUBJECT.values() for words in language))

LIST_TEXT = re.compile(
    r"not (?:been )?(?:passed on|distributed|accepted|posted|sent) (?:on )?(?:to|for)? ?(?:the )?"
    r"(?:list|mailing)"
    r"|not (?:allowed|authori[sz]ed|permitted) to (?:post|send|submit)|only (?:members|subscribers)"
    r"|(?:rejected|refused) by the (?:list|moderator)|was (?:rejected|discarded|refused)"
    r"|held until the (?:list )?moderator|not sent to the list|moderators? .{0,60}failed to act"
    r"|not have permission to post"
    # de
    r"|(?:mailing)?list\w*.{0,80}(?:rejected|refused|abgelehnt|nicht (?:verteilt|angenommen|zugelassen))"
    r"|nicht (?:berechtigt|befugt).{0,60}(?:zu (?:senden|schreiben|verteilen)|liste)"
    r"|(?:nachricht|e-?mail).{0,100}(?:abgelehnt|nicht (?:verteilt|angenommen|weitergegeben))"
    r"|zurückgehalten.{0,80}moderator|liste.{0,80}(?:zurückgewiesen|weitergegeben|zurückgehalten)"
    # fr
    r"|n['’]est pas autorisé.{0,60}liste|rejeté par|liste.{0,80}(?:n['’]a pas été distribué|pas autorisé)",
    re.S,
)
