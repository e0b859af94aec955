"""TLS contexts and descriptions of network errors, for IMAP and SMTP."""

import ipaddress
import socket
import ssl
from functools import lru_cache
from pathlib import Path

from mailbot.config import Secret
from mailbot.redaction import redact_secret

_MAX_REPLY = 10_000  # characters of a reply that are read

# The first match applies: the error, whether it is permanent, and what happened and what to do.
_ERRORS: tuple[tuple[type[BaseException], bool, str], ...] = (
    (
        ssl.SSLCertVerificationError,
        True,
        "the server's certificate is not trusted; check host, or set ca_file",
    ),
    (ssl.SSLEOFError, False, "the connection was lost"),
    (ssl.SSLZeroReturnError, False, "the connection was lost"),
    (ssl.SSLError, True, "TLS fails; check port, security and ca_file"),
    (socket.gaierror, False, "the host name cannot be resolved; check host"),
    (ConnectionRefusedError, False, "no server listens there; check host and port, or wait for the server"),
    (
        TimeoutError,
        False,
        "the server does not answer in time; check port and security, or wait for the server",
    ),
    (ConnectionError, False, "the connection was lost"),
    (OSError, False, "the server cannot be reached"),
)


_CLOCKS = "renew it on the server, or set this machine's clock (timedatectl)"
_CERTIFICATE_ERRORS = {
    9: f"the server's certificate is not valid yet; {_CLOCKS}",
    10: f"the server's certificate has expired; {_CLOCKS}",
    62: "the server's certificate is for another name; check host",
    64: "the server's certificate is for another name; check host",
}
"""What happened and what to do, by OpenSSL's code (X509_V_ERR_…)."""


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies certificates against the system's authorities or those of `ca_file`.

    Reading the system's authorities takes a tenth of a second, so connections share a context until the files
    change. Raises `ssl.SSLError` if `ca_file` cannot be read.
    """
    system = ssl.get_default_verify_paths()
    paths = (system.cafile, system.capath) if ca_file is None else (ca_file,)
    try:
        return _context(ca_file, tuple(_version(path) for path in paths if path is not None))
    except OSError as error:
        raise ssl.SSLError(error.errno, f"ca_file {ca_file} cannot be read: {error.strerror}") from error


@lru_cache(maxsize=16)
def _context(ca_file: Path | None, _: tuple[tuple[int, int], ...]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))


def _version(path: str | Path) -> tuple[int, int]:
    """Return values that differ after a file, or a directory, was changed or replaced."""
    status = Path(path).stat()
    return status.st_ino, status.st_mtime_ns


def describe_error(error: BaseException) -> tuple[str, bool]:
    """Return a description of a connection error with advice, and whether the error is permanent."""
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _CERTIFICATE_ERRORS:
        return f"{_CERTIFICATE_ERRORS[error.verify_code]} ({_first_line(error)})", True
    for kind, permanent, advice in _ERRORS:
        if isinstance(error, kind):
            return f"{advice} ({_first_line(error)})", permanent
    return _first_line(error), False


def login_refused(password: Secret | None) -> str:
    """Return what to check after a refused login; blanks around a password cannot be seen in its file."""
    text = "" if password is None else password.get()
    blank = "; the password begins or ends with a blank" if text != text.strip() else ""
    return f"the login is refused; check username and password{blank}"


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, so that its traffic cannot be intercepted."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def sanitize_reply(text: str, password: Secret | None) -> str:
    """Return a server's reply as one line of at most 500 characters, without the password in any encoding."""
    printable = "".join(char if char.isprintable() else " " for char in text[:_MAX_REPLY])
    secret = "" if password is None else password.get()
    return " ".join(redact_secret(printable, secret).split())[:500]


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
