"""Write a gallery of all notifications in all languages, rendered with sample data."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote

from mailbot import samples
from mailbot.core.model.notification import Notification
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.render import BrokenTemplateError, Templates, render
from mailbot.samples import scene

LANGUAGES = ("de", "en", "fr")
FORMS = (("de", False), ("de", True), ("en", False), ("fr", False))
"""Languages, each with its formal form of address and, if it has one, the informal one."""

_MESSAGE_ID = "<sample@schule.example>"
_ACTION_KEY = "abcdefghijklmnopqrstuvwxyz"
_PHOTO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="900"><rect width="1600" height="900" '
    'fill="#3b4a5a"/><rect x="350" y="180" width="900" height="500" fill="#1d3fbb"/><text x="800" y="450" '
    'fill="#fff" font-size="90" font-family="sans-serif" text-anchor="middle">Kein Signal</text></svg>'
)
_INDEX = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>mailbot: all mails</title><style>
body {{ font: 16px/1.5 sans-serif; margin: 24px; color-scheme: light dark }}
section {{ display: flex; flex-wrap: wrap; gap: 16px }}
iframe {{ border: 1px solid #999; width: 660px; height: 620px; resize: both }}
iframe.phone {{ width: 320px }}
pre {{ width: 660px; height: 620px; margin: 0; padding: 8px; box-sizing: border-box; overflow: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; resize: both; border: 1px solid #999 }}
</style></head><body><h1>mailbot: all mails</h1>
<p>Every mail as a page, on a phone, and as plain text.</p>
{mails}
</body></html>
"""
_LETTER = """<h2 id="{name}">{name}</h2>
<p>From: {sender}<br>Subject: {subject}</p>
<section><iframe src="{name}.html" title="{name}"></iframe>
<iframe class="phone" src="{name}.html" title="{name} on a phone"></iframe>
<pre>{text}</pre></section>
"""


def write_gallery(directory: Path, templates: Templates) -> Path:
    """Write every notification as a page and as text below that directory; return the index page."""
    directory.mkdir(parents=True, exist_ok=True)
    entries = []
    for language, informal in FORMS:
        for name, notification in samples.notifications(language).items():
            mail = sample(notification, language, templates, informal=informal)
            prefix = f"{language}-du" if informal else language
            entries.append(_write(directory, f"{prefix}.{name}", mail))
    return write_index(directory, entries)


def broken_templates(templates: Templates) -> Iterator[str]:
    """Yield one line for each sample that cannot be rendered."""
    for language, informal in FORMS:
        for notification in samples.notifications(language).values():
            try:
                sample(notification, language, templates, informal=informal)
            except BrokenTemplateError as error:
                yield str(error)


def sample(
    notification: Notification, language: str, templates: Templates, *, informal: bool = False
) -> OutgoingMail:
    """Render a sample notification of the sample school; raise `BrokenTemplateError`."""
    policy = scene.policy(language, informal=informal)
    return render(
        notification,
        policy.schools[0],
        policy,
        templates,
        message_id=_MESSAGE_ID,
        action_key=_ACTION_KEY,
        now=scene.NOW,
    )


def _write(directory: Path, name: str, mail: OutgoingMail) -> str:
    images = {
        content_id(mail.message_id, position): f"data:image/svg+xml,{quote(_PHOTO)}"
        for position in range(len(mail.attachments))
    }
    sender = f"{mail.sender.name} <{mail.sender.email}>"
    return write_page(directory, name, sender, mail.subject, mail.html, mail.text, images)


def write_page(
    directory: Path, name: str, sender: str, subject: str, html: str, text: str, images: Mapping[str, str]
) -> str:
    """Write the HTML and the text of a mail as files; return its section of the index page.

    `images` has a data URL (RFC 2397) for each Content-ID.
    """
    for content_id_, url in images.items():
        html = html.replace(f"cid:{content_id_}", url)
    (directory / f"{name}.html").write_text(html, encoding="utf-8")
    (directory / f"{name}.txt").write_text(f"{subject}\n\n{text}", encoding="utf-8")
    return _LETTER.format(name=name, sender=escape(sender), subject=escape(subject), text=escape(text))


def write_index(directory: Path, sections: Iterable[str]) -> Path:
    """Write the index page of the mails in a directory; return its path."""
    index = directory / "index.html"
    index.write_text(_INDEX.format(mails="\n".join(sections)), encoding="utf-8")
    return index
