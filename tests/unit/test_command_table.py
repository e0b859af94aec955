"""The table of commands, row by row, in every language: who may, who may not, what is wrong, what follows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest

from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.effects import Register, SetAbsence, SetBlocked
from mailbot.core.model.facts import Change, SentNotice
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind, Reason
from mailbot.core.model.policy import Absence
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
ABSENCE = {"1.12.": date(2026, 12, 1), "Dec 1": date(2026, 12, 1), "1/12/2026": date(2026, 12, 1)}
EVERYBODY = (MAX, TONI, LENA, KARL, EVE)


def last_change(actor: str) -> Change:
    """Return a change that closed the ticket, and told the requester."""
    told = (SentNotice(Address(LENA), Role.REQUESTER, NotificationKind.CLOSED),)
    return Change(actor, EARLIER.replace(hour=23), ticket(assignee=Address(ERIKA)), told)


@dataclass(frozen=True)
class Row:
    """What the table says of a command. `lines` and `wrong` are in each language; `may` try on `about`.

    `told` is who gets which letter when `teller` writes the line, with a text beside it if it takes one.
    """

    lines: tuple[str, str, str]
    may: tuple[str, ...]
    holds: Callable[[Outcome], bool]
    told: set[tuple[str, str]]
    teller: str = MAX
    about: Ticket | None = LENAS
    wrong: tuple[str, ...] = ()
    text: str = ""

    @property
    def may_not(self) -> tuple[str, ...]:
        """Return everybody else."""
        return tuple(writer for writer in EVERYBODY if writer not in self.may)


ROWS = {
    "close": Row(
        ("#close", "#erledigt", "#résolu"),
        (MAX, TONI, LENA),
        lambda done: done.ticket().status is Status.CLOSED,
        {(LENA, "closed"), (KARL, "closed"), (ERIKA, "closed_team"), (MAX, "command_receipt")},
        wrong=("#close Beamer", "#schließen Beamer", "#fermer Beamer"),
    ),
    "escalate": Row(
        ("#escalate", "#weiterleiten", "#transmettre"),
        (MAX,),
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
        (TONI,),
        lambda done: done.ticket().level == 1,
        {(MAX, "returned"), (ERIKA, "returned"), (TONI, "command_receipt")},
        teller=TONI,
        about=UP,
        wrong=("#return Max", "#zurück morgen", "#retourner vite"),
    ),
    "wait": Row(
        ("#wait", "#rückfrage", "#attendre"),
        (MAX, TONI),
        lambda done: done.ticket().status is Status.WAITING,
        {(LENA, "waiting"), (KARL, "waiting"), (ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#wait lange", "#warten lange", "#attente longue"),
        text="Welcher Raum ist es?",
    ),
    "remind": Row(
        ("#remind Friday", "#wiedervorlage Fr", "#rappel vendredi"),
        (MAX, TONI),
        lambda done: done.ticket().due is not None,
        {(MAX, "command_receipt")},
        wrong=("#remind", "#wiedervorlage", "#remind bald", "#wiedervorlage bald", "#rappel bientôt"),
    ),
    "reopen": Row(
        ("#reopen", "#öffnen", "#rouvrir"),
        (MAX, TONI, LENA),
        lambda done: done.ticket().status is Status.OPEN,
        {(LENA, "reopened"), (KARL, "reopened"), (ERIKA, "reopened"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#reopen again", "#öffnen wieder", "#rouvrir vite"),
    ),
    "take": Row(
        ("#take", "#übernehmen", "#prendre"),
        (MAX, TONI),
        lambda done: done.ticket().assignee is not None,
        {(ERIKA, "assigned_info"), (MAX, "command_receipt")},
        wrong=("#take mich", "#übernehmen mich", "#prendre moi"),
    ),
    "assign": Row(
        ("#assign Erika", "#zuweisen Erika", "#attribuer Erika"),
        (MAX, TONI),
        lambda done: done.ticket().assignee == Address(ERIKA, "Erika Muster"),
        {(ERIKA, "assigned"), (MAX, "command_receipt")},
        wrong=("#assign", "#zuweisen", "#assign Hanna", "#zuweisen Niemand", "#assigner Personne"),
    ),
    "note": Row(
        ("#note", "#notiz", "#interne"),
        (MAX, TONI),
        lambda done: done.message.visibility is Visibility.INTERNAL,
        {(ERIKA, "note"), (MAX, "command_receipt")},
        wrong=("#note", "#intern", "#interne"),  # without any text
        text="Die Lampe liegt im Keller.",
    ),
    "priority": Row(
        ("#priority high", "#priorität hoch", "#priorité haute"),
        (MAX, TONI),
        lambda done: done.ticket().priority is Priority.HIGH,
        {(MAX, "command_receipt")},
        wrong=("#priority", "#priorität", "#priority very", "#priorität sehr", "#priorité très"),
    ),
    "cc": Row(
        ("#cc olga@schule.example", "#kopie olga@schule.example", "#copie olga@schule.example"),
        (MAX, TONI),
        lambda done: "olga@schule.example" in [person.email for person in done.ticket().cc],
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#cc", "#kopie", "#cc Olga", "#kopie Olga", "#copie Olga"),
    ),
    "for": Row(
        ("#for olga@schule.example", "#für olga@schule.example", "#pour olga@schule.example"),
        (MAX, TONI),
        lambda done: done.ticket().requester.email == "olga@schule.example",
        {("olga@schule.example", "added_to_cc"), (MAX, "command_receipt")},
        wrong=("#for", "#für", "#for a@b.example c@d.example", "#für Olga", "#pour Olga"),
    ),
    "merge": Row(
        ("#merge 12", "#zusammenführen 12", "#fusionner 12"),
        (MAX, TONI),
        lambda done: (done.ticket().messages, done.ticket("GYM-12").messages) == (0, 2),
        {(LENA, "merged"), (ERIKA, "merged"), (MAX, "command_receipt")},
        wrong=("#merge", "#zusammenführen", "#merge 12 13", "#zusammenführen Beamer", "#fusionner Beamer"),
    ),
    "split": Row(
        ("#split", "#trennen", "#séparer"),
        (MAX, TONI),
        lambda done: done.ticket("GYM-100").requester.email == LENA,
        {(LENA, "receipt"), (ERIKA, "new_ticket"), (MAX, "command_receipt")},
        wrong=("#split 12", "#trennen 12", "#séparer 12"),
    ),
    "move": Row(
        ("#move HBG", "#verschieben Heisenberg-Gymnasium", "#déplacer HBG"),
        (TONI,),
        lambda done: done.ticket().key == "HBG-7",
        {
            (LENA, "moved"),
            (KARL, "moved"),
            (HANNA, "moved_team"),
            (MAX, "moved_away"),
            (ERIKA, "moved_away"),
            (TONI, "command_receipt"),
        },
        teller=TONI,
        about=UP,
        wrong=("#move", "#verschieben", "#move XYZ", "#verschieben Nirgends", "#déplacer Ailleurs"),
    ),
    "spam": Row(
        ("#spam", "#SPAM!", "#indésirable"),
        (MAX,),
        lambda done: (
            SetBlocked("GYM", LENA, blocked=True, ticket="GYM-1") in done.effects
            and done.ticket().status is Status.CLOSED
        ),
        {(MAX, "command_receipt")},
        wrong=("#spam ja", "#spam nein", "#indésirable oui"),
    ),
    "undo": Row(
        ("#undo", "#rückgängig", "#annuler"),
        (MAX, TONI, LENA),
        lambda done: (done.ticket().status, done.ticket().assignee) == (Status.OPEN, Address(ERIKA)),
        {(LENA, "undone"), (MAX, "command_receipt")},
        about=closed(),
        wrong=("#undo alles", "#rückgängig alles", "#annuler tout"),
    ),
    "list": Row(
        ("#list closed", "#übersicht geschlossen", "#liste fermées"),
        EVERYBODY,
        lambda done: done.notification(done.notifications[0].to.email).scope == "closed",
        {(MAX, "overview")},
        about=None,
        wrong=("#list everything", "#übersicht dreimal", "#liste combien"),
    ),
    "show": Row(
        ("#show 1", "#zeige 1", "#afficher 1"),
        (MAX, TONI, LENA, KARL),
        lambda done: done.notifications[0].history == HISTORY,
        {(MAX, "ticket_details")},
        wrong=("#show Beamer", "#zeige 9999", "#afficher 9999"),
    ),
    "find": Row(
        ("#find Beamer", "#suche Beamer", "#chercher Beamer"),
        EVERYBODY,
        lambda done: done.notifications[0].words == "Beamer",
        {(MAX, "overview")},
        about=None,
        wrong=("#find", "#suche", "#rechercher"),
    ),
    "help": Row(
        ("#help", "#hilfe", "#aide"),
        EVERYBODY,
        lambda done: done.notifications[0].kind is NotificationKind.HELP,
        {(MAX, "help")},
        about=None,
        wrong=("#help me", "#hilfe schnell", "#aide vite"),
    ),
    "away": Row(
        ("#away Dec 1 Erika", "#abwesend 1.12. Erika", "#absente 1/12/2026 Erika"),
        (MAX,),
        lambda done: SetAbsence(MAX, date(2026, 12, 1), ERIKA) in done.effects,
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#away", "#abwesend", "#away soon", "#abwesend 1.12. Lena", "#absent bientôt"),
    ),
    "back": Row(
        ("#back", "#anwesend", "#présente"),
        (MAX, TONI),
        lambda done: any(isinstance(effect, SetAbsence) and effect.until is None for effect in done.effects),
        {(MAX, "command_receipt")},
        about=None,
        wrong=("#back here", "#anwesend hier", "#présent ici"),
    ),
    "register": Row(
        ("#register", "#anmelden", "#inscription"),
        (MAX, TONI),
        lambda done: any(isinstance(effect, Register) for effect in done.effects),
        {(MAX, "welcome")},
        about=None,
        wrong=("#register me", "#anmelden mich", "#inscription vite"),
    ),
    "confirm": Row(
        ("#confirm", "#bestätigen", "#confirmer"),
        EVERYBODY,
        lambda done: done.outcome == "confirmed",
        set(),
        about=None,
    ),
}


def asks(row: Row, writer: str, line: str, text: str = "") -> MailScenario:
    """Begin a case: somebody answers a letter about the row's ticket, or any letter, with that line."""
    about = row.about
    case = writes(writer, f"{text}\n{line}".strip()).answering(
        about, held=1 if "confirm" in row.lines[0] else None
    )
    if writer == EVE and about is not None:
        case = case.with_facts(answered=None, by_reply=None, by_subject_tag=about.key).tagged(about)
    return case.proven().with_facts(
        OTHER,
        histories={"GYM-1": HISTORY, "GYM-12": (ASKED,)},
        dates=FRIDAY | ABSENCE,
        changes={"GYM-1": last_change(writer)} if about else {},
        numbers_elsewhere={"HBG": 7, "GYM": 100},
        absences={MAX: Absence(date(2026, 12, 1))} if row is ROWS["back"] else {},
    )


