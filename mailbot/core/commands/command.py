"""The part of a command that parsing needs: its words, its roles and the form of its argument."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from mailbot.core.commands.syntax import ticket_names
from mailbot.core.model.listing import Listing
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.ticket import Role
from mailbot.core.text.words import fold

Words = Mapping[str, tuple[str, ...]]
"""Words by language, without the English one. Outgoing mails use the first word of each language."""

STAFF = frozenset({Role.SUPPORTER, Role.SECOND_LEVEL})
PARTICIPANTS = STAFF | {Role.REQUESTER}
EVERYONE = frozenset(Role)


def words_in_all_languages(name: str, words: Words) -> tuple[str, ...]:
    """Return an English word and its translations, without duplicates."""
    return tuple(dict.fromkeys((name, *chain.from_iterable(words.values()))))


def spellings(word: str) -> set[str]:
    """Return the folded spellings of a word on keyboards with and without umlauts."""
    without_umlauts = word.replace("ä", "a").replace("ö", "o").replace("ü", "u")
    return {fold(word), fold(without_umlauts)}


def lexicon(rows: Mapping[str, Words]) -> dict[str, str]:
    """Return the English word for each spelling of each word."""
    return {
        spelling: name
        for name, words in rows.items()
        for word in words_in_all_languages(name, words)
        for spelling in spellings(word)
    }


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person who writes to a school, and the policy."""

    email: str
    school: School
    policy: Policy


@dataclass(frozen=True, slots=True)
class LineLookups:
    """The lookups in the database that one command line needs. Tickets are keys such as GYM-104.

    `changes`: load the last changes of the tickets. `numbers`: load the next numbers of their schools.
    `failures`: load the undelivered mails of the tickets. `holders`: load since when the tickets are where
    they are. `saved_answers`: load those of the schools. `tips`: load those in the receipts of the tickets.
    """

    tickets: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    schools: tuple[str, ...] = ()
    changes: bool = False
    numbers: bool = False
    failures: bool = False
    saved_answers: bool = False
    tips: bool = False
    holders: bool = False


def _name_tickets(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key))


@dataclass(frozen=True, eq=False, kw_only=True)
class Argument:
    """The form of the words after a command; `TypedArgument` resolves their meaning.

    `fits` returns whether words may be the argument. `lookups` returns the lookups that they need.
    `is_text`: the words belong to the text of the mail. `verbatim`: polite words among them are kept.
    `optional`: the command is complete without an argument.
    """

    fits: Callable[[tuple[str, ...]], bool] = bool
    lookups: Callable[[tuple[str, ...], Viewer], LineLookups] = _name_tickets
    is_text: bool = False
    verbatim: bool = False
    optional: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Command:
    """One command. `name` is the English word.

    `internal`: the mail is for the staff only. `hidden`: the command is never suggested for a mistyped word.
    `examples` are arguments by language if `example` is an English word. `complete_example`: the command can
    be sent as the help shows it. `in_short_help`: `#help` and the handouts list it; `#help all` lists all.
    `takes_text`: in a mail about no ticket, the text belongs to the command.
    `adds_text`: it adds text to the answer.
    """

    name: str
    words: Words
    roles: frozenset[Role]
    argument: Argument
    example: str = ""
    examples: Mapping[str, str] = field(default_factory=dict)
    internal: bool = False
    hidden: bool = False
    complete_example: bool = False
    takes_text: bool = False
    adds_text: bool = False
    in_short_help: bool = False

    def word(self, language: str) -> str:
        """Return the word that outgoing mails in that language use."""
        return self.words.get(language, (self.name,))[0]

    @property
    def all_words(self) -> tuple[str, ...]:
        """Return the words of all languages, the English one first; a word may belong to two languages."""
        return words_in_all_languages(self.name, self.words)

    def line(self, language: str, argument: str = "") -> str:
        """Return a correct line in that language, with this argument or the example."""
        shown = argument or self.examples.get(language, self.example)
        return f"#{self.word(language)} {shown}".rstrip()


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One line as written, its folded word, and the command of that word if there is one.

    `rest` is the text after the word as written, `args` are its words without polite words. `position` is
    the number of characters of the remaining text above the line.
    """

    raw: str
    word: str
    args: tuple[str, ...]
    command: Command | None
    rest: str = ""
    position: int = field(default=0, compare=False)

    def lookups(self, viewer: Viewer) -> LineLookups:
        """Return the lookups that this line needs."""
        argument = self.command.argument if self.command else Argument()
        return argument.lookups(self.args, viewer)


@dataclass(frozen=True, slots=True)
class Reading:
    """The parsed text of a mail: its command lines, the remaining text and the remaining subject."""

    text: str
    lines: tuple[CommandLine, ...] = ()
    subject: str = ""

    @property
    def commands(self) -> Iterable[Command]:
        """Return the known commands among the lines."""
        return (line.command for line in self.lines if line.command is not None)

    def has(self, command: Command) -> bool:
        """Return whether a command is among the lines."""
        return command in self.commands
