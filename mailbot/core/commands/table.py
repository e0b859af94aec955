"""Commands that people write into mails: a line of its own, "#word arguments".

A command is a row in `COMMANDS`; what it does to a ticket is a row in `mailbot.core.work`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import chain

from mailbot.core.commands.syntax import (
    LEAD_MOST,
    LINE,
    SIGNS,
    TRAILING,
    is_marked,
    is_typed,
    without_emphasis,
)
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Role
from mailbot.core.text.fold import fold
from mailbot.core.text.greetings import without_politeness


class Argument(StrEnum):
    """What may follow the word."""

    NOTHING = "nothing"
    TICKETS = "tickets"  # numbers of tickets, or none for the ticket of this mail
    TICKET = "ticket"  # at least one number
    MEMBER = "member"  # a name, then perhaps numbers
    PRIORITY = "priority"  # a priority, then perhaps numbers
    ABSENCE = "absence"  # a date, then perhaps a colleague
    SCOPE = "scope"  # open, closed, mine or all, then perhaps a page; nothing means open
    WORDS = "words"  # words to look for
    DATE = "date"  # a day as people write it, then perhaps tickets as "#104" or "GYM-104"
    CHANGES = "changes"  # as TICKETS, of each the last change
    ADDRESSES = "addresses"  # one address or more, then perhaps tickets as "#104" or "GYM-104"
    ADDRESS = "address"  # one address, then perhaps tickets
    INTO = "into"  # the number of the ticket that goes on
    SCHOOL = "school"  # the key or name of a school, then perhaps tickets as "#104" or "GYM-104"
    OUTSIDERS = "outsiders"  # as TICKETS, of requesters who are in no team
    NO_TICKET = "no-ticket"  # nothing: it is about the ticket of this mail
    TEXT = "text"  # words that belong to the remaining text


Words = Mapping[str, tuple[str, ...]]
"""Words by language besides the English one; the first of each is that of letters."""


def every_word(name: str, words: Words) -> tuple[str, ...]:
    """Return an English word and those of the other languages that mean the same, each once."""
    return tuple(dict.fromkeys((name, *chain.from_iterable(words.values()))))


@dataclass(frozen=True, slots=True)
class Command:
    """One row of the table: its name, its words by language, who may, what follows."""

    name: str  # the English word
    words: Words
    roles: frozenset[Role]
    argument: Argument
    example: str = ""

    def word(self, language: str) -> str:
        """Return the word that letters in that language use."""
        return self.words.get(language, (self.name,))[0]

    @property
    def spoken(self) -> tuple[str, ...]:
        """Return the words of every language, the English one first; a word may belong to two languages."""
        return every_word(self.name, self.words)


STAFF = frozenset({Role.SUPPORTER, Role.SECOND_LEVEL})
PARTICIPANTS = STAFF | {Role.REQUESTER}
EVERYONE = frozenset(Role)
NO_NUMBERS = frozenset({Argument.TEXT, Argument.SCOPE, Argument.WORDS, Argument.NO_TICKET})
"""Arguments in which a number is no ticket's."""

