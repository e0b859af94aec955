"""The day that the demonstration plays: who writes what, and what has to arrive where because of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mailbot.demo.personas import ERIKA, LENA, MAX, TONI, Person, new_mail, read, reply, tap, text_of
from mailbot.demo.picture import broken_projector

Letters = Mapping[Person, Sequence[bytes]]
Write = Callable[[Letters], bytes]

TICKET = "GYM-1"


@dataclass(frozen=True, slots=True)
class ExpectedMail:
    """A letter that has to come to somebody, with words that its text has to have.

    Without a note it is awaited and not shown, because it says the same as another one.
    """

    who: Person
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One mail that somebody writes, knowing the letters so far, and the letters that have to follow."""

    title: str
    who: Person
    note: str
    write: Write
    arrivals: tuple[ExpectedMail, ...]


_PROBLEM = """Guten Morgen,

der Beamer in Raum 204 zeigt seit heute früh nur noch bunte Streifen,
siehe Foto. Ein anderes Kabel habe ich schon probiert.

In der fünften Stunde brauche ich ihn dringend.

Viele Grüße
Lena Lehrerin
"""

_FOUND = "Dann ist die Lampe am Ende. Ich gebe das an die Technik weiter."
_CLOSING = "Der Beamer läuft wieder, viel Erfolg in der fünften Stunde!"


def _first_mail(_: Letters) -> bytes:
    return new_mail(LENA, "Beamer in Raum 204 defekt", _PROBLEM, broken_projector())


def _replying(writer: Person, words: str, text: str) -> Write:
    """Reply to the newest letter with these words."""
    return lambda letters: reply(writer, _newest(letters[writer], words), text)


def _tapping(writer: Person, words: str, line: str) -> Write:
    """Tap the link that fills in this line, in the newest letter with these words."""
    return lambda letters: tap(writer, _newest(letters[writer], words), line)


def _newest(letters: Sequence[bytes], words: str) -> bytes:
    for letter in reversed(letters):
        if words in text_of(read(letter)):
            return letter
    raise LookupError(f"no letter says „{words}“")


DAY = (
    Step(
        "Ein Problem",
        LENA,
        "schreibt vom Handy an die Support-Adresse ihrer Schule",
        _first_mail,
        (
            ExpectedMail(LENA, f"als Ticket {TICKET} aufgenommen", "bekommt die Eingangsbestätigung"),
            ExpectedMail(
                MAX, "Hallo Team Marienschule", "bekommt das Problem mit dem Foto, wie jeder im Team"
            ),
            ExpectedMail(ERIKA, "Hallo Team Marienschule"),
        ),
    ),
    Step(
        "Ein Klick",
        MAX,
        "tippt in der Mail auf „Übernehmen“ und schickt die fertige Antwort ab",
        _tapping(MAX, "ein neues Problem gemeldet", "#übernehmen"),
        (
            ExpectedMail(MAX, "von Ihnen übernommen", "bekommt die Bestätigung"),
            ExpectedMail(ERIKA, f"bearbeitet jetzt {TICKET}", "erfährt, dass sich jemand kümmert"),
        ),
    ),
    Step(
        "Eine Antwort",
        MAX,
        "antwortet einfach auf die Mail",
        _replying(MAX, "ein neues Problem gemeldet", "Leuchtet am Gerät eine rote Lampe?"),
        (
            ExpectedMail(
                LENA, "Leuchtet am Gerät eine rote Lampe?", "bekommt die Antwort von der Adresse der Schule"
            ),
        ),
    ),
    Step(
        "Hin und her",
        LENA,
        "antwortet ebenso",
        _replying(LENA, "rote Lampe", "Ja, sie leuchtet rot."),
        (ExpectedMail(MAX, "Ja, sie leuchtet rot.", "bekommt sie, denn es ist sein Ticket"),),
    ),
    Step(
        "Zu schwierig für die Schule",
        MAX,
        "gibt das Ticket mit einer kurzen Antwort weiter",
        _replying(MAX, "Ja, sie leuchtet rot.", f"{_FOUND}\n\n#eskalieren"),
        (
            ExpectedMail(LENA, _FOUND, "erfährt, wie es weitergeht"),
            ExpectedMail(
                TONI, "gibt dieses Ticket an Sie weiter", "bekommt das Ticket mit seinem ganzen Verlauf"
            ),
            ExpectedMail(MAX, "an den Second-Level weitergeleitet"),
            ExpectedMail(ERIKA, "weitergeleitet"),
        ),
    ),
    Step(
        "Second-Level antwortet",
        TONI,
        "schreibt der Lehrerin",
        _replying(TONI, "an Sie weiter", "Guten Tag,\n\nich tausche die Lampe heute um elf Uhr."),
        (ExpectedMail(LENA, "ich tausche die Lampe heute um elf Uhr", "bekommt die Antwort"),),
    ),
    Step(
        "Zurück an die Schule",
        TONI,
        "hat die Lampe getauscht und gibt das Ticket zurück",
        _replying(TONI, "an Sie weiter", "Die neue Lampe ist drin. Bitte noch einmal ansehen.\n\n#zurück"),
        (
            ExpectedMail(ERIKA, "an Ihr Team zurückgegeben", "bekommt das Ticket, wie jeder im Team"),
            ExpectedMail(MAX, "an Ihr Team zurückgegeben"),
            ExpectedMail(LENA, "Die neue Lampe ist drin."),
            ExpectedMail(TONI, "an das Team der Schule zurückgegeben"),
        ),
    ),
    Step(
        "Vertippt",
        ERIKA,
        "will schließen und vertippt sich",
        _replying(ERIKA, "an Ihr Team zurückgegeben", f"{_CLOSING}\n\n#schlissen"),
        (ExpectedMail(ERIKA, "Meinten Sie #schließen?", "erfährt, dass nichts geschehen ist, und warum"),),
    ),
    Step(
        "Berichtigt",
        ERIKA,
        "tippt auf den Link mit der berichtigten Mail",
        _tapping(ERIKA, "Meinten Sie #schließen?", _CLOSING),
        (
            ExpectedMail(LENA, f"Ihr Ticket {TICKET} ist damit geschlossen", "bekommt die Antwort: erledigt"),
            ExpectedMail(ERIKA, "geschlossen. Benachrichtigt", "bekommt die Bestätigung"),
            ExpectedMail(MAX, "hat das Ticket geschlossen"),
        ),
    ),
    Step(
        "Übersicht",
        MAX,
        "möchte sehen, was geschlossen ist",
        _replying(MAX, "hat das Ticket geschlossen", "#list closed"),
        (ExpectedMail(MAX, "Geschlossene Tickets (1)", "bekommt die Übersicht"),),
    ),
)
