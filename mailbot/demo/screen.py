"""The demonstration on a terminal, by rich: each mail as it happens, in German like the mails themselves."""

import unicodedata
from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

_LINES_SHOWN = 40
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")
_HEAD = (("Von", "From"), ("An", "To"), ("Kopie", "Cc"), ("Betreff", "Subject"))


class Screen:
    """Shows mails and what is said between them; each person keeps a colour."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._colours: dict[str, str] = {}

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._console.print()
        self._console.rule(Text(title, style="bold"))

    def say(self, text: str) -> None:
        """Tell what is not in a mail."""
        self._console.print(Text(text))

    def show(self, mail: bytes, who: str, note: str) -> None:
        """Show a mail that `who` writes or reads, below a line that says what is happening."""
        colour = self._colours.setdefault(who, _COLOURS[len(self._colours) % len(_COLOURS)])
        self._console.print()
        self._console.print(Text.assemble((f"{who}: ", f"bold {colour}"), note))
        message = message_from_bytes(mail, policy=policy.default)
        self._console.print(
            Panel(Group(_head(message), "", *_text(message), *_files(message)), border_style=colour)
        )


def _head(message: EmailMessage) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for label, name in _HEAD:
        if name in message:
            table.add_row(Text(label, style="dim"), Text(_printable(str(message[name])), style="bold"))
    return table


def _text(message: EmailMessage) -> Iterator[RenderableType]:
    body = message.get_body(("plain",))
    lines = str(body.get_content()).strip().splitlines() if body else ["(ohne Text)"]
    short = _in_short(_printable(line) for line in lines)
    yield from (Text(line) for line in short[:_LINES_SHOWN])
    if len(short) > _LINES_SHOWN:
        yield Text(f"… und {len(short) - _LINES_SHOWN} weitere Zeilen", style="dim")


def _in_short(lines: Iterable[str]) -> list[str]:
    """Make one line of each quotation, and one of neighbouring one-tap links: their labels."""
    short: list[str] = []
    for line in lines:
        if line.startswith(("mailto:", "<mailto:")):
            _add_button(short)
        elif line.startswith(">") and short and short[-1].startswith(">"):
            short[-1] = "> …"
        elif line or (short and short[-1]):
            short.append(line)
    return short


def _add_button(lines: list[str]) -> None:
    """Make a button of the last line with words in it, beside those that are above it."""
    label = ""
    while lines and not label:
        label = lines.pop().partition(" – ")[0].rstrip(":")
    while lines and not lines[-1]:
        lines.pop()
    button = f"[ {label} ]"
    if lines and lines[-1].startswith("[ "):
        button = f"{lines.pop()}  {button}"
    lines += ["", button] if lines and lines[-1] else [button]


def _files(message: EmailMessage) -> Iterator[RenderableType]:
    for part in message.walk():
        name = part.get_filename()
        if name:
            kind = "Bild" if part.get_content_maintype() == "image" else "Anhang"
            size = len(part.get_payload(decode=True) or b"")
            yield Text(_printable(f"[{kind}: {name}, {_size(size)}]"), style="italic")


def _size(octets: int) -> str:
    return f"{octets / 1000:.1f} kB".replace(".", ",") if octets >= 1000 else f"{octets} Byte"


def _printable(text: str) -> str:
    """Take out what a terminal would obey, such as escape sequences."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
