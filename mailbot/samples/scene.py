"""The organisation, people, tickets and texts of the samples: with long words, emoji and hostile texts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.notification import Notification
from mailbot.core.model.place import Place, PlaceReports
from mailbot.core.model.policy import Member, Policy, School, Team, Times
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
    OpenReport,
    Priority,
    ReminderStage,
    Role,
    Similar,
    Status,
    Ticket,
    Visibility,
    WaitState,
)
from mailbot.core.text.tip_text import tip_text

NOW = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)

LENA = Address("lena.lehrerin@schule.example", "Lena Lehrerin")
RAINER = Address("rektor@schule.example", "Dr. Rainer Rektor-Oberschlau")
OLGA = Address("opal@schule.example", "Olga Opal")
MAX = Address("mustermann.m@support.example", "Max Mustermann")
PRIVATE = Address("max.m@zuhause.example", "Max Privat")
ERIKA = Address("erika@support.example", "Erika Beispiel")
TECHNIK = Address("technik@stadt.example", "Toni Technik")

PROBLEM = """Liebes Team,

der Beamer in Raum 204 zeigt seit heute früh nur noch „Kein Signal“ 😕.
Ausprobiert habe ich:

  - anderes HDMI-Kabel
  - Neustart von Beamer & Laptop (2x)

In der 5. Stunde brauche ich ihn dringend. Foto anbei.

Viele Grüße
Lena Lehrerin"""

HOSTILE = """<script>alert("x")</script> {{ 7*7 }} {% raw %}
Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsdrehstromzählerkasten
https://beispiel.example/ein/sehr/langer/pfad/der/nirgends/umbrochen/werden/kann/weil/er/keine/leerzeichen/hat?a=1&b=2

<img src=x onerror=alert(1)> & "Anführungszeichen" 🎓👩‍🏫"""

HOSTILE_ANSWER = "<script>alert(1)</script> {{ 7*7 }} https://beispiel.example/" + "sehrlang" * 25

ANSWER = """Guten Tag Frau Lehrerin,

das Netzteil war locker, jetzt leuchtet wieder alles. Bitte einmal ausprobieren.

Gruß"""

QUESTION = """Guten Tag Frau Lehrerin,

in welchem Raum steht der Beamer, und welche Farbe hat die Leuchte am Netzteil?

Gruß"""

PHOTO = Attachment("2", "Foto Beamer Raum 204.png", "image/png", 2_345_678, inline=True)
FILES = (
    PHOTO,
    Attachment(
        "3", "Übersicht der Geräte im zweiten Obergeschoss (Stand November).pdf", "application/pdf", 84_000
    ),
    Attachment("4", "protokoll.txt", "text/plain", 512),
)
FILM = Attachment("5", "Der ganze Film.mp4", "video/mp4", 48_000_000)
HARMFUL = (
    Attachment("6", "treiber.exe", "application/octet-stream", 2_400_000, danger=Danger.PROGRAM),
    Attachment("7", "fotos.7z", "application/octet-stream", 9_000_000, danger=Danger.OPAQUE),
)


TIMES = Times(escalate_hours=40)


def policy(language: str, *, informal: bool = False) -> Policy:
    """Return a sample policy in that language, with the formal or informal form of address."""
    hours = Calendar(timezone=ZoneInfo("Europe/Berlin"))
    other = Team("Team Westtor", (Member("westtor@support.example"),), hours)
    team = Team("Team Marienschule", (Member(MAX.email, MAX.name), Member(ERIKA.email, ERIKA.name)), hours)
    school = School(
        "GYM", "Gymnasium Marienschule", "support-gym@schule.example", team, language, informal=informal
    )
    second = Team("Second-Level-Support", (Member(TECHNIK.email, TECHNIK.name),), hours)
    west = School(
        "RSW", "Realschule am Westtor", "support-rsw@schule.example", other, language, informal=informal
    )
    schools = (school, west)
    return Policy(
        "Schul-Support",
        schools,
        second,
        language,
        operators=(Address("edv@stadt.example", "EDV der Stadt"),),
        times=TIMES,
        informal=informal,
    )


def _ticket(number: int, subject: str, days: int) -> Ticket:
    opened = NOW - timedelta(days=days)
    return Ticket("GYM", number, subject, LENA, opened, opened)


BEAMER = replace(_ticket(104, "Beamer in Raum 204 defekt", 0), cc=(RAINER,), messages=1)
TAKEN = replace(BEAMER, assignee=MAX, messages=3)
UP = replace(TAKEN, level=2, assignee=None, priority=Priority.HIGH)
ASLEEP = replace(TAKEN, status=Status.WAITING, wait=WaitState(NOW - timedelta(days=7), awaiting_staff=False))
IDLE = replace(BEAMER, number=98, wait=WaitState(NOW - timedelta(days=1)), opened=NOW - timedelta(days=1))
DUE = replace(TAKEN, number=97, due=NOW)
VISIT = Appointment(
    "gym-104-r7kq2m@schule.example",
    datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
    45,
    "Raum 204, ich bringe <Lampe> & Kabel mit",
)
VISITED = replace(TAKEN, due=VISIT.begin, appointment=VISIT, appointment_revision=1)
DONE = replace(TAKEN, status=Status.CLOSED, closed=NOW)
ODD = replace(
    _ticket(99, 'WLAN & "Tablets" <b>100 %</b> {{ 7*7 }} im Informatikraum fallen ständig aus 😱', 3),
    requester=RAINER,
    priority=Priority.URGENT,
)
LATE = replace(
    ODD, wait=WaitState(ODD.opened, stage=ReminderStage.OVERDUE, reminded_at=NOW - timedelta(days=1))
)
OLD = replace(_ticket(12, "Drucker im Lehrerzimmer", 300), status=Status.CLOSED, closed=NOW)
SOLVED = replace(
    _ticket(71, "Beamer Raum 204: kein Bild", 40), status=Status.CLOSED, closed=NOW - timedelta(days=38)
)
NETWORK = tuple(
    _ticket(number, subject, 0)
    for number, subject in (
        (101, "WLAN weg"),
        (102, "Kein Internet im ganzen Haus"),
        (105, "Internet geht nicht"),
    )
)
LEADING = tuple(
    replace(ticket, bundle=101, requester=requester)
    for ticket, requester in zip(NETWORK, (LENA, RAINER, OLGA), strict=True)
)
OPEN_REPORTS = tuple(OpenReport.of(ticket, "") for ticket in NETWORK)
REPORTS = PlaceReports(Place("room", "204"), 4, "autumn")
SIMILAR = (
    Similar(SOLVED, "der Eingang am Beamer stand auf VGA. Mit der Taste „Source“ auf HDMI 1 stellen."),
    Similar(OLD, HOSTILE_ANSWER),
)
SAVED_TEXT = """Hallo {name},

