"""Recognise bounces: reports of mail servers, gateways and list managers that a mail was not delivered.

Only server names such as mailer-daemon prove a bounce alone. All other names may be those of people, so the
mail itself must say that a delivery failed.
"""

import re
from functools import lru_cache

from mailbot.core.classify.subject import bare_subject, is_reply_subject
from mailbot.core.model.mail import Mail

_NAMES_OF_SERVERS = re.compile(
    r"mail(?:er)?[-_. ]?daemon|mdaemon|mmdf|microsoftexchange[0-9a-f]{8}"
    r"|mail delivery (?:sub)?system|internet mail delivery"
)  # in lower case
"""People have none of these names."""
_NAMES_LIKE_SERVERS = re.compile(
    r"\b(?:\w{0,20}post[ _.-]?master|mail[-_. ]?delivery|mail[-_. ]?system|mail[-_. ]?admin|deamon"
    r"|bounces?|postfix|exim|sendmail|qmail"
    r"|microsoft (?:exchange|outlook)|exchange server|office ?365|mail[-_. ]?(?:gateway|relay|scan\w*"
    r"|server"
    r"|router|sweeper|marshal|filter|guard|service|agent)|(?:spam|virus|content)[-_. ]?(?:filter|scanner"
    r"|guard)"
    r"|system[-_. ]?administrat\w{2,5}|(?:mail|e-?mail) administrat\w{2,5}|mailzustell\w*"
    r"|zustell(?:dienst|system)\w*"
    r"|unzustellbar\w*|undeliver\w+|administrateur (?:du )?syst[eè]me|amministratore (?:di )?sistema"
    r"|syst[eè]me de messagerie)"
)  # in lower case
_SAYS_FAILURE = re.compile(
    r"undeliver(?:able|ed)|unzustellbar|(?:nicht|un)[- ]?zu(?:gestellt|stellbar)|returned mail"
    r"|mail (?:delivery )?(?:system|failed|failure|status report|problem|warning|error)|failed mail\b"
    r"|delivery (?:status )?(?:notification|failure|failed|report|problem|error|delayed?|status|warning"
    r"|incomplete)"
    r"|delivery to .{1,80} failed|failure notice|failure delivery|non[- ]?delivery|non[- ]?deliver(?:ed"
    r"|able)"
    r"|message (?:delivery|status|not delivered|undeliverable)|zustell(?:ung|fehler|bericht"
    r"|problem|warn)\w*(?: .{0,40})?(?:fehl|verz|nicht|benachr|unmög)?|could not send message|cannot send"
    r"|can(?:'t| ?not) be delivered|nicht (?:übermittelt|ausgeliefert)"
    r"|rejected mail|mail (?:rejected|refused|blocked)|unable to deliver"
    r"|warning: (?:message|could not send)|(?:message|mail) (?:was |is )?(?:rejected|refused|returned)"
    r"|warning - delayed|delayed mail"
    r"|(?:mail|message) (?:(?:could|can) )?not (?:be )?delivered|bounced? (?:mail"
    r"|message)|your (?:e-?mail|message|mail) .{0,40}(?:not delivered|rejected|failed|bounced)"
    r"|(?:nachricht|e-?mail) (?:wurde )?(?:nicht zugestellt|abgewiesen|abgelehnt|zurückgewiesen|verzögert)"
    r"|non (?:remis|distribu|délivr)\w*|rapport de non[- ]remise|avis de non[- ](?:remise|distribution)"
    r"|échec (?:de (?:la )?)?(?:remise|distribution|livraison)|remise (?:impossible|retardée)"
    r"|retour à l['’]expéditeur|no (?:se )?(?:ha |pudo |puede )?(?:podido )?entreg|mancat[ao] (?:consegna"
    r"|recapito)"
    r"|(?:consegna|recapito) non riuscit|non recapitabile|impossibile recapitare|niet (?:bezorgd"
    r"|afgeleverd)"
    r"|onbestelbaar|niedostarczon|nedoručiteln"
    r"|(?:bezorging|aflevering) (?:is )?(?:mislukt|vertraagd)|entrega (?:retrasada|aplazada)"
    r"|consegna ritardata|mancata (?:consegna|ricezione)|errore di recapito"
    r"|nie(?: można| udało się)? dostarcz|błąd dostarczania|teslim edileme|iletileme|kézbesíthetetlen"
    r"|kézbesítés(?:i hiba)? sikertelen|sikertelen kézbesítés|imposible entregar|error de entrega"
    r"|delivery (?:has been )?delayed|message (?:you sent )?(?:was )?blocked|blocked your (?:message|e-?mail)"
    r"|scanmail message: to sender|undelivered mail"
    r"|(?:mail|nachricht) .{0,20}(?:konnte|wurde) (?:leider )?nicht zugestellt"
    r"|fehlgeschlagen.{0,20}zustell|error sending"
    r"|returned to sender|verzögerung bei der zustellung|dsn:"
)  # in lower case
"""Words of a subject."""
_TELLS_FAILURE = re.compile(
    r"could not be delivered|(?:was|been|is) not (?:been )?delivered|undeliverable|delivery (?:has "
    r"|to the following .{0,40})?(?:failed|attempt)|user (?:is )?unknown"
    r"|(?:メールボックスが一杯|送信できませんでした"
    r"|配信できませんでした)|unknown user"
    r"|unknown recipient|recipient (?:is )?unknown|(?:not|n['’]t) able to deliver|no mailbox here"
    r"|recipients? could not be reached|n['’](?:a|ont) pas pu être (?:remis|distribué|délivré|livré)"
    r"|no such (?:user"
    r"|recipient|mailbox|address|person)|mailbox (?:is )?(?:full|unavailable|not found|disabled)"
    r"|did(?: not|n['’]t) reach (?:the following|some or all|its|all)"
    r"|(?:recipient|address)(?: address)? rejected|permanent (?:fatal )?error|unable to deliver"
    r"|delivery to .{1,100} (?:is |was |has been )?(?:put off|delayed|postponed|deferred|failed)"
    r"|(?:box|mailbox|inbox) is full|could ?n[o']t (?:be )?deliver|have a problem delivering"
    r"|can(?:'t|not) be delivered|nicht (?:zugestellt|ausgeliefert)|(?:konnten?|kann"
    r"|können) .{0,60}nicht .{0,40}"
    r"(?:zugestellt|erreicht|übermittelt|ausgeliefert)|konnte die nachricht nicht (?:übermitteln|zustellen"
    r"|ausliefern)|mail(?:adresse)? ist ungültig|konnte nicht .{0,40}zugestellt|unzustellbar"
    r"|(?:einige oder alle|folgenden?) empfänger .{0,40}nicht erreicht"
    r"|zustellung .{0,80}(?:fehlgeschlagen|nicht möglich|gescheitert|verzögert)"
    r"|postfach .{0,30}(?:voll|nicht (?:vorhanden|gefunden|verfügbar))|empfänger .{0,20}(?:nicht bekannt"
    r"|unbekannt)"
    r"|unbekannter (?:empfänger|benutzer)|over quota|quota exceeded|does not exist|host (?:unknown"
    r"|not found)|returned to (?:the )?sender|\b5\d\d[ -]5\.\d\.\d|\b[45]\.\d{1,2}\.\d{1,3}\b"
    r"|(?:impossible|échec) (?:de )?(?:la )?(?:remettre|remise|distribuer)|bo[iî]te (?:aux lettres "
    r"|de réception )?"
    r"(?:est )?pleine|destinataire inconnu|non (?:è stato possibile|ha potuto) (?:recapitare|consegnare)"
    r"|non (?:è|sono) stat[oi] (?:recapitat|consegnat)|impossibile (?:recapitare|consegnare)"
    r"|casella .{0,30}piena|no se (?:ha podido|pudo) entregar|buzón .{0,30}lleno|usuario desconocido"
    r"|kon niet worden (?:bezorgd|afgeleverd)|postvak (?:is )?vol\b|onbekende (?:gebruiker|ontvanger)"
    r"|nie mog(?:ła|ło|ły) zostać dostarczon|nieznany (?:użytkownik|odbiorca)|teslim edileme"
    r"|nem kézbesíthet|(?:bezorging|aflevering) .{0,80}vertraagd|entrega .{0,80}(?:retrasad|aplazad)"
    r"|consegna .{0,80}ritardat|(?:remise|distribution) .{0,80}(?:retardée|différée)|(?:was|has been"
    r"|have been) (?:blocked|delayed)|blocked your (?:message|e-?mail)"
    r"|waiting in (?:the|our) queue"
    # Exchange, which names the recipients of such a list
    r"|fehler bei der (?:nachrichten)?zustellung|n['’](?:est|a) pas (?:parvenu|atteint) .{0,30}(?:tous"
    r"|certains"
    r"|destinataire)|impossible de joindre .{0,30}destinataire|no (?:llegó|ha llegado) a .{0,30}destinatari"
    r"|no se (?:puede|pudo) localizar a los destinatari|non ha raggiunto .{0,30}destinatari"
    r"|impossibile raggiungere .{0,30}destinatari|(?:niet bereikt|geadresseerden? niet)"
    r"|nie dotarła do .{0,40}(?:adresat|odbiorc)"
)  # in lower case
"""Words of a text."""
_LIST_SUBJECT = re.compile(
    r"mail refused|post(?:ing)? (?:to .{1,60} )?(?:rejected|refused|not accepted)|(?:rejected|unauthori[sz]ed"
    r"|refused) (?:post|message)"
    r"|non-?member submission|request to mailing list .{1,80} rejected|auto-discard|abgelehnt"
    r"|zurückgewiesen|abgewiesen|returned post|bounce \S{1,100}:|(?:wartet|warten) auf .{0,20}(?:bestätigung"
    r"|freigabe|moderat)"
    r"|message distribution|rejet|refusé|nicht (?:verteilt|weitergeleitet)|not (?:distributed|accepted)"
    r"|awaits moderator|waiting for moderat"
)  # in lower case
_LIST_TEXT = re.compile(
    r"not (?:been )?(?:passed on|distributed|accepted|posted|sent) (?:on )?(?:to|for)? ?(?:the )?(?:list"
    r"|mailing)"
    r"|not (?:allowed|authori[sz]ed|permitted) to (?:post|send|submit)|only (?:members|subscribers)"
    r"|(?:rejected|refused) by the (?:list|moderator)|was (?:rejected|discarded|refused)"
    r"|(?:mailing)?list\w*.{0,80}(?:rejected|refused|abgelehnt|nicht (?:verteilt|angenommen|zugelassen))"
    r"|nicht (?:berechtigt|befugt).{0,60}(?:zu (?:senden|schreiben|verteilen)|liste)"
    r"|(?:nachricht|e-?mail).{0,100}(?:abgelehnt|nicht (?:verteilt|angenommen|weitergegeben))"
    r"|n['’]est pas autorisé.{0,60}liste|rejeté par|liste.{0,80}(?:n['’]a pas été distribué|pas autorisé)"
    r"|held until the (?:list )?moderator|zurückgehalten.{0,80}moderator|not sent to the list"
    r"|moderators? .{0,60}failed to act|not have permission to post"
    r"|liste.{0,80}(?:zurückgewiesen|weitergegeben|zurückgehalten)",
    re.S,
)  # in lower case
_LIST_MANAGER = re.compile(
    r"(?:-(?:admin|owner|request|bounces?|editor)|^(?:mailman|sympa|majordomo|listserv|listproc|lists?"
    r"|ezmlm|\S{1,60}\+noreply"
    r"|listmaster|listowner)|-help)(?:\+[^@]{1,60})?@",
    re.I,
)
_LIST_FIELDS = ("x-mlserver", "x-list-administrivia")
_HUMAN_VOICE = re.compile(
    r"\b(?:ich|mein(?:e[mnrs]?)?|mir|hallo|moin|liebe grüße|viele grüße|lg|vg|(?:bitte"
    r"|bräuchten?) (?:um )?hilfe"
    r"|(?:können|könnten|kannst|könnt) (?:sie|du|ihr)|my (?:e-?mails?|mails?|messages?|colleague)"
    r"|can you (?:please )?help|bonjour|mes (?:mails?|messages?)|buongiorno)\b"
)  # in lower case
_SERVICE_REPORT = re.compile(
    r'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"(?:Bounce|Delivery|Complaint|DeliveryDelay)\\?"'
)
# The subject of the returned mail, and its own text below a line that announces it.
_RETURNED = re.compile(
    r"[\"„“‚»«][^\"„“”‘«»\n]{0,200}[\"“”‘«»]|^[ \t]*(?:subject|betreff|objet|oggetto)\s?:[^\n]{0,300}"
    r"|^[ \t]*(?:it began|(?:-{2,} ?)?(?:the )?(?:original|ursprüngliche|returned) (?:message|nachricht"
    r"|mail)).*",
    re.I | re.M | re.S,
)
_NAMES_THE_MAIL = re.compile(
    r"[^\s@]@[\w-]|\b[45]\d\d[ -]|\b[45]\.\d{1,2}\.\d{1,3}\b|\b(?:ihrer?|deine?r?|your|votre|uw|je|su|suo|tu"
    r"|twoj\w{1,3}|państwa) (?:\w{1,20} )?(?:nachricht|e-?mails?|mails?|message|messaggio|mensaje|correo"
    r"|bericht"
    r"|wiadomoś\w{1,3}|courriel)|\b(?:iletiniz|üzenet\w{0,6}|mailbox|postfach|server)\b"
    r"|\b(?:empfänger|benutzer|recipient|user|destinat|geadresseerde|odbiorc|adresat|alıcı|címzett)"
)  # in lower case
_SCANNED = 4000
_VOICE = 1500


