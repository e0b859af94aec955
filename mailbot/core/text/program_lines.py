"""Recognise text that programs add to a mail: lines of devices, warnings of gateways, notices at the end.

No person wrote these texts in a mail, so they belong neither to the answer nor to the problem.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

MAX_LINE_LENGTH = 160

# Names of devices and programs in the lines that they add below a mail.
_DEVICE = (
    r"i ?phone\S*|i ?pad\S*|i ?pod|android\S*|handy|smartphone|mobiltelefon|mobilger[äa]t\S*"
    r"|mobile?s?\b|phone|tablet|blackberry|samsung|galaxy|huawei|xiaomi|redmi|nokia|sony|htc"
    r"|windows|outlook|yahoo|gmx|web\.de|t-online|freenet|posteo|proton\S*|tutanota|tuta|gmail"
    r"|google|mail(?: app| for|box)?|app|thunderbird|k-9|fairemail|ger[äa]t|device"
    r"|pixel|fairphone|motorola|oneplus|oppo|telefon|laptop|mac\b|pc\b|wiko"
)
_PHONE = (
    r"i-?phone\S*|i-?pad\S*|ipod|android\S*|smartphone|mobiltelefon|blackberry|samsung|galaxy|huawei|xiaomi"
    r"|redmi|pixel|fairphone|motorola|honor|oppo"
)
_APOLOGY_WORDS = (
    r"(?:tippfehler|schreibfehler|typos?|brevity|k[üu]rze|autocorrect|autokorrektur|entschuldig"
    r"|verzeih|excuse|pardon|sorry|fautes|brièveté|concision)"
)
_DEVICE_LINES = (  # in lower case: patterns that ignore case take five times as long
    rf"(?:sent|send|written) (?:from|via|with|by|using"
    rf"|on)\b(?=.{{0,40}}(?:{_DEVICE}))[^.!?]{{2,60}}(?:[.!]?\s*$|<|\(|https?:)",
    r"sent from my [^,.!?]{2,50}[.!]?\s*$",
    r"sent from [a-z]\w+(?:<|\s*$)",
    rf"(?:gesendet|geschickt|versendet|verschickt|gesandt|verfasst) (?:von|vom|über|mit|aus|via|per"
    rf"|durch)\b(?=.{{0,50}}(?:{_DEVICE}))[^?!]{{2,90}}$",
    rf"(?:diese (?:e-?mail|mail|nachricht) wurde )?(?:von|vom|mit|über|aus) (?:mein|dem|der"
    rf"|unterwegs|einem|m\. )(?=.{{0,60}}(?:{_DEVICE})).{{2,80}}(?:gesendet|geschickt|versendet"
    rf"|gesandt|geschrieben|verfasst)[.!]?\s*$",
    rf"(?:von|vom|mit|from|de|depuis|da|desde|van|från) (?:meine[mnr]|unsere[mn]|my|mon|mio|mi|meu|mijn|min)"
    rf"(?: \S{{2,12}})? ?(?:{_PHONE})[^,.!?]{{0,25}}[.!]?\s*$",
    rf"(?:mit )?(?:freundlichen?|besten?|schönen?|viele|liebe|herzlichen?) gr[üu](?:ß|ss)en? (?:von|vom|aus)"
    rf" (?=.{{0,30}}(?:{_DEVICE})).{{2,50}}gesendet[.!]?\s*$",
    rf"(?:[^.!?]{{2,30}}[-–,] ?)?gesendet vom (?:{_PHONE})[.!]?\s*$",
    r"gesendet von unterwegs[.!]?\s*$",
    rf"(?:mit )?(?:freundlichen|viele|liebe) gr[üu](?:ß|ss)en? (?:von|vom) (?:mein\w{{1,2}} )?(?:{_PHONE})"
    r"[.!]?\s*$",
    r"mit (?:blue ?mail|k-9 mail|spark|fairemail|proton mail|tutanota|der [\w. -]{2,20} app)"
    r" (?:gesendet|verschickt|versendet)[.!]?\s*$",
    rf"(?:mobil|(?:von )?unterwegs|vo[nm] (?=.{{0,40}}(?:{_DEVICE})).{{2,50}})"
    r" (?:gesendet|geschickt)[.!]?\s*$",
    rf"(?:diese (?:e-?mail|mail|nachricht) wurde) (?:von|mit|über|aus) (?=.{{0,60}}(?:{_DEVICE}))"
    r".{2,80}(?:gesendet"
    rf"|versandt|verschickt|geschickt)[.!]?\s*(?:$|[^?#]{{0,30}}{_APOLOGY_WORDS}[^?#]{{0,60}}$)",
    r"von (?:meinem|unterwegs)\b.{0,40}(?:gesendet|geschickt|versendet|gesandt)[.!]?\s*$",
    r"(?:get|download) \[?(?:outlook|bluemail|mail|typeapp|yahoo mail|gmail|edison mail|spark) f(?:o|ü)r"
    r"|(?:holen|laden|besorgen) sie(?: sich)? outlook|outlook für \w+(?: \w+)? (?:herunter)?(?:laden"
    r"|beziehen|holen|abrufen)|(?:laden|hole|lade)(?: sie)? \w+ mail für",
    r"(?:envoyé|expédié) (?:de(?:puis)?|à partir d[e'’]|via|par) ?(?:mon|ma|mes|un|l[ae'’]"
    r"|outlook|yahoo|mail|i)\S*[^.!?]{0,60}\s*$|(?:télécharge[rz]|obten(?:ir|ez)) outlook",
    r"(?:enviado|enviada) (?:desde|do|de|da|a partir) (?:mi|meu|minha|el|o|a|i|outlook"
    r"|yahoo)\S*[^.!?]{0,60}\s*$|obtener outlook|obter o outlook"
    r"|descarga(?:r)? outlook",
    r"(?:inviato|inviata) (?:da|dal|con)\b[^.!?]{2,60}\s*$|(?:ottieni|scarica) outlook",
    r"(?:verzonden|verstuurd) (?:vanaf|van|met|vanuit|via)\b[^.!?]{2,60}\s*$|outlook voor",
    r"(?:skickat|sendt|skickades) (?:från|fra|med)\b[^.!?]{2,60}\s*$",
    r"pobierz (?:aplikację )?outlook",
    r"wysłan[eoay] (?:z|ze)\b(?: \w{2,12})? telefonu\b[^.!?]{0,60}[.!]?\s*$",
    r"(?:ios|android|mac) için outlook|az outlook (?:beszerzése|letöltése)|outlook (?:beszerzése|letöltése)",
    rf"(?:elküldve|küldve) az? (?=.{{0,40}}(?:{_DEVICE}|telefon)).{{2,50}}$",
    r"(?:samsung|galaxy|huawei|xiaomi)\b.{0,30} (?:cihazımdan|telefonumdan) gönderildi",
    r"(?:wysłan[eoay]|odesláno|poslano|trimis|отправлен[оа]|надіслано|изпратено|poslané"
    r"|послано) (?:z|ze|z\s|s|sa|de|de pe|с|из|з|от|mego|из)\b[^.!?]{2,60}\s*$",
    r"lähetetty\b[^.!?]{2,60}\s*$|az \S+(?:ról|ről|omról|emről)? (?:küldve|elküldve)"
    r"|\S{0,20}(?:iphone|ipad|android)\S{0,10}'?(?:den|dan|umdan|imden|mdan|mden)? gönderildi",
    r"(?:iphone|ipad|android|outlook)\S{0,10}(?:から送信|で送信|에서 보냄)"
    r"|(?:从|從)我的\s?\S{0,20}\s?(?:发送"
    r"|發送|傳送)|发自我的|傳送自我的|나의 \S{1,20}에서 보냄",
    r"\u202b?أُ?رسلت من|στάλθηκε από|απεσταλμένο από|נשלח מ",
    r"(?:gesendet|versendet|verschickt|envoyé|sent|inviato|enviado|verzonden)"
    r" (?:mit|avec|with|con|met|from|via|von) (?:der )?(?:\w+ )?(?:proton ?mail|tuta(?:nota)?|spark"
    r"|mailspring|superhuman|airmail|bluemail|mailtrack"
    r"|fairemail|k-9 mail|thunderbird|edison|newton|polymail|canary"
    r"|posteo|mailbox\.org|ionos|telekom)\b[^.!?]{0,40}[.!]?\s*$",
    r"(?:sender notified by|gesendet mit|sent with)(?: mailtrack|\s*$)"
    r"|provenance : courrier pour windows",
    r"powered by cloudmagic|sent (?:by|with) (?:mailspring|superhuman|spark|airmail|sparrow"
    r"|typeapp|bluemail|newton|edison)",
    rf"diese nachricht ist von\b(?=.{{0,40}}(?:{_DEVICE}))|message sent via"
    r"|sent (?:using|with) (?:the|my)\b[^.!?]{2,50}$",
)
_APOLOGY = rf"(?:[^?#]{{0,60}}{_APOLOGY_WORDS}[^?#]{{0,60}})"
_MOBILE = re.compile(rf"(?:{'|'.join(_DEVICE_LINES)})")
_WITH_APOLOGY = re.compile(
    r"(?:von|vom|mit|sent from|sent via|envoyé de(?:puis)?|gesendet von|gesendet mit)\b.{1,60}?"
    rf"(?:{_PHONE}|handy)"
    rf"(?:\W{{0,3}}gesendet)?\b{_APOLOGY}$"
)
# Words of people about their devices: "Vom Handy wird nichts gesendet." Programs begin with "wurde".
_SENTENCE_WORD = re.compile(
    r"\b(?:wird|werden|hab(?:e|en|t)?|hatten?|kann|können|konnten?|nichts?|kein\w{0,2}|geh(?:t|en)|ging"
    r"|funktionier\w{1,3}|läuft|klappt|kommt|kommen|soll|muss|zweimal|doppelt|works?|worked|cannot|can't|doesn't"
    r"|nothing|marche|fonctionne|peux|werkt|niets)\b"
)
_APOLOGY_WORD = re.compile(_APOLOGY_WORDS)
_LINK = re.compile(r"\[([^\[\]]{1,80})\]\s?\([^()\s]{1,300}\)|\s?<(?:https?|mailto):[^<>\s]{1,300}>")
_WRAPPERS = " \t\xa0*_<>()[]|~«»–—-\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
_TRACKING_MARK = re.compile("[\\u1427\\ufffc\\u200b-\\u200f\\u2060\\ufeff]")
_TRACKING = re.compile("[\\s\u1427\ufffc\u200b-\u200f\u2060\ufeff\xad]+")


def is_mobile_signature(line: str) -> bool:
    """Return whether a device or program added a line, such as "Von meinem iPhone gesendet"."""
    return _is_mobile(_plain(line))


def _is_mobile(plain: str) -> bool:
    if len(plain) >= MAX_LINE_LENGTH:
        return False
    plain = plain.lower()
    if not (_MOBILE.match(plain) or _WITH_APOLOGY.match(plain)):
        return False
    return not _SENTENCE_WORD.search(plain, 4) or bool(_APOLOGY_WORD.search(plain))


def _plain(line: str) -> str:
    """Return the beginning of a line without the targets of links and without marks around it."""
    line = line[:500]
    linked = "](" in line or "<http" in line or "<mailto:" in line
    return (_LINK.sub(r"\1", line) if linked else line).strip(_WRAPPERS)


def is_program_line(line: str) -> bool:
    """Return whether a device, a scanner or an add-on added a line."""
    if _TRACKING_MARK.search(line, 0, 100) and _TRACKING.fullmatch(line[:100]):
        return True
    plain = _plain(line)
    if plain.endswith("?"):
        return False
    return _is_mobile(plain) or bool(_SCANNED.match(plain.lower()) or _SCANNER_RULE.match(line.lower()))


def ends_scanner_notice(line: str) -> bool:
    """Return whether a line is the name or the address of a scanner, which is below its notice."""
    return bool(_SCANNER_NAME.fullmatch(line[:100].strip().lower()))


MAX_NOTICE = 400
_SCANNER = (
    r"avast|avg|avira|eset|sophos|kaspersky|bitdefender|g ?data|mcafee|norton|mailscanner|clamav|f-?secure"
    r"|trend ?micro|malwarebytes|comodo|webroot"
)
_PRODUCT = (
    r"(?: (?:mail|e-?mail|anti-?virus|antivirensoftware|internet|security|gateway|server|total|free|premium))"
)
_SCANNER_RULE = re.compile(rf"_{{2,20}} (?:information|hinweis|warnung)\w{{0,2}} (?:from|von) (?:{_SCANNER})")
_SCANNER_NAME = re.compile(rf"(?:(?:https?://)?www\.)?(?:{_SCANNER}|mailtrack)(?:\.(?:com|de|net|eu))?/?")
_SCANNED = re.compile(
    r"(?:virenfrei|virus-?free|(?:garanti )?sans virus|libre de virus|privo di virus|virusvrij"
    r"|wolne od wirusów|virüssüz|vírusmentes)\W{0,4}"
    r"(?:(?:https?://)?www\.\w+\.\w+\S*)?\W*$"
    r"|diese (?:e-?mail|nachricht) (?:wurde|ist) .{2,90}(?:viren|malware|schadsoftware|spam)\b.{0,40}"
    r"(?:gepr[üu]ft|gescannt|untersucht|getestet|frei|gefunden)"
    rf"|diese (?:e-?mail|nachricht) (?:wurde|ist) (?:von|mit|durch) (?:der |dem |einem )?(?:{_SCANNER})"
    rf"{_PRODUCT}{{0,4}} (?:gepr[üu]ft|gescannt|untersucht|[üu]berpr[üu]ft)\W*$"
    r"|this (?:e-?mail|message)(?: and any attachments)? (?:has been|was|is) (?:scanned|checked|virus)"
    r".{0,120}(?:virus|malware|mailscanner|clean|avast|avg)"
    rf"|(?:gescannt|gepr[üu]ft|scanned|checked|protected|gesch[üu]tzt) (?:von|mit|durch|by|with)"
    rf" (?:{_SCANNER}){_PRODUCT}{{0,4}}\W*$"
    rf"|(?:the|this) (?:message|e-?mail) was (?:checked|scanned) (?:by|with) (?:the )?(?:{_SCANNER})"
    rf"{_PRODUCT}{{0,4}}\W*$"
    r"|l['’]absence de virus dans ce courrier"
    r"|(?:bitte )?(?:denken|prüfen|schonen|bedenken) sie .{0,60}(?:umwelt|ausdruck)"
    r"|please consider (?:the environment|your environmental)|think before you print"
    r"|bevor sie diese (?:e-?mail|nachricht) (?:aus)?drucken|pensez à l['’]environnement avant"
)  # in lower case

_MAIL = r"(?:e-?mail|mail|nachricht|message|mitteilung|courriel|courrier|email)"
_OUTSIDE = (
    r"(?:externe[nmrs]? (?:absender|quelle|adresse|e-?mail|system|person)|external\b"
    r"|au(?:ß|ss)erhalb (?:der|des|von|ihre[rs]|unsere[rs])"
    r"|outside|untrusted|l['’]extérieur"
    r"|expéditeur externe|van buiten|externe afzender|spoza (?:organizacji|szkoły|urzędu|firmy)"
    r"|zewnętrzn\w{2,4}|mittente esterno|(?:da )?fuori (?:dell|dall)\w{1,2}|(?:dall['’])?esterno"
    r"|fuera de (?:la|tu|su)|remitente externo|dışından|harici|kívülről|külső)"
)
_BANNER = re.compile(
    r"\W*(?:[^\W\d_]{2,14}\W{1,4}){0,3}?(?:diese[rs]?|this|ce|cet|cette|die|the|deze|dit|ta|questa|questo"
    r"|este|bu|ez az)\s+"
    rf"(?:{_MAIL}|sender|absender|wiadomość|messaggio|correo|mensaje|e-?posta|ileti|üzenet|bericht)\b.{{0,30}}?"
    rf"\b(?:is afkomstig|komt|pochodzi|została wysłana|proviene|procede|kurum|okul|érkezett|stammt|kommt"
    rf"|kam|wurde|originate[sd]|came|comes|was sent|is from|has been sent|provient|vient"
    rf"|a été envoyée?)\b.{{0,60}}?{_OUTSIDE}"
    rf"|\W*(?:achtung|vorsicht|warnung)\W{{1,4}}diese {_MAIL} (?:kommt|stammt) von au(?:ß|ss)erhalb\W*$"
    r"|\W*(?:achtung|vorsicht|warnung|hinweis|caution|warning|attention|notice|important)?\W*"
    r"(?:extern(?:e[rs]?|al)?|external)[ -]*(?:e-?mail|mail|message|nachricht|sender|absender)?\W*$"
    r"|\W*(?:achtung|vorsicht|warnung|caution|warning|attention)\W+(?:extern|external)(?:e[rs]?)?[ -]"
    r"(?:e-?mail|mail|message|nachricht|sender|absender)"
    r"|\W*(?:caution|warning|attention|achtung|vorsicht)\W+extern(?:al)?\s*\("
    r"|\W*extern(?:e|al)?[ -](?:e-?mail|mail|message|nachricht|sender|absender)\W{1,4}"
    r"(?:do not|don['’]t|(?:please )?be (?:careful|cautious)|please be"
    r"|klicken sie|öffnen sie|vorsicht|bitte seien)"
    r"|\W*(?:achtung|vorsicht|hinweis|warnung)?\W*extern(?:e|er|es)? (?:e-?mail|mail|nachricht"
    r"|absender)\W{1,5}"
    r"(?=.{0,120}(?:\blink|anh[äa]ng|absender))(?:bitte )?(?:vorsicht|keine (?:links?|anhänge)\b"
    r"|(?:anhänge|links?) (?:nur|nicht)|nur öffnen|prüfen|achten)"
    r"|\W*(?:attention|avertissement)\W{1,4}(?:message|courriel|mail|e-?mail|expéditeur) externe\W*$"
    r"|\W*(?:dies ist eine externe|this is an external) (?:e-?mail|nachricht|message)"
    rf"|\W*(?:externer absender|external sender|externe {_MAIL})\W{{1,4}}"
    r"(?:vorsicht|achtung|caution|be careful)"
    rf"|\W*(?:[^\W\d_]{{2,14}}\W{{1,4}})?(?:diese|this) {_MAIL} (?:stammt|kommt|comes?|is) nicht (?:aus|von)"
    r" (?:unserer|ihrer|der) (?:organisation|schule|firma|verwaltung|stadtverwaltung|behörde)"
    r"|\W*(?:you don['’]t often get e-?mail from|some people who received this message don['’]t often"
    r"|sie erhalten nicht (?:häufig|oft) (?:e-?mails?|eine e-?mail|nachrichten) von"
    r"|einige personen, die diese nachricht erhalten haben"
    r"|vous n['’](?:obtenez|avez) pas souvent)"
    rf"|\W*(?:(?:achtung|vorsicht|warnung|hinweis)\W{{1,4}})?(?:der absender dieser {_MAIL}"
    rf"|the sender of this {_MAIL}) .{{0,60}}(?:{_OUTSIDE}|extern\b)"
    r"|\W*zjqcmqryfpfptbanner|\W*you have not previously corresponded with this sender",
    re.I,
)
_LEAD = re.compile(
    r"\W*(?:achtung|vorsicht|warnung|hinweis|caution|warning|attention|notice|important)\s*!+\s*", re.I
)
_ADVICE = re.compile(
    r"(?=.{0,300}(?:link|anh[äa]ng|attach|absender|sender|inhalt|content|verdächtig|suspicious|phishing"
    r"|expéditeur|pièce|lien|bijlage|afzender|załącznik|allegat|enlace|archivo|bağlantı|melléklet|warum|\bwhy\b|vorsicht|careful|caution|kennwort|passw|zugangsdaten))"
    r"\W*(?:bitte |please )?(?:keine (?:links?|anhänge)\b|klik (?:niet|geen)|open (?:niet|geen)"
    r"|nie (?:klikaj|otwieraj)"
    r"|non (?:aprire|cliccare|fare clic)|no (?:haga clic|abra|pulse|abras)|bağlantılara tıkla|ne kattintson"
    r"|(?:klicken|öffnen|seien|antworten|geben|folgen|vertrauen|leiten|prüfen) sie"
    r"\b.{0,120}(?:\bsorgf|\bgenau|\bgründlich|\bkeine|\bnicht|\bvorsichtig|\bnur)"
    r"|do not|don['’]t|never|be (?:careful|cautious|wary)"
    r"|exercise caution|use caution|think before|report suspicious|learn why|erfahren sie, warum"
    r"|ne (?:cliquez|pas)|n['’]ouvrez|soyez|zjqcmqryfpfpt|vorsicht (?:beim|bei)|links und anhänge nicht"
    r"|(?:keine|niemals) (?:\w+ ){0,3}(?:links?|anhänge)\b.{0,40}(?:öffnen|anklicken|klicken))"
    r"|\W*(?:weitere informationen|mehr erfahren|learn more|en savoir plus|pourquoi c['’]est important"
    r"|découvrez pourquoi[^.!?]{0,40}|meer informatie|maggiori informazioni|más información)\W*$",
    re.I,
)
_ADVICE_BEGINS = re.compile(
    r"\W*(?:bitte |please )?(?:klicken|öffnen|seien|antworten|geben|folgen|vertrauen|leiten|do not|don['’]t"
    r"|never|be |exercise|use caution|think|learn|erfahren|keine|niemals|ne "
    r"|n['’]ouvrez|soyez|vorsicht|links und)",
    re.I,
)
_SENTENCE = re.compile(r"\S[^.!?\n]*(?:[.!?](?!\s|$)[^.!?\n]*)*(?:[.!?]+[\]\)*\"]*|$)")
_BANNER_LINES = 12
_BANNER_SIGNS = (
    "extern", "außerhalb", "ausserhalb", "outside", "untrusted", "extérieur", "zjqcm", "often get", "häufig",
    "nicht oft", "van buiten", "spoza", "zewnętrzn", "estern", "fuori", "fuera de", "remitente", "dışından",
    "harici", "külső", "kívülről", "souvent", "previously corresponded", "personen, die diese nachricht",
)  # fmt: skip


def banner_length(lines: list[str]) -> tuple[int, int]:
    """Return the lines and then the characters at the top that a gateway's warning takes, or (0, 0)."""
    top = " ".join(line[:MAX_NOTICE] for line in lines[:_BANNER_LINES]).lower()
    if not any(sign in top for sign in _BANNER_SIGNS):
        return 0, 0
    at, found = 0, False
    while at < min(len(lines), _BANNER_LINES):
        if not lines[at].strip():
            at += 1
            continue
        count, column = _banner_unit(lines, at, follows=found)
        if not count and not column:
            break
        found, at = True, at + count
        if column:
            return at, column
    return (at, 0) if found else (0, 0)


