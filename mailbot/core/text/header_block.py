"""Recognise header blocks, separators and forward markers above a quoted mail.

The tables contain the words for "From" and "Original message" in many languages. Each test reads a bounded
part of the text, so the total time is linear.
"""

import re

from mailbot.core.model.mail import Address

MAX_LINE_LENGTH = 500  # characters of a line that are tested
EMAIL = re.compile(r"[^\s<>\[\]()\"':;,&@]{1,100}@[\w-]{1,100}(?:\.[\w-]{1,100}){1,8}|@[\w-]+\.[\w.-]+")
# The last digit before what makes it a date or a time; each alternative begins behind it.
DATE = re.compile(
    r"\d(?:[:.]\d{2}|[./-]\d{1,2}[./-]\d{2}|(?:(?<=(?<!\d)1)9|(?<=(?<!\d)2)0)\d\d(?!\d)"
    r"|\.? ?(?:jan|feb|m[äa]r|apr|ma[iy]|jun|jul|aug|sep|o[kc]t|nov|de[zc]))",
    re.I,
)

# Field names, by meaning, of the header blocks that Outlook and others put above a quoted mail.
_LABELS: dict[str, str] = {
    "from": "von from de da van från fra od от від 发件人 發件人 寄件者 寄件人 差出人 "
    "보낸_사람 보낸사람 kimden gönderen feladó lähettäjä από expéditeur remitente "
    "mittente من מאת absender afzender avsändare nadawca odesílatel отправитель de_la "
    "dari šalje saatja từ pošiljatelj",
    "date": "gesendet gesendet_am datum sent sent_at date envoyé envoyé_le inviato inviata "
    "data verzonden skickat skickades sendt wysłano wysłane enviado enviado_el "
    "enviado_em enviada_em enviada fecha отправлено надіслано дата 发送时间 發送時間 "
    "日期 送信日時 送信日 보낸_날짜 날짜 gönderildi gönderme_tarihi tarih elküldve "
    "dátum lähetetty päivämäärä päiväys στάλθηκε ημερομηνία message_du date_d'envoi "
    "trimis odesláno dato تاريخ تم_الإرسال erstellt verschickt poslano "
    "poslato изпратено išsiųsta nosūtīts saadetud enviat tanggal ngày נשלח odoslané",
    "to": "an to à a aan till til do para кому 收件人 宛先 받는_사람 받는사람 kime alıcı "
    "címzett vastaanottaja προς către komu empfänger destinataire destinatario "
    "adresat إلى za prima до adressaat đến per_a אל",
    "cc": "cc bcc kopie kopi kopia copie copie_à copia копия копія 抄送 kopio másolat",
    "subject": "betreff betrifft betr subject objet sujet oggetto onderwerp ämne emne temat "
    "asunto assunto тема 主题 主題 主旨 件名 제목 konu tárgy aihe θέμα subiect "
    "předmět thema predmet الموضوع относно tēma zadeva assumpte subjek chủ_đề נושא",
}
_MEANING = {word.replace("_", " "): meaning for meaning, words in _LABELS.items() for word in words.split()}
_ANY_LABEL = "|".join(sorted((re.escape(word) for word in _MEANING), key=len, reverse=True))
_SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
_AROUND_LABEL = f"{_SPACES}>*_|\u200e\u200f"
_TIME = re.compile(r"\s*\d(?!.*@)")
_LABEL_INSIDE = re.compile(rf"({_ANY_LABEL})[ *_]*[:：]", re.I)
_CLOCK = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?![.\d])|\d ?[ap]m\b", re.I)
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e]")
_DATE_OF_PROGRAM = re.compile(
    r"Date: \w{2,4}, \d{1,2} \w{3,4} \d{4} \d\d:\d\d(?::\d\d)? [+-]\d{4}"
)  # RFC 5322, 3.3
_MAX_BLOCK = 14  # lines within which the fields of a header block must be
_MAIN = frozenset({"from", "date", "to", "subject"})


def has_address(text: str) -> bool:
    """Return whether a text contains an address."""
    return "@" in text and bool(EMAIL.search(text))


def label(line: str) -> str:
    """Return the meaning of the field name at the start of a line ("from", "date" …), or ""."""
    line = line[:80]
    ends = [end for end in (line.find(":"), line.find("：")) if end >= 0]
    if not ends:
        return ""
    word = line[: min(ends)].lstrip(_AROUND_LABEL).rstrip(f"{_SPACES}*_").lower()
    meaning = _MEANING.get(word, "")
    if meaning == "from" and _TIME.match(line, min(ends) + 1):
        return ""  # "Von: 8 Uhr" belongs to a filled-in form
    return meaning


