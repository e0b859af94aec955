"""Recognise how mail programs introduce a quoted mail: attribution lines, header blocks, separators.

The tables contain the words for "wrote", "From" and "Original message" in many languages. Each test reads a
bounded part of the text, so the total time is linear.
"""

import re

MAX_LINE_LENGTH = 500  # characters of a line that are tested
_MAX_WRAPPED = 4  # lines over which an attribution may be wrapped

_WROTE = re.compile(
    r"(?<!\w)(?:wrote|writes|schrieb(?:en|st)?|(?:folgendes )?geschrieben|schreibt|schreef|skrev"
    r"|a\s+[ée]crit|ha\s+scritto|scrisse"
    r"|escribi[óo]|ha\s+escrit[o]?|escreveu|napisał(?:\(a\)|a)?|pisze|napsala?|napísala?|написала?"
    r"|писала?|написав|пише"
    r"|написа|напиша|kirjoitti|írta|a\s+scris|yazdı|έγραψε|kirjutas|rakstīja|rašė|napisao"
    r"|je\s+napisala?|skrifaði|menulis"
    r"|đã viết|(?:의\s*)?작성|님이\s*작성|كتب|כתב(?:ה)?)(?!\w)|写道|寫道|書きました|のメール",
    re.I,
)
_STEM = re.compile(
    r"wrote|write|schr|skr|crit|scri|scre|naps|napi|napí|pisz|pisa|писа|пиш|kirj|írta|yazd|γραψ|rakst|raš"
    r"|menulis|viết|작성|كتب|כתב|写道|寫道|書き|メール"
)
_START = re.compile(
    r"[\s>*_\-\u2010-\u2015\u200e\u200f\u202a-\u202e]*(?:(?:on|am|le|el|il(?: giorno)?|op|den|em"
    r"|no dia|w dniu|dnia|dne|dana|στις|на|в|у"
    r"|på|na|a|ha|pada|vào|kuupäeval|في|בתאריך|在|于|zitat von|quoting)(?!\w)"
    r"|\d|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?[,. ]|(?:mo|di|mi|do|fr|sa|so)[.,] "
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|\w{2,13}[.,] +\d{1,2}[. ])",
    re.I,
)
_GERMAN_START = re.compile(r"[\s>*-]*am\s+(?:\w+[.,]*\s+){0,3}\d", re.I)
_DATE = re.compile(
    r"\d{1,2}[:.]\d{2}|(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}"
    r"|\d{1,2}\.? ?(?:jan|feb|m[äa]r|apr|ma[iy]|jun|jul|aug|sep|o[kc]t|nov|de[zc])",
    re.I,
)
EMAIL = re.compile(r"[^\s<>\[\]()\"':;,&@]{1,100}@[\w-]{1,100}(?:\.[\w-]{1,100}){1,8}|@[\w-]+\.[\w.-]+")
_GMAIL_WITHOUT_COLON = re.compile(
    r"\s*\d{4}[-/]\d{1,2}[-/]\d{1,2} (?:\d{1,2}:\d{2} (?:GMT|UTC)[+-]\d|.{0,80}<[^<>\s]+@[^<>\s]+>\s*$)"
)
_QUOTING = re.compile(r"\s*(?:zitat von|quoting)\s.{1,150}:\s*$", re.I)
_ABBREVIATED = re.compile(
    r"\b(?:jan|feb|mär|mrz|mar|apr|jun|jul|aug|sept?|o[kc]t|nov|de[zc]|mo|di|mi|do|fr|sa|so"
    r"|janv|févr|avr|juil|déc|lun|mer|jeu|ven|sam|dim)\.\s*$",
    re.I,
)
_NAME_WORD = re.compile(
    r"(?:via|von|van|de[rnls]?|zu|zum|zur|vom|und|and|of|the|at|um|am|an|on|uhr|du|le|la|el|di|da"
    r"|dos|bin|al|per|im|in|fwd)$",
    re.I,
)