def full_text(mail: Mail) -> str:
    """Return the beginning of all text of a mail: a report may look like a quotation."""
    return f"{mail.text}\n{mail.signature}\n{mail.quoted}"[:_SCANNED]


def has_null_path(mail: Mail) -> bool:
    """Return whether the mail was sent without a return address (RFC 5321, 4.5.5)."""
    return any(mail.header(name).strip() in ("<>", "< >") for name in ("return-path", "x-envelope-from"))


def is_from_server(mail: Mail) -> bool:
    """Return whether From is that of a mail server only; people may write as postmaster (RFC 5321, 4.5.1)."""
    if _NAMES_OF_SERVERS.search(_senders(mail)):
        return True
    return bool(mail.sender and mail.sender.email.startswith("postmaster@")) and not mail.text


def is_by_server(mail: Mail) -> bool:
    """Return whether a mail server says that delivery failed.

    A person may be named like a server, and write about mail: then the text must not be that of a person.
    """
    if not is_like_server(mail) or not says_failure(mail):
        return False
    automatic = has_null_path(mail) or mail.header("auto-submitted") not in ("", "no")
    return automatic or bool(_NAMES_OF_SERVERS.search(_senders(mail))) or not sounds_human(mail)


def is_like_server(mail: Mail) -> bool:
    """Return whether From or Sender is a name of a mail server, which a person may have too."""
    senders = _senders(mail)
    return bool(_NAMES_OF_SERVERS.search(senders) or _NAMES_LIKE_SERVERS.search(senders))


