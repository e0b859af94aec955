"""Define the scenario of the demonstration: the mails of the people, and the mails that must follow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbot.demo.personas import ERIKA, LENA, MAX, TONI, Person, click_link, new_mail, read, reply, text_of

Mailboxes = Mapping[Person, Sequence[bytes]]
Write = Callable[[Mailboxes], bytes]

TICKET = "GYM-1"
PHOTO = Path(__file__).with_name("photo.png")
"""The teacher's photo: a classroom whose projector shows stripes."""


@dataclass(frozen=True, slots=True)
class ExpectedMail:
    """A mail that a person must receive, with words that its text must contain.

    A mail without a note is not shown, because another one has the same content.
    """

    recipient: Person
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One mail that a person writes, given all mails so far, and the mails that must follow."""

    title: str
    sender: Person
    note: str
    write: Write
    expected: tuple[ExpectedMail, ...]


_PROBLEM = """Guten Morgen,

der Beamer in Raum 204 zeigt seit heute früh nur noch bunte Streifen,
siehe Foto. Ein anderes Kabel habe ich schon probiert.

In der fünften Stunde brauche ich ihn dringend.

Viele Grüße
Lena Lehrerin
"""

_FOUND = "Dann ist die Lampe am Ende. Ich gebe das an die Technik weiter."
_CLOSING = "Der Beamer läuft wieder, viel Erfolg in der fünften Stunde!"


def _first_mail(_: Mailboxes) -> bytes:
    return new_mail(LENA, "Beamer in Raum 204 defekt", _PROBLEM, PHOTO.read_bytes())


def _reply_to(writer: Person, words: str, text: str) -> Write:
    """Reply to the newest mail that contains these words."""
    return lambda mailboxes: reply(writer, _newest(mailboxes[writer], words), text)


def _click_link_in(writer: Person, words: str, line: str) -> Write:
    """Click the link with this command line in the newest mail that contains these words."""
    return lambda mailboxes: click_link(writer, _newest(mailboxes[writer], words), line)


def _newest(mails: Sequence[bytes], words: str) -> bytes:
    for mail in reversed(mails):
        if words in text_of(read(mail)):
            return mail
    raise LookupError(f"no mail contains „{words}“")


SCENARIO = (
    Step(
        "Ein Problem",
        LENA,
        "schreibt vom Handy an die Support-Adresse ihrer Schule",
        _first_mail,
        (
            ExpectedMail(LENA, f"angekommen (Nummer {TICKET})", "bekommt die Eingangsbestätigung"),
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
        _click_link_in(MAX, "ein neues Problem gemeldet", "#übernehmen"),
        (
            ExpectedMail(MAX, "von Ihnen übernommen", "bekommt die Bestätigung"),
            ExpectedMail(ERIKA, f"bearbeitet jetzt {TICKET}", "erfährt, dass sich jemand kümmert"),
        ),
    ),
    Step(
        "Eine Antwort",
        MAX,
        "antwortet einfach auf die Mail",
        _reply_to(MAX, "ein neues Problem gemeldet", "Leuchtet am Gerät eine rote Lampe?"),
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
        _reply_to(LENA, "rote Lampe", "Ja, sie leuchtet rot."),
        (ExpectedMail(MAX, "Ja, sie leuchtet rot.", "bekommt sie, denn es ist sein Ticket"),),
    ),
    Step(
        "Zu schwierig für die Schule",
        MAX,
        "gibt das Ticket mit einer kurzen Antwort weiter",
        _reply_to(MAX, "Ja, sie leuchtet rot.", f"{_FOUND}\n\n#eskalieren"),
        (
            ExpectedMail(LENA, _FOUND, "erfährt, wie es weitergeht"),
            ExpectedMail(
                TONI, "gibt dieses Ticket an Sie weiter", "bekommt das Ticket mit seinem ganzen Verlauf"
            ),
            ExpectedMail(MAX, "weitergeleitet an: "),
            ExpectedMail(ERIKA, "weitergeleitet"),
        ),
    ),
    Step(
        "Second-Level antwortet",
        TONI,
        "schreibt der Lehrerin",
        _reply_to(TONI, "an Sie weiter", "Guten Tag,\n\nich tausche die Lampe heute um elf Uhr."),
        (ExpectedMail(LENA, "ich tausche die Lampe heute um elf Uhr", "bekommt die Antwort"),),
    ),
    Step(
        "Zurück an die Schule",
        TONI,
        "hat die Lampe getauscht und gibt das Ticket zurück",
        _reply_to(TONI, "an Sie weiter", "Die neue Lampe ist drin. Bitte noch einmal ansehen.\n\n#zurück"),
        (
            ExpectedMail(ERIKA, "an Ihr Team zurückgegeben", "bekommt das Ticket, wie jeder im Team"),
            ExpectedMail(MAX, "an Ihr Team zurückgegeben"),
            ExpectedMail(TONI, "an das Team der Schule zurückgegeben"),
        ),
    ),
    Step(
        "Vertippt",
        ERIKA,
        "will schließen und vertippt sich",
        _reply_to(ERIKA, "an Ihr Team zurückgegeben", f"{_CLOSING}\n\n#schlissen"),
        (ExpectedMail(ERIKA, "Meinten Sie #schließen?", "erfährt, dass nichts geschehen ist, und warum"),),
    ),
    Step(
        "Berichtigt",
        ERIKA,
        "tippt auf den Link mit der berichtigten Mail",
        _click_link_in(ERIKA, "Meinten Sie #schließen?", _CLOSING),
        (
            ExpectedMail(
                LENA, f"Damit ist Ihre Meldung {TICKET} abgeschlossen", "bekommt die Antwort: erledigt"
            ),
            ExpectedMail(ERIKA, "geschlossen Benachrichtigt", "bekommt die Bestätigung"),
            ExpectedMail(MAX, "hat das Ticket geschlossen"),
        ),
    ),
    Step(
        "Übersicht",
        MAX,
        "möchte sehen, was geschlossen ist",
        _reply_to(MAX, "hat das Ticket geschlossen", "#list closed"),
        (ExpectedMail(MAX, "Geschlossene Tickets (1)", "bekommt die Übersicht"),),
    ),
)
