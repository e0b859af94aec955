"""Mails that are odd in one way each; made up here, as small as they can be."""

import base64
import struct
from dataclasses import dataclass, field

from mailbot.core.model.mail import Encryption, MailKind
from tests.support.mail_builder import mail
from tests.support.mail_clients import ANSWERS, FORWARDS


@dataclass(frozen=True)
class MalformedMail:
    """A mail, and the values that must be read from it; None is not checked."""

    content: bytes
    text: str | None = None
    subject: str | None = None
    sender: str | None = None
    names: list[str] | None = None
    kind: MailKind = MailKind.HUMAN
    encryption: Encryption = Encryption.NONE
    defects: list[str] = field(default_factory=list)


_HEAD = b"From: Lena <lena@schule.example>\r\nTo: support@schule.example\r\nSubject: Beamer\r\n"
_PNG = b"\x89PNG\r\n\x1a\n" + b"." * 20


def _typed(content_type: str, body: bytes, more: str = "") -> bytes:
    return _HEAD + f"Content-Type: {content_type}\r\n{more}\r\n".encode() + body


def _subject(raw: bytes) -> bytes:
    return b"From: lena@schule.example\r\nSubject: " + raw + b"\r\n\r\nHallo\r\n"


def _sender(raw: bytes) -> bytes:
    return b"From: " + raw + b"\r\nSubject: Beamer\r\n\r\nHallo\r\n"


def _named(disposition: str) -> bytes:
    part = f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {disposition}\r\n\r\n%PDF-1.4 x\r\n"
    inner = b"--x\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--x\r\n" + part.encode("latin-1") + b"--x--\r\n"
    return _typed("multipart/mixed; boundary=x", inner)


def _tnef() -> bytes:
    def attribute(level: int, name: int, data: bytes) -> bytes:
        return struct.pack("<BHHI", level, name, 0, len(data)) + data + b"\0\0"

    return b"\x78\x9f\x3e\x22\0\0" + b"".join(
        (
            attribute(2, 0x9002, b"\0" * 14),
            attribute(2, 0x8010, b"Stundenplan.pdf\0"),
            attribute(2, 0x800F, b"%PDF-1.4 x"),
        )
    )


def _signed_cms(entity: bytes) -> bytes:
    def value(tag: int, inner: bytes) -> bytes:
        return bytes([tag, 0x82]) + len(inner).to_bytes(2, "big") + inner

    data = bytes.fromhex("06092a864886f70d010701") + value(0xA0, value(0x04, entity))
    return value(
        0x30,
        bytes.fromhex("06092a864886f70d010702")
        + value(0xA0, value(0x30, b"\x02\x01\x01" + value(0x30, data))),
    )


_FORWARDED = b"From: x@y.example\r\nSubject: Alt\r\n\r\n#close\r\nText der angeh\xc3\xa4ngten Mail\r\n"
_DSN = (
    b"Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; weg@schule.example\r\nAction: failed\r\n"
    b"Status: 5.1.1\r\n"
)

