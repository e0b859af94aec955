"""Answers to an invitation as five programs write them: the raw mail, with the places to fill in.

`UID`, `SEQ`, `RESPONSE` and `TEXT` are replaced; the time of the appointment is that of `BEGIN`.
"""

import base64
import quopri
from datetime import UTC, datetime

BEGIN = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)

_HEAD = """\
Date: Mon, 23 Nov 2026 11:00:00 +0100
MIME-Version: 1.0
From: =?utf-8?q?Lena_Lehrerin?= <lena@schule.example>
To: support-gym@schule.example
"""
_VERBS = {
    "ACCEPTED": ("Zugesagt", "Accepted", "angenommen"),
    "DECLINED": ("Abgesagt", "Declined", "abgelehnt"),
    "TENTATIVE": ("Mit Vorbehalt", "Tentatively Accepted", "mit Vorbehalt angenommen"),
    "DELEGATED": ("Weitergeleitet", "Delegated", "delegiert"),
}


def outlook(uid: str, response: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the answer of Outlook with Exchange: base64, a time zone of its own, the text in the body."""
    calendar = f"""\
BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={response};CN=Lena Lehrerin:MAILTO:lena@schule.exam
 ple
DESCRIPTION;LANGUAGE=de-DE:\\n
UID:{_split(uid)}
SUMMARY;LANGUAGE=de-DE:{_VERBS[response][0]}: [#GYM-1] Beamer in Raum 204 defekt
DTSTART;TZID=W. Europe Standard Time:20261126T110000
DTEND;TZID=W. Europe Standard Time:20261126T113000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:20261123T100001Z
TRANSP:OPAQUE
STATUS:CONFIRMED
SEQUENCE:{sequence}
LOCATION;LANGUAGE=de-DE:Gymnasium Marienschule
X-MICROSOFT-CDO-APPT-SEQUENCE:{sequence}
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
END:VCALENDAR
"""
    head = f"""\
{_HEAD}Subject: {_VERBS[response][0]}: [#GYM-1] Beamer in Raum 204 defekt
Message-ID: <AS8P190MB1@AS8P190MB1.EURP190.PROD.OUTLOOK.COM>
X-MS-Has-Attach:
Content-Language: de-DE
Content-Type: multipart/alternative; boundary="_002_AS8P_"

--_002_AS8P_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(text.encode("latin-1")).decode()}
--_002_AS8P_
Content-Type: text/html; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

<html><body><div>{quopri.encodestring(text.encode("latin-1")).decode()}</div></body></html>
--_002_AS8P_
Content-Type: text/calendar; charset="utf-8"; method=REPLY
Content-Transfer-Encoding: base64

{base64.encodebytes(_crlf(calendar)).decode()}
--_002_AS8P_--
"""
    return _crlf(head)


def outlook_counter(uid: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the proposal of another time by Outlook: the former time is in it, no tag in the subject."""
    made = outlook(uid, "TENTATIVE", text, sequence).decode()
    head, _, rest = made.partition("Content-Transfer-Encoding: base64\r\n\r\n")
    content, _, end = rest.partition("\r\n--_002_AS8P_--")
    calendar = base64.b64decode(content).decode().replace("METHOD:REPLY", "METHOD:COUNTER")
    for name, hour in (("DTSTART", "140000"), ("DTEND", "144500")):
        former = f"{name};TZID=W. Europe Standard Time:20261126T"
        at = calendar.index(former) + len(former)
        calendar = calendar[:at] + hour + calendar[at + 6 :]
    original = 'X-MS-OLK-ORIGINALSTART;TZID="W. Europe Standard Time":20261126T110000\r\n'
    calendar = calendar.replace("CLASS:PUBLIC", f"{original}CLASS:PUBLIC")
    head = head.replace("method=REPLY", "method=COUNTER").replace(
        "Subject: Mit Vorbehalt: [#GYM-1] Beamer", "Subject: Neue Zeit vorgeschlagen: Beamer"
    )
    body = base64.encodebytes(calendar.encode()).decode().replace("\n", "\r\n")
    return f"{head}Content-Transfer-Encoding: base64\r\n\r\n{body}\r\n--_002_AS8P_--{end}".encode()


def google_counter(uid: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the proposal of another time by Google Calendar: the former time is not in it."""
    made = google(uid, "TENTATIVE", text, sequence)
    for old, new in (
        (b"method=3DREPLY", b"method=3DCOUNTER"),
        (b"method=REPLY", b"method=COUNTER"),
        (b"METHOD:REPLY", b"METHOD:COUNTER"),
        (b"DTSTART:20261126T100000Z", b"DTSTART:20261126T130000Z"),
        (b"DTEND:20261126T103000Z", b"DTEND:20261126T134500Z"),
        (b"Subject: Tentatively Accepted: [#GYM-1] ", b"Subject: Proposed new time: "),
    ):
        made = made.replace(old, new)
    return made


def google(uid: str, response: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the answer of Google Calendar: times in UTC, the comment in a parameter, a copy as file."""
    comment = f';X-RESPONSE-COMMENT="{text}"' if text else ""
    attendee = (
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={response};CN=Lena Lehrerin;"
        f"X-NUM-GUESTS=0{comment}:mailto:lena@schule.example"
    )
    calendar = f"""\
BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
DTSTART:20261126T100000Z
DTEND:20261126T103000Z
DTSTAMP:20261123T100000Z
ORGANIZER;CN=Schul-Support:mailto:support-gym@schule.example
UID:{_split(uid)}
{_folded(attendee)}
CREATED:20261123T095900Z
DESCRIPTION:
LAST-MODIFIED:20261123T100000Z
LOCATION:Gymnasium Marienschule
SEQUENCE:{sequence}
STATUS:CONFIRMED
SUMMARY:[#GYM-1] Beamer in Raum 204 defekt
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
    says = f"Lena Lehrerin hat diese Einladung {_VERBS[response][2]}."
    note = f"\n\nLena Lehrerin hat eine Notiz hinterlassen:\n{text}" if text else ""
    head = f"""\
{_HEAD}Reply-To: Lena Lehrerin <lena@schule.example>
Sender: Google Calendar <calendar-notification@google.com>
Auto-Submitted: auto-generated
Message-ID: <calendar-8f2b@google.com>
Subject: {_VERBS[response][1]}: [#GYM-1] Beamer in Raum 204 defekt @ Do 26. Nov. 2026 11:00
Content-Type: multipart/mixed; boundary="000000000000aa"

--000000000000aa
Content-Type: multipart/alternative; boundary="000000000000bb"

--000000000000bb
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes
Content-Transfer-Encoding: base64

{base64.encodebytes((says + note).encode()).decode()}
--000000000000bb
Content-Type: text/calendar; charset="UTF-8"; method=REPLY
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(calendar.encode()).decode()}
--000000000000bb--

--000000000000aa
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{base64.encodebytes(_crlf(calendar)).decode()}
--000000000000aa--
"""
    return _crlf(head)


def apple(uid: str, response: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the answer of Apple's calendar: a zone name without its rules before it, a folded address."""
    comment = f"COMMENT:{_escaped(text)}\n" if text else ""
    calendar = f"""\
BEGIN:VCALENDAR
CALSCALE:GREGORIAN
VERSION:2.0
METHOD:REPLY
PRODID:-//Apple Inc.//iOS 18.1//EN
BEGIN:VEVENT
ATTENDEE;CN="Lena Lehrerin";CUTYPE=INDIVIDUAL;EMAIL="lena@schule.example";
 PARTSTAT={response};X-CALENDARSERVER-DTSTAMP=20261123T100000Z:mailto:lena
 @schule.example
{comment}DTEND;TZID=Europe/Berlin:20261126T113000
TRANSP:OPAQUE
ORGANIZER;CN="Schul-Support":mailto:support-gym@schule.example
UID:{_split(uid)}
DTSTAMP:20261123T100000Z
SEQUENCE:{sequence}
SUMMARY:[#GYM-1] Beamer in Raum 204 defekt
DTSTART;TZID=Europe/Berlin:20261126T110000
REQUEST-STATUS:2.0;Success
END:VEVENT
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
DTSTART:19810329T020000
TZNAME:MESZ
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
END:VCALENDAR
"""
    head = f"""\
{_HEAD}Subject: {_VERBS[response][1]}: [#GYM-1] Beamer in Raum 204 defekt
Message-ID: <6C1F@schule.example>
X-Mailer: iPhone Mail (22B83)
Content-Type: multipart/mixed; boundary=Apple-Mail-1

--Apple-Mail-1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

Lena Lehrerin hat Ihre Einladung {_VERBS[response][2]}.
--Apple-Mail-1
Content-Type: text/calendar; name=iCal-20261123.ics; method=REPLY; charset=utf-8
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename=iCal-20261123.ics

{base64.encodebytes(_crlf(calendar)).decode()}
--Apple-Mail-1--
"""
    return _crlf(head)


def thunderbird(uid: str, response: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the answer of Thunderbird, which has no place for a comment: line feeds only, 8bit."""
    calendar = f"""\
BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:REPLY
BEGIN:VEVENT
CREATED:20261123T095900Z
LAST-MODIFIED:20261123T100000Z
DTSTAMP:20261123T100000Z
UID:{_split(uid)}
SUMMARY:[#GYM-1] Beamer in Raum 204 defekt
ORGANIZER;CN=Schul-Support:mailto:support-gym@schule.example
ATTENDEE;CN=Lena Lehrerin;RSVP=TRUE;PARTSTAT={response};ROLE=REQ-PARTICIPANT
 :mailto:lena@schule.example
X-MOZ-RECEIVED-SEQUENCE:{sequence}
X-MOZ-RECEIVED-DTSTAMP:20261123T095900Z
DTSTART;TZID=Europe/Berlin:20261126T110000
DTEND;TZID=Europe/Berlin:20261126T113000
SEQUENCE:{sequence}
LOCATION:Gymnasium Marienschule
END:VEVENT
END:VCALENDAR
"""
    head = f"""\
{_HEAD}User-Agent: Mozilla Thunderbird
Message-ID: <0f0e@schule.example>
Subject: {_VERBS[response][1]}: [#GYM-1] Beamer in Raum 204 defekt
Content-Type: multipart/mixed; boundary="Boundary_(ID_qyG4ZdjoAsiZ)"

--Boundary_(ID_qyG4ZdjoAsiZ)
Content-Type: multipart/alternative; boundary="Boundary_(ID_HTPqDKMEv)"

--Boundary_(ID_HTPqDKMEv)
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

Lena Lehrerin <lena@schule.example> hat Ihre Einladung {_VERBS[response][2]}.
--Boundary_(ID_HTPqDKMEv)
Content-Type: text/calendar; method=REPLY; charset=UTF-8
Content-Transfer-Encoding: 8bit

{calendar}
--Boundary_(ID_HTPqDKMEv)--

--Boundary_(ID_qyG4ZdjoAsiZ)--
"""
    return head.encode()


def roundcube(uid: str, response: str, text: str = "", sequence: int = 0) -> bytes:
    """Return the answer of Roundcube's calendar (Sabre): the comment as a property, all in one mixed mail."""
    comment = _folded(f"COMMENT:{_escaped(text)}") + "\n" if text else ""
    calendar = f"""\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Roundcube libcalendaring 1.6//Sabre VObject 4.5.6//EN
CALSCALE:GREGORIAN
METHOD:REPLY
BEGIN:VEVENT
UID:{_split(uid)}
DTSTAMP:20261123T100000Z
DTSTART;TZID=Europe/Berlin:20261126T110000
DTEND;TZID=Europe/Berlin:20261126T113000
SUMMARY:[#GYM-1] Beamer in Raum 204 defekt
LOCATION:Gymnasium Marienschule
SEQUENCE:{sequence}
TRANSP:OPAQUE
ATTENDEE;CN=Lena Lehrerin;PARTSTAT={response};ROLE=REQ-PARTICIPANT;RSVP=TRUE
 :mailto:lena@schule.example
ORGANIZER;CN=Schul-Support:mailto:support-gym@schule.example
{comment}END:VEVENT
END:VCALENDAR
"""
    head = f"""\
{_HEAD}User-Agent: Roundcube Webmail/1.6.9
Message-ID: <e7a1@schule.example>
Subject: "[#GYM-1] Beamer in Raum 204 defekt" wurde von Lena Lehrerin {_VERBS[response][2]}
Content-Type: multipart/mixed; boundary="=_c0ffee"

--=_c0ffee
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=UTF-8; format=flowed

Lena Lehrerin hat die Einladung zur folgenden Veranstaltung {_VERBS[response][2]}:

*[#GYM-1] Beamer in Raum 204 defekt*
--=_c0ffee
Content-Transfer-Encoding: quoted-printable
Content-Type: text/calendar; charset=UTF-8; method=REPLY; name=event-reply.ics
Content-Disposition: attachment; filename=event-reply.ics

{quopri.encodestring(calendar.encode()).decode()}
--=_c0ffee--
"""
    return _crlf(head)


PROGRAMS = {
    "Outlook": outlook,
    "Google": google,
    "Apple": apple,
    "Thunderbird": thunderbird,
    "Roundcube": roundcube,
}
COMMENTS = {name: program for name, program in PROGRAMS.items() if program is not thunderbird}


def _crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _split(uid: str) -> str:
    """Return a UID over two lines, as long ones are."""
    return f"{uid[:12]}\n {uid[12:]}"


def _folded(line: str) -> str:
    return "\n ".join(line[at : at + 60] for at in range(0, len(line), 60))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


COUNTERS = {"Outlook": outlook_counter, "Google": google_counter}
PROPOSED = datetime(2026, 11, 26, 13, 0, tzinfo=UTC)