CELLS = [(name, row, line) for name, row in ROWS.items() for line in row.lines]


def test_every_command_has_its_row() -> None:
    assert set(ROWS) == {command.name for command in COMMANDS}


@pytest.mark.parametrize(
    ("row", "line", "writer"),
    [pytest.param(row, line, w, id=f"{name}-{line}-{w}") for name, row, line in CELLS for w in row.may],
)
def test_who_may_gets_what_the_command_does(row: Row, line: str, writer: str) -> None:
    done = asks(row, writer, line, row.text).decide()
    assert done.outcome != "refused", done.notifications
    assert row.holds(done)


@pytest.mark.parametrize(
    ("row", "line", "writer"),
    [pytest.param(row, line, w, id=f"{name}-{line}-{w}") for name, row, line in CELLS for w in row.may_not],
)
def test_who_may_not_changes_nothing_and_learns_nothing(row: Row, line: str, writer: str) -> None:
    done = asks(row, writer, line, row.text).decide()
    assert done.outcome == "refused"
    assert done.changes == ()
    assert {to for to, _ in done.notified} == {writer}


@pytest.mark.parametrize(
    ("row", "line"),
    [pytest.param(row, line, id=f"{name}-{line}") for name, row in ROWS.items() for line in row.wrong],
)
def test_a_wrong_argument_is_refused_with_a_right_example(row: Row, line: str) -> None:
    done = asks(row, row.teller, line).decide()
    assert (done.outcome, done.changes) == ("refused", ())
    (problem,) = done.notification(row.teller).problems
    assert problem.reason in (Reason.ARGUMENT, Reason.NO_SUCH_TICKET)


