"""Samples of replies to the author of a mail."""

from dataclasses import replace
from datetime import date, timedelta

from mailbot.core.commands.queries import list_line
from mailbot.core.commands.saved_answers import SAVED as LISTING
from mailbot.core.model.listing import Listing, Scope
from mailbot.core.model.notification import CommandResult, Notification, Progress
from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.core.model.ticket import (
    Direction,
    Message,
    Role,
    Status,
    Visibility,
)
from mailbot.samples.problems import CONFLICT, IN_TEXT, NO_RECIPIENT, PROBLEMS, UNKNOWN_ADDRESS
from mailbot.samples.scene import (
    ANSWER,
    ASLEEP,
    BEAMER,
    BOUNCED,
    DONE,
    DUE,
    ENDLESS,
    ERIKA,
    FILES,
    HISTORY,
    LEADING,
    LENA,
    MANY_FILES,
    MAX,
    NOW,
    ODD,
    OF_ALL_SCHOOLS,
    OLD,
    PRIVATE,
    RAINER,
    REPORTS,
    SAVED_ANSWERS,
    SAVED_TEXT,
    SOLVED,
    TAKEN,
    TIP,
    TIP_TEXT,
    TO_ERIKA,
    TO_LENA,
    TO_MAX,
    TO_TONI,
    UP,
    VISIT,
    VISITED,
)

AWAY = CommandResult("away", None, detail=ERIKA.name, until=date(2026, 12, 1), links=("back", "help"))
ASKED_FOR = replace(TAKEN, due=NOW + timedelta(days=4))
QUICKER = Message(Direction.OUT, Visibility.PUBLIC, MAX, ANSWER, NOW - timedelta(minutes=3))

SAVED = CommandResult(
    "save", None, detail="Beamer Netzteil", text=SAVED_TEXT, links=("saved", "help"), undoable=True
)
TIPS = {
    "tip_proposed": replace(SAVED, command="tip_proposed", text=TIP_TEXT, already=True),
    "tip_proposed_with_names": replace(
        SAVED,
        command="tip_proposed_for_all",
        text=f"{TIP_TEXT} Sonst hilft Frau Schmidt.",
        already=True,
        personal=("Frau Schmidt",),
    ),
    "tip_enabled": replace(SAVED, command="tip", text=TIP_TEXT),
    "tip_ended": replace(SAVED, command="save_ends_tip"),
}
USED = (
    CommandResult("close", DONE, notified=(LENA, ERIKA)),
    CommandResult("use", DONE, notified=(LENA, ERIKA), detail="Beamer Netzteil"),
)
RECEIPT_LINES = (
    CommandResult("close", DONE, notified=(LENA, ERIKA)),
    CommandResult("priority", ODD, detail="high"),
    CommandResult("assign", ODD, notified=(MAX,), detail=ERIKA.name, until=date(2026, 12, 1)),
    CommandResult("take", replace(TAKEN, number=97), already=True),
    CommandResult("remind", DUE, due=DUE.due),
    CommandResult("visit", VISITED, notified=(LENA,), due=VISIT.begin),
    CommandResult("cc", BEAMER, notified=(RAINER,), detail=RAINER.email),
    CommandResult("mute", BEAMER),
    CommandResult("split", BEAMER, notified=(LENA, ERIKA), detail="GYM-105"),
)


def to_author(language: str) -> dict[str, Notification]:
    """Return the replies to the author of a mail: to queries, to commands, and to a mail that is held."""
    return _to_queries(language) | _about_tickets() | _to_commands(language) | _about_mails()


def _to_queries(language: str) -> dict[str, Notification]:
    tickets = (BEAMER, ODD, replace(UP, number=101), replace(TAKEN, number=97, status=Status.WAITING))
    return {
        "overview": TO_MAX(
            Kind.OVERVIEW, tickets=tickets, scope="open", total=4, in_reply_to="<2@schule.example>"
        ),
        "overview_page": TO_TONI(
            Kind.OVERVIEW,
            tickets=OF_ALL_SCHOOLS,
            scope="all",
            line=list_line(Listing(Scope.ALL), language),
            total=61,
            page=2,
        ),
        "overview_place": TO_MAX(
            Kind.OVERVIEW,
            tickets=(BEAMER, SOLVED),
            scope="all",
            place=REPORTS.place,
            line=list_line(Listing(Scope.ALL, place=REPORTS.place), language),
            total=31,
        ),
        "overview_own": TO_LENA(Kind.OVERVIEW, tickets=(BEAMER, OLD), scope="all", total=2),
        "overview_empty": TO_LENA(Kind.OVERVIEW, scope="mine"),
        "overview_found": TO_MAX(
            Kind.OVERVIEW, tickets=(BEAMER, SOLVED), scope="all", total=31, words="Beamer 204"
        ),
        "overview_found_nothing": TO_MAX(Kind.OVERVIEW, scope="all", words='<b>Bea"mer</b> {{ 7*7 }}'),
    }


