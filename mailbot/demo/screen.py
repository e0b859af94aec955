"""Show the demonstration on a terminal, by rich; its texts are in German like the mails."""

from collections.abc import Iterable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mailbot.sanitize import printable

_LINES_SHOWN = 40
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue")
_HEAD = (("Von", "From"), ("An", "To"), ("Kopie", "Cc"), ("Betreff", "Subject"))


class Screen:
    """Prints mails and texts; each person has a colour."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._colours: dict[str, str] = {}

    def heading(self, title: str) -> None:
        """Print the heading of a step."""
        self._console.print()
        self._console.rule(Text(printable(title), style="bold"))

    def write(self, text: str) -> None:
        """Print a text."""
        self._console.print(Text(printable(text)))

    def show(self, mail: bytes, who: str, note: str) -> None:
        """Print a mail that `who` sends or receives, below a line with the note."""
        colour = self._colours.setdefault(who, _COLOURS[len(self._colours) % len(_COLOURS)])
        self._console.print()
        self._console.print(Text.assemble((f"{printable(who)}: ", f"bold {colour}"), printable(note)))
        message = message_from_bytes(mail, policy=policy.default)
        self._console.print(
            Panel(Group(_head(message), "", *_text(message), *_files(message)), border_style=colour)
        )


def _head(message: EmailMessage) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for label, name in _HEAD:
        if name in message:
            table.add_row(Text(label, style="dim"), Text(printable(str(message[name])), style="bold"))
    return table


def _text(message: EmailMessage) -> Iterator[RenderableType]:
    body = message.get_body(("plain",))
    lines = str(body.get_content()).strip().splitlines() if body else ["(ohne Text)"]
    short = _shorten(printable(line) for line in lines)
    yield from (Text(line) for line in short[:_LINES_SHOWN])
    if len(short) > _LINES_SHOWN:
        yield Text(f"… und {len(short) - _LINES_SHOWN} weitere Zeilen", style="dim")


def _shorten(lines: Iterable[str]) -> list[str]:
    """Replace each quotation by one line, and adjacent one-click links by one line with their labels."""
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
    """Turn the last line with text into a button, in the same line as the buttons directly above."""
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
            yield Text(printable(f"[{kind}: {name}, {_size(size)}]"), style="italic")


def _size(count: int) -> str:
    return f"{count / 1000:.1f} kB".replace(".", ",") if count >= 1000 else f"{count} Byte"
