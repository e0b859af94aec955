"""Every command in every language: who may use it, its effect, wrong arguments and the notifications."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

import pytest

from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.effects import (
    RecordHelped,
    Register,
    ResendMails,
    SaveAnswer,
    SetAbsence,
    SetBlocked,
    SetTip,
    SolveByTip,
)
from mailbot.core.model.facts import Change, SentNotification, UndeliveredMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Absence
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Direction, Message, Priority, Role, Status, Ticket, Visibility
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    EVE,
    HANNA,
    KARL,
    LENA,
    MAX,
    NOW,
    TINA,
    TONI,
    MailScenario,
    Outcome,
    answers,
    closed,
    ticket,
    writes,
)

LENAS = ticket()
UP = ticket(level=2)
OTHER = ticket(12, requester=Address("olga@schule.example"), cc=())
ASKED = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Der Beamer ist dunkel.", EARLIER)
AGAIN = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), "Und der Drucker ist leer.", NOW)
HISTORY = (ASKED, AGAIN)
FRIDAY = {"Fr": date(2026, 11, 27), "Friday": date(2026, 11, 27), "vendredi": date(2026, 11, 27)}
ABSENCE = {
    "1.12": date(2026, 12, 1),
    "1.12.": date(2026, 12, 1),
    "Dec 1": date(2026, 12, 1),
    "1/12/2026": date(2026, 12, 1),
}
SAVED_ANSWERS = (("Toner leer", ""), ("Papierstau", "Schritt 1."))
PEOPLE = {
    Role.REQUESTER: LENA,
    Role.CC: KARL,
    Role.SUPPORTER: MAX,
    Role.SECOND_LEVEL: TONI,
    Role.STRANGER: EVE,
}
# "own": the command is for this role too, but not about a ticket of another person
PERMISSIONS = """
            requester   cc   supporter   second-level   stranger
