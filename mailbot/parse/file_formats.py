"""What the content and the name of a file say about its format: tables of signatures and suffixes.

The content decides first: Windows hides suffixes, and a sender can write any of them.
"""

import re
import struct
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from mailbot.parse import limits


def words(text: str) -> frozenset[str]:
    """Return the words of a table."""
    return frozenset(text.split())


# Signatures at the start. Windows, Linux, macOS, Java, Android; links and compiled help of Windows; scripts;
# packages of Debian, RPM, macOS and browsers; disk images of Windows, VMware, QEMU and Linux.
_PROGRAM = re.compile(
    rb"(?:MZ|ZM)[^\0]{0,60}\0|\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba[\xbe\xbf]"
    rb"|dex\n\d|L\0\0\0\x01\x14\x02\0|ITSF|#!"
    rb"|!<arch>\n|\xed\xab\xee\xdb|xar!\0|Cr24"
    rb"|FasdUAS |conectix|vhdxfile|MSWIM\0|WLPWM\0|KDMV|QFI\xfb|hsqs|sqsh|<<< (?:Oracle|QEMU)|encrcdsa"
)
# Archives that are not unpacked: 7z, RAR, cabinets, gzip, compress, bzip2, xz, lzip, LZMA, LZ4, Zstandard,
# ARJ, LZH, ACE, cpio, StuffIt, ALZip, EGG, ZPAQ; mailboxes of Outlook; binaries as
# text: uuencode, BinHex, yEnc.
_OPAQUE = re.compile(
    rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|RE\x7e\x5e|MSCF\0|ISc\(|\x1f[\x8b\x9d\xa0\x1e]|BZh[1-9](?:1AY&SY|\x17rE8)"
    rb"|\xfd7zXZ\0|LZIP[\0\x01]|\x5d\0\0[\0-\x80][\0-\x08]|[\x02-\x04]\x21\x4c\x18|\x04\x22\x4d\x18"
    rb"|\x28\xb5\x2f\xfd|\x60\xea|[\s\S]{2}-(?:l[hz][0-9sdx]|pm[0-9s])-|[\s\S]{7}\*\*ACE\*\*"
    rb"|0707(?:0[12][0-9a-fA-F]{104}|07[0-7]{70})|\xc7\x71|SIT!|StuffIt |ALZ\x01|EGGA|7kSt|zPQ|LRZI|!BDN"
    rb"|[\s\S]{20}\xdc\xa7\xc4\xfd"
    rb"|begin(?:-base64)? [0-7]{3,4} |\(This file must be converted with BinHex|=ybegin "
)
# Archives that programs also find behind other bytes.
_HIDDEN_ARCHIVES = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
# Signatures at a place, of disk images and of tar: ISO 9660 (also in raw sectors), UDF, HFS, VDI.
_IMAGE_AT = tuple(
    (start, sign)
    for sign, starts in (
        (b"CD001", (0x8001, 0x8801, 0x9001, 0x9311, 0x9319)),
        (b"BEA01", (0x8001, 0x8801, 0x9001)),
        (b"NSR0", (0x8001, 0x8801, 0x9001, 0x9801)),
        (b"CDROM", (0x8009,)),
        (b"\x7f\x10\xda\xbe", (0x40,)),
        (b"H+\0\x04", (0x400,)),
        (b"HX\0\x05", (0x400,)),
        (b"BD\0", (0x400,)),
        (b"NXSB", (0x20,)),
        (b"EFI PART", (0x200,)),
    )
    for start in starts
)
# Boot sectors of FAT, NTFS and partitioned disks.
_BOOT_SECTOR = re.compile(rb"\xeb[\s\S]\x90(?:NTFS|EXFAT|[\s\S]{51}FAT|[\s\S]{79}FAT)")
_TRAILER = 512
_IMAGE_TRAILERS = (b"koly", b"conectix")  # of DMG and VHD
IMAGE_HEAD = 0x9900
"""The bytes of a file in which the signatures of disk images are."""

_SUFFIXES = words(
    # Programs, installers and scripts of Windows, and what they load.
    "exe com scr pif cpl dll drv ocx sys msi msp mst msu msc msix msixbundle appx appxbundle appinstaller"
    " application appref-ms gadget xll wll bat cmd btm ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 pssc cdxml"
    " vb vbe vbs vbp js jse ws wsc wsf wsh sct hta htc hlp hpj chm inf ins isp reg scf shb shs job bas fxp"
    " prg rb rbw ahk au3 a3x php phar"
    " csproj vbproj vcxproj vsto ppkg msrcincident contact"
    " msh msh1 msh2 mshxml msh1xml msh2xml ops osd pcd plg prf grp vsmacros vsw xnk pl appcontent-ms"
    " ade adp mda mdb mde mdt mdw mdz accda accdb accde accdr accdt"
    # Links and files of settings of Windows.
    " lnk url website search-ms searchconnector-ms library-ms settingcontent-ms theme themepack deskthemepack"
    " diagcab diagcfg diagpkg printerexport mad maf mag mam maq mar mas mav maw rdp rdg udl xbap xnk its"
    " ica xrm-ms"
    # Links and queries of Office: they fetch what they show.
    " iqy dqy oqy rqy odc slk sylk xla xlm xlw"
    # Java, Python, Android, iOS, browsers and editors.
    " jar jnlp class war ear py pyw pyc pyo pyz pyzw apk apks xapk aab ipa crx xpi vsix oxt swf air"
    " nupkg whl shortcut"
    # Linux and macOS.
    " sh bash zsh csh ksh fish run desktop deb rpm snap flatpak flatpakref flatpakrepo appimage"
    " app command terminal tool workflow action scpt scptd applescript pkg mpkg webloc inetloc fileloc"
    " mobileconfig prefpane dmg sparseimage sparsebundle"
    # Disk images.
    " iso img udf nrg mds mdf vhd vhdx vmdk vdi qcow qcow2 ova ovf wim esd swm"
)
_OPAQUE_SUFFIXES = words(
    "7z rar gz tgz taz z bz bz2 tbz tbz2 xz txz lz lzma tlz lzo zst tzst br tar cab arj ace lzh"
    " lha cpio zoo arc pak sit sitx hqx alz egg zpaq zipx uu uue xx xxe b64 onepkg pst ost"
)
# The further files of an archive that is split.
_VOLUME = re.compile(r"\.(?:[rz]\d\d|001|(?:7z|zip|rar|tar|gz|tgz|part)\.\d{3})\Z", re.I)
_ZIP_SUFFIXES = words(
    "zip docx dotx xlsx xltx pptx potx ppsx vsdx xlsb odt ods odp odg ott ots epub kmz cbz thmx"
)
_WITH_MACROS = words("docm dotm xlsm xltm xlam pptm potm ppam ppsm sldm ppa vsdm vstm vssm")
# Files of settings and links that programs recognise by their content.
_LINK_SIGNS = (
    *("<jnlp", "<librarydescription", "<searchconnectordescription", "windows/2009/library"),
    *("search/2013/settingcontent", "<pcsettings", "<appinstaller", "appx/appinstaller", "<scriptlet"),
    *("<mmc_consolefile", "urn:schemas-microsoft-com:asm.v1", "urn:schemas-microsoft-com:asm.v2"),
    *("<dcmps:diagnosticpackage", "<key>payloadcontent</key>"),
)
# In lower case, behind a line feed. Each begins with a fixed character, so that the search is fast.
_LINKS = (
    re.compile(r"\n(?:\s{0,9}\[(?:internetshortcut|desktop entry)|full address:s:)"),
    re.compile(r"<package>\s*<job\b"),
)
_QUERY = re.compile(r"\n(?:web|xlodbc)\r?\n1\r?\n")
# SYLK and cells that start a program by DDE.
_SHEET = re.compile(r"\AID;P[^\r\n]{0,200}[\r\n]+(?:[A-Z]{1,2};|E[\r\n])|\AID[\r\n]+[A-Z]{1,2};", re.I)
_DDE = re.compile(r"[\w.)]\|\s?(?:'[^'\r\n]{0,300}'|\"[^\"\r\n]{1,300}\")!|=\s?DDE\s?\(", re.I)

# A program inside of a file that has no reason to contain one.
HIDDEN_PROGRAM = re.compile(rb"MZ\x90\0\x03\0\0\0|PE\0\0(?:L\x01|d\x86|d\xaa|\xc4\x01)")
_RTF_OBJECT = re.compile(
    rb"\\obj(?:data|html|ocx|update|autlink|link)|\\\*\\template\s+(?:https?|ftp):", re.I
)
# Documents of Office in one XML file (Flat OPC, Word 2003, flat ODF) with macros.
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}<\?xml\b", re.I)
_MACROS_IN_XML = re.compile(
    rb"macrosPresent\s?=\s?[\"']yes|vnd\.ms-office\.vbaProject|macroEnabled|\.mso[\"']"
    # LibreOffice declares an empty library in each flat file
    rb"|<(?:\w{1,20}:)?source-code\b"
    rb"|<(?:\w{1,20}:)?script\b[^<>]{0,500}language=[\"'](?:ooo:)?(?:Python|JavaScript|BeanShell)"
)
# Formats that run nothing and need no further look: pictures, sound, video, PDF.
_HARMLESS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8|II\*\0|MM\0\*|BM[\s\S]{4}\0\0|RIFF|OggS|ID3|fLaC|\xff[\xfb\xf3\xf2]|%PDF-"
    rb"|[\s\S]{4}ftyp|\x1a\x45\xdf\xa3|\x01\0\0\0[\s\S]{36} EMF|\xd7\xcd\xc6\x9a"
)
# Files whose head tells enough, if they have such a suffix: text, pictures, sound, data.
_PLAIN_SUFFIXES = words(
    "txt csv xml json md log ini cfg rtf tex jpg jpeg png gif bmp tif tiff webp heic emf wmf ico pdf mp3 mp4"
    " wav ogg m4a mov avi mkv webm css ttf otf woff woff2 rels vml geojson gpx kml"
)
_CLASS = re.compile(r"\{[0-9a-f-]{30,40}\}")  # of an object that Windows opens
_OCTAL = re.compile(rb"[0-7]{3,7}")
_STREAM = re.compile(r":{1,2}[^.:]{0,100}\Z")