def test_every_row_says_what_is_wrong_in_every_language() -> None:
    short = [name for name, row in ROWS.items() if len(row.wrong) < 3]
    assert short == ["confirm"]  # a yes is a yes, whatever stands behind it


@pytest.mark.parametrize(("row", "line"), [pytest.param(row, line, id=line) for _, row, line in CELLS])
def test_who_has_to_know_is_told_and_nobody_else(row: Row, line: str) -> None:
    done = asks(row, row.teller, line, row.text).decide()
    assert done.notified == row.told


def test_a_requester_who_only_passes_on_is_not_kept_in_copy() -> None:
    mine = ticket(requester=Address(MAX, "Max Mustermann"))
    done = answers(MAX, mine, "#für olga@schule.example").decide()
    assert MAX not in [person.email for person in done.ticket().cc]


def test_a_requester_who_loses_a_ticket_gets_its_mails_in_copy() -> None:
    done = answers(MAX, ticket(), "#for olga@schule.example").decide()
    assert LENA in [person.email for person in done.ticket().cc]


@pytest.mark.parametrize("line", ["#merge 1", "#zusammenführen GYM-1"])
def test_a_ticket_is_not_merged_with_itself(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


def test_tickets_of_two_schools_are_not_merged() -> None:
    there = ticket(12, school="HBG")
    case = answers(TONI, UP, "#merge HBG-12").with_facts(there)
    assert case.decide().reasons == [Reason.NOT_HERE]


def test_a_merge_opens_the_surviving_ticket_if_the_other_was_open() -> None:
    done = answers(MAX, ticket(), "#merge 12").with_facts(closed(12)).decide()
    assert done.ticket("GYM-12").status is Status.OPEN


def test_the_requester_of_both_tickets_hears_nothing_of_a_merge() -> None:
    done = answers(MAX, ticket(), "#merge 12").with_facts(ticket(12)).decide()
    assert LENA not in {to for to, _ in done.notified}


def test_a_ticket_of_one_message_is_not_split() -> None:
    done = answers(MAX, ticket(), "#trennen").with_facts(histories={"GYM-1": (ASKED,)}).decide()
    assert done.reasons == [Reason.NOT_HERE]


def test_nobody_shuts_a_colleague_out_as_spam() -> None:
    done = answers(MAX, ticket(requester=Address(ERIKA)), "#spam").decide()
    assert (done.reasons, done.changes) == ([Reason.NOT_HERE], ())


@pytest.mark.parametrize("line", ["#cc support-gym@schule.example", "#für support-hbg@heisenberg.example"])
def test_a_support_address_is_nobody_who_could_get_mails(line: str) -> None:
    assert answers(MAX, ticket(), line).decide().reasons == [Reason.NOT_HERE]


@pytest.mark.parametrize("line", [f"#cc {ERIKA}", f"#kopie {KARL} {TONI}"])
def test_who_works_on_a_ticket_needs_no_copies(line: str) -> None:
    done = answers(MAX, ticket(), line).decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


def test_a_new_ticket_has_no_colleague_in_copy_either() -> None:
    done = writes(MAX, f"#cc {ERIKA}\n#for {LENA}\nDer Beamer ist dunkel.").proven().decide()
    assert (done.reasons, done.changes) == ([Reason.WORKS_HERE], ())


@pytest.mark.parametrize(("more", "reasons"), [(19, []), (20, [Reason.TOO_MANY])])
def test_twenty_people_are_in_copy_at_most(more: int, reasons: list[Reason]) -> None:
    line = "#cc " + " ".join(f"person{n}@schule.example" for n in range(more))
    done = answers(MAX, ticket(), line).decide()
    assert done.reasons == reasons
    assert len(done.ticket().cc) == (1 if reasons else 20)


def test_a_colleague_s_own_problem_may_be_his() -> None:
    done = answers(MAX, ticket(), f"#für {ERIKA}").decide()
    assert done.ticket().requester.email == ERIKA


@pytest.mark.parametrize("line", ["#merge 12", "#split", "#spam"])
def test_what_stands_beside_a_repair_stays_inside(line: str) -> None:
    case = answers(MAX, ticket(), f"Das war Werbung.\n{line}").with_facts(OTHER, histories={"GYM-1": HISTORY})
    assert case.decide().message.visibility is Visibility.INTERNAL


@pytest.mark.parametrize("line", ["#merge 12", "#split", "#spam"])
@pytest.mark.parametrize("other", ["#close", "#take", "#undo", "#cc olga@schule.example"])
def test_a_repair_bears_no_other_change_beside_it(line: str, other: str) -> None:
    case = answers(MAX, ticket(), f"{line}\n{other}").with_facts(
        OTHER, histories={"GYM-1": HISTORY}, changes={"GYM-1": last_change(MAX)}
    )
    assert Reason.AMBIGUOUS in case.decide().reasons


def test_what_touched_other_tickets_cannot_be_taken_back() -> None:
    change = replace(last_change(MAX), irreversible=True)
    done = answers(MAX, ticket(), "#undo").with_facts(changes={"GYM-1": change}).decide()
    assert done.reasons == [Reason.CANNOT_UNDO]


def test_a_blocked_sender_opens_nothing_and_gets_no_answer() -> None:
    done = writes(EVE, "Kaufen Sie!").with_facts(blocked=frozenset({("GYM", EVE)})).decide()
    assert (done.outcome, done.effects) == ("ignored", ())


@pytest.mark.parametrize("line", ["#reopen", "#öffnen"])
def test_opening_the_ticket_again_lets_its_requester_write_again(line: str) -> None:
    case = answers(MAX, closed(), line).with_facts(blocked=frozenset({("GYM", LENA)}))
    assert SetBlocked("GYM", LENA, blocked=False, ticket="GYM-1") in case.decide().effects