def _banner_unit(lines: list[str], at: int, *, follows: bool) -> tuple[int, int]:
    """Return how many lines belong to a warning as a whole, or how many characters of the first one do."""
    joined = ""
    for count in range(1, 5):
        if at + count > len(lines) or (count > 1 and not lines[at + count - 1].strip()):
            break
        line = lines[at + count - 1][:MAX_NOTICE]
        before = len(joined) + bool(joined)
        joined = f"{joined} {line.strip()}".strip()
        following = lines[at + count].strip() if at + count < len(lines) else ""
        torn = joined[-1:] not in ".!?:]*" and following[:1].islower()
        judged = list(_judged(joined, follows=follows))
        if not torn and all(good for _, good in judged):
            return count, 0
        ends = [end for end, _ in takewhile(lambda pair: pair[1], judged)]
        if ends and ends[-1] > before and ends[-1] < len(joined.rstrip()) and joined[ends[-1] - 1] in ".!]*)":
            rest = joined[ends[-1] :].lstrip()
            if count > 1 or not _may_advise(rest):
                return count - 1, len(line.rstrip()) - len(rest)
    return 0, 0


def _may_advise(text: str) -> bool:
    """Return whether a text may be the first line of a notice that continues on the next line."""
    return text[-1:] not in ".!?" and bool(_ADVICE_BEGINS.match(text))