def _about_tickets() -> dict[str, Notification]:
    return {
        "ticket_details_requester": TO_LENA(Kind.TICKET_DETAILS, ticket=TAKEN, history=HISTORY[:1]),
        "ticket_details": TO_MAX(Kind.TICKET_DETAILS, ticket=TAKEN, history=HISTORY, attachments=FILES),
        "ticket_status": TO_LENA(
            Kind.TICKET_STATUS, ticket=TAKEN, since=TAKEN.opened, progress=Progress.ASKED
        ),
        "ticket_status_reminded": TO_LENA(
            Kind.TICKET_STATUS, ticket=UP, since=NOW - timedelta(days=3), progress=Progress.REMINDED
        ),
        "ticket_status_asked_again": TO_LENA(
            Kind.TICKET_STATUS, ticket=BEAMER, since=BEAMER.opened, progress=Progress.ASKED_AGAIN
        ),
        "ticket_status_staff": TO_MAX(Kind.TICKET_STATUS, ticket=BEAMER, since=BEAMER.opened),
        "ticket_status_waiting": TO_LENA(Kind.TICKET_STATUS, ticket=ASLEEP, since=ASLEEP.opened),
        "ticket_status_due": TO_MAX(Kind.TICKET_STATUS, ticket=ASKED_FOR, since=ASKED_FOR.opened),
        "ticket_status_visited": TO_LENA(Kind.TICKET_STATUS, ticket=VISITED, since=VISITED.opened),
        "ticket_status_closed": TO_LENA(Kind.TICKET_STATUS, ticket=DONE, since=DONE.opened),
        "ticket_details_endless": TO_MAX(
            Kind.TICKET_DETAILS, ticket=TAKEN, history=ENDLESS, attachments=MANY_FILES
        ),
    }


def _to_commands(language: str) -> dict[str, Notification]:
    return {
        "command_receipt": TO_MAX(
            Kind.COMMAND_RECEIPT,
            ticket=DONE,
            done=RECEIPT_LINES[:1],
            undoable=True,
            in_reply_to="<3@schule.example>",
        ),
        **_about_bundles(),
        "command_receipt_several": TO_MAX(Kind.COMMAND_RECEIPT, done=RECEIPT_LINES),
        **_refusals(language),
        **_about_tips(),
        "saved": TO_MAX(Kind.COMMAND_RECEIPT, done=(SAVED,), undoable=True),
        "saved_for_all": TO_TONI(
            Kind.COMMAND_RECEIPT, done=(replace(SAVED, command="save_for_all"),), undoable=True
        ),
        "used": TO_MAX(Kind.COMMAND_RECEIPT, ticket=DONE, done=USED, undoable=True),
        "saved_answers": TO_MAX(Kind.SAVED_ANSWERS, ticket=TAKEN, answers=(TIP, *SAVED_ANSWERS[1:]), total=3),
        "saved_answers_second_level": TO_TONI(
            Kind.SAVED_ANSWERS,
            answers=SAVED_ANSWERS[2:],
            total=27,
            page=2,
            line=LISTING.line(language),
        ),
        "saved_answers_none": TO_MAX(Kind.SAVED_ANSWERS),
        "command_receipt_reopened": TO_LENA(
            Kind.COMMAND_RECEIPT, ticket=TAKEN, done=(CommandResult("reopen_why", TAKEN, notified=(MAX,)),)
        ),
        "away": TO_MAX(Kind.COMMAND_RECEIPT, done=(AWAY,)),
        "back": TO_MAX(Kind.COMMAND_RECEIPT, done=(CommandResult("back", None),)),
    }


