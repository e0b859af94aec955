"""Files and environment variables that a configuration names: passwords, keys, certificates, directories."""

import errno
import os
import ssl
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mailbot.config.problem import FieldError, Location
from mailbot.config.settings import Secret

CONTAINER_SECRETS = "/run/secrets"
_MAX_SIZE = 10_000_000  # bytes
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LoadContext:
    """The folder that relative file names start from, the environment, and the problems found so far."""

    folder: Path
    environ: Mapping[str, str]
    field_errors: list[FieldError] = field(default_factory=list)

    def report(self, location: Location, expected: str, value: object = None) -> None:
        """Add a problem."""
        self.field_errors.append(FieldError(location, expected, value))

    def read(
        self, location: Location, name: str | None, reader: "Callable[[str, LoadContext], T]"
    ) -> T | None:
        """Return what a reader makes of a name, or None without a name; report the reader's ValueError."""
        try:
            return reader(name, self) if name else None
        except ValueError as error:
            self.report(location, str(error), name)
            return None

    def path(self, name: str) -> Path:
        """Return a file name of the configuration as an absolute path."""
        return (self.folder / name).absolute()

    def credential(self, name: str) -> Path:
        """Return a password's file: the systemd credential of this name, or else any other file.

        `LoadCredential=passwords:DIRECTORY` makes "passwords_gym" of "passwords/gym" (systemd.exec(5)).
        Raises OSError if systemd's directory cannot be read.
        """
        directory = self.environ.get("CREDENTIALS_DIRECTORY")
        names = (name, name.replace("/", "_")) if directory else ()
        candidates = (Path(directory or "", candidate) for candidate in names)
        return next((candidate for candidate in candidates if candidate.exists()), self.path(name))


def read_bytes(path: Path) -> bytes:
    """Return the content of a regular file; raise OSError if it cannot be read or is larger than 10 MB."""
    require_regular(path)
    with path.open("rb") as file:
        content = file.read(_MAX_SIZE + 1)
    if len(content) > _MAX_SIZE:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def require_regular(path: Path) -> None:
    """Raise OSError for a FIFO, a socket or a device: reading one may block or never end."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a directory raises the error for it
        raise OSError(errno.EINVAL, "Not a regular file")


# Readers for LoadContext.read: they raise ValueError with what would be right.


def secret_line(name: str, context: LoadContext) -> Secret:
    """Return the password that is the only line of a file."""
    return _one_line(secret_text(name, context).get())


def secret_variable(name: str, context: LoadContext) -> Secret:
    """Return the password in an environment variable."""
    value = context.environ.get(name)
    if value is None:
        raise ValueError("must be the name of an environment variable that is set")
    return _one_line(value)


def secret_text(name: str, context: LoadContext) -> Secret:
    """Return the content of a private file, without its last line break."""
    path = context.path(name)
    try:
        path = context.credential(name)
        _require_private(path, context)
        content = read_bytes(path).decode("utf-8-sig")  # editors on Windows write a byte order mark
    except OSError as error:
        new = "; systemd passes new passwords at the start: systemctl restart mailbot"
        hint = new if "CREDENTIALS_DIRECTORY" in context.environ else ""
        raise ValueError(f"must be a readable file; {path}: {error.strerror}{hint}") from None
    except UnicodeDecodeError:
        raise ValueError(f"must be a text file in UTF-8; {path} is not") from None
    return Secret(content.removesuffix("\n").removesuffix("\r"))


def certificates(name: str, context: LoadContext) -> Path:
    """Return the path of a file of certificates."""
    path = context.path(name)
    try:
        require_regular(path)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise ValueError(f"must be a file of certificates in PEM form; {path} is not") from None
    except OSError as error:
        raise ValueError(f"must be a readable file; {path}: {error.strerror}") from None
    return path


def directory(name: str, context: LoadContext) -> Path:
    """Return the path of a directory that can be read, as its folders: jinja2 passes over closed ones.

    Folders such as `.git` and `lost+found`, which have no templates, may be closed.
    """
    path = context.path(name)
    try:
        named_by_word = (inner for inner in path.iterdir() if inner.name.isidentifier())
        folders = (path, *(inner for inner in named_by_word if inner.is_dir()))
    except OSError:
        folders = ()
    refused = next((folder for folder in folders if not os.access(folder, os.R_OK | os.X_OK)), None)
    if refused or not folders:
        raise ValueError(f"must be a directory that can be read; {refused or path} is not")
    return path


def _require_private(path: Path, context: LoadContext) -> None:
    """Refuse a password that other accounts of this machine can read.

    systemd protects its credentials itself, and so does a container's host its mounted secrets.
    """
    trusted = (context.environ.get("CREDENTIALS_DIRECTORY"), CONTAINER_SECRETS)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and path.is_file() and not any(d and path.is_relative_to(d) for d in trusted):
        raise ValueError(f"must be readable by its owner only, not mode {mode:04o}: chmod 600 {path}")


def _one_line(password: str) -> Secret:
    """A line break or NUL would end the command that carries the password (RFC 9051, 4.3)."""
    if not password:
        raise ValueError("must not be empty")
    if any(c in password for c in "\r\n\0"):
        raise ValueError("must contain the password as its only line")
    return Secret(password)