close       yes         -    yes         yes            -
escalate    -           -    yes         -              -
return      -           -    -           yes            -
wait        -           -    yes         yes            -
remind      -           -    yes         yes            -
visit       -           -    yes         yes            -
reopen      yes         -    yes         yes            -
take        -           -    yes         yes            -
assign      -           -    yes         yes            -
note        -           -    yes         yes            -
priority    -           -    yes         yes            -
cc          -           -    yes         yes            -
for         -           -    yes         yes            -
merge       -           -    yes         yes            -
split       -           -    yes         yes            -
bundle      -           -    yes         yes            -
unbundle    -           -    yes         yes            -
move        -           -    -           yes            -
spam        -           -    yes         -              -
helped      yes         -    -           -              -
mute        -           -    yes         yes            -
unmute      -           -    yes         yes            -
undo        yes         -    yes         yes            -
resend      -           -    yes         yes            -
save        -           -    yes         yes            -
use         -           -    yes         yes            -
saved       -           -    yes         yes            -
unsave      -           -    yes         yes            -
tip         -           -    yes         yes            -
untip       -           -    yes         yes            -
solved-by-tip yes       -    -           -              -
list        yes         yes  yes         yes            yes
status      yes         yes  yes         yes            own
show        yes         yes  yes         yes            own
find        yes         yes  yes         yes            yes
help        yes         yes  yes         yes            yes
away        -           -    yes         yes            -
back        -           -    yes         yes            -
register    -           -    yes         yes            -
confirm     yes         yes  yes         yes            yes
"""
MAY = {
    name: dict(zip(PEOPLE, cells, strict=True))
    for name, *cells in map(str.split, PERMISSIONS.strip().splitlines()[1:])
}


def saved(done: Outcome) -> list[SavedAnswer]:
    """Return the versions of saved answers that a mail saved."""
    return [effect.answer for effect in done.effects if isinstance(effect, SaveAnswer)]


def last_change(actor: str) -> Change:
    """Return a change that closed the ticket and notified the requester."""
    notified = (SentNotification(Address(LENA), Role.REQUESTER, NotificationKind.CLOSED),)
    return Change(actor, EARLIER.replace(hour=23), ticket(assignee=Address(ERIKA)), notified)


@dataclass(frozen=True)
class Row:
    """One command: `lines` and `wrong` are in each language, written about the ticket `about`.

    `notified` is who gets which notification when `writer` writes a line, with `text` above it.
    """

    lines: tuple[str, str, str]
    holds: Callable[[Outcome], bool]
    notified: set[tuple[str, str]]
    writer: str = MAX
    about: Ticket | None = LENAS
    wrong: tuple[str, ...] = ()
    text: str = ""


ROWS = {
    "close": Row(
        ("#close", "#erledigt", "#résolu"),
        lambda done: done.ticket().status is Status.CLOSED,
        {(LENA, "closed"), (KARL, "closed"), (ERIKA, "closed_team"), (MAX, "command_receipt")},
        wrong=("#close Beamer", "#schließen Beamer", "#fermer Beamer"),
    ),
    "escalate": Row(
        ("#escalate", "#weiterleiten", "#transmettre"),
        lambda done: (done.ticket().level, done.ticket().status) == (2, Status.OPEN),
        {
            (LENA, "escalated_requester"),
            (KARL, "escalated_requester"),
            (TONI, "escalated_second_level"),
            (TINA, "escalated_second_level"),
            (ERIKA, "escalated_team"),
            (MAX, "command_receipt"),
        },
        wrong=("#escalate sofort", "#eskalieren sofort", "#escalader vite"),
        text="Das muss die Technik ansehen.",
    ),
    "return": Row(
        ("#return", "#zurück", "#renvoyer"),
        lambda done: done.ticket().level == 1,
        {(MAX, "returned"), (ERIKA, "returned"), (TONI, "command_receipt")},
        writer=TONI,
        about=UP,
        wrong=("#return Max", "#zurück morgen", "#retourner vite"),
    ),
    "wait": Row(
        ("#wait", "#rückfrage", "#attendre"),
        lambda done: done.ticket().status is Status.WAITING,
        {(LENA, "waiting"), (KARL, "waiting"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#wait lange", "#warten lange", "#attente longue"),
        text="Welcher Raum ist es?",
    ),
    "remind": Row(
        ("#remind Friday", "#wiedervorlage Fr", "#rappel vendredi"),
        lambda done: done.ticket().due is not None,
        {(MAX, "command_receipt")},
        wrong=("#remind", "#wiedervorlage", "#remind bald", "#wiedervorlage bald", "#rappel bientôt"),
    ),
    "visit": Row(
        ("#visit Friday 11:00", "#termin Fr 11 Uhr 45 min Raum 204", "#rdv vendredi à 11h30"),
        lambda done: done.ticket().appointment is not None and done.ticket().due is not None,
        {
            (LENA, "appointment"),
            (MAX, "appointment"),
            (ERIKA, "assigned_info"),
            (MAX, "command_receipt"),
        },
        wrong=("#visit", "#visit Friday", "#termin Fr", "#termin bald 11:00", "#rdv vendredi 25h00"),
    ),
    "reopen": Row(
        ("#reopen", "#öffnen", "#rouvrir"),
        lambda done: done.ticket().status is Status.OPEN,
        {(LENA, "reopened"), (KARL, "reopened"), (ERIKA, "reopened"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#reopen again", "#öffnen wieder", "#rouvrir vite"),
    ),
    "take": Row(
        ("#take", "#übernehmen", "#prendre"),
        lambda done: done.ticket().assignee is not None,
        {(ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#take mich", "#übernehmen mich", "#prendre moi"),
    ),
    "assign": Row(
        ("#assign Erika", "#zuweisen Erika", "#attribuer Erika"),
        lambda done: done.ticket().assignee == Address(ERIKA, "Erika Muster"),
        {(ERIKA, "assigned"), (MAX, "command_receipt")},
        wrong=("#assign", "#zuweisen", "#assign Hanna", "#zuweisen Niemand", "#assigner Personne"),
    ),
    "note": Row(
        ("#note", "#notiz", "#interne"),
        lambda done: done.message.visibility is Visibility.INTERNAL,
        {(ERIKA, "note"), (MAX, "command_receipt")},
        wrong=("#note", "#intern", "#interne"),  # without any text
        text="Die Lampe liegt im Keller.",
    ),
    "priority": Row(
        ("#priority high", "#priorität hoch", "#priorité haute"),
        lambda done: done.ticket().priority is Priority.HIGH,
        {(MAX, "command_receipt")},
        wrong=("#priority", "#priorität", "#priority very", "#priorität sehr", "#priorité très"),
    ),
    "cc": Row(
        ("#cc olga@schule.example", "#kopie olga@schule.example", "#copie olga@schule.example"),
        lambda done: "olga@schule.example" in [person.email for person in done.ticket().cc],
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#cc", "#kopie", "#cc Olga", "#kopie Olga", "#copie Olga"),
    ),
    "for": Row(
        ("#for olga@schule.example", "#für olga@schule.example", "#pour olga@schule.example"),
        lambda done: done.ticket().requester.email == "olga@schule.example",
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#for", "#für", "#for a@b.example c@d.example", "#für Olga", "#pour Olga"),
    ),
    "merge": Row(
        ("#merge 12", "#zusammenführen 12", "#fusionner 12"),
        lambda done: (done.ticket().messages, done.ticket("GYM-12").messages) == (0, 2),
        {(LENA, "merged"), (ERIKA, "merged"), (MAX, "command_receipt")},
        wrong=("#merge", "#zusammenführen", "#merge 12 13", "#zusammenführen Beamer", "#fusionner Beamer"),
    ),
    "split": Row(
        ("#split", "#trennen", "#séparer"),
        lambda done: done.ticket("GYM-100").requester.email == LENA,
        {(LENA, "receipt"), (ERIKA, "new_ticket"), (MAX, "command_receipt")},
        wrong=("#split 12", "#trennen 12", "#séparer 12"),
    ),
    "bundle": Row(
        ("#bundle 12", "#bündeln 1 und 12", "#grouper 1, 12"),
        lambda done: (done.ticket().bundle, done.ticket("GYM-12").bundle) == (1, 1),
        {(MAX, "command_receipt")},
        wrong=("#bundle", "#bündeln Beamer", "#grouper 9999", "#regrouper 1"),
    ),
    "unbundle": Row(
        ("#unbundle", "#entbündeln", "#dégrouper"),
        lambda done: done.ticket().bundle is None,
        {(MAX, "command_receipt")},
        about=ticket(bundle=1),
        wrong=("#unbundle Beamer", "#entbündeln alles", "#dégrouper 9999"),
    ),
    "move": Row(
        ("#move HBG", "#verschieben Heisenberg-Gymnasium", "#déplacer HBG"),
        lambda done: done.ticket().key == "HBG-7",
        {
            (LENA, "moved"),
            (KARL, "moved"),
            (HANNA, "moved_team"),
            (MAX, "moved_away"),
            (ERIKA, "moved_away"),
            (TONI, "command_receipt"),
        },
        writer=TONI,
        about=UP,
        wrong=("#move", "#verschieben", "#move XYZ", "#verschieben Nirgends", "#déplacer Ailleurs"),
    ),
    "spam": Row(
        ("#spam", "#SPAM!", "#indésirable"),
        lambda done: (
            SetBlocked("GYM", LENA, blocked=True, ticket="GYM-1") in done.effects
            and done.ticket().status is Status.CLOSED
        ),
        {(MAX, "command_receipt")},
        wrong=("#spam ja", "#spam nein", "#indésirable oui"),
    ),
    "helped": Row(
        ("#helped", "#geholfen", "#utile"),
        lambda done: RecordHelped("GYM-1") in done.effects and done.ticket().status is Status.CLOSED,
        {(MAX, "closed_team"), (ERIKA, "closed_team"), (LENA, "command_receipt")},
        writer=LENA,
        wrong=("#helped Beamer", "#geholfen sehr", "#utile vraiment"),
    ),
    "mute": Row(
        ("#mute", "#stumm", "#silence"),
        lambda done: done.ticket().muted in ((MAX,), (TONI,)),
        {(MAX, "command_receipt")},
        wrong=("#mute Lena", "#stumm morgen", "#muet demain"),
    ),
    "unmute": Row(
        ("#unmute", "#laut", "#réactiver"),
        lambda done: len(done.ticket().muted) == 1,
        {(MAX, "command_receipt")},
        about=ticket(muted=(MAX, TONI)),
        wrong=("#unmute Lena", "#laut morgen", "#réactiver demain"),
    ),
    "undo": Row(
        ("#undo", "#rückgängig", "#annuler"),
        lambda done: (done.ticket().status, done.ticket().assignee) == (Status.OPEN, Address(ERIKA)),
        {(LENA, "undone"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#undo alles", "#rückgängig alles", "#annuler tout"),
    ),
    "resend": Row(
        ("#resend", "#erneut", "#réexpédier"),
        lambda done: any(
            isinstance(effect, ResendMails) and len(effect.mails) == 1 for effect in done.effects
        ),
        {(MAX, "command_receipt")},
        wrong=("#resend all", "#erneut Beamer", "#nochmal 9999"),
    ),
    "save": Row(
        ("#save Toner leer", "#merken Toner leer", "#mémoriser Toner leer"),
        lambda done: [a.text for a in saved(done)] == ["Bitte die Kassette tauschen."],
        {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#save", "#merken GYM-12", "#mémoriser A+B"),
        text="Bitte die Kassette tauschen.",
    ),
    "use": Row(
        ("#use Toner leer", "#baustein TONER LEER", "#modèle Toner (leer)"),
        lambda done: done.message.text == "Schritt 1.",
        {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#use", "#baustein Niemals", "#utiliser Jamais"),
    ),
    "saved": Row(
        ("#saved", "#bausteine", "#modèles 1"),
        lambda done: [a.name for a in done.notifications[0].answers] == ["Papierstau", "Toner leer"],
        {(MAX, "saved_answers")},
        about=None,
        wrong=("#saved Toner", "#bausteine alle", "#modèles 0"),
    ),
    "unsave": Row(
        ("#unsave Toner leer", "#vergessen toner leer", "#oublier Toner leer"),
        lambda done: [a.text for a in saved(done)] == [""],
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#unsave", "#vergessen Niemals", "#oublier Jamais"),
    ),
    "tip": Row(
        ("#tip Toner leer", "#tipp TONER LEER", "#astuce Toner leer oui"),
        lambda done: (
            [(result.command, result.text) for n in done.notifications for result in n.done]
            in ([("tip_proposed", "Schritt 1.")], [("tip_proposed_for_all", "Schritt 1.")])
        ),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#tip", "#tipp Niemals", "#astuce Jamais oui"),
    ),
    "untip": Row(
        ("#untip Papierstau", "#tipp-aus papierstau", "#astuce-fin Papierstau"),
        lambda done: [e.answer.tip for e in done.effects if isinstance(e, SetTip)] == [""],
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#untip", "#tipp-aus Niemals", "#astuce-fin Jamais"),
    ),
    "solved-by-tip": Row(
        ("#solved-by-tip", "#tipp-hat-geholfen", "#astuce-utile"),
        lambda done: (
            SolveByTip("GYM-1", "toner leer") in done.effects and done.ticket().status is Status.CLOSED
        ),
        {(MAX, "closed_team"), (ERIKA, "closed_team"), (LENA, "command_receipt")},
        writer=LENA,
        wrong=("#solved-by-tip Beamer", "#tipp-hat-geholfen sehr", "#astuce-utile vraiment"),
    ),
    "list": Row(
        ("#list closed", "#übersicht geschlossen", "#liste fermées"),
        lambda done: done.notification(done.notifications[0].to.email).scope == "closed",
        {(MAX, "overview")},
        about=None,
        wrong=("#list everything", "#übersicht dreimal", "#liste combien"),
    ),
    "status": Row(
        ("#status", "#stand", "#état"),
        lambda done: done.notifications[0].since == NOW,
        {(MAX, "ticket_status")},
        wrong=("#status Beamer", "#stand 9999", "#statut vite"),
    ),
    "show": Row(
        ("#show 1", "#zeige 1", "#afficher 1"),
        lambda done: done.notifications[0].history == HISTORY,
        {(MAX, "ticket_details")},
        wrong=("#show Beamer", "#zeige 9999", "#afficher 9999"),
    ),
    "find": Row(
        ("#find Beamer", "#suche Beamer", "#chercher Beamer"),
        lambda done: done.notifications[0].words == "Beamer",
        {(MAX, "overview")},
        about=None,
        wrong=("#find", "#suche", "#rechercher"),
    ),
    "help": Row(
        ("#help", "#hilfe", "#aide"),
        lambda done: done.notifications[0].scope == "",
        {(MAX, "help")},
        about=None,
        wrong=("#help me", "#hilfe schnell", "#aide vite", "#hilfe alles bitte sofort", "#help open"),
    ),
    "away": Row(
        ("#away Dec 1", "#abwesend 1.12.", "#absente 1/12/2026"),
        lambda done: any(
            isinstance(effect, SetAbsence) and effect.until == date(2026, 12, 1) for effect in done.effects
        ),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#away", "#abwesend", "#away soon", "#abwesend 1.12. Lena", "#absent bientôt"),
    ),
    "back": Row(
        ("#back", "#anwesend", "#présente"),
        lambda done: any(isinstance(effect, SetAbsence) and effect.until is None for effect in done.effects),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#back here", "#anwesend hier", "#présent ici"),
    ),
    "register": Row(
        ("#register", "#anmelden", "#inscription"),
        lambda done: any(isinstance(effect, Register) for effect in done.effects),
        {(MAX, "welcome")},
        about=None,
        wrong=("#register me", "#anmelden mich", "#inscription vite"),
    ),
    "confirm": Row(
        ("#confirm", "#bestätigen", "#confirmer"),
        lambda done: done.outcome == "confirmed",
        set(),
        about=None,
    ),
}


def asks(row: Row, writer: str, line: str, text: str = "") -> MailScenario:
    """Begin a scenario: a person answers a mail about the row's ticket, or any mail, with that line."""
    about = row.about
    case = writes(writer, f"{text}\n{line}".strip()).answering(
        about,
        held=1 if "confirm" in row.lines[0] else None,
        shows=((about.key, about.closed), ("GYM-12", None)) if about else (),
    )
    return case.with_facts(
        OTHER,
        histories={"GYM-1": HISTORY, "GYM-12": (ASKED,)},
        dates=FRIDAY | ABSENCE,
        changes={"GYM-1": last_change(writer)} if about else {},
        held_since={"GYM-1": NOW},
        undelivered={
            "GYM-1": tuple(UndeliveredMail(f"<{who}>", LENA, who) for who in (writer, "x@y.example"))
        },
        numbers_elsewhere={"HBG": 7, "GYM": 100},
        absences={MAX: Absence(date(2026, 12, 1))} if row is ROWS["back"] else {},
        saved_answers=tuple(
            SavedAnswer(school, name.lower(), name, "Schritt 1.", Address(ERIKA), EARLIER, tip)
            for school, (name, tip) in product(("GYM", ""), SAVED_ANSWERS)
        ),
        tips={"GYM-1": "toner leer"},
    )


