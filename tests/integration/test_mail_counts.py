"""The number of mails that each person gets of a ticket; docs/notifications.md has this table."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.scenario import ERIKA, LENA, MAX, TONI
from tests.support.school import problem

PEOPLE = {"teacher": LENA, "supporter": MAX, "colleague": ERIKA, "second level": TONI}


def closed_at_once(desk: DeskHarness) -> None:
    """Answered and closed with one mail."""
    desk.reply(MAX, "Geht wieder.\n#close")


def asked_back(desk: DeskHarness) -> None:
    """A question, the teacher's answer, then the solution and `#close`."""
    desk.reply(MAX, "Ist das Kabel eingesteckt?")
    desk.reply(LENA, "Jetzt ja.")
    desk.reply(MAX, "Dann geht es wieder.\n#close")


def closed_by_taps(desk: DeskHarness) -> None:
    """Taken with one tap, closed with another."""
    desk.reply(MAX, "#take")
    desk.reply(MAX, "#close", NotificationKind.NEW_TICKET)


def taken_and_thanked(desk: DeskHarness) -> None:
    """Taken with one tap, answered and closed with one mail; the teacher says thank you."""
    desk.reply(MAX, "#take")
    desk.reply(MAX, "Geht wieder.\n#close", NotificationKind.NEW_TICKET)
    desk.reply(LENA, "Vielen Dank!")


def solved_by_second_level(desk: DeskHarness) -> None:
    """Escalated with a short answer; second level answers and closes."""
    desk.reply(MAX, "Das sieht sich ein Techniker an.\n#escalate")
    desk.reply(TONI, "Lampe getauscht.\n#close")


def merely_thanked(desk: DeskHarness) -> None:
    """Answered and closed with one mail; the teacher says thank you."""
    desk.reply(MAX, "Geht wieder.\n#close")
    desk.reply(LENA, "Vielen Dank!")


def asked_for_status(desk: DeskHarness) -> None:
    """The teacher asks for the status; answered and closed with one mail; the teacher says that it helped."""
    desk.reply(LENA, "#stand")
    desk.reply(MAX, "Geht wieder.\n#close", NotificationKind.NEW_TICKET)
    desk.reply(LENA, "#geholfen", NotificationKind.CLOSED)


def muted_by_a_colleague(desk: DeskHarness) -> None:
    """A colleague mutes it; a question, the teacher's answer, then the solution and `#close`."""
    desk.reply(ERIKA, "#stumm")
    asked_back(desk)


def seen_by_staff_only(desk: DeskHarness) -> None:
    """Noted, put off and given a priority: the team's own business."""
    news = desk.outbox_of(MAX)[-1]
    desk.outcome(reply_to(news, MAX, "#take\n#priority high\n#remind in 3 days"))


STORIES: dict[Callable[[DeskHarness], None], tuple[int, int, int, int]] = {
    closed_at_once: (2, 2, 2, 0),
    asked_back: (3, 3, 2, 0),
    closed_by_taps: (2, 3, 2, 0),
    taken_and_thanked: (2, 3, 2, 0),
    solved_by_second_level: (3, 3, 3, 2),
    merely_thanked: (2, 2, 2, 0),
    asked_for_status: (3, 2, 2, 0),
    muted_by_a_colleague: (3, 3, 2, 0),
    seen_by_staff_only: (1, 2, 2, 0),
}
"""What happens to a new ticket, and how many mails each of `PEOPLE` gets for it, the first included."""


@pytest.mark.parametrize(
    ("story", "expected"), STORIES.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_a_ticket_brings_each_person_a_few_mails(
    desk: DeskHarness, story: Callable[[DeskHarness], None], expected: tuple[int, ...]
) -> None:
    desk.receive(problem("Beamer").text("Der Beamer ist dunkel."))
    story(desk)
    got = {name: [row.kind for row in desk.outbox_of(address)] for name, address in PEOPLE.items()}
    assert tuple(len(kinds) for kinds in got.values()) == expected, got


def test_the_table_is_published() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text("utf-8")
    rows = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in page.splitlines()]
    for story, numbers in STORIES.items():
        text = re.sub(r"\s+", " ", story.__doc__ or "").strip().rstrip(".")
        assert (text, *map(str, numbers)) in rows
