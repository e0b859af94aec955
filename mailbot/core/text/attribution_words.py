"""Words of attribution lines in many languages: verbs, months, weekdays, connecting words."""

import re
from functools import lru_cache

_WROTE = re.compile(
    r"(?<!\w)(?:wrote|writes|written by|schrieb(?:en|st)?|geschrieben|schreibt|schreef|skrev"
    r"|a\s+[ée]crit|[ée]crivait|ha\s+scritto|scrisse|scrive"
    r"|escribi[óo]|ha\s+escrit[o]?|va\s+escriure|escreveu|idatzi\s+du"
    r"|napisał(?:\(a\)|a|/a)?|napisana\s+przez|pisze|napsala?|napísala?|napísal\(a\)|написала?|написал\(а\)"
    r"|писала?|написав|написала|пишет?"
    r"|је\s+написао(?:/ла)?|написа|напиша|kirjoitti|írta|a\s+scris|yazdı|έγραψε|kirjutas|rakstīja"
    r"|rašė|parašė|napisao|je\s+napisala?|napisao\s+je|skrifaði|menulis|shkroi|ka\s+shkruar"
    r"|đã viết|(?:의\s*)?작성|님이\s*작성|كتب(?:ت)?|نوشت|כתב(?:ה)?|מאת|เขียนว่า)(?!\w)"
    r"|写道|寫道|書きました|のメール"
)  # in lower case
# A part of each of these words, for a cheap test.
_STEMS = (
    "wrote", "writ", "schr", "skr", "crit", "écri", "ecri", "scri", "scre", "naps", "napi", "napí", "pisz",
    "pisa", "напи", "писа", "пише", "kirj", "írta", "yazd", "γραψ", "rakst", "raš", "menulis", "viết", "작성",
    "كتب", "نوشت", "כתב", "מאת", "写道", "寫道", "書き", "メール", "idatzi", "shkr", "เขียน",
)  # fmt: skip
_ASCII_STEMS = tuple(filter(str.isascii, _STEMS))
# The word with which an attribution begins, before the date.
START = (
    r"on|am|le|el|en|il(?: giorno)?|op|den|em|no dia|a les|w dniu|dnia|dne|dana|στις|на|в|у|po|pe|v|ve"
    r"|på|na|a|ha|pada(?: tanggal)?|vào|kuupäeval|في|بتاريخ|בתאריך|ב|在|于|더|wiadomość|missatge"
    r"|em qua|le jour|më|în"
)
MONTHS = (
    "jan|feb|mär|maerz|mar|mrz|apr|mai|may|jun|jul|aug|sep|sept|okt|oct|nov|dez|dec|januar|februar|märz|febr|márc|ápr|máj|jún|júl|szept"
    "|april|juni|juli|august|september|oktober|november|dezember|january|february|march|june|july|october"
    "|december|jänner|janv|févr|avr|juin|juil|août|déc|janvier|février|mars|avril|juillet|septembre"
    "|octobre|novembre|décembre|gen|mag|giu|lug|ago|set|ott|dic|gennaio|febbraio|marzo|aprile|maggio"
    "|giugno|luglio|agosto|settembre|ottobre|dicembre|ene|abr|enero|febrero|abril|mayo|junio|julio"
    "|septiembre|octubre|noviembre|diciembre|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro"
    "|novembro|dezembro|mrt|mei|januari|februari|maart|augustus|maj|maí"
)
WEEKDAYS = (
    "mo|di|mi|do|fr|sa|so|mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|montag|dienstag|mittwoch|donnerstag"
    "|freitag|samstag|sonnabend|sonntag|monday|tuesday|wednesday|thursday|friday|saturday|sunday|lun|mar|mer"
    "|jeu|ven|sam|dim|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|gio|sab|dom|lunedì|martedì"
    "|mercoledì|giovedì|venerdì|sabato|domenica|mié|jue|vie|sáb|lunes|martes|miércoles|jueves|viernes"
    "|sábado|domingo|seg|ter|qua|qui|sex|ma|wo|vr|za|zo|maandag|dinsdag|woensdag|donderdag|vrijdag"
    "|zaterdag|zondag|pon|wt|śr|czw|pt|sob|niedz|mån|tis|ons|tors|fre|lör|sön|man|tir|tor|lør|søn|mán|þri|mið|fim|fös|lau"
    "|пн|вт|ср|чт|пт|сб|вс|нд"
)
DAY_WORD = rf"(?:{WEEKDAYS}|{MONTHS})"
# The words between a word for "on" and the day of a date.
BEFORE_DAY = rf"(?:(?:(?i:de[mnr]|the|giorno|{DAY_WORD})[.,]*|[^\W\d_]{{1,12}}[.,]+)\s+){{0,3}}"
# Words between the date, the name and the verb; they say nothing by themselves.
CONNECTING = frozenset(f"{MONTHS}|{WEEKDAYS}".split("|")) | frozenset(
    """
    on am um uhr den dem der the at of by via from hat heeft ha har on-behalf an und and or cet cest gmt utc
    est pst pdt edt a à au le la les il el los las al alle ore ora giorno lo de del da do das dos di du des às
    em dia no na o os w dniu dnia godz o-godz g r г р год в о от kl klo kell plkst u ob pm m p π μ
    στις ο χρήστης über
    von vom van vor bei zu zum zur im in het op ter volgende folgendes folgende following följande følgende
    siguiente seguinte seguente quanto segue qui suit ce que
    wiadomość użytkownik odesílatel uživatel používateľ dne den uporabnik oseba je korisnik lietotājs
    pzt sal çar per cum cmt paz
    tarihinde şunu şunları saat ezt időpont şöyle vào lúc ngày thg tháng pada tanggal pukul kuupäeval kirjutas
    you du vous yang në escribió horas hrs hs bin ibn al-
    """.split()  # noqa: SIM905 - a word list reads better than two hundred quotation marks
)
# First words of a sentence by a person.
SENTENCE_STARTS = frozenset(
    """
    wie was das dies diese dieser ich wir du er sie es ihr wenn als da so hier nachdem heute gestern vorhin
    leider bitte danke hallo hi hey moin liebe lieber dear hello thanks as i we you he she it this that here
    today yesterday please sorry ok okay ja nein yes no laut siehe see comme voici bonjour merci nous je auch
    und aber denn doch erledigt super passt achtung oui non top prima viele lg vg mfg
    """.split()  # noqa: SIM905 - as above
)
# Whole answers, after which an attribution may begin with a name in the same line.
SHORT_ANSWERS = frozenset(
    """
    ja nein ok okay danke erledigt passt super top prima bitte gerne jep jo nö fertig klappt läuft geht stimmt
    gemacht verstanden perfekt toll klasse spitze
    yes no yep nope thanks thx done fine oui non merci d'accord parfait fait
    bedankt graag tak nie działa dziękuję dzięki evet hayır tamam teşekkürler sì grazie sí gracias vale
    """.split()  # noqa: SIM905 - as above
)
ABBREVIATED = frozenset(f"{MONTHS}|{WEEKDAYS}".split("|")) | {
    "dr", "prof", "dipl", "ing", "mag", "hr", "fr", "frl", "mr", "mrs", "ms", "st", "mme", "mlle", "jr", "sr",
    "med", "rer", "nat", "phil", "bzw", "ca", "maalisk",
}  # fmt: skip
OFFICES = frozenset({"team", "support", "hilfe", "schule", "it"})
"""Words in names that are stop words elsewhere."""


@lru_cache(maxsize=64)  # several tests look at the same lines
def may_say_wrote(text: str) -> bool:
    """Return whether a text may contain a word for "wrote": a cheap test before the full one."""
    text = text.lower()
    return any(map(text.__contains__, _ASCII_STEMS if text.isascii() else _STEMS))


@lru_cache(maxsize=64)
def verbs(text: str) -> tuple[re.Match[str], ...]:
    """Return the places of the words for "wrote"."""
    if not may_say_wrote(text):
        return ()
    lower = text.lower()
    return tuple(_WROTE.finditer(lower if len(lower) == len(text) else text))