COMMANDS = (
    Command(
        "close",
        {
            "de": ("schließen", "geschlossen", "erledigt", "gelöst"),
            "fr": ("fermer", "fermé", "clôturer", "résolu"),
        },
        PARTICIPANTS,
        Argument.TICKETS,
        "12 14",
    ),
    Command(
        "escalate",
        {"de": ("eskalieren", "weiterleiten"), "fr": ("transmettre", "escalader")},
        frozenset({Role.SUPPORTER}),
        Argument.TICKETS,
    ),
    Command(
        "return",
        {"de": ("zurück",), "fr": ("renvoyer", "retourner")},
        frozenset({Role.SECOND_LEVEL}),
        Argument.TICKETS,
    ),
    Command("wait", {"de": ("rückfrage", "warten"), "fr": ("attendre", "attente")}, STAFF, Argument.TICKETS),
    Command(
        "remind", {"de": ("wiedervorlage",), "fr": ("rappel", "rappeler")}, STAFF, Argument.DATE, "tomorrow"
    ),
    Command("reopen", {"de": ("öffnen",), "fr": ("rouvrir",)}, PARTICIPANTS, Argument.TICKETS),
    Command("take", {"de": ("übernehmen",), "fr": ("prendre",)}, STAFF, Argument.TICKETS),
    Command(
        "assign", {"de": ("zuweisen",), "fr": ("attribuer", "assigner")}, STAFF, Argument.MEMBER, "Mustermann"
    ),
    Command("note", {"de": ("notiz", "intern"), "fr": ("note", "interne")}, STAFF, Argument.TEXT),
    Command("priority", {"de": ("priorität",), "fr": ("priorité",)}, STAFF, Argument.PRIORITY, "high"),
    Command("cc", {"de": ("kopie",), "fr": ("copie",)}, STAFF, Argument.ADDRESSES, "name@schule.example"),
    Command("for", {"de": ("für",), "fr": ("pour",)}, STAFF, Argument.ADDRESS, "name@schule.example"),
    Command("merge", {"de": ("zusammenführen",), "fr": ("fusionner",)}, STAFF, Argument.INTO, "104"),
    Command("split", {"de": ("trennen",), "fr": ("séparer",)}, STAFF, Argument.NO_TICKET),
    Command(
        "move",
        {"de": ("verschieben",), "fr": ("déplacer",)},
        frozenset({Role.SECOND_LEVEL}),
        Argument.SCHOOL,
        "GYM",
    ),
    Command("spam", {"fr": ("spam", "indésirable")}, frozenset({Role.SUPPORTER}), Argument.OUTSIDERS),
    Command("undo", {"de": ("rückgängig",), "fr": ("annuler",)}, PARTICIPANTS, Argument.CHANGES),
    Command("list", {"de": ("liste", "übersicht"), "fr": ("liste",)}, EVERYONE, Argument.SCOPE, "closed"),
    Command("show", {"de": ("zeige",), "fr": ("afficher",)}, EVERYONE, Argument.TICKET, "104"),
    Command(
        "find",
        {"de": ("suche", "suchen"), "fr": ("chercher", "rechercher")},
        EVERYONE,
        Argument.WORDS,
        "Beamer 204",
    ),
    Command("help", {"de": ("hilfe",), "fr": ("aide",)}, EVERYONE, Argument.NOTHING),
    Command(
        "away", {"de": ("abwesend",), "fr": ("absent", "absente")}, STAFF, Argument.ABSENCE, "2026-12-01"
    ),
    Command("back", {"de": ("anwesend",), "fr": ("présent", "présente")}, STAFF, Argument.NOTHING),
    Command("register", {"de": ("anmelden",), "fr": ("inscription",)}, STAFF, Argument.NOTHING),
    Command("confirm", {"de": ("bestätigen",), "fr": ("confirmer",)}, EVERYONE, Argument.NOTHING),
)

PRIORITY_WORDS: Mapping[str, Words] = {
    "low": {"de": ("niedrig", "gering"), "fr": ("basse", "faible")},
    "normal": {"de": ("mittel",), "fr": ("normale", "moyenne")},
    "high": {"de": ("hoch", "wichtig"), "fr": ("haute", "élevée", "importante", "important")},
    "urgent": {"de": ("dringend", "eilig"), "fr": ("urgente",)},
}
SCOPE_WORDS: Mapping[str, Words] = {
    "open": {"de": ("offen", "offene"), "fr": ("ouvertes", "ouverts")},
    "closed": {"de": ("geschlossen", "geschlossene", "erledigt"), "fr": ("fermées", "fermés", "résolues")},
    "mine": {"de": ("meine", "mein"), "fr": ("miennes", "mes")},
    "all": {"de": ("alle", "alles"), "fr": ("toutes", "tous", "tout")},
}
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "high": {"de": "hoch", "fr": "haute"},
    "closed": {"de": "geschlossen", "fr": "fermées"},
    "tomorrow": {"de": "morgen", "fr": "demain"},
}
"""Examples of arguments by language, where they are words."""


