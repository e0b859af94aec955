"""Answers and forwarded mails in the formats of many mail programs; invented samples, one per program."""

from tests.support.mail_builder import MailBuilder, mail

NEW = "Danke, der Beamer geht wieder."
OLD = "Der Beamer in Raum 204 ist kaputt."

_LENA = "Lena Lehrerin <lena@schule.example>"
_FIELDS = f"Von: {_LENA}\nGesendet: Montag, 23. November 2026 13:47\nAn: Support\nBetreff: Beamer"


def _answer() -> MailBuilder:
    return mail().subject("Re: [#GYM-104] Beamer").reply_to("<abc@support.example>")


def _text(text: str) -> bytes:
    return _answer().text(text).build()


def _html(markup: str) -> bytes:
    return _answer().html(markup).build()


def _quoted(introduction: str, mark: str = "> ") -> bytes:
    return _text(f"{NEW}\n\n{introduction}\n{mark}{OLD}\n{mark}\n{mark}#close\n")


# Each contains NEW above or below OLD, quoted in the format of the program.
ANSWERS: dict[str, bytes] = {
    "thunderbird": _quoted("Am 23.11.26 um 13:47 schrieb Lena Lehrerin:"),
    "thunderbird with the answer below": _text(
        f"Am 23.11.26 um 13:47 schrieb Lena Lehrerin:\n> {OLD}\n>\n> Gruß\n\n{NEW}\n"
    ),
    "thunderbird in html": _html(
        f'<p>{NEW}</p><div class="moz-cite-prefix">Am 23.11.26 um 13:47 schrieb Lena:<br></div>'
        f'<blockquote type="cite" cite="mid:1">{OLD}</blockquote>'
    ),
    "roundcube": _quoted("Am 2026-11-23 13:47, schrieb Lena Lehrerin:"),
    "roundcube in html": _html(
        f'<p>{NEW}</p><p id="reply-intro">Am 2026-11-23 13:47, schrieb Lena Lehrerin:</p>'
        f'<blockquote type="cite" style="padding: 0 0.4em">{OLD}</blockquote>'
    ),
    "apple mail": _text(f"{NEW}\n\n> Am 23.11.2026 um 13:47 schrieb {_LENA}:\n> \n> {OLD}\n"),
    "apple mail in html": _html(
        f"<div>{NEW}</div><div><br><blockquote type='cite'><div>Am 23.11.2026 um 13:47 schrieb Lena:</div>"
        f"<div>{OLD}</div></blockquote></div>"
    ),
    "iphone": _text(
        f"{NEW}\n\nVon meinem iPhone gesendet\n\n> Am 23.11.2026 um 13:47 schrieb Lena:\n> \n> \ufeff{OLD}\n"
    ),
    "iphone without quotation marks": _text(
        f"{NEW}\n\nVon meinem iPhone gesendet\n\nAm 23.11.2026 um 13:47 schrieb {_LENA}:\n\n\ufeff{OLD}\n"
    ),
    "gmail": _quoted("Am Mo., 23. Nov. 2026 um 13:47 Uhr schrieb Lena Lehrerin <\nlena@schule.example>:\n"),
    "gmail in html": _html(
        f'<div dir="ltr">{NEW}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">'
        f"Am Mo., 23. Nov. 2026 um 13:47&nbsp;Uhr schrieb Lena:<br></div>"
        f'<blockquote class="gmail_quote" style="margin:0">{OLD}</blockquote></div>'
    ),
    "gmail on android": _quoted(f"{_LENA} schrieb am Mo., 23. Nov.\n2026, 13:47:\n"),
    "outlook": _text(f"{NEW}\n\n{_FIELDS}\n\n{OLD}\n"),
    "outlook with a rule": _text(f"{NEW}\n\n________________________________\n{_FIELDS}\n\n{OLD}\n"),
    "outlook 2003": _text(f"{NEW}\n\n-----Ursprüngliche Nachricht-----\n{_FIELDS}\n\n{OLD}\n"),
    "outlook with ae for an umlaut": _text(f"{NEW}\n\n-----Urspruengliche Nachricht-----\n{OLD}\n"),
    "outlook in html": _html(
        f"<p class=MsoNormal>{NEW}</p><div><div "
        f"style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt'>"
        f"<p class=MsoNormal><b>Von:</b> Lena<br><b>Gesendet:</b> Montag</p></div></div>"
        f"<p class=MsoNormal>{OLD}</p>"
    ),
    "outlook on the web": _html(
        f'<div>{NEW}</div><hr style="width:98%"><div id="divRplyFwdMsg"><b>Von:</b> Lena'
        f"<br><b>Gesendet:</b> Montag</div><div>{OLD}</div>"
    ),
    "outlook on a phone": _text(
        f"{NEW}\n\nHolen Sie sich Outlook für iOS<https://aka.ms/o0ukef>\n"
        f"________________________________\n{_FIELDS}\n\n{OLD}\n"
    ),
    "outlook for mac": _text(
        f"{NEW}\n\nVon: {_LENA}\nDatum: Montag, 23. November 2026 um 13:47\nAn: Support\n"
        f"Betreff: Beamer\n\n{OLD}\n"
    ),
    "outlook in bold": _text(
        f"{NEW}\n\n*Von:* Lena <lena@schule.example>\n*Gesendet:* Montag, 23.\nNovember 2026\n"
        f"*An:* x\n\n{OLD}\n"
    ),
    "windows mail": _text(f"{NEW}\n\nGesendet von Mail für Windows\n\n{_FIELDS}\n\n{OLD}\n"),
    "gmx": _text(
        f"{NEW}\n\nGesendet: Montag, 23. November 2026 um 13:47 Uhr\n"
        f"Von: {_LENA}\nAn: x\nBetreff: y\n\n{OLD}\n"
    ),
    "gmx in html": _html(
        f'<div>{NEW}</div><div name="quote" style="border-left: 2px solid #C3D9E5;">'
        f"<div><b>Gesendet:</b> Montag<br><b>Von:</b> Lena</div><div>{OLD}</div></div>"
    ),
    "web.de on android": _quoted(
        "-- \nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\n"
        f"Am 23.11.26, 13:47 schrieb {_LENA}:"
    ),
    "t-online": _text(
        f"{NEW}\n\n-----Original-Nachricht-----\nBetreff: Beamer\nDatum: 2026-11-23\nVon: {_LENA}\n\n{OLD}\n"
    ),
    "samsung": _text(
        f"{NEW}\n\nVon meinem/meiner Galaxy gesendet\n\n-------- Ursprüngliche Nachricht --------\n"
        f"Von: {_LENA}\nDatum: 23.11.26 13:47 (GMT+01:00)\nAn: Support\nBetreff: Beamer\n\n{OLD}\n"
    ),
    "k-9": _quoted(f"Am 23. November 2026 13:47:00 MEZ schrieb {_LENA}:", ">"),
    "kmail": _quoted("Am Montag, 23. November 2026, 13:47:00 CET schrieb Lena Lehrerin:"),
    "evolution": _quoted("Am Montag, dem 23.11.2026 um 13:47 +0100 schrieb Lena Lehrerin:"),
    "horde": _quoted(f"Zitat von {_LENA}:\n"),
    "open-xchange": _text(f"{NEW}\n\n> {_LENA} hat am 23.11.2026 13:47 CET geschrieben:\n> \n> {OLD}\n"),
    "open-xchange without quotation marks": _text(
        f"{NEW}\n\n{_LENA} hat am 23.11.2026 13:47 CET geschrieben:\n\n{OLD}\n"
    ),
    "em client without colons": _text(
        f'{NEW}\n\n------ Originalnachricht ------\nVon "Lena" <lena@schule.example>\nAn x\n'
        f"Datum 23.11.2026\n\n{OLD}\n"
    ),
    "notes": _text(
        f"{NEW}\n\nVon:\tLena Lehrerin\nAn:\tSupport\nDatum:\t23.11.2026 13:47\nBetreff:\tBeamer\n\n{OLD}\n"
    ),
    "yahoo": _text(
        f"{NEW}\n\nAm Montag, 23. November 2026, 13:47:00 MEZ hat Lena <lena@schule.example> "
        f"Folgendes geschrieben: \n\n{OLD}\n"
    ),
    "proton": _quoted(f"{_LENA} schrieb am Montag, 23. November 2026 um 13:47:\n"),
    "tuta": _quoted("23. Nov. 2026, 13:47 von lena@schule.example:\n"),
    "sogo": _quoted(f"Am Montag, November 23, 2026 13:47 CET, schrieb {_LENA}:\n"),
    "zimbra": _text(f"{NEW}\n\n----- Ursprüngliche Mail -----\n{_FIELDS}\n\n{OLD}\n"),
    "the bat": _text(f"{NEW}\n\nLL> {OLD}\nLL> Gruß\n"),
    "spark": _quoted(f"Am 23. Nov. 2026, 13:47 +0100 schrieb {_LENA}:"),
    "groupwise": _text(f"{NEW}\n\n>>> Lena Lehrerin 23.11.2026 13:47 >>>\n\n> {OLD}\n"),
    "iserv": _quoted("Lena Lehrerin schrieb am 23.11.2026 um 13:47:\n"),
    "name before the date, nothing marked": _text(
        f"{NEW}\n\n{_LENA} schrieb am 23.11.2026 13:47:\n\n{OLD}\n"
    ),
    "outlook in english": _text(
        f"{NEW}\n\nFrom: {_LENA}\nSent: Monday, November 23, 2026 1:47 PM\nTo: x\nSubject: y\n\n{OLD}\n"
    ),
    "gmail in english": _quoted("On Mon, Nov 23, 2026 at 1:47 PM Lena <lena@schule.example>\nwrote:\n"),
    "thunderbird in french": _quoted("Le 23/11/2026 à 13:47, Lena Lehrerin a écrit\u00a0:"),
    "gmail in french": _quoted(
        "Le lun. 23 nov. 2026 à 13:47, Lena Lehrerin <lena@schule.example> a\nécrit\u00a0:\n"
    ),
    "iphone in french": _text(
        f"{NEW}\n\nEnvoyé de mon iPhone\n\n> Le 23 nov. 2026 à 13:47, {_LENA} a écrit :\n> \n> {OLD}\n"
    ),
    "outlook in french": _text(
        f"{NEW}\n\nDe : {_LENA}\nEnvoyé : lundi 23 novembre 2026 13:47\nÀ : x\nObjet : y\n\n{OLD}\n"
    ),
    "old outlook in french": _text(
        f"{NEW}\n\n-----Message d’origine-----\nDe : Lena\nEnvoyé : lundi 23 novembre 2026\n\n{OLD}\n"
    ),
    "somebody's own line in french": _text(
        f"{NEW}\n\n-- Merci de répondre au-dessus de cette ligne --\n\n{OLD}\n"
    ),
    "program in a language that is not known": _text(
        f"{NEW}\n\n---------- Původní e-mail ----------\n{_FIELDS}\n\n{OLD}\n"
    ),
    "our own line": _text(f"{NEW}\n\n-- Bitte antworten Sie oberhalb dieser Zeile --\n\n{OLD}\n"),
}

