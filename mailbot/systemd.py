"""Telling systemd how we are: the sd_notify(3) protocol, which is one datagram per message."""

import os
import socket

from mailbot.clock import monotonic

_MICROSECOND = 1e-6


def notify(*assignments: str) -> bool:
    """Send assignments such as "READY=1" to the service manager; return False where there is none.

    Raises OSError if there is a manager that cannot be reached.
    """
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    # a leading @ stands for a name in Linux' abstract namespace (unix(7)), which begins with a NUL
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.connect(address)
        manager.sendall("\n".join(assignments).encode())
    return True


def ready(status: str) -> bool:
    """Tell that start-up or a reload is finished, with one line for `systemctl status`."""
    return notify("READY=1", _status(status))


def status(text: str) -> bool:
    """Tell how things stand, in one line for `systemctl status`."""
    return notify(_status(text))


def reloading() -> bool:
    """Tell that the configuration is being read again; `ready` ends that."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic() / _MICROSECOND)}")


def stopping(status: str) -> bool:
    """Tell that the end has begun, with one line for `systemctl status`."""
    return notify("STOPPING=1", _status(status))


def alive() -> bool:
    """Keep the watchdog quiet until its next interval."""
    return notify("WATCHDOG=1")


def watchdog_seconds() -> float | None:
    """Return how often `alive` has to be called (half of what systemd allows), or None without a watchdog."""
    for_whom = os.environ.get("WATCHDOG_PID", "")
    allowed = os.environ.get("WATCHDOG_USEC", "")
    if not allowed.isdecimal() or int(allowed) == 0 or for_whom not in ("", str(os.getpid())):
        return None
    return int(allowed) * _MICROSECOND / 2


def _status(text: str) -> str:
    # a line break would begin a further assignment
    return "STATUS=" + " ".join(text.splitlines())
