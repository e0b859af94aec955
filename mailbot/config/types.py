"""Types of the values in a configuration. Each checks a value alone, without files or the environment."""

import difflib
import re
from datetime import date, time, timedelta
from functools import cache
from ipaddress import ip_address
from itertools import pairwise
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, PlainValidator, StringConstraints

from mailbot.addresses import ascii_domain, canonical_address
from mailbot.colour import READABLE, WHITE, contrast
from mailbot.core.model.calendar import END_OF_DAY, Span
from mailbot.holidays import LAENDER

_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*")
_MIDNIGHT = "24:00"
_SPAN = re.compile(r"([0-9]{1,2}:[0-9]{2})\s*[-–]\s*([0-9]{1,2}:[0-9]{2})")
_CLOSED_MAX = timedelta(days=366)
_DATABASES = ("postgresql", "postgresql+psycopg")
SIZE = 'a size such as "10 MB", or a number of bytes'


def _matches(pattern: str, expected: str) -> AfterValidator:
    """Return a validator of texts that match a pattern; `expected` completes the sentence "must be"."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"must be {expected}")
        return value

    return AfterValidator(check)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of text without control characters")
    return value


def _hostname(value: str) -> str | None:
    """Return a domain as A-labels, or None if no host can have that name."""
    domain = ascii_domain(value)
    return domain if domain and _HOSTNAME.fullmatch(domain) else None


def _domain(value: str) -> str:
    domain = _hostname(value)
    if domain is None:
        raise ValueError("must be a domain such as schule.example")
    return domain


def _email(value: str) -> str:
    address = canonical_address(value) or ""
    local, _, name = address.rpartition("@")
    dotted = _hostname(name) is not None and ("." in name or name == "localhost")
    if not dotted or not _LOCAL.fullmatch(local):
        raise ValueError("must be an address such as name@schule.example")
    return address


def _host(value: str) -> str:
    try:
        return str(ip_address(value))
    except ValueError:
        domain = _hostname(value)
    if domain is None:
        raise ValueError("must be only a server's name or IP address, such as mail.example")
    return domain


def _authserv_id(value: str) -> str:
    if re.search(r'[\s;"=()/]', value):
        raise ValueError("must be only the name that begins the field, such as mx.schule.example")
    return value


def _dark(value: str) -> str:
    if contrast(value, WHITE) < READABLE:
        raise ValueError("must be darker: white text on this colour cannot be read")
    return value


def _timezone(value: str) -> str:
    """pydantic's own check of a ZoneInfo lets the OSError of a name such as "Europe" through."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"must be a time zone such as {_near_timezone(value)}") from None
    return value


def _near_timezone(value: str) -> str:
    """Return the zone of that city or with a similar name; an abbreviation such as "MEZ" is near to none."""
    if "/" in value:
        return next(iter(difflib.get_close_matches(value, _timezones(), n=1)), "Europe/Berlin")
    city = value.strip().replace(" ", "_").casefold()
    return next(
        (zone for zone in _timezones() if zone.rpartition("/")[2].casefold() == city), "Europe/Berlin"
    )


@cache
def _timezones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


def _whole_size(value: object) -> object:
    """ByteSize ignores what follows a size: "10 MB/s" would be "10 MB"."""
    if isinstance(value, str) and not re.fullmatch(r"\s*\d+\s*\w*\s*", value):
        raise ValueError(f"must be {SIZE}")
    return value


def _clock(text: str) -> time:
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _hours(value: object) -> tuple[Span, ...]:
    """Return spans of time in their order that do not overlap."""
    parts = value.split(",") if isinstance(value, str) else ["?"]
    found = [_SPAN.fullmatch(part.strip()) for part in parts if part.strip()]
    try:
        spans = [(_clock(s[1]), END_OF_DAY if s[2] == _MIDNIGHT else _clock(s[2])) for s in found if s]
    except ValueError:
        spans = []
    clocks = [clock for span in spans for clock in span]
    if len(spans) != len(found) or any(a >= b for a, b in pairwise(clocks)):
        raise ValueError('must be times such as "07:30-16:00" or "07:30-12:00, 13:00-16:00", or "" for none')
    return tuple(spans)