def is_attribution(text: str, quoted_next: bool, open_end: bool) -> bool:
    """Return whether a line, or several joined lines, are the attribution of a quotation.

    `quoted_next`: lines with ">" follow; `open_end`: a blank line, a header block or nothing follows.
    """
    text = text.replace("&lt;", "<").replace("&gt;", ">").strip(" \t\xa0*_-\u2010\u2011\u2012\u2013\u2014")
    if _QUOTING.match(text):
        return True
    if _GMAIL_WITHOUT_COLON.match(text) and (open_end or quoted_next):
        return True
    ends = text.endswith((":", "：", ":*"))
    verb = next(iter(list(_WROTE.finditer(text))[-1:]), None) if _may_say_wrote(text) else None
    if verb is None and not ends:
        return False
    has_date, has_address = bool(_DATE.search(text)), bool(EMAIL.search(text))
    if verb is None:
        return has_address and has_date and bool(_START.match(text))
    after = text[verb.end() :].rstrip(" :：-*")
    if not ends and after:
        return open_end and has_date and bool(_GERMAN_START.match(text)) and _is_name(after)
    if not ends and not quoted_next and not (has_date and has_address):
        return has_date and open_end and bool(_START.match(text))
    if not has_date and not has_address:
        return quoted_next and ends and len(text) < 100
    return quoted_next or _is_name(after) or bool(EMAIL.search(after[-80:]))


def _is_name(text: str) -> bool:
    """Return whether a text is names, addresses and dates rather than the rest of a sentence."""
    text = re.sub(r"\([^()]{0,100}\)|\"[^\"]{0,100}\"|<[^<>]{0,200}>", " ", text)
    words = text.split()
    if len(words) <= 1:
        return True
    plain = [w for w in words if w[0].islower() and not _NAME_WORD.match(w.strip(".,:")) and "@" not in w]
    return not plain and not text.endswith((".", "!", "?"))


def attribution_length(lines: list[str], at: int) -> int:
    """Return the number of lines of the attribution that begins at `at`; 0 if there is none."""
    line = lines[at][:MAX_LINE_LENGTH]
    if not (_START.match(line) or ("@" in line and EMAIL.search(line)) or _may_say_wrote(line)):
        return 0
    joined = ""
    for count in range(1, _MAX_WRAPPED + 1):
        if at + count > len(lines):
            return 0
        piece = lines[at + count - 1][:MAX_LINE_LENGTH].strip()
        if count > 1 and (not piece or _is_header_field(lines, at + count - 1)):
            return 0
        joined = f"{joined} {piece}" if joined else piece
        if len(joined) > MAX_LINE_LENGTH or (count > 1 and not _may_continue(piece, lines[at])):
            return 0
        if _may_end(piece, joined) and _ends_here(lines, at, count, joined):
            return count
    return 0


def _may_say_wrote(text: str) -> bool:
    """Return whether a text may contain a word for "wrote": a cheap test before the full one."""
    return bool(_STEM.search(text.lower()))


def _may_end(piece: str, joined: str) -> bool:
    return ":" in piece[-4:] or piece.endswith("：") or joined[:4].isdigit() or _may_say_wrote(joined)


def _ends_here(lines: list[str], at: int, count: int, joined: str) -> bool:
    following = _next_filled(lines, at + count)
    nearest = lines[at + count] if at + count < len(lines) else ""
    quoted_next = is_quoted(following) or following.startswith("| ")
    open_end = not nearest.strip() or quoted_next or bool(label(following))
    return is_attribution(joined, quoted_next, open_end)


def _may_continue(piece: str, first: str) -> bool:
    """Return whether a further line may continue an attribution, whose first line ends no sentence."""
    if is_quoted(piece) and not re.match(r">\s*[:,]|> (?:wrote|schrieb)", piece):
        return False
    begins = bool(_START.match(first) or EMAIL.search(first))
    return begins and (not first.rstrip().endswith((".", "!", "?", ":")) or bool(_ABBREVIATED.search(first)))


