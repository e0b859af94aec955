"""What went to and fro between the desk and an address lately: limits are counted from it."""

import re
from dataclasses import dataclass

from mailbot.core.model.policy import Limits

# A program dates and numbers what it writes; "Raum 101" and "Raum 305" are two printers, though.
# The lookbehind makes it linear: a run of letters is tried from its first letter only.
_DATED = re.compile(r"\d+(?:[.:/-]\d+)+|(?<![^\W\d_])[^\W\d_]+-\d+|\d{4,}")
_NO_WORDS = re.compile(r"[\W_]+")
# Up to 50 earlier texts are compared, while the database is locked. What dates leave of the first 8,000
# characters differs in length at its end; the first 2,000 of that do not.
_MAX_READ = 8_000
_MAX_COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class RecentActivity:
    """Letters to the sender of a mail, and mails from there, within the last hour or day.

    `hour` and `day` are automatic letters to somebody outside the teams, or questions for confirmation to a
    member; `answered_hour` are letters by machine to a member, `overall_hour` those to everybody together.
    `refused` are the reasons of a day's refusals. `opened_hour` counts the sender's new tickets, `latest` is
    the last of a day, and `said` are the texts of the sender's mails of the hour, the newest first.
    """

    hour: int = 0
    day: int = 0
    answered_hour: int = 0
    overall_hour: int = 0
    refused: frozenset[str] = frozenset()
    opened_hour: int = 0
    latest: str | None = None
    said: tuple[str, ...] = ()

    def repeats(self, text: str) -> bool:
        """Tell whether the sender said the same within the hour, dates, times and names of tickets aside.

        Only the first 2,000 characters without these are compared.
        """
        said = _shape(text)
        return said != "" and said in map(_shape, self.said)

    def flooded(self, limits: Limits) -> str | None:
        """Return the ticket that a mail joins because it would open one too many."""
        return self.latest if self.opened_hour >= limits.hourly_tickets else None


def _shape(text: str) -> str:
    words = _NO_WORDS.sub(" ", _DATED.sub("", text[:_MAX_READ].casefold())).strip()
    return words[:_MAX_COMPARED]