def _time(value: object) -> time | None:
    if isinstance(value, time):
        return value
    if value == "":
        return None
    try:
        return _clock(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError('must be a time such as "07:30", or "" for none') from None


def _days(value: object) -> tuple[date, ...]:
    first, _, last = value.replace(" ", "").partition("..") if isinstance(value, str) else ("", "", "")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        expected = 'a day such as "2026-12-21" or days such as "2026-12-21..2027-01-06"'
        raise ValueError(f"must be {expected}") from None
    if not timedelta() <= end - start < _CLOSED_MAX:
        raise ValueError("must be a first and a last day, in this order and at most a year apart")
    return tuple(start + timedelta(days=n) for n in range((end - start).days + 1))


def _patterns(value: object) -> tuple[str, ...]:
    patterns = value if isinstance(value, list) else [value]
    texts = tuple(pattern for pattern in patterns if isinstance(pattern, str) and pattern)
    if len(texts) != len(patterns):
        raise ValueError('must be a file name or a pattern such as "schools.d/*.toml", or a list of these')
    return texts


def _land(value: str) -> str:
    if value and value.upper() not in LAENDER:
        raise ValueError(f"must be one of {', '.join(LAENDER)}")
    return value.upper()


def _database(value: str) -> str:
    if value == "sqlite":
        return value
    try:
        url = urlsplit(value)
        _ = url.port  # it raises ValueError if it is no number
    except ValueError:
        url = urlsplit("")
    if url.netloc.count("@") > 1:
        raise ValueError('must have "@" in the password as "%40"')
    in_file = url.scheme == "sqlite" and not url.netloc and url.path.strip("/") not in ("", ":memory:")
    on_server = url.scheme in _DATABASES and url.path.strip("/") != ""
    if not (in_file or on_server):
        raise ValueError('must be "sqlite", "sqlite:///file" or "postgresql://user@host/database"')
    return value


def _url(value: str) -> str:
    """Require TLS, because secrets are sent there; pydantic's HttpUrl would add a slash to a bare host."""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if value and not (parts.scheme == "https" and parts.hostname and not parts.username):
        raise ValueError('must be a URL that begins with "https://"')
    return value


_ENVIRONMENT = "the name of an environment variable (do not write the password itself here)"
_KEY = "2 to 12 characters A-Z or 0-9, starting with A-Z, such as GYM"

Text = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_printable)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_printable)]
AuthservId = Annotated[Text, AfterValidator(_authserv_id)]
Domain = Annotated[str, AfterValidator(_domain)]
Email = Annotated[str, AfterValidator(_email)]
Host = Annotated[str, AfterValidator(_host)]
Colour = Annotated[
    str,
    _matches("#[0-9A-Fa-f]{6}", 'a colour such as "#1a5f8f"'),
    AfterValidator(_dark),
    StringConstraints(to_lower=True),
]
Port = Annotated[int, Field(ge=1, le=65_535)]
Key = Annotated[str, _matches("[A-Za-z][A-Za-z0-9]{1,11}", _KEY), StringConstraints(to_upper=True)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Size = Annotated[ByteSize, Field(ge=1), BeforeValidator(_whole_size)]
SizeOrNone = Annotated[ByteSize, Field(ge=0), BeforeValidator(_whole_size)]
Hours = Annotated[tuple[Span, ...], PlainValidator(_hours)]
TimeOfDay = Annotated[time | None, PlainValidator(_time)]
DayRange = Annotated[tuple[date, ...], PlainValidator(_days)]
Patterns = Annotated[tuple[str, ...], PlainValidator(_patterns)]
Land = Annotated[str, AfterValidator(_land)]
Database = Annotated[str, AfterValidator(_database)]
Environment = Annotated[str, _matches("[A-Za-z_][A-Za-z0-9_]*", _ENVIRONMENT)]
Url = Annotated[Text, AfterValidator(_url)]