@lru_cache(maxsize=16)  # each kind of danger looks at the suffix of the same file
def suffix(name: str) -> str:
    """Return the suffix of a file name in lower case, or "".

    Windows ignores trailing dots and spaces; the end behind a colon is the name of a stream there. Programs
    write wide characters as narrow ones, and drop those without a width or that no file name may have.
    """
    if not name.isascii():
        narrow = unicodedata.normalize("NFKC", name)
        name = "".join(char for char in narrow if unicodedata.category(char) != "Cf")
    name = _STREAM.sub("", name)
    end = len(name)
    while end and not (name[end - 1].isalnum() or name[end - 1] in "_}"):
        end -= 1
    _, dot, found = name[:end].rpartition(".")
    return found.lower() if dot else ""


def is_program(name: str, content: bytes) -> bool:
    """Return whether a file is a program, a script, a package, a disk image, or a link to one of these."""
    return bool(
        (kind := suffix(name)) in _SUFFIXES
        or _CLASS.fullmatch(kind)
        or _PROGRAM.match(content)
        or _has_pe_header(content)
        or is_image(content)
        or _is_link(_plain(content[:4_096]))
    )


def _is_link(text: str) -> bool:
    """Return whether a text is a file of settings or a link."""
    text = f"\n{text.lower()}"
    return (
        any(sign in text for sign in _LINK_SIGNS)
        or any(link.search(text) for link in _LINKS)
        or bool(_QUERY.match(text))
    )


