"""Words behind a command as people write them: names of tickets, dates among them, people."""

import re

from mailbot.core.model.mail import Address
from mailbot.core.text.fold import fold

TICKET_NAME = re.compile(r"\W*(?:([A-Za-z][A-Za-z0-9]{1,11})-)?(\d{1,9})\W*")
_EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}@[^@\s<>()\[\]\\,;:\"]{1,190}\.[^\W\d_]{2,24}")
_AND = frozenset({"und", "and", "et", "&", "+"})


def ticket_name(argument: str, school: str) -> str | None:
    """Return the ticket's key ("GYM-104") for "104", "#104" or "GYM-104" written within a school."""
    found = TICKET_NAME.fullmatch(argument)
    return f"{(found[1] or school).upper()}-{int(found[2])}" if found else None


def ticket_names(args: tuple[str, ...], school: str) -> tuple[str, ...]:
    """Return the keys of the tickets among these words."""
    return tuple(name for arg in args if (name := ticket_name(arg, school)))


def phrase(args: tuple[str, ...], school: str) -> tuple[str, tuple[str, ...]]:
    """Split words into the day or name, as written, and the tickets after it ("#104" or "GYM-104")."""
    named = tuple(arg for arg in args if not arg[0].isdigit() and ticket_name(arg, school))
    words = tuple(arg for arg in args if arg not in named)
    return " ".join(numbers(words) if named else words), named


def numbers(args: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that should name tickets: "12, 14 und 15" joins them as people do."""
    return tuple(arg for arg in args if fold(arg) not in _AND)


def people(args: tuple[str, ...]) -> tuple[Address, ...]:
    """Return the people whom words name: "a@b", "Name <a@b>", several of them; () if a word is left over."""
    found: dict[str, Address] = {}
    name: list[str] = []
    for arg in numbers(args):
        email = arg.strip("<>()[]\"'.").removeprefix("mailto:").lower()
        if _EMAIL.fullmatch(email):
            found.setdefault(email, Address(email, " ".join(name).strip("\"'")))
            name = []
        else:
            name.append(arg)
    return () if name else tuple(found.values())
