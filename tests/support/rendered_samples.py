"""The sample mails, rendered with the packaged templates once for all tests of a process."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import unquote

from mailbot import samples
from mailbot.core.text.own_quote import SentText
from mailbot.outgoing import OutgoingMail
from mailbot.parse import html as html_reader
from mailbot.preview import FORMS, sample
from tests.support.packaged_templates import TEMPLATES
from tests.support.reply_styles import ADDRESS

notifications = cache(samples.notifications)


@cache
def rendered(name: str, language: str = "de", *, informal: bool = False) -> OutgoingMail:
    """Return a sample by its name."""
    return sample(notifications(language)[name], language, TEMPLATES, informal=informal)


def every_sample() -> Iterator[tuple[str, OutgoingMail]]:
    """Yield all samples in all languages and forms, with an id for the message of a failure."""
    for language, informal in FORMS:
        for name in notifications(language):
            form = f"{language}{'-du' if informal else ''}"
            yield f"{form}-{name}", rendered(name, language, informal=informal)


def hrefs(html: str) -> list[str]:
    """Return the addresses of the links of a page."""
    return [address.replace("&amp;", "&") for address in re.findall(r'href="([^"]*)"', html)]


def fields(href: str) -> Mapping[str, str]:
    """Read a link as Roundcube does: split, and decode twice."""
    assert href.startswith("mailto:")
    to, _, query = href.removeprefix("mailto:").partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    return {"to": to} | {name: unquote(unquote(value).replace("+", " ")) for name, _, value in pairs}


@cache
def sent_text(name: str, language: str = "de") -> SentText:
    """Return a sample as the database has it."""
    mail = rendered(name, language)
    names = (mail.subject, mail.sender.name, ADDRESS, mail.recipient.email, mail.recipient.name)
    return SentText((mail.text, html_reader.to_text(mail.html).text), names)