def subject_says_failure(mail: Mail) -> bool:
    """Return whether the subject says that a delivery failed, and is not the subject of a reply."""
    return not is_reply_subject(mail.subject) and _says_failure(bare_subject(mail.subject))


@lru_cache(maxsize=16)  # several rules for one mail look at its subject
def _says_failure(subject: str) -> bool:
    return bool(_SAYS_FAILURE.search(subject.lower()))


def text_says_failure(mail: Mail) -> bool:
    """Return whether the text says that a delivery failed."""
    return bool(_TELLS_FAILURE.search(full_text(mail).lower()))


def says_failure(mail: Mail) -> bool:
    """Return whether subject or text say that a delivery failed."""
    return subject_says_failure(mail) or text_says_failure(mail)


def is_service_report(mail: Mail) -> bool:
    """Return whether the text is the JSON of a mail service about a delivery (Amazon SES)."""
    return bool(_SERVICE_REPORT.search(mail.text[:_SCANNED]))


def sounds_human(mail: Mail) -> bool:
    """Return whether a person speaks about themselves, as programs do not.

    The returned mail and what is quoted of it do not count.
    """
    subject = mail.subject.lower()
    failure = _SAYS_FAILURE.search(subject)
    before = subject[: failure.start()] if failure else ""
    text = _RETURNED.sub(" ", mail.text[:_VOICE]).lower()
    return bool(_HUMAN_VOICE.search(before) or _HUMAN_VOICE.search(text))


def is_by_gateway(mail: Mail) -> bool:
    """Return whether subject and text both say that a delivery failed, and no person speaks.

    A program names the recipient, a status code, or the reader's mail: parcels are not delivered either.
    """
    says = subject_says_failure(mail) and text_says_failure(mail) and not sounds_human(mail)
    return says and bool(_NAMES_THE_MAIL.search(full_text(mail).lower()))


def is_by_list_manager(mail: Mail) -> bool:
    """Return whether a list manager rejects a mail: by its address or a field, its subject and its text."""
    sender = mail.sender.email if mail.sender else ""
    by_program = _LIST_MANAGER.search(sender) or any(mail.header(name) for name in _LIST_FIELDS)
    if not by_program or sounds_human(mail):
        return False
    subject = _LIST_SUBJECT.search(mail.subject.lower()) or _SAYS_FAILURE.search(mail.subject.lower())
    return bool(subject and (_LIST_TEXT.search(full_text(mail).lower()) or text_says_failure(mail)))


def _senders(mail: Mail) -> str:
    return f"{mail.header('from')} {mail.header('sender')}".lower()