ODD: dict[str, MalformedMail] = {
    # charsets
    "umlauts in undeclared windows-1252": MalformedMail(_HEAD + b"\r\nBeamer in Raum f\xfcnf \x84kaputt\x93", "Beamer in Raum fünf „kaputt“"),
    "umlauts in undeclared utf-8": MalformedMail(_HEAD + "\r\nBeamer für Übung".encode(), "Beamer für Übung"),
    "utf-8 called latin-1": MalformedMail(_typed("text/plain; charset=iso-8859-1", "für".encode()), "für"),
    "latin-1 called utf-8": MalformedMail(_typed("text/plain; charset=utf-8", "für".encode("latin-1")), "für"),
    "latin-1 called us-ascii": MalformedMail(_typed("text/plain; charset=us-ascii", "für".encode("latin-1")), "für"),
    "quotation marks of windows called latin-1": MalformedMail(_typed("text/plain; charset=iso-8859-1", b"\x84so\x93"), "„so“"),
    "charset misspelled": MalformedMail(_typed("text/plain; charset=utf8mb4", "für".encode()), "für"),
    "charset that does not exist": MalformedMail(_typed("text/plain; charset=x-klingon", "für".encode()), "für"),
    "charset with a NUL": MalformedMail(_typed('text/plain; charset="\0"', "für".encode()), "für"),
    "charset that is a codec of python": MalformedMail(_typed("text/plain; charset=unicode_escape", b"\\x41"), "\\x41"),
    "NUL in the text": MalformedMail(_HEAD + b"\r\nBea\0mer", "Beamer"),
    "half a surrogate in the text": MalformedMail(_typed("text/plain; charset=utf-16-le", b"a\0\x00\xd8b\0"), None),
    "utf-16": MalformedMail(_typed("text/plain; charset=utf-16; x=y", base64.b64encode("für".encode("utf-16")), "Content-Transfer-Encoding: base64\r\n"), "für"),
    # header fields
    "subject in raw latin-1": MalformedMail(_subject("Störung".encode("latin-1")), subject="Störung"),
    "subject in raw utf-8": MalformedMail(_subject("Störung".encode()), subject="Störung"),
    "subject whose words split a character": MalformedMail(_subject(b"=?utf-8?b?U3TD?=\r\n =?utf-8?b?tnJ1bmc=?="), subject="Störung"),
    "subject whose words split the ticket's number": MalformedMail(_subject(b"=?utf-8?q?Re=3A_=5B=23GYM-10?=\r\n =?utf-8?q?4=5D_St=C3=B6rung?="), subject="Re: [#GYM-104] Störung"),
    "subject with a space inside a word": MalformedMail(_subject(b"=?utf-8?q?St=C3=B6rung im Raum?="), subject="Störung im Raum"),
    "subject with base64 that lacks its end": MalformedMail(_subject(b"=?utf-8?b?U3TDtnJ1bmc?="), subject="Störung"),
    "subject with an encoded line break": MalformedMail(_subject(b"=?utf-8?q?a=0D=0ABcc:_x@y.example?="), subject="a Bcc: x@y.example"),
    "subject twice": MalformedMail(_HEAD + b"Subject: Zweiter\r\n\r\nHallo", subject="Beamer"),
    "subject folded with tabs": MalformedMail(_subject(b"Beamer\r\n\tin Raum 204"), subject="Beamer in Raum 204"),
    "no subject": MalformedMail(b"From: lena@schule.example\r\n\r\nHallo", "Hallo", subject=""),
    "sender with an encoded name in quotation marks": MalformedMail(_sender(b'"=?utf-8?q?M=C3=BCller=2C_Max?=" <max@schule.example>'), sender="max@schule.example"),
    "sender with a comma in the bare name": MalformedMail(_sender(b"Mueller, Max <max@schule.example>"), sender="max@schule.example"),
    "sender with an address as name": MalformedMail(_sender(b'"chef@bank.example" <max@schule.example>'), sender="max@schule.example"),
    "sender without angle brackets": MalformedMail(_sender(b"max@schule.example (Max)"), sender="max@schule.example"),
    "sender in capitals": MalformedMail(_sender(b"MAX@Schule.Example"), sender="max@schule.example"),
    "sender only in Sender": MalformedMail(b"Sender: max@schule.example\r\n\r\nHallo", "Hallo", sender="max@schule.example"),
    "header field that is none": MalformedMail(b"Subject: Beamer\r\nkein Feld\r\nFrom: max@schule.example\r\n\r\nHallo", "Hallo", sender="max@schule.example"),
    "header without the empty line behind it": MalformedMail(_HEAD + b"Der Beamer ist kaputt.\r\n", "Der Beamer ist kaputt.", defects=["text where the header should go on"]),
    "boundary whose fold lost its white space": MalformedMail(_HEAD + b"Content-Type: multipart/mixed;\r\nboundary=x\r\n\r\n--x\r\n\r\nHallo\r\n--x--", "Hallo"),
    "header with a line of white space inside": MalformedMail(b"Subject: Beamer\r\n \r\n in Raum 204\r\nFrom: max@schule.example\r\n\r\nHallo", "Hallo", sender="max@schule.example"),
    "header parted from the text by a line of white space": MalformedMail(_HEAD + b" \r\nHallo\r\nWelt", "Hallo\nWelt"),
    "mbox line in front": MalformedMail(b"From lena Mon Nov 23 10:00:00 2026\r\n" + _HEAD + b"\r\nHallo", "Hallo", "Beamer"),
    "byte order mark in front": MalformedMail(b"\xef\xbb\xbf" + _HEAD + b"\r\nHallo", "Hallo", "Beamer"),
    "only line feeds": MalformedMail(_HEAD.replace(b"\r\n", b"\n") + b"\nHallo", "Hallo", "Beamer"),
    "only carriage returns": MalformedMail(_HEAD.replace(b"\r\n", b"\r") + b"\rHallo", "Hallo", "Beamer"),
    "nothing at all": MalformedMail(b"", "", "", kind=MailKind.BULK),
    # structure
    "multipart without its last boundary": MalformedMail(_typed("multipart/mixed; boundary=x", b"--x\r\n\r\nHallo\r\n"), "Hallo", defects=["truncated: the last boundary is missing"]),
    "multipart without a boundary": MalformedMail(_typed("multipart/mixed", b"--x\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--x--"), "Hallo", defects=["multipart without its boundary"]),
    "multipart whose boundary never comes": MalformedMail(_typed("multipart/mixed; boundary=x", b"Hallo"), "Hallo", defects=["multipart without its boundary"]),
    "content type that is none": MalformedMail(_typed("text", b"Hallo"), "Hallo"),
    "base64 with a broken end": MalformedMail(_typed("text/plain", b"SGFsbG8", "Content-Transfer-Encoding: base64\r\n"), "Hallo"),
    "base64 with foreign characters": MalformedMail(_typed("text/plain", b"SGF*sb!G8=", "Content-Transfer-Encoding: base64\r\n"), "Hallo"),
    "quoted-printable with a torn escape": MalformedMail(_typed("text/plain", b"Hallo =4", "Content-Transfer-Encoding: quoted-printable\r\n"), "Hallo =4"),
    "flowed text": MalformedMail(_typed("text/plain; format=flowed", b"Der Beamer \r\nist kaputt.\r\n"), "Der Beamer ist kaputt."),
    "flowed text with spaces to delete": MalformedMail(_typed("text/plain; format=flowed; delsp=yes", b"Der Bea \r\nmer\r\n"), "Der Beamer"),
    "html only": MalformedMail(mail().html("<style>p{}</style><p>Der&nbsp;Beamer<br>ist kaputt</p>").build(), "Der Beamer\nist kaputt"),
    "empty text beside html": MalformedMail(mail().text("\n").html("<p>Hallo</p>").build(), "Hallo"),
    "html called plain text, in an alternative": MalformedMail(mail().text("Hallo").html("<b>Hallo</b>").build(), "Hallo"),
    "table in html": MalformedMail(mail().html("<table><tr><td>Raum</td><td>204</td></tr></table>").build(), "Raum 204"),
    # files
    "file name in raw latin-1": MalformedMail(_named('filename="Übung.pdf"'), names=["Übung.pdf"]),
    "file name in an encoded word": MalformedMail(_named('filename="=?utf-8?q?=C3=9Cbung=2Epdf?="'), names=["Übung.pdf"]),
    "file name by RFC 2231": MalformedMail(_named("filename*=utf-8''%C3%9Cbung.pdf"), names=["Übung.pdf"]),
    "file name in pieces": MalformedMail(_named("filename*0*=utf-8''%C3%9C;\r\n filename*1=bung.pdf"), names=["Übung.pdf"]),
    "file name without quotation marks": MalformedMail(_named("filename=Plan der Woche.pdf"), names=["Plan der Woche.pdf"]),
    "file name with a path": MalformedMail(_named('filename="../../etc/cron.d/x.pdf"'), names=["x.pdf"]),
    "file name with a path of windows": MalformedMail(_named(r'filename="C:\\Temp\\x.pdf"'), names=["x.pdf"]),
    "file name that turns its direction": MalformedMail(_named("filename*=utf-8''x%E2%80%AEfdp.exe"), names=["xfdp.exe"]),
    "file name with a line break": MalformedMail(_named("filename*=utf-8''a%0D%0Ab.pdf"), names=["a b.pdf"]),
    "file without a name": MalformedMail(_named("x=y"), names=["attachment-2.pdf"]),
    "inline picture": MalformedMail(mail().html('<p>Siehe <img src="cid:a@b"></p>').attach("bild.png", _PNG, "image/png", "a@b").build(), "Siehe", names=["bild.png"]),
    "mail attached": MalformedMail(_typed("multipart/mixed; boundary=x", b"--x\r\n\r\nHallo\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n" + _FORWARDED + b"--x--"), "Hallo", names=["Alt.eml"]),
    "winmail.dat": MalformedMail(mail().text("Hallo").attach("winmail.dat", _tnef(), "application/ms-tnef").build(), "Hallo", names=["Stundenplan.pdf"]),
    "winmail.dat that is broken": MalformedMail(mail().text("Hallo").attach("winmail.dat", b"kaputt", "application/ms-tnef").build(), "Hallo", names=["winmail.dat"], defects=["winmail.dat that is none"]),
    "uuencoded file in the text": MalformedMail(_HEAD + b"\r\nHallo\r\nbegin 644 x.txt\r\n#86)C\r\n`\r\nend\r\n", "Hallo", names=["x.txt"]),
    "text file without a disposition, as pine sends it": MalformedMail(_typed("multipart/mixed; boundary=x", b"--x\r\n\r\nHallo\r\n--x\r\nContent-Type: text/plain; name=log.txt\r\n\r\nFehler 5\r\n--x--"), "Hallo", names=["log.txt"]),
    "invitation": MalformedMail(_typed("multipart/alternative; boundary=x", b"--x\r\n\r\nHallo\r\n--x\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n--x--"), "Hallo", names=["attachment-2.ics"]),
    # protected
    "s/mime signed, opaque": MalformedMail(_typed("application/pkcs7-mime; smime-type=signed-data", base64.b64encode(_signed_cms(b"Content-Type: text/plain\r\n\r\nHallo")), "Content-Transfer-Encoding: base64\r\n"), "Hallo", defects=["S/MIME signed: opened, signature not verified"]),
    "s/mime encrypted": MalformedMail(_typed("application/pkcs7-mime; smime-type=enveloped-data", b"x"), "", encryption=Encryption.SMIME),
    "pgp encrypted": MalformedMail(_typed("multipart/encrypted; boundary=x", b"--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--x--"), "", encryption=Encryption.PGP),
    "pgp in the text": MalformedMail(_HEAD + b"\r\n-----BEGIN PGP MESSAGE-----\r\nx\r\n", encryption=Encryption.PGP),
    # kinds
    "bounce with a report": MalformedMail(_typed("multipart/report; report-type=delivery-status; boundary=x", b"--x\r\n\r\nx\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n" + _DSN + b"--x--"), kind=MailKind.BOUNCE),
    "bounce in german words only": MalformedMail(mail().sender("Mailer-Daemon@mail.example").subject("Unzustellbar: Beamer").text("Ihre Nachricht an weg@schule.example konnte nicht zugestellt werden.").build(), kind=MailKind.BOUNCE),
    "read receipt": MalformedMail(_typed("multipart/report; report-type=disposition-notification; boundary=x", b"--x\r\n\r\nGelesen\r\n--x\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: x\r\n--x--"), kind=MailKind.AUTO_REPLY),
    "out of office by its header": MalformedMail(mail().header("Auto-Submitted", "auto-replied").text("Bin weg").build(), kind=MailKind.AUTO_REPLY),
    "out of office by its subject": MalformedMail(mail().subject("Abwesenheitsnotiz: Beamer").text("Bin weg").build(), kind=MailKind.AUTO_REPLY),
    "out of office by its form": MalformedMail(mail().subject("AW: Beamer").reply_to("<1@x>").text("Ich bin bis zum 30.11. nicht im Haus. Ihre Mail wird nicht weitergeleitet.").build(), kind=MailKind.AUTO_REPLY),
    "teacher who says that she is away": MalformedMail(mail().text("Ich bin ab morgen nicht im Haus, bitte heute noch den Beamer reparieren.").build()),
    "teacher who has trouble with bounces": MalformedMail(mail().subject("Meine Mails sind unzustellbar").text("Immer kommt 550 5.1.1 user unknown.").build()),
    "teacher who forwards a bounce": MalformedMail(mail().subject("WG: Undelivered Mail Returned to Sender").text("Was ist das? User unknown.").build()),
    "answer on a mailing list": MalformedMail(mail().subject("Re: Beamer").reply_to("<1@x>").header("List-Id", "<x.schule.example>").header("Precedence", "list").text("Geht.").build()),
    "newsletter": MalformedMail(mail().header("List-Unsubscribe", "<mailto:x@y.example>").text("Angebote!").build(), kind=MailKind.BULK),
    # text that looks like a quotation and is none
    "teacher who says what she wrote": MalformedMail(mail().text("Am Montag um 10:30 schrieb ich Ihnen schon wegen des Beamers:\ner ist noch kaputt.").build(), "Am Montag um 10:30 schrieb ich Ihnen schon wegen des Beamers:\ner ist noch kaputt."),
    "times with labels": MalformedMail(mail().text("Beamer fehlt.\nVon: 8 Uhr\nBis: 10 Uhr\nRaum: 204").build(), "Beamer fehlt.\nVon: 8 Uhr\nBis: 10 Uhr\nRaum: 204"),
    "list with dashes": MalformedMail(mail().text("Kaputt:\n- Beamer\n- Drucker").build(), "Kaputt:\n- Beamer\n- Drucker"),
    "sentence about a device": MalformedMail(mail().text("Der Scan wurde von meinem iPhone gesendet, kommt aber nicht an.").build(), "Der Scan wurde von meinem iPhone gesendet, kommt aber nicht an."),
    "answers between the quoted lines": MalformedMail(mail().text("Am 23.11.2026 um 13:47 schrieb Lena:\n> Wann?\nMontag.\n> Wo?\nRaum 204.\n> Gruß").build(), "> Wann?\nMontag.\n> Wo?\nRaum 204."),
    "nothing but a quotation": MalformedMail(mail().text("> Beamer kaputt").build(), "> Beamer kaputt"),
    "signature behind its delimiter": MalformedMail(mail().text("Hallo\n\n-- \nMax Muster\nTel. 0123 456").build(), "Hallo"),
    "address of the school below the name": MalformedMail(mail().text("Hallo\n\nMit freundlichen Grüßen\nMax Muster\n\nGymnasium X\nTel. 0123 45678\nwww.x.example").build(), "Hallo\n\nMit freundlichen Grüßen\nMax Muster"),
    "command below the name": MalformedMail(mail().text("Erledigt.\n\nViele Grüße\nMax\n\n#close").build(), "Erledigt.\n\nViele Grüße\nMax\n\n#close"),
}  # fmt: skip

ODDITIES: dict[str, bytes] = {
    **{name: odd.content for name, odd in ODD.items()},
    **{f"answer by {name}": content for name, content in ANSWERS.items()},
    **{f"forward by {name}": content for name, content in FORWARDS.items()},
}
