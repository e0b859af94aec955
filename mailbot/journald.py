"""Write log entries with fields to systemd's journal by its native protocol: one datagram for each entry.

`journalctl MAILBOT_TICKET=GYM-104` finds the entries about a ticket (systemd.journal-fields(7)).
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
_INVALID_IN_NAME = re.compile(r"[^A-Z0-9_]")
_NO_FIELDS = ("level", "exception")  # the level is PRIORITY; the traceback is in MESSAGE

_render_message = ConsoleRenderer(colors=False, pad_event_to=0, sort_keys=False)


def is_journal_stream(stream: TextIO) -> bool:
    """Return whether a stream is connected to the journal (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # the stream has no file descriptor
        return False
    return os.environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"


def to_entry(logger: WrappedLogger, method: str, event: EventDict) -> Mapping[str, Any]:
    """Turn an event into a journal entry with a readable message; the last of structlog's processors."""
    event_fields = {f"MAILBOT_{key}": value for key, value in event.items() if key not in _NO_FIELDS}
    fields = {
        "PRIORITY": PRIORITIES.get(event.get("level", method), _INFO),
        "SYSLOG_IDENTIFIER": "mailbot",
        **event_fields,
        "MESSAGE": _render_message(logger, method, {k: v for k, v in event.items() if k != "level"}),
    }
    return {"fields": fields}


@dataclass(frozen=True, slots=True)
class Journal:
    """Writes entries to the journal, or to `stream` as lines if the journal does not accept them."""

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
    """Return an entry in the native protocol, in which a value with line breaks has a length prefix."""
    return b"".join(_field(name, str(value)) for name, value in fields.items())


def _field(name: str, value: str) -> bytes:
    key = _INVALID_IN_NAME.sub("_", name.upper()).encode()
    encoded = value.encode("utf-8", "replace")
    if b"\n" not in encoded:
        return key + b"=" + encoded + b"\n"
    return key + b"\n" + struct.pack("<Q", len(encoded)) + encoded + b"\n"


def lines(fields: Mapping[str, Any]) -> str:
    """Return an entry as lines that begin with their priority (sd-daemon(3))."""
    return "".join(f"<{fields['PRIORITY']}>{line}\n" for line in str(fields["MESSAGE"]).splitlines())
