"""Overviews: which page of which tickets somebody asks for."""

from dataclasses import dataclass

from mailbot.core import commands
from mailbot.core.ticket import Ticket

ROWS = 25

_PAGE_WORDS = frozenset({"seite", "page"})
_PAGES_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """The tickets on one page of a list, and how many the whole list has."""

    tickets: tuple[Ticket, ...] = ()
    total: int = 0
    number: int = 1

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return pages(self.total)


def pages(total: int) -> int:
    """Return how many pages a list of so many tickets has, at least one."""
    return max(1, -(-total // ROWS))


def scope_and_page(args: tuple[str, ...]) -> tuple[str, int] | None:
    """Read what follows #list: "closed 2", "closed", "2" or nothing; None if it cannot be understood."""
    words = [arg for arg in args if commands.fold(arg) not in _PAGE_WORDS]
    number = words.pop() if words and words[-1].isdecimal() else "1"
    scope = commands.scope(words.pop(0)) if words else "open"
    if words or scope is None or not 0 < int(number[:9]) <= _PAGES_MOST:
        return None
    return scope, int(number[:9])
