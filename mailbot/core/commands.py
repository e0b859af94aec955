"""Commands that people write into mails: a line of its own, "#word arguments".

A command is a row in `COMMANDS`; what it does to a ticket is a row in `mailbot.core.work`.
"""

import re
import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from mailbot.core.ticket import Role


class Argument(StrEnum):
    """What may follow the word."""

    NOTHING = "nothing"
    TICKETS = "tickets"  # numbers of tickets, or none for the ticket of this mail
    TICKET = "ticket"  # at least one number
    MEMBER = "member"  # a name, then perhaps numbers
    PRIORITY = "priority"  # a priority, then perhaps numbers
    SCOPE = "scope"  # open, closed, mine or all; nothing means open
    ABSENCE = "absence"  # a date, then perhaps a colleague
    TEXT = "text"  # words that belong to the remaining text


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table: its name, its words by language, who may, what follows."""

    name: str
    german: tuple[str, ...]
    roles: frozenset[Role]
    argument: Argument
    example: str = ""

    def word(self, language: str) -> str:
        """Return the word that letters in that language use."""
        return self.german[0] if language == "de" and self.german else self.name


STAFF = frozenset({Role.SUPPORTER, Role.SECOND_LEVEL})
PARTICIPANTS = STAFF | {Role.REQUESTER}
EVERYONE = frozenset(Role)

COMMANDS = (
    Command(
        "close", ("schließen", "geschlossen", "erledigt", "gelöst"), PARTICIPANTS, Argument.TICKETS, "12 14"
    ),
    Command("escalate", ("eskalieren", "weiterleiten"), frozenset({Role.SUPPORTER}), Argument.TICKETS),
    Command("return", ("zurück",), frozenset({Role.SECOND_LEVEL}), Argument.TICKETS),
    Command("reopen", ("öffnen",), PARTICIPANTS, Argument.TICKETS),
    Command("take", ("übernehmen",), STAFF, Argument.TICKETS),
    Command("assign", ("zuweisen",), STAFF, Argument.MEMBER, "Mustermann"),
    Command("note", ("notiz", "intern"), STAFF, Argument.TEXT),
    Command("priority", ("priorität",), STAFF, Argument.PRIORITY, "high"),
    Command("list", ("liste", "übersicht"), EVERYONE, Argument.SCOPE, "closed"),
    Command("show", ("zeige",), EVERYONE, Argument.TICKET, "104"),
    Command("help", ("hilfe",), EVERYONE, Argument.NOTHING),
    Command("away", ("abwesend",), STAFF, Argument.ABSENCE, "2026-12-01"),
    Command("back", ("anwesend",), STAFF, Argument.NOTHING),
    Command("register", ("anmelden",), STAFF, Argument.NOTHING),
    Command("confirm", ("bestätigen",), EVERYONE, Argument.NOTHING),
)

PRIORITY_WORDS = {
    "low": ("niedrig", "gering"),
    "normal": ("mittel",),
    "high": ("hoch", "wichtig"),
    "urgent": ("dringend", "eilig"),
}
SCOPE_WORDS = {
    "open": ("offen", "offene"),
    "closed": ("geschlossen", "geschlossene", "erledigt"),
    "mine": ("meine", "mein"),
    "all": ("alle", "alles"),
}
EXAMPLES = {"high": "hoch", "closed": "geschlossen"}


def fold(word: str) -> str:
    """Return a word as it is compared: lower case, ä as ae, ß as ss, other marks dropped."""
    word = word.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _spellings(word: str) -> set[str]:
    bare = word.replace("ä", "a").replace("ö", "o").replace("ü", "u")
    return {fold(word), fold(bare)}


def _lexicon(rows: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        spelling: name for name, words in rows.items() for w in (name, *words) for spelling in _spellings(w)
    }


_BY_NAME = {command.name: command for command in COMMANDS}
_BY_WORD = _lexicon({command.name: command.german for command in COMMANDS})
_PRIORITIES = _lexicon(PRIORITY_WORDS)
_SCOPES = _lexicon(SCOPE_WORDS)
_HIDDEN = frozenset({"confirm"})

_LINE = re.compile(r"\s*#([^\W\d_][\w-]{0,40})[:!.]*(?:\s+(.*?))?\s*")
_TICKET_NAME = re.compile(r"\W*(?:([A-Za-z][A-Za-z0-9]{1,11})-)?(\d{1,9})\W*")


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One line as written, its folded word, and the command of that word if there is one."""

    raw: str
    word: str
    args: tuple[str, ...]
    command: Command | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says: its command lines and the remaining text."""

    text: str
    lines: tuple[CommandLine, ...] = ()

    def names(self, name: str) -> bool:
        """Tell whether a command of that name is among the lines."""
        return any(line.command is not None and line.command.name == name for line in self.lines)


def command(name: str) -> Command:
    """Return the row of that name."""
    return _BY_NAME[name]


def nearest(word: str, language: str) -> str:
    """Return the command word of that language most like a mistyped one, or "" if none is like it."""
    visible = [w for w, name in _BY_WORD.items() if name not in _HIDDEN]
    found = get_close_matches(fold(word), visible, n=1, cutoff=0.7)
    return _BY_NAME[_BY_WORD[found[0]]].word(language) if found else ""


def ticket_name(argument: str, school: str) -> str | None:
    """Return the ticket's key ("GYM-104") for "104", "#104" or "GYM-104" written within a school."""
    found = _TICKET_NAME.fullmatch(argument)
    return f"{(found[1] or school).upper()}-{int(found[2])}" if found else None


def priority(argument: str) -> str | None:
    """Return the priority that a word in either language means."""
    return _PRIORITIES.get(fold(argument.strip(".!")))


def scope(argument: str) -> str | None:
    """Return the scope of an overview that a word in either language means."""
    return _SCOPES.get(fold(argument.strip(".!")))


def _command_line(line: str) -> CommandLine | None:
    found = _LINE.fullmatch(line)
    if not found or _TICKET_NAME.fullmatch(found[0].strip()):
        return None
    word = fold(found[1])
    name = _BY_WORD.get(word)
    args = (found[2] or "").rstrip("!. ").replace(",", " ").split()
    return CommandLine(line.strip(), word, tuple(args), _BY_NAME[name] if name else None)


def read(text: str, subject: str = "", *, lenient: bool = False) -> Reading:
    """Find the command lines in new text (no quotation, no signature) and at the start of the subject.

    `lenient` leaves a line whose word is like no command in the text: teachers write hashtags, too.
    """
    lines, rest = [], []
    if (first := _command_line(subject)) is not None and not (lenient and _is_hashtag(first)):
        lines.append(first)
    for line in text.splitlines():
        found = _command_line(line)
        if found is None or (lenient and _is_hashtag(found)):
            rest.append(line)
            continue
        lines.append(found)
        if found.command is not None and found.command.argument is Argument.TEXT and found.args:
            rest.append(line.split(maxsplit=1)[1])
    return Reading("\n".join(rest).strip(), tuple(lines))


def _is_hashtag(line: CommandLine) -> bool:
    return line.command is None and not nearest(line.word, "en")