def is_header_block(lines: list[str], at: int) -> bool:
    """Return whether a block of header fields begins on a line, as above a quoted mail in Outlook."""
    if not label(lines[at]):
        return False
    found: set[str] = set()
    gap = 0
    shown = ""
    for line in lines[at : at + _MAX_BLOCK]:
        meaning = label(line)
        gap = 0 if meaning else gap + 1
        if gap > 2 or (meaning == "from" and found == {"from"}):
            break
        if meaning:
            found.add(meaning)
        shown += line[:MAX_LINE_LENGTH] + "\n"
    found &= _MAIN
    if len(found) >= 3:
        shown = _DIRECTION.sub("", shown)
        return bool(has_address(shown) or _CLOCK.search(shown))
    if len(found) == 1:
        return lines[at].count(":") + lines[at].count("：") >= 3 and (
            len({_MEANING[m.lower()] for m in _LABEL_INSIDE.findall(lines[at][:MAX_LINE_LENGTH])} & _MAIN)
            >= 3
        )
    if _DATE_OF_PROGRAM.search(shown):
        return True
    dated = bool(has_address(shown) and DATE.search(shown))
    if found == {"date", "to"}:
        return dated and not any(line.strip() for line in lines[at + 2 : at + _MAX_BLOCK])
    return "from" in found and found != {"from", "to"} and dated


_RULE = r"[-_=*#~\u2010-\u2015\u2500]"
_INTRODUCES = re.compile(
    rf"[\s>]*(?:{_RULE}{{2}}|please|bitte|reply|respond|write|type|antwort|schreib"
    r"|répond|écri|merci|veuillez|begin|anfang|début|start|inicio|inizio|weitergeleitet"
    r"|original|urspr|message d)"
)  # in lower case
_SEPARATOR = re.compile(
    rf"[\s>]*{_RULE}{{2,}}[ \t]*(?:original(?:e|er|al)?[- ]?(?:message|bericht|nachricht|mail|e-mail|text)"
    rf"|urspr(?:ü|ue)ngliche[rs]?[- ](?:nachricht|mail|e-mail|meldung|message)"
    r"|message d['’]origine|mensaje original|messaggio originale|mensagem original"
    r"|origine(?:el|le) bericht|oorspronkelijke? bericht|originalmeddelande|oprindelig meddelelse"
    r"|opprinnelig melding|wiadomość oryginalna|oryginalna wiadomość|původní zpráva|eredeti üzenet"
    r"|alkuperäinen viesti|исходное сообщение|пересылаемое сообщение"
    r"|orijinal mesaj|原始邮件|原始郵件|original appointment|ursprünglicher termin|reply message"
    r"|mail original|quoted (?:message|text)|zitierte nachricht|message original"
    rf"|wiadomość wysłana|received message|beantwortete nachricht|vorherige nachricht)[^\w]*{_RULE}*",
    re.I,
)
_BARE_SEPARATOR = re.compile(
    r"\s*(?:original ?(?:nachricht|message|mail)|ursprüngliche (?:nachricht|mail|e-mail)|message d['’]origine"
    r"|message original)\s*(?::\s*)?"
)  # in lower case
_NAMES_LINE = re.compile(r"line|linie|ligne|zeile|regel|línea|linea|riga|linii|linha|satır|sor")
_ABOVE = re.compile(
    r"[\s>]*[-#=*_~.\u2010-\u2015]{2,}.{0,60}\b"
    r"(?:above this line|au-dessus de cette ligne|(?:oberhalb|über|ueber) diese[rs]? (?:linie|zeile)"
    r"|boven deze (?:regel|lijn)|(?:encima|arriba|por encima) de esta línea|sopra (?:questa riga"
    r"|questa linea)"
    r"|powyżej tej linii|acima desta linha|bu satırın üstüne|a sor fölé)"
    r"|[\s>]*(?:please )?(?:reply|respond|write|type)\b.{0,40}\babove this line\W{0,10}$"
    r"|[\s>]*(?:(?:merci de|veuillez) )?(?:répond|écri)\w*\b.{0,40}au-dessus de cette ligne\W{0,10}$"
    r"|[\s>]*(?:bitte )?(?:antwort|schreib)\w*\b.{0,40}"
    r"(?:oberhalb|über|ueber) diese[rs]? (?:linie|zeile)\W{0,10}$",
    re.I,
)
# Notes: "Lena Lehrerin" ---04.03.2024 10:15:22---Der Beamer
_NOTES = re.compile(
    r"[\s>]*\S{1,40} \S.{0,80}?-{3}\d{1,4}[./-]\d{1,2}[./-]\d{2,4}[ ,]+\d{1,2}:\d{2}:\d{2}(?: [AP]M)?"
    r"-{3}(?=\S)"
)
_FORWARD = re.compile(
    rf"[\s>]*(?:{_RULE}{{2,}}[ \t]*(?:forwarded (?:message|by|mail)|weitergeleitete (?:nachricht"
    rf"|mail|e-mail)|weitergeleitet von|message transféré|mensaje reenviado"
    r"|messaggio inoltrato|mensagem encaminhada|doorgestuurd bericht|vidarebefordrat meddelande"
    r"|videresendt|przekazana wiadomość|пересланное сообщение|przesłana wiadomość|转发|továbbított)"
    r"|begin forwarded message:|anfang der weitergeleiteten (?:nachricht|e-mail|mail):"
    r"|début du message (?:réexpédié|transféré)|inizio messaggio inoltrato|start of forwarded"
    r"|inicio del mensaje reenviado"
    r"|weitergeleitete nachricht:|begin doorgestuurd bericht:)"
)  # in lower case


