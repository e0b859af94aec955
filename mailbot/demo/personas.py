"""The people of the demonstration and how they write: new mails, replies as webmail makes them, one tap."""

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
    """Somebody with a mailbox at the demonstration's post office."""

    name: str
    address: str
    password: str


LENA = Person("Lena Lehrerin", "lena.lehrerin@schule.example", "kreide")
MAX = Person("Max Mustermann", "mustermann.m@support.example", "kabel")
ERIKA = Person("Erika Beispiel", "beispiel.e@support.example", "adapter")
TONI = Person("Toni Technik", "technik@stadt.example", "lampe")
EVERYBODY = (LENA, MAX, ERIKA, TONI)


def new_mail(writer: Person, subject: str, text: str, photo: bytes) -> bytes:
    """Return a mail with a photo to the support address, as a phone sends it."""
    message = _mail(writer, subject)
    message.set_content(text)
    message.add_attachment(photo, maintype="image", subtype="png", filename="Beamer Raum 204.png")
    return message.as_bytes()


def reply(writer: Person, letter: bytes, text: str) -> bytes:
    """Return the reply that a webmail makes: the answer, and the letter quoted below it."""
    answered = read(letter)
    subject = str(answered["Subject"]).removeprefix("Re: ")
    message = _mail(writer, f"Re: {subject}")
    message["In-Reply-To"] = message["References"] = str(answered["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in text_of(answered).splitlines())
    date = parsedate_to_datetime(answered["Date"])
    message.set_content(f"{text}\n\nAm {date:%Y-%m-%d %H:%M}, schrieb Schul-Support:\n{quoted}\n")
    return message.as_bytes()


def tap(writer: Person, letter: bytes, line: str) -> bytes:
    """Return the mail that a tap on one of the letter's links opens, sent as it is (RFC 6068).

    Raises LookupError if no link of the letter fills in that command line.
    """
    for link in _links(read(letter)):
        fields = parse_qs(urlsplit(link).query)
        if fields["body"][0].startswith(line):
            message = _mail(writer, fields["subject"][0], unquote(urlsplit(link).path))
            message.set_content(fields["body"][0].replace("\r\n", "\n"))
            return message.as_bytes()
    raise LookupError(f"the letter to {writer.name} has no link for {line}")


def read(mail: bytes) -> EmailMessage:
    """Return a mail with decoded headers."""
    return message_from_bytes(mail, policy=email.policy.default)


def text_of(message: EmailMessage) -> str:
    """Return the text version, "" if there is none."""
    part = message.get_body(("plain",))
    return str(part.get_content()) if part else ""


def html_of(message: EmailMessage) -> str:
    """Return the HTML version, "" if there is none."""
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
    """Collects where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def _links(letter: EmailMessage) -> Iterator[str]:
    parser = _Hrefs()
    parser.feed(html_of(letter))
    return (href for href in parser.found if href.startswith("mailto:") and "body=" in href)
