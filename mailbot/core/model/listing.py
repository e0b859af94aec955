"""Overviews: the query for tickets, and one page of its result."""

from dataclasses import dataclass
from enum import StrEnum

from mailbot.core.model.place import Place
from mailbot.core.model.ticket import Ticket

PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Page:
    """The tickets on one page of a list, and the number of tickets in the whole list."""

    tickets: tuple[Ticket, ...] = ()
    total: int = 0
    number: int = 1

    @property
    def pages(self) -> int:
        """Return the number of pages, at least one."""
        return page_count(self.total)


def page_count(total: int) -> int:
    """Return the number of pages of a list with `total` tickets, at least one."""
    return max(1, -(-total // PAGE_SIZE))


class Scope(StrEnum):
    """Which tickets an overview shows."""

    OPEN = "open"
    CLOSED = "closed"
    MINE = "mine"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Listing:
    """A query for tickets in a scope, for all tickets or those that a requester may see.

    `filters`: a ticket has this value in this column, such as ("school", "GYM").
    `words`: the ticket contains all of them, in messages that the requester may read. `written` is the
    search text as the person wrote it. `place`: the ticket is about this room or device.
    """

    scope: Scope
    filters: tuple[tuple[str, str], ...] = ()
    requester: str | None = None
    words: tuple[str, ...] = ()
    written: str = ""
    page: int = 1
    by_school: bool = False
    place: Place | None = None
