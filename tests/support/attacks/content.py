"""Attacks by the content of a mail, which becomes a ticket."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.attacks.desk import OURS
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import LENA

EVIL = "<script>alert(1)</script>"


@dataclass(frozen=True)
class Hostile:
    """A hostile mail: its name, its aim, its bytes, and text that no page of ours may have."""

    name: str
    tries: str
    mail: Callable[[], MailBuilder | bytes]
    never: str = EVIL


def subject(value: str) -> Callable[[], MailBuilder]:
    """Return a mail of that subject."""
    return lambda: mail().subject(value).message_id("<s@evil.example>").text("Hallo")


def text(value: str) -> Callable[[], MailBuilder]:
    """Return a mail of that text."""
    return lambda: mail().message_id("<t@evil.example>").text(value)


def html(value: str) -> Callable[[], MailBuilder]:
    """Return a mail of that markup."""
    return lambda: mail().message_id("<h@evil.example>").html(value)


def named(value: str) -> Callable[[], MailBuilder]:
    """Return a mail of somebody who has that name."""
    return lambda: mail().sender(f"{value} <{LENA}>").message_id("<n@evil.example>").text("Hallo")


def file(
    name: str, kind: str = "application/pdf", content: bytes = b"%PDF-1.4 x", cid: str = ""
) -> Callable[[], MailBuilder]:
    """Return a mail with a file of that name."""
    return lambda: mail().message_id("<f@evil.example>").text("Hallo").attach(name, content, kind, cid)


def field(name: str, value: str) -> Callable[[], MailBuilder]:
    """Return a mail with that header field."""
    return lambda: mail().message_id("<x@evil.example>").header(name, value).text("Hallo")


def raw(body: bytes) -> Callable[[], bytes]:
    """Return a mail of those bytes behind its addresses."""
    return lambda: (
        b"From: lena@schule.example\r\nTo: support-gym@schule.example\r\nMessage-ID: <r@evil.example>\r\n"
        + body
    )


def nested(depth: int) -> bytes:
    """Return multiparts, each in the one before."""
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)
    )


PNG = b"\x89PNG\r\n\x1a\n"
MIXED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"

CONTENT = (
    Hostile("CRLF in the subject", "add a recipient", subject("=?utf-8?q?Hi=0D=0ABcc:_eve@evil.example?=")),
    Hostile("LF in the subject", "add a recipient", subject("=?utf-8?q?Hi=0ABcc:_eve@evil.example?=")),
    Hostile("CR in the subject", "add a recipient", subject("=?utf-8?q?Hi=0DBcc:_eve@evil.example?=")),
    Hostile("line separator in the subject", "add a recipient", subject("Hi\u2028Bcc: eve@evil.example")),
    Hostile("empty line in the subject", "begin another body", subject("=?utf-8?q?Hi=0D=0A=0D=0A<script>alert(1)</script>?=")),
    Hostile("NUL in the subject", "break the database", subject("=?utf-8?q?a=00b?="), "\0"),
    Hostile("lone surrogate", "break the database", subject("=?utf-8?q?=ED=A0=80?=")),
    Hostile("endless word", "make a line of 5,000", subject("x" * 5_000)),
    Hostile("endless encoded words", "make a line of 50,000", subject("ü" * 25_000)),
    Hostile("word in a word", "be decoded twice", subject("=?utf-8?q?=3D=3Futf-8=3Fq=3F=0D=0ABcc=3F=3D?=")),
    Hostile("CRLF in the name", "add a recipient", named("=?utf-8?q?Lena=0D=0ABcc:_eve@evil.example?=")),
    Hostile("markup in the name", "run a program", named('"<script>alert(1)</script>"')),
    Hostile("angle brackets in the name", "be read as another address", named('"x <eve@evil.example>, y"')),
    Hostile("comma in the name", "be read as two addresses", named('"eve@evil.example, Lena"')),
    Hostile("endless name", "make a line of 3,000", named('"' + "N" * 3_000 + '"')),
    Hostile("right-to-left name", "turn the line around", named("=?utf-8?q?=E2=80=AEelpmaxe.live=40eve?="), "\u202e"),
    Hostile("CRLF in a file name", "add a header to a part", file("a%0D%0ABcc: eve.pdf")),
    Hostile("encoded CRLF in a file name", "the same by RFC 2047", file("=?utf-8?q?a=0D=0ABcc=3A_eve.pdf?=")),
    Hostile("quotation mark in a file name", "end the parameter", file('a\\"; filename=\\"b.exe')),
    Hostile("markup in a file name", "run a program", file("<script>alert(1)</script>.pdf")),
    Hostile("markup in a picture's name", "leave the alt text", file("x' onerror='alert(1).png", "image/png", PNG)),
    Hostile("markup in a Content-ID", "leave the src", file("x.png", "image/png", PNG, 'a" onerror="alert(1)')),
    Hostile("folders in a file name", "write elsewhere", file("../../../etc/cron.d/x"), "../"),
    Hostile("folders of Windows", "write elsewhere", file("..\\..\\windows\\x.pdf"), "..\\"),
    Hostile("right-to-left file name", "look like exe.pdf", file("=?utf-8?q?=E2=80=AEfdp.exe?="), "\u202e"),
    Hostile("file name of dots", "be no name", file("...")),
    Hostile("endless file name", "make a line of 3,000", file("n" * 3_000 + ".pdf")),
    Hostile("drawing with a program", "be shown as a picture", file("x.svg", "image/svg+xml", b"<svg onload='alert(1)'/>"), "<svg"),
    Hostile("page as a file", "be shown as a page", file("x.html", "text/html", EVIL.encode())),
    Hostile("Message-ID with a break", "add a header to our answer", field("Message-ID", "<a@b>\n Bcc: <eve@evil.example>")),
    Hostile("endless Message-ID", "make a line of 5,000", field("Message-ID", f"<{'m' * 5_000}@evil.example>")),
    Hostile("endless References", "look up 5,000 mails", field("References", "".join(f"<{n}@evil.example> " for n in range(5_000)))),
    Hostile("template in the subject", "read the configuration", subject("{{ policy.operators }}{{ 7*191 }}"), "1337"),
    Hostile("template in the text", "run a loop", text("{% for x in range(9) %}{{ 7*191 }}{% endfor %}"), "1337"),
    Hostile("template in the name", "compute", named('"{{ 7*191 }}"'), "1337"),
    Hostile("format marks", "break the phrases", text("%s %(x)s {0} {x.__class__} %")),
    Hostile("markup in the text", "run a program", text(f"Hallo {EVIL}")),
    Hostile("markup that closes ours", "leave the page", text("</td></table></body><img src=https://evil.example/x onerror=alert(1)>"), "<img src=https"),
    Hostile("markup in the subject", "leave the title", subject("</title><script>alert(1)</script>")),
    Hostile("comment for Outlook", "hide in a comment", text("--><!--[if mso]><script>alert(1)</script><![endif]-->")),
    Hostile("Markdown link", "become a link", text("[Hier](javascript:alert(1))"), 'href="javascript'),
    Hostile("program in HTML", "run a program", html(f"<p>Hallo{EVIL}<a href='javascript:alert(1)'>hier</a>")),
    Hostile("remote picture", "tell that it was read", html("<p>Hallo<img src='https://evil.example/pixel'>"), 'src="https'),
    Hostile("look-alike link", "show another target", html("<a href='https://xn--schle-jua.example'>https://schule.example</a>"), 'href="https'),
    Hostile("style that hides", "hide words from us", html("<style>p{display:none}</style><p>Hallo</p><script>alert(1)</script>")),
    Hostile("link that copies", "add a recipient to a link", text("#clsoe\n&bcc=eve@evil.example%0D%0A?cc=eve@evil.example")),
    Hostile("foreign action key", "come back in our mail", text("Hallo [mailbot:aaaaaaaaaaaaaaaaaaaaaaaaaa]"), "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
    Hostile("separator of signatures", "cut our mail off", text("Hallo\n-- \nWichtig\n-- \n")),
    Hostile("dots alone on a line", "end the SMTP data", text("Hallo\n.\nMAIL FROM:<eve@evil.example>\n..\n")),
    Hostile("From at a line's start", "be quoted by mbox", text("Hallo\nFrom eve@evil.example\n")),
    Hostile("multiparts in multiparts", "overflow the stack", raw(nested(3_000))),
    Hostile("parts without end", "make 20,000 parts", raw(MIXED + b"--b\r\n\r\nx\r\n" * 20_000)),
    Hostile("mails in mails", "overflow the stack", raw(b"Content-Type: message/rfc822\r\n\r\n" * 2_000 + b"x")),
    Hostile("tables in tables", "take a gigabyte", html("<table><tr><td>" * 20_000 + "Hallo")),
    Hostile("wide table", "grow with every row", html("<table><tr>" + "<td>" + "x" * 20_000 + "<tr><td>y" * 2_000)),
    Hostile("entities", "grow like a billion laughs", html("&lt;script&gt;alert(1)&lt;/script&gt;" * 5_000)),
    Hostile("angle brackets", "make a regex backtrack", html("<" * 200_000)),
    Hostile("quotation marks", "make a regex backtrack", text("> " * 50_000)),
    Hostile("attributions", "make a regex backtrack", text("Am 1.1.2026 um 10:00 schrieb x <a@b.example>:\n" * 3_000)),
    Hostile("T04 letters without a blank", "make a regex backtrack", text("a" * 60_000)),
    Hostile("T34 results of the server without end", "make a regex backtrack", field("Authentication-Results", f"{OURS}; {'a.' * 48_000}")),
    Hostile("blanks", "make a regex backtrack", text("a" + " " * 200_000 + "b")),
    Hostile("command lines", "carry out 5,000", text("#list\n" * 5_000)),
    Hostile("numbers of a command", "look up 5,000 tickets", text("#show " + " ".join(map(str, range(5_000))))),
    Hostile("compressed bomb", "fill the disk", file("x.zip", "application/zip", b"PK\x03\x04" + b"\0" * 2_000_000)),
    Hostile("many files", "list 500 files", raw(MIXED + b"--b\r\nContent-Disposition: attachment; filename=a\r\n\r\nx\r\n" * 500 + b"--b--")),
    Hostile("many recipients", "copy to everybody", field("To", ", ".join(f"a{n}@schule.example" for n in range(500)))),
    Hostile("charset that is none", "break the decoder", raw(b'Content-Type: text/plain; charset="\0utf-\xff"\r\n\r\nHallo')),
    Hostile("garbage in base64", "break the decoder", raw(b"Content-Transfer-Encoding: base64\r\n\r\n=%!A===\xff" * 50)),
    Hostile("garbage for winmail.dat", "break the unpacker", file("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22" + b"\xff" * 5_000)),
    Hostile("header without end", "hide the text", raw(b"X: y\r\n" * 60_000)),
)  # fmt: skip
