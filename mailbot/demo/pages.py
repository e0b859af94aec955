"""Write the demonstration's mails as pages for a browser."""

from base64 import b64encode
from collections.abc import Iterable
from email.message import EmailMessage
from html import escape
from pathlib import Path

from mailbot.demo.personas import html_of, read, text_of
from mailbot.preview import write_index, write_page


def write_pages(directory: Path, mails: Iterable[bytes]) -> Path:
    """Write each mail into a directory, numbered from 1; return the index page."""
    directory.mkdir(parents=True, exist_ok=True)
    numbered = enumerate(map(read, mails), start=1)
    return write_index(directory, [_write(directory, f"{number:02}", mail) for number, mail in numbered])


def _write(directory: Path, name: str, mail: EmailMessage) -> str:
    parts = [part for part in mail.walk() if part.get_content_maintype() == "image"]
    images = {str(part["Content-ID"] or part.get_filename()).strip("<>"): _data_url(part) for part in parts}
    text = text_of(mail)
    html = html_of(mail) or _text_page(text, images.values())
    return write_page(directory, name, str(mail["From"]), str(mail["Subject"]), html, text, images)


def _text_page(text: str, urls: Iterable[str]) -> str:
    images = "".join(f'<p><img src="{url}" alt=""></p>' for url in urls)
    return f'<!DOCTYPE html><meta charset="utf-8"><pre>{escape(text)}</pre>{images}'


def _data_url(part: EmailMessage) -> str:
    """Return an image as a data URL (RFC 2397)."""
    return f"data:{part.get_content_type()};base64,{b64encode(part.get_content()).decode()}"