def may_introduce(line: str) -> bool:
    """Return whether a line may be a separator, forward marker or header field, by a cheap test."""
    head = line[:80]
    return ":" in head or "：" in head or bool(_INTRODUCES.match(head.lower()))


def header_length(lines: list[str], at: int) -> int:
    """Return the number of separators, header fields and blank lines that begin at a line."""
    end = at
    while end < min(len(lines), at + _MAX_BLOCK) and (
        not lines[end].strip() or label(lines[end]) or is_separator(lines[end])
    ):
        end += 1
    return end - at


def is_separator(line: str) -> bool:
    """Return whether a line is a separator before a quoted mail."""
    line = line[:MAX_LINE_LENGTH]
    return bool(
        _SEPARATOR.match(line)
        or ("---" in line and _NOTES.match(line))
        or (len(line) < 200 and _NAMES_LINE.search(line.lower()) and _ABOVE.match(line))
    )


def is_separator_without_rule(lines: list[str], at: int) -> bool:
    """Return whether a line says "Original message", without a rule, above a header block."""
    if len(lines[at]) > 40 or not _BARE_SEPARATOR.fullmatch(lines[at].lower()):
        return False
    below = next((n for n in range(at + 1, min(at + 4, len(lines))) if lines[n].strip()), at)
    return is_header_block(lines, below)


def is_forward_marker(line: str) -> bool:
    """Return whether a line is a marker before a forwarded mail."""
    return bool(_FORWARD.match(line[:MAX_LINE_LENGTH].lower()))


_QUOTED = re.compile(r"\s{0,4}(?:[A-Z]{1,3})?>")


def is_quoted(line: str) -> bool:
    """Return whether a line has a quotation mark: ">", or the initials of The Bat."""
    return ">" in line[:8] and bool(_QUOTED.match(line))


_MAX_LINES = 30  # within which the header block of a forwarded mail begins
_AFTER_LABEL = re.compile(r"^[^:：]{0,40}[:：]")
_MARKS = " \t*_|>\"'„“”‚‘’()[]<,;"


def forwarded_sender(quoted: str) -> Address | None:
    """Return the author of a forwarded mail; None if its header block has no address."""
    lines = [line for line in quoted.split("\n", _MAX_LINES)[:_MAX_LINES] if line.strip("> \t")]
    at = next((at for at, line in enumerate(lines) if label(line) == "from"), None)
    if at is None:
        return None
    value = _AFTER_LABEL.sub("", lines[at][:MAX_LINE_LENGTH])
    if "@" not in value and at + 1 < len(lines) and not label(lines[at + 1]):  # a folded line
        value = f"{value} {lines[at + 1][:MAX_LINE_LENGTH]}"
    found = EMAIL.search(value)
    if found is None or found[0].startswith("@"):
        return None
    name = value[: found.start()].replace("mailto:", "").strip(_MARKS)
    return Address(found[0].lower().rstrip("."), "" if "@" in name else " ".join(name.split()))
