"""Notify systemd of the service's state by sd_notify(3): one datagram for each message."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from mailbot.clock import monotonic

_MICROSECOND = 1e-6


def notify(*assignments: str) -> bool:
    """Send assignments such as "READY=1" to the service manager; return False if there is none.

    Raises OSError if the service manager cannot be reached.
    """
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    # a leading @ denotes a name in the abstract namespace (unix(7)), which begins with a NUL byte
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        manager.connect(address)
        manager.sendall("\n".join(assignments).encode())
    return True


def is_booted() -> bool:
    """Return whether systemd runs this machine (sd_booted(3)); it does not in a container."""
    return Path("/run/systemd/system").is_dir()


def is_service() -> bool:
    """Return whether systemd started this process as the main process of a service (systemd.exec(5))."""
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())


def ready(status: str) -> bool:
    """Report that start-up or a reload is finished, with one line for `systemctl status`."""
    return notify("READY=1", _status(status))


def status(text: str) -> bool:
    """Report the current state, in one line for `systemctl status`."""
    return notify(_status(text))


def reloading() -> bool:
    """Report that a reload has begun; `ready` reports its end."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic() / _MICROSECOND)}")


def stopping(status: str) -> bool:
    """Report that the shutdown has begun, with one line for `systemctl status`."""
    return notify("STOPPING=1", _status(status))


def alive() -> bool:
    """Ping the watchdog."""
    return notify("WATCHDOG=1")


def watchdog_seconds() -> float | None:
    """Return the interval for `alive`, half of the watchdog's timeout, or None without a watchdog."""
    pid = os.environ.get("WATCHDOG_PID", "")
    timeout = os.environ.get("WATCHDOG_USEC", "")
    if not timeout.isdecimal() or int(timeout) == 0 or pid not in ("", str(os.getpid())):
        return None
    return int(timeout) * _MICROSECOND / 2


def _status(text: str) -> str:
    # a line break would start another assignment
    return "STATUS=" + " ".join(text.splitlines())


_TAKEN_OVER = (
    "User",
    "Group",
    "DynamicUser",
    "SupplementaryGroups",
    "StateDirectory",
    "StateDirectoryMode",
    "Environment",
    "EnvironmentFile",
    "ImportCredential",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "SetCredential",
    "SetCredentialEncrypted",
)
"""The settings of a service that decide on its user, its state directory and its passwords."""


def as_service(unit: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a call of mailbot as a service does.

    `unit` is the text of the unit file and its drop-ins (`systemctl cat`).
    """
    # comments first: one may be between the lines of a setting, and is never continued (systemd.syntax)
    text = "\n".join(line for line in unit.splitlines() if not line.lstrip().startswith(("#", ";")))
    lines = (line.strip() for line in text.replace("\\\n", " ").splitlines())
    settings = [line for line in lines if line.partition("=")[0] in _TAKEN_OVER]
    properties = [word for setting in settings for word in ("-p", setting)]
    # --collect: a failed check leaves no failed unit
    options = ("--pipe", "--wait", "--collect", "--quiet")
    return ["systemd-run", *options, *properties, "/usr/bin/env", "mailbot", *arguments]