def _is_header_field(lines: list[str], at: int) -> bool:
    return bool(label(lines[at]))


def _next_filled(lines: list[str], at: int) -> str:
    for line in lines[at : at + 4]:
        if line.strip():
            return line[:MAX_LINE_LENGTH]
    return ""


_QUOTED = re.compile(r"\s{0,4}(?:[A-Z]{1,3})?>")


def is_quoted(line: str) -> bool:
    """Return whether a line has a quotation mark: ">", or the initials of The Bat."""
    return ">" in line[:8] and bool(_QUOTED.match(line))


# Field names, by meaning, of the header blocks that Outlook and others put above a quoted mail.
_LABELS: dict[str, str] = {
    "from": "von from de da van från fra od от від 发件人 發件人 寄件者 寄件人 差出人 "
    "보낸_사람 보낸사람 kimden gönderen feladó lähettäjä από expéditeur remitente "
    "mittente من מאת absender afzender avsändare nadawca odesílatel отправитель de_la "
    "dari šalje",
    "date": "gesendet gesendet_am datum sent sent_at date envoyé envoyé_le inviato inviata "
    "data verzonden skickat skickades sendt wysłano wysłane enviado enviado_el "
    "enviado_em enviada_em enviada fecha отправлено надіслано дата 发送时间 發送時間 "
    "日期 送信日時 送信日 보낸_날짜 날짜 gönderildi gönderme_tarihi tarih elküldve "
    "dátum lähetetty päivämäärä päiväys στάλθηκε ημερομηνία message_du date_d'envoi "
    "trimis odesláno dato تاريخ تم_الإرسال erstellt verschickt poslano",
    "to": "an to à a aan till til do para кому 收件人 宛先 받는_사람 받는사람 kime alıcı "
    "címzett vastaanottaja προς către komu empfänger destinataire destinatario "
    "adresat إلى za prima",
    "cc": "cc bcc kopie kopi kopia copie copie_à copia копия копія 抄送 kopio másolat",
    "subject": "betreff betrifft betr subject objet sujet oggetto onderwerp ämne emne temat "
    "asunto assunto тема 主题 主題 主旨 件名 제목 konu tárgy aihe θέμα subiect "
    "předmět thema predmet الموضوع",
}
_MEANING = {word.replace("_", " "): meaning for meaning, words in _LABELS.items() for word in words.split()}
_ANY_LABEL = "|".join(sorted((re.escape(word) for word in _MEANING), key=len, reverse=True))
_LABEL = re.compile(rf"[\s>*_|\u200e\u200f]*({_ANY_LABEL})[\s*_]*[:：]", re.I)
_TIME = re.compile(r"\s*\d(?!.*@)")
_LABEL_INSIDE = re.compile(rf"({_ANY_LABEL})[ *_]*[:：]", re.I)
_MAX_BLOCK = 14  # lines within which the fields of a header block must be
_MAIN = frozenset({"from", "date", "to", "subject"})


def label(line: str) -> str:
    """Return the meaning of the field name at the start of a line ("from", "date" …), or ""."""
    line = line[:80]
    match = _LABEL.match(line) if ":" in line or "：" in line else None
    meaning = _MEANING[match[1].lower()] if match else ""
    if match and meaning == "from" and _TIME.match(line, match.end()):
        return ""  # "Von: 8 Uhr" belongs to a filled-in form
    return meaning


def is_header_block(lines: list[str], at: int) -> bool:
    """Return whether a block of header fields begins on a line, as above a quoted mail in Outlook."""
    if not label(lines[at]):
        return False
    found, gap = set(), 0
    shown = ""
    for line in lines[at : at + _MAX_BLOCK]:
        meaning = label(line)
        gap = 0 if meaning else gap + 1
        if gap > 2:
            break
        if meaning:
            found.add(meaning)
        shown += line[:MAX_LINE_LENGTH] + "\n"
    found &= _MAIN
    if len(found) >= 3:
        return True
    if len(found) == 1:
        return (
            len({_MEANING[m.lower()] for m in _LABEL_INSIDE.findall(lines[at][:MAX_LINE_LENGTH])} & _MAIN)
            >= 3
        )
    return "from" in found and found != {"from", "to"} and bool(EMAIL.search(shown) and _DATE.search(shown))


