"""The journal of systemd: entries with fields of their own, by its native protocol, a datagram each.

`journalctl MAILBOT_TICKET=GYM-104` finds what the log says of a ticket (systemd.journal-fields(7)).
"""

import os
import re
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from structlog.dev import ConsoleRenderer
from structlog.typing import EventDict, WrappedLogger

SOCKET = "/run/systemd/journal/socket"
PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_INFO = PRIORITIES["info"]
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9_]")
_OF_THE_MESSAGE = ("level", "exception")

_in_words = ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)


def is_journal_stream(stream: TextIO) -> bool:
    """Tell whether what is written there goes to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # no file at all
        return False
    return os.environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"


def to_entry(logger: WrappedLogger, method: str, event: EventDict) -> Mapping[str, Any]:
    """Make an entry of what happened, with its line for people; the last of structlog's processors."""
    own = {f"MAILBOT_{key}": value for key, value in event.items() if key not in _OF_THE_MESSAGE}
    fields = {
        "PRIORITY": PRIORITIES.get(event.get("level", method), _INFO),
        "SYSLOG_IDENTIFIER": "mailbot",
        **own,
        "MESSAGE": _in_words(logger, method, dict(event)),
    }
    return {"fields": fields}


@dataclass(frozen=True, slots=True)
class Journal:
    """Takes entries; those that the journal does not take go to `stream`, where it reads lines."""

    stream: TextIO
    path: str = SOCKET

    def msg(self, *, fields: Mapping[str, Any]) -> None:
        """Write an entry."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as journal:
                journal.connect(self.path)
                journal.sendall(datagram(fields))
        except OSError:
            self.stream.write(lines(fields))
            self.stream.flush()

    debug = info = warning = error = critical = exception = msg


def datagram(fields: Mapping[str, Any]) -> bytes:
    """Return an entry as the native protocol has it; a value with line breaks says its length."""
    return b"".join(_field(name, str(value)) for name, value in fields.items())


def _field(name: str, value: str) -> bytes:
    key = _NOT_IN_A_NAME.sub("_", name.upper()).encode()
    octets = value.encode("utf-8", "replace")
    if b"\n" not in octets:
        return key + b"=" + octets + b"\n"
    return key + b"\n" + struct.pack("<Q", len(octets)) + octets + b"\n"


def lines(fields: Mapping[str, Any]) -> str:
    """Return an entry as lines with their priority in front (sd-daemon(3))."""
    return "".join(f"<{fields['PRIORITY']}>{line}\n" for line in str(fields["MESSAGE"]).splitlines())