das Netzteil am Beamer sitzt locker. Bitte den Stecker fest hineindrücken und fünf Minuten warten."""
SAVED_ANSWERS = (
    SavedAnswer("GYM", "beamer netzteil", "Beamer Netzteil", SAVED_TEXT, MAX, NOW - timedelta(days=20)),
    SavedAnswer("GYM", "lang", "Lang", f"{PROBLEM}\n{HOSTILE}" * 4, ERIKA, NOW - timedelta(days=3)),
    SavedAnswer("", "wlan kennwort", "WLAN-Kennwort", "Das Kennwort gilt ein Jahr. {team}", TECHNIK, NOW),
)
TIP_TEXT = tip_text(SAVED_TEXT.replace(" {name}", ""), ())
TIP = replace(SAVED_ANSWERS[0], tip=TIP_TEXT)
OF_ALL_SCHOOLS = (
    replace(UP, number=84, opened=NOW - timedelta(days=16)),
    replace(ODD, due=NOW - timedelta(days=1)),
    replace(TAKEN, school="RSW", number=31, status=Status.WAITING, opened=NOW - timedelta(days=1)),
    replace(OLD, school="RSW", assignee=MAX),
)

HISTORY = (
    Message(Direction.IN, Visibility.PUBLIC, LENA, PROBLEM, NOW - timedelta(hours=3), attachments=FILES),
    Message(
        Direction.OUT, Visibility.PUBLIC, MAX, "Ich sehe es mir in der Pause an.", NOW - timedelta(hours=2)
    ),
    Message(
        Direction.OUT, Visibility.INTERNAL, MAX, "Ersatzlampe liegt im Keller.", NOW - timedelta(hours=2)
    ),
    Message(Direction.IN, Visibility.PUBLIC, RAINER, HOSTILE, NOW - timedelta(hours=1)),
)
ENDLESS = tuple(
    replace(HISTORY[n % 2], text=f"{n + 1}. {PROBLEM}", at=NOW - timedelta(hours=200 - n), attachments=())
    for n in range(200)
)
MANY_FILES = tuple(
    Attachment(f"{n}", f"Aufnahme {n} aus dem Treppenhaus West.jpeg", "application/pdf", 91_000)
    for n in range(1, 41)
)

DETAILS = (
    ("what", "Postfach support-gym@schule.example: Anmeldung abgelehnt"),
    ("where", "mail.example:993"),
    ("since", "23.11.2026, 13:40"),
    ("todo", "Passwort prüfen, dann: mailbot check"),
)
BOUNCED = (
    ("recipient", LENA.email),
    ("reason", "552 5.2.2 Mailbox full"),
)
UNREAD = (("subject", 'Film vom Beamer & "Ton" <b>'), ("size", "63400000"))

TO_LENA = partial(Notification, to=LENA, role=Role.REQUESTER)
TO_ERIKA = partial(Notification, to=ERIKA, role=Role.SUPPORTER)
TO_MAX = partial(Notification, to=MAX, role=Role.SUPPORTER)
TO_TONI = partial(Notification, to=TECHNIK, role=Role.SECOND_LEVEL)