def _about_bundles() -> dict[str, Notification]:
    return {
        "command_receipt_bundle": TO_MAX(
            Kind.COMMAND_RECEIPT,
            ticket=LEADING[0],
            done=(replace(RECEIPT_LINES[0], ticket=LEADING[0], others=("GYM-102", "GYM-105")),),
            undoable=True,
        ),
        "command_receipt_of_one_in_bundle": TO_MAX(
            Kind.COMMAND_RECEIPT,
            ticket=LEADING[0],
            done=(
                CommandResult("answer_alone", LEADING[0], notified=(LENA,)),
                CommandResult("text_alone", LEADING[0]),
                CommandResult("files_alone", LEADING[0], detail="foto.jpg"),
            ),
        ),
        "command_receipt_bundling": TO_MAX(
            Kind.COMMAND_RECEIPT,
            ticket=LEADING[0],
            done=(CommandResult("bundle", LEADING[0], detail="GYM-101", others=("GYM-102", "GYM-105")),),
            undoable=True,
        ),
    }


def _about_tips() -> dict[str, Notification]:
    receipts = {
        name: TO_MAX(Kind.COMMAND_RECEIPT, done=(done,), undoable=not done.already)
        for name, done in TIPS.items()
    }
    solved = CommandResult("solved-by-tip", DONE, notified=(MAX, ERIKA))
    return receipts | {
        "solved_by_tip": TO_LENA(Kind.COMMAND_RECEIPT, ticket=DONE, done=(solved,), undoable=True)
    }


def _about_mails() -> dict[str, Notification]:
    return {
        "held_answer": TO_ERIKA(
            Kind.HELD_ANSWER, ticket=TAKEN, author=MAX, text="Ist das Kabel drin?", history=(QUICKER,)
        ),
        "held_answer_bundle": TO_ERIKA(
            Kind.HELD_ANSWER,
            ticket=LEADING[0],
            author=MAX,
            text="Ist das Kabel drin?",
            history=(QUICKER,),
            related=LEADING[1],
            bundle=LEADING[1:],
        ),
        "confirm": TO_MAX(Kind.CONFIRM, ticket=TAKEN, text=ANSWER),
        "confirm_not_shown": TO_MAX(Kind.CONFIRM, ticket=TAKEN, text="#bündeln 104 105", reason="not-shown"),
        "confirm_forged": TO_MAX(Kind.CONFIRM, ticket=TAKEN, text=ANSWER, forged=True),
        "confirm_unreadable": TO_MAX(Kind.CONFIRM, ticket=TAKEN, text=ANSWER, reason="unreadable-results"),
        "help_requester": TO_LENA(Kind.HELP),
        "help_supporter": TO_MAX(Kind.HELP, ticket=TAKEN),
        "help_second_level": TO_TONI(Kind.HELP),
        "help_all_requester": TO_LENA(Kind.HELP, scope="all"),
        "help_all_supporter": TO_MAX(Kind.HELP, ticket=TAKEN, scope="all"),
        "help_all_second_level": TO_TONI(Kind.HELP, scope="all"),
        "bounce": TO_MAX(Kind.BOUNCE, ticket=TAKEN, text=ANSWER, details=BOUNCED),
    }


def _refusals(language: str) -> dict[str, Notification]:
    problems = PROBLEMS[language]
    mistyped = f"{problems[0].line}\n{ANSWER}"
    refused = "\n".join((mistyped, *(problem.line for problem in problems[1:])))
    in_text = IN_TEXT[language]
    return {
        "refusal": TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=mistyped, problems=problems[:1]),
        "refusal_unclear": TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=refused, problems=problems),
        "refusal_conflict": TO_MAX(
            Kind.REFUSAL, ticket=TAKEN, text=f"{ANSWER}\n#close\n#escalate", problems=CONFLICT
        ),
        "refusal_in_text": TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=in_text.line, problems=(in_text,)),
        "refusal_unknown_address": Notification(
            Kind.REFUSAL, PRIVATE, Role.REQUESTER, problems=UNKNOWN_ADDRESS
        ),
        "refusal_unaddressed": TO_MAX(Kind.REFUSAL, ticket=TAKEN, text=ANSWER, problems=NO_RECIPIENT),
        "refusal_unaddressed_overview": TO_MAX(Kind.REFUSAL, text=ANSWER, problems=NO_RECIPIENT),
    }
