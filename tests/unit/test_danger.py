"""Dangerous files are found by their content, inside of other files, and by their names."""

import base64
import io
import struct
import zipfile
import zlib

import pytest

from mailbot.core.model.mail import Danger
from mailbot.parse import limits
from mailbot.parse.danger import Budget, danger
from tests.support.compound_file import compound_file

PROGRAM = b"MZ" + b"\0" * 58 + struct.pack("<I", 64) + b"PE\0\0L\x01" + b"\0" * 40
PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 60
ONENOTE = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3" + b"\0" * 200
ONENOTE_FILE = b"\xe7\x16\xe3\xbd\x65\x26\x11\x45\xa4\xc4\x8d\x4d\x0b\x7a\x9e\xac"
INSTALLER = bytes.fromhex("84100c0000000000c000000000000046")


def zipped(**members: bytes) -> bytes:
    """Return an archive; in names "__" is "/", "_" is "." and "!" is "_"."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", ".").replace("!", "_"), content)
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

P, M, A, S, N = Danger.PROGRAM, Danger.MACROS, Danger.ARCHIVE, Danger.OPAQUE, Danger.NONE
FILES: list[tuple[str, bytes, Danger]] = [
    # mails
    ("brief.eml", mail_with("bild.png", PROGRAM), A),
    ("brief.txt", mail_with("plan.js", b"x"), A),
    ("", forwarded(mail_with("tabelle.xlsm", b"x")), A),
    ("brief.eml", mail_with("fotos.zip", zipped(a_scr=b"x")), A),
    ("brief.eml", mail_with("bild.png", PICTURE), N),
    ("briefe.zip", zipped(brief_eml=mail_with("bild.png", PROGRAM)), A),
    ("briefe.zip", zipped(brief_eml=mail_with("bild.png", PICTURE)), N),
    ("Antwort.txt", b"Von: Lena\nMontag: 8 Uhr\nDienstag: 9 Uhr\n", N),
    # Outlook
    ("brief.msg", outlook("bild.png", PROGRAM), A),
    ("brief.msg", outlook("start.vbs", b"x" * 5_000), A),
    ("brief.msg", outlook("brief.msg", outlook("start.vbs", b"x")), A),
    ("brief.msg", outlook("bild.png", PICTURE * 100), N),
    ("brief.msg", outlook("bild.png", PICTURE)[:-900], S),
    # calendars and business cards
    ("termin.ics", card('ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME="plan.pdf":', PROGRAM), A),
    ("termin.ics", card("ATTACH;FILENAME=start.cmd;VALUE=BINARY;ENCODING=BASE64:", b"del x"), A),
    ("termin", card("ATTACH:data:application/octet-stream;base64,", PROGRAM), A),
    ("lena.vcf", card("PHOTO;ENCODING=b;TYPE=PNG:", PROGRAM, "CARD"), A),
    ("lena.vcf", card("PHOTO;ENCODING=b;TYPE=PNG:", PICTURE, "CARD"), N),
    # OneNote
    ("heft.one", note(PROGRAM), A),
    ("heft.one", note(b"CreateObject(1)"), A),
    ("heft", note(zipped(a_exe=PROGRAM)), A),
    ("heft.one", note(PICTURE), N),
    # Office
    ("brief.doc", package("rechnung.exe", PROGRAM), A),
    ("brief.doc", package("rechnung.bat", b"del x"), A),
    ("brief.doc", package("bild.png", PICTURE), N),
    ("brief.docx", zipped(word__embeddings__oleObject1_bin=package("a.wsf", b"x")), A),
    ("brief.docx", zipped(word__embeddings__teil_bin=PROGRAM), A),
    ("brief.docx", zipped(word__embeddings__oleObject1_bin=package("plan.pdf", b"%PDF-1.7")), N),
    ("brief.docx", zipped(word___rels__settings_xml_rels=RELATIONSHIP % b"https://evil.example/x.dotm"), M),
    ("brief.docx", zipped(word___rels__settings_xml_rels=RELATIONSHIP % b"file:///C:/Vorlagen/a.dotx"), N),
    ("liste.xlsb", zipped(xl__macrosheets__sheet1_bin=b"x"), M),
    ("liste.xlsx", zipped(**{"[Content!Types]_xml": b"<x ContentType='ms-excel.intlmacrosheet+xml'/>"}), M),
    ("liste.xlsx", zipped(xl__externalLinks__externalLink1_xml=b"<ddeLink ddeService='cmd'/>"), M),
    ("liste.xls", workbook(0), N),
    ("liste.xls", workbook(1), M),
    ("folien.ppt", presentation(compound_file({"VBA": {"_VBA_PROJECT": b"x"}})), A),
    ("folien.ppt", presentation(PICTURE), N),
    ("brief.odt", zipped(Basic__Standard__Modul1_xml=b"<x/>", content_xml=b"<x/>"), M),
    ("brief.odt", zipped(content_xml=b"<x/>", mimetype=b"application/vnd.oasis"), N),
    ("brief.doc", b"{\\rtf1\\objdata0105}", M),
    ("liste.slk", b"ID;PWXL;N;E\nC;X1;Y1;K0;E1+1\nE\n", P),
    ("liste.csv", b"ID;PWXL;N;E\r\nC;X1;Y1;K0\r\nE\r\n", M),
    ("liste.csv", b"ID;PLZ;Ort\n1;12345;Berlin\n", N),
    ("liste.csv", b"a;=cmd|'/c calc'!A0;b\n", M),
    ("abfrage.txt", b"WEB\r\n1\r\nhttps://evil.example/x\r\n", P),
    ("treiber", compound_file({"a": b"x"}, INSTALLER), P),
    # archives
    ("fotos.zip", b"\0" * 900 + zipped(a_exe=PROGRAM), A),
    ("", b"GIF89a" + zipped(a_exe=PROGRAM), A),
    ("fotos.zip", b"\0" * 900 + zipped(a_png=PICTURE), N),
    ("fotos.zip", zipped(a_png=PICTURE) + zipped(a_png=PICTURE), S),
    ("fotos.zip", b"x" * 900, S),
    ("seite.zip", zipped(index_html=b"<html><p>" + b"Plan " * 50 + b"<script>a()</script>"), A),
    ("seite.zip", zipped(index_html=b"<html><p>" + b"Plan " * 50), N),
    ("x", b"ab-lh5-" + b"\0" * 50, S),
    ("x", b"\0" * 7 + b"**ACE**" + b"\0" * 50, S),
    ("x", b"LZIP\x01" + b"\0" * 50, S),
    ("fotos.txt", b"begin 644 tool.exe\nM35J0\n`\nend\n", S),
    # disk images and packages
    ("x", image(b"CD001\x01", 0x8001), P),
    ("x", image(b"NSR02\x01", 0x8801), P),
    ("x", image(b"EFI PART", 0x200), P),
    ("fotos.zip", zipped(daten_dat=image(b"CD001\x01", 0x8001)), A),
    ("x", b"\x78\x9c" + b"\0" * 3_000 + b"koly\0\0\0\x04\0\0\2\0" + b"\0" * 500, P),
    ("x", b"!<arch>\ndebian-binary   ", P),
    ("x", b"\xed\xab\xee\xdb\3\0", P),
    ("x", b"xar!\0\x1c", P),
    ("x", b"MSWIM\0\0\0", P),
    # web pages
    ("plan.html", b"<a href='java&#x73;cript:a()'>x</a>", P),
    ("plan.html", b"<a href='&#0000106;avascript:a()'>x</a>", P),
    ("plan.html", b"<a href='java&Tab;scr\nipt:a()'>x</a>", P),
    ("plan.html", b"<a href='vbscript&colon;a()'>x</a>", P),
    ("plan.html", b"<p>&#" + b"9" * 6_000 + b"; &amp; Javanese script</p>", N),
    ("daten.xml", b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>a()</x:script>", P),
    ("daten.xml", b"<?xml version='1.0'?><lager><object name='Beamer'/></lager>", N),
    ("plan.html", b"<html>" + b"x" * limits.PAGES, S),
    # names
    *((f"datei.{suffix}", b"x", P) for suffix in (
        "library-ms", "settingcontent-ms", "search-ms", "pyw", "desktop", "jnlp", "deb", "rpm", "msix",
        "appinstaller", "url", "website", "iqy", "rdp", "theme", "xpi", "webloc", "flatpakref", "vmdk",
    )),
    *((name, b"x", P) for name in (
        "start.exe\u200b", "start.exe\xa0", "start.\uff45\uff58\uff45", "start.exe::$DATA", "AW: start.exe",
    )),
    ("run", b"Wettlauf", N),
    ("anleitung.txt", b"Legen Sie eine Datei mit [Desktop Entry] an.", N),
    ("anleitung.txt", b"[Desktop Entry]\nExec=x", P),
    ("dos", b"MZ" + b"\1" * 58 + struct.pack("<I", 80) + b"\1" * 16 + b"PE\0\0", P),
]  # fmt: skip


def test_harm_is_found_in_content_in_contained_files_and_in_names(subtests: pytest.Subtests) -> None:
    for name, content, expected in FILES:
        with subtests.test(name=name):
            assert danger(name, content, Budget()) is expected


def test_streams_that_share_their_data_are_read_once() -> None:
    made = bytearray(compound_file({"aa": b"x" * 1_000_000, **{f"s{n}": b"" for n in range(90)}}))
    first = made.find("aa\0".encode("utf-16-le"))
    for n in range(90):
        other = made.find(f"s{n}\0".encode("utf-16-le"))
        made[other + 116 : other + 128] = made[first + 116 : first + 128]
    assert danger("brief.msg", bytes(made) + "_3701".encode("utf-16-le"), Budget()) is S