def _spellings(word: str) -> set[str]:
    bare = word.replace("ä", "a").replace("ö", "o").replace("ü", "u")
    return {fold(word), fold(bare)}


def _lexicon(rows: Mapping[str, Words]) -> dict[str, str]:
    return {
        spelling: name
        for name, words in rows.items()
        for word in every_word(name, words)
        for spelling in _spellings(word)
    }


_BY_NAME = {command.name: command for command in COMMANDS}
_BY_WORD = _lexicon({command.name: command.words for command in COMMANDS})
_PRIORITIES = _lexicon(PRIORITY_WORDS)
_SCOPES = _lexicon(SCOPE_WORDS)
_HIDDEN = frozenset({"confirm"})
_SUGGESTED = {
    spelling: word
    for command in reversed(COMMANDS)
    if command.name not in _HIDDEN
    for word in reversed(command.spoken)
    for spelling in _spellings(word)
}

REST_MOST = 1_000  # characters behind a note that are read with its line
_TICKET_NAME = re.compile(r"\W*(?:([A-Za-z][A-Za-z0-9]{1,11})-)?(\d{1,9})\W*")
_EMAIL = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}@[^@\s<>()\[\]\\,;:\"]{1,190}\.[^\W\d_]{2,24}")
_OLD_SUBJECT = re.compile(r"(?:\[\s*#|\b(?:re|aw|antw|wg|fwd?|tr|rép)(?:\[\d+\])?\s?:)", re.I)
LOOKED_AT_MOST = 200  # lines with a "#" near their start: people write fewer, and each costs time
_AND = frozenset({"und", "and", "et", "&", "+"})


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One line as written, its folded word, and the command of that word if there is one.

    `rest` is the text behind the word as written, `args` are its words without politeness.
    """

    raw: str
    word: str
    args: tuple[str, ...]
    command: Command | None
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail says: its command lines, the remaining text and what is left of the subject."""

    text: str
    lines: tuple[CommandLine, ...] = ()
    subject: str = ""

    def names(self, name: str) -> bool:
        """Tell whether a command of that name is among the lines."""
        return any(line.command is not None and line.command.name == name for line in self.lines)


def command(name: str) -> Command:
    """Return the row of that name."""
    return _BY_NAME[name]


def called(word: str) -> Command | None:
    """Return the command that a word in any language means."""
    name = _BY_WORD.get(fold(word))
    return _BY_NAME[name] if name else None


def nearest(word: str) -> str:
    """Return the command word most like a mistyped one, or "" if none is like it."""
    found = get_close_matches(fold(word), _SUGGESTED, n=1, cutoff=0.7)
    return _SUGGESTED[found[0]] if found else ""


def ticket_name(argument: str, school: str) -> str | None:
    """Return the ticket's key ("GYM-104") for "104", "#104" or "GYM-104" written within a school."""
    found = _TICKET_NAME.fullmatch(argument)
    return f"{(found[1] or school).upper()}-{int(found[2])}" if found else None


def phrase(args: tuple[str, ...], school: str) -> tuple[str, tuple[str, ...]]:
    """Part the arguments of a command into the day or name, as written, and the tickets after it."""
    named = tuple(arg for arg in args if not arg[0].isdigit() and ticket_name(arg, school))
    words = tuple(arg for arg in args if arg not in named)
    return " ".join(numbers(words) if named else words), named


def tickets_of(line: CommandLine, school: str) -> tuple[str, ...]:
    """Return the keys of the tickets that a line may name; a number within a day or a search is none."""
    if line.command is not None and line.command.argument in NO_NUMBERS:
        return ()
    worded = line.command is not None and line.command.argument in (Argument.DATE, Argument.SCHOOL)
    args = phrase(line.args, school)[1] if worded else line.args
    return tuple(name for arg in args if (name := ticket_name(arg, school)))


