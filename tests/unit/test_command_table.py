"""Every command in every language: who may use it, its effect, wrong arguments and the notifications."""

from datetime import date
from itertools import product

import pytest

from mailbot.core.commands.parse import COMMANDS
from mailbot.core.model.effects import (
    SetAbsence,
)
from mailbot.core.model.facts import UndeliveredMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.policy import Absence
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Role
from tests.support.command_rows import ASKED, HISTORY, OTHER, ROWS, Row, last_change
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    EVE,
    KARL,
    LENA,
    MAX,
    NOW,
    TONI,
    MailScenario,
    Outcome,
    writes,
)

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
