"""Regular expressions that recognise automatic replies, receipts, reactions and challenges.

Those marked "in lower case" get text in lower case: to ignore case takes five times as long.
"""

import re

# Subjects of automatic replies: the phrase alone, or followed by the subject of the answered mail.
_AUTO_PHRASES = (
    r"auto(?:matic(?:ally generated)?|mated)?[- ]?(?:reply|response|answer|responder|acknowledge?ment)",
    r"auto(?:mat(?:isch\w*|isiert\w*|\.)?|m\.)?[- ]?(?:(?:generierte|erstellte|erzeugte|versendete) )?"
    r"(?:e-?mail-?|rück|empfangs|eingangs|abwesenheits)?(?:antwort|bestätigung|mitteilung|rückmeldung)",
    r"(?:autom\w*\.? )?(?:abwesenheits|urlaubs|ferien)(?:notiz|nachricht|meldung|benachrichtigung"
    r"|mitteilung"
    r"|hinweis|antwort|auskunft|assistent|info\w*|agent)",
    r"(?:i am )?out[- ]of[- ](?:the )?office(?: (?:reply|autoreply|auto-reply|notification|message"
    r"|assistant|response))?",
    r"ooo|oof|vacation (?:reply|message|notice|response)|away (?:message|notice)",
    r"(?:réponse|message|courriel) automatique(?: d['’]absence)?|(?:message|notification"
    r"|avis|réponse) d['’]absence",
    r"absence (?:du bureau|temporaire)|risposta automatica|messaggio automatico|avviso di assenza",
    r"respuesta autom[áa]tica|resposta autom[áaà]tica|automatisch(?:e)? (?:antwoord|bericht)"
    r"|afwezigheids\w+",
    r"automatisk(?:t)? svar|autosvar|odpowied[źz] automatyczna|(?:automatyczna |auto)odpowied[źz]"
    r"|automaattinen vastaus",
    r"automatick[áa] odpov[ěe][dď]|automatikus v[áa]lasz|otomatik yanıt|răspuns automat|αυτόματη απάντηση",
    r"automatski odgovor|samodejni odgovor|házon kívül|ofis dışında(?:yım)?|buiten kantoor|niet op kantoor",
    r"fuori (?:sede|ufficio)|assente|frånvaro(?:meddelande)?|frånvarande|fravær|ikke på kontoret|poissa"
    r"|poza biurem|nieobecność"
    r"|mimo kancelář",
    r"fuera de (?:la )?oficina|ausente|ausência|afwezig|niet aanwezig|вне офиса",
    r"автоответ|автоматический ответ|автоматична відповідь|автоматичен отговор|رد تلقائي|الرد التلقائي",
    r"自动(?:回复|答复)|自動(?:応答|回覆|返信|答覆)|자동 회신",
)
AUTO_SUBJECT = re.compile(
    rf"\s*(?:(?:re|aw)\s*:\s*)?\[?(?:{'|'.join(_AUTO_PHRASES)})\]?"
    r"(?:(?<=\])\s|\s*[:;(\[\"„]|\s+[-–]\s|\s+(?:aus dem büro|bis|jusqu|du \d|re:|aw:|from \d|vom \d|\d)"
    r"|\s+(?:auf|zu) (?:ihre|deine|eure) (?:e-?mail|mail|nachricht|anfrage)\W*$"
    r"|\s+to your (?:e-?mail|mail|message|request|inquiry|enquiry)\W*$"
    r"|\s+à votre (?:e-?mail|mail|message|courriel|demande)\W*$|\s*(?:[.!]\s*)?$"
    r"|\s+(?:from|von|de)\s+(?P<name>[^\W\d_][\w.'’-]{0,30}(?: [\w.'’-]{1,30}){0,3})\W*$)"
    r"|\s*(?-i:AUTO)\s*:|\s*auto\s*:\s*(?:re|aw|antw(?:ort)?|odp|ynt|rif)\s*:",
    re.I,
)
AUTO_TAG = re.compile(rf"\[(?:{'|'.join(_AUTO_PHRASES)})\]\s?$", re.I)
_FRAME = r"[-*\[\]()=#_~]{1,9}"
AUTO_HEADING = re.compile(rf"\s{{0,9}}{_FRAME} ?(?:{'|'.join(_AUTO_PHRASES)})[.!]? ?{_FRAME} ?(?:\n|$)", re.I)
# A person asks for an automatic reply, or for its end; neither absence notes nor links to unsubscribe do.
_SWITCH = (
    r"(?:(?:ein|ab|aus|um|frei)(?:zu)?(?:richten|stellen|schalten|leiten)|(?:de)?aktivieren"
    r"|(?:stell|richt|schalt)(?:e|en|et|est)? (?:\w+ ){1,6}(?:ein|ab|aus|um)\b)"
)
_REPLY = r"(?:assistent\w*|notiz|nachricht|antwort|meldung|bestätigung|info|autoreply)"
ASKS_TO_SWITCH = re.compile(
    rf"\bbitte\b(?:(?!klick|hier|link)[^.!?\n]){{0,120}}\b{_SWITCH}\b|\b{_SWITCH}\b[^.!?\n]{{0,60}}\?"
    r"|\bwie (?:(?:kann ich|können wir)(?! ihnen| dir| euch)"
    r"|richte|stelle|schalte|aktiviere|deaktiviere|ändere|schreibe)\b"
    r"|\b(?:(?:bekomme|erhalte|kriege)n? (?:ich|wir)|(?:ich|wir) (?:\w+ )?(?:bekomme|erhalte|kriege)n?)\b"
    rf"[^.!?\n]{{0,60}}{_REPLY}"
    rf"|{_REPLY} (?:geht|funktioniert|klappt) (?:\w+ )?nicht\b"
    r"|(?:assistent\w*|notiz|autoreply)\b[^.!?\n]{0,60} (?:lässt|lassen) sich\b[^.!?\n]{0,30} nicht "
    r"(?:(?:ab|aus|ein|um)\w{4,10}|deaktivieren|aktivieren|ändern|löschen|speichern)"
    r"|\bhow (?:do|can|should) (?:i|we)\b(?! help| assist)"
    r"|\b(?:please|(?:can|could) you)\b(?:(?!click|here|link)[^.!?\n]){0,60}"
    r"\b(?:set (?:it |this |that )?up|(?:turn|switch) (?:\w+ )?(?:on|off)|disable|enable|stop(?! by))\b"
    r"|\bcomment (?:puis-je|dois-je|faire|est-ce que je|activer|désactiver)\b"
    r"|\b(?:pouvez-vous|pourriez-vous|peux-tu|merci de)\b(?:(?!cliqu|lien)[^.!?\n]){0,60}"
    r"\b(?:(?:dés)?activer|arrêter|configurer)\b"
)  # in lower case
# A question to the reader; absence notes ask as well, so that their sentences outweigh it.
ASKS_THE_READER = re.compile(
    r"\b(?:könnt ihr|könntet ihr|könnt?en sie|kannst du|könntest du|würdet ihr|würden sie|habt ihr"
    r"|(?:can|could|would) (?:you|someone)|pouvez-vous|pourriez-vous|peux-tu|pourrais-tu)\b[^.!?\n]{0,200}\?"
    r"|\b(?:was (?:tun|muss ich|soll ich)|woher|warum|wieso|weshalb"
    r"|wo (?:finde|trage|stelle|richte) ich|what (?:should|can) i|where (?:do|can) i|why|pourquoi)\b"
    r"[^.!?\n]{0,200}\?"
)  # in lower case
THANKS_FOR_MAIL = re.compile(
    r"(?:dank\w*|thanks?(?: you)?|merci|remerci\w+)[^.!?\n]{0,30}"
    r" (?:für|for|pour|de) (?:ihr|dein|eur|your|votre)\w*"
    r"|(?:ihre|deine|eure) (?:e-?mail|mail|nachricht|anfrage)[^.!?\n]{0,30} (?:erhalten|eingegangen)"
    r"|(?:nach|bei) (?:meiner|unserer) rückkehr|à mon retour|(?:after|on|upon) my return"
)  # in lower case
# A person who is absent reports something as well; absence notes do not.
SAYS_BROKEN = re.compile(
    r"\b(?:kaputt|defekt|(?:geht|gehen|läuft|funktionier\w{1,3}|druckt|klappt) (?:\w{1,12} ){0,2}nicht"
    r"|komm\w{1,2} nicht an|(?:fehlt|klemmt|streikt|flackert)(?! mir)|austauschen|tauschen|reparier\w{1,3}"
    r"|broken|(?:does not|doesn['’]t|not|still) (?:work|jam)\w{0,3}|out of order"
    r"|en panne|ne (?:marche|fonctionne)nt? (?:pas|plus)|non funziona|no funciona|nie działa|çalışmıyor|bozuk"
    r"|werkt niet|stuk)\b"
)  # in lower case
# Words that people use as well: the text must be that of an absence note.
_ABSENT = (
    "abwesenheit|abwesend|nicht (?:im (?:büro|haus|hause|dienst)|am (?:platz|arbeitsplatz|computer|rechner)"
    "|erreichbar|anwesend|da)|außer haus|(?:im |in )?(?:jahres)?urlaub|(?:in den )?ferien|elternzeit"
    r"|mutterschutz|(?:urlaubs|ferien|krankheits|dienstlich|krankheitsbedingt) ?(?:abwesen\w{1,4})"
    "|afwezig tot|niet (?:op kantoor|achter (?:de|mijn) computer)|absent du bureau|en congé"
    "|away(?: from (?:the |my )?(?:office|desk|computer))?|not (?:in the office|at (?:my|the) (?:desk"
    "|computer))"
    "|vacation|on (?:vacation|leave|holidays?)|absence|absente?|hors du bureau|en congés?|en vacances"
    "|afwezig|niet aanwezig|op vakantie|fuera de (?:la )?oficina|ausente|ausência|de vacaciones"
    "|fora do escritório"
    "|fuori (?:sede|ufficio)|assente|assenza|in ferie|non (?:al computer|in ufficio|in sede)"
    "|frånvaro|fravær|ikke på kontoret|poissa|poza biurem|nieobecność|urlop|mimo kancelář|вне офиса"
    "|в отпуске"
)
ABSENT_WORDS = re.compile(rf"\b(?:{_ABSENT})\b")  # in lower case
ABSENT_SUBJECT = re.compile(
    r"\s*(?:(?:re|aw|antwort|reply|réponse|risposta|respuesta|antwoord)(?:\s*+:\s++"
    r"|\s++))?+(?:(?:ich )?bin |i am "
    r"|je suis |sono |(?P<name>[^\W\d_][\w.'’-]{0,30}(?: [\w.'’-]{1,30}){1,3}) (?:ist|is|est) )?"
    r"(?:(?:derzeit|zur ?zeit|aktuell|heute|momentan|currently|bis [\d.]{2,10}) )?"
    rf"(?:{_ABSENT})\b\s*(?:$|[:;,.!(\-–\d]|bis\b|vom\b|until\b|till\b|from\b|jusqu|du \d|dal\b|fino\b"
    rf"|al \d"
    r"|hasta\b|tot\b|zum\b|wegen\b|[-–])",
    re.I,
)
RECEIPT_SUBJECT = re.compile(
    r"\s*(?:read|gelesen|return receipt|disposition notification|lesebestätigung"
    r"|empfangsbestätigung|not read|ungelesen gelöscht|lu|non lu|leído|letto|displayed|delivered"
    r"|accusé de (?:réception|lecture)|confirmation de lecture|accepté|refusé|provisoire"
    r"|zugestellt|übermittelt|(?P<recall>recall|rückruf)|accepted|declined|tentative|zugesagt|abgesagt"
    r"|angenommen|abgelehnt|(?:mit|unter) vorbehalt(?: angenommen)?"
    r"|tentatively accepted|vorläufig (?:zugesagt|angenommen)|nicht gelesen|przeczytano|okundu|gelezen"
    r"|прочитано|прочтено)\s*(?:\([^)]{0,20}\)\s*)?(?::|[-–]\s)",
    re.I,
)
# The beginning of a receipt, whose machine-readable part (RFC 8098) some gateways remove. The text of a
# receipt that a person quotes below their own does not count.
RECEIPT_TEXT = re.compile(
    r"\W{0,20}(?:ihre nachricht\b.{0,400}\bwurde (?:am (?:\w{2,12},? )?\d.{1,60} )?"
    r"(?:gelesen|angezeigt|ungelesen gelöscht)"
    r"|ihre nachricht wurde (?:an )?d\w{2} folgenden empfängern? (?:erfolgreich )?zugestellt"
    r"|your message has been delivered to the following recipients?"
    r"|(?:dies|das) ist eine (?:lese|empfangs)bestätigung\b"
    r"|[^\n.!?]{1,80} hat diese einladung (?:(?:mit|unter) vorbehalt |vorläufig )?(?:angenommen|abgelehnt)"
    r"[.!]?[ \t]{0,5}(?:\n[ \t]{0,5}\n|\n?$)"
    r"|your message\b.{0,400}\bwas (?:read|displayed|deleted without being read)\b"
    r"|this is a (?:return|read) receipt\b"
    r"|votre message\b.{0,400}\b(?:a été (?:lu|affiché)|(?:a été )?supprimé sans)\b"
    r"|ceci est un accusé de (?:réception|lecture)\b"
    r"|twoja wiadomość\b.{0,400}\b(?:została (?:przeczytana|wyświetlona|usunięta bez))"
    r"|i\u0307?letiniz\b.{0,400}\bokundu\b|uw bericht\b.{0,400}\bis gelezen\b"
    r"|ваше (?:повідомлення|сообщение)\b.{0,400}(?:прочитано|прочтено))",
    re.S,
)  # in lower case
AWAY_TEXT = re.compile(
    r"(?:this is an? auto(?:matic|mated)(?:ally generated)? (?:reply|response|message|e-?mail))"
    r"|automatisch (?:erstellte|generierte|versendete|erzeugte) (?:antwort|e-?mail|nachricht)"
    r"|(?:dies|das|es handelt sich).{0,30}automatische.{0,12} (?:antwort|nachricht|e-?mail)"
    r"|(?:i am|i'm|i will be|we are) (?:currently |presently |now )?(?:out of (?:the )?office"
    r"|away from (?:the |my )?(?:office|desk)|on (?:vacation|annual leave|holidays?|leave)"
    r"|not (?:in the office|at (?:my|the) (?:desk|computer)))"
    r"|ik (?:ben|zit) .{0,40}niet (?:op kantoor|achter)|no estoy en la oficina"
    r"|(?:\bbin|ich befinde mich|wir sind) .{0,60}(?:nicht (?:im (?:büro|haus|dienst|hause)"
    r"|erreichbar|am (?:arbeitsplatz|platz|computer|rechner)|da\b|anwesend)|außer haus|abwesend"
    r"|in (?:urlaub|elternzeit|den ferien)|i[mn] (?:urlaub|mutterschutz)|krank"
    r"|auf (?:einer |einem )?(?:fortbildung|klassenfahrt|dienstreise|reise|lehrgang|tagung))"
    r"|\b(?:büro|betrieb|sekretariat|verwaltung|schule"
    r"|wir(?! haben (?:d(?:as|en|ie)|alle|ein\w{0,2})\b)) .{0,60}(?:geschlossen|nicht besetzt"
    r"|betriebsferien)\b|\b(?:office|school|we) (?:is|are) .{0,30}\bclosed\b"
    r"|\bnicht mehr (?:(?:für|bei|in) uns(?:er\w{0,3})?\b|.{0,60}tätig\b)"
    r"|(?:wieder|zurück) (?:im (?:büro|haus|dienst)|(?:für sie )?erreichbar|für sie da"
    r"|ab|am)\b"
    r"|je (?:suis|serai) .{0,40}(?:absente?\b|en congés?\b|en vacances|hors du bureau|injoignable"
    r"|indisponible)|je ne suis pas (?:au bureau|devant mon)"
    r"|\bactuellement (?:absente?\b|en congés?\b)"
    r"|(?:ceci|c['’]?est|il s['’]agit).{0,20}(?:message|réponse|courriel) automatique"
    r"|(?:sono|sarò) .{0,40}(?:assente|fuori (?:sede|ufficio)|in ferie|in vacanza)"
    r"|non (?:sono|sarò) (?:al computer|in (?:ufficio|sede)|disponibile|raggiungibile)"
    r"|(?:estoy|estaré) .{0,40}(?:fuera|ausente|de vacaciones)|ik ben .{0,40}(?:afwezig|niet aanwezig"
    r"|vakantie)"
    r"|\b(?:izindeyim|izinliyim|ofis dışındayım)\b"
    r"|(?:estou|estarei) .{0,40}(?:ausente|de férias|fora)|przebywam na urlopie|jestem .{0,20}nieobecn"
    r"|(?:wird|werden) .{0,40}nicht (?:automatisch )?(?:weitergeleitet|gelesen|bearbeitet)"
    r"|(?:e-?mails?|nachricht(?:en)?) (?:wird|werden) .{0,40}(?:wieder|erst) (?:gelesen|bearbeitet"
    r"|beantwortet)"
    r"|your (?:e-?mail"
    r"|message) will not be forwarded"
)  # in lower case
# People write it in answers too, so the subject must be that of an absence note.
AWAY_UNTIL = re.compile(r"\b(?:i am|i'm|i will be|we are) away (?:from|until|till)\b")  # in lower case
# People who are absent say until when, too; who else answers, they say less often.
_AWAY_DATES = (
    r"erst (?:am|ab|im|wieder)\b.{0,30}\b(?:zurück|da|erreichbar|wieder)\b|\bkehre\b.{0,40}\bzurück\b"
    r"|ab (?:dem )?\d{1,2}\.\s?\d{0,2}.{0,20} (?:wieder|bin ich)|(?:bis (?:zum|einschließlich)|vom) \d{1,2}\."
    r"|rientr(?:o|erò)|tornerò|fino al \d|volveré|hasta el \d|tarihine kadar\b|ben .{0,20}terug"
    r"|tot (?:en met )?\d|do \d{1,2}|(?:de retour le|jusqu['’]au|à partir du) (?:\w+ )?\d{1,2}(?:er)?\b"
    r"|(?:return|back) (?:to the office )?on"
)
_AWAY_FORMAL = (
    r"(?:nicht|not|neither|weder) .{0,30}(?:weitergeleitet|forwarded)|(?:in )?(?:dringenden"
    r"|eiligen) (?:fällen|angelegenheiten)"
    r"|(?:wenden sie sich|kontaktieren sie|erreichen sie) .{0,60}(?:vertretung|kolleg|sekretariat"
    r"|@|unter)|meine? (?:vertret|nachfolge)\w{0,6}+"
    r"(?! (?:\w{1,20} ){0,3}(?:braucht|benötigt|hat|kann|kommt|findet))"
    r"|in (?:urgent|case of urgent)"
    r"|in caso di urgenz|per urgenze|en caso de urgencia|acil durum|bij dringende|w pilnych"
    r"|en cas d['’]urgence|(?:contacte[rz]|adresse[rz]-vous|joindre) .{0,60}(?:secrétariat|collègue|@)"
    r"|(?:urgent|immediate) (?:matters|assistance|issues|cases)|limited access to (?:my )?e-?mail"
)
AWAY_FORMAL = re.compile(_AWAY_FORMAL)  # in lower case
AWAY_MORE = re.compile(f"{_AWAY_FORMAL}|{_AWAY_DATES}")  # in lower case
# What absence notes say beside that about the mail.
AWAY_ABOUT_MAIL = re.compile(
    r"\b(?:ihre|deine|eure|your|votre)n? (?:e-?mails?|mails?|nachricht(?:en)?|anfragen?|messages?"
    r"|courriels?)\b|\bkeinen zugriff auf (?:(?:meine?|die|das) )?(?:(?:e-?)?mails?|nachrichten|postfach)\b"
    r"|\blese (?:\w{1,12} ){1,3}(?:e-?)?mails\b|\bgeduld\b|\bverständnis\b"
)  # in lower case
# They announce an answer; a person who is absent for a day does, too.
WILL_ANSWER = re.compile(
    r"\b(?:be)?antworte|\bmelde (?:ich )?mich\b"
    r"|\b(?:reply|respond|get back to you)\b|\bréponds?\b|\brépondrai\b"
)  # in lower case
CHALLENGE = re.compile(
    r"(?:confirm|verify|authenticate|release) (?:that )?(?:you(?:r (?:message|e-?mail|address"
    r"|identity))?|delivery|the message).{0,120}(?:click|reply|link|deliver|spam|whitelist)"
    r"|(?:click|reply).{0,160}(?:so that|to have|in order (?:for|to)"
    r"|and) .{0,40}(?:your (?:message|e-?mail)).{0,40}(?:deliver|release|accept)"
    r"|boxtrapper|spamarrest|spam arrest|challenge[- /]response|tagged message delivery agent"
    r"|(?:attached message|angehängte nachricht|message ci-joint)\b.{0,40}\blist"
    r"|has been (?:held|quarantined) (?:until|pending|because)|bestätigen sie .{0,60}(?:dass sie"
    r"|ihre (?:nachricht|e-?mail)).{0,80}(?:zugestellt|spam)|sender (?:address )?(?:verification"
    r"|confirmation)",
    re.S,
)  # in lower case
CHALLENGE_SUBJECT = re.compile(
    r"(?:please )?(?:confirm|verify|verification|confirmation) .{0,40}(?:your (?:message|e-?mail"
    r"|mail)|sender|required|request)|message (?:held|pending)|your (?:message|e-?mail) (?:is "
    r"|has been )?(?:held|requires? (?:verification|confirmation)|awaits)|spam ?arrest|boxtrapper"
    r"|bitte bestätigen sie ihre (?:nachricht|e-?mail)"
    r"|ihre nachricht (?:an|für) (?:die )?liste .{0,60}bestätigen"
    r"|confirmez votre message"
)  # in lower case
CHALLENGE_TEXT = re.compile(
    r"(?:confirm|verify|prove|authenticate|approve|bestätig\w*|verifizier\w*|confirme\w*|vérifi\w*"
    r"|conferm\w*"
    r"|verific\w*|bevestig\w*)\b.{0,240}(?:not (?:a )?spam|spam|human|sender|absender\w*|delivered|delivery"
    r"|zugestellt|zustell\w*|ausgeliefert|released?|freigegeben|expéditeur|livré|distribué|mittente"
    r"|consegnat\w*"
    r"|afzender|whitelist\w*)"
    r"|(?:click|klick\w*|cliquez|clicca\w*|reply|antworten sie).{0,200}(?:will be (?:delivered|released)"
    r"|to deliver"
    r"|to have your (?:message|e-?mail|mail)|(?:wird|werden) .{0,60}(?:zugestellt|freigegeben|ausgeliefert)"
    r"|damit ihre (?:nachricht|e-?mail|mail) .{0,40}(?:zugestellt|freigegeben|ausgeliefert)"
    r"|sera (?:livré|distribué|remis)|sarà consegnat\w*)"
    r"|(?:wird|werden) (?:erst |nur )?(?:zugestellt|freigegeben|ausgeliefert), (?:wenn|sobald"
    r"|nachdem) .{0,80}"
    r"(?:verifizier|bestätig|klick)"
    r"|(?:para que su|aby twoja) .{0,80}(?:entregad|dostarczon).{0,120}(?:confirme|clic|potwierdź|klik)"
    r"|\b(?:klik|bevestig\w*)\b.{0,160}\bom (?:uw|je) bericht .{0,30}(?:bezorg|aflever)"
    r"|\b(?:ihre|deine) (?:nachricht|e-?mail|mail)\b.{0,120}ein mensch (?:sind|bist)"
    r"|zurückgehalten.{0,80}bestätigen .{0,120}(?:mensch|roboter|spam)"
    r"|(?:to have your|in order to (?:have|deliver) your|afin que votre|pour que votre|damit ihre)"
    r" (?:message|e-?mail|mail|nachricht|courriel).{0,80}"
    r"(?:deliver|released|remis|livré|distribué|zugestellt)"
    r".{0,120}(?:confirm|verify|click|bestätig|klick|confirme|vérifi|cliquez)",
    re.S,
)  # in lower case
CHALLENGE_ORDER = re.compile(
    r"(?:bestätigen|verifizieren|klicken|antworten) (?:sie|du)\b|\b(?:bestätige|klicke?|antworte)"
    r" (?:bitte|auf|hier)"
    r"|\b(?:please|simply|just|to|must|need to|and|or|can) (?:\w+ )?"
    r"(?:confirm|verify|prove|authenticate|approve|click|reply)\b|(?:^|[.:,!\n]\s*)(?:confirm|verify|click|reply)\b"
    r"|\bveuillez (?:\w+ )?(?:confirmer|cliquer|vérifier)\b"
    r"|\b(?:cliquez|confirmez|vérifiez|clicca\w*|conferm(?:a|i|are)|verific(?:a|hi|are)|klik|bevestig"
    r"|confirme|verifique|haga clic|haciendo clic|potwierdź|kliknij|klikając)\b"
)  # in lower case
LINK = re.compile(r"https?://|<mailto:|\breply to this|auf diese (?:e-?mail|nachricht|mail)", re.I)
REACTION_SENTENCE = re.compile(
    r"[^\w\n]{0,40}(?:[^\n]{1,120}?\s(?:(?:reacted|liked|loved|laughed)(?: (?:to|at))?(?: your (?:message"
    r"|e-?mail)"
    r"| with [^\n]{1,30}){0,2}(?: via gmail)?|hat (?:über|per|via) gmail reagiert|hat (?:auf ihre|auf deine"
    r"|auf eine) "
    r"(?:nachricht|e-?mail|mail) (?:mit [^\n]{1,30} )?reagiert"
    r"|hat mit [^\n]{1,30} (?:auf [^\n]{1,40} )?reagiert"
    r"|gefällt (?:ihre|deine) (?:nachricht|e-?mail)|a réagi (?:via|avec|depuis) gmail"
    r"|a (?:réagi [^\n]{0,40}à|aimé|adoré) votre (?:message|e-?mail|courriel)"
    r"|hat (?:ihre|deine|diese|eine) (?:nachricht|e-?mail|mail) mit [^\n]{1,40} (?:markiert|versehen"
    r"|kommentiert)"
    r"|ha (?:reagito|reaccionado|reagido) [^\n]{1,60}|reagierte (?:mit [^\n]{1,30} )?auf (?:ihre|deine"
    r"|eine) [^\n]{1,20}"
    r"|gmail üzerinden tepki verdi|reagált a gmail\w{0,6}"
    r"|(?:heeft )?(?:gereageerd|reageerde) (?:via gmail|op je [^\n]{1,30}|op uw [^\n]{1,30})"
    r"|zareagowa\w*(?:\(a\))? [^\n]{1,40}|reagerade [^\n]{1,40}"
    r"|(?:mag|liebt|betont|liked|loved|emphasized) [„“\"«][^\n]{1,200}[“”\"»])"
    r"|gefällt mir: [„“\"«][^\n“”\"»]{1,200}[“”\"»]"
    r"|[„“\"«][^\n]{1,200}[“”\"»] mit (?:[^\w\s„“\"«.,]{1,8}|einem herz|gefällt mir|daumen hoch) markiert"
    r"|(?:liked|loved|emphasized|laughed at|mag|[^\w\s„“\"«.,()-]{1,8} (?:to|zu|auf|à))"
    r" [„“\"«][^\n]{1,200}[“”\"»])[^\w\n]{0,40}",
    re.I,
)
REACTION_LINK = re.compile(r"[(<\[]?https?://[^\s>)\]]{1,500}[)>\]]?")
RECALL_SUBJECT = re.compile(
    r"\s*(?:(?:aw|re|wg)\s*:\s*)?(?:(?:nachrichten)?rückruf|geri çağır\w{0,3}|visszahívás|zurückrufen"
    r"|recall|message recall|rappel(?: du message| de message)?"
    r"|richiamo(?: messaggio)?"
    r"|recuperar|retirar|intrekken|herinnering|odwołanie|återkalla)\b[^:]{0,30}:",
    re.I,
)
RECALL_TEXT = re.compile(
    r"(?:möchte|will|versucht)\b.{0,40}\b(?:die|diese) (?:nachricht|e-?mail|mitteilung|mail)\b.{0,200}"
    r"(?:zurückrufen|zurückziehen|zurückzurufen|zurückzuziehen)"
    r"|ileti\w{0,4} geri çağırmak isti|vissza szeretné hívni"
    r"|(?:would like|wants|wishes|tried|attempted) to recall the (?:message|mail|e-?mail)"
    r"|(?:souhaite|désire|voudrait|aimerait) (?:rappeler|récupérer|retirer) (?:le|ce|son) (?:message"
    r"|courriel|mail)"
    r"|(?:desidera|vorrebbe|vuole) (?:richiamare|ritirare) il messaggio"
    r"|(?:desea|desearía|quiere|quisiera) (?:recuperar|retirar) el mensaje|gostaria de (?:cancelar"
    r"|recuperar|recolher)"
    r"|(?:wil|wenst) het bericht.{0,200}intrekken|(?:chce|pragnie) (?:odwołać|wycofać) wiadomość"
    r"|vill återkalla meddelandet|request to recall the (?:message|mail|e-?mail)"
    r"|(?:anforderung|antrag|anfrage).{0,60}(?:rückruf|zurückzurufen)"
    r"|(?:nachricht|e-?mail).{0,200}(?:wird|wurde) (?:von .{1,80} )?zurückgerufen",
    re.I | re.S,
)
NO_REPLY = re.compile(
    r"(?:no|not|do[-_.]?not|donot)[-_.]?reply|noreply|keine?[-_.]?antwort|nicht[-_.]?antworten"
    r"|ne[-_.]?pas[-_.]?repondre|auto(?:mailer|responder|reply|confirm|message)|notifications?$|newsletter$"
    r"|mailings?$|bounces?[+-]|[-_+]bounces?$",
    re.I,
)
BULK_WORD = re.compile(r"\s*(?:bulk|list|junk)\b", re.I)
AUTO_PRECEDENCE = re.compile(r"\s*auto[_-]?reply", re.I)
FEEDBACK_SUBJECT = re.compile(
    r"\s*(?:abuse report|email feedback report|complaint about|spam report)\b", re.I
)
