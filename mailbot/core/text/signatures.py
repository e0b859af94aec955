"""Recognise salutations, closing formulas, and signatures of people and devices."""

import re
from itertools import pairwise

MAX_LINE_LENGTH = 160

# Names of devices and programs in the lines that they add below a mail.
_DEVICE = (
    r"i ?phone\S*|i ?pad\S*|i ?pod|android\S*|handy|smartphone|mobiltelefon|mobilger[äa]t\S*"
    r"|mobile?s?\b|phone|tablet|blackberry|samsung|galaxy|huawei|xiaomi|redmi|nokia|sony|htc"
    r"|windows|outlook|yahoo|gmx|web\.de|t-online|freenet|posteo|proton\S*|tutanota|tuta|gmail"
    r"|google|mail(?: app| for|box)?|app|thunderbird|k-9|fairemail|ger[äa]t|device|laptop|mac\b|pc\b|wiko"
)
_DEVICE_LINES = (
    rf"(?:sent|send|written) (?:from|via|with|by|using"
    rf"|on)\b(?=.{{0,40}}(?:{_DEVICE}))[^.!?]{{2,60}}(?:[.!]?\s*$|<|\(|https?:)",
    r"sent from my [^,.!?]{2,50}[.!]?\s*$",
    r"sent from [A-Z]\w+(?:<|\s*$)",
    rf"(?:gesendet|geschickt|versendet|gesandt|verfasst) (?:von|vom|über|mit|aus|via|per"
    rf"|durch)\b(?=.{{0,50}}(?:{_DEVICE}))[^?!]{{2,90}}$",
    rf"(?:diese (?:e-?mail|mail|nachricht) wurde )?(?:von|vom|mit|über|aus) (?:mein|dem|der"
    rf"|unterwegs|einem|m\. )(?=.{{0,60}}(?:{_DEVICE})).{{2,80}}(?:gesendet|geschickt|versendet"
    rf"|gesandt|geschrieben|verfasst)[.!]?\s*$",
    rf"(?:mobil|von unterwegs|vo[nm] (?=.{{0,40}}(?:{_DEVICE})).{{2,50}}) (?:gesendet|geschickt)[.!]?\s*$",
    r"(?:diese (?:e-?mail|mail|nachricht) wurde) (?:von|mit|über|aus) .{2,80}(?:gesendet"
    r"|versandt|verschickt|geschickt)[.!]?\s*$",
    r"von (?:meinem|unterwegs)\b.{0,40}(?:gesendet|geschickt|versendet|gesandt)[.!]?\s*$",
    r"(?:get|download) outlook for|holen sie sich outlook|outlook für \w+ (?:herunterladen"
    r"|beziehen|holen)|laden sie outlook",
    r"(?:envoyé|expédié) (?:de(?:puis)?|à partir d[e']|via|par) (?:mon|ma|mes|un|l[ae']"
    r"|outlook|yahoo|mail|i)\S*[^.!?]{0,60}\s*$|télécharger outlook",
    r"(?:enviado|enviada) (?:desde|do|de|da|a partir) (?:mi|meu|minha|el|o|a|i|outlook"
    r"|yahoo)\S*[^.!?]{0,60}\s*$|obtener outlook|obter o outlook",
    r"(?:inviato|inviata) (?:da|dal|con)\b[^.!?]{2,60}\s*$|ottieni outlook",
    r"(?:verzonden|verstuurd) (?:vanaf|van|met|vanuit|via)\b[^.!?]{2,60}\s*$|outlook voor",
    r"(?:skickat|sendt|skickades) (?:från|fra|med)\b[^.!?]{2,60}\s*$",
    r"(?:wysłan[eoay]|odesláno|poslano|trimis|отправлен[оа]|надіслано|изпратено|poslané"
    r"|послано) (?:z|ze|z\s|s|sa|de|de pe|с|из|з|от|mego|из)\b[^.!?]{2,60}\s*$",
    r"lähetetty\b[^.!?]{2,60}\s*$|az \S+(?:ról|ről|omról|emről)? (?:küldve|elküldve)"
    r"|\S{0,20}(?:iphone|ipad|android)\S{0,10}'?(?:den|dan|umdan|imden|mdan|mden)? gönderildi",
    r"(?:iphone|ipad|android|outlook)\S{0,10}(?:から送信|で送信|에서 보냄)"
    r"|(?:从|從)我的\s?\S{0,20}\s?(?:发送"
    r"|發送|傳送)|发自我的|傳送自我的|나의 \S{1,20}에서 보냄",
    r"\u202b?أُ?رسلت من|στάλθηκε από|απεσταλμένο από|נשלח מ",
    r"powered by cloudmagic|sent (?:by|with) (?:mailspring|superhuman|spark|airmail|sparrow"
    r"|typeapp|bluemail|newton|edison)",
    r"diese nachricht ist von|message sent via|sent (?:using|with) (?:the|my)\b[^.!?]{2,50}$",
)
_MOBILE = re.compile(rf"[\s*_>(\[\u202a-\u202e\u200b-\u200f-]*(?:{'|'.join(_DEVICE_LINES)})", re.I)


