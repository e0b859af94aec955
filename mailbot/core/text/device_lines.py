"""Recognise the lines that devices and mail programs add below a text: "Von meinem iPhone gesendet".

Such a line says that the mail was sent, and names a device or a program. People write "Gesendet vom
Sekretariat", and sentences about their devices.
"""

import re

_MAX_LENGTH = 160  # characters of a line

# All patterns see a line in lower case: patterns that ignore case take five times as long.
_PHONE = (
    r"i-?phon[eu]\S*|i-?pad\S*|ipod|android\S*|smartphone|mobiltelefon|blackberry|samsung|galaxy|huawei|xiaomi"
    r"|redmi|pixel|fairphone|motorola|honor|oppo"
)
_DEVICE = (
    rf"(?:{_PHONE}|i (?:phone|pad|pod)|handy|mobilger[äa]t\S*|mobile?s?\b|phone|tablet|nokia|sony|htc|oneplus"
    r"|wiko|amazon fire|apple|mac(?:book)?\b|chromebook|laptop|pc\b|telefon|device"
    r"|(?:mein\w{0,2}|diesem|einem|android|ios|mobile[nmrs]?)[- ]ger[äa]t"
    # fr, es, it, nl, pl, tr, hu
    r"|portable|téléphone|tablette|appareil|móvil|celular|teléfono|dispositiv|cellulare|telefono|toestel"
    r"|telefoon|apparaat|urządzeni|komórk|cihaz|készülék)"
)
_PROGRAM = (
    r"(?:windows|outlook|yahoo|gmx|web\.de|t-online|telekom|freenet|posteo|mailbox\.org|ionos|icloud|gmail"
    r"|google|proton\S*|tuta(?:nota)?|thunderbird|k-9|fairemail|blue ?mail|aqua ?mail|airmail|mailbird|mailo"
    r"|mailspring|em client|iserv|nextcloud|zimbra|zoho|spark\b|superhuman|shortwave|canary|edison|newton"
    r"|polymail|typeapp|nine(?=<|\s*$)|apple mail|app\b|mail (?:for|für|pour|para|per|voor|dla)\b|mail[- ]app"
    r"|hey (?:for|für) |aplikacj|programu|applicat?ion|correo para|courrier pour)"
)
_SENDER = rf"(?:{_DEVICE}|{_PROGRAM})"
_NAMED = rf"(?=.{{0,50}}{_SENDER})"
_END = r"[.!]?\s*(?:$|<|\()"
_APOLOGY_WORDS = (
    r"(?:tippfehler|schreibfehler|typos?|brevity|k[üu]rze|autocorrect|autokorrektur|entschuldig"
    r"|verzeih|excuse|pardon|sorry|fautes|brièveté|concision)"
)
_SENT_DE = r"(?:gesendet|geschickt|versendet|verschickt|versandt|gesandt|geschrieben|verfasst)"
_GREETING_DE = r"(?:mit )?(?:freundlichen?|besten?|schönen?|viele|liebe|herzlichen?) gr[üu](?:ß|ss)en?"
_NO_SENTENCE = r"(?!.*\b(?:is|was|does|not|never|nothing|cannot)\b|.*n['’]t\b)"
_SYSTEM = r"(?:ios|android|iphone|ipad|mac|windows)\b"

