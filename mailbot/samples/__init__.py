"""Sample notifications of each kind, with fictional people, long words, emoji and hostile texts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from mailbot.core.commands.queries import list_line
from mailbot.core.model.listing import Listing, Scope
from mailbot.core.model.mail import Address, Danger
from mailbot.core.model.notification import CommandResult, Notification
from mailbot.core.model.notification import NotificationKind as Kind
from mailbot.core.model.policy import Member, Policy, School, Team, Times
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
    Priority,
    ReminderStage,
    Role,
    Similar,
    Status,
    Ticket,
    Visibility,
    WaitState,
)
from mailbot.samples.month import REPORT
from mailbot.samples.problems import CONFLICT, IN_TEXT, NO_RECIPIENT, PROBLEMS, UNKNOWN_ADDRESS

NOW = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)

LENA = Address("lena.lehrerin@schule.example", "Lena Lehrerin")
RAINER = Address("rektor@schule.example", "Dr. Rainer Rektor-Oberschlau")
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
    other = Team("Team Westtor", (Member("westtor@support.example"),))
    team = Team("Team Marienschule", (Member(MAX.email, MAX.name), Member(ERIKA.email, ERIKA.name)))
    school = School(
        "GYM", "Gymnasium Marienschule", "support-gym@schule.example", team, language, informal=informal
    )
    second = Team("Second-Level-Support", (Member(TECHNIK.email, TECHNIK.name),))
    west = School(
        "RSW", "Realschule am Westtor", "support-rsw@schule.example", other, language, informal=informal
    )
    schools = (school, west)
    return Policy(
        "Schul-Support",
        schools,
        second,
        language,
        operators=(Address("edv@stadt.example"),),
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
DONE = replace(TAKEN, status=Status.CLOSED, closed=NOW)
ODD = replace(
    _ticket(99, 'WLAN & "Tablets" <b>100 %</b> {{ 7*7 }} im Informatikraum fallen ständig aus 😱', 3),
    requester=RAINER,
    priority=Priority.URGENT,
)
LATE = replace(
    ODD, wait=WaitState(ODD.opened, step=ReminderStage.OVERDUE, reminded_at=NOW - timedelta(days=1))
)
OLD = replace(_ticket(12, "Drucker im Lehrerzimmer", 300), status=Status.CLOSED, closed=NOW)
SOLVED = replace(
    _ticket(71, "Beamer Raum 204: kein Bild", 40), status=Status.CLOSED, closed=NOW - timedelta(days=38)
)
SIMILAR = (
    Similar(SOLVED, "der Eingang am Beamer stand auf VGA. Mit der Taste „Source“ auf HDMI 1 stellen."),
    Similar(OLD, HOSTILE_ANSWER),
)
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
AWAY = CommandResult("away", None, detail=ERIKA.name, until=date(2026, 12, 1), links=("back", "help"))
QUICKER = Message(Direction.OUT, Visibility.PUBLIC, MAX, ANSWER, NOW - timedelta(minutes=3))
UNREAD = (("subject", 'Film vom Beamer & "Ton" <b>'), ("size", "63400000"))

_TO_LENA = partial(Notification, to=LENA, role=Role.REQUESTER)
_TO_ERIKA = partial(Notification, to=ERIKA, role=Role.SUPPORTER)
_TO_MAX = partial(Notification, to=MAX, role=Role.SUPPORTER)
_TO_TONI = partial(Notification, to=TECHNIK, role=Role.SECOND_LEVEL)


def notifications(language: str) -> dict[str, Notification]:
    """Return sample notices by name; the commands in them are those of the language."""
    return (
        _to_requester()
        | _words_to_team()
        | _handed_on()
        | _by_time()
        | _deeds()
        | _repaired()
        | _to_writer(language)
        | _about_people()
        | _to_operators()
    )


def _to_requester() -> dict[str, Notification]:
    closed = replace(DONE, messages=4)
    return {
        "receipt": _TO_LENA(Kind.RECEIPT, ticket=BEAMER, in_reply_to="<1@schule.example>"),
        "receipt_related": _TO_LENA(
            Kind.RECEIPT, ticket=BEAMER, related=OLD, related_reason="closed-long-ago"
        ),
        "answer": _TO_LENA(
            Kind.ANSWER, ticket=TAKEN, author=MAX, text=ANSWER, attachments=FILES[1:], history=HISTORY[:1]
        ),
        "answer_cc": Notification(Kind.ANSWER, RAINER, Role.CC, TAKEN, MAX, ANSWER, history=HISTORY[:1]),
        "closed": _TO_LENA(Kind.CLOSED, ticket=closed, author=MAX, text=ANSWER, history=HISTORY[:1]),
        "closed_silent": _TO_LENA(Kind.CLOSED, ticket=closed, author=MAX),
        "waiting": _TO_LENA(Kind.WAITING, ticket=ASLEEP, author=MAX, text=QUESTION),
        "waiting_silent": _TO_LENA(Kind.WAITING, ticket=ASLEEP, author=MAX),
        "wait_reminder": _TO_LENA(Kind.WAIT_REMINDER, ticket=ASLEEP, author=MAX, text=QUESTION),
        "closed_waiting": _TO_LENA(Kind.CLOSED_WAITING, ticket=closed),
        "escalated_requester": _TO_LENA(
            Kind.ESCALATED_REQUESTER, ticket=UP, author=MAX, text="Das muss die Technik ansehen."
        ),
        "escalated_requester_silent": _TO_LENA(Kind.ESCALATED_REQUESTER, ticket=UP, author=MAX),
    }


def _words_to_team() -> dict[str, Notification]:
    return {
        "new_ticket": _TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, attachments=FILES, listed=(FILM,)
        ),
        "new_ticket_similar": _TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, similar=SIMILAR
        ),
        "new_ticket_withheld": _TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, listed=(*HARMFUL, FILM)
        ),
        "new_ticket_hostile": _TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=ODD,
            author=replace(RAINER, name='<b>Rainer</b> "{{ 7*7 }}"'),
            text=HOSTILE,
            related=OLD,
            related_reason="subject-tag",
        ),
        "requester_reply": _TO_MAX(
            Kind.REQUESTER_REPLY,
            ticket=TAKEN,
            author=LENA,
            text="Danke, ich probiere es!",
            history=HISTORY[1:3],
        ),
        "requester_reply_unknown": _TO_MAX(
            Kind.REQUESTER_REPLY,
            ticket=TAKEN,
            author=PRIVATE,
            text=f"{ANSWER}\n#close",
            problems=(replace(UNKNOWN_ADDRESS[0], line="#close"),),
        ),
        "answer_copy": _TO_ERIKA(Kind.ANSWER_COPY, ticket=TAKEN, author=MAX, text=ANSWER),
        "note": _TO_ERIKA(
            Kind.NOTE, ticket=TAKEN, author=MAX, text="Ersatzlampe liegt im Keller.", internal=True
        ),
    }


def _handed_on() -> dict[str, Notification]:
    return {
        "escalated_second_level": _TO_TONI(
            Kind.ESCALATED_SECOND_LEVEL,
            ticket=UP,
            author=MAX,
            text="Das muss die Technik ansehen.",
            attachments=FILES,
            history=HISTORY,
        ),
        "escalated_team": _TO_ERIKA(
            Kind.ESCALATED_TEAM, ticket=UP, author=MAX, text="Das muss die Technik ansehen."
        ),
        "escalated_second_level_by_itself": _TO_TONI(
            Kind.ESCALATED_SECOND_LEVEL, ticket=UP, history=HISTORY[:1]
        ),
        "escalated_team_by_itself": _TO_ERIKA(Kind.ESCALATED_TEAM, ticket=UP),
    }


def _by_time() -> dict[str, Notification]:
    return {
        "reminder": _TO_ERIKA(Kind.REMINDER, ticket=IDLE, history=HISTORY[:1]),
        "reminder_mine": _TO_MAX(Kind.REMINDER, ticket=replace(IDLE, assignee=MAX), history=HISTORY[-1:]),
        "reminder_due": _TO_MAX(Kind.REMINDER, ticket=DUE, history=HISTORY[-1:]),
        "overdue": _TO_MAX(Kind.OVERDUE, ticket=replace(IDLE, assignee=MAX), history=HISTORY[-1:]),
        "digest": _TO_MAX(Kind.DIGEST, tickets=(LATE, IDLE, DUE)),
        "digest_second_level": _TO_TONI(Kind.DIGEST, tickets=(UP,)),
    }


def _deeds() -> dict[str, Notification]:
    back = replace(TAKEN, assignee=None)
    return {
        "closed_team": _TO_ERIKA(Kind.CLOSED_TEAM, ticket=DONE, author=MAX, text=ANSWER),
        "returned": _TO_ERIKA(
            Kind.RETURNED, ticket=back, author=TECHNIK, text="Bitte Lampe tauschen.", history=HISTORY
        ),
        "reopened": _TO_ERIKA(
            Kind.REOPENED, ticket=TAKEN, author=LENA, text="Geht wieder nicht.", history=HISTORY[1:3]
        ),
        "undone": _TO_ERIKA(Kind.UNDONE, ticket=TAKEN, author=MAX),
        "undone_requester": _TO_LENA(Kind.UNDONE, ticket=TAKEN, author=MAX),
        "assigned_info": _TO_ERIKA(Kind.ASSIGNED_INFO, ticket=TAKEN, author=MAX),
        "assigned": _TO_MAX(Kind.ASSIGNED, ticket=TAKEN, author=ERIKA, history=HISTORY),
    }


def _repaired() -> dict[str, Notification]:
    moved = replace(BEAMER, school="RSW", number=31)
    away = partial(Notification, Kind.MOVED_AWAY, role=Role.SUPPORTER)
    return {
        "receipt_forwarded": _TO_LENA(Kind.RECEIPT, ticket=BEAMER, author=MAX),
        "receipt_of_forwarder": Notification(
            Kind.RECEIPT, MAX, Role.REQUESTER, replace(BEAMER, requester=MAX, cc=()), forwarded_from=LENA
        ),
        "receipt_split": _TO_LENA(Kind.RECEIPT, ticket=BEAMER, author=MAX, was="GYM-71"),
        "new_ticket_split": _TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, related=SOLVED, related_reason="split"
        ),
        "new_ticket_forwarded": _TO_ERIKA(Kind.NEW_TICKET, ticket=BEAMER, author=MAX, text=PROBLEM),
        "new_ticket_of_forwarder": _TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=replace(BEAMER, requester=MAX, cc=()),
            author=MAX,
            text=PROBLEM,
            forwarded_from=LENA,
        ),
        "added_to_cc": Notification(Kind.ADDED_TO_CC, RAINER, Role.CC, BEAMER, MAX, history=HISTORY[:2]),
        "added_to_cc_requester": _TO_LENA(Kind.ADDED_TO_CC, ticket=BEAMER, author=MAX, text=ANSWER),
        "merged": _TO_ERIKA(Kind.MERGED, ticket=BEAMER, author=MAX, was="GYM-105"),
        "merged_requester": Notification(Kind.MERGED, RAINER, Role.CC, BEAMER, MAX, was="GYM-105"),
        "moved": _TO_LENA(Kind.MOVED, ticket=moved, author=TECHNIK, was="GYM-104"),
        "moved_team": _TO_MAX(Kind.MOVED_TEAM, ticket=moved, author=TECHNIK, was="GYM-104", history=HISTORY),
        "moved_away": away(ERIKA, ticket=BEAMER, author=TECHNIK, was="RSW-31"),
    }


RECEIPT_LINES = (
    CommandResult("close", DONE, told=(LENA, ERIKA)),
    CommandResult("priority", ODD, detail="high"),
    CommandResult("assign", ODD, told=(MAX,), detail=ERIKA.name, until=date(2026, 12, 1)),
    CommandResult("take", replace(TAKEN, number=97), already=True),
    CommandResult("remind", DUE, due=DUE.due),
    CommandResult("cc", BEAMER, told=(RAINER,), detail=RAINER.email),
    CommandResult("split", BEAMER, told=(LENA, ERIKA), detail="GYM-105"),
)


def _to_writer(language: str) -> dict[str, Notification]:
    tickets = (BEAMER, ODD, replace(UP, number=101), replace(TAKEN, number=97, status=Status.WAITING))
    return {
        "overview": _TO_MAX(
            Kind.OVERVIEW, tickets=tickets, scope="open", total=4, in_reply_to="<2@schule.example>"
        ),
        "overview_page": _TO_TONI(
            Kind.OVERVIEW,
            tickets=OF_ALL_SCHOOLS,
            scope="all",
            line=list_line(Listing(Scope.ALL), language),
            total=61,
            page=2,
        ),
        "overview_own": _TO_LENA(Kind.OVERVIEW, tickets=(BEAMER, OLD), scope="all", total=2),
        "overview_empty": _TO_LENA(Kind.OVERVIEW, scope="mine"),
        "overview_found": _TO_MAX(
            Kind.OVERVIEW, tickets=(BEAMER, SOLVED), scope="all", total=31, words="Beamer 204"
        ),
        "overview_found_nothing": _TO_MAX(Kind.OVERVIEW, scope="all", words='<b>Bea"mer</b> {{ 7*7 }}'),
        "ticket_details": _TO_MAX(Kind.TICKET_DETAILS, ticket=TAKEN, history=HISTORY, attachments=FILES),
        "ticket_details_endless": _TO_MAX(
            Kind.TICKET_DETAILS, ticket=TAKEN, history=ENDLESS, attachments=MANY_FILES
        ),
        "command_receipt": _TO_MAX(
            Kind.COMMAND_RECEIPT,
            ticket=DONE,
            done=RECEIPT_LINES[:1],
            undoable=True,
            in_reply_to="<3@schule.example>",
        ),
        "command_receipt_several": _TO_MAX(Kind.COMMAND_RECEIPT, done=RECEIPT_LINES),
        **_refusals(language),
        "away": _TO_MAX(Kind.COMMAND_RECEIPT, done=(AWAY,)),
        "back": _TO_MAX(Kind.COMMAND_RECEIPT, done=(CommandResult("back", None),)),
        "held_answer": _TO_ERIKA(
            Kind.HELD_ANSWER, ticket=TAKEN, author=MAX, text="Ist das Kabel drin?", history=(QUICKER,)
        ),
        "confirm": _TO_MAX(Kind.CONFIRM, ticket=TAKEN, text=ANSWER),
        "help_requester": _TO_LENA(Kind.HELP),
        "help_supporter": _TO_MAX(Kind.HELP, ticket=TAKEN),
        "help_second_level": _TO_TONI(Kind.HELP),
        "bounce": _TO_MAX(Kind.BOUNCE, ticket=TAKEN, text=ANSWER, details=BOUNCED),
    }


def _refusals(language: str) -> dict[str, Notification]:
    problems = PROBLEMS[language]
    mistyped = f"{problems[0].line}\n{ANSWER}"
    refused = "\n".join((mistyped, *(problem.line for problem in problems[1:])))
    in_text = IN_TEXT[language]
    return {
        "refusal": _TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=mistyped, problems=problems[:1]),
        "refusal_unclear": _TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=refused, problems=problems),
        "refusal_conflict": _TO_MAX(
            Kind.REFUSAL, ticket=TAKEN, text=f"{ANSWER}\n#close\n#escalate", problems=CONFLICT
        ),
        "refusal_in_text": _TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=in_text.line, problems=(in_text,)),
        "refusal_unknown_address": Notification(
            Kind.REFUSAL, PRIVATE, Role.REQUESTER, problems=UNKNOWN_ADDRESS
        ),
        "refusal_unaddressed": _TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=ANSWER, problems=NO_RECIPIENT),
        "refusal_unaddressed_overview": _TO_MAX(Kind.REFUSAL, text=ANSWER, problems=NO_RECIPIENT),
    }


def _about_people() -> dict[str, Notification]:
    return {
        "invitation": _TO_MAX(Kind.INVITATION),
        "invitation_reminder": _TO_TONI(Kind.INVITATION, reason="reminder"),
        "welcome": _TO_MAX(Kind.WELCOME),
        "welcome_second_level": _TO_TONI(Kind.WELCOME),
        "unreadable_too_large": _TO_LENA(Kind.UNREADABLE, reason="too-large", details=UNREAD),
        "unreadable_encrypted": _TO_LENA(Kind.UNREADABLE, ticket=BEAMER, reason="encrypted", details=UNREAD),
    }


def _to_operators() -> dict[str, Notification]:
    to = Address("edv@stadt.example")
    return {
        "report": Notification(Kind.REPORT, to, Role.STRANGER, report=REPORT),
        "alert": Notification(Kind.ALERT, to, Role.STRANGER, details=DETAILS),
    }
