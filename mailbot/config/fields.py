"""The kinds of values in a configuration: each a type that says what would be right when it is not."""

import difflib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from mailbot.colour import READABLE, WHITE, contrast
from mailbot.core.model.calendar import Span
from mailbot.holidays import LAENDER

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[^\W_]([\w-]*[^\W_])?")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{1,11}")
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SIZE = re.compile(r"([0-9]{1,12})\s*([a-zA-Z]*)")
_SPAN = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*[-–]\s*([0-9]{1,2}:[0-9]{2})")
_CLOSED_MOST = timedelta(days=366)
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_DATABASES = ("postgresql", "postgresql+psycopg")


@dataclass(frozen=True, slots=True)
class Places:
    """The folder that relative names start from, and the environment."""

    folder: Path
    environ: Mapping[str, str]

    def path(self, name: str) -> Path:
        """Return a file name of the configuration as an absolute path."""
        return (self.folder / name).absolute()

    def credential(self, name: str) -> Path:
        """Return a password's file: among systemd's credentials if it is there, else as any other.

        Raises OSError where systemd's directory cannot be looked into.
        """
        directory = self.environ.get("CREDENTIALS_DIRECTORY")
        candidate = Path(directory, name) if directory else None
        return candidate if candidate and candidate.exists() else self.path(name)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text without control characters")
    return value.strip()


def _given(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


def ascii_domain(domain: str) -> str | None:
    """Return a domain in lower case as it goes over the wire (RFC 5891: A-labels), or None if it is none."""
    labels = domain.lower().split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return None
    ascii_labels = [s if s.isascii() else "xn--" + s.encode("punycode").decode() for s in labels]
    return ".".join(ascii_labels) if all(len(s) <= 63 for s in ascii_labels) else None


def _domain(value: str) -> str:
    domain = ascii_domain(value)
    if domain is None:
        raise ValueError("must be a domain such as schule.example")
    return domain


def _email(value: str) -> str:
    local, _, name = value.strip().lower().rpartition("@")
    domain = ascii_domain(name)
    dotted = domain is not None and ("." in domain or domain == "localhost")
    if not dotted or not _LOCAL.fullmatch(local) or len(local) > 64:
        raise ValueError("must be an address such as name@schule.example")
    return f"{local}@{domain}"


def _host(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        domain = ascii_domain(value)
    if domain is None:
        raise ValueError("must be a server's name or IP address alone, such as mail.example")
    return domain


def _colour(value: str) -> str:
    if not _COLOUR.fullmatch(value):
        raise ValueError('must be a colour such as "#1a5f8f"')
    if contrast(value, WHITE) < READABLE:
        raise ValueError("must be darker: white writing on it cannot be read")
    return value.lower()


def _port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError("must be a port, a whole number from 1 to 65535")
    return value


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError(
            "must be 2 to 12 letters or digits without umlauts, beginning with a letter, such as GYM"
        )
    return value.upper()


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, _timezones(), n=1) or ["Europe/Berlin"]
        raise ValueError(f"must be a time zone such as {near[0]}") from None
    return value


@cache
def _timezones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError('must be a size such as "10 MB", or a number of octets')
    return int(match[1]) * unit


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _hours(value: object) -> object:
    """Times of a day in their order, none of them in another."""
    if not isinstance(value, str):
        return value
    found = [_SPAN.fullmatch(part.strip()) for part in value.split(",") if part.strip()]
    try:
        spans = [(_clock(span[1]), _clock(span[2])) for span in found if span]
    except ValueError:
        spans = []
    clocks = [clock for span in spans for clock in span]
    if len(spans) != len(found) or any(a >= b for a, b in pairwise(clocks)):
        raise ValueError('must be times such as "07:30-16:00" or "07:30-12:00, 13:00-16:00", or "" for none')
    return tuple(spans)


def _time(value: object) -> object:
    if not isinstance(value, str) or not value:
        return None if value == "" else value
    try:
        return _clock(value)
    except ValueError:
        raise ValueError('must be a time such as "07:30", or "" for none') from None


def _away(value: object) -> object:
    if not isinstance(value, str):
        return value
    first, _, last = value.replace(" ", "").partition("..")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(
            'must be a day such as "2026-12-21" or days such as "2026-12-21..2027-01-06"'
        ) from None
    if not timedelta() <= end - start < _CLOSED_MOST:
        raise ValueError("must be days in their order, a year at most")
    return tuple(start + timedelta(days=n) for n in range((end - start).days + 1))


def _land(value: str) -> str:
    if value and value.upper() not in LAENDER:
        raise ValueError(f"must be one of {', '.join(LAENDER)}")
    return value.upper()


def _database(value: str) -> str:
    if value == "sqlite":
        return value
    try:
        url = urlsplit(value)
    except ValueError:
        url = urlsplit("")
    in_file = url.scheme == "sqlite" and not url.netloc and url.path.strip("/") not in ("", ":memory:")
    on_server = url.scheme in _DATABASES and url.path.strip("/") != ""
    if not (in_file or on_server):
        raise ValueError('must be "sqlite", "sqlite:///file" or "postgresql://user@host/database"')
    return value


def _environment(value: str) -> str:
    if not _ENVIRONMENT.fullmatch(value):
        raise ValueError(
            "must be the name of an environment variable (the password itself does not belong here)"
        )
    return value


def _authorities(value: str, info: ValidationInfo) -> str:
    path = _places(info).path(value)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise ValueError(f"must be a file of certificates in PEM form; {path} is none") from None
    except OSError as error:
        raise ValueError(f"must be a readable file; {path}: {error.strerror}") from None
    return str(path)


def _url(value: str) -> str:
    """Secrets go there: only over TLS."""
    parts = urlsplit(value)
    if value and not (parts.scheme == "https" and parts.hostname and not parts.username):
        raise ValueError('must be a URL that begins with "https://"')
    return value


def _directory(value: str, info: ValidationInfo) -> str:
    path = _places(info).path(value)
    try:
        found = path.is_dir()
    except OSError:
        found = False
    if not found:
        raise ValueError(f"must be a directory that can be read; {path} is none")
    return str(path)


def _absolute(value: str, info: ValidationInfo) -> str:
    return str(_places(info).path(value))


def _places(info: ValidationInfo) -> Places:
    if not isinstance(info.context, Places):
        raise TypeError("validate with Places as context")
    return info.context


Text = Annotated[str, AfterValidator(_printable)]
Line = Annotated[Text, AfterValidator(_given)]
Domain = Annotated[str, AfterValidator(_domain)]
Email = Annotated[str, AfterValidator(_email)]
Host = Annotated[str, AfterValidator(_host)]
Colour = Annotated[str, AfterValidator(_colour)]
Port = Annotated[int, AfterValidator(_port)]
Key = Annotated[str, AfterValidator(_key)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Size = Annotated[int, Field(ge=1), BeforeValidator(_size)]
Hours = Annotated[tuple[Span, ...], BeforeValidator(_hours)]
TimeOfDay = Annotated[time | None, BeforeValidator(_time)]
DaysAway = Annotated[tuple[date, ...], BeforeValidator(_away)]
Land = Annotated[str, AfterValidator(_land)]
Database = Annotated[str, AfterValidator(_database)]
Environment = Annotated[str, AfterValidator(_environment)]
Authorities = Annotated[Line, AfterValidator(_authorities)]
Url = Annotated[Text, AfterValidator(_url)]
ExistingDirectory = Annotated[Line, AfterValidator(_directory)]
AbsolutePath = Annotated[Line, AfterValidator(_absolute)]
