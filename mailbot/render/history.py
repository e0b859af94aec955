"""Shorten the history in a mail: Gmail clips mails of more than 102 kB."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mailbot.core.model.ticket import Message

SHOWN = 16_000  # characters of all messages together
MAX_MESSAGE_LENGTH = 6_000  # characters of one message
MAX_SIGNATURE_LENGTH = 600
_EACH = 150  # characters of the HTML around each message


@dataclass(frozen=True, slots=True)
class Shown:
    """The messages that are shown, oldest first, and how many are left out after the first one."""

    messages: tuple[Message, ...]
    left_out: int = 0


def with_signatures_once(history: Iterable[Message], cut: str, *, staff: bool) -> Iterator[Message]:
    """Yield messages with each signature once; for the staff only, and not what `cut` shows above."""
    seen = {""} | {line.strip() for line in cut.splitlines()}
    for message in history:
        lines = [line for line in message.signature.splitlines() if line.strip() not in seen and staff]
        seen.update(line.strip() for line in lines)
        yield replace(message, signature="\n".join(lines))


def shown(history: Sequence[Message], left_out: int = 0) -> Shown:
    """Return the first message, and the latest others within the limit; `left_out` are missing already."""
    if not history:
        return Shown(())
    first, *others = (_cut(message) for message in history)
    room = SHOWN - _weight(first)
    latest: list[Message] = []
    for message in reversed(others):
        room -= _weight(message)
        if room < 0 and latest:
            break
        latest.append(message)
    return Shown((first, *reversed(latest)), left_out + len(others) - len(latest))


def cut(text: str, longest: int) -> str:
    """Return a text, or the begin of one that is too long, which ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[:longest].rstrip()} …"


def _cut(message: Message) -> Message:
    signature = cut(message.signature, MAX_SIGNATURE_LENGTH)
    return replace(message, text=cut(message.text, MAX_MESSAGE_LENGTH), signature=signature)


def _weight(message: Message) -> int:
    return len(message.text) + len(message.signature) + _EACH