def test_every_command_is_in_both_tables() -> None:
    assert set(ROWS) == set(MAY) == {command.name for command in COMMANDS}


def test_commands_declare_the_roles_of_the_permission_table() -> None:
    expected = {name: {role for role, cell in cells.items() if cell != "-"} for name, cells in MAY.items()}
    assert {command.name: set(command.roles) for command in COMMANDS} == expected


def test_command_works_for_permitted_people_and_is_refused_without_effect_for_others(
    subtests: pytest.Subtests,
) -> None:
    for name, row in ROWS.items():
        with subtests.test(name=name):
            for role, writer in PEOPLE.items():
                may = MAY[name][role] == "yes"
                for line in row.lines if may else row.lines[:1]:  # a refusal does not depend on the language
                    case = asks(row, writer, line, row.text)
                    proven = case.proven()
                    # EVE knows the tag of the ticket, and has no mail about it.
                    if writer == EVE and row.about is not None:
                        proven = proven.with_facts(answered=None, by_reply=None).tagged(row.about)
                    for done in (case.decide(), proven.decide()):
                        if may:
                            assert done.outcome != "refused", (line, role, done.notifications)
                            assert row.holds(done), (line, role)
                        else:
                            assert (done.outcome, done.changes) == ("refused", ()), (line, role)
                            assert {to for to, _ in done.notified} == {writer}, (line, role)


