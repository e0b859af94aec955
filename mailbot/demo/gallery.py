"""The demonstration's mails as pages, to look at in a browser."""

from base64 import b64encode
from collections.abc import Iterable
from email.message import EmailMessage
from html import escape
from pathlib import Path

from mailbot.demo.personas import Person, html_of, read, text_of

_INDEX = """<!DOCTYPE html>
<html lang="de"><head><meta charset="utf-8"><title>mailbot: ein Tag</title><style>
body {{ font: 16px/1.5 sans-serif; margin: 24px; color-scheme: light dark }}
iframe {{ border: 1px solid #999; width: 100%; max-width: 700px; height: 560px; resize: both }}
</style></head><body><h1>Ein Tag im Gymnasium Marienschule</h1>
{mails}
</body></html>
"""
_MAIL = """<h2>{number}. {who}</h2><p>{note}<br>Betreff: {subject}</p>
<iframe src="{file}" title="{subject}"></iframe>
"""
_TEXT = """<!DOCTYPE html>
<html lang="de"><head><meta charset="utf-8"></head><body><pre>{text}</pre>{pictures}</body></html>
"""


def write_gallery(directory: Path, mails: Iterable[tuple[Person, str, bytes]]) -> Path:
    """Write each mail as a page into that directory; return the index page to open."""
    directory.mkdir(parents=True, exist_ok=True)
    entries = []
    for number, (who, note, mail) in enumerate(mails, start=1):
        message = read(mail)
        file = f"{number:02}.html"
        (directory / file).write_text(_page(message), encoding="utf-8")
        subject = escape(str(message["Subject"]), quote=True)
        entries.append(
            _MAIL.format(number=number, who=escape(who.name), note=escape(note), subject=subject, file=file)
        )
    index = directory / "index.html"
    index.write_text(_INDEX.format(mails="".join(entries)), encoding="utf-8")
    return index


def _page(message: EmailMessage) -> str:
    """Return the HTML of a mail with its pictures in it, or its text and pictures where it has no HTML."""
    pictures = {
        str(part["Content-ID"] or "").strip("<>"): _data_url(part)
        for part in message.walk()
        if part.get_content_maintype() == "image"
    }
    html = html_of(message)
    if not html:
        images = "".join(f'<p><img src="{url}" alt=""></p>' for url in pictures.values())
        return _TEXT.format(text=escape(text_of(message)), pictures=images)
    for content_id, url in pictures.items():
        html = html.replace(f"cid:{content_id}", url)
    return html


def _data_url(part: EmailMessage) -> str:
    content = b64encode(part.get_content()).decode()
    return f"data:{part.get_content_type()};base64,{content}"
