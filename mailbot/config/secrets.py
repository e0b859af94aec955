"""Passwords and keys from where only their owner reads them: files, credentials, the environment."""

import stat
from pathlib import Path

from mailbot.config.fields import Places
from mailbot.config.settings import Secret

CONTAINER_SECRETS = "/run/secrets"


def secret_line(file: str | None, variable: str | None, places: Places) -> Secret:
    """Return the password in a file or an environment variable; raise ValueError with what would be right."""
    return Secret(_one_line(secret_text(file, places) if file else _variable(variable or "", places)))


def secret_text(name: str, places: Places) -> str:
    """Return what a file holds. Raises ValueError with what would be right."""
    path = places.path(name)
    try:
        path = places.credential(name)
        _kept_private(path, places)
        content = path.read_bytes().decode()
    except OSError as error:
        raise ValueError(f"must be a readable file; {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"must be a text file in UTF-8; {path} is none") from None
    return content.removesuffix("\n").removesuffix("\r")


def _kept_private(path: Path, places: Places) -> None:
    """Refuse a password that others on this machine can read.

    Not where somebody else sees to that: systemd's credentials, and what is mounted into a container.
    """
    trusted = (places.environ.get("CREDENTIALS_DIRECTORY"), CONTAINER_SECRETS)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077 and path.is_file() and not any(d and path.is_relative_to(d) for d in trusted):
        raise ValueError(f"must be readable by its owner only, not mode {mode:04o}: chmod 600 {path}")


def _variable(name: str, places: Places) -> str:
    value = places.environ.get(name)
    if value is None:
        raise ValueError("must be the name of an environment variable that is set")
    return value


def _one_line(password: str) -> str:
    """A line break or NUL would end the command that carries the password (RFC 9051, 4.3)."""
    if not password:
        raise ValueError("must not be empty")
    if any(c in password for c in "\r\n\0"):
        raise ValueError("must hold the password as its only line")
    return password