WRONG = (Reason.ARGUMENT, Reason.NAME, Reason.NO_SUCH_TICKET, Reason.NO_SUCH_ANSWER)


def test_wrong_argument_is_refused_with_its_reason(subtests: pytest.Subtests) -> None:
    for name, row in ROWS.items():
        with subtests.test(name=name):
            for line in row.wrong:
                done = asks(row, row.writer, line).proven().decide()
                assert (done.outcome, done.changes) == ("refused", ()), line
                (problem,) = done.notification(row.writer).problems
                assert problem.reason in WRONG, line


def test_every_command_but_confirm_has_wrong_arguments_in_every_language() -> None:
    short = [name for name, row in ROWS.items() if len(row.wrong) < 3]
    assert short == ["confirm"]  # a confirmation accepts any text after the word


def test_command_notifies_exactly_the_people_concerned(subtests: pytest.Subtests) -> None:
    for name, row in ROWS.items():
        with subtests.test(name=name):
            found = {
                line: asks(row, row.writer, line, row.text).proven().decide().notified for line in row.lines
            }
            assert found == dict.fromkeys(row.lines, row.notified)


def test_help_all_lists_all_commands(subtests: pytest.Subtests) -> None:
    for line in ["#help all", "#hilfe alles", "#Hilfe alle!", "#aide tout"]:
        with subtests.test(line=line):
            for writer in PEOPLE.values():
                assert writes(writer, line).proven().decide().notification(writer).scope == "all"