def _has_pe_header(content: bytes) -> bool:
    """Return whether a DOS header names the place of a Windows header, whatever else it contains."""
    if content[:2] not in (b"MZ", b"ZM") or len(content) < 64:
        return False
    (at,) = struct.unpack_from("<I", content, 60)
    return content[at : at + 2] in (b"PE", b"NE", b"LE", b"LX")


def is_image(content: bytes) -> bool:
    """Return whether a file is an image of a disk."""
    return bool(
        any(content.startswith(sign, start) for start, sign in _IMAGE_AT)
        or (_BOOT_SECTOR.match(content) and content[510:512] == b"\x55\xaa")
        or content[-_TRAILER:].startswith(_IMAGE_TRAILERS)
    )


def has_active_cells(name: str, content: bytes) -> bool:
    """Return whether a text runs a program when a spreadsheet opens it."""
    text = _plain(content[: limits.TEXT_BYTES])
    return bool(_SHEET.match(text) or (suffix(name) in ("csv", "tsv", "tab", "dif") and _DDE.search(text)))


def has_macros(name: str, content: bytes) -> bool:
    """Return whether a document contains or embeds programs; OLE files are looked into elsewhere."""
    if suffix(name) in _WITH_MACROS or content.startswith((b"ActiveMime", b"\x09\x02\x06\0\0\0\x40\0")):
        return True
    if content[:1] == b"\x09" and content[1:2] in (b"\0", b"\x02", b"\x04") and content[6:8] == b"\x40\0":
        return True  # a macro sheet of Excel 2 to 4 without an OLE file around it
    if _XML.match(content[:2_000]) and _MACROS_IN_XML.search(content[: limits.PAGES]):
        return True
    return content.lstrip()[:4] == b"{\\rt" and bool(_RTF_OBJECT.search(content))


def is_opaque(name: str, content: bytes) -> bool:
    """Return whether a file is an archive that is not unpacked."""
    return bool(
        suffix(name) in _OPAQUE_SUFFIXES
        or _VOLUME.search(name[-20:])
        or _OPAQUE.match(content)
        or any(sign in content for sign in _HIDDEN_ARCHIVES)
        or _is_tar(content)
    )


def _is_tar(content: bytes) -> bool:
    """Return whether a file begins with a header of tar, whose sum is right also in the oldest form."""
    head = content[:512]
    if head[257:262] == b"ustar":
        return True
    written = head[148:156].strip(b" \0")
    if len(head) < 512 or not _OCTAL.fullmatch(written):
        return False
    return int(written, 8) == sum(head[:148]) + 8 * ord(" ") + sum(head[156:])


def is_harmless_head(name: str, head: bytes) -> bool:
    """Return whether the first bytes and the name tell enough of a member of an archive."""
    kind = suffix(name)
    if kind in _ZIP_SUFFIXES:
        return False
    return bool(_HARMLESS.match(head)) or kind in _PLAIN_SUFFIXES


def is_archive_name(name: str) -> bool:
    """Return whether a file is called like a ZIP or an Office file."""
    return suffix(name) in _ZIP_SUFFIXES


def _plain(content: bytes) -> str:
    return content.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe").decode("latin-1")


def most_dangerous(names: Iterable[str]) -> str:
    """Return the name of a program among several names of one file, else the first name or ""."""
    found = list(names)
    return next((name for name in found if suffix(name) in _SUFFIXES), next(iter(found), ""))
