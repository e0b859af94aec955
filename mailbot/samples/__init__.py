"""Sample notifications of each kind, with fictional people."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from mailbot.core.model.appointment import AttendeeResponse, Response
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.core.model.ticket import OpenReport, Role, Status
from mailbot.samples.month import REPORT
from mailbot.samples.problems import UNKNOWN_ADDRESS
from mailbot.samples.replies import to_author
from mailbot.samples.scene import (
    ANSWER,
    ASLEEP,
    BEAMER,
    DETAILS,
    DONE,
    DUE,
    ERIKA,
    FILES,
    FILM,
    HARMFUL,
    HISTORY,
    HOSTILE,
    IDLE,
    LATE,
    LEADING,
    LENA,
    MAX,
    NETWORK,
    ODD,
    OLD,
    OPEN_REPORTS,
    PRIVATE,
    PROBLEM,
    QUESTION,
    RAINER,
    REPORTS,
    SAVED_ANSWERS,
    SIMILAR,
    SOLVED,
    TAKEN,
    TECHNIK,
    TIP,
    TO_ERIKA,
    TO_LENA,
    TO_MAX,
    TO_TONI,
    UNREAD,
    UP,
    VISIT,
    VISITED,
)


def notifications(language: str) -> dict[str, Notification]:
    """Return the samples by name; the commands in them are those of the language."""
    return (
        _to_requester()
        | _new_tickets()
        | _texts_to_team()
        | _about_levels()
        | _by_timers()
        | _about_colleagues()
        | _about_corrections()
        | _appointments()
        | to_author(language)
        | _about_people()
        | _to_operators()
    )


def _to_requester() -> dict[str, Notification]:
    closed = replace(DONE, messages=4)
    return {
        "receipt": TO_LENA(Kind.RECEIPT, ticket=BEAMER, in_reply_to="<1@schule.example>"),
        "receipt_related": TO_LENA(
            Kind.RECEIPT, ticket=BEAMER, related=OLD, related_reason="closed-long-ago"
        ),
        "receipt_tip": TO_LENA(Kind.RECEIPT, ticket=BEAMER, tip=TIP),
        "answer": TO_LENA(
            Kind.ANSWER, ticket=TAKEN, author=MAX, text=ANSWER, attachments=FILES[1:], history=HISTORY[:1]
        ),
        "answer_cc": Notification(Kind.ANSWER, RAINER, Role.CC, TAKEN, MAX, ANSWER, history=HISTORY[:1]),
        "closed": TO_LENA(Kind.CLOSED, ticket=closed, author=MAX, text=ANSWER, history=HISTORY[:1]),
        "closed_silent": TO_LENA(Kind.CLOSED, ticket=closed, author=MAX),
        "waiting": TO_LENA(Kind.WAITING, ticket=ASLEEP, author=MAX, text=QUESTION),
        "waiting_silent": TO_LENA(Kind.WAITING, ticket=ASLEEP, author=MAX),
        "wait_reminder": TO_LENA(Kind.WAIT_REMINDER, ticket=ASLEEP, author=MAX, text=QUESTION),
        "closed_waiting": TO_LENA(Kind.CLOSED_WAITING, ticket=closed),
        "escalated_requester": TO_LENA(
            Kind.ESCALATED_REQUESTER, ticket=UP, author=MAX, text="Das muss die Technik ansehen."
        ),
        "escalated_requester_silent": TO_LENA(Kind.ESCALATED_REQUESTER, ticket=UP, author=MAX),
    }


def _new_tickets() -> dict[str, Notification]:
    return {
        "new_ticket": TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, attachments=FILES, listed=(FILM,)
        ),
        "new_ticket_tip": TO_ERIKA(Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, tip=TIP),
        "new_ticket_similar": TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, similar=SIMILAR
        ),
        "new_ticket_place": TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, reports=REPORTS
        ),
        "new_ticket_fitting": TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=BEAMER,
            author=LENA,
            text=PROBLEM,
            similar=SIMILAR[:1],
            fitting=SAVED_ANSWERS[:2],
        ),
        "new_ticket_resembling": TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=NETWORK[2],
            author=LENA,
            text="Im ganzen Altbau.",
            resembling=OPEN_REPORTS[:2],
        ),
        "new_ticket_withheld": TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, listed=(*HARMFUL, FILM)
        ),
        "new_ticket_hostile": TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=ODD,
            author=replace(RAINER, name='<b>Rainer</b> "{{ 7*7 }}"'),
            text=HOSTILE,
            related=OLD,
            related_reason="subject-tag",
        ),
    }


def _texts_to_team() -> dict[str, Notification]:
    return {
        "requester_reply": TO_MAX(
            Kind.REQUESTER_REPLY,
            ticket=TAKEN,
            author=LENA,
            text="Danke, ich probiere es!",
            history=HISTORY[1:3],
        ),
        "also_reported": TO_ERIKA(
            Kind.ALSO_REPORTED,
            ticket=NETWORK[2],
            author=LENA,
            text="Im ganzen Altbau kommt niemand mehr ins Netz. Wir brauchen es in der 5. Stunde.",
            resembling=(OpenReport.of(LEADING[0], ""),),
        ),
        "requester_reply_bundle": TO_MAX(
            Kind.REQUESTER_REPLY,
            ticket=LEADING[0],
            author=LENA,
            text="Im Keller auch.",
            bundle=LEADING[1:],
        ),
        "requester_reply_unknown": TO_MAX(
            Kind.REQUESTER_REPLY,
            ticket=TAKEN,
            author=PRIVATE,
            text=f"{ANSWER}\n#close",
            problems=(replace(UNKNOWN_ADDRESS[0], line="#close"),),
        ),
        "answer_copy": TO_ERIKA(Kind.ANSWER_COPY, ticket=TAKEN, author=MAX, text=ANSWER),
        "note": TO_ERIKA(
            Kind.NOTE, ticket=TAKEN, author=MAX, text="Ersatzlampe liegt im Keller.", internal=True
        ),
    }


def _about_levels() -> dict[str, Notification]:
    return {
        "escalated_second_level": TO_TONI(
            Kind.ESCALATED_SECOND_LEVEL,
            ticket=UP,
            author=MAX,
            text="Das muss die Technik ansehen.",
            attachments=FILES,
            history=HISTORY,
        ),
        "escalated_team": TO_ERIKA(
            Kind.ESCALATED_TEAM, ticket=UP, author=MAX, text="Das muss die Technik ansehen."
        ),
        "escalated_second_level_by_itself": TO_TONI(
            Kind.ESCALATED_SECOND_LEVEL, ticket=UP, history=HISTORY[:1]
        ),
        "escalated_team_by_itself": TO_ERIKA(Kind.ESCALATED_TEAM, ticket=UP),
    }


def _by_timers() -> dict[str, Notification]:
    return {
        "reminder": TO_ERIKA(Kind.REMINDER, ticket=IDLE, history=HISTORY[:1]),
        "reminder_mine": TO_MAX(Kind.REMINDER, ticket=replace(IDLE, assignee=MAX), history=HISTORY[-1:]),
        "reminder_asked": TO_MAX(
            Kind.REMINDER,
            ticket=replace(IDLE, assignee=MAX),
            author=LENA,
            reason="asked",
            history=HISTORY[-1:],
        ),
        "reminder_due": TO_MAX(Kind.REMINDER, ticket=DUE, history=HISTORY[-1:]),
        "overdue": TO_MAX(Kind.OVERDUE, ticket=replace(IDLE, assignee=MAX), history=HISTORY[-1:]),
        "digest": TO_MAX(Kind.DIGEST, tickets=(LATE, IDLE, DUE)),
        "digest_second_level": TO_TONI(Kind.DIGEST, tickets=(UP,)),
    }


def _about_colleagues() -> dict[str, Notification]:
    back = replace(TAKEN, assignee=None)
    return {
        "closed_team": TO_ERIKA(Kind.CLOSED_TEAM, ticket=DONE, author=MAX, text=ANSWER),
        "closed_by_tip": TO_ERIKA(Kind.CLOSED_TEAM, ticket=DONE, author=LENA, reason="tip"),
        "returned": TO_ERIKA(
            Kind.RETURNED, ticket=back, author=TECHNIK, text="Bitte Lampe tauschen.", history=HISTORY
        ),
        "reopened": TO_ERIKA(
            Kind.REOPENED, ticket=TAKEN, author=LENA, text="Geht wieder nicht.", history=HISTORY[:3]
        ),
        "undone": TO_ERIKA(Kind.UNDONE, ticket=TAKEN, author=MAX),
        "undone_requester": TO_LENA(Kind.UNDONE, ticket=TAKEN, author=MAX),
        "undone_waiting": TO_ERIKA(Kind.UNDONE, ticket=ASLEEP, author=MAX),
        "undone_waiting_requester": TO_LENA(Kind.UNDONE, ticket=ASLEEP, author=MAX),
        "undone_with_text": TO_LENA(Kind.UNDONE, ticket=TAKEN, author=MAX, text=ANSWER),
        "assigned_info": TO_ERIKA(Kind.ASSIGNED_INFO, ticket=TAKEN, author=MAX),
        "assigned": TO_MAX(Kind.ASSIGNED, ticket=TAKEN, author=ERIKA, history=HISTORY),
    }


def _about_corrections() -> dict[str, Notification]:
    moved = replace(BEAMER, school="RSW", number=31)
    away = partial(Notification, Kind.MOVED_AWAY, role=Role.SUPPORTER)
    return {
        "receipt_forwarded": TO_LENA(Kind.RECEIPT, ticket=BEAMER, author=MAX),
        "receipt_of_forwarder": Notification(
            Kind.RECEIPT, MAX, Role.REQUESTER, replace(BEAMER, requester=MAX, cc=()), forwarded_from=LENA
        ),
        "receipt_split": TO_LENA(Kind.RECEIPT, ticket=BEAMER, author=MAX, was="GYM-71"),
        "new_ticket_split": TO_ERIKA(
            Kind.NEW_TICKET, ticket=BEAMER, author=LENA, text=PROBLEM, related=SOLVED, related_reason="split"
        ),
        "new_ticket_forwarded": TO_ERIKA(Kind.NEW_TICKET, ticket=BEAMER, author=MAX, text=PROBLEM),
        "new_ticket_of_forwarder": TO_ERIKA(
            Kind.NEW_TICKET,
            ticket=replace(BEAMER, requester=MAX, cc=()),
            author=MAX,
            text=PROBLEM,
            forwarded_from=LENA,
        ),
        "added_to_cc": Notification(Kind.ADDED_TO_CC, RAINER, Role.CC, BEAMER, MAX, history=HISTORY[:2]),
        "added_to_cc_requester": TO_LENA(Kind.ADDED_TO_CC, ticket=BEAMER, author=MAX, text=ANSWER),
        "merged": TO_ERIKA(Kind.MERGED, ticket=BEAMER, author=MAX, was="GYM-105"),
        "merged_requester": Notification(Kind.MERGED, RAINER, Role.CC, BEAMER, MAX, was="GYM-105"),
        "moved": TO_LENA(Kind.MOVED, ticket=moved, author=TECHNIK, was="GYM-104"),
        "moved_team": TO_MAX(Kind.MOVED_TEAM, ticket=moved, author=TECHNIK, was="GYM-104", history=HISTORY),
        "moved_away": away(ERIKA, ticket=BEAMER, author=TECHNIK, was="RSW-31"),
    }


def _appointments() -> dict[str, Notification]:
    cancelled = replace(BEAMER, appointment_revision=2)
    to_lena = partial(TO_LENA, Kind.APPOINTMENT, ticket=VISITED, author=MAX, appointment=VISIT)
    answered = partial(TO_MAX, Kind.APPOINTMENT_ANSWER, ticket=VISITED, author=LENA, appointment=VISIT)
    return {
        "appointment": to_lena(),
        "appointment_with_answer": to_lena(text=ANSWER, history=HISTORY[:1]),
        "appointment_moved": to_lena(reason="moved"),
        "appointment_staff": TO_MAX(Kind.APPOINTMENT, ticket=VISITED, author=ERIKA, appointment=VISIT),
        "appointment_cancelled": TO_LENA(
            Kind.APPOINTMENT_CANCELLED, ticket=cancelled, author=MAX, appointment=VISIT
        ),
        "appointment_cancelled_staff": TO_MAX(
            Kind.APPOINTMENT_CANCELLED, ticket=replace(cancelled, status=Status.CLOSED), appointment=VISIT
        ),
        "appointment_of_colleague": TO_ERIKA(
            Kind.APPOINTMENT_CANCELLED,
            ticket=VISITED,
            author=MAX,
            appointment=VISIT,
            reason="not-invited",
        ),
        "appointment_accepted": answered(answer=AttendeeResponse(LENA.email, Response.ACCEPTED)),
        "appointment_declined": answered(
            answer=AttendeeResponse(LENA.email, Response.DECLINED), text="Da bin ich auf Klassenfahrt."
        ),
        "appointment_proposed": answered(
            answer=AttendeeResponse(
                LENA.email, Response.TENTATIVE, proposed=VISIT.begin + timedelta(days=1), minutes=45
            ),
            text="Da habe ich Unterricht.",
        ),
        "reminder_appointment": TO_MAX(Kind.REMINDER, ticket=VISITED, history=HISTORY[-1:]),
    }


def _about_people() -> dict[str, Notification]:
    return {
        "invitation": TO_MAX(Kind.INVITATION),
        "invitation_reminder": TO_TONI(Kind.INVITATION, reason="reminder"),
        "welcome": TO_MAX(Kind.WELCOME),
        "welcome_second_level": TO_TONI(Kind.WELCOME),
        "unreadable_too_large": TO_LENA(Kind.UNREADABLE, reason="too-large", details=UNREAD),
        "unreadable_encrypted": TO_LENA(Kind.UNREADABLE, ticket=BEAMER, reason="encrypted", details=UNREAD),
    }


def _to_operators() -> dict[str, Notification]:
    to = Address("edv@stadt.example")
    return {
        "report": Notification(Kind.REPORT, to, Role.STRANGER, report=REPORT),
        "alert": Notification(Kind.ALERT, to, Role.STRANGER, details=DETAILS),
    }
