"""Write invitations and read the answers to them (RFC 5545, 5546), by `icalendar`, which is known here alone.

The library is imported when it is needed, since most mails have no calendar part.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from mailbot.core.model.appointment import (
    Appointment,
    AttendeeResponse,
    CalendarAnswer,
    CalendarMethod,
    Response,
)
from mailbot.core.model.mail import Address
from mailbot.sanitize import clean, one_line

if TYPE_CHECKING:
    from icalendar import Event, Timezone

_MAX_LINES = 5_000
_MAX_KEPT = 30
_MAX_LINE = 2_000
_MAX_COMMENT = 2_000
# Other properties and components are dropped before the library reads the rest. It would expand the
# recurrences of a VTIMEZONE, which its author chooses.
_ORIGINAL = "X-MS-OLK-ORIGINALSTART"
"""The time of the appointment in a counter proposal of Outlook, in which DTSTART is the proposed time."""
_TIMES = frozenset({"DTSTART", "DTEND", _ORIGINAL})
_READ = _TIMES | {"UID", "SEQUENCE", "ATTENDEE", "COMMENT"}
_MAX_MINUTES = 24 * 60
_NAME = re.compile(r"[A-Za-z-]{1,60}(?=[;:])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_IN_BODY = "MICROSOFT"
"""In PRODID: Outlook and Exchange write the author's text into the body of the mail."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """An appointment as the calendar program of one attendee gets it.

    `stamp` is when it was written (DTSTAMP), `zone` the IANA name of the time zone.
    """

    method: CalendarMethod
    appointment: Appointment
    sequence: int
    organizer: Address
    attendee: Address
    summary: str
    location: str
    stamp: datetime
    zone: str


def write(invitation: Invitation) -> str:
    """Return the iCalendar object of an invitation, its lines not folded and separated by newlines.

    The only attendee in it is the recipient: addresses of the staff are private.
    """
    from icalendar import Calendar  # noqa: PLC0415 - see above

    calendar = Calendar()
    calendar.add("PRODID", "-//mailbot//mailbot//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", invitation.method.value)
    calendar.add_component(_timezone(invitation.zone, invitation.appointment.begin))
    calendar.add_component(_event(invitation))
    return "\n".join(_unfolded(calendar.to_ical().decode())).strip()


def _event(invitation: Invitation) -> "Event":
    from icalendar import Event  # noqa: PLC0415 - see above

    appointment, zone = invitation.appointment, ZoneInfo(invitation.zone)
    cancelled = invitation.method is CalendarMethod.CANCEL
    event = Event()
    event.add("UID", appointment.uid)
    event.add("SEQUENCE", invitation.sequence)
    event.add("DTSTAMP", invitation.stamp.astimezone(UTC))
    event.add("DTSTART", appointment.begin.astimezone(zone))
    event.add("DTEND", appointment.end.astimezone(zone))
    event.add("SUMMARY", _text(invitation.summary))
    event.add("LOCATION", _text(invitation.location))
    if appointment.text:
        event.add("DESCRIPTION", _text(appointment.text))
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("TRANSP", "TRANSPARENT" if cancelled else "OPAQUE")
    event.add("ORGANIZER", _person(invitation.organizer))
    event.add("ATTENDEE", _person(invitation.attendee, ROLE="REQ-PARTICIPANT", **_asked(cancelled=cancelled)))
    return event


def _asked(*, cancelled: bool) -> dict[str, str]:
    return {} if cancelled else {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}


def _person(person: Address, **parameters: str) -> Any:
    from icalendar import vCalAddress  # noqa: PLC0415 - see above

    address = vCalAddress(f"mailto:{one_line(person.email)}")
    name = one_line(person.name).replace('"', "'")  # a parameter cannot hold a quotation mark (RFC 5545, 3.1)
    for key, value in ({"CN": name} if name else {}).items() | parameters.items():
        address.params[key] = value
    return address


def _text(text: str) -> str:
    return _CONTROLS.sub(" ", clean(text))


def _timezone(name: str, at: datetime) -> "Timezone":
    """Return the rules of a time zone in the year of that moment.

    They are yearly rules, as calendar programs write them: Exchange reads no other ones. The library itself
    writes dates.
    """
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard  # noqa: PLC0415 - see above

    zone = ZoneInfo(name)
    found = Timezone()
    found.add("TZID", name)
    changes = _changes(zone, at.astimezone(zone).year - 1)
    for moment in changes or (datetime(1970, 1, 1, tzinfo=UTC),):
        before, after = (moment - timedelta(seconds=1)).astimezone(zone), moment.astimezone(zone)
        observance = (TimezoneDaylight if after.dst() else TimezoneStandard)()
        offset = before.utcoffset() or timedelta()
        local = (moment + offset).replace(tzinfo=None)
        observance.add("DTSTART", local)
        if changes:
            observance.add("RRULE", {"FREQ": "YEARLY", "BYMONTH": local.month, "BYDAY": _weekday(local)})
        observance.add("TZOFFSETFROM", offset)
        observance.add("TZOFFSETTO", after.utcoffset() or timedelta())
        observance.add("TZNAME", after.tzname() or name)
        found.add_component(observance)
    return found


@lru_cache(maxsize=16)
def _changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """Return the moments of a year at which the offset of a time zone changes, in UTC."""
    found = []
    hour = datetime(year, 1, 1, tzinfo=UTC)
    offset = hour.astimezone(zone).utcoffset()
    while hour.year == year:
        hour += timedelta(hours=1)
        new = hour.astimezone(zone).utcoffset()
        if new != offset:
            found.append(hour)
        offset = new
    return tuple(found)


def _weekday(day: date) -> str:
    """Return a day as the nth or the last weekday of its month (RFC 5545, 3.3.10)."""
    last = (day + timedelta(days=7)).month != day.month
    return (
        f"{-1 if last else (day.day - 1) // 7 + 1}{('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU')[day.weekday()]}"
    )


def folded(calendar: str) -> bytes:
    """Return an iCalendar object in lines of at most 75 octets, ended by CRLF (RFC 5545, 3.1)."""
    return b"".join(_folded(line.encode()) for line in calendar.split("\n") if line)


def _folded(line: bytes) -> bytes:
    pieces = []
    while len(line) > 74:
        end = 74
        while line[end] & 0xC0 == 0x80:  # not within a character
            end -= 1
        pieces.append(line[:end])
        line = line[end:]
    return b"\r\n ".join([*pieces, line]) + b"\r\n"


def read(content: bytes) -> CalendarAnswer | None:
    """Return the answer to an invitation in a calendar part; None if there is none. Never raise.

    It is a reply or a counter proposal (RFC 5546, 3.2.3 and 3.2.7).
    """
    lines = list(_unfolded(content.decode("utf-8", "replace")))[:_MAX_LINES]
    kept = _event_lines(lines)
    method = next((value for line in lines[:20] if (value := _value(line, "METHOD"))), "")
    if not kept or method not in ("REPLY", "COUNTER"):
        return None
    in_body = any(_IN_BODY in _value(line, "PRODID") for line in lines[:20])
    try:
        return _answer(kept, in_body=in_body, counters=method == "COUNTER")
    except Exception:  # noqa: BLE001 - whatever the library raises, the mail must be handled
        return None


def _unfolded(text: str) -> Iterator[str]:
    """Yield the lines of an iCalendar object without their folding (RFC 5545, 3.1)."""
    line = ""
    for piece in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if piece[:1] in (" ", "\t"):
            line += piece[1:]
        else:
            if line:
                yield line
            line = piece
    if line:
        yield line


def _event_lines(lines: Iterable[str]) -> list[str]:
    """Return the properties of the first VEVENT that are read, without those of components in it."""
    depth, kept = 0, list[str]()
    for line in lines:
        name = _name(line)
        if name == "BEGIN":
            depth += depth > 0 or _value(line, "BEGIN") == "VEVENT"
        elif name == "END" and depth:
            depth -= 1
            if not depth:
                break
        elif depth == 1 and name in _READ and len(kept) < _MAX_KEPT:
            kept.append(_CONTROLS.sub(" ", line[:_MAX_LINE]))
    return kept


def _name(line: str) -> str:
    """Return the name of the property in a line, in capitals."""
    return found[0].upper() if (found := _NAME.match(line)) else ""


def _value(line: str, name: str) -> str:
    """Return the value of a line in capitals if its property has that name, else ""."""
    found, _, value = line.partition(":")
    return value.strip().upper() if found.partition(";")[0].strip().upper() == name else ""


def _parsed(lines: Iterable[str]) -> Any:
    from icalendar import Event  # noqa: PLC0415 - see above

    return Event.from_ical("\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", "")).encode())


def _time(lines: Iterable[str], name: str) -> datetime | None:
    """Return the time in a property; None if it cannot be read; the rest of the answer still counts."""
    try:
        event = _parsed("DTSTART" + line[len(name) :] for line in lines if _name(line) == name)
        begin = next((getattr(value, "dt", None) for value in _all(event, "DTSTART")), None)
        return begin.astimezone(UTC) if isinstance(begin, datetime) and begin.tzinfo else None
    except Exception:  # noqa: BLE001 - as above
        return None


def _answer(lines: list[str], *, in_body: bool, counters: bool) -> CalendarAnswer | None:
    event = _parsed(line for line in lines if _name(line) not in _TIMES)
    begin, end = _time(lines, "DTSTART"), _time(lines, "DTEND")
    responses = tuple(_responses(_all(event, "ATTENDEE"), unsaid=Response.TENTATIVE if counters else None))
    if counters:
        minutes = round((end - begin).total_seconds() / 60) if begin and end else 0
        minutes = minutes if 0 < minutes <= _MAX_MINUTES else 0
        responses = tuple(replace(one, proposed=begin, minutes=minutes) for one in responses)
        begin = _time(lines, _ORIGINAL)
    uid = next(map(str, _all(event, "UID")), "").strip()
    if not uid or not responses:
        return None
    sequence = next((int(value) for value in _all(event, "SEQUENCE") if str(value).isdecimal()), 0)
    comment = "\n".join(map(str, _all(event, "COMMENT")))
    return CalendarAnswer(
        uid=uid,
        responses=responses,
        sequence=min(sequence, 2**31),
        begin=begin,
        comment=clean(comment)[:_MAX_COMMENT].strip(),
        in_body=in_body,
    )


def _all(event: Any, name: str) -> list[Any]:
    """Return the values of a property, which may occur several times."""
    found = event.get(name, [])
    return found if isinstance(found, list) else [found]


def _responses(attendees: Iterable[Any], unsaid: Response | None) -> Iterator[AttendeeResponse]:
    """Yield the responses; `unsaid` stands for that of an attendee who has not responded."""
    for attendee in attendees:
        email = str(attendee).partition(":")[2].strip().lower()
        parameters = getattr(attendee, "params", {})
        status = str(parameters.get("PARTSTAT", "")).lower()
        response = Response(status) if status in set(Response) else unsaid
        if email and response is not None:
            comment = clean(str(parameters.get("X-RESPONSE-COMMENT", "")))[:_MAX_COMMENT].strip()
            yield AttendeeResponse(email, response, comment)