# Words of a person about a mail from outside, which gateways do not write.
_IN_SENTENCE = re.compile(
    r"\?|\b(?:ich|mich|mir|landet|landen|fehlt|fehlen|warum\b(?! dies wichtig| das wichtig)"
    r"|(?:nicht|nie|kaum) (?:mehr |immer )?(?:an|durch)\b)"
)


def _judged(text: str, *, follows: bool) -> Iterator[tuple[int, bool]]:
    """Yield the end of each sentence, and whether it belongs to a warning."""
    lead = _LEAD.match(text)
    for sentence in _SENTENCE.finditer(text, lead.end() if lead else 0):
        said = sentence[0]
        good = not _IN_SENTENCE.search(said.lower()) and bool(
            _BANNER.match(said) or (follows and _ADVICE.match(said))
        )
        good = good or (follows and not any(map(str.isalnum, said)))  # a rule at the end
        follows = follows or good
        yield sentence.end(), good


_ABOUT_MAIL = re.compile(
    r"(?:\bdiese[rsmn]?|\bthis|\bce|\bcet|\bcette|\bdit|\bdeze|\bquest[aoe]|\beste|\bniniejsz\w{1,2}|\bta"
    r"|\bbu|\bez az?)\s+(?:transmitted |electronic )?"
    rf"(?:{_MAIL}|communication|bericht|messaggio|correo|mensaje|wiadomość|e-?posta|ileti|üzenet)\b"
    r"|\W*(?:vertraulichkeit|confidentiality|disclaimer|haftungsausschluss|avis de confidentialité)"
)  # in lower case
_ADDRESSED = re.compile(
    r"empfänger|adressat|recipient|addressee|addressed|destinataire|destinatari|geadresseerde|adresat|alıcı|címzett|bestemd|intended|bestimmt|gerichtet|destinée?"
)  # in lower case
_PROTECTED = re.compile(
    r"vertraulich|confidenti|irrtümlich|versehentlich|in error|by mistake|nicht der|not the|unbefugt"
    r"|vertrouwelijk|per ongeluk|ten onrechte|verwijder|riservat|confidenzial|per errore|confidencial"
    r"|por error"
    r"|poufn|omyłk|przypadk|gizli|yanlışlıkla|bizalmas|tévedés"
    r"|unauthori[sz]ed|destroy|lösch|delete|vernicht|détrui|erreur|privileged|geschützt|prohibited|untersagt"
)  # in lower case
_BY_PERSON = re.compile(r"\b(?:ich|mich|mir|je|j['’]ai|ik)\b|\A\W{0,9}p\.? ?s\b")  # in lower case
_SHORT_NOTICE, _LONGEST_NOTICE = 60, 3_000


def is_notice(paragraph: str, *, closed: bool) -> bool:
    """Return whether a paragraph is a notice of confidentiality; `closed`: a closing formula is above it."""
    text = paragraph[:_LONGEST_NOTICE].strip()
    if "?" in text or "#" in text or not (_SHORT_NOTICE if closed else 160) <= len(text) < _LONGEST_NOTICE:
        return False
    text = text.lower()
    if _BY_PERSON.search(text):
        return False
    return bool(_ABOUT_MAIL.search(text[:200]) and _ADDRESSED.search(text) and _PROTECTED.search(text))