_RULE = r"[-_=*#~\u2010-\u2015\u2500]"
_INTRODUCES = re.compile(
    rf"[\s>]*(?:{_RULE}{{2}}|please|bitte|reply|respond|write|type|antwort|schreib"
    r"|répond|écri|merci|veuillez|begin|anfang|début|start|inicio|inizio|weitergeleitet)",
    re.I,
)
_SEPARATOR = re.compile(
    rf"[\s>]*{_RULE}{{2,}}[ \t]*(?:original(?:e|er|al)?[- ]?(?:message|nachricht|mail|e-mail|text)"
    rf"|urspr(?:ü|ue)ngliche[rs]?[- ](?:nachricht|mail|e-mail|meldung|message)"
    r"|message d['’]origine|mensaje original|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|originalmeddelande|oprindelig meddelelse"
    r"|opprinnelig melding|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|eredeti üzenet"
    r"|alkuperäinen viesti|исходное сообщение|пересылаемое сообщение"
    r"|orijinal mesaj|原始邮件|原始郵件|original appointment|ursprünglicher termin|reply message"
    r"|mail original|quoted (?:message|text)|zitierte nachricht|message original"
    rf"|wiadomość wysłana|received message|beantwortete nachricht|vorherige nachricht)[^\w]*{_RULE}*",
    re.I,
)
_ABOVE = re.compile(
    r"[\s>]*[-#=*_~.\u2010-\u2015]{2,}.{0,60}\b"
    r"(?:above this line|au-dessus de cette ligne|(?:oberhalb|über|ueber) diese[rs]? (?:linie|zeile))"
    r"|[\s>]*(?:please )?(?:reply|respond|write|type)\b.{0,40}\babove this line\W{0,10}$"
    r"|[\s>]*(?:(?:merci de|veuillez) )?(?:répond|écri)\w*\b.{0,40}au-dessus de cette ligne\W{0,10}$"
    r"|[\s>]*(?:bitte )?(?:antwort|schreib)\w*\b.{0,40}"
    r"(?:oberhalb|über|ueber) diese[rs]? (?:linie|zeile)\W{0,10}$",
    re.I,
)
_FORWARD = re.compile(
    rf"[\s>]*(?:{_RULE}{{2,}}[ \t]*(?:forwarded (?:message|by|mail)|weitergeleitete (?:nachricht"
    rf"|mail|e-mail)|weitergeleitet von|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat meddelande"
    r"|videresendt|przekazana wiadomość|пересланное сообщение|przesłana wiadomość|转发|továbbított)"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail|mail):"
    r"|début du message (?:réexpédié|transféré)|inizio messaggio inoltrato|start of forwarded"
    r"|inicio del mensaje reenviado"
    r"|weitergeleitete nachricht:|begin doorgestuurd bericht:)",
    re.I,
)


def may_introduce(line: str) -> bool:
    """Return whether a line may be a separator, forward marker or header field, by a cheap test."""
    head = line[:80]
    return ":" in head or "：" in head or bool(_INTRODUCES.match(head))


def is_separator(line: str) -> bool:
    """Return whether a line is a separator before a quoted mail."""
    line = line[:MAX_LINE_LENGTH]
    return bool(_SEPARATOR.match(line) or (len(line) < 200 and _ABOVE.match(line)))


def is_forward_marker(line: str) -> bool:
    """Return whether a line is a marker before a forwarded mail."""
    return bool(_FORWARD.match(line[:MAX_LINE_LENGTH]))