def priority(argument: str) -> str | None:
    """Return the priority that a word in any language means."""
    return _PRIORITIES.get(fold(argument.strip(".!")))


def scope(argument: str) -> str | None:
    """Return the scope of an overview that a word in any language means."""
    return _SCOPES.get(fold(argument.strip(".!")))


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


def numbers(args: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words that should name tickets: "12, 14 und 15" joins them as people do."""
    return tuple(arg for arg in args if fold(arg) not in _AND)


def read(text: str, subject: str = "", *, lenient: bool = False) -> Reading:
    """Find the command lines in new text (no quotation, no signature) and at the start of the subject.

    `lenient` leaves hashtags, lists and headings with "#" in the text: their writer is in no team.
    """
    lines: list[CommandLine] = []
    rest: list[str] = []
    left = _read_subject(subject, lines, rest, lenient=lenient)
    looked_at = 0
    for line in text.splitlines():
        looked_at += any(sign in line[:LEAD_MOST] for sign in SIGNS)
        rest += _read_line(line, lines, lenient=lenient) if looked_at <= LOOKED_AT_MOST else [line]
    return Reading("\n".join(rest).strip(), tuple(lines), left)


def _read_subject(subject: str, lines: list[CommandLine], rest: list[str], *, lenient: bool) -> str:
    """Take the command from the start of a subject; what is left is the subject of the mail answered."""
    old = _OLD_SUBJECT.search(subject)
    start = subject[: old.start()] if old else subject
    known = len(lines)
    text = _read_line(start, lines, lenient=lenient)
    if len(lines) == known:
        return subject
    rest += text
    return subject[old.start() :] if old else ""


def _read_line(line: str, lines: list[CommandLine], *, lenient: bool) -> list[str]:
    """Add a line's commands to `lines`; return what is left of it: "#note #close" are two commands."""
    at = 0
    while (found := _command_line(line, at, lenient=lenient)) is not None:
        lines.append(found[0])
        if found[0].command is None or found[0].command.argument is not Argument.TEXT:
            return []
        at = found[1]
    if at == 0:
        return [line]
    text = without_emphasis(line[at:].strip(), lines[-1].raw)
    return [text] if text.strip(TRAILING) else []


def _command_line(line: str, at: int, *, lenient: bool) -> tuple[CommandLine, int] | None:
    """Return the command that begins there, and where the words behind it begin."""
    found = LINE.fullmatch(line, at)
    if not found or _TICKET_NAME.fullmatch(found["word"]):
        return None
    if lenient and is_marked(found) and (found["rest"].strip(TRAILING) or not is_typed(found)):
        return None
    word = fold(found["word"].rstrip("_-"))
    command, words = called(word), found.start("rest")
    if command is not None and command.argument is Argument.TEXT:
        rest = line[words : words + REST_MOST].strip()
        return CommandLine(line[at:words].strip(), word, (), command, rest), words
    args, rest = arguments(found["rest"].rstrip(TRAILING), command), found["rest"].strip()
    if command is None and (lenient or is_marked(found)) and not nearest(word):
        return None
    return CommandLine(line[at:].strip(), word, args, command, rest), words


def with_word(line: CommandLine, word: str) -> CommandLine:
    """Return a line with a command's word in place of its own."""
    command = called(word)
    return CommandLine(line.raw, fold(word), arguments(line.rest, command), command, line.rest)


def arguments(rest: str, command: Command | None) -> tuple[str, ...]:
    """Return the words behind a command without politeness, emoji and marks at both ends."""
    words = rest.replace(",", " ").replace(";", " ").split()
    if command is None or command.argument is Argument.WORDS:
        return tuple(words)
    words = without_politeness(words)
    if words:
        words[-1] = words[-1].rstrip("*_~\"'“”’»)…")
    return tuple(words)
