"""Define the people of the demonstration, and build their mails: new mails, replies, clicks on links."""

import email.policy
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import parse_qs, unquote, urlsplit

from mailbot.clock import utc_now

SUPPORT = "support-gym@schule.example"


@dataclass(frozen=True, slots=True)
class Person:
    """A person with a mailbox on the demonstration's servers."""

    name: str
    address: str
    password: str


LENA = Person("Lena Lehrerin", "lena.lehrerin@schule.example", "kreide")
MAX = Person("Max Mustermann", "mustermann.m@support.example", "kabel")
ERIKA = Person("Erika Beispiel", "beispiel.e@support.example", "adapter")
TONI = Person("Toni Technik", "technik@stadt.example", "lampe")
PERSONAS = (LENA, MAX, ERIKA, TONI)


def new_mail(writer: Person, subject: str, text: str, photo: bytes) -> bytes:
    """Return a mail with a photo to the support address, as a phone sends it."""
    message = _mail(writer, subject)
    message.set_content(text)
    message.add_attachment(photo, maintype="image", subtype="png", filename="Beamer Raum 204.png")
    return message.as_bytes()


def reply(writer: Person, mail: bytes, text: str) -> bytes:
    """Return the reply of a webmail client: the text, and the mail quoted below it."""
    answered = read(mail)
    subject = str(answered["Subject"]).removeprefix("Re: ")
    message = _mail(writer, f"Re: {subject}")
    message["In-Reply-To"] = message["References"] = str(answered["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in text_of(answered).splitlines())
    date = parsedate_to_datetime(answered["Date"])
    message.set_content(f"{text}\n\nAm {date:%Y-%m-%d %H:%M}, schrieb Schul-Support:\n{quoted}\n")
    return message.as_bytes()


def click_link(writer: Person, mail: bytes, line: str) -> bytes:
    """Return the unchanged mail that opens after a click on the link with that command line (RFC 6068).

    Raises LookupError if the mail has no such link.
    """
    for link in _links(read(mail)):
        fields = parse_qs(urlsplit(link).query)
        if fields["body"][0].startswith(line):
            message = _mail(writer, fields["subject"][0], unquote(urlsplit(link).path))
            message.set_content(fields["body"][0].replace("\r\n", "\n"))
            return message.as_bytes()
    raise LookupError(f"the mail to {writer.name} has no link for {line}")


def read(mail: bytes) -> EmailMessage:
    """Parse a mail; its headers are decoded."""
    return message_from_bytes(mail, policy=email.policy.default)


def text_of(message: EmailMessage) -> str:
    """Return the plain text of a mail, or "" if it has none."""
    part = message.get_body(("plain",))
    return str(part.get_content()) if part else ""


def html_of(message: EmailMessage) -> str:
    """Return the HTML of a mail, or "" if it has none."""
    part = message.get_body(("html",))
    return str(part.get_content()) if part else ""


def _mail(writer: Person, subject: str, to: str = SUPPORT) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"{writer.name} <{writer.address}>"
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = make_msgid(domain=writer.address.partition("@")[2])
    return message


class _Hrefs(HTMLParser):
    """Collects the targets of links."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _links(message: EmailMessage) -> Iterator[str]:
    parser = _Hrefs()
    parser.feed(html_of(message))
    return (href for href in parser.hrefs if href.startswith("mailto:") and "body=" in href)