def is_mobile_signature(line: str) -> bool:
    """Return whether a device or program added a line, such as "Von meinem iPhone gesendet"."""
    line = line[:500].strip()
    return len(line) < MAX_LINE_LENGTH and bool(_MOBILE.match(line))


_SIGNOFF = re.compile(
    r"[\s*_]*(?:(?:mit |die |ganz )?(?:freundliche[nm]?|besten?|viele[n]?|liebe[n]?|herzliche[nm]?"
    r"|sch[öo]ne[n]?|kollegiale[nm]?|sonnige[n]?)\b.{0,30}(?:gr[üu](?:ß|ss|se)|dank|abend|tag)"
    r"|gr[üu](?:ß|ss)|mfg|lg\b|vg\b|hochachtungsvoll|(?:best|kind|warm|with|many)?\s*(?:regards"
    r"|wishes)|cheers|thanks|thank you|sincerely|yours|danke|saludos|mvh|hilsen"
    r"|(?:bien |très )?(?:cordialement|amicalement|respectueusement)|bien à vous"
    r"|merci(?: (?:beaucoup|bien|d['’]avance|à (?:vous|tous)|et|encore))*\W*$"
    r"|(?:sincères|meilleures|cordiales) salutations|bonne (?:journée|soirée)|salutations)",
    re.I,
)


def is_signoff(line: str) -> bool:
    """Return whether a line is a closing formula."""
    return len(line) < 90 and bool(_SIGNOFF.match(line))


_FAREWELL = re.compile(
    r"[\s*_]*(?:.{0,40}gr[üu](?:ß|ss|se)|mfg|lg\b|vg\b|hochachtungsvoll|.{0,20}(?:regards|wishes)"
    r"|sincerely|yours|.{0,20}(?:cordialement|amicalement|salutations)|bien à vous)",
    re.I,
)
_CONTACT = re.compile(
    # At the start of a word, since "Laptop 2024-1183" is no telephone; a French "portable" may be a laptop.
    r"\b(?:(?:t[ée]l|fon|phone|fax|mob|handy|cell)\w{0,6}|[tmfp]\b)\.?\s*[:.]?\s*[+(]?\d[\d ()/.-]{4,}"
    r"|\bportable\s*:?\s*[+(]?[+0][\d ()/.-]{6,}"
    r"|\+\d{2}[\d ()/.-]{6,}"
    r"|www\.|https?://|[\w.+-]+@[\w-]+\.\w|(?<!\d)\d{5} [A-ZÄÖÜ]\w"
    r"|(?:straße|strasse|str\.|platz|weg|allee) \d"
    r"|\d,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|chemin|quai|allée|impasse) ",
    re.I,
)
_NAME_LINE = re.compile(r"[^\W\d_a-zß-ÿ][\w.'’-]*(?:[ ,/&]+[\w.'’&()-]+){0,5}|_{3,}|-{3,}")
_NOT_CONTACT = re.compile(r"\s*(?:#|p\.? ?s\b|>)", re.I)
_CONTACT_LINES = 16