# Forwarded with a word above it (NEW); what is forwarded (OLD) belongs to the problem.
FORWARDS: dict[str, bytes] = {
    "thunderbird": _text(
        f"{NEW}\n\n-------- Weitergeleitete Nachricht --------\nBetreff: \tBeamer\n"
        f"Datum: \tMon\nVon: \tx\n\n{OLD}\n"
    ),
    "apple mail": _text(
        f"{NEW}\n\nAnfang der weitergeleiteten Nachricht:\n\nVon: {_LENA}\nBetreff: x\n\n{OLD}\n"
    ),
    "apple mail with marks": _text(
        f"{NEW}\n\n> Anfang der weitergeleiteten Nachricht:\n> \n> Von: {_LENA}\n> Betreff: x\n> \n> {OLD}\n"
    ),
    "outlook": mail().subject("WG: Beamer").text(f"{NEW}\n\n{_FIELDS}\n\n{OLD}\n").build(),
    "gmail": _text(
        f"{NEW}\n\n---------- Forwarded message ---------\nVon: {_LENA}\n"
        f"Date: Mo., 23. Nov. 2026\nSubject: x\n\n{OLD}\n"
    ),
    "outlook in french": mail()
    .subject("TR: Beamer")
    .text(f"{NEW}\n\nDe : {_LENA}\nEnvoyé : lundi 23 novembre 2026\nÀ : x\nObjet : y\n\n{OLD}\n")
    .build(),
    "thunderbird in french": _text(
        f"{NEW}\n\n-------- Message transféré --------\nSujet : \tBeamer\nDate : \tMon\nDe : \tx\n\n{OLD}\n"
    ),
    "gmail in html": _html(
        f'<div>{NEW}</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message -----'
        f"----<br>Von: Lena<br></div>{OLD}</div>"
    ),
}
