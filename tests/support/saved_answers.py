"""Mails that save and use answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailbot.core.model.notification_kind import NotificationKind as Kind
from mailbot.store import saved_answers
from mailbot.store.database import read_only
from mailbot.store.tables import MessageRow
from tests.support.desk_harness import DeskInTime, open_harness
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import LENA
from tests.support.school import problem

TEACHER = f"Lena Lehrerin <{LENA}>"
TEXT = "bitte die Tonerkassette im Drucker tauschen."
ALONE = f"B{TEXT[1:]}"  # as it is sent without own words above


@contextmanager
def open_desk(directory: Path) -> Iterator[DeskInTime]:
    """Open a desk with one open ticket of Lena."""
    with open_harness(directory) as harness:
        desk = DeskInTime(harness.desk)
        assert desk.outcome(problem("Drucker druckt nicht", TEACHER).text("Er ist leer.")) == "opened"
        yield desk


def texts(desk: DeskInTime, *schools: str) -> dict[tuple[str, str], str]:
    """Return the text of each saved answer of some schools and of those for all, by school and name."""
    with read_only(desk.engine) as session:
        return {(a.school, a.name): a.text for a in saved_answers.load(session, schools or ("GYM",))}


def writes(person: str, text: str) -> MailBuilder:
    """Return an authenticated mail of its own."""
    return mail().sender(person).subject("Textbaustein").text(text).proven()


def undo(desk: DeskInTime, person: str, line: str = "#undo") -> str:
    """Reply to the last receipt of a person."""
    return desk.reply(person, line, Kind.COMMAND_RECEIPT)


def public(desk: DeskInTime) -> list[str]:
    """Return the public answers of the staff."""
    return [row.text for row in desk.rows(MessageRow) if (row.direction, row.visibility) == ("out", "public")]
