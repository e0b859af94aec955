"""Recognise text that programs add to a mail: lines of devices and scanners, warnings, notices at the end.

No person wrote these texts in a mail, so they belong neither to the answer nor to the problem.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from mailbot.core.text.device_lines import is_device_line

_LINK = re.compile(r"\[([^\[\]]{1,80})\]\s?\([^()\s]{1,300}\)|\s?<(?:https?|mailto):[^<>\s]{1,300}>")
_WRAPPERS = (
    " \t\xa0*_<>()[]|~«»–—-\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2063\ufeff"
)
_TRACKING_MARK = re.compile("[\\u1427\\ufffc\\u200b-\\u200f\\u2060\\ufeff]")
_TRACKING = re.compile("[\\s\u1427\ufffc\u200b-\u200f\u2060\ufeff\xad]+")


def is_mobile_signature(line: str) -> bool:
    """Return whether a device or program added a line, such as "Von meinem iPhone gesendet"."""
    return is_device_line(_plain(line))


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
    return is_device_line(plain) or bool(_SCANNED.match(plain.lower()) or _SCANNER_RULE.match(line.lower()))


def ends_scanner_notice(line: str) -> bool:
    """Return whether a line is the name or the address of a scanner, which is below its notice."""
    return bool(_SCANNER_NAME.fullmatch(line[:100].strip().lower()))


MAX_NOTICE = 400
_MAIL = r"(?:e-?mail|mail|nachricht|message|mitteilung|courriel|courrier|email)"
_SCANNER = (
    r"avast|avg|avira|eset|sophos|kaspersky|bitdefender|g ?data|mcafee|norton|mailscanner|clamav|f-?secure"
    r"|trend ?micro|malwarebytes|comodo|webroot"
)
_PRODUCT = (
    r"(?: (?:mail|e-?mail|anti-?virus|antivirensoftware|internet|security|gateway|server|total|free|premium"
    r"|utm))"
)
_SCANNER_RULE = re.compile(rf"_{{2,20}} (?:information|hinweis|warnung)\w{{0,2}} (?:from|von) (?:{_SCANNER})")
_SCANNER_NAME = re.compile(
    rf"(?:(?:https?://)?www\.)?(?:{_SCANNER}|mailtrack)(?:\.(?:com|de|net|eu)(?:/\S*)?)?"
)
_CHECKED = (  # fr, es, it, nl, pl, tr, hu
    r"(?:vérifié|analysé|contrôlé|comprobado|analizado|escaneado|controllat|verificat|scansionat|gecontroleerd"
    r"|gescand|sprawdzon|przeskanowan|kontrol edil|taran|ellenőriz)"
)
_SCANNED = re.compile(
    r"(?:virenfrei|virus-?free|(?:garanti )?sans virus|libre de virus|privo di virus|virusvrij"
    r"|wolne od wirusów|virüssüz|vírusmentes)\W{0,4}"
    r"(?:(?:https?://)?www\.\w+\.\w+\S*)?\W*$"
    r"|diese (?:e-?mail|nachricht) (?:wurde|ist) .{2,90}(?:viren|malware|schadsoftware|spam)\b.{0,40}"
    r"(?:gepr[üu]ft|[üu]berpr[üu]ft|gescannt|untersucht|getestet|frei|gefunden)"
    rf"|diese (?:e-?mail|nachricht) (?:wurde|ist) (?:von|mit|durch) (?:der |dem |einem )?(?:{_SCANNER})"
    rf"{_PRODUCT}{{0,4}} (?:gepr[üu]ft|gescannt|untersucht|[üu]berpr[üu]ft)\W*$"
    r"|this (?:e-?mail|message)(?: and any attachments)? (?:has been|was|is) (?:scanned|checked|virus)"
    r".{0,120}(?:virus|malware|mailscanner|clean|avast|avg)"
    rf"|(?:gescannt|gepr[üu]ft|scanned|checked|protected|gesch[üu]tzt) (?:von|mit|durch|by|with)"
    rf" (?:{_SCANNER}){_PRODUCT}{{0,4}}\W*$"
    rf"|(?:the|this) (?:message|e-?mail) was (?:checked|scanned) (?:by|with) (?:the )?(?:{_SCANNER})"
    rf"{_PRODUCT}{{0,4}}\W*$"
    r"|l['’]absence de virus dans ce courrier"
    r"|(?:cet? |est[ea] |quest[ao] |deze |ta |bu |ez az )"
    rf"(?:{_MAIL}|correo|messaggio|wiadomość|e-posta|üzenet)"
    rf"(?=.{{0,120}}\b(?:{_SCANNER}))(?=.{{0,120}}(?:virus|wirus|vírus|virüs))(?=.{{0,120}}{_CHECKED})"
    r"[^.!?]{10,140}\W*$"
    r"|(?:p )?(?:bitte )?(?:denken|prüfen|schonen|bedenken) sie .{0,60}umwelt"
    r"|(?:bitte )?(?:prüfen|bedenken|überlegen) sie,? .{0,40}\bob .{0,40}"
    r"(?:ausdruck (?:dieser|der) (?:e-?mail|mail|nachricht)|(?:e-?mail|mail|nachricht) .{0,20}ausgedruckt)"
    r"|(?:p )?please consider (?:the environment|your environmental)|think before you print"
    r"|bevor sie diese (?:e-?mail|nachricht) (?:aus)?drucken|pensez à l['’]environnement avant"
)  # in lower case

_OUTSIDE = (
    r"(?:externe[nmrs]? (?:absender|quelle|adresse|e-?mail|system|person)|external\b"
    r"|au(?:ß|ss)erhalb (?:der|des|von|ihre[rs]|unsere[rs])"
    r"|outside|untrusted|l['’]extérieur"
    r"|expéditeur externe|van buiten|externe afzender|spoza (?:organizacji|szkoły|urzędu|firmy)"
    r"|zewnętrzn\w{2,4}|mittente esterno|(?:da )?fuori (?:dell|dall)\w{1,2}|(?:dall['’])?esterno"
    r"|fuera de (?:la|tu|su)|remitente externo|dışından|harici|kívülről|külső)"
)
_BANNER = re.compile(
    r"\W*(?:[^\W\d_]{1,14}\W{1,4}){0,3}?(?:diese[rs]?|this|ce|cet|cette|die|the|deze|dit|ta|questa|questo"
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
    r"|(?:exercise|use) caution|klicken sie|öffnen sie|vorsicht|bitte seien)"
    r"|\W*(?:achtung|vorsicht|hinweis|warnung)?\W*extern(?:e|er|es)? (?:e-?mail|mail|nachricht"
    r"|absender)\W{1,5}"
    r"(?=.{0,120}(?:\blink|anh[äa]ng|absender))(?:bitte )?(?:vorsicht|keine (?:links?|anhänge)\b"
    r"|(?:anhänge|links?)(?: und (?:anhänge|links?))? (?:nur|nicht)|nur öffnen|prüfen|achten)"
    r"|\W*(?:attention|avertissement)\W{1,4}(?:message|courriel|mail|e-?mail|expéditeur) externe\W*$"
    r"|\W*(?:achtung|vorsicht|warnung|hinweis)\W{1,4}(?:der )?absender ist extern\W*$"
    rf"|\W*(?:[^\W\d_]{{2,18}}\W{{1,4}})?diese {_MAIL} wurde von (?:extern|einem externen (?:server|system))"
    r" (?:gesendet|empfangen|verschickt|zugestellt)\W*$"
    rf"|\W*(?:[^\W\d_]{{2,18}}\W{{1,4}})?diese {_MAIL} (?:stammt|kommt) nicht aus dem"
    r" (?:schul|firmen|behörden|landes|internen ?)netz\w{0,6}\W*$"
    r"|\W*(?:dies ist eine externe|this is an external) (?:e-?mail|nachricht|message)"
    rf"|\W*(?:externer absender|external sender|externe {_MAIL})\W{{1,4}}"
    r"(?:vorsicht|achtung|caution|be careful)"
    rf"|\W*(?:[^\W\d_]{{2,14}}\W{{1,4}})?(?:diese|this) {_MAIL} (?:stammt|kommt|comes?|is) nicht (?:aus|von)"
    r" (?:unserer|ihrer|der) (?:organisation|schule|firma|verwaltung|stadtverwaltung|behörde)"
    r"|\W*(?:you don['’]t often get e-?mail from|some people who received this message don['’]t often"
    r"|sie erhalten nicht (?:häufig|oft) (?:e-?mails?|eine e-?mail|nachrichten) von"
    r"|einige personen, die diese nachricht erhalten haben"
    r"|vous n['’](?:obtenez|avez|recevez) pas souvent"
    # Outlook: the address of the sender follows, and the reader would not write it about themselves
    r"|(?:u ontvangt|je ontvangt) niet vaak (?:e-?mail|berichten)[^.!?]{0,20} van \S+@"
    r"|(?:non si ricevono|non ricevi) spesso (?:messaggi|e-?mail|posta)[^@]{0,40} da \S+@"
    r"|no (?:suele|sueles) recibir correos?[^@]{0,30} de \S+@"
    r"|nie (?:otrzymujesz często|często otrzymujesz) wiadomości[^@]{0,30} \S+@"
    r"|\S+@\S+ (?:kişisinden|adresinden) sık sık e-posta almıyorsunuz)"
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
    r"|prüfen sie (?:bitte )?(?:links|anhänge|den absender)\b"
    r"|ne (?:cliquez|pas)|n['’]ouvrez|soyez|zjqcmqryfpfpt|vorsicht (?:beim|bei)|links und anhänge nicht"
    r"|(?:keine|niemals) (?:\w+ ){0,3}(?:links?|anhänge)\b.{0,40}(?:öffnen|anklicken|klicken))"
    r"|\W*(?:weitere informationen|mehr erfahren|meer informatie)(?:,| over)? (?:warum|waarom) di\w{1,2}"
    r"[^.!?]{0,30}$"
    r"|\W*(?:informazioni sul perché|scopri perché|por qué (?:es )?esto|dowiedz się, dlaczego"
    r"|bunun neden önemli)[^.!?]{0,40}$"
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
    "niet vaak", "spesso", "recibir", "często", "sık sık", "schulnetz",
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
_BY_PERSON = re.compile(
    r"\b(?:ich|mich|mir|je|j['’]ai|ik)\b|\A\W{0,9}p\.? ?s\b|\b(?:frau|herrn?|mme|mevrouw|pani) \w"
    r"|\bging \w{0,20} ?an (?:den|die) falsche"
)  # in lower case
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