def test_away_names_a_deputy_of_the_same_team() -> None:
    def away(writer: str) -> Outcome:
        return asks(ROWS["away"], writer, "#abwesend 1.12. Erika").decide()

    assert SetAbsence(MAX, date(2026, 12, 1), ERIKA) in away(MAX).effects
    assert (away(TONI).reasons, away(TONI).changes) == ([Reason.ARGUMENT], ())


def test_supporter_who_forwards_a_problem_is_not_in_copy() -> None:
    mine = ticket(requester=Address(MAX, "Max Mustermann"))
    done = answers(MAX, mine, "#für olga@schule.example").decide()
    assert MAX not in [person.email for person in done.ticket().cc]


def test_previous_requester_is_added_to_cc() -> None:
    done = answers(MAX, ticket(), "#for olga@schule.example").decide()
    assert LENA in [person.email for person in done.ticket().cc]


@pytest.mark.parametrize("line", ["#merge 1", "#zusammenführen GYM-1"])
def test_ticket_is_not_merged_with_itself(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


def test_tickets_of_two_schools_are_not_merged() -> None:
    there = ticket(12, school="HBG")
    case = answers(TONI, UP, "#merge HBG-12").with_facts(there)
    assert case.decide().reasons == [Reason.NOT_HERE]


def test_merge_opens_the_target_if_the_other_ticket_was_open() -> None:
    done = answers(MAX, ticket(), "#merge 12").proven().with_facts(closed(12)).decide()
    assert done.ticket("GYM-12").status is Status.OPEN


def test_requester_of_both_tickets_is_not_notified_of_a_merge() -> None:
    done = answers(MAX, ticket(), "#merge 12").with_facts(ticket(12)).decide()
    assert LENA not in {to for to, _ in done.notified}


def test_ticket_with_one_message_is_not_split() -> None:
    done = answers(MAX, ticket(), "#trennen").with_facts(histories={"GYM-1": (ASKED,)}).decide()
    assert done.reasons == [Reason.NOT_HERE]


def test_ticket_of_a_colleague_is_not_marked_as_spam() -> None:
    done = answers(MAX, ticket(requester=Address(ERIKA)), "#spam").decide()
    assert (done.reasons, done.changes) == ([Reason.NOT_HERE], ())


@pytest.mark.parametrize("line", ["#cc support-gym@schule.example", "#für support-hbg@heisenberg.example"])
def test_support_address_cannot_receive_the_mails_of_a_ticket(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


def test_mails_of_a_ticket_do_not_go_to_its_mailbox_by_a_detail_behind_a_plus() -> None:
    done = answers(MAX, ticket(), "#for support-gym+beamer@schule.example").decide()
    assert (done.reasons, done.changes) == ([Reason.NOT_HERE], ())


def test_address_that_no_person_reads_becomes_neither_requester_nor_cc(subtests: pytest.Subtests) -> None:
    for line in ("#for noreply@schule.example", "#cc olga@schule.example do-not-reply@shop.example"):
        with subtests.test(line=line):
            done = answers(MAX, ticket(), line).decide()
            assert (done.reasons, done.changes) == ([Reason.UNREAD], ())
    done = writes(MAX, "#for keine.antwort@schule.example\nBeamer defekt").proven().decide()
    assert (done.reasons, done.changes) == ([Reason.UNREAD], ())


@pytest.mark.parametrize("line", [f"#cc {ERIKA}", f"#kopie {KARL} {TONI}"])
def test_people_who_work_on_a_ticket_are_not_added_to_cc(line: str) -> None:
    done = answers(MAX, ticket(), line).decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


def test_new_ticket_has_no_colleague_in_cc() -> None:
    done = writes(MAX, f"#cc {ERIKA}\n#for {LENA}\nDer Beamer ist dunkel.").proven().decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


@pytest.mark.parametrize(("more", "reasons"), [(19, []), (20, [Reason.TOO_MANY])])
def test_at_most_twenty_people_are_in_cc(more: int, reasons: list[Reason]) -> None:
    line = "#cc " + " ".join(f"person{n}@schule.example" for n in range(more))
    done = answers(MAX, ticket(), line).decide()
    assert done.reasons == reasons
    assert len(done.ticket().cc) == (1 if reasons else 20)


def test_colleague_may_be_the_requester() -> None:
    done = answers(MAX, ticket(), f"#für {ERIKA}").decide()
    assert done.ticket().requester.email == ERIKA


def test_text_above_merge_split_or_spam_is_internal(subtests: pytest.Subtests) -> None:
    for line in ["#merge 12", "#split", "#spam"]:
        with subtests.test(line=line):
            case = answers(MAX, ticket(), f"Das war Werbung.\n{line}").proven()
            case = case.with_facts(OTHER, histories={"GYM-1": HISTORY})
            assert case.decide().message.visibility is Visibility.INTERNAL


def test_merge_split_and_spam_are_refused_together_with_another_change(subtests: pytest.Subtests) -> None:
    for line in ["#merge 12", "#split", "#spam"]:
        with subtests.test(line=line):
            for other in ("#close", "#take", "#undo", "#cc olga@schule.example"):
                case = (
                    answers(MAX, ticket(), f"{line}\n{other}")
                    .proven()
                    .with_facts(OTHER, histories={"GYM-1": HISTORY}, changes={"GYM-1": last_change(MAX)})
                )
                assert Reason.AMBIGUOUS in case.decide().reasons, other


def test_change_of_several_tickets_cannot_be_undone() -> None:
    change = replace(last_change(MAX), irreversible=True)
    done = answers(MAX, ticket(), "#undo").with_facts(changes={"GYM-1": change}).decide()
    assert done.reasons == [Reason.CANNOT_UNDO]


def test_mail_of_a_blocked_sender_is_ignored() -> None:
    done = writes(EVE, "Kaufen Sie!").with_facts(blocked=frozenset({("GYM", EVE)})).decide()
    assert (done.outcome, done.effects) == ("ignored", ())


@pytest.mark.parametrize("line", ["#reopen", "#öffnen"])
def test_reopening_a_ticket_unblocks_its_requester(line: str) -> None:
    case = answers(MAX, closed(), line).with_facts(blocked=frozenset({("GYM", LENA)}))
    assert SetBlocked("GYM", LENA, blocked=False, ticket="GYM-1") in case.decide().effects