_LINES = {
    "de": (
        r"(?:gesendet|geschickt|versendet|verschickt|versandt|gesandt|verfasst)"
        rf" (?:von|vom|über|mit|aus|via|per|durch)\b{_NAMED}[^?!]{{2,90}}$",
        rf"(?:diese (?:e-?mail|mail|nachricht) wurde )?(?:von|vom|mit|über|aus) {_NAMED}.{{2,80}}"
        rf"{_SENT_DE}{_END}",
        rf"(?:diese (?:e-?mail|mail|nachricht) wurde) (?:von|mit|über|aus) (?=.{{0,60}}{_SENDER})"
        rf".{{2,80}}{_SENT_DE}[.!]?\s*(?:$|[^?#]{{0,30}}{_APOLOGY_WORDS}[^?#]{{0,60}}$)",
        rf"diese nachricht ist von\b{_NAMED}",
        rf"{_GREETING_DE} (?:von|vom|aus) {_NAMED}.{{2,50}}gesendet[.!]?\s*$",
        rf"{_GREETING_DE} (?:gesendet )?(?:von|vom) (?:mein\w{{1,2}} )?(?:{_PHONE})[.!]?\s*$",
        r"(?:mobil|(?:von )?unterwegs) (?:gesendet|geschickt|geschrieben|getippt)"
        rf"(?:[.!]?\s*$|, (?:daher|deshalb|bitte|sorry)\b[^?]{{0,40}}(?:\bkurz|{_APOLOGY_WORDS})"
        r"[^?]{0,40}$)",
        r"gesendet von unterwegs[.!]?\s*$",
        r"von (?:meinem|unterwegs)\b.{0,40}(?:gesendet|geschickt|versendet|gesandt)[.!]?\s*$",
        rf"(?:hole?n?|lade?n?|besorgen?)(?: (?:sie|dir|sich)){{0,2}} {_PROGRAM} f(?:ü|o)r"
        rf" {_SYSTEM}{_END}",
        rf"outlook für {_SYSTEM}(?: \w+)? (?:herunter)?(?:laden|beziehen|holen|abrufen)",
        r"gesendet mit mailtrack",
    ),
    "en": (
        rf"(?:sent|send|written) (?:from|via|with|by|using|on)\b{_NO_SENTENCE}{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"sent from my {_NO_SENTENCE}(?!school|office|account|home|room|class|work)"
        rf"\S{{2,20}}(?: \S{{2,20}})?{_END}",
        rf"(?:get|download) \[?{_PROGRAM}\]? f(?:o|ü)r {_SYSTEM}",
        r"(?:sent with|sender notified by)(?: mailtrack|\s*$)|powered by cloudmagic|message sent via",
        r"yahoo mail\s?: (?:search|suche|recherche)\w*, \w+,? (?:und |and |et )?\w+[.!]?\s*$",
    ),
    "fr": (
        rf"(?:envoyé|expédié)e? (?:de(?:puis)?|à partir d[e'’]|via|par|avec)\b{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"(?:télécharge[rz]|obten(?:ir|ez)) (?:outlook|bluemail) pour {_SYSTEM}",
        r"provenance : courrier pour windows",
    ),
    "es, pt": (
        rf"enviad[oa] (?:desde|do|de|da|a partir|con)\b{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"(?:obtener|obter o|descargar?|baixar o) outlook para {_SYSTEM}",
    ),
    "it": (
        rf"inviat[oa] (?:da|dal|dall|con)\b{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"(?:ottieni|scarica) outlook per {_SYSTEM}",
    ),
    "nl": (
        rf"(?:verzonden|verstuurd) (?:vanaf|van|met|vanuit|via)\b{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"(?:download )?outlook voor {_SYSTEM}(?: downloaden| ophalen)?{_END}",
    ),
    "sv, da, no, fi": (
        rf"(?:skickat|sendt|skickades|lähetetty) (?:från|fra|med|)\b{_NAMED}[^.!?]{{2,60}}{_END}",
        rf"lähetetty {_NAMED}[^.!?]{{2,60}}{_END}",
    ),
    "pl, cs, sk, hr, ro": (
        rf"(?:wysłan[eoay]|odesláno|poslano|poslané|trimis) (?:z|ze|s|sa|de|de pe|przez)\s{_NAMED}"
        rf"[^.!?]{{2,60}}{_END}",
        rf"pobierz (?:aplikację |program )?outlook(?: dla .{{0,20}}{_SYSTEM})?{_END}",
    ),
    "ru, uk, bg": (
        rf"(?:отправлен[оа]|надіслано|изпратено|послано) (?:с|из|з|от)\b{_NAMED}[^.!?]{{2,60}}\s*$",
    ),
    "tr": (rf"{_SYSTEM}\s?için outlook",),
    "ca, et, id, lt, vi": (
        r"(?:enviat des d|saadetud|dikirim dari|išsiųsta iš|đã gửi từ)\w{0,3}\b"
        rf"{_NAMED}[^.!?]{{2,50}}{_END}",
    ),
    "hu": (
        rf"(?:elküldve|küldve) az? {_NAMED}.{{2,50}}$",
        rf"az {_NAMED}[^.!?]{{2,40}}(?:küldve|elküldve){_END}",
        r"az outlook (?:beszerzése|letöltése)|outlook (?:beszerzése|letöltése)",
    ),
    "el, ar, iw": (r"\u202b?أُ?رسلت من|στάλθηκε από|απεσταλμένο από|נשלח מ",),
    "ja, ko, zh": (
        r"(?:iphone|ipad|android|outlook)\S{0,10}(?:から送信|で送信|에서 보냄)"
        r"|(?:从|從)我的\s?\S{0,20}\s?(?:发送|發送|傳送)|发自我的|傳送自我的|나의 \S{1,20}에서 보냄",
    ),
    "several": (
        rf"(?:von|vom|mit|from|de|depuis|da|desde|van|från)"
        r" (?:meine[mnr]|unsere[mn]|my|mon|mio|mi|meu|mijn|min)"
        rf"(?: \S{{2,12}})? ?(?:{_PHONE})[^,.!?]{{0,25}}[.!]?\s*$",
    ),
}
# These have other words before the device, so that they are tried only if a word of them is in the line.
_BEHIND_WORDS = {
    "gesendet vom": re.compile(rf"(?:[^.!?]{{2,30}}[-–,] ?)?gesendet vom (?:{_PHONE})[.!]?\s*$"),
    "gönderildi": re.compile(rf"\S{{0,20}}(?:{_PHONE})[^.!?]{{0,50}} gönderildi{_END}"),
}
_LINE = re.compile("|".join(pattern for patterns in _LINES.values() for pattern in patterns))
_WITH_APOLOGY = re.compile(
    r"(?:von|vom|mit|sent from|sent via|envoyé de(?:puis)?|gesendet von|gesendet mit)\b.{1,60}?"
    rf"(?:{_PHONE}|handy)"
    rf"(?:\W{{0,3}}gesendet)?\b[^?#]{{0,60}}{_APOLOGY_WORDS}[^?#]{{0,60}}$"
)
# Words of people about their devices: "Vom Handy wird nichts gesendet." Programs begin with "wurde".
_SENTENCE_WORD = re.compile(
    r"\b(?:wird|werden|hab(?:e|en|t)?|hatten?|kann|können|konnten?|nichts?|kein\w{0,2}|geh(?:t|en)|ging"
    r"|funktionier\w{1,3}|läuft|klappt|kommt|kommen|soll|muss|zweimal|doppelt|gestern|vorhin|kam(?:en)?"
    r"|nie|fehl(?:t|en)|aber|raum|klasse|an (?:alle|die|den|das)|to (?:the|all)|room|aux|salle"
    r"|(?:ist|war) (?:das|der|die)"
    r"|works?|worked|cannot|can't|doesn't|nothing|yesterday|wrong|fail(?:s|ed)"
    r"|marche|fonctionne|peux|werkt|niets|gisteren|ieri|wczoraj|ayer)\b|\bhier\s*[.!]?$"
)
_APOLOGY_WORD = re.compile(_APOLOGY_WORDS)


def is_device_line(line: str) -> bool:
    """Return whether a device or program added a line; marks around it and targets of links are removed."""
    if len(line) >= _MAX_LENGTH:
        return False
    line = line.lower()
    found = _LINE.match(line) or _WITH_APOLOGY.match(line)
    found = found or next((p.match(line) for word, p in _BEHIND_WORDS.items() if word in line), None)
    if not found:
        return False
    return not _SENTENCE_WORD.search(line, 4) or bool(_APOLOGY_WORD.search(line))
