"""What IMAP and SMTP have in common: trust in certificates, and sentences about a network's troubles."""

import ipaddress
import socket
import ssl
from pathlib import Path

from mailbot.config import Secret

# The first that fits: what happened, whether it stays so until somebody changes something, and what that is.
_TROUBLES: tuple[tuple[type[BaseException], bool, str], ...] = (
    (ssl.SSLCertVerificationError, True, "its certificate is not trusted; check host, or set ca_file"),
    (ssl.SSLError, True, "TLS fails; check port, security and ca_file"),
    (socket.gaierror, False, "the name cannot be resolved; check host"),
    (ConnectionRefusedError, False, "nobody listens there; check host and port, or wait for the server"),
    (TimeoutError, False, "it does not answer in time; check port and security, or wait for the server"),
    (ConnectionError, False, "the connection was lost"),
    (OSError, False, "it cannot be reached"),
)


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies certificate and host name, by the system's authorities or by `ca_file`.

    Raises `ssl.SSLError` where `ca_file` cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError as error:
        raise ssl.SSLError(error.errno, f"ca_file {ca_file} cannot be read: {error.strerror}") from error


def describe_error(error: BaseException) -> tuple[str, bool]:
    """Say what a failed connection means and what to do, and whether waiting is no cure."""
    for kind, permanent, advice in _TROUBLES:
        if isinstance(error, kind):
            return f"{advice} ({_first_line(error)})", permanent
    return _first_line(error), False


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, so that nobody can listen in between."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def sanitize_reply(text: str, password: Secret | None) -> str:
    """Return what a server said as one short line, without control characters and without the password."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    secret = "" if password is None else password.get()
    return " ".join((line.replace(secret, "…") if secret else line).split())[:500]


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