def contact_block(lines: list[str]) -> int:
    """Return the line at which contact details begin below closing formula and name; else the line count.

    Contact details have at least two lines with a telephone number, a link or an address.
    """
    tail = range(max(0, len(lines) - 3 * _CONTACT_LINES), len(lines))
    greeting = next((at for at in reversed(tail) if len(lines[at]) < 90 and _FAREWELL.match(lines[at])), None)
    if greeting is None:
        return len(lines)
    begin = _after_name(lines, greeting)
    block = [line for line in lines[begin:] if line.strip()]
    if len(block) > _CONTACT_LINES or any(len(line) > 90 or _NOT_CONTACT.match(line) for line in block):
        return len(lines)
    return begin if sum(bool(_CONTACT.search(line)) for line in block) >= 2 else len(lines)


def is_address(lines: list[str]) -> bool:
    """Return whether lines after a mere rule are a name and an address rather than more text."""
    filled = [line.strip() for line in lines if line.strip()]
    if any(_CONTACT.search(line) for line in filled):
        return True
    return bool(filled) and len(filled) <= 6 and all(_NAME_LINE.fullmatch(line) for line in filled)


def _after_name(lines: list[str], greeting: int) -> int:
    """Return the line after the paragraph with the name below a closing formula."""
    at = greeting + 1
    while at < len(lines) and not lines[at].strip():
        at += 1
    first = at
    while at < len(lines) and lines[at].strip() and at - first < 2 and not _CONTACT.search(lines[at]):
        at += 1
    return at


_GREETING = (
    r"(?:hallo|hi|hey|moin|servus|gr[üu](?:ß|ss) gott|guten? (?:tag|morgen|abend)|liebe[rs]?"
    r"|sehr geehrte[rs]?|dear|hello|good (?:morning|afternoon|evening|day)"
    r"|bonjour|bonsoir|ch[eè]re?s?)\b"
)
_TITLE = r"(?:frau|herrn?|dr\.?|prof\.?|mr\.?|ms\.?|mrs\.?|madame|monsieur|mme\.?|m\.)"
_NAMES = r"(?-i:(?: [A-ZÀ-Þ][\w.'’-]*){1,3})"
# A comma may be followed by another greeting or a name; any other text after it is content.
_SALUTATION = re.compile(
    rf"{_GREETING}[^.?!,]{{0,60}}(?:, (?:{_GREETING}[^.?!,]{{0,60}}|{_TITLE}{_NAMES}))*[,!.]?", re.I
)
_THANKS = re.compile(r"dank|thank|merci", re.I)
_SIGNED_LINES = 4


def is_only_greeting(text: str, writer: str) -> bool:
    """Return whether a text is nothing but a salutation, a closing formula and the writer's name."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and len(lines[0].split()) <= 6 and _SALUTATION.fullmatch(lines[0]):
        del lines[0]
    if lines and is_signoff(lines[0]) and not _THANKS.search(lines[0]):
        return len(lines) <= _SIGNED_LINES and not any(_says_more(line) for line in lines[1:])
    names = set(writer.casefold().split())
    return all(is_mobile_signature(line) or set(line.casefold().split()) <= names for line in lines)


def _says_more(line: str) -> bool:
    """Return whether a line below the closing formula is a sentence rather than a name, role or school."""
    return len(line.split()) > 6 or line.endswith(("?", "!", ".")) or ":" in line


_POLITE = frozenset(
    {
        *("bitte", "danke", "dankeschön", "jetzt", "lg", "mfg", "please", "thanks", "now", "merci", "svp"),
        *("maintenant", "ticket", "tickets", "und", "and", "et"),
    }
)
_POLITE_PHRASES = frozenset(
    {
        *(
            ("vielen", "dank"),
            ("besten", "dank"),
            ("herzlichen", "dank"),
            ("danke", "schön"),
            ("danke", "sehr"),
        ),
        *(("viele", "grüße"), ("thank", "you"), ("many", "thanks"), ("merci", "beaucoup")),
    }
)


def without_politeness(words: list[str]) -> list[str]:
    """Return the words of a command's argument without polite words and emoji at both ends."""
    plain = [_alphanumeric(word) for word in words]
    polite = {at for at, word in enumerate(plain) if word in _POLITE or not word}
    for at, phrase in enumerate(pairwise(plain)):
        polite |= {at, at + 1} if phrase in _POLITE_PHRASES else set()
    kept = [at for at in range(len(words)) if at not in polite]
    return words[kept[0] : kept[-1] + 1] if kept else []


def _alphanumeric(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold()))
